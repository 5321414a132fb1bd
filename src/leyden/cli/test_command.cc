#include <map>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/c_security/c_security.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/reports/report.h"
#include "leyden/agents/qa/skeleton.h"
#include "leyden/agents/qa/typed_agent.h"
#include "leyden/base/digest.h"
#include "leyden/base/files.h"
#include "leyden/cli/agent_model.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/terminal.h"
#include "leyden/cli/test_flags.h"
#include "leyden/cli/test_journal.h"
#include "leyden/cli/test_targets.h"
#include "leyden/cli/test_toolchains.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSourceBytesMax = 2 * MiB;

Result<std::string> read_source(const fs::path& file) {
  auto text = read_file(file, kSourceBytesMax);
  if (!text) return text;
  if (text->find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Errc::invalid_argument, "{} is empty: there is nothing to test", file.string());
  if (text->find('\0') != std::string::npos)
    return fail(Errc::invalid_argument, "{} is binary: there is nothing to test", file.string());
  return text;
}

// What one file is tested with.
struct FileJob {
  std::string text;
  std::unique_ptr<qa::Toolchain> toolchain;
  qa::TestAgentOptions options;
  std::optional<qa::TestWriter> writer;
  std::string why_no_model;
};

Result<FileJob> open_job(const TestFlags& flags, const TestTarget& target, std::string text,
                         const sandbox::Sandbox& sandbox, AgentModel* model,
                         const Context& context) {
  const syntax::Language language = test_language(target.file, text);
  auto toolchain = open_toolchain(flags, target.file, language, sandbox, context.stop);
  if (!toolchain) return std::unexpected(toolchain.error());
  FileJob out{.text = std::move(text),
              .toolchain = *std::move(toolchain),
              .options = {.type = flags.type,
                          .function = target.function,
                          .lines = target.lines,
                          .tests_max = flags.max_tests,
                          .seed = flags.seed,
                          .time_max = std::chrono::milliseconds(
                              static_cast<std::int64_t>(flags.max_time_s * 1000)),
                          .repairs_max = flags.max_repairs},
              .writer = {},
              .why_no_model = {}};
  if (flags.quick) {
    out.options.rounds_max = 12;
    out.options.inputs_at_first = 100;
    out.options.mutants_per_function = 30;
    out.options.mutant_rounds = 0;
  }
  if (model == nullptr) return out;
  out.writer.emplace(
      model->rag(), model->server(),
      qa::TestWriterOptions{.type = flags.type,
                            .max_answer_tokens = flags.max_answer_tokens,
                            .max_tokens = flags.max_tokens,
                            .max_calls = flags.max_calls,
                            .tenant = context.settings.tenant,
                            .ttl = context.settings.ttl_of("test", "test guidelines"),
                            .sampling = {}});
  if (auto opened = out.writer->open(target.file.string(), out.text, context.stop); !opened) {
    if (opened.error().code == Errc::cancelled) return std::unexpected(opened.error());
    out.why_no_model = opened.error().message;
    out.writer.reset();
  }
  return out;
}

Result<qa::TestReport> test_file(FileJob job, const std::string& type, const TestTarget& target,
                                 const AgentModel* model, const Context& context) {
  ProgressBar bar("testing " + target.file.filename().string());
  const auto on_progress = [&](const qa::TestProgress& progress) {
    bar.update(progress.done, progress.total, progress.stage);
  };
  Result<qa::TestReport> report;
  if (type == "unit" || job.writer) {
    auto mutants = job.toolchain->mutants(job.options.mutants_per_function);
    if (!mutants) return std::unexpected(mutants.error());
    report = qa::make_tests(*job.toolchain, *mutants, job.writer ? &*job.writer : nullptr,
                            job.options, on_progress, context.stop);
  } else {
    report = qa::make_typed_tests(*job.toolchain, type, job.options, on_progress, context.stop);
  }
  if (!report) return report;
  if (model != nullptr && model->replay_failed())
    return fail(Errc::not_found, "{}", report->why_no_model);
  if (!job.why_no_model.empty()) report->why_no_model = std::move(job.why_no_model);
  report->file = target.file.string();
  report->language = to_string(test_language(target.file, job.text));
  return report;
}

