#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "leyden/base/bytes.h"
#include "leyden/base/files.h"
#include "leyden/base/result.h"
#include "leyden/tokenizer/image/sections.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/tokenizer_parts.h"

// Images: a tokenizer's parts as they lie in memory, and its specification, in one file that is mapped and not read. All
// processes share its pages. docs/formats/tokenizer_image.md has the bytes, docs/decisions/2026-11-25-images.md what they may be trusted for.
namespace leyden::tokenizer::image {

// The content of an image. One specification has one image. Errors: as build_parts().
[[nodiscard]] Result<std::string> compile(const TokenizerSpec& spec);

// An image in memory. const, safe to share.
class Image {
 public:
  // Errors: corrupt (cut off, changed), unsupported (another version or byte order).
  [[nodiscard]] static Result<std::shared_ptr<const Image>> open(MappedFile file);
  // The same of bytes that outlive the image and begin at an address that 64 divides.
  [[nodiscard]] static Result<std::shared_ptr<const Image>> open(BytesView content);

  // False where no fused encoder has tables for the tokenizer: the specification is all there is.
  [[nodiscard]] bool has_parts() const { return sections_.has("facts"); }
  // Only where has_parts(). Views, which keep the image. Errors: corrupt.
  [[nodiscard]] static Result<TokenizerParts> parts(const std::shared_ptr<const Image>& image);
  // Errors: corrupt.
  [[nodiscard]] Result<TokenizerSpec> spec(std::string name) const;

 private:
  explicit Image(SectionReader sections) : sections_(std::move(sections)) {}
  [[nodiscard]] static Result<std::shared_ptr<Image>> make(BytesView content);

  std::optional<MappedFile> file_;  // Where the sections lie, unless the caller keeps them.
  SectionReader sections_;
};

}  // namespace leyden::tokenizer::image
