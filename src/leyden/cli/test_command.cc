#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "leyden/agents/qa/javascript/javascript_toolchain.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/python/python_toolchain.h"
#include "leyden/agents/qa/reports/report.h"
#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/review/diff/changes.h"
#include "leyden/agents/review/review.h"
#include "leyden/base/files.h"
#include "leyden/cli/agent_model.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/terminal.h"
#include "leyden/cli/text_inputs.h"
#include "leyden/syntax/language.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSourceBytesMax = 2 * MiB;

struct Flags {
  std::vector<std::string> targets;
  std::string diff;
  std::string base;
  bool staged = false;
  std::string type = "unit";
  bool write = false;
  bool patch = false;
  bool as_json = false;
  bool as_junit = false;
  bool offline = false;
  ModelChoice model;
  std::size_t max_answer_tokens = 512;
  std::uint64_t max_tokens = 0;
  std::uint64_t max_calls = 0;
  bool no_token_cache = false;
  bool strict = false;
  bool unsafe_no_sandbox = false;
  std::size_t max_tests = 0;
  double max_time_s = 60;
  std::uint64_t seed = 1;
  std::string python;
  std::string node;
};

// "PATH" or "PATH:function", or a file of a folder or a change.
struct Target {
  fs::path file;
  std::string function;
  std::vector<qa::LineRange> lines;  // Functions that touch these; empty: all.
  bool named = true;                 // By the user: what can't be tested of it is an error.
};

Result<Target> target_of(const std::string& text) {
  std::error_code ignored;
  if (fs::exists(text, ignored)) return Target{.file = text, .function = {}, .lines = {}};
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos && fs::exists(text.substr(0, colon), ignored))
    return Target{.file = text.substr(0, colon), .function = text.substr(colon + 1), .lines = {}};
  return fail(Errc::not_found, "no such file: {}", text.substr(0, colon));
}

bool is_test(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with("test_") || name.find("_test.") != std::string::npos ||
         name.find(".test.") != std::string::npos || name == "conftest.py" ||
         std::ranges::any_of(file, [](const fs::path& part) {
           return part == "tests" || part == "test" || part == "__tests__";
         });
}

// Files below a folder, or of a change, that a test could be made of.
void add_inputs(const std::vector<review::ReviewInput>& inputs, std::vector<Target>& out) {
  for (const review::ReviewInput& input : inputs) {
    if (input.text || is_test(input.path)) continue;
    Target target{.file = input.file, .function = {}, .lines = {}, .named = false};
    for (const review::LineSpan& span : input.only.value_or(std::vector<review::LineSpan>()))
      target.lines.push_back({span.first, span.last});
    out.push_back(std::move(target));
  }
}

Result<std::vector<Target>> targets_of(const Flags& flags) {
  std::vector<Target> out;
  const int changes = int{!flags.diff.empty()} + int{!flags.base.empty()} + int{flags.staged};
  if (changes > 1)
    return fail(Errc::invalid_argument,
                "--diff, --base and --staged each name a change: give one of them");
  if (changes == 1) {
    if (!flags.targets.empty())
      return fail(Errc::invalid_argument, "a change and a path: give one of them");
    const fs::path here = fs::current_path();
    Result<review::Changes> changed;
    if (!flags.diff.empty()) {
      auto text = read_input(flags.diff);
      if (!text) return std::unexpected(text.error());
      const fs::path root = review::repository_root(here);
      changed = review::changes_of_diff(*text, root.empty() ? here : root);
    } else {
      changed =
          flags.staged ? review::staged_changes(here) : review::changes_since(here, flags.base);
    }
    if (!changed) return std::unexpected(changed.error());
    add_inputs(changed->inputs, out);
    return out;
  }
  if (flags.targets.empty())
    return fail(Errc::invalid_argument, "name a file, or a change by --base, --staged or --diff");
  for (const std::string& text : flags.targets) {
    auto target = target_of(text);
    if (!target) return std::unexpected(target.error());
    if (!fs::is_directory(target->file)) {
      out.push_back(*std::move(target));
      continue;
    }
    std::vector<review::SkippedInput> unread;
    auto found = review::find_inputs(target->file, fs::current_path(), unread);
    if (!found) return std::unexpected(found.error());
    add_inputs(*found, out);
  }
  return out;
}

Result<void> check(const Flags& flags) {
  static constexpr const char* kTypes[] = {"unit", "integration", "e2e", "performance", "security"};
  if (std::ranges::find(kTypes, flags.type) == std::end(kTypes))
    return fail(Errc::invalid_argument,
                "--type {} is not unit, integration, e2e, performance or security", flags.type);
  if (flags.type != "unit")
    return fail(Errc::unsupported, "--type {} is not built yet: unit tests are", flags.type);
  if (flags.write && flags.patch)
    return fail(Errc::invalid_argument, "--write and --patch: give one of them");
  if (flags.as_json && flags.as_junit)
    return fail(Errc::invalid_argument, "--json and --junit: give one of them");
  return {};
}

