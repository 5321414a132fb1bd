#include "leyden/agents/qa/written_tests.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kMutantsForEachTest = 20;  // That an answer's tests are run against,
constexpr std::size_t kMutantsMax = 100;         // for all of them together.
constexpr std::size_t kShownBytesMax = 600;      // Of an answer that is sent back, of a reason.

RejectedTest rejected(std::string name, const Function& function, std::string reason) {
  return {
      .name = std::move(name), .function = function.qualified_name(), .reason = std::move(reason)};
}

// What a piece of a test file defines, in any language: the last word before what opens its value, body or parameters. Empty: that can't be told.
std::string name_of(std::string_view piece) {
  while (piece.starts_with('@') || piece.starts_with('#') || piece.starts_with('/')) {
    const std::size_t end = piece.find('\n');  // A decorator, an attribute, a comment.
    if (end == std::string_view::npos) return {};
    piece = trimmed(piece.substr(end));
  }
  std::string_view head = piece.substr(0, piece.find_first_of("(=:{[;<\n"));
  for (const std::string_view behind : {" extends ", " implements "})
    head = head.substr(0, head.find(behind));
  head = trimmed(head);
  const std::string_view name = head.substr(head.find_last_of(" \t*&$") + 1);
  static const std::set<std::string_view> kKeywords = {"func", "function", "const",   "let",
                                                       "var",  "def",      "template"};
  return kKeywords.contains(name) ? "" : std::string(name);
}

}  // namespace

Result<void> WrittenTests::ask(TestWriter& writer, std::span<const Question> questions,
                               std::size_t tests_max, const std::function<void()>& on_question,
                               TestReport& report, const std::stop_token& stop) {
  tests_max_ = tests_max;
  for (const Question& question : questions) {
    const Function& function = functions_[question.function];
    std::string task = first_task(function, words(), question.missing);
    for (std::size_t attempt = 0; attempt <= options_.repairs_max && !task.empty(); ++attempt) {
      if (kept_.size() >= tests_max_) return {};
      on_question();
      auto answer = writer.ask(task, stop);
      if (!answer && answer.error().code == Errc::cancelled) return std::unexpected(answer.error());
      if (!answer || !*answer) {
        report.why_no_model = answer ? "the budget for the model is spent" : answer.error().message;
        return {};
      }
      auto next = take_answer(question.function, **answer, report, stop);
      if (!next) return std::unexpected(next.error());
      task = *std::move(next);
    }
  }
  return {};
}

void WrittenTests::drop(const std::function<bool(const Kept&)>& bad) {
  for (std::size_t i = kept_.size(); i-- > 0;) {
    if (!bad(kept_[i])) continue;
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
    mutants_.forget_of_model(i);
  }
}

ModelWords WrittenTests::words() const {
  ModelWords out = toolchain_.words();
  if (options_.type != "unit") out.type = options_.type;
  return out;
}

// Keeps what is good of an answer; the next task, if some of it is to be repaired.
Result<std::string> WrittenTests::take_answer(std::size_t function, const std::string& answer,
                                              TestReport& report, const std::stop_token& stop) {
  const Function& of = functions_[function];
  auto tests = toolchain_.read_tests(answer);
  if (!tests) {
    report.rejected.push_back(rejected("answer of the model", of, tests.error().message));
    return repair_task(of, words(), answer.substr(0, kShownBytesMax), tests.error().message);
  }
  rename_helpers_apart(*tests);
  std::vector<Kept> good;
  auto next = judge_each(function, *std::move(tests), good, report, stop);
  if (!next) return next;
  auto done = keep_useful(good, report, stop);
  if (!done) return std::unexpected(done.error());
  for (std::size_t i = 0; !*done && i < good.size(); ++i) {  // They are in each other's way.
    if (auto alone = keep_useful(std::span(&good[i], 1), report, stop); !alone)
      return std::unexpected(alone.error());
  }
  return next;
}

// Those that pass, under names of their own; the task that mends the last one that does not.
Result<std::string> WrittenTests::judge_each(std::size_t function, std::vector<SourceTest> tests,
                                             std::vector<Kept>& good, TestReport& report,
                                             const std::stop_token& stop) {
  const Function& of = functions_[function];
  std::string next;
  for (SourceTest& test : tests) {
    rename_apart(test);
    auto judged = toolchain_.judge(test, stop);
    if (!judged) return std::unexpected(judged.error());
    if (!judged->good) {
      report.rejected.push_back(rejected(
          test.name, of, "does not pass: " + utf8::short_line(judged->reason, kShownBytesMax)));
      next = repair_task(of, words(), test.text, judged->reason);
      continue;
    }
    names_.insert(test.name);
    good.push_back(
        {.test = std::move(test), .function = function, .arcs = std::move(judged->arcs)});
  }
  return next;
}

