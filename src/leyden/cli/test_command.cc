#include <cstdlib>
#include <map>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/c_security/c_security.h"
#include "leyden/agents/qa/cpp/cpp_toolchain.h"
#include "leyden/agents/qa/go/go_toolchain.h"
#include "leyden/agents/qa/java/java_toolchain.h"
#include "leyden/agents/qa/javascript/javascript_toolchain.h"
#include "leyden/agents/qa/php/php_toolchain.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/python/python_toolchain.h"
#include "leyden/agents/qa/reports/report.h"
#include "leyden/agents/qa/ruby/ruby_toolchain.h"
#include "leyden/agents/qa/rust/rust_toolchain.h"
#include "leyden/agents/qa/skeleton.h"
#include "leyden/agents/qa/typed_agent.h"
#include "leyden/base/digest.h"
#include "leyden/base/files.h"
#include "leyden/cli/agent_model.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/terminal.h"
#include "leyden/cli/test_journal.h"
#include "leyden/cli/test_targets.h"
#include "leyden/syntax/language.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSourceBytesMax = 2 * MiB;

struct Flags {
  TestTargetChoice target;
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
  bool quick = false;
  bool strict = false;
  bool list_mutants = false;
  bool skeleton = false;
  bool unsafe_no_sandbox = false;
  std::size_t max_tests = 0;
  std::size_t max_repairs = 2;
  double max_time_s = 60;
  std::uint64_t seed = 1;
  std::string python;
  std::string node;
  std::string cxx;
  std::string record;
  bool record_prompts = false;
  std::string replay;
  bool dry_run = false;
  std::optional<std::string> resume;  // An ID; empty: the newest.
  std::string ruby;
  std::string php;
  std::string go;
  std::string cargo;
  std::string java;
  std::string class_path;
};

// What a run is resumed with. The changed lines of --diff - are gone with standard input.
std::string request_of(const Flags& flags) {
  nlohmann::json out = {{"paths", flags.target.paths},
                        {"diff", flags.target.diff},
                        {"base", flags.target.base},
                        {"staged", flags.target.staged},
                        {"type", flags.type},
                        {"write", flags.write},
                        {"patch", flags.patch},
                        {"json", flags.as_json},
                        {"junit", flags.as_junit},
                        {"offline", flags.offline},
                        {"servers", flags.model.servers},
                        {"max_answer_tokens", flags.max_answer_tokens},
                        {"max_tokens", flags.max_tokens},
                        {"max_calls", flags.max_calls},
                        {"no_token_cache", flags.no_token_cache},
                        {"quick", flags.quick},
                        {"strict", flags.strict},
                        {"unsafe_no_sandbox", flags.unsafe_no_sandbox},
                        {"max_tests", flags.max_tests},
                        {"max_repairs", flags.max_repairs},
                        {"max_time_s", flags.max_time_s},
                        {"seed", flags.seed},
                        {"python", flags.python},
                        {"node", flags.node},
                        {"cxx", flags.cxx},
                        {"ruby", flags.ruby},
                        {"php", flags.php},
                        {"go", flags.go},
                        {"cargo", flags.cargo},
                        {"java", flags.java},
                        {"class_path", flags.class_path},
                        {"record", flags.record},
                        {"record_prompts", flags.record_prompts}};
  if (flags.model.name) out["model"] = *flags.model.name;
  if (flags.model.tokenizer) out["tokenizer"] = *flags.model.tokenizer;
  return out.dump();
}

Result<Flags> flags_of(const std::string& request) {
  try {
    const auto json = nlohmann::json::parse(request);
    Flags out;
    json.at("paths").get_to(out.target.paths);
    json.at("diff").get_to(out.target.diff);
    json.at("base").get_to(out.target.base);
    json.at("staged").get_to(out.target.staged);
    json.at("type").get_to(out.type);
    json.at("write").get_to(out.write);
    json.at("patch").get_to(out.patch);
    json.at("json").get_to(out.as_json);
    json.at("junit").get_to(out.as_junit);
    json.at("offline").get_to(out.offline);
    json.at("servers").get_to(out.model.servers);
    json.at("max_answer_tokens").get_to(out.max_answer_tokens);
    json.at("max_tokens").get_to(out.max_tokens);
    json.at("max_calls").get_to(out.max_calls);
    json.at("no_token_cache").get_to(out.no_token_cache);
    json.at("quick").get_to(out.quick);
    json.at("strict").get_to(out.strict);
    json.at("unsafe_no_sandbox").get_to(out.unsafe_no_sandbox);
    json.at("max_tests").get_to(out.max_tests);
    json.at("max_repairs").get_to(out.max_repairs);
    json.at("max_time_s").get_to(out.max_time_s);
    json.at("seed").get_to(out.seed);
    json.at("python").get_to(out.python);
    json.at("node").get_to(out.node);
    json.at("cxx").get_to(out.cxx);
    json.at("ruby").get_to(out.ruby);
    json.at("php").get_to(out.php);
    json.at("go").get_to(out.go);
    json.at("cargo").get_to(out.cargo);
    json.at("java").get_to(out.java);
    json.at("class_path").get_to(out.class_path);
    json.at("record").get_to(out.record);
    json.at("record_prompts").get_to(out.record_prompts);
    if (json.contains("model")) out.model.name = json["model"].get<std::string>();
    if (json.contains("tokenizer")) out.model.tokenizer = json["tokenizer"].get<std::string>();
    return out;
  } catch (const nlohmann::json::exception& error) {
    return fail(Errc::corrupt, "the interrupted run can't be read: {}", error.what());
  }
}