Result<std::unique_ptr<qa::Toolchain>> open_toolchain(const Flags& flags, const fs::path& file,
                                                      syntax::Language language,
                                                      const sandbox::Sandbox& sandbox,
                                                      const Context& context) {
  switch (language) {
    case syntax::Language::python:
      return qa::open_python(sandbox, file, {.interpreter = flags.python}, context.stop);
    case syntax::Language::javascript:
    case syntax::Language::typescript:
    case syntax::Language::tsx:
      return qa::open_javascript(sandbox, file, {.node = flags.node}, context.stop);
    default:
      return fail(Errc::unsupported,
                  "{} is {}: tests are made of Python, JavaScript and TypeScript so far",
                  file.string(), to_string(language));
  }
}

Result<qa::TestReport> test_file(const Flags& flags, const Target& target,
                                 const sandbox::Sandbox& sandbox, AgentModel* model,
                                 const Context& context) {
  auto text = read_file(target.file, kSourceBytesMax);
  if (!text) return std::unexpected(text.error());
  if (text->find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Errc::invalid_argument, "{} is empty: there is nothing to test",
                target.file.string());
  if (text->find('\0') != std::string::npos)
    return fail(Errc::invalid_argument, "{} is binary: there is nothing to test",
                target.file.string());
  const syntax::Language language = syntax::detect_language(target.file.string(), *text);
  auto toolchain = open_toolchain(flags, target.file, language, sandbox, context);
  if (!toolchain) return std::unexpected(toolchain.error());
  const qa::TestAgentOptions options{
      .function = target.function,
      .tests_max = flags.max_tests,
      .seed = flags.seed,
      .time_max = std::chrono::milliseconds(static_cast<std::int64_t>(flags.max_time_s * 1000))};
  auto mutants = (*toolchain)->mutants(options.mutants_per_function);
  if (!mutants) return std::unexpected(mutants.error());
  std::optional<qa::TestWriter> writer;
  std::string why_no_model;
  if (model != nullptr) {
    writer.emplace(model->session->rag(), *model->opened.server,
                   qa::TestWriterOptions{.type = flags.type,
                                         .max_answer_tokens = flags.max_answer_tokens,
                                         .max_tokens = flags.max_tokens,
                                         .max_calls = flags.max_calls,
                                         .tenant = context.settings.tenant,
                                         .ttl = context.settings.ttl_of("test", "test guidelines"),
                                         .sampling = {}});
    if (auto opened = writer->open(target.file.string(), *text, context.stop); !opened) {
      if (opened.error().code == Errc::cancelled) return std::unexpected(opened.error());
      why_no_model = opened.error().message;
      writer.reset();
    }
  }
  ProgressBar bar("testing " + target.file.filename().string());
  auto report = qa::make_tests(
      **toolchain, *mutants, writer ? &*writer : nullptr, options,
      [&](const qa::TestProgress& progress) {
        bar.update(progress.done, progress.total, progress.stage);
      },
      context.stop);
  if (!report) return report;
  if (!why_no_model.empty()) report->why_no_model = std::move(why_no_model);
  report->file = target.file.string();
  report->language = to_string(language);
  report->test_path = (*toolchain)->test_path().string();
  return report;
}

Result<void> write_tests(const Flags& flags, const std::vector<qa::TestReport>& reports) {
  for (const qa::TestReport& report : reports) {
    if (report.test_text.empty()) continue;
    if (flags.patch) {
      write_stdout(qa::new_file_patch(report.test_path, report.test_text));
      continue;
    }
    std::error_code error;
    const fs::path file = qa::project_root(fs::canonical(report.file, error)) / report.test_path;
    if (fs::exists(file, error))
      return fail(Errc::invalid_argument, "{} is there already: it is not overwritten",
                  file.string());
    fs::create_directories(file.parent_path(), error);
    if (auto written = write_file_atomically(file, report.test_text); !written) return written;
    print_warning("written: " + file.string());
  }
  return {};
}

void tell(const Flags& flags, const std::vector<qa::TestReport>& reports,
          const std::vector<qa::SkippedFile>& skipped) {
  if (flags.as_json) {
    write_stdout(qa::json_report(reports, skipped));
  } else if (flags.as_junit) {
    write_stdout(qa::junit_report(reports, skipped));
  } else if (!flags.patch) {
    for (const qa::TestReport& one : reports) {
      if (!flags.write) write_stdout(one.test_text + (one.test_text.empty() ? "" : "\n"));
    }
    write_stdout(qa::text_report(reports, skipped));
  }
}

