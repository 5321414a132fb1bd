#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/agents/review/baseline.h"
#include "leyden/agents/review/diff/changes.h"
#include "leyden/agents/review/fixes.h"
#include "leyden/agents/review/model/model_review.h"
#include "leyden/agents/review/reports/report.h"
#include "leyden/agents/review/review.h"
#include "leyden/agents/review/rule_engine.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/open_index.h"
#include "leyden/cli/open_model.h"
#include "leyden/cli/run_analyzers.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/cli/text_inputs.h"
#include "leyden/retrieval/document_text.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::vector<std::string> paths;
  std::string type = "comprehensive";
  std::string format = "text";
  std::vector<std::string> outputs;
  bool as_json = false;
  std::string fail_on;
  std::string min_confidence = "low";
  std::string analyzers = "auto";
  bool offline = false;
  ModelChoice model;
  std::string guidelines;
  std::size_t reviews = 2;
  std::size_t max_answer_tokens = 512;
  std::uint64_t max_tokens = 0;
  std::string diff;
  std::string base;
  bool staged = false;
  std::string baseline;
  std::string write_baseline;
  std::string rules;
  std::uint64_t file_kib_max = 2048;
  std::size_t threads = 0;
  bool no_cache = false;
  bool no_token_cache = false;
  bool strict = false;
  bool fix = false;
  bool dry_run = false;
  bool list_rules = false;
};

std::string today() {
  const std::chrono::year_month_day day(
      std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
  return fmt::format("{:04}-{:02}-{:02}", int{day.year()}, unsigned{day.month()},
                     unsigned{day.day()});
}

Result<std::vector<review::ReviewType>> types_of(const std::string& name) {
  using enum review::ReviewType;
  if (name == "comprehensive") return std::vector{security, performance, style};
  if (const auto type = review::review_type_named(name)) return std::vector{*type};
  return fail(Errc::invalid_argument,
              "--type {} is not security, performance, style or comprehensive", name);
}

Result<review::RuleSet> read_rule_set(const std::string& folder) {
  if (folder.empty()) return review::RuleSet::builtin();
  std::vector<review::RuleText> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".toml") continue;
    auto text = read_file(entry.path(), std::size_t{16} << 20U);
    if (!text) return std::unexpected(text.error());
    files.push_back({.name = entry.path().string(), .text = *std::move(text)});
  }
  if (error)
    return fail(Errc::not_found, "can't read the folder of rules {}: {}", folder, error.message());
  if (files.empty()) return fail(Errc::not_found, "{} holds no .toml with rules", folder);
  std::ranges::sort(files, {}, &review::RuleText::name);
  return review::read_rules(files);
}

void list_rules(const review::RuleSet& rules, bool as_json) {
  if (as_json) {
    nlohmann::json out = nlohmann::json::array();
    for (const review::Rule& rule : rules.rules) {
      nlohmann::json languages = nlohmann::json::array();
      for (const auto language : rule.languages) languages.push_back(syntax::to_string(language));
      out.push_back({{"id", rule.id},
                     {"type", to_string(rule.type)},
                     {"severity", to_string(rule.severity)},
                     {"confidence", to_string(rule.confidence)},
                     {"cwe", rule.cwe},
                     {"languages", std::move(languages)},
                     {"title", rule.title},
                     {"advice", rule.advice}});
    }
    write_stdout(out.dump(1) + "\n");
    return;
  }
  for (const review::Rule& rule : rules.rules) {
    std::string languages;
    for (const auto language : rule.languages)
      languages += (languages.empty() ? "" : ",") + std::string(syntax::to_string(language));
    write_stdout(fmt::format("{:44} {:11} {:8} {:6} {:9} {}  [{}]\n", rule.id, to_string(rule.type),
                             to_string(rule.severity), to_string(rule.confidence),
                             rule.cwe == 0 ? "" : fmt::format("CWE-{}", rule.cwe), rule.title,
                             languages.empty() ? "all" : languages));
  }
}

// The finding's lines, numbered; the place is marked. Nothing where the file has gone.
class Excerpts {
 public:
  explicit Excerpts(const std::map<std::string, fs::path>& files) : files_(files) {}

  std::string operator()(const review::Finding& finding) {
    const review::SourceFile* file = open(finding.file);
    if (file == nullptr) return {};
    std::string out;
    const std::size_t last = std::min(finding.range.last_line, finding.range.first_line + 4);
    for (std::size_t line = finding.range.first_line; line <= last && line <= file->line_count();
         ++line) {
      std::string_view text = file->line(line);
      if (text.size() > 160) text = text.substr(0, 160);
      out += fmt::format("    {:5} | {}\n", line, utf8::one_line(text));
    }
    return out;
  }

