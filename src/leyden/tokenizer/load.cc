#include "leyden/tokenizer/load.h"

#include <utility>

#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/gguf_reader.h"
#include "leyden/tokenizer/loaders/loaders.h"
#include "leyden/tokenizer/pipeline_tokenizer.h"

namespace leyden::tokenizer {

namespace {

// Messages quote what stands in files, and end on people's screens: one line, no control characters, and not too long.
Error printable(Error error) {
  constexpr std::size_t kBytesMax = 500;
  std::string& message = error.message;
  message = utf8::replace_invalid(message);
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  // The C1 controls, U+0080 to U+009F, are two bytes each.
  for (std::size_t at = message.find('\xC2'); at != std::string::npos;
       at = message.find('\xC2', at + 1)) {
    if (static_cast<unsigned char>(message[at + 1]) < 0xA0) message.replace(at, 2, "?");
  }
  if (message.size() > kBytesMax) {
    std::size_t end = kBytesMax - 3;
    while ((static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80) --end;
    message.resize(end);
    message += "...";
  }
  return error;
}

Result<TokenizerSpec> read_spec(const std::filesystem::path& path, std::string name);

}  // namespace

Result<TokenizerSpec> load_spec(const std::filesystem::path& path, std::string name) {
  auto spec = read_spec(path, std::move(name));
  if (!spec) return std::unexpected(printable(std::move(spec.error())));
  return spec;
}

namespace {

Result<TokenizerSpec> read_spec(const std::filesystem::path& path, std::string name) {
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

}  // namespace

Result<std::shared_ptr<const Tokenizer>> make_tokenizer(TokenizerSpec spec,
                                                        const LoadOptions& options) {
  auto made = PipelineTokenizer::make(std::move(spec), options.isa);
  if (!made) return std::unexpected(made.error());
  return std::shared_ptr<const Tokenizer>(*std::move(made));
}

Result<std::shared_ptr<const Tokenizer>> load_tokenizer(const std::filesystem::path& path,
                                                        std::string name,
                                                        const LoadOptions& options) {
  auto spec = load_spec(path, std::move(name));
  if (!spec) return std::unexpected(spec.error());
  auto made = make_tokenizer(*std::move(spec), options);
  if (!made) {
    return std::unexpected(
        printable({made.error().code, path.string() + ": " + made.error().message}));
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
