#include "leyden/prompt/request_history.h"

#include <cmath>

namespace leyden::prompt {
namespace {

// Chosen on two of four days of a trace; the results hardly depend on them (docs/decisions/2026-11-26-order.md).
constexpr double kStays = 0.7;        // The best-ranked passage stays with this probability,
constexpr double kStaysByRank = 0.9;  // each further one with so much of the one before.
constexpr double kComesIn = 0.25;  // Of a passage's popularity: that it takes the place of another.
constexpr double kThisRequest = 2;  // What weight this request has beside each past one.
constexpr double kUnseen =
    10;  // Requests that a passage is taken to have been in of that many more.

}  // namespace

void RequestHistory::add(std::span<const PromptPart> passages) {
  std::vector<std::uint64_t> ids;
  for (const PromptPart& passage : passages) {
    auto& having = having_[passage.id];
    if (!having.empty() && having.back() == next_) continue;
    having.push_back(next_);
    ids.push_back(passage.id);
  }
  requests_.push_back(std::move(ids));
  ++next_;
  if (requests_.size() <= window_) return;
  for (const std::uint64_t id : requests_.front()) {
    const auto having = having_.find(id);
    having->second.pop_front();
    if (having->second.empty()) having_.erase(having);
  }
  requests_.pop_front();
}

double RequestHistory::popularity(std::uint64_t id) const {
  const auto having = having_.find(id);
  return having == having_.end() ? 0 : static_cast<double>(having->second.size());
}

std::vector<double> RequestHistory::together(std::span<const PromptPart> ranked,
                                             std::span<const std::size_t> given,
                                             std::span<const std::size_t> candidates) const {
  const auto total = static_cast<double>(requests_.size() + 1);
  struct Chance {
    double stays;     // Where the passage is in the request that the coming one is like.
    double comes_in;  // Where it is not.
  };
  auto chance_of = [&](std::size_t i) {
    return Chance{kStays * std::pow(kStaysByRank, static_cast<double>(i)),
                  kComesIn * (popularity(ranked[i].id) + kUnseen) / (total + kUnseen)};
  };

  // Which of given (low bits) and candidates (behind them) each related request has.
  std::unordered_map<std::uint64_t, std::uint64_t> related;
  auto mark = [&](std::size_t i, std::size_t bit) {
    const auto having = having_.find(ranked[i].id);
    if (having == having_.end()) return;
    for (const std::uint64_t request : having->second) related[request] |= std::uint64_t{1} << bit;
  };
  for (std::size_t i = 0; i < candidates.size(); ++i) mark(candidates[i], i);
  for (std::size_t i = 0; i < given.size(); ++i) mark(given[i], candidates.size() + i);

  std::vector<Chance> given_chances;
  double none = 1;
  double all = 1;
  for (const std::size_t i : given) {
    given_chances.push_back(chance_of(i));
    none *= given_chances.back().comes_in;
    all *= given_chances.back().stays;
  }
  std::vector<double> weight(std::size_t{1} << candidates.size());
  for (const auto& [request, has] : related) {
    double likely = 1;
    for (std::size_t i = 0; i < given.size(); ++i)
      likely *= (has >> (candidates.size() + i) & 1U) != 0 ? given_chances[i].stays
                                                           : given_chances[i].comes_in;
    weight[has & (weight.size() - 1)] += likely;
  }
  weight[0] += none * (total - static_cast<double>(related.size()));
  weight.back() += kThisRequest * all;

  // From the weight of "exactly these" to that of "at least these after the change", candidate by candidate.
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Chance chance = chance_of(candidates[i]);
    const std::size_t bit = std::size_t{1} << i;
    for (std::size_t set = 0; set < weight.size(); ++set) {
      if ((set & bit) != 0) continue;
      const double without = weight[set];
      const double with = weight[set | bit];
      weight[set] = without + with;
      weight[set | bit] = chance.stays * with + chance.comes_in * without;
    }
  }
  return weight;
}

}  // namespace leyden::prompt
