#include "leyden/tokenizer/load.h"

#include <utility>

#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/tokenizer/image/image.h"
#include "leyden/tokenizer/image/sections.h"
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

// What an image is good for, and what to do where it is good for nothing.
Error about_image(const Error& error, const std::string& where) {
  return {error.code,
          fmt::format("{} is no usable image of a tokenizer: {}; make it again with `leyden "
                      "tokenizer compile` from the tokenizer's own file",
                      where, error.message)};
}

Result<std::shared_ptr<const image::Image>> open_image(MappedFile file, const std::string& where) {
  auto opened = image::Image::open(std::move(file));
  if (!opened) return std::unexpected(about_image(opened.error(), where));
  return opened;
}

Result<TokenizerSpec> spec_of_image(const image::Image& image, const std::string& where,
                                    std::string name) {
  auto spec = image.spec(std::move(name));
  if (!spec) return std::unexpected(about_image(spec.error(), where));
  return spec;
}

Result<TokenizerSpec> read_spec(MappedFile file, const std::string& where, std::string name) {
  std::string_view content = as_text(file.bytes());
  if (content.empty()) return fail(Errc::corrupt, "{} is empty: not a tokenizer", where);
  if (image::has_magic(file.bytes())) {
    auto opened = open_image(std::move(file), where);
    if (!opened) return std::unexpected(opened.error());
    return spec_of_image(**opened, where, std::move(name));
  }
  if (content.starts_with("GGUF")) return read_gguf_tokenizer(file.bytes(), where, std::move(name));
  if (std::size_t first = content.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && content[first] == '{') {
    return read_huggingface(content, where, std::move(name));
  }
  // The first field of a SentencePiece model, a piece: as text a newline, with which no rank file begins.
  if (content.front() == '\x0A') return read_sentencepiece(content, where, std::move(name));
  return read_tiktoken(content, where, std::move(name));
}

Result<std::shared_ptr<const Tokenizer>> load_image(MappedFile file, const std::string& where,
                                                    std::string name, const LoadOptions& options) {
  auto opened = open_image(std::move(file), where);
  if (!opened) return std::unexpected(opened.error());
  std::shared_ptr<const image::Image> mapped = *std::move(opened);
  if (!mapped->has_parts()) {
    auto spec = spec_of_image(*mapped, where, std::move(name));
    if (!spec) return std::unexpected(spec.error());
    return make_tokenizer(*std::move(spec), options);
  }
  auto parts = image::Image::parts(mapped);
  if (!parts) return std::unexpected(about_image(parts.error(), where));
  auto make_general = [mapped]() -> Result<std::unique_ptr<PipelineEncoder>> {
    auto spec = mapped->spec({});
    if (!spec) return std::unexpected(spec.error());
    return PipelineEncoder::make(*spec);
  };
  auto made = PipelineTokenizer::make(*std::move(parts), std::move(name), std::move(make_general),
                                      options.isa);
  if (!made) return std::unexpected(about_image(made.error(), where));
  return std::shared_ptr<const Tokenizer>(*std::move(made));
}

Result<std::shared_ptr<const Tokenizer>> load(const std::filesystem::path& path, std::string name,
                                              const LoadOptions& options) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  if (image::has_magic(file->bytes()))
    return load_image(*std::move(file), path.string(), std::move(name), options);
  auto spec = read_spec(*std::move(file), path.string(), std::move(name));
  if (!spec) return std::unexpected(spec.error());
  auto made = make_tokenizer(*std::move(spec), options);
  if (!made)
    return std::unexpected(Error{made.error().code, path.string() + ": " + made.error().message});
  return made;
}

}  // namespace

Result<TokenizerSpec> load_spec(const std::filesystem::path& path, std::string name) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(printable(std::move(file.error())));
  auto spec = read_spec(*std::move(file), path.string(), std::move(name));
  if (!spec) return std::unexpected(printable(std::move(spec.error())));
  return spec;
}

Result<std::shared_ptr<const Tokenizer>> make_tokenizer(TokenizerSpec spec,
                                                        const LoadOptions& options) {
  auto made = PipelineTokenizer::make(std::move(spec), options.isa);
  if (!made) return std::unexpected(made.error());
  return std::shared_ptr<const Tokenizer>(*std::move(made));
}

Result<std::shared_ptr<const Tokenizer>> load_tokenizer(const std::filesystem::path& path,
                                                        std::string name,
                                                        const LoadOptions& options) {
  auto made = load(path, std::move(name), options);
  if (!made) return std::unexpected(printable(std::move(made.error())));
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