 private:
  const review::SourceFile* open(const std::string& path) {
    if (path == path_) return file_ ? &*file_ : nullptr;
    path_ = path;
    file_.reset();
    const auto known = files_.find(path);
    if (known == files_.end()) return nullptr;
    if (auto text = read_file(known->second, std::size_t{64} << 20U))
      file_ = review::SourceFile::open(path + ".txt", *std::move(text));
    return file_ ? &*file_ : nullptr;
  }

  const std::map<std::string, fs::path>& files_;
  std::string path_;
  std::optional<review::SourceFile> file_;
};

// FORMAT=FILE: where else the report goes.
struct Output {
  review::ReportFormat format{};
  fs::path file;  // Empty: standard output.
};
Result<std::vector<Output>> outputs_of(const Flags& flags) {
  std::vector<Output> out;
  const auto named = [](const std::string& name) -> Result<review::ReportFormat> {
    if (const auto format = review::report_format_named(name)) return *format;
    return fail(Errc::invalid_argument,
                "{} is no format: text, json, ndjson, sarif, junit, gitlab, github or markdown",
                name);
  };
  auto first = named(flags.as_json ? "json" : flags.format);
  if (!first) return std::unexpected(first.error());
  out.push_back({.format = *first, .file = {}});
  for (const std::string& one : flags.outputs) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals + 1 == one.size())
      return fail(Errc::invalid_argument, "--output {} is not FORMAT=FILE", one);
    auto format = named(one.substr(0, equals));
    if (!format) return std::unexpected(format.error());
    out.push_back({.format = *format, .file = one.substr(equals + 1)});
  }
  return out;
}

// Shows or makes the fixes; returns how many files have some.
Result<std::size_t> fix(const review::ReviewReport& report,
                        const std::map<std::string, fs::path>& files, bool dry_run) {
  std::map<std::string, std::vector<const review::Finding*>> by_file;
  for (const review::Finding& finding : report.findings) {
    if (!finding.fix.empty()) by_file[finding.file].push_back(&finding);
  }
  for (const auto& [path, findings] : by_file) {
    const fs::path& file = files.at(path);
    auto text = read_file(file, std::size_t{64} << 20U);
    if (!text) return std::unexpected(text.error());
    if (!utf8::is_valid(*text) || text->starts_with("\xEF\xBB\xBF")) {
      print_warning(path + " is not plain UTF-8: it is not fixed");
      continue;
    }
    auto fixed = review::make_fixes(path, *text, findings);
    if (!fixed) {
      print_warning(fixed.error().message);
      continue;
    }
    if (dry_run) {
      write_stdout(fixed->patch);
    } else if (auto written = write_file_atomically(file, fixed->text); !written) {
      return std::unexpected(written.error());
    } else {
      print_warning(fmt::format(
          "{}: {} fixed{}", path, fixed->made,
          fixed->left > 0 ? fmt::format(", {} left for the next run", fixed->left) : ""));
    }
  }
  return by_file.size();
}

// What to review: the change that is named, of it the paths that are named; else all of the paths.
Result<review::Changes> wanted_inputs(const Flags& flags, const fs::path& here) {
  const int changes = int{!flags.diff.empty()} + int{!flags.base.empty()} + int{flags.staged};
  if (changes > 1)
    return fail(Errc::invalid_argument,
                "--diff, --base and --staged each name a change: give one of them");
  if (changes == 0) {
    review::Changes out;
    for (const std::string& path :
         flags.paths.empty() ? std::vector<std::string>{"."} : flags.paths) {
      auto found = review::find_inputs(path, here, out.skipped);
      if (!found) return std::unexpected(found.error());
      out.inputs.insert(out.inputs.end(), found->begin(), found->end());
    }
    std::ranges::sort(out.inputs, {}, &review::ReviewInput::path);
    const auto twice = std::ranges::unique(out.inputs, {}, &review::ReviewInput::path);
    out.inputs.erase(twice.begin(), twice.end());
    return out;
  }
  Result<review::Changes> out;
  if (!flags.diff.empty()) {
    auto text = read_input(flags.diff);
    if (!text) return std::unexpected(text.error());
    const fs::path root = review::repository_root(here);
    out = review::changes_of_diff(*text, root.empty() ? here : root);
  } else {
    out = flags.staged ? review::staged_changes(here) : review::changes_since(here, flags.base);
  }
  if (!out || flags.paths.empty()) return out;
  std::vector<fs::path> only;
  for (const std::string& path : flags.paths) only.push_back(fs::weakly_canonical(path));
  std::erase_if(out->inputs, [&](const review::ReviewInput& input) {
    const fs::path file = input.file.lexically_normal();
    return std::ranges::none_of(only, [&](const fs::path& path) {
      const fs::path below = file.lexically_relative(path);
      return file == path || (!below.empty() && *below.begin() != "..");
    });
  });
  return out;
}

