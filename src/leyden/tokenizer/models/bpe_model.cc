#include "leyden/tokenizer/models/bpe_model.h"

#include <algorithm>
#include <queue>
#include <span>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

constexpr std::uint32_t kNoRank = ~0U;
constexpr TokenId kNoToken = ~0U;
// Set in a symbol that never merges; IDs are smaller (make() checks).
constexpr TokenId kFrozen = 1U << 31;
constexpr std::size_t kShort = 64;

}  // namespace

// The symbols between two places that no merge can reach across.
class BpeModel::Block {
 public:
  void add(TokenId token, std::size_t end) {
    if (count_ < kShort) {
      few_[count_] = {token, end};
    } else {
      if (count_ == kShort) many_.assign(few_.begin(), few_.end());
      many_.push_back({token, end});
    }
    ++count_;
  }
  void clear(std::size_t start) {
    count_ = 0;
    plain = true;
    begin = start;
  }
  [[nodiscard]] bool is_short() const { return count_ <= kShort; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::span<Symbol> few() { return {few_.data(), count_}; }
  [[nodiscard]] std::vector<Symbol>& many() { return many_; }

  std::size_t begin = 0;  // In the segment.
  bool plain = true;      // The symbols are exactly the text: nothing unknown, nothing frozen.

 private:
  std::array<Symbol, kShort> few_;
  std::vector<Symbol> many_;
  std::size_t count_ = 0;
};

Result<std::unique_ptr<BpeModel>> BpeModel::make(const BpeSpec& spec) {
  TokenId highest = 0;
  for (const SpecToken& token : spec.tokens) highest = std::max(highest, token.id);
  for (const SpecToken& token : spec.user_defined) highest = std::max(highest, token.id);
  if (highest >= kFrozen || spec.unknown.value_or(0) >= kFrozen) {
    return fail(Errc::corrupt, "token {} has no usable ID", highest);
  }
  std::unique_ptr<BpeModel> model(new BpeModel(spec));
  model->vocabulary_ = Vocabulary(highest + std::size_t{1});
  for (const SpecToken& token : spec.tokens) {
    if (!model->vocabulary_.add(token.id, token.bytes, TokenKind::ordinary)) {
      return fail(Errc::corrupt, "token {} shares its ID or its text with another", token.id);
    }
    model->longest_token_ = std::max(model->longest_token_, token.bytes.size());
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    char c = static_cast<char>(byte);
    bool alone = spec.byte_level || byte < 0x80;
    model->byte_tokens_[byte] =
        alone ? model->vocabulary_.find(std::string_view(&c, 1)).value_or(kNoToken) : kNoToken;
    model->fallback_tokens_[byte] =
        model->vocabulary_.find(fmt::format("<0x{:02X}>", byte)).value_or(kNoToken);
  }
  model->merges_ =
      MergeTable(spec, model->vocabulary_,
                 spec.continuing_subword_prefix.empty() && spec.end_of_word_suffix.empty());
  model->itself_ = std::make_unique<std::atomic<std::uint8_t>[]>(model->vocabulary_.size());
  return model;
}

BpeModel::BpeModel(const BpeSpec& spec)
    : byte_level_(spec.byte_level),
      whole_first_(spec.whole_first),
      byte_fallback_(spec.byte_fallback),
      fuse_unknown_(spec.fuse_unknown),
      unknown_(spec.unknown),
      prefix_(spec.continuing_subword_prefix),
      suffix_(spec.end_of_word_suffix) {
  std::vector<std::pair<std::string_view, std::uint32_t>> symbols;
  for (const SpecToken& token : spec.user_defined) symbols.emplace_back(token.bytes, token.id);
  user_defined_ = ByteTrie(std::move(symbols));
}

void BpeModel::encode(std::string_view segment, TokenIds& out,
                      std::vector<std::size_t>* ends) const {
  if (segment.size() <= longest_token_) {
    if (auto whole = vocabulary_.find(segment);
        whole && (whole_first_ || encodes_to_itself(*whole))) {
      out.push_back(*whole);
      if (ends != nullptr) ends->push_back(segment.size());
      return;
    }
  }
  encode_symbols(segment, out, ends);
}

bool BpeModel::encodes_to_itself(TokenId id) const {
  std::uint8_t known = itself_[id].load(std::memory_order_relaxed);
  if (known == 0) {
    TokenIds merged;
    encode_symbols(vocabulary_.bytes(id), merged, nullptr);
    known = merged.size() == 1 && merged.front() == id ? 1 : 2;
    itself_[id].store(known, std::memory_order_relaxed);
  }
  return known == 1;
}

TokenId BpeModel::symbol_of(std::string_view segment, std::size_t at, std::size_t size) const {
  bool first = at == 0;
  bool last = at + size == segment.size();
  if ((first || prefix_.empty()) && (!last || suffix_.empty())) {
    if (size == 1) return byte_tokens_[static_cast<std::uint8_t>(segment[at])];
    return vocabulary_.find(segment.substr(at, size)).value_or(kNoToken);
  }
  std::string written;
  if (!first) written += prefix_;
  written += segment.substr(at, size);
  if (last) written += suffix_;
  return vocabulary_.find(written).value_or(kNoToken);
}

// Hugging Face's BPE::merge_word, to the order in which unknown characters and bytes are put down; user-defined symbols as
// in SentencePiece's bpe_model.cc.
void BpeModel::encode_symbols(std::string_view segment, TokenIds& out,
                              std::vector<std::size_t>* ends) const {
  Block block;
  block.clear(0);
  std::optional<std::size_t> unknown_end;  // Of unknown characters that are not put down yet.
  auto flush_unknown = [&] {
    if (!unknown_end) return;
    block.add(*unknown_, *unknown_end);
    unknown_end.reset();
  };
  bool can_cut = false;  // Between the last symbol and the next, as far as the last one tells.
  char32_t before = 0;
  std::size_t at = 0;
  while (at < segment.size()) {
    if (!user_defined_.empty()) {
      if (auto match = user_defined_.longest_prefix(segment.substr(at))) {
        flush_unknown();
        at += match->length;
        block.add(match->value | kFrozen, at);
        block.plain = false;
        can_cut = false;
        continue;
      }
    }
    std::size_t size = 1;
    char32_t c = static_cast<std::uint8_t>(segment[at]);
    if (!byte_level_) {
      ClassedChar decoded = classed_char(segment, at);
      size = decoded.size;
      c = decoded.code_point;
    }
    TokenId token = symbol_of(segment, at, size);
    std::size_t end = at + size;
    if (token != kNoToken) {
      // A character without a token may vanish, and what stands on either side of it join.
      if (can_cut && !merges_.may_join(before, c)) {
        finish(segment, block, out, ends);
        block.clear(at);
      }
      before = c;
      flush_unknown();
      block.add(token, end);
      can_cut = true;
      at = end;
      continue;
    }
    block.plain = false;
    can_cut = false;
    if (byte_fallback_) {
      std::string written(segment.substr(at, size));
      if (at != 0) written.insert(0, prefix_);
      if (end == segment.size()) written += suffix_;
      auto fallback = [&](char byte) { return fallback_tokens_[static_cast<std::uint8_t>(byte)]; };
      if (std::ranges::none_of(written, [&](char byte) { return fallback(byte) == kNoToken; })) {
        for (char byte : written) block.add(fallback(byte), end);
        at = end;
        continue;
      }
    }
    if (unknown_) {
      if (!fuse_unknown_) flush_unknown();
      unknown_end = end;
    }
    at = end;
  }
  flush_unknown();
  finish(segment, block, out, ends);
}

void BpeModel::finish(std::string_view segment, Block& block, TokenIds& out,
                      std::vector<std::size_t>* ends) const {
  if (block.count() == 0) return;
  auto emit = [&](const Symbol& symbol) {
    out.push_back(symbol.token & ~kFrozen);
    if (ends != nullptr) ends->push_back(symbol.end);
  };
  if (!block.is_short()) {
    merge_long(block.many());
    for (const Symbol& symbol : block.many()) emit(symbol);
    return;
  }
  std::span<Symbol> few = block.few();
  std::size_t end = few.back().end;
  // Most blocks are words, most words are tokens. Not for the whole segment: encode() has asked that already.
  if (block.plain && few.size() > 1 && end - block.begin < segment.size() &&
      end - block.begin <= longest_token_) {
    auto whole = vocabulary_.find(segment.substr(block.begin, end - block.begin));
    if (whole && encodes_to_itself(*whole)) return emit({*whole, end});
  }
  std::size_t count = merge_short(few);
  for (const Symbol& symbol : few.first(count)) emit(symbol);
}

// Few symbols: looking at every neighbour each time is quicker than keeping them in order.
std::size_t BpeModel::merge_short(std::span<Symbol> symbols) const {
  std::array<std::uint32_t, kShort> ranks;  // Of the pair (i, i + 1).
  std::array<TokenId, kShort> merged;
  std::size_t count = symbols.size();
  auto rate = [&](std::size_t i) {
    const MergeTable::Pair* pair =
        i + 1 < count ? merges_.find(symbols[i].token, symbols[i + 1].token) : nullptr;
    ranks[i] = pair != nullptr ? pair->rank : kNoRank;
    merged[i] = pair != nullptr ? pair->merged : 0;
  };
  for (std::size_t i = 0; i < count; ++i) rate(i);
  while (count > 1) {
    auto best = static_cast<std::size_t>(
        std::min_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(count)) -
        ranks.begin());
    if (ranks[best] == kNoRank) break;
    symbols[best] = {merged[best], symbols[best + 1].end};
    for (std::size_t i = best + 1; i + 1 < count; ++i) {
      symbols[i] = symbols[i + 1];
      ranks[i] = ranks[i + 1];
      merged[i] = merged[i + 1];
    }
    --count;
    rate(best);
    if (best > 0) rate(best - 1);
  }
  return count;
}

