#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "leyden/agents/evolve/evolution.h"
#include "leyden/agents/evolve/model/model_writer.h"
#include "leyden/agents/evolve/reports/report.h"
#include "leyden/agents/evolve/selection/scenarios.h"
#include "leyden/base/files.h"
#include "leyden/cli/agent_model.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/evolve_operators_command.h"
#include "leyden/cli/evolve_plan.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/terminal.h"
#include "leyden/syntax/language.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSourceBytesMax = 2 * MiB;

struct Flags {
  EvolvePlan plan;
  std::string program;
  std::optional<double> target;
  std::optional<std::size_t> iterations;
  double max_time_s = 0;
  evolve::SpendingLimits spending;
  std::optional<double> price_in;
  std::optional<double> price_out;
  std::size_t max_evals = 0;
  std::size_t workers = 0;
  std::string resume;
  std::string output;
  bool write = false;
  bool as_json = false;
  bool offline = false;
  bool unsafe_no_sandbox = false;
  bool no_token_cache = false;
  bool strict = false;
  ModelChoice model;
  std::string record;
  std::string replay;
  std::size_t max_answer_tokens = 2048;
};

// The run that was asked for: gone on from, or new, which has no folder before all that it needs is there.
struct OpenedRun {
  EvolvePlan plan;
  fs::path folder;
  std::unique_ptr<evolve::Journal> journal;
};

Result<EvolvePlan> new_plan(const Flags& flags) {
  EvolvePlan plan = flags.plan;
  std::error_code error;
  if (flags.program.empty())
    return fail(Errc::invalid_argument, "name the program that is to get better, or --resume RUN");
  if (plan.judge.empty())
    return fail(Errc::invalid_argument, "--evaluate CMD is needed: what measures the program?");
  const fs::path project = fs::canonical(plan.project.empty() ? "." : plan.project, error);
  const fs::path program = fs::canonical(flags.program, error);
  if (error) return fail(Errc::not_found, "no such file: {}", flags.program);
  plan.project = project.string();
  plan.program = program.lexically_relative(project).string();
  plan.target = flags.target;
  plan.iterations = flags.iterations.value_or(plan.iterations);
  auto text = read_file(program, kSourceBytesMax);
  if (!text) return std::unexpected(text.error());
  if (text->find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Errc::invalid_argument, "{} is empty", flags.program);
  plan.start = *std::move(text);
  if (!plan.task.empty()) {
    auto task = read_file(plan.task, kSourceBytesMax);
    if (!task) return std::unexpected(task.error());
    plan.task = *std::move(task);
  }
  const auto match = evolve::scenario_for(plan.scenario.empty() ? plan.task : plan.scenario);
  plan.scenario = match.scenario->name;
  plan.priors = evolve::priors_for(
      *match.scenario, evolve::gains_of_runs(runs_folder(project), match.scenario->name));
  return plan;
}

Result<void> begin_run(OpenedRun& run) {
  auto folder = make_run_folder(runs_folder(run.plan.project));
  if (!folder) return std::unexpected(folder.error());
  run.folder = *folder;
  auto journal = evolve::Journal::open(run.folder / "evolve.db");
  if (!journal) return std::unexpected(journal.error());
  run.journal = std::make_unique<evolve::Journal>(*std::move(journal));
  if (auto kept = run.journal->set("scenario", run.plan.scenario); !kept) return kept;
  return run.journal->set("plan", run.plan.json());
}

Result<OpenedRun> open_run(const Flags& flags) {
  OpenedRun out;
  if (flags.resume.empty()) {
    auto plan = new_plan(flags);
    if (!plan) return std::unexpected(plan.error());
    out.plan = *std::move(plan);
    return out;
  }
  std::error_code error;
  const fs::path project =
      fs::canonical(flags.plan.project.empty() ? "." : flags.plan.project, error);
  auto folder = find_run_folder(runs_folder(project), flags.resume);
  if (!folder) return std::unexpected(folder.error());
  out.folder = *folder;
  auto journal = evolve::Journal::open_existing(out.folder / "evolve.db");
  if (!journal) return std::unexpected(journal.error());
  out.journal = std::make_unique<evolve::Journal>(*std::move(journal));
  auto settings = out.journal->settings();
  if (!settings) return std::unexpected(settings.error());
  auto plan = EvolvePlan::of_json((*settings)["plan"]);
  if (!plan) return std::unexpected(plan.error());
  out.plan = *std::move(plan);
  out.plan.project = project.string();
  if (!flags.plan.judge.empty()) out.plan.judge = flags.plan.judge;
  if (flags.target) out.plan.target = flags.target;
  if (flags.iterations) out.plan.iterations = *flags.iterations;
  if (!flags.plan.operators.empty()) out.plan.operators = flags.plan.operators;
  return out;
}

