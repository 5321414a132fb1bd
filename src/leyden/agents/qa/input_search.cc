#include "leyden/agents/qa/input_search.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "leyden/agents/qa/directed_inputs.h"
#include "leyden/agents/qa/reach.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kBorders = 60;
constexpr std::size_t kQuietRounds = 3;  // Without anything new: it will stay so.
constexpr std::size_t kAskedMax =
    12;  // Of a function, in a round: with what their texts are compared;
constexpr std::size_t kDirectedMax = 25;     // inputs that are made of each of these.
constexpr std::size_t kSpareInputs = 300;    // Of all functions together,
constexpr std::size_t kSpareInputsMin = 60;  // of each at least so many.

}  // namespace

InputSearch::InputSearch(Toolchain& toolchain, const TestAgentOptions& options,
                         const std::vector<std::size_t>& wanted,
                         std::chrono::steady_clock::time_point deadline)
    : toolchain_(toolchain),
      functions_(toolchain.functions()),
      options_(options),
      wanted_(wanted),
      deadline_(deadline),
      maker_(functions_, options.seed, toolchain.stories()) {
  find_callers();
}

// What is wanted and can be called. A helper is reached through others: where it is asked for by name or by a change, through any.
void InputSearch::find_callers() {
  for (const std::size_t function : wanted_) {
    if (functions_[function].uncallable.empty()) callers_.push_back(function);
  }
  const bool all_wanted = options_.function.empty() && options_.lines.empty();
  if (all_wanted || callers_.size() == wanted_.size()) return;
  only_wanted_goals_ = true;
  callers_.clear();
  for (std::size_t function = 0; function < functions_.size(); ++function) {
    if (functions_[function].uncallable.empty()) callers_.push_back(function);
  }
}

// Whether there is more to find through it, after so many rounds without anything new: in it, or in a helper that
// nothing but others can call.
bool InputSearch::is_worth_trying(std::size_t function, std::size_t quiet) const {
  if (quiet >= kQuietRounds) return false;
  const auto has_more = [&](std::size_t of) {
    return missing(goals_, reached_, functions_[of]) > 0;
  };
  return (std::ranges::binary_search(wanted_, function) && has_more(function)) ||
         std::ranges::any_of(wanted_, [&](std::size_t other) {
           return !functions_[other].uncallable.empty() && has_more(other);
         });
}

// Helpers that no call has reached: they are called themselves.
std::vector<std::size_t> InputSearch::last_resorts() const {
  const std::set<std::int64_t> reached = lines_of(reached_);
  const std::set<std::int64_t> loaded = lines_of(loaded_);
  std::vector<std::size_t> out;
  for (const std::size_t function : wanted_) {
    const auto runs = [&](std::int64_t line) {
      return !loaded.contains(line) && is_within(line, functions_[function]);
    };
    if (functions_[function].is_last_resort && std::ranges::none_of(reached, runs))
      out.push_back(function);
  }
  return out;
}

Result<void> InputSearch::run(const Listener& listener, const std::stop_token& stop) {
  if (auto done = run_through(callers_, listener, stop); !done) return done;
  const std::vector<std::size_t> more = last_resorts();
  callers_.insert(callers_.end(), more.begin(), more.end());
  return run_through(more, listener, stop);
}

Result<void> InputSearch::run_through(const std::vector<std::size_t>& callers,
                                      const Listener& listener, const std::stop_token& stop) {
  std::vector<std::size_t> quiet(functions_.size());
  for (std::size_t round = 0; round < options_.rounds_max; ++round) {
    listener.on_round(round);
    std::vector<Input> batch;
    for (const std::size_t function : callers) {
      if (round > 0 && !is_worth_trying(function, quiet[function])) continue;
      add_inputs(function, round, batch);
    }
    if (batch.empty()) break;
    auto explored = toolchain_.explore(batch, reached_, stop);
    if (!explored) return std::unexpected(explored.error());
    goals_ = explored->goals;
    reached_ = std::move(explored->reached);
    loaded_ = std::move(explored->loaded);
    maker_.learn(explored->patterns);
    tried_ += explored->tried;
    for (const auto& [i, message] : explored->broken_names)
      listener.on_broken_name(batch[i].function(), message);
    std::set<std::size_t> moved;
    for (const std::size_t i : explored->near) unasked_[batch[i].function()].push_back(batch[i]);
    for (const std::size_t i : explored->fresh) {
      moved.insert(batch[i].function());
      useful_[batch[i].function()].push_back(batch[i]);
      unasked_[batch[i].function()].push_back(batch[i]);
    }
    // Some that brought nothing new may tell mutants apart.
    for (const std::size_t i : explored->quick) {
      std::vector<Input>& spare = spare_[batch[i].function()];
      if (spare.size() < spare_max()) spare.push_back(batch[i]);
    }
    for (const std::size_t i : explored->values) with_value_.insert(batch[i].function());
    for (const std::size_t function : callers) {
      quiet[function] = moved.contains(function) ? 0 : quiet[function] + 1;
      if (!with_value_.contains(function)) maker_.doubt(function);
    }
    if (std::chrono::steady_clock::now() > deadline_) break;
    std::vector<std::size_t> left;
    for (const std::size_t function : callers) {
      if (quiet[function] > 0 && is_worth_trying(function, quiet[function]))
        left.push_back(function);
    }
    if (auto done = direct(left, stop); !done) return done;
  }
  return {};
}

