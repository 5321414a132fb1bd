#include "leyden/cli/known_tokenizers.h"

#include <algorithm>

#include "leyden/base/files.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const Settings& settings) { return settings.data_folder / "tokenizers"; }

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
    auto fingerprint = Digest::from_hex(file.path().filename().string());
    auto name = read_file(file.path(), 4 * KiB);
    if (fingerprint && name) out.push_back({.fingerprint = *fingerprint, .name = *name});
  }
  std::ranges::sort(out, {}, &KnownTokenizer::name);
  return out;
}

}  // namespace leyden::cli