std::string task_text(const EvolvePlan& plan) {
  std::string out = fmt::format("# Task\n\nMake {} better. It is measured by `{}`: {} is better.",
                                plan.program, plan.judge, plan.goal == "min" ? "less" : "more");
  if (plan.target) out += fmt::format(" The target is {}.", *plan.target);
  for (const std::string& stage : plan.stages)
    out += fmt::format("\nBefore that it must pass `{}`.", stage);
  out += fmt::format(
      "\nEach command ends after {} s. A wrong program, a crash or a time-out has no score.\n",
      plan.timeout_s);
  return out + (plan.task.empty() ? "" : "\n" + plan.task + "\n");
}

std::size_t workers_of(const Flags& flags, const EvolvePlan& plan) {
  if (flags.workers > 0) return flags.workers;
  // Repeats say that scores are noisy: others' work would make them more so.
  return plan.repeats > 1 ? 1 : std::max(1U, std::thread::hardware_concurrency());
}

std::vector<evolve::Operator> operators_of(const EvolvePlan& plan) {
  std::vector<evolve::Operator> out;
  for (const std::string& name : plan.operators) {
    if (const auto which = evolve::operator_named(name)) out.push_back(*which);
  }
  return out;
}

evolve::EvolutionOptions evolution_options(const Flags& flags, const EvolvePlan& plan) {
  return {.target = plan.target,
          .candidates_max = plan.iterations,
          .evaluations_max = flags.max_evals,
          .time_max = std::chrono::milliseconds(static_cast<std::int64_t>(flags.max_time_s * 1000)),
          .spending = flags.spending,
          .islands = plan.islands,
          .capacity = plan.capacity,
          .generation_size = plan.generation_size,
          .workers = workers_of(flags, plan),
          .seed = plan.seed,
          .priors = plan.priors,
          .operators = operators_of(plan)};
}

Result<evolve::EvolutionReport> run_evolution(const evolve::EvolutionOptions& options,
                                              const OpenedRun& run,
                                              const evolve::Evaluator& evaluator,
                                              evolve::ChildWriter* writer, const Context& context) {
  ProgressBar bar("evolving " + run.plan.program);
  return evolve::evolve(
      evaluator, *run.journal, run.plan.start,
      syntax::detect_language(run.plan.program, run.plan.start), writer, options,
      [&](const evolve::EvolutionProgress& progress) {
        bar.update(progress.finished, progress.candidates_max,
                   progress.best ? fmt::format("best {:.6g} {}", *progress.best, progress.best_by)
                                 : std::string("nothing passes yet"));
      },
      context.stop);
}

Result<void> keep_results(const Flags& flags, const OpenedRun& run,
                          const evolve::EvolutionReport& done, const evolve::RunFacts& facts) {
  if (auto kept = run.journal->set("gains", evolve::json_of_gains(done.state.bandit())); !kept)
    return kept;
  if (auto kept =
          write_file_atomically(run.folder / "report.html", evolve::html_report(done, facts));
      !kept)
    return kept;
  if (done.gained(facts.goal)) {
    if (flags.write) {
      auto written =
          write_file_atomically(fs::path(run.plan.project) / run.plan.program, done.best()->code);
      if (!written) return written;
      print_warning("written: " + run.plan.program);
    }
    if (!flags.output.empty()) {
      if (auto written = write_file_atomically(flags.output, done.best()->code); !written)
        return written;
    }
  } else if (flags.write || !flags.output.empty()) {
    print_warning("no gain was measured: nothing is written");
  }
  return {};
}

int exit_code_for(const evolve::EvolutionReport& done, const evolve::RunFacts& facts, bool strict) {
  const bool good = facts.target ? done.met(facts.target, facts.goal) : done.gained(facts.goal);
  if (!good) return kFound;
  return strict && !facts.why_no_model.empty() ? kIncomplete : kDone;
}

double price_of(const std::optional<double>& flag, double setting) {
  return flag.value_or(setting);
}

std::unique_ptr<evolve::ModelWriter> writer_for(const Flags& flags, const EvolvePlan& plan,
                                                AgentModel& model, const Context& context) {
  return std::make_unique<evolve::ModelWriter>(
      model.rag(), model.server(),
      evolve::ModelWriterOptions{
          .language = syntax::detect_language(plan.program, plan.start),
          .file = plan.program,
          .task = task_text(plan),
          .answer_tokens_max = flags.max_answer_tokens,
          .price_in = price_of(flags.price_in, context.settings.llm.price_in),
          .price_out = price_of(flags.price_out, context.settings.llm.price_out),
          .tenant = context.settings.tenant,
          .ttl = context.settings.ttl_of("evolve", "operator patterns"),
          .sampling = {.temperature = 0.8, .seed = static_cast<std::uint32_t>(plan.seed)}});
}

