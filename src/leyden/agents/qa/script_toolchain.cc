#include "leyden/agents/qa/script_toolchain.h"

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include "leyden/agents/qa/helpers.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/remaining_inputs.h"
#include "leyden/agents/qa/test_choice.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr double kQuickMs = 8;
constexpr std::size_t kJudgedRuns = 4;  // Behind the first.
constexpr auto kJudgedRunTime = 10s;
constexpr auto kProgramRunTime = 60s;  // Of a test that starts whole programs.
// A browser has some ten processes of some ten threads.
constexpr std::size_t kProgramMemory = 4 * GiB;
constexpr std::size_t kProgramThreads = 1024;
constexpr auto kProjectTestsTime = 120s;      // Of all of the project's tests.
constexpr std::size_t kProjectTestsMax = 50;  // Files.
constexpr std::string_view kMutantRun = "mutant ";

// What one run says of the test with this name.
struct Outcome {
  std::string outcome = "was not run";
  std::string why;
};
Outcome outcome_of(const nlohmann::json& line, const std::string& name) {
  Outcome out;
  if (line.contains("broken")) {
    out.why = line["broken"].get<std::string>();
    return out;
  }
  for (const auto& told : line["outcomes"]) {
    if (told.at(0) == name)
      out = {.outcome = told.at(1).get<std::string>(), .why = told.at(2).get<std::string>()};
  }
  if (const auto errors = line.find("errors"); errors != line.end() && !errors->empty())
    out.why = errors->at(0).get<std::string>();
  return out;
}

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

Result<TestRuns> ScriptToolchain::run_project(const std::string& text, std::stop_token stop) {
  if (project_tests_.empty()) return TestRuns{};
  const TestJob job{
      .file = {}, .text = text, .measure = true, .mutants = {}, .run_time = kProjectTestsTime};
  auto lines = text.empty() ? run_job(job, stop) : run_in_place(test_path_, text, job, stop);
  if (!lines) return std::unexpected(lines.error());
  return runs_of(*lines);
}

Result<Judgement> ScriptToolchain::judge(const SourceTest& test, std::stop_token stop) {
  const std::string text = test_file({}, std::span(&test, 1));
  auto lines = run_in_place(test_path_, text,
                            {.file = test_path_,
                             .text = text,
                             .shuffled = kJudgedRuns,
                             .first_decides = true,
                             .measure = true,
                             .mutants = {},
                             .run_time = judged_run_time()},
                            stop);
  if (!lines) return std::unexpected(lines.error());
  return judgement_of(*lines, test.name);
}

Result<std::optional<Toolchain::Kills>> ScriptToolchain::kill_by_tests(
    std::span<const Mutant> mutants, const std::vector<std::vector<std::size_t>>& by_mutant,
    std::span<const SourceTest> tests, std::stop_token stop) {
  const std::string text = test_file({}, tests);
  auto lines = run_in_place(test_path_, text,
                            {.file = test_path_,
                             .text = text,
                             .first_decides = true,
                             .mutants = mutants,
                             .run_time = judged_run_time()},
                            stop);
  if (!lines) return std::unexpected(lines.error());
  Kills out{.killer = std::vector<std::optional<std::size_t>>(mutants.size()),
            .invalid = std::vector<bool>(mutants.size())};
  bool pass = false;
  for (const Json& line : *lines) {
    if (!line.contains("run")) continue;
    const auto passes = [&](std::size_t test) {
      return outcome_of(line, tests[test].name).outcome == "passed";
    };
    const std::string run = line["run"].get<std::string>();
    if (run.starts_with(kMutantRun)) {
      const std::size_t mutant = std::stoul(run.substr(kMutantRun.size()));
      const auto killer = std::ranges::find_if_not(by_mutant[mutant], passes);
      if (killer != by_mutant[mutant].end()) out.killer[mutant] = *killer;
    } else {
      pass = true;
      for (std::size_t test = 0; test < tests.size(); ++test) pass = pass && passes(test);
    }
  }
  if (!pass) return std::nullopt;
  return out;
}

std::chrono::milliseconds ScriptToolchain::judged_run_time() const {
  return starts_programs_ ? kProgramRunTime : kJudgedRunTime;
}

Result<TestRuns> ScriptToolchain::run_tests(const fs::path& path, const std::string& text,
                                            const TestRunOptions& options, std::stop_token stop) {
  for (const auto& [name, data] : options.data) {
    if (auto put = write_readable(copy_->path() / path.parent_path() / name, data); !put)
      return std::unexpected(put.error());
  }
  auto lines = run_in_place(path, text,
                            {.file = path,
                             .text = text,
                             .shuffled = options.shuffled,
                             .alone = options.alone,
                             .seed = options.seed,
                             .measure = options.measure,
                             .mutants = {},
                             .run_time = options.run_time},
                            stop);
  std::error_code ignored;
  for (const auto& [name, data] : options.data)
    fs::remove(copy_->path() / path.parent_path() / name, ignored);
  if (!lines) return std::unexpected(lines.error());
  return runs_of(*lines);
}

