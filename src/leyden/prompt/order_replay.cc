#include "leyden/prompt/order_replay.h"

#include <unordered_map>

#include "leyden/prompt/request_history.h"

namespace leyden::prompt {
namespace {

// Counts in the requests that are still to come.
class Future final : public Forecast {
 public:
  explicit Future(ReplayRequests requests) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      for (const PromptPart& part : requests[i]) having_[part.id].push_back(i);
    }
  }
  void now(std::size_t request) { now_ = request; }

  [[nodiscard]] double popularity(std::uint64_t id) const override {
    double count = 0;
    for (const std::size_t request : having_.at(id)) count += request > now_ ? 1 : 0;
    return count;
  }

  [[nodiscard]] std::vector<double> together(
      std::span<const PromptPart> ranked, std::span<const std::size_t> given,
      std::span<const std::size_t> candidates) const override {
    std::unordered_map<std::size_t, std::uint64_t> related;
    std::unordered_map<std::size_t, std::size_t> given_count;
    for (const std::size_t i : given) {
      for (const std::size_t request : having_.at(ranked[i].id)) ++given_count[request];
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (const std::size_t request : having_.at(ranked[candidates[i]].id)) {
        if (request > now_) related[request] |= std::uint64_t{1} << i;
      }
    }
    std::vector<double> weight(std::size_t{1} << candidates.size());
    for (const auto& [request, has] : related) {
      if (given.empty() || given_count[request] == given.size()) weight[has] += 1;
    }
    for (std::size_t bit = 1; bit < weight.size(); bit *= 2) {
      for (std::size_t set = 0; set < weight.size(); ++set) {
        if ((set & bit) == 0) weight[set] += weight[set | bit];
      }
    }
    return weight;
  }

 private:
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> having_;
  std::size_t now_ = 0;
};

template <class Before, class After>
Replay replay(ReplayRequests requests, const OrderRequest& how, std::size_t server_cache_tokens,
              const Forecast& forecast, const std::function<bool(std::size_t)>& on_request,
              Before before, After after) {
  PrefixTree server(server_cache_tokens);
  PrefixTree known(server_cache_tokens);  // What the one who orders takes the server to have.
  const PrefixTree* const trees[] = {&known};
  Replay out;
  std::vector<PromptPart> prompt;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    before(i);
    const Ordered ordered = order_passages(how, {}, requests[i], trees, forecast);
    prompt.clear();
    for (const std::size_t at : ordered.order) {
      prompt.push_back(requests[i][at]);
      out.tokens += prompt.back().tokens;
    }
    const std::size_t reused = server.insert(prompt);
    out.reused_tokens += reused;
    known.observe(prompt, reused);
    known.insert(prompt);
    after(i);
    if (on_request && !on_request(i + 1)) break;
  }
  return out;
}

}  // namespace

Replay replay_order(ReplayRequests requests, const OrderRequest& order,
                    std::size_t server_cache_tokens,
                    const std::function<bool(std::size_t)>& on_request) {
  RequestHistory history;
  return replay(
      requests, order, server_cache_tokens, history, on_request, [](std::size_t) {},
      [&](std::size_t i) { history.add(requests[i]); });
}

Replay replay_knowing_the_future(ReplayRequests requests, std::size_t server_cache_tokens,
                                 const std::function<bool(std::size_t)>& on_request) {
  Future future(requests);
  return replay(
      requests, {.order = PassageOrder::prefix}, server_cache_tokens, future, on_request,
      [&](std::size_t i) { future.now(i); }, [](std::size_t) {});
}

}  // namespace leyden::prompt
