#include "leyden/agents/qa/test_agent.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/input_maker.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTestsMax = 20;  // Of a file with few functions,
constexpr std::size_t kFewFunctions = 4;
constexpr std::size_t kTestsMaxMore = 5;  // and for each one more.
constexpr std::size_t kBorders = 60;
constexpr std::size_t kQuietRounds = 3;  // Without anything new: it will stay so.
constexpr std::size_t kSpareInputs =
    300;  // Of all functions together, for mutants that the chosen ones leave;
constexpr std::size_t kSpareInputsMin = 60;     // of each function at least so many,
constexpr std::size_t kSameAnswersShare = 4;    // and of one answer not more than a part.
constexpr std::size_t kVariedMax = 60;          // Of each function, in a round for mutants.
constexpr std::size_t kCasesOfMutantMax = 150;  // At once, spread over those that reach it.
constexpr std::size_t kShuffledRuns = 5;
constexpr std::size_t kJudgedMutantsMax = 20;  // That a model's test is run against.
constexpr std::size_t kShownBytesMax = 600;    // Of an answer or a failure, in a report.
constexpr std::size_t kWritten = std::size_t{1} << 32U;

// Lines of an arc set: what it enters.
std::set<std::int64_t> lines_of(const Arcs& arcs) {
  std::set<std::int64_t> out;
  for (const auto& [from, to] : arcs) {
    if (to > 0) out.insert(to);
    if (from > 0) out.insert(from);
  }
  return out;
}

class Agent {
 public:
  Agent(Toolchain& toolchain, const std::vector<Mutant>& mutants, TestWriter* writer,
        const TestAgentOptions& options,
        const std::function<void(const TestProgress&)>& on_progress, std::stop_token stop)
      : toolchain_(toolchain),
        functions_(toolchain.functions()),
        mutants_(mutants),
        writer_(writer),
        options_(options),
        on_progress_(on_progress),
        stop_(std::move(stop)),
        maker_(functions_, options.seed) {}

  Result<TestReport> run() {
    const auto begin = since_ = Clock::now();
    deadline_ = begin + options_.time_max;
    wanted_ = wanted_functions(functions_, options_);
    if (wanted_.empty() && options_.function.empty())
      return fail(Errc::not_found, "the change touches no function that a test could call");
    if (wanted_.empty())
      return fail(Errc::not_found, "there is no function {} that a test could call",
                  options_.function);
    find_callers();
    tests_max_ =
        options_.tests_max > 0
            ? options_.tests_max
            : kTestsMax + kTestsMaxMore * (std::max<std::size_t>(wanted_.size(), kFewFunctions) -
                                           kFewFunctions);
    report_.runner = toolchain_.runner();
    report_.test_type = options_.type;
    report_.test_path = path_of_type(toolchain_.test_path(), options_.type);
    toolchain_.expect_type(options_.type);
    if (auto done = look_at_project(); !done) return std::unexpected(done.error());
    if (auto done = search(callers_); !done) return std::unexpected(done.error());
    if (auto done = search(take_last_resorts()); !done) return std::unexpected(done.error());
    if (auto done = look_closely(inputs_found()); !done) return std::unexpected(done.error());
    take_mutants();
    if (writer_ != nullptr) {
      if (auto done = ask_model(); !done) return std::unexpected(done.error());
    }
    if (options_.type == "unit") {
      if (auto done = choose(); !done) return std::unexpected(done.error());
    }
    if (auto done = verify(); !done) return std::unexpected(done.error());
    if (auto done = check_rest(); !done) return std::unexpected(done.error());
    settle();
    progress("done", 0, 0);
    report_.stage_seconds.erase("");
    if (writer_ != nullptr) {
      report_.model = writer_->counts();
      report_.cache_stats = writer_->stats();
      report_.engine = written_.empty() ? "offline" : writer_->model_name() + "+offline";
    }
    report_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return std::move(report_);
  }

 private:
  // A model's test that was kept.
  struct Written {
    SourceTest test;
    std::size_t function = 0;
    Arcs arcs;
  };

  // Told at the beginning of each stage, and within.
  void progress(const char* stage, std::size_t done, std::size_t total) {
    const auto now = Clock::now();
    report_.stage_seconds[stage_] += std::chrono::duration<double>(now - since_).count();
    stage_ = stage;
    since_ = now;
    if (on_progress_) on_progress_({.stage = stage, .done = done, .total = total});
  }

