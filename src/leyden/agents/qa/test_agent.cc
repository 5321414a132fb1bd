#include "leyden/agents/qa/test_agent.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/idle_steps.h"
#include "leyden/agents/qa/input_search.h"
#include "leyden/agents/qa/mutant_scores.h"
#include "leyden/agents/qa/reach.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/agents/qa/test_choice.h"
#include "leyden/agents/qa/verification.h"
#include "leyden/agents/qa/written_tests.h"

namespace leyden::qa {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTestsMax = 20;  // Of a file with few functions,
constexpr std::size_t kFewFunctions = 4;
constexpr std::size_t kTestsMaxMore = 5;  // and for each one more.
constexpr std::size_t kSameAnswersShare =
    4;                                  // Of one answer not more than a part of the spare inputs.
constexpr std::size_t kVariedMax = 60;  // Of each function, in a round for mutants.
constexpr int kMoreTimeShare = 10;      // Of all time is for shortening, where mutants took it all.
constexpr std::size_t kMissingMax = 6;  // Lines, and mutants, that a model is told of at a time.

class Agent {
 public:
  Agent(Toolchain& toolchain, const std::vector<Mutant>& mutants, TestWriter* writer,
        const TestAgentOptions& options,
        const std::function<void(const TestProgress&)>& on_progress, std::stop_token stop)
      : toolchain_(toolchain),
        functions_(toolchain.functions()),
        all_mutants_(mutants),
        writer_(writer),
        options_(options),
        on_progress_(on_progress),
        stop_(std::move(stop)) {}

  Result<TestReport> run() {
    const auto begin = since_ = Clock::now();
    deadline_ = begin + options_.time_max;
    wanted_ = wanted_functions(functions_, options_);
    if (wanted_.empty() && options_.function.empty())
      return fail(Errc::not_found, "the change touches no function that a test could call");
    if (wanted_.empty())
      return fail(Errc::not_found, "there is no function {} that a test could call",
                  options_.function);
    search_.emplace(toolchain_, options_, wanted_, deadline_);
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
    if (auto done = search(); !done) return std::unexpected(done.error());
    if (auto done = look_closely(search_->found()); !done) return std::unexpected(done.error());
    take_mutants();
    written_.emplace(toolchain_, options_, *search_, before_, mutants_);
    if (writer_ != nullptr) {
      if (auto done = ask_model(); !done) return std::unexpected(done.error());
    }
    if (options_.type == "unit") {
      if (auto done = choose(); !done) return std::unexpected(done.error());
      if (auto done = drop_idle_steps(); !done) return std::unexpected(done.error());
      if (writer_ != nullptr && report_.why_no_model.empty()) {
        if (auto done = ask_for_the_rest(); !done) return std::unexpected(done.error());
      }
    }
    if (auto done = verify(); !done) return std::unexpected(done.error());
    if (auto done = check_rest(); !done) return std::unexpected(done.error());
    report_.inputs_tried = search_->tried();
    settle();
    progress("done", 0, 0);
    report_.stage_seconds.erase("");
    if (writer_ != nullptr) {
      report_.model = writer_->counts();
      report_.cache_stats = writer_->stats();
      report_.engine = written_->kept().empty() ? "offline" : writer_->model_name() + "+offline";
    }
    report_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return std::move(report_);
  }

 private:
  // Told at the beginning of each stage, and within.
  void progress(const char* stage, std::size_t done, std::size_t total) {
    const auto now = Clock::now();
    report_.stage_seconds[stage_] += std::chrono::duration<double>(now - since_).count();
    stage_ = stage;
    since_ = now;
    if (on_progress_) on_progress_({.stage = stage, .done = done, .total = total});
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

  void reject(std::string name, std::size_t function, std::string reason) {
    report_.rejected.push_back({.name = std::move(name),
                                .function = functions_[function].qualified_name(),
                                .reason = std::move(reason)});
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
    constexpr const char* kBreaks = "tests of the project fail beside it";
    for (const std::size_t i : chosen_)
      reject(candidates_[i].name, candidates_[i].function(), kBreaks);
    written_->drop([&](const WrittenTests::Kept& one) {
      reject(one.test.name, one.function, kBreaks);
      return true;
    });
    chosen_.clear();
    report_.test_text.clear();
    return {};
  }

  Result<void> search() {
    return search_->run(
        {.on_round =
             [this](std::size_t round) { progress("searching", round, options_.rounds_max); },
         .on_broken_name =
             [this](std::size_t function, const std::string& message) {
               note_defect(function,
                           fmt::format("a call that its types allow ends with {}", message));
             }},
        stop_);
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
      if (seen.outcome == Observation::Outcome::value) {
        if (!seen.awaited && seen.form == "value" && !toolchain_.fits(function.result, seen.kind))
          note_defect(
              inputs[i].function(),
              fmt::format("its annotation says another type than {}, which it gives", seen.kind));
        if (!seen.stable) {
          reject(fmt::format("input {}", i + 1), inputs[i].function(),
                 "gives another answer the second time");
          continue;
        }
      } else if (seen.outcome != Observation::Outcome::error || seen.raised_line == 0 ||
                 !seen.stable || (!seen.began && inputs[i].steps.size() > 1)) {
        // An error that the file does not raise itself says nothing that it promises; one of an earlier step is that step's.
        continue;
      }
      if (!search_->reached_something(inputs[i]) &&
          ++answers[{inputs[i].function(), seen.told}] > search_->spare_max() / kSameAnswersShare)
        continue;
      candidates_.push_back(
          {.name = {}, .input = std::move(inputs[i]), .expected = std::move(seen)});
    }
    return {};
  }