// Each reviewed file by the model, with the team's guidelines.
int ask_model(const Flags& flags, const std::vector<review::ReviewInput>& inputs,
              const std::vector<review::ReviewType>& types, const Context& context,
              review::ReviewReport& done) {
  auto model = open_model(flags.model, context);
  if (!model) return model.error();
  std::optional<retrieval::Scope> guidelines;
  {
    // Makes the index where there is none yet.
    auto index = open_index(context.settings, false);
    if (!index) return report(index.error());
    if (!flags.guidelines.empty()) {
      guidelines =
          retrieval::Scope{.tenant = context.settings.tenant, .collection = "review guidelines"};
      retrieval::UpdateOptions options;
      options.scope = *guidelines;
      auto updated = (*index)->update(flags.guidelines, options, {}, context.stop);
      if (!updated) return report(updated.error());
    }
  }
  auto session =
      Session::open(context.settings, model->tokenizer, "review",
                    {.secret = {},
                     .system_prompt = review::review_system_prompt(),
                     .sent = model->sent.get(),
                     .degraded_reason = {},
                     .caching = flags.no_token_cache ? rag::PassageEncoder::Caching::off
                                                     : rag::PassageEncoder::Caching::on});
  if (!session) return report(session.error());
  // Of a change: where else its functions are called.
  std::optional<review::Callers> callers;
  if (std::ranges::any_of(inputs, [](const review::ReviewInput& one) { return bool(one.only); })) {
    std::vector<review::SkippedInput> unread;
    const fs::path here = fs::current_path();
    const fs::path root = review::repository_root(here);
    if (auto files = review::find_inputs(root.empty() ? here : root, here, unread))
      callers.emplace(*std::move(files));
  }
  review::ModelReview reviews((*session)->rag(), *model->server,
                              {.reviews = flags.reviews,
                               .max_answer_tokens = flags.max_answer_tokens,
                               .max_tokens = flags.max_tokens,
                               .guidelines = guidelines,
                               .callers = callers ? &*callers : nullptr,
                               .tenant = context.settings.tenant,
                               .ttl = context.settings.ttl_of("review", "review guidelines"),
                               .sampling = {}});
  review::ModelReviewCounts counts;
  ProgressBar bar("asking " + model->server->info().name);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    bar.update(i, inputs.size(), inputs[i].path);
    auto text = inputs[i].text ? Result<std::string>(*inputs[i].text)
                               : read_file(inputs[i].file, flags.file_kib_max * 1024);
    if (!text || retrieval::binary_reason(*text)) continue;
    auto asked = reviews.run({.path = inputs[i].path,
                              .text = retrieval::document_text(*text),
                              .only = inputs[i].only.value_or(std::vector<review::LineSpan>()),
                              .all = !inputs[i].only},
                             types, today(), done, counts, context.stop);
    if (!asked && asked.error().code == Errc::cancelled) return report(asked.error());
    if (!asked)
      print_warning(inputs[i].path + ": the model was not asked: " + asked.error().message);
  }
  done.engine += "+" + model->server->info().name;
  done.model = counts;
  if (counts.not_asked > 0) {
    print_warning(fmt::format("{} questions were not asked: --max-tokens {} is spent",
                              counts.not_asked, flags.max_tokens));
  }
  done.cache_stats = (*session)->rag().stats();
  return kDone;
}

// What the flags say, checked before anything is read.
struct Plan {
  std::vector<review::ReviewType> types;
  std::vector<Output> outputs;
  std::optional<review::Severity> fail_on;
  review::Confidence confidence{};  // At least.
  review::RuleSet rules;
  std::optional<review::Baseline> baseline;
};

