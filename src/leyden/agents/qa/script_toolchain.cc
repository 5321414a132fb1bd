#include "leyden/agents/qa/script_toolchain.h"

#include <algorithm>
#include <utility>

#include "leyden/agents/qa/remaining_inputs.h"
#include "leyden/agents/qa/test_choice.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {

namespace {

constexpr double kQuickMs = 8;

// How far a driver came: a process that an input ended did not say "done".
struct Progress {
  std::size_t begun = 0;  // One behind the last input that was begun.
  bool done = false;
  void note(const nlohmann::json& line) {
    if (line.contains("begin") && !line.contains("mutant"))
      begun = line["begin"].get<std::size_t>() + 1;
    done = done || line.contains("done");
  }
};

}  // namespace

Result<std::vector<Mutant>> ScriptToolchain::mutants(std::size_t per_function_max) const {
  auto tree = syntax::parse(language_, text_);
  if (!tree) return std::unexpected(tree.error());
  return mutants_of(*tree, text_, functions_, per_function_max);
}

Result<Exploration> ScriptToolchain::explore(std::span<const Input> inputs, const Arcs& seen,
                                             std::stop_token stop) {
  Exploration out;
  out.reached = seen;
  out.goals = goals();
  // Where an input ends the process, the others go on in a new one.
  for (RemainingInputs left(inputs, ends_); !left.inputs().empty();) {
    Json request = request_with("explore", left.inputs());
    request["seen"] = json_of(out.reached);
    request["patience"] = patience_;
    request["quick_ms"] = kQuickMs;
    auto lines = answers_of_driver(request, stop);
    if (!lines) return std::unexpected(lines.error());
    Progress progress;
    for (const Json& line : *lines) {
      progress.note(line);
      if (line.contains("goals")) {
        out.goals.lines = line["goals"]["lines"].get<std::set<std::int64_t>>();
        out.goals.branches = arcs_of(line["goals"]["branches"]);
      }
      if (line.contains("loaded")) {
        out.loaded = arcs_of(line["loaded"]);
        out.reached.insert(out.loaded.begin(), out.loaded.end());
      }
      if (line.contains("patterns"))
        out.patterns = line["patterns"].get<std::vector<std::string>>();
      if (!line.contains("input")) continue;
      const std::size_t input = line["input"].get<std::size_t>();
      if (input >= left.inputs().size()) continue;
      note(line, left.place(input), out);
      if (line.contains("share"))
        patience_[std::to_string(left.inputs()[input].function())] = line["share"];
    }
    if (progress.done) break;
    if (progress.begun == 0)
      return fail(Errc::unavailable, "{} can't be loaded: {}", file_.string(),
                  drivers_->last_trouble());
    ++out.timed_out;
    left.ended_at(std::min(progress.begun, left.inputs().size()) - 1);
  }
  return out;
}

void ScriptToolchain::note(const Json& line, std::size_t input, Exploration& out) const {
  ++out.tried;
  const std::string outcome = line.value("outcome", "");
  if (outcome == "time") ++out.timed_out;
  if (outcome == "error" && line.value("raised", 0) == 0) ++out.errors;
  if (outcome == "value") out.values.push_back(input);
  if (line.contains("message"))
    out.broken_names.emplace_back(
        input, line["error"].get<std::string>() + ": " + line["message"].get<std::string>());
  if ((outcome == "value" || line.value("raised", 0) != 0) && line.value("ms", 0.0) < kQuickMs)
    out.quick.push_back(input);
  if (line.contains("near")) out.near.push_back(input);
  if (const auto fresh = line.find("fresh"); fresh != line.end()) {
    out.fresh.push_back(input);
    out.reached.merge(arcs_of(*fresh));
  }
}

Result<std::vector<std::vector<Comparison>>> ScriptToolchain::comparisons(
    std::span<const Input> inputs, std::stop_token stop) {
  std::vector<std::vector<Comparison>> out(inputs.size());
  if (!tells_comparisons() || inputs.empty()) return out;
  // What ends the process ends the telling: the rest is told of others.
  auto lines = answers_of_driver(request_with("comparisons", inputs), stop);
  if (!lines) return std::unexpected(lines.error());
  for (const Json& line : *lines) {
    if (!line.contains("pairs")) continue;
    for (const Json& pair : line["pairs"])
      out.at(line["input"].get<std::size_t>())
          .push_back(
              {.seen = pair.at(0).get<std::string>(), .wanted = pair.at(1).get<std::string>()});
  }
  return out;
}

Result<std::vector<Observation>> ScriptToolchain::observe(std::span<const Input> inputs,
                                                          std::stop_token stop) {
  std::vector<Observation> out(inputs.size());
  std::map<std::size_t, std::size_t> ends;  // Those that come here went well once.
  for (RemainingInputs left(inputs, ends); !left.inputs().empty();) {
    auto lines = answers_of_driver(request_with("confirm", left.inputs()), stop);
    if (!lines) return std::unexpected(lines.error());
    Progress progress;
    for (const Json& line : *lines) {
      progress.note(line);
      if (!line.contains("input")) continue;
      const std::size_t input = line["input"].get<std::size_t>();
      if (input >= left.inputs().size()) continue;
      Observation& seen = out[left.place(input)];
      seen = observation_of(line);
      if (line.contains("reached")) seen.arcs = arcs_of(line["reached"]);
    }
    if (progress.done) break;
    left.ended_at(std::clamp<std::size_t>(progress.begun, 1, left.inputs().size()) - 1);
  }
  return out;
}