// Of some that each pass, all of one function, those that reach or notice something new; false: together they do not pass, and nothing was kept.
Result<bool> WrittenTests::keep_useful(std::span<Kept> tests, TestReport& report,
                                       const std::stop_token& stop) {
  auto noticed = noticed_by(tests, stop);
  if (!noticed) return std::unexpected(noticed.error());
  if (!*noticed && tests.size() > 1) return false;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const std::vector<std::size_t> kills = *noticed ? (**noticed)[i] : std::vector<std::size_t>();
    const Arcs gains = search_.goals_among(tests[i].arcs);
    const bool reaches_more = std::ranges::any_of(
        gains, [&](const Arc& arc) { return !before_.contains(arc) && !reached_.contains(arc); });
    const bool is_useful = reaches_more || !kills.empty();
    if (!is_useful || kept_.size() >= tests_max_) {
      names_.erase(tests[i].test.name);
      report.rejected.push_back(
          rejected(tests[i].test.name, functions_[tests[i].function],
                   is_useful ? "passes, but there are as many tests as were asked for"
                             : "passes, but reaches and notices nothing new"));
      continue;
    }
    for (const std::size_t mutant : kills)
      mutants_.note_killed(mutant, {.by_model = true, .index = kept_.size()});
    reached_.insert(gains.begin(), gains.end());
    for (const std::string& piece : tests[i].test.support) helpers_.emplace(name_of(piece), piece);
    kept_.push_back(std::move(tests[i]));
  }
  return true;
}

// Of each test the mutants that it is the first to notice; nothing: together they do not pass.
Result<std::optional<std::vector<std::vector<std::size_t>>>> WrittenTests::noticed_by(
    std::span<const Kept> tests, const std::stop_token& stop) {
  std::vector<std::vector<std::size_t>> out(tests.size());
  std::vector<const Arcs*> reached;
  std::vector<SourceTest> together;
  for (const Kept& one : tests) {
    reached.push_back(&one.arcs);
    together.push_back(one.test);
  }
  std::vector<std::size_t> numbers;
  std::vector<Mutant> mutants;
  std::vector<std::vector<std::size_t>> by_mutant;
  const std::size_t count_max = std::min(kMutantsMax, kMutantsForEachTest * tests.size());
  for (const std::size_t i :
       tests.empty() ? std::vector<std::size_t>() : mutants_near(tests.front().function)) {
    if (numbers.size() == count_max) break;
    by_mutant.push_back(tests_that_reach(mutants_[i], functions_[mutants_[i].function],
                                         search_.goals(), search_.loaded(), reached));
    for (std::size_t test = 0; test < tests.size(); ++test) {
      if (tests[test].arcs.empty()) by_mutant.back().push_back(test);  // It runs elsewhere.
    }
    if (by_mutant.back().empty()) {
      by_mutant.pop_back();
      continue;
    }
    numbers.push_back(i);
    mutants.push_back(mutants_[i]);
  }
  if (mutants.empty()) return out;
  auto kills = toolchain_.kill_by_tests(mutants, by_mutant, together, stop);
  if (!kills) return std::unexpected(kills.error());
  if (!*kills) return std::nullopt;
  for (std::size_t k = 0; k < mutants.size(); ++k) {
    if ((*kills)->invalid[k]) mutants_.note_invalid(numbers[k]);
    if (const auto& killer = (*kills)->killer[k]) out[*killer].push_back(numbers[k]);
  }
  return out;
}

// Those that nothing noticed: the function's own first, then its helpers', then what else its tests may reach.
std::vector<std::size_t> WrittenTests::mutants_near(std::size_t function) const {
  std::vector<std::size_t> out = mutants_.unnoticed();
  std::ranges::sort(out, {}, [&](std::size_t i) {
    const std::size_t of = mutants_[i].function;
    return std::pair(of == function ? 0 : functions_[of].uncallable.empty() ? 2 : 1, i);
  });
  return out;
}

// Two tests of one name: the second would hide the first.
void WrittenTests::rename_apart(SourceTest& test) const {
  std::string name = test.name;
  for (std::size_t i = 2; names_.contains(name); ++i) name = fmt::format("{}_{}", test.name, i);
  if (name != test.name) toolchain_.rename(test, name);
}

// What is defined otherwise for another test that is kept gets a name of its own, wherever this answer says it.
void WrittenTests::rename_helpers_apart(std::vector<SourceTest>& tests) const {
  if (tests.empty()) return;
  for (const std::string& piece : std::vector<std::string>(tests.front().support)) {
    const std::string name = name_of(piece);
    const auto known = helpers_.find(name);
    if (name.empty() || known == helpers_.end() || known->second == piece) continue;
    std::string other = name;
    for (std::size_t i = 2; helpers_.contains(other); ++i) other = fmt::format("{}_{}", name, i);
    for (SourceTest& test : tests) {
      test.name = with_word_replaced(test.name, name, other);
      test.text = with_word_replaced(test.text, name, other);
      for (std::string& each : test.support) each = with_word_replaced(each, name, other);
    }
  }
}

}  // namespace leyden::qa