Result<void> check(const Flags& flags) {
  static constexpr const char* kTypes[] = {"unit", "integration", "e2e", "performance", "security"};
  if (std::ranges::find(kTypes, flags.type) == std::end(kTypes))
    return fail(Errc::invalid_argument,
                "--type {} is not unit, integration, e2e, performance or security", flags.type);
  if (flags.write && flags.patch)
    return fail(Errc::invalid_argument, "--write and --patch: give one of them");
  if (flags.as_json && flags.as_junit)
    return fail(Errc::invalid_argument, "--json and --junit: give one of them");
  if (!flags.record.empty() && !flags.replay.empty())
    return fail(Errc::invalid_argument, "--record and --replay: give one of them");
  if (flags.record_prompts && flags.record.empty())
    return fail(Errc::invalid_argument, "--record-prompts needs --record");
  return {};
}

// What the file is to the project: a header without a word that only C++ has may be C++ still, where there is no C beside it.
syntax::Language language_of(const fs::path& file, std::string_view text) {
  const syntax::Language out = syntax::detect_language(file.string(), text);
  if (out != syntax::Language::c || file.extension() == ".c") return out;
  std::error_code ignored;
  const bool with_c = std::ranges::any_of(
      fs::directory_iterator(fs::absolute(file).parent_path(), ignored),
      [](const fs::directory_entry& one) { return one.path().extension() == ".c"; });
  return with_c ? out : syntax::Language::cpp;
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
    case syntax::Language::c:
    case syntax::Language::cpp:
      return qa::open_cpp(sandbox, file,
                          {.compiler = flags.cxx, .is_c = language == syntax::Language::c},
                          context.stop);
    case syntax::Language::go:
      return qa::open_go(sandbox, file, {.go = flags.go}, context.stop);
    case syntax::Language::java: {
      const char* home = std::getenv("JAVA_HOME");
      return qa::open_java(
          sandbox, file,
          {.java = flags.java, .home = home == nullptr ? "" : home, .class_path = flags.class_path},
          context.stop);
    }
    case syntax::Language::php:
      return qa::open_php(sandbox, file, {.interpreter = flags.php}, context.stop);
    case syntax::Language::ruby:
      return qa::open_ruby(sandbox, file, {.interpreter = flags.ruby}, context.stop);
    case syntax::Language::rust:
      return qa::open_rust(sandbox, file, {.cargo = flags.cargo}, context.stop);
    default:
      return fail(Errc::unsupported,
                  "{} is {}: tests are made of Python, JavaScript, TypeScript, C, C++, Go, Java, "
                  "Rust, Ruby and PHP so far",
                  file.string(), to_string(language));
  }
}

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

Result<FileJob> open_job(const Flags& flags, const TestTarget& target, std::string text,
                         const sandbox::Sandbox& sandbox, AgentModel* model,
                         const Context& context) {
  const syntax::Language language = language_of(target.file, text);
  auto toolchain = open_toolchain(flags, target.file, language, sandbox, context);
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
  report->language = to_string(language_of(target.file, job.text));
  return report;
}

