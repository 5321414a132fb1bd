#include "leyden/tokenizer/spec.h"

#include <bit>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace leyden::tokenizer {
namespace {

// One buffer, hashed once: a field for each of 150,000 tokens would take longer than the rest of loading. Every value has
// a fixed width or its length in front, and every alternative of a variant its index, so that no two specifications write alike.
class Writer {
 public:
  void put(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) content_ += static_cast<char>(value >> (8 * i));
  }
  void put(std::string_view text) {
    put(text.size());
    content_ += text;
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  template <class T>
    requires std::is_enum_v<T>
  void put(T value) {
    put(static_cast<std::uint64_t>(value));
  }
  void put(bool value) { put(std::uint64_t{value}); }
  void put(std::uint32_t value) { put(std::uint64_t{value}); }
  void put(char32_t value) { put(static_cast<std::uint64_t>(value)); }
  void put(double value) { put(std::bit_cast<std::uint64_t>(value)); }
  void put(const std::optional<TokenId>& value) { put(value ? std::uint64_t{*value} + 1 : 0); }
  template <class T>
  void put(const std::vector<T>& values) {
    put(values.size());
    for (const T& value : values) put(value);
  }
  template <class... T>
  void put(const std::variant<T...>& value) {
    put(value.index());
    std::visit([this](const auto& alternative) { this->put(alternative); }, value);
  }

  void put(const NormalizeUnicode& step) { put(step.form); }
  void put(const NormalizeLowercase&) {}
  void put(const NormalizeStripAccents&) {}
  void put(const NormalizeStrip& step) { put_all(step.left, step.right); }
  void put(const NormalizePrepend& step) { put(step.text); }
  void put(const NormalizeReplace& step) { put_all(step.pattern, step.is_regex, step.content); }
  void put(const NormalizeNmt&) {}
  void put(const NormalizeBert& step) {
    put_all(step.clean_text, step.handle_chinese_chars, step.strip_accents, step.lowercase);
  }
  void put(const NormalizeCharsmap& step) { put_all(step.blob, step.matching, step.kept); }
  void put(const NormalizeSpaces& step) {
    put_all(step.add_dummy_prefix, step.remove_extra_whitespaces, step.escape_whitespaces,
            step.treat_whitespace_as_suffix);
  }

  void put(const SplitPattern& step) {
    put_all(step.pattern, step.is_regex, step.behavior, step.invert);
  }
  void put(const SplitByteLevel& step) { put_all(step.add_prefix_space, step.use_regex); }
  void put(const SplitDigits& step) { put(step.individual); }
  void put(const SplitMetaspace& step) { put_all(step.replacement, step.prepend, step.split); }
  void put(const SplitPunctuation& step) { put(step.behavior); }
  void put(const SplitWhitespace&) {}
  void put(const SplitOnWhitespace&) {}
  void put(const SplitBert&) {}
  void put(const SplitUnicodeScripts&) {}
  void put(const SplitCharDelimiter& step) { put(step.delimiter); }
  void put(const SplitFixedLength& step) { put(std::uint64_t{step.length}); }

  void put(const SpecToken& token) { put_all(token.id, token.bytes); }
  void put(const std::vector<SpecMerge>& merges) {
    static_assert(std::has_unique_object_representations_v<SpecMerge> &&
                  std::endian::native == std::endian::little);
    put(merges.size());
    content_.append(reinterpret_cast<const char*>(merges.data()),
                    merges.size() * sizeof(SpecMerge));
  }
  void put(const BpeSpec& model) {
    put_all(model.tokens, model.merges, model.byte_level, model.whole_first, model.byte_fallback,
            model.unknown, model.fuse_unknown, model.continuing_subword_prefix,
            model.end_of_word_suffix, model.user_defined);
  }
  void put(const UnigramSpec::Piece& piece) {
    put_all(piece.id, piece.bytes, piece.score, piece.kind);
  }
  void put(const UnigramSpec& model) {
    put_all(model.pieces, model.unknown, model.byte_fallback, model.single_precision);
  }
  void put(const WordPieceSpec& model) {
    put_all(model.tokens, model.unknown, model.continuing_subword_prefix,
            std::uint64_t{model.word_chars_max});
  }
  void put(const WordLevelSpec& model) { put_all(model.tokens, model.unknown); }

  void put(const AddedToken& token) {
    put_all(token.id, token.text, token.special, token.lstrip, token.rstrip, token.single_word,
            token.normalized);
  }

  void put(const DecodeByteLevel&) {}
  void put(const DecodeReplace& step) { put_all(step.pattern, step.is_regex, step.content); }
  void put(const DecodeByteFallback&) {}
  void put(const DecodeFuse&) {}
  void put(const DecodeStrip& step) {
    put_all(step.content, std::uint64_t{step.start}, std::uint64_t{step.stop});
  }
  void put(const DecodeWordPiece& step) { put_all(step.prefix, step.cleanup); }
  void put(const DecodeMetaspace& step) { put_all(step.replacement, step.add_prefix_space); }
  void put(const DecodeBpe& step) { put(step.suffix); }
  void put(const DecodeCtc& step) {
    put_all(step.pad_token, step.word_delimiter_token, step.cleanup);
  }
  void put(const DecodeSentencePiece& step) {
    put_all(step.strip_first_space, step.strip_all_first_spaces, step.unknown_surface);
  }

  template <class... T>
  void put_all(const T&... values) {
    (put(values), ...);
  }

  [[nodiscard]] const std::string& content() const { return content_; }

 private:
  std::string content_;
};

}  // namespace

Digest fingerprint(const TokenizerSpec& spec) {
  Writer writer;
  writer.put_all(std::string_view("tokenizer 2"), std::uint64_t{spec.vocabulary_size},
                 spec.normalizers, spec.pretokenizers, spec.model, spec.added, spec.unused,
                 spec.post.before, spec.post.after, spec.decoders, spec.decodes_to_bytes);
  return Hasher().field(writer.content()).finish();
}

}  // namespace leyden::tokenizer