Result<Plan> plan_of(const Flags& flags) {
  Plan out;
  auto types = types_of(flags.type);
  if (!types) return std::unexpected(types.error());
  auto outputs = outputs_of(flags);
  if (!outputs) return std::unexpected(outputs.error());
  if (!flags.fail_on.empty()) {
    out.fail_on = review::severity_named(flags.fail_on);
    if (!out.fail_on)
      return fail(Errc::invalid_argument, "--fail-on {} is not critical, high, medium or low",
                  flags.fail_on);
  }
  const auto confidence = review::confidence_named(flags.min_confidence);
  if (!confidence)
    return fail(Errc::invalid_argument, "--min-confidence {} is not high, medium or low",
                flags.min_confidence);
  auto rules = read_rule_set(flags.rules);
  if (!rules) return std::unexpected(rules.error());
  if (!flags.rules.empty()) {
    auto checked = review::RuleEngine::open(*rules, review::RuleEngine::Check::all_languages);
    if (!checked) return std::unexpected(checked.error());
  }
  if (!flags.baseline.empty()) {
    auto read = review::Baseline::read(flags.baseline);
    if (!read) return std::unexpected(read.error());
    out.baseline = *std::move(read);
  }
  out.types = *std::move(types);
  out.outputs = *std::move(outputs);
  out.confidence = *confidence;
  out.rules = *std::move(rules);
  return out;
}

// What rules find, with a bar.
Result<review::ReviewReport> review_by_rules(const Flags& flags, const Plan& plan,
                                             const std::vector<review::ReviewInput>& inputs,
                                             const Context& context) {
  auto reviewer = review::Reviewer::open(
      plan.rules,
      {.threads = flags.threads,
       .file_bytes_max = flags.file_kib_max * 1024,
       .cache_file = flags.no_cache ? fs::path() : context.settings.data_folder / "review.sqlite",
       .today = today()});
  if (!reviewer) return std::unexpected(reviewer.error());
  if (!(*reviewer)->why_no_cache().empty())
    print_warning("reviewing without the cache: " + (*reviewer)->why_no_cache());
  ProgressBar bar("reviewing");
  return (*reviewer)->run(
      inputs, plan.types,
      [&](const review::ReviewProgress& progress) {
        bar.update(
            progress.files_done, progress.files_total,
            fmt::format("{}/{} {}", progress.files_done, progress.files_total, progress.path));
      },
      context.stop);
}

// Adds what others find: analyzers, a model. An exit code other than kDone ends the command.
int review_by_others(const Flags& flags, const Plan& plan,
                     const std::vector<review::ReviewInput>& inputs, const Context& context,
                     review::ReviewReport& done) {
  if (auto ran = run_analyzers(flags.analyzers, inputs, today(), done, context.stop); !ran)
    return report(ran.error());
  const bool with_model = flags.model.name || !flags.model.servers.empty() ||
                          (!flags.offline && !context.settings.llm.urls.empty());
  if (!with_model) return kDone;
  const int code = ask_model(flags, inputs, plan.types, context, done);
  if (code != kEnvironment) return code;
  // What rules have found stands.
  done.why_no_model = "the model could not be asked: standard error says why";
  print_warning("reviewed without the model");
  return kDone;
}

// Takes away what was not asked for and what is known, and writes it down as known.
Result<void> apply_baseline(const Flags& flags, const Plan& plan, review::ReviewReport& done) {
  std::erase_if(done.findings, [&](const review::Finding& one) {
    return one.confidence < plan.confidence ||
           std::ranges::find(plan.types, one.type) == plan.types.end();
  });
  if (plan.baseline) {
    if (const auto gone = plan.baseline->apply(done); gone > 0)
      print_warning(fmt::format("{} findings of the baseline are gone: write it anew", gone));
  }
  if (flags.write_baseline.empty()) return {};
  return review::Baseline::write(flags.write_baseline, done);
}

Result<void> write_reports(const Plan& plan, const review::ReviewReport& done,
                           const std::map<std::string, fs::path>& files) {
  Excerpts excerpts(files);
  for (const Output& output : plan.outputs) {
    const std::string text =
        render(output.format, done, plan.rules,
               {.version = LEYDEN_VERSION,
                .root_uri = "file://" + fs::current_path().generic_string() + "/",
                .colour = output.file.empty() && stdout_is_terminal(),
                .excerpt = std::ref(excerpts)});
    if (output.file.empty()) {
      write_stdout(text);
    } else if (auto written = write_file_atomically(output.file, text); !written) {
      return written;
    }
  }
  return {};
}