  // What is left to reach in a function.
  std::size_t missing(const Function& function) const {
    const auto within = [&](std::int64_t line) { return is_within(line, function); };
    const std::set<std::int64_t> reached = lines_of(reached_);
    std::size_t out = 0;
    for (const std::int64_t line : goals_.lines)
      out += within(line) && !reached.contains(line) ? 1 : 0;
    for (const Arc& branch : goals_.branches)
      out += within(branch.first) && !reached_.contains(branch) ? 1 : 0;
    return out;
  }

  // What is wanted and can be called. A helper is reached through others: where it is asked for by name or by a change, through any.
  void find_callers() {
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
  [[nodiscard]] bool is_wanted(std::size_t function) const {
    return std::ranges::binary_search(wanted_, function);
  }
  [[nodiscard]] bool in_wanted(std::int64_t line) const {
    return std::ranges::any_of(wanted_,
                               [&](std::size_t i) { return is_within(line, functions_[i]); });
  }

  // Whether there is more to find through it, after so many rounds without anything new: in it, or in a helper that
  // nothing but others can call.
  bool is_worth_trying(std::size_t function, std::size_t quiet) const {
    if (quiet >= kQuietRounds) return false;
    return (is_wanted(function) && missing(functions_[function]) > 0) ||
           std::ranges::any_of(wanted_, [&](std::size_t other) {
             return !functions_[other].uncallable.empty() && missing(functions_[other]) > 0;
           });
  }

  // What the docstrings promise and what the project's tests reach.
  Result<void> look_at_project() {
    progress("looking at the project", 0, 0);
    auto wrong = toolchain_.wrong_examples(stop_);
    if (!wrong) return std::unexpected(wrong.error());
    for (const WrongExample& one : *wrong) {
      report_.suspected.push_back(
          {.function = one.function,
           .line = one.line,
           .what = fmt::format("its docstring says that {} gives {}; it gives {}", one.call,
                               one.said, one.got)});
    }
    auto runs = toolchain_.run_project({}, stop_);
    if (!runs) return std::unexpected(runs.error());
    passed_before_ = names_of_passed(*runs);
    for (const std::int64_t line : lines_of(runs->reached)) before_.emplace(line, line);
    before_.insert(runs->reached.begin(), runs->reached.end());
    return {};
  }

  static std::set<std::string> names_of_passed(const TestRuns& runs) {
    std::set<std::string> out;
    for (const auto& [name, test] : runs.tests) {
      if (test.passed == test.runs) out.insert(name);
    }
    return out;
  }

  // With the mutants that only these noticed.
  void drop_written(const std::function<bool(const Written&)>& bad) {
    for (std::size_t i = written_.size(); i-- > 0;) {
      if (!bad(written_[i])) continue;
      written_.erase(written_.begin() + static_cast<std::ptrdiff_t>(i));
      for (auto& killer : killer_) {
        if (!killer || *killer < kWritten) continue;
        if (*killer == kWritten + i) {
          killer.reset();
        } else if (*killer > kWritten + i) {
          --*killer;
        }
      }
    }
  }

  // Whether the project's own tests still pass beside the new ones.
  Result<void> check_rest() {
    if (passed_before_.empty() || report_.test_text.empty()) return {};
    progress("running the project's tests", 0, 0);
    auto runs = toolchain_.run_project(report_.test_text, stop_);
    if (!runs) return std::unexpected(runs.error());
    const std::set<std::string> passed = names_of_passed(*runs);
    for (const std::string& name : passed_before_) {
      if (!passed.contains(name)) report_.rest_broken.push_back(name);
    }
    if (report_.rest_broken.empty()) return {};
    for (const std::size_t i : chosen_)
      report_.rejected.push_back(
          {.name = candidates_[i].name,
           .function = functions_[candidates_[i].function()].qualified_name(),
           .reason = "tests of the project fail beside it"});
    drop_written([&](const Written& one) {
      report_.rejected.push_back({.name = one.test.name,
                                  .function = functions_[one.function].qualified_name(),
                                  .reason = "tests of the project fail beside it"});
      return true;
    });
    chosen_.clear();
    report_.test_text.clear();
    return {};
  }

  // Helpers that no call has reached: they are called themselves.
  std::vector<std::size_t> take_last_resorts() {
    const std::set<std::int64_t> reached = lines_of(reached_);
    const std::set<std::int64_t> loaded = lines_of(loaded_);
    std::vector<std::size_t> out;
    for (const std::size_t function : wanted_) {
      if (functions_[function].is_last_resort &&
          std::ranges::none_of(reached, [&](std::int64_t line) {
            return !loaded.contains(line) && is_within(line, functions_[function]);
          }))
        out.push_back(function);
    }
    callers_.insert(callers_.end(), out.begin(), out.end());
    return out;
  }

  Result<void> search(const std::vector<std::size_t>& callers) {
    std::vector<std::size_t> quiet(functions_.size());
    for (std::size_t round = 0; round < options_.rounds_max; ++round) {
      progress("searching", round, options_.rounds_max);
      std::vector<Input> batch;
      for (const std::size_t function : callers) {
        if (round > 0 && !is_worth_trying(function, quiet[function])) continue;
        add_inputs(function, round, batch);
      }
      if (batch.empty()) break;
      auto explored = toolchain_.explore(batch, reached_, stop_);
      if (!explored) return std::unexpected(explored.error());
      goals_ = explored->goals;
      reached_ = std::move(explored->reached);
      loaded_ = std::move(explored->loaded);
      maker_.learn(explored->patterns);
      report_.inputs_tried += explored->tried;
      for (const auto& [i, message] : explored->broken_names)
        note_defect(batch[i].function(),
                    fmt::format("a call that its types allow ends with {}", message));
      std::set<std::size_t> moved;
      for (const std::size_t i : explored->fresh) {
        moved.insert(batch[i].function());
        useful_[batch[i].function()].push_back(batch[i]);
      }
      for (const std::size_t function : callers)
        quiet[function] = moved.contains(function) ? 0 : quiet[function] + 1;
      // Some that brought nothing new may tell mutants apart.
      for (const std::size_t i : explored->quick) {
        std::vector<Input>& spare = spare_[batch[i].function()];
        if (spare.size() < spare_max()) spare.push_back(batch[i]);
      }
      if (Clock::now() > deadline_) break;
    }
    return {};
  }

  // Once for each function and kind.
  void note_defect(std::size_t function, std::string what) {
    const Function& of = functions_[function];
    for (const SuspectedDefect& known : report_.suspected) {
      if (known.function == of.qualified_name() && known.what == what) return;
    }
    report_.suspected.push_back(
        {.function = of.qualified_name(), .line = of.first_line, .what = std::move(what)});
  }

  void add_inputs(std::size_t function, std::size_t round, std::vector<Input>& batch) {
    std::vector<Input> own =
        round == 0 ? maker_.borders(function, kBorders) : maker_.of_learned(function);
    const std::vector<Input>& useful = useful_[function];
    const std::size_t count = round == 0 ? options_.inputs_at_first : options_.inputs_per_round;
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

  [[nodiscard]] bool is_useful(const Input& input) const {
    const auto known = useful_.find(input.function());
    return known != useful_.end() && std::ranges::find(known->second, input) != known->second.end();
  }
  [[nodiscard]] std::size_t spare_max() const {
    return std::max(kSpareInputsMin, kSpareInputs / std::max<std::size_t>(1, callers_.size()));
  }

  // Those that reached something, and the spare ones.
  std::vector<Input> inputs_found() {
    std::vector<Input> inputs;
    for (const std::size_t function : callers_) {
      for (const std::vector<Input>* some : {&useful_[function], &spare_[function]}) {
        for (const Input& input : *some) {
          if (std::ranges::find(inputs, input) == inputs.end()) inputs.push_back(input);
        }
      }
    }
    return inputs;
  }

  // What each input gives, twice, and all that it reaches: the candidates.
  Result<void> look_closely(std::vector<Input> inputs) {
    if (inputs.empty()) return {};
    progress("observing", 0, inputs.size());
    auto observed = toolchain_.observe(inputs, stop_);
    if (!observed) return std::unexpected(observed.error());
    std::map<std::pair<std::size_t, std::string>, std::size_t> answers;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Observation& seen = (*observed)[i];
      const Function& function = functions_[inputs[i].function()];
      const auto reject = [&](const char* reason) {
        report_.rejected.push_back({.name = fmt::format("input {}", i + 1),
                                    .function = function.qualified_name(),
                                    .reason = reason});
      };
      if (seen.outcome == Observation::Outcome::value) {
        if (!seen.awaited && seen.form == "value" && !toolchain_.fits(function.result, seen.kind))
          note_defect(
              inputs[i].function(),
              fmt::format("its annotation says another type than {}, which it gives", seen.kind));
        if (!seen.stable) {
          reject("gives another answer the second time");
          continue;
        }
      } else if (seen.outcome != Observation::Outcome::error || seen.raised_line == 0 ||
                 !seen.stable || (!seen.began && inputs[i].steps.size() > 1)) {
        // An error that the file does not raise itself says nothing that it promises; one of an earlier step is that step's.
        continue;
      }
      if (!is_useful(inputs[i]) &&
          ++answers[{inputs[i].function(), seen.told}] > spare_max() / kSameAnswersShare)
        continue;
      candidates_.push_back(
          {.name = {}, .input = std::move(inputs[i]), .expected = std::move(seen)});
    }
    return {};
  }

  // How long a test is to read.
  static std::size_t weight(const TestCase& one) {
    return one.expected.told.size() + size_of(one.input);
  }
  static std::size_t size_of(const Input& input) {
    std::size_t out = 0;
    for (const Value& value : input.construction) out += size_of(value);
    for (const Step& step : input.steps) {
      out += 10;
      for (const Value& value : step.arguments) out += size_of(value);
    }
    return out;
  }
  static std::size_t size_of(const Value& value) {
    std::size_t out = 2 + value.text.size() + (value.integer > 99 || value.integer < -99 ? 4 : 0);
    for (const Value& item : value.items) out += size_of(item);
    return out;
  }

  // Lines and branches as one set of goals: a line is an arc to itself.
  Arcs goals_among(const Arcs& arcs) const {
    Arcs out;
    const auto counts = [&](std::int64_t line) { return !only_wanted_goals_ || in_wanted(line); };
    for (const std::int64_t line : lines_of(arcs)) {
      if (goals_.lines.contains(line) && counts(line)) out.emplace(line, line);
    }
    for (const Arc& arc : arcs) {
      if (goals_.branches.contains(arc) && counts(arc.first)) out.insert(arc);
    }
    return out;
  }
  Arcs gains_of(const TestCase& one) const { return goals_among(one.expected.arcs); }

  // Greedily: most new goals first, of equal ones the shortest.
  void choose_by_coverage() {
    std::vector<Arcs> gains;
    for (const TestCase& one : candidates_) gains.push_back(gains_of(one));
    Arcs have = before_;
    have.insert(by_written_.begin(), by_written_.end());
    while (chosen_.size() + written_.size() < tests_max_) {
      std::size_t best = candidates_.size();
      std::size_t best_gain = 0;
      for (std::size_t i = 0; i < candidates_.size(); ++i) {
        std::size_t gain = 0;
        for (const Arc& arc : gains[i]) gain += have.contains(arc) ? 0 : 1;
        if (gain == 0) continue;
        if (gain > best_gain ||
            (gain == best_gain && weight(candidates_[i]) < weight(candidates_[best]))) {
          best = i;
          best_gain = gain;
        }
      }
      if (best_gain == 0) break;
      have.insert(gains[best].begin(), gains[best].end());
      chosen_.push_back(best);
    }
    // What later ones reach as well is not needed from an earlier one.
    for (std::size_t k = 0; k < chosen_.size();) {
      Arcs others = before_;
      others.insert(by_written_.begin(), by_written_.end());
      for (std::size_t other = 0; other < chosen_.size(); ++other) {
        if (other != k) others.insert(gains[chosen_[other]].begin(), gains[chosen_[other]].end());
      }
      if (std::ranges::includes(others, gains[chosen_[k]])) {
        chosen_.erase(chosen_.begin() + static_cast<std::ptrdiff_t>(k));
      } else {
        ++k;
      }
    }
  }

  void take_mutants() {
    const std::set<std::size_t> wanted(wanted_.begin(), wanted_.end());
    for (const Mutant& mutant : mutants_) {
      if (wanted.contains(mutant.function)) used_mutants_.push_back(mutant);
    }
    killer_.assign(used_mutants_.size(), std::nullopt);
    invalid_.assign(used_mutants_.size(), false);
  }

  ModelWords words() const {
    ModelWords out = toolchain_.words();
    if (options_.type != "unit") out.type = options_.type;
    return out;
  }

  // "test_shop_integration.py", "shop_test_integration.cc" would be none to some runners: where the test's own mark stands last it stays so.
  static std::string path_of_type(const std::filesystem::path& path, const std::string& type) {
    if (type == "unit") return path.string();
    std::string name = path.filename().string();
    for (const std::string_view mark : {"_test.", ".test.", "Test."}) {
      const std::size_t at = name.rfind(mark);
      if (at == std::string::npos) continue;
      name.insert(
          at, mark.starts_with('T') ? pascal_case(type) : std::string(mark.substr(0, 1)) + type);
      return (path.parent_path() / name).string();
    }
    name.insert(name.rfind('.'), "_" + type);
    return (path.parent_path() / name).string();
  }

  // A model's tests, function by function. A model that can't be asked costs its tests, nothing else.
  Result<void> ask_model() {
    for (const std::size_t function : wanted_) {
      if (!functions_[function].uncallable.empty()) continue;
      std::string task = first_task(functions_[function], words(), {});
      for (std::size_t attempt = 0; attempt <= options_.repairs_max && !task.empty(); ++attempt) {
        progress("asking the model", written_.size(), 0);
        auto answer = writer_->ask(task, stop_);
        if (!answer && answer.error().code == Errc::cancelled)
          return std::unexpected(answer.error());
        if (!answer || !*answer) {
          report_.why_no_model =
              answer ? "the budget for the model is spent" : answer.error().message;
          return {};
        }
        auto next = take_answer(function, **answer);
        if (!next) return std::unexpected(next.error());
        task = *std::move(next);
        if (written_.size() >= tests_max_) return {};
      }
    }
    return {};
  }

  // Keeps what is good of an answer; the next task, if some of it is to be repaired.
  Result<std::string> take_answer(std::size_t function, const std::string& answer) {
    const Function& of = functions_[function];
    const auto reject = [&](std::string name, std::string reason) {
      report_.rejected.push_back(
          {.name = std::move(name), .function = of.qualified_name(), .reason = std::move(reason)});
    };
    auto tests = toolchain_.read_tests(answer);
    if (!tests) {
      reject("answer of the model", tests.error().message);
      return repair_task(of, words(), answer.substr(0, kShownBytesMax), tests.error().message);
    }
    std::string next;
    for (SourceTest& test : *tests) {
      if (written_.size() >= tests_max_) break;
      std::vector<Mutant> alive;
      std::vector<std::size_t> numbers;
      for (std::size_t i = 0; i < used_mutants_.size() && alive.size() < kJudgedMutantsMax; ++i) {
        if (killer_[i] || used_mutants_[i].function != function) continue;
        alive.push_back(used_mutants_[i]);
        numbers.push_back(i);
      }
      rename_apart(test);
      auto judged = toolchain_.judge(test, alive, stop_);
      if (!judged) return std::unexpected(judged.error());
      if (!judged->good) {
        reject(test.name, "does not pass: " + one_line_of(judged->reason));
        next = repair_task(of, words(), test.text, judged->reason);
        continue;
      }
      const Arcs gains = goals_among(judged->arcs);
      const bool reaches_more = std::ranges::any_of(gains, [&](const Arc& arc) {
        return !before_.contains(arc) && !by_written_.contains(arc);
      });
      if (!reaches_more && judged->killed.empty()) {
        reject(test.name, "passes, but reaches and notices nothing new");
        continue;
      }
      for (const std::size_t killed : judged->killed) {
        if (killed < numbers.size()) killer_[numbers[killed]] = kWritten + written_.size();
      }
      by_written_.insert(gains.begin(), gains.end());
      names_.insert(test.name);
      written_.push_back(
          {.test = std::move(test), .function = function, .arcs = std::move(judged->arcs)});
    }
    return next;
  }

  // Two tests of one name: the second would hide the first.
  void rename_apart(SourceTest& test) const {
    std::string name = test.name;
    for (std::size_t i = 2; names_.contains(name); ++i) name = fmt::format("{}_{}", test.name, i);
    if (name != test.name) toolchain_.rename(test, name);
  }

  static std::string one_line_of(std::string_view text) {
    std::string out(text.substr(0, kShownBytesMax));
    std::ranges::replace(out, '\n', ' ');
    return out;
  }

  // By coverage, then by mutants; once more where another process answers otherwise.
  Result<void> choose() {
    choose_by_coverage();
    if (auto done = choose_by_mutants(); !done) return done;
    auto others = toolchain_.unrepeatable(cases_of(chosen_), stop_);
    if (!others) return std::unexpected(others.error());
    if (others->empty()) return {};
    if (auto dropped = drop_unrepeatable(); !dropped) return dropped;
    chosen_.clear();
    for (auto& killer : killer_) {
      if (killer && *killer < kWritten) killer.reset();
    }
    choose_by_coverage();
    return choose_by_mutants();
  }

  std::vector<TestCase> cases_of(const std::vector<std::size_t>& candidates) const {
    std::vector<TestCase> out;
    for (const std::size_t i : candidates) out.push_back(candidates_[i]);
    return out;
  }

  Result<void> drop_unrepeatable() {
    auto all = toolchain_.unrepeatable(candidates_, stop_);
    if (!all) return std::unexpected(all.error());
    const std::set<std::size_t> bad(all->begin(), all->end());
    std::vector<TestCase> kept;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (!bad.contains(i)) {
        kept.push_back(std::move(candidates_[i]));
        continue;
      }
      report_.rejected.push_back(
          {.name = fmt::format("candidate {}", i + 1),
           .function = functions_[candidates_[i].function()].qualified_name(),
           .reason = "gives another answer where hashes have another seed"});
    }
    candidates_ = std::move(kept);
    return {};
  }

