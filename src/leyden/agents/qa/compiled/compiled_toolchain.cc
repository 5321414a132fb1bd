#include "leyden/agents/qa/compiled/compiled_toolchain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/compiler_message.h"
#include "leyden/agents/qa/remaining_inputs.h"

namespace leyden::qa {

using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr double kQuickMs = 8;
constexpr auto kProbeTime = 300s;
constexpr std::size_t kJudgedRuns = 5;
constexpr std::size_t kRepairs = 6;  // Of a program some of whose mutants do not compile.

bool has(const std::vector<Json>& lines, const char* key) {
  return std::ranges::any_of(lines, [&](const Json& line) { return line.contains(key); });
}

}  // namespace

sandbox::SandboxLimits CompiledToolchain::limits(std::chrono::milliseconds wall_time) {
  sandbox::SandboxLimits out;
  out.wall_time = wall_time;
  out.cpu_time = 2 * wall_time;
  out.memory_bytes = 3 * GiB;
  out.process_count = 192;
  out.file_size_bytes = 256 * MiB;
  out.tmpfs_bytes = 512 * MiB;
  out.written_bytes = 1 * GiB;
  return out;
}

Result<std::vector<Mutant>> CompiledToolchain::mutants(std::size_t per_function_max) const {
  auto tree = syntax::parse(language(), text_);
  if (!tree) return std::unexpected(tree.error());
  std::vector<Mutant> out = mutants_of(*tree, text_, functions(), per_function_max);
  // What lies in no body could not be put beside the others.
  std::erase_if(out, [&](const Mutant& one) {
    return std::ranges::none_of(bodies(), [&](const BodySpan& body) {
      return body.begin <= one.begin && one.end <= body.end;
    });
  });
  return out;
}

Arcs CompiledToolchain::arcs_of(const Json& reached) const {
  return probed_.arcs_of(reached.get<std::vector<std::size_t>>());
}

std::string CompiledToolchain::request_for(const char* mode, const std::vector<std::size_t>& seen,
                                           std::span<const Input> inputs) const {
  const std::string name = mode;
  std::string out =
      fmt::format("s{}:{} i{} i{}", name.size(), name, call_time_.count(), seen.size());
  for (const std::size_t probe : seen) out += fmt::format(" i{}", probe);
  out += fmt::format("\ni{}\n", inputs.size());
  for (const Input& input : inputs) {
    const std::string encoded = encoded_input(input);
    out += fmt::format("i{} i{} {}\n", input.function(), encoded.size(), encoded);
  }
  return out;
}

Result<std::vector<Json>> CompiledToolchain::run_probe(const std::string& request, bool of_mutants,
                                                       const std::stop_token& stop) {
  return drivers_->run_with_text(sandbox_, probe_command(of_mutants), limits(kProbeTime), request,
                                 stop);
}

void CompiledToolchain::note(const Json& line, const Input& tried, std::size_t input,
                             Exploration& out) const {
  ++out.tried;
  const std::string outcome = line.value("outcome", "");
  const bool raised = line.value("raised", 0) != 0;
  if (outcome == "time") ++out.timed_out;
  if (outcome == "error" && !raised) ++out.errors;
  if (outcome == "broken") {
    if (std::string what = defect_of(line, tried); !what.empty())
      out.broken_names.emplace_back(input, std::move(what));
  }
  if ((outcome == "value" || raised) && line.value("ms", 0.0) < kQuickMs)
    out.quick.push_back(input);
  if (const auto fresh = line.find("fresh"); fresh != line.end()) {
    out.fresh.push_back(input);
    out.reached.merge(arcs_of(*fresh));
  }
}

Result<Exploration> CompiledToolchain::explore(std::span<const Input> inputs, const Arcs& seen,
                                               std::stop_token stop) {
  Exploration out;
  out.reached = seen;
  out.goals = probed_.goals();
  // Where the probe itself is ended, the rest goes on in a new one.
  for (RemainingInputs left(inputs, ends_); !left.inputs().empty();) {
    auto lines =
        run_probe(request_for("explore", probed_.seen_in(out.reached), left.inputs()), false, stop);
    if (!lines) return std::unexpected(lines.error());
    std::size_t behind = 0;
    bool done = false;
    for (const Json& line : *lines) {
      done = done || line.contains("done");
      if (line.contains("loaded")) {
        out.loaded = arcs_of(line["loaded"]);
        out.reached.insert(out.loaded.begin(), out.loaded.end());
      }
      if (!line.contains("input")) continue;
      const auto input = line["input"].get<std::size_t>();
      if (input >= left.inputs().size()) continue;
      behind = input + 1;
      note(line, left.inputs()[input], left.place(input), out);
    }
    if (done) break;
    if (lines->empty())
      return fail(Errc::unavailable, "the probe does not run: {}", drivers_->last_trouble());
    // The last one that it told of, or the one behind it.
    const bool told = has(*lines, "ended") && behind > 0;
    left.ended_at(std::min(behind + (told ? 0 : 1), left.inputs().size()) - 1);
  }
  return out;
}

Result<std::vector<Observation>> CompiledToolchain::observe(std::span<const Input> inputs,
                                                            std::stop_token stop) {
  std::vector<Observation> out(inputs.size());
  for (std::size_t first = 0; first < inputs.size();) {
    auto lines = run_probe(request_for("confirm", {}, inputs.subspan(first)), false, stop);
    if (!lines) return std::unexpected(lines.error());
    std::size_t behind = 0;
    bool done = false;
    for (const Json& line : *lines) {
      done = done || line.contains("done");
      if (!line.contains("input")) continue;
      behind = line["input"].get<std::size_t>() + 1;
      const std::size_t at = first + behind - 1;
      if (at >= out.size()) continue;
      out[at] = observation_of(line);
      out[at].arcs = arcs_of(line.value("reached", Json::array()));
    }
    if (done) break;
    first += behind + (has(*lines, "ended") ? 0 : 1);
  }
  return out;
}