// What one run of the command works with.
struct TestRun {
  const TestFlags& flags;
  const sandbox::Sandbox& sandbox;
  AgentModel* model;
  TestJournal* journal;
  const Context& context;
};

// What a report depends on.
std::string key_of(const TestRun& run, const TestTarget& target, const std::string& text) {
  Hasher hasher;
  hasher.field(LEYDEN_VERSION).field(request_of(run.flags)).field(target.file.string());
  hasher.field(target.function).field(text);
  for (const qa::LineRange& range : target.lines) hasher.field(range.first).field(range.last);
  return hasher.finish().hex();
}

// Where nothing can be run: what a test of each function would be called.
Result<qa::TestReport> unverified(const fs::path& file, const std::string& text, const Error& why) {
  const syntax::Language language = test_language(file, text);
  auto made = qa::test_skeleton(file.string(), language, text);
  if (!made) return std::unexpected(why);
  qa::TestReport out{.file = file.string(),
                     .unverified = std::move(made->tests),
                     .unverified_text = std::move(made->text),
                     .why_unverified = why.message};
  out.language = to_string(language);
  return out;
}

// From the journal, if that has it already.
Result<qa::TestReport> test_target(const TestRun& run, const TestTarget& target) {
  auto text = read_source(target.file);
  if (!text) return std::unexpected(text.error());
  const std::string key = key_of(run, target, *text);
  if (run.journal != nullptr) {
    if (const qa::TestReport* known = run.journal->finished(key)) return *known;
  }
  if (run.flags.type == "security" &&
      syntax::detect_language(target.file.string(), *text) == syntax::Language::c) {
    ProgressBar bar("testing " + target.file.filename().string());
    return qa::c_security_tests(
        run.sandbox, target.file, *text, {.function = target.function, .seed = run.flags.seed},
        [&](const qa::TestProgress& progress) {
          bar.update(progress.done, progress.total, progress.stage);
        },
        run.context.stop);
  }
  auto job = open_job(run.flags, target, *text, run.sandbox, run.model, run.context);
  if (!job && job.error().code == Errc::unsupported && run.flags.type == "unit" &&
      !names_toolchain(run.flags))
    return unverified(target.file, *text, job.error());
  if (!job) return std::unexpected(job.error());
  auto report = test_file(*std::move(job), run.flags.type, target, run.model, run.context);
  if (report && run.journal != nullptr) {
    if (auto noted = run.journal->finish(key, *report); !noted)
      print_warning(noted.error().message);
  }
  return report;
}

// What a model would be asked first, file by file; nothing is asked and no test is run.
int dry_run(const TestRun& run, const std::vector<TestTarget>& targets) {
  nlohmann::json files = nlohmann::json::array();
  for (const TestTarget& target : targets) {
    auto text = read_source(target.file);
    if (!text) return report(text.error());
    auto job = open_job(run.flags, target, *std::move(text), run.sandbox, run.model, run.context);
    if (!job) return report(job.error());
    nlohmann::json prompts = nlohmann::json::array();
    const auto& functions = job->toolchain->functions();
    for (const std::size_t i : qa::wanted_functions(functions, job->options)) {
      if (!functions[i].uncallable.empty()) continue;  // Nobody is asked for its tests.
      const auto tokens = job->writer ? job->writer->prompt_tokens(qa::first_task(
                                            functions[i], job->toolchain->words(), {}))
                                      : Result<std::size_t>(0);
      if (!tokens) return report(tokens.error());
      prompts.push_back({{"function", functions[i].qualified_name()}, {"prompt_tokens", *tokens}});
    }
    const qa::WriterCounts counts = job->writer ? job->writer->counts() : qa::WriterCounts();
    files.push_back({{"file", target.file.string()},
                     {"prompts", std::move(prompts)},
                     {"context_tokens", counts.context_tokens},
                     {"context_tokens_cached", counts.context_tokens_cached},
                     {"answer_tokens_max", run.flags.max_answer_tokens}});
  }
  if (run.flags.as_json) {
    write_stdout(nlohmann::json{{"files", std::move(files)}}.dump(2) + "\n");
    return kDone;
  }
  for (const auto& file : files) {
    write_stdout(fmt::format("{}: {} tokens of context, {} of them cached\n",
                             file["file"].get<std::string>(),
                             file["context_tokens"].get<std::size_t>(),
                             file["context_tokens_cached"].get<std::size_t>()));
    for (const auto& prompt : file["prompts"])
      write_stdout(fmt::format("  {:44} {} tokens\n", prompt["function"].get<std::string>(),
                               prompt["prompt_tokens"].get<std::size_t>()));
  }
  if (run.model == nullptr) write_stdout("no model is set: nothing would be asked\n");
  return kDone;
}

