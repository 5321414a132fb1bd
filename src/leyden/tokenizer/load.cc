#include "leyden/tokenizer/load.h"

#include <utility>

#include "leyden/base/files.h"
#include "leyden/tokenizer/loaders/gguf_reader.h"
#include "leyden/tokenizer/loaders/loaders.h"
#include "leyden/tokenizer/pipeline_tokenizer.h"

namespace leyden::tokenizer {

Result<TokenizerSpec> load_spec(const std::filesystem::path& path, std::string name) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  std::string where = path.string();
  std::string_view content = as_text(file->bytes());
  if (content.empty()) return fail(Errc::corrupt, "{} is empty: not a tokenizer", where);
  if (content.starts_with("GGUF"))
    return read_gguf_tokenizer(file->bytes(), where, std::move(name));
  if (std::size_t first = content.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && content[first] == '{') {
    return read_huggingface(content, where, std::move(name));
  }
  // The first field of a SentencePiece model, a piece: as text a newline, with which no rank file begins.
  if (content.front() == '\x0A') return read_sentencepiece(content, where, std::move(name));
  return read_tiktoken(content, where, std::move(name));
}

Result<std::shared_ptr<const Tokenizer>> make_tokenizer(TokenizerSpec spec) {
  auto made = PipelineTokenizer::make(std::move(spec));
  if (!made) return std::unexpected(made.error());
  return std::shared_ptr<const Tokenizer>(*std::move(made));
}

Result<std::shared_ptr<const Tokenizer>> load_tokenizer(const std::filesystem::path& path,
                                                        std::string name) {
  auto spec = load_spec(path, std::move(name));
  if (!spec) return std::unexpected(spec.error());
  auto made = make_tokenizer(*std::move(spec));
  if (!made) {
    return fail(made.error().code, "{}: {}", path.string(), made.error().message);
  }
  return made;
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

}  // namespace leyden::tokenizer