int run_test(const Flags& flags, const Context& context) {
  if (auto good = check(flags); !good) return report(good.error());
  auto targets = targets_of(flags);
  if (!targets) return report(targets.error());
  auto sandbox = sandbox::Sandbox::open(
      {.isolation = flags.unsafe_no_sandbox ? sandbox::Isolation::none : sandbox::Isolation::full});
  if (!sandbox) return report(sandbox.error());
  std::string why_no_model;
  auto model = open_agent_model({.model = flags.model,
                                 .offline = flags.offline,
                                 .no_token_cache = flags.no_token_cache,
                                 .agent = "test",
                                 .system_prompt = qa::test_system_prompt()},
                                context, why_no_model);
  if (!model) return model.error();
  std::vector<qa::TestReport> reports;
  std::vector<qa::SkippedFile> skipped;
  for (const Target& target : *targets) {
    auto done = test_file(flags, target, **sandbox, model->get(), context);
    if (!done && (target.named || done.error().code == Errc::cancelled))
      return report(done.error());
    if (!done) {
      skipped.push_back({.file = target.file.string(), .reason = done.error().message});
      continue;
    }
    if (done->why_no_model.empty()) done->why_no_model = why_no_model;
    reports.push_back(*std::move(done));
  }
  if (flags.write || flags.patch) {
    if (auto written = write_tests(flags, reports); !written) return report(written.error());
  }
  tell(flags, reports, skipped);
  const bool any =
      std::ranges::any_of(reports, [](const qa::TestReport& one) { return !one.tests.empty(); });
  const bool complete = std::ranges::all_of(
      reports, [](const qa::TestReport& one) { return one.why_no_model.empty(); });
  if (any && flags.strict && !(complete && skipped.empty())) return kIncomplete;
  return any ? kDone : kFound;
}

}  // namespace

void add_test_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "test", "Make tests of a file's functions that run, pass and notice changes");
  command->add_option("PATH", flags->targets,
                      "A file, or FILE:function, or FILE:Class.method, or a folder");
  command->add_option("--diff", flags->diff,
                      "Of the functions that a diff changes: a file, or - for standard input");
  command->add_option("--base", flags->base,
                      "Of what has changed since HEAD and this commit or branch parted");
  command->add_flag("--staged", flags->staged, "Of what is staged for the next commit");
  command->add_option("--type", flags->type, "unit, integration, e2e, performance or security")
      ->capture_default_str();
  command->add_flag("--write", flags->write, "Put the tests where the project keeps its own");
  command->add_flag("--patch", flags->patch, "Print them as a patch for git apply");
  command
      ->add_option("--max-tests", flags->max_tests,
                   "Of each file [default: 20, and 5 for each function beyond the fourth]")
      ->check(CLI::Range(1, 1000));
  command->add_option("--max-time", flags->max_time_s, "Seconds for finding inputs, of each file")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0));
  command->add_option("--seed", flags->seed, "The same seed gives the same tests")
      ->capture_default_str();
  command->add_flag("--offline", flags->offline, "Without a model, though a server is set");
  command->add_option(
      "--model", flags->model.name,
      "Ask a model in this process, too: a name of `leyden model list` or a GGUF file");
  command
      ->add_option("--server", flags->model.servers,
                   "Ask a model server, too [default: LEYDEN_LLM_URL, if set]")
      ->excludes("--model");
  command->add_option("--tokenizer", flags->model.tokenizer,
                      "The server's model's own: a name or a file");
  command
      ->add_option("--max-answer-tokens", flags->max_answer_tokens,
                   "Stop each answer of the model there")
      ->capture_default_str();
  command->add_option(
      "--max-tokens", flags->max_tokens,
      "Ask the model nothing more once prompts and answers have taken so many; 0: no limit");
  command->add_option("--max-calls", flags->max_calls, "Questions to the model; 0: no limit");
  command->add_flag("--no-token-cache", flags->no_token_cache,
                    "Tokenize what the model is shown anew each time");
  command->add_flag("--strict", flags->strict,
                    "Exit with 3 when a file could not be tested or the model not be asked");
  command->add_flag("--json", flags->as_json, "The report as JSON");
  command->add_flag("--junit", flags->as_junit, "The report as JUnit's XML");
  command->add_option(
      "--python", flags->python,
      "The interpreter that has pytest [default: the project's .venv, else python3]");
  command->add_option("--node", flags->node,
                      "Node 18 or newer, for JavaScript [default: the system's]");
  command->add_flag("--unsafe-no-sandbox", flags->unsafe_no_sandbox,
                    "Run the code with all rights of yours, where no sandbox can be had");
  command->footer(
      "leyden test src/parser.py --write\nleyden test src/parser.py:parse_line --patch | git "
      "apply\n"
      "The code under test runs in a sandbox: no network, no files but a copy of the project.\n"
      "Without a model the tests say what the code does today: read them before you trust them.");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_test(*flags, context); };
  });
}

}  // namespace leyden::cli