  void take_mutants() {
    std::vector<Mutant> of_wanted;
    for (const Mutant& mutant : all_mutants_) {
      if (std::ranges::binary_search(wanted_, mutant.function)) of_wanted.push_back(mutant);
    }
    mutants_ = MutantScores(std::move(of_wanted));
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

  // A model's tests, of each function.
  Result<void> ask_model() {
    std::vector<WrittenTests::Question> questions;
    for (const std::size_t function : wanted_) {
      if (functions_[function].uncallable.empty())
        questions.push_back({.function = function, .missing = {}});
    }
    return ask_model(questions);
  }
  Result<void> ask_model(std::span<const WrittenTests::Question> questions) {
    return written_->ask(
        *writer_, questions, tests_max_ - std::min(tests_max_, chosen_.size()),
        [this] { progress("asking the model", written_->kept().size(), 0); }, report_, stop_);
  }

  // Once more, for what none of all tests reaches or notices.
  Result<void> ask_for_the_rest() {
    Arcs reached = before_;
    reached.merge(search_->goals_among(search_->loaded()));
    reached.insert(written_->reached().begin(), written_->reached().end());
    for (const std::size_t i : chosen_)
      reached.merge(search_->goals_among(candidates_[i].expected.arcs));
    std::vector<WrittenTests::Question> questions;
    for (const std::size_t function : wanted_) {
      if (!functions_[function].uncallable.empty()) continue;
      std::vector<std::string> missing = missing_of(function, reached);
      if (!missing.empty())
        questions.push_back({.function = function, .missing = std::move(missing)});
    }
    return ask_model(questions);
  }

  // In words, with the source's lines: a model sees no numbers.
  std::vector<std::string> missing_of(std::size_t function, const Arcs& reached) const {
    std::vector<std::string> out;
    for (const std::int64_t line : search_->goals().lines) {
      if (out.size() == kMissingMax) break;
      if (is_within(line, functions_[function]) && !reached.contains({line, line}))
        out.push_back(
            fmt::format("`{}` does not run", writer_->line(static_cast<std::size_t>(line))));
    }
    const std::size_t lines = out.size();
    for (const std::size_t i : mutants_.unnoticed()) {
      if (out.size() == lines + kMissingMax) break;
      const auto line = static_cast<std::int64_t>(mutants_[i].line);
      const bool runs = !search_->goals().lines.contains(line) || reached.contains({line, line});
      if (mutants_[i].function == function && runs)
        out.push_back(
            fmt::format("in `{}`, {}", writer_->line(mutants_[i].line), mutants_[i].what));
    }
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
    mutants_.forget_candidates();
    choose_by_coverage();
    return choose_by_mutants();
  }

  void choose_by_coverage() {
    std::vector<Arcs> gains;
    gains.reserve(candidates_.size());
    for (const TestCase& one : candidates_)
      gains.push_back(search_->goals_among(one.expected.arcs));
    Arcs before = before_;
    before.insert(written_->reached().begin(), written_->reached().end());
    chosen_ = qa::choose_by_coverage(candidates_, gains, before, room());
  }
  // For more tests.
  [[nodiscard]] std::size_t room() const {
    const std::size_t have = chosen_.size() + written_->kept().size();
    return have < tests_max_ ? tests_max_ - have : 0;
  }

  std::vector<TestCase> cases_of(const std::vector<std::size_t>& candidates) const {
    std::vector<TestCase> out;
    out.reserve(candidates.size());
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
      reject(fmt::format("candidate {}", i + 1), candidates_[i].function(),
             "gives another answer where seeds of hashes, time zone or language differ");
    }
    candidates_ = std::move(kept);
    return {};
  }

