#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/digest.h"
#include "leyden/base/result.h"

// The file around an image's arrays: header, table of sections, sections (docs/formats/tokenizer_image.md).
namespace leyden::tokenizer::image {

// To be raised whenever the bytes of a section mean something else, or tables are to be looked up in another way:
// image_test.cc notices when the bytes change.
inline constexpr std::uint32_t kVersion = 1;

[[nodiscard]] bool has_magic(BytesView content);

template <class T>
concept Flat = std::is_trivially_copyable_v<T> && alignof(T) <= 64;

class SectionWriter {
 public:
  SectionWriter();
  // `name`: at most 24 characters.
  template <Flat T>
  void operator()(std::string_view name, std::span<const T> elements) {
    add(name, as_text(std::as_bytes(elements)), sizeof(T));
  }
  void operator()(std::string_view name, std::string_view text) { add(name, text, 1); }
  [[nodiscard]] std::string finish(const Digest& fingerprint) &&;

 private:
  void add(std::string_view name, std::string_view bytes, std::size_t element_bytes);
  struct Section {
    std::string name;
    std::string bytes;
    std::size_t element_bytes = 0;
  };
  std::vector<Section> sections_;
};

class SectionReader {
 public:
  // `content` outlives the reader and what it gives out, and begins at an address that 64 divides. Reads all of it once, for the checksum.
  // Errors: corrupt; unsupported for other versions and byte orders.
  [[nodiscard]] static Result<SectionReader> open(BytesView content);

  [[nodiscard]] const Digest& fingerprint() const { return fingerprint_; }
  [[nodiscard]] bool has(std::string_view name) const;
  // Sets the view to a section's elements; complete() is false from then on where there is no such section.
  template <Flat T>
  void operator()(std::string_view name, std::span<const T>& elements) {
    BytesView bytes = find(name, sizeof(T));
    elements = {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  void operator()(std::string_view name, std::string_view& text) { text = as_text(find(name, 1)); }
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  struct Section {
    std::string_view name;
    BytesView bytes;
    std::size_t element_bytes = 0;
  };
  BytesView find(std::string_view name, std::size_t element_bytes);

  Digest fingerprint_;
  std::vector<Section> sections_;
  bool complete_ = true;
};

}  // namespace leyden::tokenizer::image
