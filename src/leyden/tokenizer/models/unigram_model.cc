#include "leyden/tokenizer/models/unigram_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>

#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

constexpr TokenId kNoToken = ~0U;
constexpr std::uint32_t kUnknownEntry = ~0U;
constexpr double kUnknownPenalty = 10.0;

}  // namespace

Result<std::unique_ptr<UnigramModel>> UnigramModel::make(const UnigramSpec& spec) {
  using Kind = UnigramSpec::Piece::Kind;
  std::unique_ptr<UnigramModel> model(new UnigramModel);
  model->unknown_ = spec.unknown;
  model->single_precision_ = spec.single_precision;
  model->byte_fallback_ = spec.byte_fallback;
  model->fallback_tokens_.fill(kNoToken);
  // Scores of what counts: Hugging Face takes all pieces, SentencePiece the normal ones.
  double lowest = spec.single_precision ? std::numeric_limits<float>::max()
                                        : std::numeric_limits<double>::infinity();
  std::vector<std::pair<std::string_view, std::uint32_t>> keys;
  std::unordered_map<std::string_view, TokenId> bytes;
  for (const UnigramSpec::Piece& piece : spec.pieces) {
    if (std::isnan(piece.score)) return fail(Errc::corrupt, "piece {} has no score", piece.id);
    if (!spec.single_precision || piece.kind == Kind::normal) {
      lowest = std::min(lowest, piece.score);
    }
    if (piece.bytes.size() == 6 && piece.bytes.starts_with("<0x")) bytes[piece.bytes] = piece.id;
    if (piece.kind == Kind::unused || piece.bytes.empty()) continue;
    keys.emplace_back(piece.bytes, static_cast<std::uint32_t>(model->entries_.size()));
    model->entries_.push_back({piece.id, piece.score, piece.kind == Kind::user_defined});
  }
  model->unknown_score_ = spec.single_precision
                              ? static_cast<float>(lowest) - static_cast<float>(kUnknownPenalty)
                              : lowest - kUnknownPenalty;
  model->trie_ = ByteTrie(std::move(keys));
  for (std::size_t byte = 0; byte < 256; ++byte) {
    auto found = bytes.find(fmt::format("<0x{:02X}>", byte));
    if (found != bytes.end()) model->fallback_tokens_[byte] = found->second;
  }
  return model;
}

// One segment's search. Settles whatever lies before a place that no piece spans, and goes on with the score that the best
// way there has: resetting it would round differently.
template <class Real>
class UnigramModel::Search {
 public:
  Search(const UnigramModel& model, std::string_view segment, TokenIds& out,
         std::vector<std::size_t>* ends)
      : model_(model), segment_(segment), out_(out), ends_(ends) {}

  // From the score that the text before has; returns the one behind it.
  Real run(Real score = 0) {
    nodes_.resize(64);
    nodes_.front().score = score;
    std::size_t reach = 0;
    for (std::size_t at = 0; at < segment_.size();) {
      if (at == reach) settle(at);
      std::size_t size = classed_char(segment_, at).size;
      reach = std::max(reach, extend(at, size));
      at += size;
    }
    settle(segment_.size());
    flush_unknown();
    return nodes_.front().score;
  }

 private:
  struct Node {
    Real score = 0;
    std::uint32_t entry = 0;
    std::size_t begin = kNone;
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  // Tries all pieces that begin at `at`, whose first character has `size` bytes. Where the longest ends.
  std::size_t extend(std::size_t at, std::size_t size) {
    if (single_precision()) keep_small(at - block_);
    Real here = nodes_[at - block_].score;
    bool single = false;
    std::size_t reach = at;
    ByteTrie::Node node = ByteTrie::kRoot;
    for (std::size_t end = at; !model_.trie_.empty() && end < segment_.size();) {
      auto child = model_.trie_.next(node, segment_[end++]);
      if (!child) break;
      node = *child;
      auto index = model_.trie_.value(node);
      if (!index) continue;
      const Entry& entry = model_.entries_[*index];
      Real score = static_cast<Real>(entry.score);
      if (single_precision() && entry.user_defined) {
        // Always taken: a bonus by length.
        score = static_cast<Real>(0.1 * (static_cast<double>(end - at) - 1));
      }
      offer(at, end, score + here, *index);
      single = single || end - at == size;
      reach = end;
    }
    if (!single) {
      offer(at, at + size, static_cast<Real>(model_.unknown_score_) + here, kUnknownEntry);
      reach = std::max(reach, at + size);
    }
    return reach;
  }

  void keep_small(std::size_t here) {
    const Real offset = nodes_[here].score;
    if (offset >= -kRestart && offset <= kRestart) return;
    for (std::size_t i = here + 1; i < nodes_.size(); ++i) {
      if (nodes_[i].begin != kNone) nodes_[i].score -= offset;
    }
    nodes_[here].score = 0;
  }

  static constexpr bool single_precision() { return sizeof(Real) == sizeof(float); }

  void offer(std::size_t begin, std::size_t end, Real score, std::uint32_t entry) {
    std::size_t index = end - block_;
    if (index >= nodes_.size()) nodes_.resize(2 * index + 1);
    Node& node = nodes_[index];
    if (node.begin == kNone || score > node.score) {
      node = {score, entry, begin};
    }
  }

  // Puts down the best way to `end` and begins a new block there.
  void settle(std::size_t end) {
    if (end == block_) return;
    way_.clear();
    for (std::size_t at = end; at > block_; at = nodes_[at - block_].begin) way_.push_back(at);
    for (auto it = way_.rbegin(); it != way_.rend(); ++it) {
      const Node& node = nodes_[*it - block_];
      put(node.begin, *it, node.entry);
    }
    Real score = nodes_[end - block_].score;
    std::fill_n(nodes_.begin(), end - block_ + 1, Node{});
    block_ = end;
    nodes_.front().score = score;
  }

