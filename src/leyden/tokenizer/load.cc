#include "leyden/tokenizer/load.h"

#include <utility>

#include "leyden/base/files.h"
#include "leyden/tokenizer/byte_level.h"
#include "leyden/tokenizer/gguf_reader.h"
#include "leyden/tokenizer/load_internal.h"

namespace leyden::tokenizer {

Result<std::shared_ptr<const Tokenizer>> load_tokenizer(const std::filesystem::path& path,
                                                        std::string name) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  std::string where = path.string();
  std::string_view content = as_text(file->bytes());
  if (content.empty()) return fail(Errc::corrupt, "{} is empty: not a tokenizer", where);
  if (content.starts_with("GGUF")) return load_gguf(file->bytes(), where, std::move(name));
  if (std::size_t first = content.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && content[first] == '{') {
    return load_huggingface(content, where, std::move(name));
  }
  return load_tiktoken(content, where, std::move(name));
}

Result<GgufSummary> read_gguf_summary(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  auto gguf = read_gguf(file->bytes(), path.string());
  if (!gguf) return std::unexpected(gguf.error());
  GgufSummary summary;
  summary.architecture = gguf->text("general.architecture");
  summary.name = gguf->text("general.name");
  summary.licence = gguf->text("general.license");
  summary.chat_template = gguf->text("tokenizer.chat_template");
  summary.context_length = gguf->number(summary.architecture + ".context_length").value_or(0);
  return summary;
}

Result<Merge> resolve_merge(const Vocabulary& vocabulary, std::string_view left,
                            std::string_view right, std::uint32_t rank, const std::string& where) {
  auto left_bytes = bytes_of_byte_level(left);
  auto right_bytes = bytes_of_byte_level(right);
  if (left_bytes && right_bytes) {
    auto left_id = vocabulary.find(*left_bytes);
    auto right_id = vocabulary.find(*right_bytes);
    auto merged = vocabulary.find(*left_bytes + *right_bytes);
    if (left_id && right_id && merged) return Merge{*left_id, *right_id, *merged, rank};
  }
  return fail(Errc::corrupt, "{}: merge number {} joins tokens that are not in the vocabulary",
              where, rank);
}

}  // namespace leyden::tokenizer
