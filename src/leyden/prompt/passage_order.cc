#include "leyden/prompt/passage_order.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <utility>

namespace leyden::prompt {
namespace {

constexpr std::array<std::pair<PassageOrder, std::string_view>, 3> kNames{
    {{PassageOrder::ranked, "ranked"},
     {PassageOrder::stable, "stable"},
     {PassageOrder::prefix, "prefix"}}};

// The order of `candidates` behind the passages `given` for which the tokens that coming requests find cached are the most, as
// `forecast` sees them: of all orders, by dynamic programming over sets (Held and Karp 1962). A set that a cached path begins with
// already gains nothing by one more order.
std::vector<std::size_t> most_reusable(std::span<const PromptPart> ranked,
                                       std::span<const std::size_t> given,
                                       std::span<const std::size_t> candidates,
                                       std::span<const std::uint64_t> covered,
                                       const Forecast& forecast) {
  const std::vector<double> together = forecast.together(ranked, given, candidates);
  std::uint64_t given_set = 0;
  for (const std::size_t i : given) given_set |= i < 64 ? std::uint64_t{1} << i : 0;
  std::vector<bool> is_covered(together.size());
  for (const std::uint64_t set : covered) {
    if ((set & given_set) != given_set) continue;
    std::size_t behind = 0;
    std::uint64_t rest = set & ~given_set;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const std::uint64_t bit = candidates[i] < 64 ? std::uint64_t{1} << candidates[i] : 0;
      if ((rest & bit) == 0) continue;
      behind |= std::size_t{1} << i;
      rest &= ~bit;
    }
    if (rest == 0) is_covered[behind] = true;
  }
  std::vector<double> value(together.size());
  std::vector<std::size_t> next(together.size());
  for (std::size_t set = together.size() - 1; set-- > 0;) {
    double best = -1;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const std::size_t bigger = set | std::size_t{1} << i;
      if (bigger == set) continue;
      const double gain =
          is_covered[bigger] ? 0
                             : static_cast<double>(ranked[candidates[i]].tokens) * together[bigger];
      if (gain + value[bigger] <= best) continue;
      best = gain + value[bigger];
      next[set] = i;
    }
    value[set] = best;
  }
  std::vector<std::size_t> order;
  for (std::size_t set = 0; set + 1 < together.size(); set |= std::size_t{1} << next[set])
    order.push_back(candidates[next[set]]);
  return order;
}

std::vector<std::size_t> for_prefix(std::span<const PromptPart> head,
                                    std::span<const PromptPart> ranked,
                                    std::span<const PrefixTree* const> trees,
                                    const Forecast& forecast) {
  PrefixTree::Arrangement cached;
  for (const PrefixTree* tree : trees) {
    PrefixTree::Arrangement found = tree->longest_path(head, ranked);
    if (found.tokens > cached.tokens || cached.covered.empty()) cached = std::move(found);
  }
  std::vector<std::size_t> order = cached.order;
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    if (std::ranges::find(order, i) == order.end()) left.push_back(i);
  }
  const std::size_t planned = std::min(left.size(), Forecast::kCandidatesMax);
  const std::vector<std::size_t> behind =
      most_reusable(ranked, cached.order, std::span(left).first(planned), cached.covered, forecast);
  order.insert(order.end(), behind.begin(), behind.end());
  order.insert(order.end(), left.begin() + static_cast<std::ptrdiff_t>(planned), left.end());
  return order;
}

}  // namespace

std::string_view to_string(PassageOrder order) {
  return std::ranges::find(kNames, order, &decltype(kNames)::value_type::first)->second;
}

std::optional<PassageOrder> passage_order(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &decltype(kNames)::value_type::second);
  return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

Ordered order_passages(const OrderRequest& request, std::span<const PromptPart> head,
                       std::span<const PromptPart> ranked, std::span<const PrefixTree* const> trees,
                       const Forecast& forecast) {
  const bool last = request.best_last && ranked.size() > 1;
  // The best stands apart: the others are arranged among themselves.
  const std::span<const PromptPart> arranged = ranked.subspan(last ? 1 : 0);
  Ordered out;
  switch (request.order) {
    case PassageOrder::ranked:
    case PassageOrder::stable:
      out.order.resize(arranged.size());
      std::iota(out.order.begin(), out.order.end(), std::size_t{0});
      if (request.order == PassageOrder::stable) {
        std::ranges::sort(out.order, {}, [&](std::size_t i) {
          return std::tuple(-forecast.popularity(arranged[i].id), arranged[i].id, i);
        });
      }
      break;
    case PassageOrder::prefix:
      out.order = for_prefix(head, arranged, trees, forecast);
      break;
  }
  if (last) {
    for (std::size_t& i : out.order) ++i;
    out.order.push_back(0);
  }
  std::vector<PromptPart> prompt(head.begin(), head.end());
  for (const std::size_t i : out.order) prompt.push_back(ranked[i]);
  for (const PrefixTree* tree : trees)
    out.expected_tokens = std::max(out.expected_tokens, tree->cached_tokens(prompt));
  return out;
}

}  // namespace leyden::prompt