  void put(std::size_t begin, std::size_t end, std::uint32_t entry) {
    // A piece may itself be the unknown token: it is treated as unknown text.
    bool unknown = entry == kUnknownEntry || model_.entries_[entry].id == model_.unknown_;
    if (unknown) {
      // In SentencePiece each unknown character falls back for itself; in Hugging Face the whole run.
      if (unknown_begin_ == kNone) unknown_begin_ = begin;
      unknown_end_ = end;
      if (single_precision() && model_.byte_fallback_) flush_unknown();
      return;
    }
    flush_unknown();
    emit(model_.entries_[entry].id, end);
  }

  void flush_unknown() {
    if (unknown_begin_ == kNone) return;
    std::string_view text = segment_.substr(unknown_begin_, unknown_end_ - unknown_begin_);
    unknown_begin_ = kNone;
    auto fallback = [&](char byte) {
      return model_.fallback_tokens_[static_cast<std::uint8_t>(byte)];
    };
    // Hugging Face looks the fused text up first: it may be a piece that no best way goes through.
    if (!single_precision()) {
      auto match = model_.trie_.longest_prefix(text);
      if (match && match->length == text.size()) {
        return emit(model_.entries_[match->value].id, unknown_end_);
      }
    }
    if (model_.byte_fallback_ &&
        std::ranges::none_of(text, [&](char byte) { return fallback(byte) == kNoToken; })) {
      std::size_t at = unknown_end_ - text.size();
      for (std::size_t i = 0; i < text.size();) {
        std::size_t size = classed_char(text, i).size;
        for (std::size_t k = i; k < i + size; ++k) emit(fallback(text[k]), at + i + size);
        i += size;
      }
      return;
    }
    // Without an unknown token the reference gives no IDs at all for such text; the rest of it is kept here.
    if (model_.unknown_) emit(*model_.unknown_, unknown_end_);
  }

  void emit(TokenId id, std::size_t end) {
    out_.push_back(id);
    if (ends_ != nullptr) ends_->push_back(end);
  }

  const UnigramModel& model_;
  std::string_view segment_;
  TokenIds& out_;
  std::vector<std::size_t>* ends_;
  std::size_t block_ = 0;    // Where the block begins.
  std::vector<Node> nodes_;  // The best way to each byte behind block_.
  std::vector<std::size_t> way_;
  std::size_t unknown_begin_ = kNone;  // A run of unknown text that is not put down yet.
  std::size_t unknown_end_ = 0;
};

void UnigramModel::encode(std::string_view segment, TokenIds& out,
                          std::vector<std::size_t>* ends) const {
  if (single_precision_) {
    Search<float>(*this, segment, out, ends).run();
  } else {
    Search<double>(*this, segment, out, ends).run();
  }
}

void UnigramModel::encode_from(std::string_view segment, float& score, TokenIds& out) const {
  score = Search<float>(*this, segment, out, nullptr).run(score);
}

// In float, a sum below 2^17 is off by at most 2^-8 for each addition, and the best sum to any place by that for each character before
// it. So where the best way to a place is better than the second best by more than the additions of both, whatever they
// begin with, it is taken; and the way back from the end comes by such places only.
bool UnigramModel::encode_certain(std::string_view segment, TokenIds& out) const {
  constexpr double kAddition = 1.0 / 256;
  struct Place {
    double best = 0;
    double second = -std::numeric_limits<double>::infinity();
    std::uint32_t entry = 0;
    std::uint16_t begin = 0;
    std::uint16_t pieces = 0;      // Of the best way.
    std::uint16_t characters = 0;  // Before it; 0: not reached yet.
  };
  if (segment.size() > kCertainBytesMax || trie_.empty()) return false;
  std::array<Place, kCertainBytesMax + 1> places;
  auto offer = [&](std::size_t begin, std::size_t end, double score, std::uint32_t entry) {
    Place& place = places[end];
    const double sum = places[begin].best + score;
    if (place.pieces != 0 && sum <= place.best) {
      place.second = std::max(place.second, sum);
      return;
    }
    if (place.pieces != 0) place.second = place.best;
    place.best = sum;
    place.entry = entry;
    place.begin = static_cast<std::uint16_t>(begin);
    place.pieces = static_cast<std::uint16_t>(places[begin].pieces + 1);
  };
  for (std::size_t at = 0; at < segment.size();) {
    const std::size_t size = classed_char(segment, at).size;
    bool single = false;
    ByteTrie::Node node = ByteTrie::kRoot;
    for (std::size_t end = at; end < segment.size();) {
      auto child = trie_.next(node, segment[end++]);
      if (!child) break;
      node = *child;
      auto index = trie_.value(node);
      if (!index) continue;
      if (entries_[*index].user_defined) return false;
      offer(at, end, entries_[*index].score, *index);
      single = single || end - at == size;
    }
    if (!single) offer(at, at + size, unknown_score_, kUnknownEntry);
    places[at + size].characters = static_cast<std::uint16_t>(places[at].characters + 1);
    at += size;
  }
  std::array<std::uint32_t, kCertainBytesMax> way;
  std::size_t count = 0;
  for (std::size_t at = segment.size(); at > 0; at = places[at].begin) {
    const Place& place = places[at];
    if (place.entry == kUnknownEntry || entries_[place.entry].id == unknown_) return false;
    if (place.best - place.second <= (place.pieces + place.characters + 1) * kAddition)
      return false;
    way[count++] = place.entry;
  }
  while (count > 0) out.push_back(entries_[way[--count]].id);
  return true;
}

}  // namespace leyden::tokenizer