Result<Toolchain::Kills> ScriptToolchain::kill(
    std::span<const Mutant> mutants, const std::vector<std::vector<std::size_t>>& by_mutant,
    std::span<const TestCase> cases, std::stop_token stop) {
  Kills out{.killer = std::vector<std::optional<std::size_t>>(mutants.size()),
            .invalid = std::vector<bool>(mutants.size())};
  Json request = request_with("mutants", cases);
  request["mutants"] = json_of_mutants(mutants);
  // The first one that notices it is taken: those that are short to read come first.
  std::vector<std::size_t> weights;
  for (const TestCase& one : cases) weights.push_back(weight(one));
  for (std::size_t i = 0; i < mutants.size(); ++i) {
    std::vector<std::size_t> lightest_first = by_mutant[i];
    std::ranges::sort(lightest_first, {},
                      [&](std::size_t one) { return std::pair(weights[one], one); });
    request["mutants"][i]["inputs"] = std::move(lightest_first);
    request["mutants"][i]["skip"] = by_mutant[i].empty();
  }
  for (std::size_t rounds = 0; rounds <= mutants.size(); ++rounds) {
    auto lines = answers_of_driver(request, stop);
    if (!lines) return std::unexpected(lines.error());
    std::optional<std::size_t> begun;
    Progress progress;
    for (const Json& line : *lines) {
      progress.note(line);
      if (!line.contains("mutant")) continue;
      const std::size_t number = line["mutant"].get<std::size_t>();
      if (number >= mutants.size()) continue;
      request["mutants"][number]["skip"] = true;
      begun = number;
      if (line.contains("begin")) continue;
      begun.reset();
      out.invalid[number] = line.value("invalid", false);
      if (const auto killers = line.find("killers"); killers != line.end() && !killers->empty())
        out.killer[number] = killers->at(0).get<std::size_t>();
    }
    if (progress.done) break;
    // The mutant took the whole process with it: any test notices that.
    if (!begun)
      return fail(Errc::unavailable, "the mutants could not be run: {}", drivers_->last_trouble());
    out.killer[*begun] = by_mutant[*begun].front();
  }
  return out;
}

Result<std::vector<WrongExample>> ScriptToolchain::wrong_examples(std::stop_token stop) {
  Json told = examples();
  if (told.is_null()) return std::vector<WrongExample>{};
  Json request = request_for("examples");
  request["examples"] = std::move(told);
  auto lines = answers_of_driver(request, stop);
  if (!lines) return std::unexpected(lines.error());
  std::vector<WrongExample> out;
  for (const Json& line : *lines) {
    if (!line.contains("example")) continue;
    out.push_back({.function = line["function"].get<std::string>(),
                   .line = line["line"].get<std::size_t>(),
                   .call = utf8::one_line(line["example"].get<std::string>()),
                   .said = utf8::one_line(line["want"].get<std::string>()),
                   .got = utf8::one_line(line["got"].get<std::string>())});
  }
  return out;
}

Arcs ScriptToolchain::arcs_of(const Json& reached) const {
  Arcs out;
  for (const Json& arc : reached)
    out.emplace(arc.at(0).get<std::int64_t>(), arc.at(1).get<std::int64_t>());
  return out;
}

nlohmann::json ScriptToolchain::json_of(const Arcs& arcs) const {
  Json out = Json::array();
  for (const auto& [from, to] : arcs) out.push_back({from, to});
  return out;
}

nlohmann::json ScriptToolchain::examples() const {
  if (examples_.empty()) return nullptr;
  Json out = Json::array();
  for (const DocExample& one : examples_) {
    out.push_back({{"function", one.function},
                   {"line", one.line},
                   {"call", one.call},
                   {"expected", one.expected}});
  }
  return out;
}

nlohmann::json ScriptToolchain::json_of_mutants(std::span<const Mutant> mutants) {
  Json out = Json::array();
  for (const Mutant& mutant : mutants)
    out.push_back({{"begin", mutant.begin}, {"end", mutant.end}, {"text", mutant.text}});
  return out;
}

nlohmann::json ScriptToolchain::request_with(std::string_view mode,
                                             std::span<const Input> inputs) const {
  Json out = request_for(mode);
  out["inputs"] = Json::array();
  for (const Input& input : inputs) {
    Json one = json_of_input(input);
    one["function"] = std::to_string(input.function());
    out["inputs"].push_back(std::move(one));
  }
  return out;
}

nlohmann::json ScriptToolchain::request_with(std::string_view mode,
                                             std::span<const TestCase> cases) const {
  Json out = request_for(mode);
  out["inputs"] = Json::array();
  for (const TestCase& one : cases) {
    Json input = json_of_input(one.input);
    input["expected"] = Json::parse(one.expected.told);
    input["ms"] = one.expected.ms;
    out["inputs"].push_back(std::move(input));
  }
  return out;
}

Result<std::vector<nlohmann::json>> ScriptToolchain::answers_of_driver(
    const Json& request, const std::stop_token& stop) {
  auto lines = ask_driver(request, stop);
  if (!lines) return lines;
  for (const Json& line : *lines) {
    if (line.contains("failed"))
      return fail(Errc::unavailable, "{} can't be loaded: {}", file_.string(),
                  line["failed"].get<std::string>());
  }
  return lines;
}

}  // namespace leyden::qa
