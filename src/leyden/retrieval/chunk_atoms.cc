#include "leyden/retrieval/chunk_atoms.h"

#include <algorithm>
#include <cstring>

namespace leyden::retrieval {
namespace {

constexpr std::uint64_t kOdd =
    0x9E3779B97F4A7C15ULL;  // 2^64 by the golden ratio: spreads bits when multiplied.

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

// FNV-1a: any hash that spreads will do.
std::uint32_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return static_cast<std::uint32_t>((hash * kOdd) >> 32);
}

std::uint32_t clamped(std::size_t count) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(count, UINT32_MAX));
}

class Atoms {
 public:
  Atoms(std::string_view text, const TokenCounter& count_tokens, std::size_t tokens_max)
      : text_(text), count_(count_tokens), tokens_max_(tokens_max) {}

  std::vector<Atom> make() {
    std::size_t number = 0;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size() - 1) + 1;
      ++number;
      if (is_blank(text_.substr(at, end - at)))
        add_gap(end - at);
      else
        add_line(at, end, number);
      at = end;
    }
    mix_hashes();
    return std::move(atoms_);
  }

 private:
  // A token for each byte: no more are possible, and counting blank lines is not worth a call.
  void add_gap(std::size_t bytes) {
    if (!atoms_.empty()) atoms_.back().gap_tokens = clamped(atoms_.back().gap_tokens + bytes);
  }

  void add_line(std::size_t begin, std::size_t end, std::size_t number) {
    const std::size_t tokens = count_(text_.substr(begin, end - begin));
    if (tokens > tokens_max_)
      add_parts(begin, end, number);
    else
      add({.begin = begin, .end = end, .line = number, .tokens = clamped(tokens)}, kLineRank);
  }

  void add(Atom atom, std::uint16_t rank) {
    atom.before = {.rank = rank, .hash = hash_of(text_.substr(atom.begin, atom.end - atom.begin))};
    atoms_.push_back(atom);
  }

  void add_parts(std::size_t begin, std::size_t end, std::size_t number) {
    // As many tokens as bytes at most, and one or two that some tokenizers put before every text.
    const std::size_t bytes_max = std::min<std::size_t>(256, tokens_max_ - 2);
    bool begins_line = true;
    std::uint16_t rank = kLineRank;
    for (std::size_t at = begin; at < end;) {
      std::uint16_t next_rank = kWordRank;
      const std::size_t stop = part_end(at, std::min(at + bytes_max, end), end, next_rank);
      const std::string_view part = text_.substr(at, stop - at);
      if (is_blank(part)) {
        add_gap(part.size());
      } else {
        add({.begin = at,
             .end = stop,
             .line = number,
             .tokens = clamped(count_(part)),
             .begins_line = begins_line},
            rank);
        begins_line = false;
        rank = next_rank;
      }
      at = stop;
    }
  }

  // Where the part that begins at `begin` ends: at the first place that its bytes favour, at `bound` at the latest.
  std::size_t part_end(std::size_t begin, std::size_t bound, std::size_t end,
                       std::uint16_t& rank) const {
    constexpr std::size_t kWindow = 8;
    for (std::size_t at = begin + kWindow; at < bound; ++at) {
      if (is_continuation(at)) continue;
      const char last = text_[at - 1];
      if ((last == ' ' && std::string_view(".!?").find(text_[at - 2]) != std::string_view::npos) ||
          text_.substr(at - 3, 3) == "。") {
        rank = kSentenceRank;
        return at;
      }
      std::uint64_t window = 0;
      std::memcpy(&window, text_.data() + at - kWindow, kWindow);
      const std::uint64_t chance = (window * kOdd) >> 58;
      const bool word_ends = std::string_view(" ,;{}()[]>").find(last) != std::string_view::npos;
      if (chance == 0 || (word_ends && chance < 8)) return at;
    }
    if (bound == end) return end;
    std::size_t at = bound;
    while (at > begin + 1 && is_continuation(at)) --at;
    return at;
  }

  [[nodiscard]] bool is_continuation(std::size_t at) const {
    return (static_cast<unsigned char>(text_[at]) & 0xC0U) == 0x80;
  }

  // A cut is told from others by some lines behind it: many begin with "/**".
  void mix_hashes() {
    constexpr std::size_t kLines = 4;
    for (std::size_t i = 0; i < atoms_.size(); ++i) {
      std::uint64_t mixed = 0;
      for (std::size_t k = i; k < std::min(i + kLines, atoms_.size()); ++k)
        mixed = (mixed + atoms_[k].before.hash) * kOdd;
      atoms_[i].before.hash = static_cast<std::uint32_t>(mixed >> 32);
    }
  }

  std::string_view text_;
  const TokenCounter& count_;
  std::size_t tokens_max_;
  std::vector<Atom> atoms_;
};

}  // namespace

std::vector<Atom> atoms_of(std::string_view text, const TokenCounter& count_tokens,
                           std::size_t tokens_max) {
  return Atoms(text, count_tokens, tokens_max).make();
}

}  // namespace leyden::retrieval