Result<std::vector<nlohmann::json>> ScriptToolchain::run_in_place(const fs::path& path,
                                                                  const std::string& text,
                                                                  const TestJob& job,
                                                                  const std::stop_token& stop) {
  if (auto put = write_readable(copy_->path() / path, text); !put)
    return std::unexpected(put.error());
  auto out = run_job(job, stop);
  std::error_code ignored;
  fs::remove(copy_->path() / path, ignored);
  return out;
}

// What runs of one test came to: the first, and more of them.
Judgement ScriptToolchain::judgement_of(const std::vector<Json>& lines,
                                        const std::string& name) const {
  Judgement out;
  std::size_t passed = 0;
  for (const Json& line : lines) {
    if (line.contains("failed")) out.reason = line["failed"].get<std::string>();
    if (!line.contains("run")) continue;
    const Outcome told = outcome_of(line, name);
    if (told.outcome == "passed") {
      ++passed;
    } else if (out.reason.empty()) {
      out.reason = passed == 0 ? fmt::format("{}: {}", told.outcome, told.why)
                               : fmt::format("passed {} times, then {}", passed, told.outcome);
    }
    if (line.contains("reached")) out.arcs = arcs_of(line["reached"]);
  }
  out.good = passed == kJudgedRuns + 1;
  if (!out.good && out.reason.empty()) out.reason = drivers_->last_trouble();
  return out;
}