evolve::RunFacts facts_of(const OpenedRun& run, std::string why_no_model) {
  return {.run = run.folder.filename().string(),
          .program = run.plan.program,
          .judge = run.plan.judge,
          .scenario = run.plan.scenario,
          .goal = run.plan.evaluator().goal,
          .target = run.plan.target,
          .model = {},
          .counts = {},
          .why_no_model = std::move(why_no_model),
          .cache_stats = {}};
}

int run_with(const Flags& flags, OpenedRun& run, const sandbox::Sandbox& sandbox, AgentModel* model,
             std::string why_no_model, const Context& context) {
  const evolve::EvolutionOptions options = evolution_options(flags, run.plan);
  if (auto good = options.check(); !good) return report(good.error());
  auto evaluator = evolve::Evaluator::open(sandbox, run.plan.evaluator(), context.stop);
  if (!evaluator) return report(evaluator.error());
  std::unique_ptr<evolve::ModelWriter> writer;
  if (model != nullptr) {
    writer = writer_for(flags, run.plan, *model, context);
    if (auto opened = writer->open(context.stop); !opened) return report(opened.error());
  }
  if (!run.journal) {
    if (auto begun = begin_run(run); !begun) return report(begun.error());
  }
  auto done = run_evolution(options, run, **evaluator, writer.get(), context);
  if (!done) return report(done.error());
  evolve::RunFacts facts = facts_of(run, std::move(why_no_model));
  if (writer) {
    facts.model = writer->model_name();
    facts.counts = writer->counts();
    facts.cache_stats = model->rag().stats();
  }
  if (auto kept = keep_results(flags, run, *done, facts); !kept) return report(kept.error());
  write_stdout(flags.as_json ? evolve::json_report(*done, facts)
                             : evolve::text_report(*done, facts));
  if (!flags.as_json)
    write_stdout(fmt::format("report: {}\ngo on: leyden evolve --resume {}\n",
                             (run.folder / "report.html").string(), facts.run));
  return exit_code_for(*done, facts, flags.strict);
}

int run_evolve(const Flags& flags, const Context& context) {
  if (flags.plan.goal != "max" && flags.plan.goal != "min")
    return report({Errc::invalid_argument, "--goal is max or min"});
  if (flags.spending.cost > 0 && price_of(flags.price_in, context.settings.llm.price_in) <= 0 &&
      price_of(flags.price_out, context.settings.llm.price_out) <= 0)
    return report(
        {Errc::invalid_argument, "--max-cost needs what tokens cost: --price-in and --price-out"});
  auto run = open_run(flags);
  if (!run) return report(run.error());
  auto sandbox = sandbox::Sandbox::open(
      {.isolation = flags.unsafe_no_sandbox ? sandbox::Isolation::none : sandbox::Isolation::full});
  if (!sandbox) return report(sandbox.error());
  std::string why_no_model;
  auto model = AgentModel::open({.agent = "evolve",
                                 .system_prompt = evolve::evolve_system_prompt(),
                                 .choice = flags.model,
                                 .offline = flags.offline,
                                 .no_token_cache = flags.no_token_cache,
                                 .journal = {},
                                 .record = flags.record,
                                 .replay = flags.replay,
                                 .resumed = !flags.resume.empty()},
                                context, why_no_model);
  if (!model) return model.error();
  return run_with(flags, *run, **sandbox, model->get(), why_no_model, context);
}

void add_judge_options(CLI::App& command, Flags& flags) {
  command.add_option(
      "--evaluate", flags.plan.judge,
      "The command that measures: its last line is {\"score\": n, \"passed\": bool}");
  command
      .add_option("--stage", flags.plan.stages,
                  "A cheap judge before it, of the same form; may be given again")
      ->allow_extra_args(false);
  command.add_option("--run", flags.plan.run,
                     "Runs the candidate alone; judges get {output}, {errors} and {result}; "
                     "{count} before a command counts its instructions");
  command
      .add_option("--show", flags.plan.shown,
                  "A file or folder of the project that --run may read; may be given again")
      ->allow_extra_args(false);
  command.add_option("--repeats", flags.plan.repeats, "Of the measurement, where it is noisy")
      ->capture_default_str();
  command.add_option("--timeout", flags.plan.timeout_s, "Seconds, of each command")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 86400.0));
  command.add_option("--memory", flags.plan.memory_mb, "MiB, of each command")
      ->capture_default_str();
  command.add_option("--project", flags.plan.project,
                     "The folder that commands run in [default: this one]");
  command.add_option("--goal", flags.plan.goal, "max or min")->capture_default_str();
  command.add_flag("--unsafe-no-sandbox", flags.unsafe_no_sandbox,
                   "Run candidates with all rights of yours, where no sandbox can be had");
}

