#include "leyden/cli/evolve_operators_command.h"

#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/evolve/model/model_writer.h"
#include "leyden/agents/evolve/model/operator_choice.h"
#include "leyden/cli/evolve_plan.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/open_index.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {
namespace {

using Json = nlohmann::json;

struct Flags {
  std::string scenario;
  std::size_t count = evolve::kOperators;
  std::optional<std::string> tokenizer;
  bool as_json = false;
};

void print(const evolve::OperatorSelection& selection) {
  std::string out = fmt::format("{}\n", selection.reasoning);
  for (const evolve::SelectedOperator& one : selection.selected)
    out += fmt::format("  {:<14} {:>5.1f} %  {}\n", to_string(one.which), one.weight * 100,
                       one.reason);
  out += fmt::format("patterns: {} tokens, {}, {:.1f} ms\n", selection.pattern_tokens,
                     selection.cache_hit ? "all from the cache" : "tokenized now",
                     selection.latency_ms);
  if (selection.fallback) out += "no word of the scenario is known: the general one was taken\n";
  write_stdout(out);
}

void print_json(const evolve::OperatorSelection& selection) {
  Json selected = Json::array();
  for (const evolve::SelectedOperator& one : selection.selected)
    selected.push_back(
        {{"operator", to_string(one.which)}, {"weight", one.weight}, {"reason", one.reason}});
  write_stdout(json_line({{"selected_operators", selected},
                          {"operator_count", selection.selected.size()},
                          {"agent_name", selection.agent_name},
                          {"scenario", selection.scenario},
                          {"reasoning", selection.reasoning},
                          {"cache_hit", selection.cache_hit},
                          {"context_tokens", selection.context_tokens},
                          {"pattern_tokens", selection.pattern_tokens},
                          {"total_tokens", selection.total_tokens},
                          {"latency_ms", selection.latency_ms},
                          {"cache_stats", to_json(selection.cache_stats)},
                          {"fallback", selection.fallback}}));
}

int run_operators(const Flags& flags, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  if (auto index = open_index(context.settings, false); !index) return report(index.error());
  auto session = Session::open(
      context.settings, *tokenizer, "evolve",
      {.secret = {}, .system_prompt = evolve::evolve_system_prompt(), .degraded_reason = {}});
  if (!session) return report(session.error());
  auto selection =
      evolve::select_operators((*session)->rag(), **tokenizer,
                               {.scenario = flags.scenario,
                                .count = flags.count,
                                .runs = runs_folder(std::filesystem::current_path()),
                                .tenant = context.settings.tenant,
                                .ttl = context.settings.ttl_of("evolve", "operator patterns")},
                               context.stop);
  if (!selection) return report(selection.error());
  if (flags.as_json) {
    print_json(*selection);
  } else {
    print(*selection);
  }
  return kDone;
}

}  // namespace

void add_evolve_operators_command(CLI::App& evolve, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = evolve.add_subcommand(
      "operators", "Which operators a scenario calls for, by what runs here have measured");
  command
      ->add_option("--scenario", flags->scenario,
                   "repair, numeric, speed, general, or the task in a few words")
      ->required();
  command->add_option("--count", flags->count, "Of operators")->capture_default_str();
  command->add_option("--tokenizer", flags->tokenizer, "A name or a file");
  command->add_flag("--json", flags->as_json, "As JSON");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_operators(*flags, context); };
  });
}

}  // namespace leyden::cli