// Many symbols: a linked list of them and a heap of candidate merges; a candidate whose symbols changed meanwhile is skipped.
void BpeModel::merge_long(std::vector<Symbol>& symbols) const {
  constexpr std::size_t kNone = ~std::size_t{0};
  struct Candidate {
    std::uint32_t rank;
    TokenId left;
    TokenId right;
    TokenId merged;
    std::size_t position;
    bool operator>(const Candidate& other) const {
      return std::pair(rank, position) > std::pair(other.rank, other.position);
    }
  };
  std::vector<std::size_t> previous(symbols.size());
  std::vector<std::size_t> next(symbols.size());
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    previous[i] = i == 0 ? kNone : i - 1;
    next[i] = i + 1 < symbols.size() ? i + 1 : kNone;
  }
  std::vector<Candidate> initial;
  auto candidate = [&](std::size_t i, auto&& take) {
    if (i == kNone || next[i] == kNone) return;
    TokenId left = symbols[i].token;
    TokenId right = symbols[next[i]].token;
    if (const MergeTable::Pair* pair = merges_.find(left, right)) {
      take(Candidate{pair->rank, left, right, pair->merged, i});
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    candidate(i, [&](Candidate c) { initial.push_back(c); });
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue(std::greater<>{},
                                                                               std::move(initial));
  while (!queue.empty()) {
    Candidate best = queue.top();
    queue.pop();
    std::size_t at = best.position;
    // A symbol that was merged into its left neighbour holds kNoToken, so that nothing matches it.
    if (symbols[at].token != best.left || next[at] == kNone ||
        symbols[next[at]].token != best.right) {
      continue;
    }
    std::size_t gone = next[at];
    symbols[at] = {best.merged, symbols[gone].end};
    symbols[gone].token = kNoToken;
    next[at] = next[gone];
    if (next[at] != kNone) previous[next[at]] = at;
    candidate(at, [&](Candidate c) { queue.push(c); });
    candidate(previous[at], [&](Candidate c) { queue.push(c); });
  }
  std::erase_if(symbols, [](const Symbol& symbol) { return symbol.token == kNoToken; });
}

}  // namespace leyden::tokenizer