void add_search_options(CLI::App& command, Flags& flags) {
  command.add_option("--target", flags.target, "Stop when this score is measured");
  command.add_option("--iterations", flags.iterations, "Candidates [default: 200]");
  command.add_option("--max-time", flags.max_time_s, "Seconds; 0: no limit");
  command.add_option("--max-evals", flags.max_evals, "Evaluations, the start's too; 0: no limit");
  command.add_option("--islands", flags.plan.islands, "Populations that seldom meet")
      ->capture_default_str();
  command.add_option("--archive", flags.plan.capacity, "Programs kept to go on from, at most")
      ->capture_default_str();
  command
      .add_option("--generation", flags.plan.generation_size,
                  "Candidates that are proposed before any of them is known")
      ->capture_default_str();
  command.add_option("--workers", flags.workers,
                     "Evaluations at a time; the result is the same [default: the processors, or 1 "
                     "with --repeats]");
  command.add_option("--seed", flags.plan.seed, "The same seed gives the same run")
      ->capture_default_str();
  command.add_option("--scenario", flags.plan.scenario,
                     "repair, numeric, speed, general, or the task in a few words");
  command
      .add_option("--operators", flags.plan.operators,
                  "Only these of revision,recombination,refinement,crossover,mutation")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"revision", "recombination", "refinement", "crossover", "mutation"}));
  command.add_option("--resume", flags.resume,
                     "Go on from a run of this project: its name, or last");
}

void add_model_options(CLI::App& command, Flags& flags) {
  command.add_flag("--offline", flags.offline, "Without a model, though a server is set");
  command.add_option(
      "--model", flags.model.name,
      "Ask a model in this process, too: a name of `leyden model list` or a GGUF file");
  command
      .add_option("--server", flags.model.servers,
                  "Ask a model server, too [default: LEYDEN_LLM_URL, if set]")
      ->allow_extra_args(false)
      ->excludes("--model");
  command.add_option("--tokenizer", flags.model.tokenizer,
                     "The server's model's own: a name or a file");
  command.add_option("--record", flags.record, "Keep the model's answers in a file");
  command
      .add_option(
          "--replay", flags.replay,
          "Answers out of such a file in place of a model; one that is not there is an error")
      ->excludes("--record");
  command.add_option("--task", flags.plan.task, "A file that tells the model what is wanted");
  command
      .add_option("--max-answer-tokens", flags.max_answer_tokens,
                  "Stop each answer of the model there")
      ->capture_default_str();
  command.add_option("--max-tokens", flags.spending.tokens,
                     "Ask the model nothing more once prompts and answers have taken so many");
  command.add_option("--max-calls", flags.spending.calls, "Questions to the model");
  command
      .add_option("--max-cost", flags.spending.cost,
                  "The same for what tokens cost, in the currency of the prices")
      ->check(CLI::NonNegativeNumber);
  for (auto& [name, price, what] : {std::tuple("--price-in", &flags.price_in, "prompts"),
                                    std::tuple("--price-out", &flags.price_out, "answers")})
    command
        .add_option(name, *price,
                    fmt::format("Of a million tokens of {} [default: llm.price_{}]", what,
                                std::string_view(name).substr(8)))
        ->check(CLI::NonNegativeNumber);
  command.add_flag("--no-token-cache", flags.no_token_cache,
                   "Tokenize what the model is shown anew each time");
  command.add_flag("--strict", flags.strict, "Exit with 3 when the model could not be asked");
}

}  // namespace

void add_evolve_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("evolve", "Make a program better by what a command of yours measures");
  command->add_option("PROGRAM", flags->program, "A file of the project");
  add_judge_options(*command, *flags);
  add_search_options(*command, *flags);
  add_model_options(*command, *flags);
  command->add_flag("--write", flags->write, "Put the best in the program's place, if it gained");
  command->add_option("--output", flags->output, "Write the best to a file, if it gained");
  command->add_flag("--json", flags->as_json, "The report as JSON");
  command->footer(
      "leyden evolve pack.py --evaluate \"python3 judge.py\" --target 2.63\n"
      "leyden evolve sort.py --run \"python3 {candidate}\" --evaluate \"python3 judge.py "
      "{output}\" "
      "--goal min --repeats 5\n"
      "leyden evolve --resume last --iterations 1000\n"
      "Candidates run in a sandbox. Ctrl-C leaves a run that can be resumed. Exit code 1: the "
      "target "
      "was not met, or nothing was gained.");
  command->require_subcommand(0, 1);
  command->callback([flags, &run, command] {
    if (!command->get_subcommands().empty()) return;  // Which has a callback of its own.
    run = [flags](const Context& context) { return run_evolve(*flags, context); };
  });
  add_evolve_operators_command(*command, run);
}

}  // namespace leyden::cli
