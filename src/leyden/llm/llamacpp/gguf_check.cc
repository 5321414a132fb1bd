#include "leyden/llm/llamacpp/gguf_check.h"

#include <gguf.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <memory>
#include <string_view>

#include "leyden/llm/llamacpp/library.h"

namespace leyden::llm::llamacpp {
namespace {

struct GgufDeleter {
  void operator()(gguf_context* gguf) const { gguf_free(gguf); }
};

Result<void> check_tensors(const gguf_context& gguf, std::uint64_t file_bytes,
                           const std::string& name) {
  const std::int64_t count = gguf_get_n_tensors(&gguf);
  if (count <= 0) return fail(Errc::unsupported, "{} holds a vocabulary but no weights", name);
  if (gguf_find_key(&gguf, "split.count") >= 0) {
    return fail(Errc::unsupported, "{} is one part of a split model: join the parts first", name);
  }
  const std::uint64_t data_offset = gguf_get_data_offset(&gguf);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t offset = gguf_get_tensor_offset(&gguf, i);
    const std::uint64_t bytes = gguf_get_tensor_size(&gguf, i);
    if (data_offset > file_bytes || offset > file_bytes - data_offset ||
        bytes > file_bytes - data_offset - offset) {
      return fail(Errc::corrupt, "{} is truncated: it has {} bytes, tensor {} of {} ends beyond",
                  name, file_bytes, i + 1, count);
    }
  }
  return {};
}

}  // namespace

Result<void> check_gguf(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return fail(Errc::not_found, "no model file {}", name);
  if (!std::filesystem::is_regular_file(status)) {
    return fail(Errc::invalid_argument, "{} is not a file", name);
  }
  const std::uint64_t file_bytes = std::filesystem::file_size(path, error);
  if (error) return fail(Errc::unavailable, "can't read {}: {}", name, error.message());

  char magic[4] = {};
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::unavailable, "can't open {}", name);
  if (!file.read(magic, sizeof magic) || std::string_view(magic, sizeof magic) != "GGUF") {
    return fail(Errc::corrupt, "{} is not a GGUF file", name);
  }
  try {
    ErrorLog log;
    const std::unique_ptr<gguf_context, GgufDeleter> gguf(
        gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
    if (!gguf) {
      return fail(Errc::corrupt, "{} is a truncated or malformed GGUF file ({} bytes){}", name,
                  file_bytes, log.suffix());
    }
    return check_tensors(*gguf, file_bytes, name);
  } catch (const std::exception& thrown) {
    return fail(Errc::corrupt, "{} is a malformed GGUF file: {}", name, thrown.what());
  }
}

}  // namespace leyden::llm::llamacpp
