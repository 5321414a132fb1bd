#include "leyden/tokenizer/normalizers/sentencepiece_normalizer.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <utility>

#include "leyden/tokenizer/models/byte_trie.h"
#include "leyden/tokenizer/normalizers/charsmap.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

class SentencePieceNormalizer final : public TextNormalizer {
 public:
  SentencePieceNormalizer(Charsmap map, const std::vector<std::string>& kept, NormalizeSpaces step)
      : map_(std::move(map)), step_(step), space_(step.escape_whitespaces ? "\xE2\x96\x81" : " ") {
    std::vector<std::pair<std::string_view, std::uint32_t>> keys;
    for (const std::string& text : kept) keys.emplace_back(text, 0U);
    kept_ = ByteTrie(std::move(keys));
    if (map_.empty() && kept_.empty()) return;
    for (unsigned byte = '!'; byte < 0x80; ++byte) {
      for (unsigned next = 0; next < 256; ++next) {
        const char pair[] = {static_cast<char>(byte), static_cast<char>(next)};
        stays_[byte][next] = !map_.may_begin({pair, 2}) && !may_be_kept({pair, 2});
      }
    }
  }

  void apply(NormalizedText& normalized) const override {
    std::string_view text = normalized.text();
    if (text.empty()) return;
    bool trims = step_.remove_extra_whitespaces;
    std::size_t at = 0;
    while (trims && at < text.size()) {
      Chunk chunk = next_chunk(text, at);
      if (chunk.text != " ") break;
      at += chunk.size;
    }
    if (at == text.size()) return normalized.clear();  // Nothing but spaces.

    NormalizedText out(normalized.tracked());
    out.reserve(text.size() + text.size() / 4);
    if (step_.add_dummy_prefix && !step_.treat_whitespace_as_suffix) {
      out.put(space_, normalized, at, at + 1);
    }
    bool after_space = trims;
    while (at < text.size()) {
      std::size_t run = plain_run(text, at);
      if (run > at) {
        out.copy(normalized, at, run);
        at = run;
        after_space = false;
        continue;
      }
      Chunk chunk = next_chunk(text, at);
      std::string_view piece = chunk.text;
      while (after_space && piece.starts_with(' ')) piece.remove_prefix(1);
      if (!piece.empty()) {
        put_escaped(out, piece, normalized, at, at + chunk.size);
        after_space = trims && piece.ends_with(' ');
      }
      at += chunk.size;
    }
    // U+2581 in the text counts as a space here.
    std::size_t end = out.text().size();
    while (trims && out.text().substr(0, end).ends_with(space_)) end -= space_.size();
    if (end < out.text().size()) out.trim(0, end);
    if (step_.add_dummy_prefix && step_.treat_whitespace_as_suffix) {
      out.put(space_, normalized, text.size() - 1, text.size());
    }
    normalized = std::move(out);
  }

 private:
  struct Chunk {
    std::string_view text;  // What it becomes.
    std::size_t size = 0;   // Of what it was.
  };
  // A user-defined symbol, what the longest rule takes, or one character.
  [[nodiscard]] Chunk next_chunk(std::string_view text, std::size_t at) const {
    std::string_view rest = text.substr(at);
    if (auto kept = kept_.longest_prefix(rest)) return {rest.substr(0, kept->length), kept->length};
    if (auto rule = map_.longest(rest)) return {rule->replacement, rule->length};
    std::size_t size = classed_char(text, at).size;
    return {rest.substr(0, size), size};
  }
  // Where text that stays as it is ends, as far as that is cheap to see.
  [[nodiscard]] std::size_t plain_run(std::string_view text, std::size_t at) const {
    if (map_.empty() && kept_.empty()) return std::min(text.find(' ', at), text.size());
    auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    while (at + 1 < text.size() && byte(at) < 0x80 && stays_[byte(at)][byte(at + 1)]) ++at;
    return at;
  }
  // Whether a user-defined symbol may begin with these bytes.
  [[nodiscard]] bool may_be_kept(std::string_view bytes) const {
    if (kept_.empty()) return false;
    ByteTrie::Node node = ByteTrie::kRoot;
    for (char byte : bytes) {
      auto child = kept_.next(node, byte);
      if (!child) return false;
      node = *child;
      if (kept_.value(node)) return true;
    }
    return true;
  }
  void put_escaped(NormalizedText& out, std::string_view piece, const NormalizedText& from,
                   std::size_t begin, std::size_t end) const {
    while (!piece.empty()) {
      std::size_t space = std::min(piece.find(' '), piece.size());
      if (space > 0) out.put(piece.substr(0, space), from, begin, end);
      if (space == piece.size()) return;
      out.put(space_, from, begin, end);
      piece.remove_prefix(space + 1);
    }
  }

  Charsmap map_;
  ByteTrie kept_;
  NormalizeSpaces step_;
  std::string_view space_;
  // Of ASCII but spaces, by the byte behind it: no rule and no symbol begins there.
  std::array<std::bitset<256>, 128> stays_;
};

}  // namespace

Result<std::unique_ptr<TextNormalizer>> make_sentencepiece_normalizer(
    const NormalizeCharsmap& charsmap, const NormalizeSpaces& spaces) {
  auto map = Charsmap::parse(charsmap.blob);
  if (!map) return std::unexpected(map.error());
  return std::make_unique<SentencePieceNormalizer>(*std::move(map), charsmap.kept, spaces);
}

}  // namespace leyden::tokenizer
