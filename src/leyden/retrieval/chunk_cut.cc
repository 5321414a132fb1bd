#include "leyden/retrieval/chunk_cut.h"

#include <algorithm>
#include <optional>

namespace leyden::retrieval {
namespace {

// The best cut of a range of atoms in logarithmic time: a segment tree over their indexes. Of equals the first.
class BestCuts {
 public:
  explicit BestCuts(const std::vector<Atom>& atoms) : atoms_(atoms), best_(2 * atoms.size()) {
    const std::size_t count = atoms.size();
    for (std::size_t i = 0; i < count; ++i) best_[count + i] = static_cast<std::uint32_t>(i);
    for (std::size_t i = count; i-- > 1;) best_[i] = better(best_[2 * i], best_[2 * i + 1]);
  }

  // The cut before which of the atoms [first, last).
  [[nodiscard]] std::optional<std::size_t> find(std::size_t first, std::size_t last) const {
    if (first >= last) return std::nullopt;
    auto best = static_cast<std::uint32_t>(first);
    const std::size_t count = atoms_.size();
    for (first += count, last += count; first < last; first /= 2, last /= 2) {
      if (first % 2 == 1) best = better(best, best_[first++]);
      if (last % 2 == 1) best = better(best, best_[--last]);
    }
    return best;
  }

 private:
  [[nodiscard]] std::uint32_t better(std::uint32_t a, std::uint32_t b) const {
    const Cut& left = atoms_[a].before;
    const Cut& right = atoms_[b].before;
    if (left.rank != right.rank) return left.rank > right.rank ? a : b;
    if (left.hash != right.hash) return left.hash > right.hash ? a : b;
    return std::min(a, b);
  }

  const std::vector<Atom>& atoms_;
  std::vector<std::uint32_t> best_;
};

class Cutter {
 public:
  Cutter(const std::vector<Atom>& atoms, const CutLimits& limits)
      : atoms_(atoms), limits_(limits), cuts_(atoms), tokens_before_(atoms.size() + 1) {
    for (std::size_t i = 0; i < atoms.size(); ++i)
      tokens_before_[i + 1] = tokens_before_[i] + atoms[i].tokens + atoms[i].gap_tokens;
  }

  std::vector<AtomRange> run() {
    std::vector<AtomRange> done;
    std::vector<AtomRange> open = {{0, atoms_.size()}};
    while (!open.empty()) {
      const AtomRange range = open.back();
      open.pop_back();
      if (auto place = place_in(range)) {
        open.push_back({*place, range.last});
        open.push_back({range.first, *place});
      } else if (range.first < range.last) {
        done.push_back(range);
      }
    }
    return done;
  }

 private:
  // Where to cut the range, if anywhere.
  [[nodiscard]] std::optional<std::size_t> place_in(AtomRange range) const {
    if (range.last - range.first < 2) return std::nullopt;
    const std::size_t tokens = tokens_before_[range.last] - tokens_before_[range.first] -
                               atoms_[range.last - 1].gap_tokens;
    if (tokens <= limits_.target_tokens) return std::nullopt;
    const auto halves = best_with_parts_of(range, limits_.target_tokens / 3);
    const auto best = best_with_parts_of(range, limits_.target_tokens / 8);
    const bool halves_are_best = halves && atoms_[*halves].before.rank == atoms_[*best].before.rank;
    if (tokens <= limits_.max_tokens) {
      // Only where both parts are things of their own and no scraps.
      if (halves_are_best && atoms_[*halves].before.rank >= Cut::kBorder) return halves;
      return std::nullopt;
    }
    if (halves_are_best) return halves;
    if (best && atoms_[*best].before.rank >= Cut::kBorder) return best;
    if (halves) return halves;
    return best ? best : cuts_.find(range.first + 1, range.last);
  }

  // The best cut that leaves at least so many tokens on both sides.
  [[nodiscard]] std::optional<std::size_t> best_with_parts_of(AtomRange range,
                                                              std::size_t tokens) const {
    const auto begin = tokens_before_.begin();
    const auto first = std::lower_bound(begin + static_cast<std::ptrdiff_t>(range.first) + 1,
                                        begin + static_cast<std::ptrdiff_t>(range.last),
                                        tokens_before_[range.first] + tokens);
    const std::size_t end = tokens_before_[range.last];
    const auto last = std::upper_bound(first, begin + static_cast<std::ptrdiff_t>(range.last),
                                       end < tokens ? 0 : end - tokens);
    return cuts_.find(static_cast<std::size_t>(first - begin),
                      static_cast<std::size_t>(last - begin));
  }

  const std::vector<Atom>& atoms_;
  const CutLimits& limits_;
  BestCuts cuts_;
  std::vector<std::size_t> tokens_before_;
};

}  // namespace

std::vector<AtomRange> cut(const std::vector<Atom>& atoms, const CutLimits& limits) {
  return Cutter(atoms, limits).run();
}

}  // namespace leyden::retrieval