  // The mutants that the chosen ones leave: each candidate that notices one of these, then inputs that are made for them.
  Result<void> choose_by_mutants() {
    if (auto done = run_mutants(chosen_, false); !done) return done;
    std::size_t first = 0;
    for (std::size_t round = 0; round <= options_.mutant_rounds; ++round) {
      if (room() == 0) return {};
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
    for (const std::size_t k : mutants_.unnoticed()) {
      const auto line = static_cast<std::int64_t>(mutants_[k].line);
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
        made.push_back(search_->maker().varied(candidates_[parents[i % parents.size()]].input,
                                               candidates_[parents[i * 7 % parents.size()]].input));
    }
    std::erase_if(made, [&](const Input& input) {
      return std::ranges::any_of(candidates_,
                                 [&](const TestCase& known) { return known.input == input; });
    });
    auto quick = search_->run_varied(std::move(made), stop_);
    if (!quick) return std::unexpected(quick.error());
    return look_closely(*std::move(quick));
  }

  Result<void> run_mutants(const std::vector<std::size_t>& in_play, bool choose) {
    const std::vector<TestCase> cases = cases_of(in_play);
    const std::vector<std::size_t> numbers = mutants_.unnoticed();
    if (cases.empty() || numbers.empty()) return {};
    std::vector<const Arcs*> reached;
    reached.reserve(cases.size());
    for (const TestCase& one : cases) reached.push_back(&one.expected.arcs);
    std::vector<Mutant> alive;
    std::vector<std::vector<std::size_t>> by_mutant;
    for (const std::size_t i : numbers) {
      alive.push_back(mutants_[i]);
      by_mutant.push_back(tests_that_reach(mutants_[i], functions_[mutants_[i].function],
                                           search_->goals(), search_->loaded(), reached));
    }
    progress("mutants", mutants_.count() - alive.size(), mutants_.count());
    auto kills = toolchain_.kill(alive, by_mutant, cases, stop_);
    if (!kills) return std::unexpected(kills.error());
    for (std::size_t k = 0; k < alive.size(); ++k) {
      if (kills->invalid[k]) mutants_.note_invalid(numbers[k]);
      if (!kills->killer[k]) continue;
      const std::size_t candidate = in_play[*kills->killer[k]];
      if (choose && std::ranges::find(chosen_, candidate) == chosen_.end()) {
        if (room() == 0) continue;
        chosen_.push_back(candidate);
      }
      mutants_.note_killed(numbers[k], {.by_model = false, .index = candidate});
    }
    return {};
  }

  // Of the chosen ones, where the mutants that they noticed are noticed without, too.
  Result<void> drop_idle_steps() {
    const bool any = std::ranges::any_of(
        chosen_, [&](std::size_t i) { return candidates_[i].input.steps.size() > 1; });
    if (!any) return {};
    progress("shortening", 0, chosen_.size());
    const auto end = std::max(deadline_, Clock::now() + options_.time_max / kMoreTimeShare);
    const auto goals_among = [&](const Arcs& arcs) {
      Arcs out = search_->goals_among(arcs);
      std::erase_if(out, [&](const Arc& goal) { return before_.contains(goal); });
      return out;
    };
    auto shorter = without_idle_steps(
        cases_of(chosen_), goals_among,
        [&](std::span<const Input> inputs) -> Result<std::vector<Observation>> {
          // Out of time nothing says the same, and all stay as they are.
          if (Clock::now() > end) return std::vector<Observation>(inputs.size());
          return toolchain_.observe(inputs, stop_);
        },
        [&](std::span<const TestCase> tests) { return still_notice(tests); });
    if (!shorter) return std::unexpected(shorter.error());
    for (std::size_t i = 0; i < chosen_.size(); ++i)
      candidates_[chosen_[i]] = std::move((*shorter)[i]);
    return {};
  }

  // Of what stands in the place of the chosen ones, which notice the mutants that those noticed first.
  Result<std::vector<bool>> still_notice(std::span<const TestCase> tests) {
    std::vector<Mutant> noticed;
    std::vector<std::vector<std::size_t>> by_mutant;
    for (std::size_t k = 0; k < mutants_.count(); ++k) {
      for (std::size_t i = 0; i < tests.size(); ++i) {
        if (mutants_.killer(k) != TestPlace{.by_model = false, .index = chosen_[i]} ||
            tests[i].input == candidates_[chosen_[i]].input)
          continue;
        noticed.push_back(mutants_[k]);
        by_mutant.push_back({i});
      }
    }
    std::vector<bool> out(tests.size(), true);
    if (noticed.empty()) return out;
    auto kills = toolchain_.kill(noticed, by_mutant, tests, stop_);
    if (!kills) return std::unexpected(kills.error());
    for (std::size_t k = 0; k < noticed.size(); ++k) {
      if (!kills->killer[k]) out[by_mutant[k].front()] = false;
    }
    return out;
  }

  Result<void> verify() {
    Verification verification(toolchain_, options_, candidates_, chosen_, *written_, report_);
    return verification.run(
        [this] { progress("verifying", 0, chosen_.size() + written_->kept().size()); }, stop_);
  }

  // The figures, of what was kept.
  void settle() {
    Arcs reached = before_;
    for (const std::int64_t line : lines_of(search_->loaded())) reached.emplace(line, line);
    const auto keep = [&](const std::string& name, std::size_t function, const Arcs& arcs,
                          const TestPlace& place) {
      KeptTest kept{.name = name,
                    .by_model = place.by_model,
                    .function = functions_[function].qualified_name(),
                    .killed = mutants_.killed_by(place)};
      for (const Arc& gain : search_->goals_among(arcs)) {
        if (!reached.insert(gain).second) continue;
        ++(gain.first == gain.second ? kept.new_lines : kept.new_branches);
      }
      report_.tests.push_back(std::move(kept));
    };
    for (std::size_t i = 0; i < written_->kept().size(); ++i) {
      const WrittenTests::Kept& one = written_->kept()[i];
      keep(one.test.name, one.function, one.arcs, {.by_model = true, .index = i});
    }
    for (const std::size_t i : chosen_)
      keep(candidates_[i].name, candidates_[i].function(), candidates_[i].expected.arcs,
           {.by_model = false, .index = i});
    for (const std::int64_t line : search_->goals().lines) {
      if (!search_->is_wanted(line)) continue;
      ++report_.before.lines;
      report_.before.lines_reached += before_.contains({line, line}) ? 1 : 0;
      ++report_.after.lines;
      report_.after.lines_reached += reached.contains({line, line}) ? 1 : 0;
    }
    for (const Arc& branch : search_->goals().branches) {
      if (!search_->is_wanted(branch.first)) continue;
      ++report_.before.branches;
      report_.before.branches_reached += before_.contains(branch) ? 1 : 0;
      ++report_.after.branches;
      report_.after.branches_reached += reached.contains(branch) ? 1 : 0;
    }
    settle_mutants();
    settle_untested();
  }

  void settle_mutants() {
    for (std::size_t i = 0; i < mutants_.count(); ++i) {
      if (mutants_.is_invalid(i)) continue;
      ++report_.mutants;
      const auto& killer = mutants_.killer(i);
      // A candidate that noticed it may have been given up.
      const bool killed = killer && (killer->by_model ||
                                     std::ranges::find(chosen_, killer->index) != chosen_.end());
      report_.mutants_killed += killed ? 1 : 0;
      if (!killed)
        report_.survivors.push_back(fmt::format("line {}: {}", mutants_[i].line, mutants_[i].what));
    }
  }

  void settle_untested() {
    for (const std::size_t function : wanted_) {
      const Function& of = functions_[function];
      if (!of.uncallable.empty() && !has_goals(search_->goals(), of)) continue;
      const bool tested =
          runs_at_loading(search_->loaded(), of) ||
          std::ranges::any_of(
              chosen_, [&](std::size_t i) { return reaches(candidates_[i].expected.arcs, of); }) ||
          std::ranges::any_of(written_->kept(),
                              [&](const WrittenTests::Kept& one) { return reaches(one.arcs, of); });
      if (!tested)
        report_.untested.push_back(of.qualified_name() + ": " +
                                   (of.uncallable.empty()
                                        ? "no input gave an answer that a test can hold"
                                        : of.uncallable));
    }
  }

  Toolchain& toolchain_;
  const std::vector<Function>& functions_;
  const std::vector<Mutant>& all_mutants_;
  TestWriter* writer_;
  const TestAgentOptions& options_;
  std::size_t tests_max_ = 0;
  const std::function<void(const TestProgress&)>& on_progress_;
  std::stop_token stop_;
  Clock::time_point deadline_;
  std::string stage_;  // The one under way, since then.
  Clock::time_point since_;
  std::vector<std::size_t> wanted_;  // Functions, in order.
  std::optional<InputSearch> search_;
  Arcs before_;  // Lines, as arcs to themselves, and arcs that the project's tests reach.
  std::set<std::string> passed_before_;  // Tests of the project.
  std::vector<TestCase> candidates_;
  std::vector<std::size_t> chosen_;  // Of the candidates.
  MutantScores mutants_;             // Of what is wanted.
  std::optional<WrittenTests> written_;
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
