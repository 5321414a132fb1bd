// Property: any bytes, read as an image, give an error, or an image whose parts and specification can be read without a
// crash, in memory and time bounded by their number. An image that holds what its specification compiles to is the tokenizer
// that the specification makes.
//
// The first byte chooses what is read: 0: the rest of the input. Else one of fuzz/vocabularies is compiled, the rest of the
// input changes it, and the checksum is made right again: four bytes a change, a section (255: anywhere), a place in it (two
// bytes), and what is added there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <xxhash.h>

#include "leyden/tokenizer/image/image.h"
#include "leyden/tokenizer/load.h"
#include "leyden/tokenizer/pipeline_tokenizer.h"

using namespace leyden;
using namespace leyden::tokenizer;

namespace {

// docs/formats/tokenizer_image.md
constexpr std::size_t kChecksumAt = 24;
constexpr std::size_t kCheckedFrom = 32;
constexpr std::size_t kTableAt = 72;
constexpr std::size_t kTableEntryBytes = 48;

const std::vector<std::string>& images() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    // Of each kind one, and small.
    for (const char* name : {"gemma.json", "llama3.json", "qwen.json", "added-flags.json",
                             "bert-cased.json", "spm-bpe.model", "spm-unigram.model", "t5.json"}) {
      auto spec =
          load_spec(std::filesystem::path(LEYDEN_SOURCE_DIR) / "fuzz/vocabularies" / name, name);
      if (spec) made.push_back(image::compile(*spec).value());
    }
    if (made.empty()) std::abort();
    return made;
  }();
  return all;
}

std::uint64_t number_at(const std::string& content, std::size_t at) {
  std::uint64_t number = 0;
  std::memcpy(&number, content.data() + at, sizeof(number));
  return number;
}

std::string changed(std::string content, std::string_view changes) {
  // Before a change is made to this, too.
  const std::uint64_t sections = number_at(content, kTableAt - 8);
  for (; changes.size() >= 4; changes.remove_prefix(4)) {
    auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(changes[i]); };
    std::size_t begin = 0;
    std::size_t size = content.size();
    if (byte(0) != 255 && byte(0) < sections) {
      const std::size_t entry = kTableAt + byte(0) * kTableEntryBytes;
      const std::uint64_t offset = number_at(content, entry + 24);
      const std::uint64_t bytes = number_at(content, entry + 32);
      if (offset < content.size() && bytes <= content.size() - offset && bytes > 0) {
        begin = offset;
        size = bytes;
      }
    }
    char& target = content[begin + (byte(1) | byte(2) << 8U) % size];
    target = static_cast<char>(target + byte(3));
  }
  const std::uint64_t checksum =
      XXH3_64bits(content.data() + kCheckedFrom, content.size() - kCheckedFrom);
  std::memcpy(content.data() + kChecksumAt, &checksum, sizeof(checksum));
  return content;
}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void check_equal(const Tokenizer& image, const Tokenizer& original) {
  constexpr std::string_view kProbe =
      "a b  ab\n\nhello hell \u2581ab<s>c \xFF\xE4\xB8 1234 \u4E2D\u6587 I'M \u017F e\u0301 \r\n\t"
      "word word. <sep><l>  <r> N aaaaaaaaaaaaaaaaaabbbbbbbbbbbbb \u2581\u2581\u2581b";
  for (std::size_t size = 0; size <= kProbe.size(); size += 7) {
    std::string_view text = kProbe.substr(0, size);
    const EncodeOptions options{.special = SpecialPolicy::all(), .add_special_tokens = true};
    const TokenIds ids = original.encode(text, options);
    if (image.encode(text, options) != ids) give_up("other IDs");
    if (image.decode(ids).value() != original.decode(ids).value()) give_up("other text");
    if (image.encode_with_offsets(text, options).spans !=
        original.encode_with_offsets(text, options).spans)
      give_up("other offsets");
    if (image.is_safe_cut(kProbe, size) != original.is_safe_cut(kProbe, size))
      give_up("another answer about a cut");
  }
}

// Tables are trusted, which is why they are only used where they are known to be right; all else is not.
void check_image(BytesView content) {
  auto opened = image::Image::open(content);
  if (!opened) return;
  std::shared_ptr<const image::Image> image = *opened;
  std::shared_ptr<const PipelineTokenizer> made;
  if (image->has_parts()) {
    if (auto parts = image::Image::parts(image)) {
      auto make_general = [image]() -> Result<std::unique_ptr<PipelineEncoder>> {
        auto spec = image->spec({});
        if (!spec) return std::unexpected(spec.error());
        return PipelineEncoder::make(*spec);
      };
      if (auto tokenizer =
              PipelineTokenizer::make(*std::move(parts), "fuzz", make_general, engine::Isa::plain))
        made = *tokenizer;
    }
  }
  if (made) {
    for (TokenId id = 0; id < made->vocabulary_size(); ++id) {
      (void)made->decode(TokenIdsView(&id, 1));
      if (auto bytes = made->token_bytes(id)) (void)made->token_id(*bytes);
    }
    (void)made->is_safe_cut("a <s>", " b");
  }
  auto spec = image->spec("fuzz");
  if (!spec || !made) return;
  auto compiled = image::compile(*spec);
  if (!compiled || *compiled != as_text(content)) return;
  auto original = make_tokenizer(*spec, {.isa = engine::Isa::plain});
  if (!original) give_up("a specification with an image, but without a tokenizer");
  check_equal(*made, **original);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::uint8_t choice = data[0];
  input.remove_prefix(1);
  std::string content =
      choice == 0 ? std::string(input) : changed(images()[choice % images().size()], input);
  // As a mapped file lies.
  auto* bytes = static_cast<std::byte*>(::operator new(content.size() + 1, std::align_val_t{64}));
  std::memcpy(bytes, content.data(), content.size());
  check_image({bytes, content.size()});
  ::operator delete(bytes, std::align_val_t{64});
  return 0;
}