// The latest inputs that came further than others: what their texts were compared with makes the next ones.
Result<void> InputSearch::direct(const std::vector<std::size_t>& functions,
                                 const std::stop_token& stop) {
  std::vector<Input> asked;
  for (const std::size_t function : functions) {
    std::vector<Input>& unasked = unasked_[function];
    if (unasked.size() > kAskedMax)
      unasked.erase(unasked.begin(), unasked.end() - static_cast<std::ptrdiff_t>(kAskedMax));
    std::ranges::copy_if(unasked, std::back_inserter(asked), holds_text);
    unasked.clear();
  }
  if (asked.empty()) return {};
  auto compared = toolchain_.comparisons(asked, stop);
  if (!compared) return std::unexpected(compared.error());
  for (std::size_t i = 0; i < asked.size(); ++i)
    std::ranges::move(directed_inputs(asked[i], (*compared)[i], kDirectedMax),
                      std::back_inserter(directed_[asked[i].function()]));
  return {};
}

void InputSearch::add_inputs(std::size_t function, std::size_t round, std::vector<Input>& batch) {
  std::vector<Input> own =
      round == 0 ? maker_.borders(function, kBorders) : maker_.of_learned(function);
  const std::size_t directed = directed_[function].size() / 2;  // Half of them in addition.
  std::ranges::move(directed_[function], std::back_inserter(own));
  directed_[function].clear();
  const std::vector<Input>& useful = useful_[function];
  const std::size_t count =
      directed + (round == 0 ? options_.inputs_at_first : options_.inputs_per_round);
  while (own.size() < count) {
    if (round == 0 || useful.empty() || own.size() % 2 == 0) {
      own.push_back(maker_.random(function));
    } else {
      const Input& parent = useful[own.size() / 2 % useful.size()];
      own.push_back(maker_.varied(parent, useful[(own.size() * 7 + round) % useful.size()]));
    }
    if (functions_[function].parameters.empty() && own.size() >= 20 &&
        !functions_[function].needs_object())
      break;
  }
  batch.insert(batch.end(), std::make_move_iterator(own.begin()),
               std::make_move_iterator(own.end()));
}

Result<std::vector<Input>> InputSearch::run_varied(std::vector<Input> made,
                                                   const std::stop_token& stop) {
  auto explored = toolchain_.explore(made, reached_, stop);
  if (!explored) return std::unexpected(explored.error());
  tried_ += explored->tried;
  std::vector<Input> quick;
  for (const std::size_t i : explored->quick) quick.push_back(std::move(made[i]));
  return quick;
}

std::vector<Input> InputSearch::found() const {
  std::vector<Input> out;
  for (const std::size_t function : callers_) {
    for (const auto* of : {&useful_, &spare_}) {
      const auto some = of->find(function);
      if (some == of->end()) continue;
      for (const Input& input : some->second) {
        if (std::ranges::find(out, input) == out.end()) out.push_back(input);
      }
    }
  }
  return out;
}

bool InputSearch::reached_something(const Input& input) const {
  const auto known = useful_.find(input.function());
  return known != useful_.end() && std::ranges::find(known->second, input) != known->second.end();
}

std::size_t InputSearch::spare_max() const {
  return std::max(kSpareInputsMin, kSpareInputs / std::max<std::size_t>(1, callers_.size()));
}

bool InputSearch::is_wanted(std::int64_t line) const {
  return std::ranges::any_of(wanted_,
                             [&](std::size_t i) { return is_within(line, functions_[i]); });
}

Arcs InputSearch::goals_among(const Arcs& arcs) const {
  const auto counts = [&](std::int64_t line) { return !only_wanted_goals_ || is_wanted(line); };
  Arcs out;
  for (const std::int64_t line : lines_of(arcs)) {
    if (goals_.lines.contains(line) && counts(line)) out.emplace(line, line);
  }
  for (const Arc& arc : arcs) {
    if (goals_.branches.contains(arc) && counts(arc.first)) out.insert(arc);
  }
  return out;
}

}  // namespace leyden::qa