  // The mutants that the chosen ones leave: each candidate that notices one of these, then inputs that are made for them.
  Result<void> choose_by_mutants() {
    if (auto done = run_mutants(chosen_, false); !done) return done;
    std::size_t first = 0;
    for (std::size_t round = 0; round <= options_.mutant_rounds; ++round) {
      if (chosen_.size() + written_.size() >= tests_max_) return {};
      std::vector<std::size_t> in_play;
      for (std::size_t i = first; i < candidates_.size(); ++i) {
        if (std::ranges::find(chosen_, i) == chosen_.end()) in_play.push_back(i);
      }
      if (auto done = run_mutants(in_play, true); !done) return done;
      first = candidates_.size();
      if (round == options_.mutant_rounds || Clock::now() > deadline_) return {};
      if (auto done = vary_for_mutants(); !done) return done;
      if (candidates_.size() == first) return {};
    }
    return {};
  }

  // Inputs near those that reach a mutant which nothing noticed yet.
  Result<void> vary_for_mutants() {
    std::map<std::size_t, std::vector<std::size_t>> near;  // By caller: candidates.
    for (std::size_t k = 0; k < used_mutants_.size(); ++k) {
      if (killer_[k] || invalid_[k]) continue;
      const auto line = static_cast<std::int64_t>(used_mutants_[k].line);
      for (std::size_t i = 0; i < candidates_.size(); ++i) {
        std::vector<std::size_t>& of_caller = near[candidates_[i].function()];
        if (of_caller.size() < kVariedMax && std::ranges::find(of_caller, i) == of_caller.end() &&
            std::ranges::any_of(candidates_[i].expected.arcs, [&](const Arc& arc) {
              return arc.first == line || arc.second == line;
            }))
          of_caller.push_back(i);
      }
    }
    std::vector<Input> made;
    for (const auto& [caller, parents] : near) {
      for (std::size_t i = 0; i < kVariedMax && !parents.empty(); ++i)
        made.push_back(maker_.varied(candidates_[parents[i % parents.size()]].input,
                                     candidates_[parents[i * 7 % parents.size()]].input));
    }
    std::erase_if(made, [&](const Input& input) {
      return std::ranges::any_of(candidates_,
                                 [&](const TestCase& known) { return known.input == input; });
    });
    auto explored = toolchain_.explore(made, reached_, stop_);
    if (!explored) return std::unexpected(explored.error());
    report_.inputs_tried += explored->tried;
    std::vector<Input> quick;
    for (const std::size_t i : explored->quick) quick.push_back(std::move(made[i]));
    return look_closely(std::move(quick));
  }

