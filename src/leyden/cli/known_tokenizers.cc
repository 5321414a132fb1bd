#include "leyden/cli/known_tokenizers.h"

#include <algorithm>
#include <charconv>

#include "leyden/base/files.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const Settings& settings) { return settings.data_folder / "tokenizers"; }

std::optional<Digest> digest_of(std::string_view hex) {
  Digest digest;
  if (hex.size() != 2 * digest.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    std::uint8_t byte = 0;
    const char* begin = hex.data() + 2 * i;
    if (auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
        error != std::errc{} || end != begin + 2)
      return std::nullopt;
    digest.bytes[i] = std::byte{byte};
  }
  return digest;
}

}  // namespace

void remember_tokenizer(const Settings& settings, const tokenizer::Tokenizer& tokenizer) {
  const fs::path file = folder_of(settings) / tokenizer.fingerprint().hex();
  std::error_code error;
  if (fs::exists(file, error)) return;
  fs::create_directories(file.parent_path(), error);
  (void)write_file_atomically(file, tokenizer.name(), 0600);
}

std::vector<KnownTokenizer> known_tokenizers(const Settings& settings) {
  std::vector<KnownTokenizer> out;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder_of(settings), error)) {
    auto fingerprint = digest_of(file.path().filename().string());
    auto name = read_file(file.path(), 4 * KiB);
    if (fingerprint && name) out.push_back({.fingerprint = *fingerprint, .name = *name});
  }
  std::ranges::sort(out, {}, &KnownTokenizer::name);
  return out;
}

}  // namespace leyden::cli
