#include "leyden/agents/evolve/breeding.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "leyden/agents/evolve/operators/operators.h"
#include "leyden/agents/evolve/selection/parents.h"

namespace leyden::evolve {
namespace {

// For a child that is unlike all others, of each operator in each form: one that has nothing more to give leaves the child to the rest, and is never told of.
constexpr std::size_t kTries = 16;
constexpr std::size_t kTriesOfModel = 2;  // What it says again is paid for again.
constexpr std::size_t kCodeBytesMax = 4 * MiB;

class Breeder {
 public:
  Breeder(const SearchState& state, const BreedingOptions& options, ChildWriter* writer,
          const std::stop_token& stop)
      : state_(state), options_(options), writer_(writer), stop_(stop) {}

  Result<std::optional<Trajectory>> child(std::size_t slot) {
    const std::size_t generation = state_.generations();
    Random random(options_.seed * 0x9e3779b97f4a7c15U + generation * 0x10001U + slot * 0x2545f491U);
    Trajectory out{.generation = generation, .island = (generation + slot) % options_.islands};
    std::array<std::size_t, kArms> tries{};
    for (;;) {
      if (stop_.stop_requested()) return fail(Errc::cancelled, "interrupted");
      const std::array<bool, kArms> allowed = allowed_arms(out.island, tries);
      if (std::ranges::none_of(allowed, std::identity())) break;
      const std::size_t arm = state_.bandit().choose(allowed, random);
      ++tries[arm];
      auto code = try_once(arm_at(arm), out, random);
      if (!code) return std::unexpected(code.error());
      if (!*code) continue;
      out.digest = digest_of_code(**code);
      if ((*code)->size() > kCodeBytesMax || state_.knows(out.digest) ||
          !taken_.insert(out.digest).second)
        continue;
      out.code = *std::move(*code);
      return std::optional(std::move(out));
    }
    // What the model took is paid for by the next child.
    unpaid_ += out.spent;
    return std::optional<Trajectory>();
  }

  // Of children that came to nothing, if no later one bears it.
  [[nodiscard]] const Spent& unpaid() const { return unpaid_; }

 private:
  bool may_ask() const {
    Spent all = state_.spent();
    all += spent_;
    return writer_ != nullptr && options_.spending.allow(all);
  }

  std::array<bool, kArms> allowed_arms(std::size_t island,
                                       const std::array<std::size_t, kArms>& tries) const {
    const std::array<bool, kOperators> possible = possible_operators(state_.archive(), island);
    std::array<bool, kArms> out{};
    for (std::size_t i = 0; i < kArms; ++i) {
      const Arm arm = arm_at(i);
      const bool wanted =
          options_.operators.empty() ||
          std::ranges::find(options_.operators, arm.which) != options_.operators.end();
      const std::size_t tries_max = arm.by_model ? kTriesOfModel : kTries;
      out[i] = tries[i] < tries_max && wanted && possible[static_cast<std::size_t>(arm.which)] &&
               (!arm.by_model || may_ask());
    }
    return out;
  }

  // Code for a child of parents that the dice choose; nullopt: nothing came of it.
  Result<std::optional<std::string>> try_once(Arm arm, Trajectory& child, Random& random) {
    const auto parents = choose_parents(arm.which, state_.archive(), child.island, random);
    if (!parents) return std::optional<std::string>();
    child.made_by = arm.which;
    child.by_model = false;
    child.parents = {parents->first};
    if (parents->second) child.parents.push_back(*parents->second);
    child.spent += std::exchange(unpaid_, {});
    if (arm.by_model) {
      auto written = ask(arm.which, child);
      if (!written || *written) return written;
    }
    return change(arm.which, child, random);
  }

  Result<std::optional<std::string>> ask(Operator which, Trajectory& child) {
    const auto& all = state_.trajectories();
    auto written = writer_->write(which, all.at(child.parents.front()),
                                  child.parents.size() > 1 ? &all.at(child.parents[1]) : nullptr,
                                  state_.lessons(), stop_);
    if (!written) {
      if (written.error().code == Errc::cancelled) return std::unexpected(written.error());
      writer_ = nullptr;  // Gone for this generation: the next asks again.
      return std::optional<std::string>();
    }
    child.spent += written->spent;
    spent_ += written->spent;
    if (!written->code) return std::optional<std::string>();
    child.by_model = true;
    child.reasoning = written->reasoning;
    return std::move(written->code);
  }

  Result<std::optional<std::string>> change(Operator which, Trajectory& child, Random& random) {
    const auto& all = state_.trajectories();
    const Trajectory& parent = all.at(child.parents.front());
    auto program = Program::parse(options_.language, parent.code);
    if (!program) return std::optional<std::string>();
    std::optional<Program> other;
    if (child.parents.size() > 1) {
      auto parsed = Program::parse(options_.language, all.at(child.parents[1]).code);
      if (!parsed) return std::optional<std::string>();
      other = *std::move(parsed);
    }
    auto made = apply_operator(which,
                               {.parent = *program,
                                .other = other ? &*other : nullptr,
                                .evidence = parent.evaluation->evidence,
                                .file = options_.file},
                               state_.numbers(), random);
    if (!made) return std::optional<std::string>();
    child.reasoning = std::move(made->reasoning);
    return std::optional(std::move(made->code));
  }

  const SearchState& state_;
  const BreedingOptions& options_;
  ChildWriter* writer_;
  const std::stop_token& stop_;
  std::set<Digest> taken_;
  Spent spent_;  // Of this generation.
  Spent unpaid_;
};

}  // namespace

Result<Brood> breed(const SearchState& state, std::size_t count, const BreedingOptions& options,
                    ChildWriter* writer, const std::stop_token& stop) {
  Breeder breeder(state, options, writer, stop);
  Brood out;
  for (std::size_t slot = 0; slot < count; ++slot) {
    auto child = breeder.child(slot);
    if (!child) return std::unexpected(child.error());
    if (!*child) continue;
    (*child)->number = state.trajectories().size() + out.children.size();
    out.children.push_back(**std::move(child));
  }
  (out.children.empty() ? out.spent : out.children.back().spent) += breeder.unpaid();
  return out;
}

}  // namespace leyden::evolve