// A file that is there already is not overwritten, unless it is the same: then it is of the run that was interrupted.
Result<void> write_new(const fs::path& file, const std::string& text) {
  std::error_code error;
  if (fs::exists(file, error)) {
    if (read_file(file).value_or("") == text) return {};
    return fail(Errc::invalid_argument, "{} is there already: it is not overwritten",
                file.string());
  }
  fs::create_directories(file.parent_path(), error);
  if (auto written = write_file_atomically(file, text); !written) return written;
  print_warning("written: " + file.string());
  return {};
}

Result<void> write_tests(const TestFlags& flags, const std::vector<qa::TestReport>& reports) {
  for (const qa::TestReport& report : reports) {
    if (report.test_text.empty()) continue;
    const fs::path test = report.test_path;
    std::map<fs::path, std::string> files{{test, report.test_text}};
    for (const auto& [name, text] : report.data) files[test.parent_path() / name] = text;
    std::error_code error;
    const fs::path root = qa::project_root(fs::canonical(report.file, error));
    for (const auto& [file, text] : files) {
      if (flags.patch) {
        write_stdout(qa::new_file_patch(file.string(), text));
      } else if (auto written = write_new(root / file, text); !written) {
        return written;
      }
    }
  }
  return {};
}

void tell(const TestFlags& flags, const std::vector<qa::TestReport>& reports,
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

// Files of tests that are to be written; nothing is run.
int tell_skeletons(const TestFlags& flags, const std::vector<TestTarget>& targets) {
  for (const TestTarget& target : targets) {
    auto text = read_source(target.file);
    if (!text) return report(text.error());
    auto made = qa::test_skeleton(target.file.string(), test_language(target.file, *text), *text);
    if (!made) return report(made.error());
    if (flags.patch) {
      write_stdout(qa::new_file_patch(made->path, made->text));
    } else if (!flags.write) {
      write_stdout(made->text);
    } else if (auto written = write_new(made->path, made->text); !written) {
      return report(written.error());
    }
  }
  return kDone;
}

// What the tests of a file are judged by.
int list_mutants(const TestFlags& flags, const std::vector<TestTarget>& targets,
                 const sandbox::Sandbox& sandbox, const Context& context) {
  nlohmann::json out = nlohmann::json::array();
  for (const TestTarget& target : targets) {
    auto text = read_source(target.file);
    if (!text) return report(text.error());
    auto toolchain = open_toolchain(flags, target.file, test_language(target.file, *text), sandbox,
                                    context.stop);
    if (!toolchain) return report(toolchain.error());
    auto mutants = (*toolchain)->mutants(qa::TestAgentOptions().mutants_per_function);
    if (!mutants) return report(mutants.error());
    for (const qa::Mutant& one : *mutants)
      out.push_back({{"file", target.file.string()},
                     {"begin", one.begin},
                     {"end", one.end},
                     {"text", one.text},
                     {"line", one.line},
                     {"what", one.what}});
  }
  write_stdout(out.dump() + "\n");
  return kDone;
}

// The journal of this run: a new one, or that of the run which goes on and whose flags it then are. nullptr: the run can't go on later.
Result<std::unique_ptr<TestJournal>> open_journal(TestFlags& flags, const Context& context) {
  const fs::path runs = context.settings.data_folder / "runs";
  if (!flags.resume) {
    if (flags.dry_run || !flags.replay.empty() || flags.target.diff == "-") return nullptr;
    return TestJournal::begin(runs, request_of(flags));
  }
  auto out = TestJournal::resume(runs, *flags.resume);
  if (!out) return out;
  auto before = flags_of((*out)->request());
  if (!before) return std::unexpected(before.error());
  before->resume = flags.resume;
  flags = *std::move(before);
  return out;
}

int finish(const TestRun& run, std::vector<qa::TestReport> reports,
           const std::vector<qa::SkippedFile>& skipped) {
  if (run.flags.write || run.flags.patch) {
    if (auto written = write_tests(run.flags, reports); !written) return report(written.error());
  }
  tell(run.flags, reports, skipped);
  const bool any =
      std::ranges::any_of(reports, [](const qa::TestReport& one) { return !one.tests.empty(); });
  const bool complete = std::ranges::all_of(
      reports, [](const qa::TestReport& one) { return one.why_no_model.empty(); });
  if (any && run.flags.strict && !(complete && skipped.empty())) return kIncomplete;
  return any ? kDone : kFound;
}

int run_targets(const TestRun& run, const std::vector<TestTarget>& targets,
                const std::string& why_no_model) {
  std::vector<qa::TestReport> reports;
  std::vector<qa::SkippedFile> skipped;
  for (const TestTarget& target : targets) {
    auto done = test_target(run, target);
    if (!done && (target.named || done.error().code == Errc::cancelled))
      return report(done.error());
    if (!done) {
      skipped.push_back({.file = target.file.string(), .reason = done.error().message});
      continue;
    }
    if (done->why_no_model.empty()) done->why_no_model = why_no_model;
    reports.push_back(*std::move(done));
  }
  return finish(run, std::move(reports), skipped);
}

int run_test(TestFlags flags, const Context& context) {
  if (auto good = check(flags); !good) return report(good.error());
  auto journal = open_journal(flags, context);
  if (!journal) return report(journal.error());
  const auto end = [&](int code) {
    if (*journal && code == kInterrupted)
      print_warning("to go on: leyden test --resume " + (*journal)->id());
    if (*journal && code != kInterrupted) (*journal)->remove();
    return code;
  };
  auto targets = test_targets(flags.target);
  if (!targets) return end(report(targets.error()));
  if (flags.skeleton) return end(tell_skeletons(flags, *targets));
  auto sandbox = sandbox::Sandbox::open(
      {.isolation = flags.unsafe_no_sandbox ? sandbox::Isolation::none : sandbox::Isolation::full});
  if (!sandbox) return end(report(sandbox.error()));
  if (flags.list_mutants) return end(list_mutants(flags, *targets, **sandbox, context));
  std::string why_no_model;
  auto model = AgentModel::open({.agent = "test",
                                 .system_prompt = qa::test_system_prompt(),
                                 .choice = flags.model,
                                 .offline = flags.offline,
                                 .no_token_cache = flags.no_token_cache,
                                 .journal = *journal ? (*journal)->answers_file() : fs::path(),
                                 .record = flags.record,
                                 .replay = flags.replay,
                                 .record_prompts = flags.record_prompts,
                                 .resumed = flags.resume.has_value()},
                                context, why_no_model);
  if (!model) return end(model.error());
  const TestRun run{.flags = flags,
                    .sandbox = **sandbox,
                    .model = model->get(),
                    .journal = journal->get(),
                    .context = context};
  if (flags.dry_run) return dry_run(run, *targets);
  return end(run_targets(run, *targets, why_no_model));
}

}  // namespace

void add_test_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<TestFlags>();
  CLI::App* command = app.add_subcommand(
      "test", "Make tests of a file's functions that run, pass and notice changes");
  add_test_options(*command, *flags);
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
