#include <optional>
#include <utility>

#include <fmt/format.h>

#include "leyden/tokenizer/plain/models.h"

namespace leyden::tokenizer::plain {

std::string byte_token(std::uint8_t byte) { return fmt::format("<0x{:02X}>", byte); }

std::optional<TokenIds> byte_tokens(const Vocabulary& ids, std::string_view text) {
  TokenIds out;
  for (char byte : text) {
    auto found = ids.find(byte_token(static_cast<std::uint8_t>(byte)));
    if (found == ids.end()) return std::nullopt;
    out.push_back(found->second);
  }
  return out;
}

namespace {

class Bpe final : public Model {
 public:
  explicit Bpe(const BpeSpec& spec)
      : spec_(spec),
        ids_(vocabulary_of(spec.tokens)),
        user_defined_(vocabulary_of(spec.user_defined)) {
    for (const SpecMerge& merge : spec.merges) merges_[{merge.left, merge.right}] = merge;
    spec_.tokens.clear();
    spec_.merges.clear();
  }

  [[nodiscard]] TokenIds encode(const Piece& piece) const override {
    std::vector<std::string> symbols = symbols_of(piece);
    if (spec_.whole_first) {
      std::string whole;
      for (const std::string& symbol : symbols) whole += symbol;
      if (auto found = ids_.find(whole); found != ids_.end()) return {found->second};
    }
    TokenIds ids;
    // User-defined symbols never merge: they cut.
    std::vector<std::string> part;
    for (const std::string& symbol : symbols) {
      auto own = user_defined_.find(symbol);
      if (own == user_defined_.end()) {
        part.push_back(symbol);
        continue;
      }
      put_merged(std::exchange(part, {}), ids);
      ids.push_back(own->second);
    }
    put_merged(part, ids);
    return ids;
  }

 private:
  void put_merged(const std::vector<std::string>& symbols, TokenIds& out) const {
    TokenIds ids = first_ids(symbols);
    while (auto at = best_pair(ids)) {
      ids[*at] = merges_.at({ids[*at], ids[*at + 1]}).merged;
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(*at) + 1);
    }
    out.insert(out.end(), ids.begin(), ids.end());
  }

  // What merging begins with: characters (the longest user-defined symbol before a character), or bytes. A byte-level tokenizer's vocabulary is given in bytes, so characters that
  // stand for bytes become them.
  [[nodiscard]] std::vector<std::string> symbols_of(const Piece& piece) const {
    std::vector<std::string> symbols;
    for (std::size_t i = 0; i < piece.text.size(); ++i) {
      if (std::size_t length = user_defined_at(piece.text.chars, i); length > 0) {
        symbols.push_back(to_utf8(piece.text.chars.substr(i, length)));
        i += length - 1;
        continue;
      }
      char32_t c = piece.text.chars[i];
      auto byte = piece.byte_level ? char_to_byte(c) : std::nullopt;
      std::string utf8 = to_utf8(std::u32string(1, c));
      if (!spec_.byte_level) {
        symbols.push_back(utf8);
      } else if (byte) {
        symbols.emplace_back(1, static_cast<char>(*byte));
      } else {
        for (char each : utf8) symbols.emplace_back(1, each);
      }
    }
    return symbols;
  }

  // In characters; 0 for none.
  [[nodiscard]] std::size_t user_defined_at(const std::u32string& chars, std::size_t at) const {
    std::size_t longest = 0;
    for (const auto& [text, id] : user_defined_) {
      std::u32string symbol = to_chars(text);
      if (symbol.size() > longest && std::u32string_view(chars).substr(at).starts_with(symbol))
        longest = symbol.size();
    }
    return longest;
  }

  [[nodiscard]] TokenIds first_ids(const std::vector<std::string>& symbols) const {
    TokenIds ids;
    std::size_t unknown =
        0;  // How many are waiting: the reference puts them down before the next known symbol.
    auto put_unknown = [&] {
      for (; unknown > 0; --unknown) ids.push_back(*spec_.unknown);
    };
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      std::string text = symbols[i];
      if (i > 0) text = spec_.continuing_subword_prefix + text;
      if (i + 1 == symbols.size()) text += spec_.end_of_word_suffix;
      if (auto found = ids_.find(text); found != ids_.end()) {
        put_unknown();
        ids.push_back(found->second);
        continue;
      }
      if (spec_.byte_fallback) {
        if (auto bytes = byte_tokens(ids_, text)) {
          // As the reference has it: an unknown character that waits comes behind these.
          ids.insert(ids.end(), bytes->begin(), bytes->end());
          continue;
        }
      }
      if (!spec_.unknown) continue;  // Nothing stands for it: it is dropped.
      if (!spec_.fuse_unknown) put_unknown();
      unknown = 1;
    }
    put_unknown();
    return ids;
  }

  // The leftmost of the pairs of the lowest rank.
  [[nodiscard]] std::optional<std::size_t> best_pair(const TokenIds& ids) const {
    std::optional<std::size_t> best;
    std::uint32_t best_rank = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      auto merge = merges_.find({ids[i], ids[i + 1]});
      if (merge == merges_.end()) continue;
      if (!best || merge->second.rank < best_rank) {
        best = i;
        best_rank = merge->second.rank;
      }
    }
    return best;
  }

  BpeSpec spec_;
  Vocabulary ids_;
  Vocabulary user_defined_;
  std::map<std::pair<TokenId, TokenId>, SpecMerge> merges_;
};

}  // namespace

std::unique_ptr<Model> make_bpe(const BpeSpec& spec) { return std::make_unique<Bpe>(spec); }

}  // namespace leyden::tokenizer::plain