int run_review(const Flags& flags, const Context& context) {
  const auto plan = plan_of(flags);
  if (!plan) return report(plan.error());
  if (flags.list_rules) {
    list_rules(plan->rules, flags.as_json);
    return kDone;
  }
  const auto wanted = wanted_inputs(flags, fs::current_path());
  if (!wanted) return report(wanted.error());
  auto done = review_by_rules(flags, *plan, wanted->inputs, context);
  if (!done) return report(done.error());
  done->skipped.insert(done->skipped.end(), wanted->skipped.begin(), wanted->skipped.end());
  done->notes.insert(done->notes.begin(), wanted->notes.begin(), wanted->notes.end());
  if (const int code = review_by_others(flags, *plan, wanted->inputs, context, *done);
      code != kDone)
    return code;
  if (auto applied = apply_baseline(flags, *plan, *done); !applied) return report(applied.error());
  std::map<std::string, fs::path> files;
  for (const review::ReviewInput& input : wanted->inputs) files[input.path] = input.file;
  if (flags.dry_run || flags.fix) {
    auto fixed = fix(*done, files, flags.dry_run);
    if (!fixed) return report(fixed.error());
    if (flags.dry_run) return kDone;
  }
  if (auto written = write_reports(*plan, *done, files); !written) return report(written.error());
  if (plan->fail_on && std::ranges::any_of(done->findings, [&](const review::Finding& one) {
        return one.severity >= *plan->fail_on;
      }))
    return kFound;
  const bool complete = done->skipped.empty() && done->why_no_model.empty();
  return flags.strict && !complete ? kIncomplete : kDone;
}

}  // namespace

void add_review_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "review", "Review files and folders: security, performance and style, without a model");
  command->add_option("PATH", flags->paths, "Files and folders (default: this folder)");
  command->add_option("--diff", flags->diff,
                      "Review the lines that a diff changes: a file, or - for standard input");
  command->add_option("--base", flags->base,
                      "Review what has changed since HEAD and this commit or branch parted");
  command->add_flag("--staged", flags->staged, "Review what is staged for the next commit");
  command->add_option("--type", flags->type, "security, performance, style or comprehensive")
      ->capture_default_str();
  command
      ->add_option("--format", flags->format,
                   "text, json, ndjson, sarif, junit, gitlab, github or markdown")
      ->capture_default_str();
  command->add_option("--output", flags->outputs, "FORMAT=FILE: another report, may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--json", flags->as_json, "The same as --format json");
  command->add_option("--fail-on", flags->fail_on,
                      "Exit with 1 when a finding is critical, high, medium or low, or worse");
  command
      ->add_option("--min-confidence", flags->min_confidence,
                   "Leave out findings that are less likely right than high, medium or low")
      ->capture_default_str();
  command->add_option("--baseline", flags->baseline,
                      "Findings in this file are known: they are not told");
  command->add_option("--write-baseline", flags->write_baseline,
                      "Write what is found, as a baseline");
  command->add_option("--rules", flags->rules,
                      "A folder of .toml files with rules, in place of Leyden's");
  command
      ->add_option("--max-file-kib", flags->file_kib_max,
                   "Larger files are not reviewed, and told so")
      ->capture_default_str();
  command
      ->add_option(
          "--analyzers", flags->analyzers,
          "Others' programs to run, too: auto (those that are installed and run no code of "
          "the project), none, or names: bandit, clang-tidy, clippy, cppcheck, eslint, "
          "gosec, ruff, semgrep, staticcheck")
      ->capture_default_str();
  command->add_flag("--offline", flags->offline, "Rules only, though a model server is set");
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
  command->add_option("--guidelines", flags->guidelines,
                      "A folder of the team's guidelines for the model");
  command
      ->add_option(
          "--reviews", flags->reviews,
          "Reviews of each file by the model, each with another focus; 1: one for everything")
      ->capture_default_str()
      ->check(CLI::Range(1, 4));
  command
      ->add_option("--max-answer-tokens", flags->max_answer_tokens,
                   "Stop each answer of the model there")
      ->capture_default_str();
  command
      ->add_option("--max-tokens", flags->max_tokens,
                   "Ask the model nothing more once prompts and answers have taken so many; 0: no "
                   "limit")
      ->capture_default_str();
  command->add_option("--threads", flags->threads, "0: one for each processor");
  command->add_flag("--no-cache", flags->no_cache,
                    "Neither read nor keep what earlier reviews found");
  command->add_flag("--no-token-cache", flags->no_token_cache,
                    "Tokenize what the model is shown anew each time");
  command->add_flag("--strict", flags->strict,
                    "Exit with 3 when a file could not be reviewed or the model not be asked");
  command->add_flag("--fix", flags->fix,
                    "Make the fixes that rules offer, where the file still parses");
  command->add_flag("--dry-run", flags->dry_run, "Show the fixes as a patch and change nothing");
  command->add_flag("--list-rules", flags->list_rules, "The rules, a line each");
  command->footer(
      "leyden review src --fail-on high\nleyden review --base main\ngit diff | leyden review "
      "--diff -\nleyden review --format sarif > review.sarif\n"
      "A finding is taken away by a comment: leyden:ignore RULE why");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_review(*flags, context); };
  });
}

}  // namespace leyden::cli