// What one run of the command works with.
struct TestRun {
  const Flags& flags;
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

// Who names one is told that it won't do.
bool names_toolchain(const Flags& flags) {
  for (const std::string* one : {&flags.python, &flags.node, &flags.cxx, &flags.ruby, &flags.php,
                                 &flags.go, &flags.cargo, &flags.java, &flags.class_path}) {
    if (!one->empty()) return true;
  }
  return false;
}

// Where nothing can be run: what a test of each function would be called.
Result<qa::TestReport> unverified(const fs::path& file, const std::string& text, const Error& why) {
  const syntax::Language language = language_of(file, text);
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

Result<void> write_tests(const Flags& flags, const std::vector<qa::TestReport>& reports) {
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

// Files of tests that are to be written; nothing is run.
int tell_skeletons(const Flags& flags, const std::vector<TestTarget>& targets) {
  for (const TestTarget& target : targets) {
    auto text = read_source(target.file);
    if (!text) return report(text.error());
    auto made = qa::test_skeleton(target.file.string(), language_of(target.file, *text), *text);
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
int list_mutants(const Flags& flags, const std::vector<TestTarget>& targets,
                 const sandbox::Sandbox& sandbox, const Context& context) {
  nlohmann::json out = nlohmann::json::array();
  for (const TestTarget& target : targets) {
    auto text = read_source(target.file);
    if (!text) return report(text.error());
    auto toolchain =
        open_toolchain(flags, target.file, language_of(target.file, *text), sandbox, context);
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
Result<std::unique_ptr<TestJournal>> open_journal(Flags& flags, const Context& context) {
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

int run_test(Flags flags, const Context& context) {
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
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "test", "Make tests of a file's functions that run, pass and notice changes");
  command->add_option("PATH", flags->target.paths,
                      "A file, or FILE:function, or FILE:Class.method, or a folder");
  command->add_option("--diff", flags->target.diff,
                      "Of the functions that a diff changes: a file, or - for standard input");
  command->add_option("--base", flags->target.base,
                      "Of what has changed since HEAD and this commit or branch parted");
  command->add_flag("--staged", flags->target.staged, "Of what is staged for the next commit");
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
  command->add_flag("--quick", flags->quick,
                    "Look no further for mutants that the first inputs leave: many files at once");
  command->add_option("--seed", flags->seed, "The same seed gives the same tests")
      ->capture_default_str();
  command->add_flag("--offline", flags->offline, "Without a model, though a server is set");
  command->add_option(
      "--model", flags->model.name,
      "Ask a model in this process, too: a name of `leyden model list` or a GGUF file");
  command
      ->add_option("--server", flags->model.servers,
                   "Ask a model server, too [default: LEYDEN_LLM_URL, if set]")
      ->allow_extra_args(false)
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
  command
      ->add_option("--max-repairs", flags->max_repairs,
                   "Of each answer of the model that does not work")
      ->capture_default_str();
  command->add_flag("--no-token-cache", flags->no_token_cache,
                    "Tokenize what the model is shown anew each time");
  command->add_option("--record", flags->record,
                      "Write the model's answers to a file, for --replay; without the prompts");
  command->add_flag("--record-prompts", flags->record_prompts,
                    "Write the prompts there, too: they hold your sources");
  command
      ->add_option(
          "--replay", flags->replay,
          "Take the answers from such a file; a prompt that it has no answer to is an error")
      ->excludes("--model", "--server");
  command->add_flag("--dry-run", flags->dry_run,
                    "Say how many tokens the model would be shown; ask it nothing, run no test");
  command
      ->add_option(
          "--resume", flags->resume,
          "Go on with an interrupted run, with its options [default: this folder's newest]")
      ->expected(0, 1)
      ->excludes("PATH", "--diff", "--base", "--staged", "--record", "--replay", "--dry-run");
  command->add_flag("--strict", flags->strict,
                    "Exit with 3 when a file could not be tested or the model not be asked");
  command->add_flag("--json", flags->as_json, "The report as JSON");
  command
      ->add_flag("--list-mutants", flags->list_mutants,
                 "Print the changes of the source that tests are judged by, as JSON; make none")
      ->excludes("--write")
      ->excludes("--patch");
  command
      ->add_flag("--skeleton", flags->skeleton,
                 "Print a file with a test to be written for each function; run nothing. Of C, "
                 "C++, Go, Java, "
                 "JavaScript, PHP, Python, Ruby, Rust, TypeScript")
      ->excludes("--list-mutants")
      ->excludes("--resume");
  command->add_flag("--junit", flags->as_junit, "The report as JUnit's XML");
  command->add_option(
      "--python", flags->python,
      "The interpreter that has pytest [default: the project's .venv, else python3]");
  command->add_option("--node", flags->node,
                      "Node 18 or newer, for JavaScript [default: the system's]");
  command->add_option("--go", flags->go, "The go command [default: go]");
  command->add_option("--cargo", flags->cargo,
                      "Cargo, or rustc, for Rust [default: rustup's toolchain, else the system's]");
  command->add_option("--java", flags->java,
                      "A JDK's folder or its java [default: JAVA_HOME, else the system's]");
  command->add_option("--class-path", flags->class_path,
                      "Jars that Java sources need beside those in lib, by colons, and JUnit 5's, "
                      "if it is to be another than Maven's or the system's");
  command->add_option("--cxx", flags->cxx, "A C++ compiler [default: g++, else clang++]");
  command->add_option("--ruby", flags->ruby, "Ruby that has minitest [default: the system's]");
  command->add_option("--php", flags->php, "PHP that has Xdebug [default: the system's]");
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