Result<std::vector<std::size_t>> CompiledToolchain::unrepeatable(std::span<const TestCase> cases,
                                                                 std::stop_token stop) {
  std::vector<std::size_t> out;
  if (cases.empty()) return out;
  std::vector<Input> inputs;
  for (const TestCase& one : cases) inputs.push_back(one.input);
  begin_anew(true);
  auto again = observe(inputs, std::move(stop));
  begin_anew(false);
  if (!again) return std::unexpected(again.error());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if ((*again)[i].told != cases[i].expected.told) out.push_back(i);
  }
  return out;
}

std::optional<std::size_t> CompiledToolchain::number_of(const Mutant& mutant) const {
  const auto found = std::ranges::find_if(built_, [&](const Mutant& one) {
    return one.begin == mutant.begin && one.end == mutant.end && one.text == mutant.text;
  });
  if (found == built_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - built_.begin());
}

Result<void> CompiledToolchain::take_mutants(std::span<const Mutant> mutants,
                                             const std::stop_token& stop) {
  if (std::ranges::all_of(mutants, [&](const Mutant& one) { return number_of(one).has_value(); }))
    return {};
  auto invalid = build_mutants(mutants, stop);
  if (!invalid) return std::unexpected(invalid.error());
  built_.assign(mutants.begin(), mutants.end());
  invalid_ = *std::move(invalid);
  return {};
}

Result<Toolchain::Kills> CompiledToolchain::kill(
    std::span<const Mutant> mutants, const std::vector<std::vector<std::size_t>>& by_mutant,
    std::span<const TestCase> cases, std::stop_token stop) {
  Kills out{.killer = std::vector<std::optional<std::size_t>>(mutants.size()),
            .invalid = std::vector<bool>(mutants.size())};
  if (auto taken = take_mutants(mutants, stop); !taken) return std::unexpected(taken.error());
  std::vector<Input> inputs;
  for (const TestCase& one : cases) inputs.push_back(one.input);
  const std::string head = request_for("mutants", {}, inputs);
  std::vector<std::pair<std::size_t, std::size_t>> left;  // Place and number.
  for (std::size_t i = 0; i < mutants.size(); ++i) {
    const std::size_t number = *number_of(mutants[i]);
    out.invalid[i] = invalid_[number];
    if (!invalid_[number] && !by_mutant[i].empty()) left.emplace_back(i, number);
  }
  while (!left.empty()) {
    std::string request = head + fmt::format("i{}\n", left.size());
    for (const auto& [place, number] : left) {
      const std::vector<std::size_t>& tried = by_mutant[place];
      request += fmt::format("i{} i{}", number, tried.size());
      for (const std::size_t input : tried) request += fmt::format(" i{}", input);
      request += '\n';
    }
    auto lines = run_probe(request, true, stop);
    if (!lines) return std::unexpected(lines.error());
    std::size_t answered = 0;
    for (const Json& line : *lines) {
      if (!line.contains("mutant") || answered >= left.size()) continue;
      if (line.contains("killer"))
        out.killer[left[answered].first] = line["killer"].get<std::size_t>();
      ++answered;
    }
    if (answered == left.size()) break;
    if (has(*lines, "ended")) {
      left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(answered));
      if (answered == 0) return fail(Errc::unavailable, "the tests' calls take too long");
      continue;
    }
    if (lines->empty())
      return fail(Errc::unavailable, "the mutants could not be run: {}", drivers_->last_trouble());
    // This one took the whole probe with it: any test notices that.
    const std::size_t place = left[answered].first;
    out.killer[place] = by_mutant[place].front();
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(answered) + 1);
  }
  return out;
}

Result<std::vector<bool>> CompiledToolchain::valid_mutants(
    std::span<const Mutant> mutants, const std::string& target, std::string_view condition,
    const std::function<Result<std::string>(const std::string& text)>& build) const {
  std::vector<bool> out(mutants.size());
  for (std::size_t round = 0; round < kRepairs; ++round) {
    const Schemata all = schemata_of(text_, bodies(), mutants, out, [&](std::size_t number) {
      return fmt::format(fmt::runtime(condition), number);
    });
    auto trouble = build(all.text);
    if (!trouble) return std::unexpected(trouble.error());
    if (trouble->empty()) return out;
    bool found = false;
    for (const std::size_t line : lines_named(*trouble, target)) {
      for (const std::size_t mutant : all.at_line(line)) {
        found = found || !out[mutant];
        out[mutant] = true;
      }
    }
    if (!found) break;
  }
  out.assign(mutants.size(), true);
  return out;
}

Result<Judgement> CompiledToolchain::judge(const SourceTest& test, std::stop_token stop) {
  const std::string text = test_file({}, std::span(&test, 1));
  auto runs = run_tests(test_path(), text, {.shuffled = kJudgedRuns - 1, .alone = false}, stop);
  if (!runs) return std::unexpected(runs.error());
  Judgement out;
  const auto found = runs->tests.find(test.name);
  const bool ran = found != runs->tests.end();
  out.good = ran && found->second.passed == found->second.runs && found->second.runs == kJudgedRuns;
  if (!out.good) {
    out.reason = ran ? found->second.failure : runs->trouble;
    if (out.reason.empty()) out.reason = "it ends before it has passed or failed";
    return out;
  }
  auto reached = reached_by(text, stop);
  if (!reached) return std::unexpected(reached.error());
  out.arcs = *std::move(reached);
  return out;
}

}  // namespace leyden::qa