  // A mutant is noticed through who runs its line, in a helper through who calls that; one that runs when the file is loaded by anything.
  std::vector<std::size_t> cases_that_reach(const Mutant& mutant,
                                            std::span<const TestCase> cases) const {
    const Function& function = functions_[mutant.function];
    // The line of its statement: the last goal that is not behind it.
    auto line = static_cast<std::int64_t>(mutant.line);
    if (const auto behind = goals_.lines.upper_bound(line); behind != goals_.lines.begin())
      line = *std::prev(behind);
    const bool loaded = runs_at_loading(function);
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const Arcs& arcs = cases[i].expected.arcs;
      const bool runs_it = !is_within(line, function)
                               ? reaches(arcs, function)
                               : std::ranges::any_of(arcs, [&](const Arc& arc) {
                                   return arc.first == line || arc.second == line ||
                                          arc.first == static_cast<std::int64_t>(mutant.line);
                                 });
      if (loaded || runs_it) out.push_back(i);
    }
    if (out.size() <= kCasesOfMutantMax) return out;
    std::vector<std::size_t> spread;
    for (std::size_t k = 0; k < kCasesOfMutantMax; ++k)
      spread.push_back(out[k * out.size() / kCasesOfMutantMax]);
    return spread;
  }

  Result<void> run_mutants(const std::vector<std::size_t>& in_play, bool choose) {
    const std::vector<TestCase> cases = cases_of(in_play);
    std::vector<Mutant> alive;
    std::vector<std::size_t> numbers;
    std::vector<std::vector<std::size_t>> by_mutant;
    for (std::size_t i = 0; i < used_mutants_.size(); ++i) {
      if (killer_[i] || invalid_[i]) continue;
      alive.push_back(used_mutants_[i]);
      numbers.push_back(i);
      by_mutant.push_back(cases_that_reach(used_mutants_[i], cases));
    }
    if (cases.empty() || alive.empty()) return {};
    progress("mutants", used_mutants_.size() - alive.size(), used_mutants_.size());
    auto kills = toolchain_.kill(alive, by_mutant, cases, stop_);
    if (!kills) return std::unexpected(kills.error());
    for (std::size_t k = 0; k < alive.size(); ++k) {
      invalid_[numbers[k]] = kills->invalid[k];
      if (!kills->killer[k]) continue;
      const std::size_t candidate = in_play[*kills->killer[k]];
      if (choose && std::ranges::find(chosen_, candidate) == chosen_.end()) {
        if (chosen_.size() + written_.size() >= tests_max_) continue;
        chosen_.push_back(candidate);
      }
      killer_[numbers[k]] = candidate;
    }
    return {};
  }

  static bool reaches(const Arcs& arcs, const Function& function) {
    return std::ranges::any_of(arcs,
                               [&](const Arc& arc) { return is_within(arc.second, function); });
  }
  static bool is_within(std::int64_t line, const Function& function) {
    return line >= static_cast<std::int64_t>(function.first_line) &&
           line <= static_cast<std::int64_t>(function.last_line);
  }
  [[nodiscard]] bool has_goals(const Function& function) const {
    return std::ranges::any_of(goals_.lines, [&](std::int64_t line) {
      return line > static_cast<std::int64_t>(function.first_line) && is_within(line, function);
    });
  }
  // Loading runs a definition's own line; a body runs from one line within it to another.
  [[nodiscard]] bool runs_at_loading(const Function& function) const {
    return std::ranges::any_of(loaded_, [&](const Arc& arc) {
      return arc.first > static_cast<std::int64_t>(function.first_line) &&
             is_within(arc.first, function) && is_within(arc.second, function);
    });
  }

  // In the source's order, with names; then run as the user will run them.
  Result<void> verify() {
    std::ranges::sort(chosen_, [&](std::size_t a, std::size_t b) {
      return std::pair(candidates_[a].function(), a) < std::pair(candidates_[b].function(), b);
    });
    std::map<std::string, std::size_t> counts;
    for (const std::size_t i : chosen_) {
      const Function& function = functions_[candidates_[i].function()];
      const bool fails = candidates_[i].expected.outcome == Observation::Outcome::error;
      std::size_t& count = counts[toolchain_.test_name(function, fails, 0)];
      do {
        candidates_[i].name = toolchain_.test_name(function, fails, ++count);
      } while (names_.contains(candidates_[i].name));
    }
    while (!chosen_.empty() || !written_.empty()) {
      progress("verifying", 0, chosen_.size() + written_.size());
      const std::vector<TestCase> cases = cases_of(chosen_);
      std::vector<SourceTest> written;
      for (const Written& one : written_) written.push_back(one.test);
      report_.test_text = toolchain_.test_file(cases, written);
      auto runs = toolchain_.run_tests(
          report_.test_path, report_.test_text,
          {.shuffled = kShuffledRuns, .alone = true, .seed = options_.seed}, stop_);
      if (!runs) return std::unexpected(runs.error());
      const std::size_t before = chosen_.size() + written_.size();
      const auto fails = [&](const std::string& name, std::size_t function) {
        const auto test = runs->tests.find(name);
        const bool there = test != runs->tests.end();
        // First, shuffled ones and alone.
        if (there && test->second.passed == test->second.runs &&
            test->second.runs == kShuffledRuns + 2)
          return false;
        std::string reason =
            !there ? "was not run: " + runs->trouble
            : test->second.passed < test->second.runs
                ? fmt::format("passed {} of {} runs", test->second.passed, test->second.runs)
                : "did not run each time";
        report_.rejected.push_back({.name = name,
                                    .function = functions_[function].qualified_name(),
                                    .reason = std::move(reason)});
        return true;
      };
      std::erase_if(chosen_, [&](std::size_t i) {
        return fails(candidates_[i].name, candidates_[i].function());
      });
      drop_written([&](const Written& one) { return fails(one.test.name, one.function); });
      for (const auto& [name, test] : runs->tests) report_.runs_verified += test.runs;
      if (chosen_.size() + written_.size() == before) break;
    }
    if (chosen_.empty() && written_.empty()) report_.test_text.clear();
    return {};
  }

  // The figures, of what was kept.
  void settle() {
    Arcs reached = before_;
    for (const std::int64_t line : lines_of(loaded_)) reached.emplace(line, line);
    const auto keep = [&](const std::string& name, std::size_t function, const Arcs& arcs,
                          std::size_t killer_number, bool by_model) {
      KeptTest kept{
          .name = name, .by_model = by_model, .function = functions_[function].qualified_name()};
      for (const Arc& gain : goals_among(arcs)) {
        if (!reached.insert(gain).second) continue;
        ++(gain.first == gain.second ? kept.new_lines : kept.new_branches);
      }
      for (const auto& killer : killer_) kept.killed += killer == killer_number ? 1 : 0;
      report_.tests.push_back(std::move(kept));
    };
    for (std::size_t i = 0; i < written_.size(); ++i)
      keep(written_[i].test.name, written_[i].function, written_[i].arcs, kWritten + i, true);
    for (const std::size_t i : chosen_)
      keep(candidates_[i].name, candidates_[i].function(), candidates_[i].expected.arcs, i, false);
    for (const std::int64_t line : goals_.lines) {
      if (!in_wanted(line)) continue;
      ++report_.before.lines;
      report_.before.lines_reached += before_.contains({line, line}) ? 1 : 0;
      ++report_.after.lines;
      report_.after.lines_reached += reached.contains({line, line}) ? 1 : 0;
    }
    for (const Arc& branch : goals_.branches) {
      if (!in_wanted(branch.first)) continue;
      ++report_.before.branches;
      report_.before.branches_reached += before_.contains(branch) ? 1 : 0;
      ++report_.after.branches;
      report_.after.branches_reached += reached.contains(branch) ? 1 : 0;
    }
    for (std::size_t i = 0; i < used_mutants_.size(); ++i) {
      if (invalid_[i]) continue;
      ++report_.mutants;
      const bool killed = killer_[i] && (*killer_[i] >= kWritten ||
                                         std::ranges::find(chosen_, *killer_[i]) != chosen_.end());
      report_.mutants_killed += killed ? 1 : 0;
      if (!killed)
        report_.survivors.push_back(
            fmt::format("line {}: {}", used_mutants_[i].line, used_mutants_[i].what));
    }
    for (const std::size_t function : wanted_) {
      const Function& of = functions_[function];
      if (!of.uncallable.empty() && !has_goals(of)) continue;
      const bool tested =
          runs_at_loading(of) ||
          std::ranges::any_of(
              chosen_, [&](std::size_t i) { return reaches(candidates_[i].expected.arcs, of); }) ||
          std::ranges::any_of(written_, [&](const Written& one) { return reaches(one.arcs, of); });
      if (!tested)
        report_.untested.push_back(of.qualified_name() + ": " +
                                   (of.uncallable.empty()
                                        ? "no input gave an answer that a test can hold"
                                        : of.uncallable));
    }
  }

  Toolchain& toolchain_;
  const std::vector<Function>& functions_;
  const std::vector<Mutant>& mutants_;
  TestWriter* writer_;
  const TestAgentOptions& options_;
  std::size_t tests_max_ = 0;
  const std::function<void(const TestProgress&)>& on_progress_;
  std::stop_token stop_;
  InputMaker maker_;
  Clock::time_point deadline_;
  std::string stage_;  // The one under way, since then.
  Clock::time_point since_;
  std::vector<std::size_t> wanted_;   // Functions, in order.
  std::vector<std::size_t> callers_;  // Those that are called.
  bool only_wanted_goals_ = false;    // What callers reach elsewhere is not asked for.
  Goals goals_;
  Arcs before_;  // Lines, as arcs to themselves, and arcs that the project's tests reach.
  std::set<std::string> passed_before_;  // Tests of the project.
  Arcs loaded_;
  Arcs reached_;
  std::map<std::size_t, std::vector<Input>> useful_;  // By function: each reached something first.
  std::map<std::size_t, std::vector<Input>> spare_;
  std::vector<TestCase> candidates_;
  std::vector<Written> written_;
  Arcs by_written_;                  // Goals that the written ones reach.
  std::set<std::string> names_;      // Of the written ones.
  std::vector<std::size_t> chosen_;  // Of the candidates.
  std::vector<Mutant> used_mutants_;
  std::vector<std::optional<std::size_t>>
      killer_;  // Of each used mutant: a candidate, or kWritten and a written one.
  std::vector<bool> invalid_;
  TestReport report_;
};

}  // namespace

std::vector<std::size_t> wanted_functions(std::span<const Function> functions,
                                          const TestAgentOptions& options) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const Function& one = functions[i];
    if (!options.function.empty() && one.qualified_name() != options.function &&
        one.name != options.function)
      continue;
    const bool touched =
        options.lines.empty() || std::ranges::any_of(options.lines, [&](const LineRange& range) {
          return range.first <= one.last_line && one.first_line <= range.last;
        });
    if (touched) out.push_back(i);
  }
  return out;
}

Result<TestReport> make_tests(Toolchain& toolchain, const std::vector<Mutant>& mutants,
                              TestWriter* writer, const TestAgentOptions& options,
                              const std::function<void(const TestProgress&)>& on_progress,
                              std::stop_token stop) {
  return Agent(toolchain, mutants, writer, options, on_progress, std::move(stop)).run();
}

}  // namespace leyden::qa