Result<TestRuns> ScriptToolchain::runs_of(const std::vector<Json>& lines) const {
  TestRuns out;
  for (const Json& line : lines) {
    if (line.contains("failed"))
      return fail(Errc::unsupported, "{}", line["failed"].get<std::string>());
    if (!line.contains("run")) continue;
    if (line.contains("broken")) {
      ++out.broken_runs;
      if (out.trouble.empty()) out.trouble = line["broken"].get<std::string>();
    }
    for (const Json& one : line.value("errors", Json::array())) {
      if (out.trouble.empty()) out.trouble = one.get<std::string>();
    }
    if (line.contains("reached")) out.reached.merge(arcs_of(line["reached"]));
    for (const Json& outcome : line.value("outcomes", Json::array())) {
      TestRuns::Test& test = out.tests[outcome.at(0).get<std::string>()];
      ++test.runs;
      if (outcome.at(1) == "passed") {
        ++test.passed;
      } else if (test.failure.empty()) {
        test.failure = outcome.at(2).get<std::string>();
      }
    }
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

nlohmann::json ScriptToolchain::request_of(const TestJob& job) const {
  const auto inside = [](const fs::path& file) { return (fs::path(kProject) / file).string(); };
  Json tests = Json::array();
  if (job.file.empty()) {
    for (const std::string& one : project_tests_) tests.push_back(inside(one));
    if (!job.text.empty()) tests.push_back(inside(test_path_));
  } else {
    tests.push_back(inside(job.file));
  }
  return {{"tests", std::move(tests)},
          {"with_class", job.file.empty()},  // Two files of a project may have tests of one name.
          {"shuffled", job.shuffled},
          {"alone", job.alone},
          {"first_decides", job.first_decides},
          {"seed", job.seed},
          {"limit_s", std::chrono::duration<double>(job.run_time).count()},
          {"measure", job.measure},
          {"file", inside_file_},
          {"mutants", json_of_mutants(job.mutants)}};
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

Result<void> ScriptToolchain::read_source(const fs::path& file) {
  std::error_code error;
  file_ = fs::canonical(file, error);
  if (error || !fs::is_regular_file(file_))
    return fail(Errc::not_found, "{} is no file", file.string());
  auto text = read_file(file_, kSourceBytesMax);
  if (!text) return std::unexpected(text.error());
  if (!utf8::is_valid(*text)) return fail(Errc::invalid_argument, "{} is not UTF-8", file.string());
  text_ = *std::move(text);
  root_ = project_root(file_);
  inside_file_ = std::string(kProject) + "/" + file_.lexically_relative(root_).string();
  return {};
}

Result<void> ScriptToolchain::take_functions(const syntax::Tree& tree,
                                             std::vector<Function> callable,
                                             std::string_view what_is_missing) {
  if (callable.empty() && tree.has_errors())
    return fail(Errc::invalid_argument, "{} has a syntax error: there is nothing to call",
                file_.string());
  if (callable.empty())
    return fail(Errc::invalid_argument, "{} {}", file_.string(), what_is_missing);
  functions_ = std::move(callable);
  add_helpers(tree, text_, functions_);
  return {};
}

Result<void> ScriptToolchain::copy_project(std::vector<std::string> leave_out,
                                           const std::stop_token& stop) {
  auto copy = qa::copy_project(root_, file_, std::move(leave_out), stop);
  if (!copy) return std::unexpected(copy.error());
  copy_ = *std::move(copy);
  auto drivers = DriverFolder::make();
  if (!drivers) return std::unexpected(drivers.error());
  drivers_ = *std::move(drivers);
  return {};
}

Result<void> ScriptToolchain::show_folder(const fs::path& relative) {
  std::error_code ignored;
  if (!fs::is_directory(root_ / relative, ignored)) return {};
  std::error_code error;
  fs::create_directories(copy_->path() / relative, error);
  if (error)
    return fail(Errc::unavailable, "can't write to {}: {}", copy_->path().string(),
                error.message());
  mounts_in_project_.push_back({.host = fs::canonical(root_ / relative, ignored),
                                .inside = (fs::path(kProject) / relative).string()});
  return {};
}

void ScriptToolchain::mount_interpreter(const fs::path& interpreter) {
  if (!interpreter.is_absolute()) return;
  // Its own folder, and that of the one that it links to.
  std::error_code ignored;
  for (const fs::path& program : {interpreter, fs::canonical(interpreter, ignored)}) {
    const fs::path folder = program.parent_path().parent_path();
    if (folder.empty() || folder == "/" || folder == "/usr" || folder == "/usr/local") continue;
    if (mounts_.empty() || mounts_.back().host != folder)
      mounts_.push_back({.host = folder, .inside = folder.string()});
  }
}

Result<std::string> ScriptToolchain::output_of(std::vector<std::string> argv,
                                               const std::stop_token& stop) const {
  auto ran = sandbox_.run(command_for(std::move(argv)), limits(20s), stop);
  if (!ran) return std::unexpected(ran.error());
  std::string out = ran->output.text;
  if (!ran->succeeded())
    return fail(Errc::unsupported, "{}",
                utf8::one_line(out + ran->error_output.text).substr(0, 200));
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

std::vector<std::string> ScriptToolchain::files_in_copy(
    const std::function<bool(const fs::path&)>& is_test) const {
  std::vector<std::string> out;
  std::error_code ignored;
  const fs::path tested = file_.lexically_relative(root_);
  for (fs::recursive_directory_iterator entry(copy_->path(), ignored), end; entry != end;
       entry.increment(ignored)) {
    if (!entry->is_regular_file(ignored) || entry->is_symlink(ignored)) continue;
    const fs::path relative = entry->path().lexically_relative(copy_->path());
    if (relative != tested && is_test(entry->path())) out.push_back(relative.string());
  }
  std::ranges::sort(out);
  if (out.size() > kProjectTestsMax) out.resize(kProjectTestsMax);
  return out;
}

sandbox::SandboxCommand ScriptToolchain::command_for(std::vector<std::string> argv) const {
  sandbox::SandboxCommand out;
  out.argv = std::move(argv);
  out.environment = environment();
  out.mounts = mounts_;
  drivers_->mount_into(out);
  out.mounts.push_back({.host = copy_->path(), .inside = kProject});
  out.mounts.insert(out.mounts.end(), mounts_in_project_.begin(), mounts_in_project_.end());
  out.working_directory = kProject;
  // Debian's Chromium reads its flags there, and any browser the fonts' places.
  std::error_code ignored;
  for (const char* settings : {"/etc/chromium.d", "/etc/fonts"}) {
    if (starts_programs_ && fs::is_directory(settings, ignored))
      out.mounts.push_back({.host = settings, .inside = settings});
  }
  return out;
}

sandbox::SandboxLimits ScriptToolchain::limits(std::chrono::milliseconds wall_time) const {
  sandbox::SandboxLimits out;
  out.wall_time = out.cpu_time = wall_time;
  out.memory_bytes = GiB;
  return with_room(out);
}

sandbox::SandboxLimits ScriptToolchain::with_room(sandbox::SandboxLimits limits) const {
  if (!starts_programs_) return limits;
  limits.memory_bytes = std::max(limits.memory_bytes, kProgramMemory);
  limits.process_count = std::max(limits.process_count, kProgramThreads);
  limits.open_files = 4096;
  limits.tmpfs_bytes = 512 * MiB;
  limits.cpu_time = limits.wall_time * 4;
  return limits;
}

Result<std::vector<nlohmann::json>> ScriptToolchain::run(std::vector<std::string> argv,
                                                         const Json& request,
                                                         std::chrono::milliseconds wall_time,
                                                         const std::stop_token& stop) {
  return drivers_->run(sandbox_, command_for(std::move(argv)), limits(wall_time), request, stop);
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
