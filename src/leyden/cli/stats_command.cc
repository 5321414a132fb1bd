#include <memory>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

namespace leyden::cli {
namespace {

int run_stats(bool as_json, const Context& context) {
  nlohmann::json collections = nlohmann::json::array();
  std::string lines;
  auto index =
      retrieval::open_sqlite_index({.file = context.settings.index_file(), .read_only = true});
  if (!index && index.error().code != Errc::not_found) return report(index.error());
  if (index) {
    auto scopes = (*index)->scopes();
    if (!scopes) return report(scopes.error());
    for (const auto& scope : *scopes) {
      collections.push_back({{"tenant", scope.scope.tenant},
                             {"collection", scope.scope.collection},
                             {"documents", scope.documents},
                             {"passages", scope.passages},
                             {"bytes", scope.bytes}});
      lines += fmt::format("  {} / {}: {} documents, {} passages, {}\n", scope.scope.tenant,
                           scope.scope.collection, scope.documents, scope.passages,
                           human_bytes(scope.bytes));
    }
  }
  cache::StoreUsage usage;
  SystemClock clock;
  if (context.settings.redis_url || std::filesystem::exists(context.settings.store_folder())) {
    auto store = open_store(context.settings, clock);
    if (!store) return report(store.error());
    auto used = (*store)->usage(Deadline::after(std::chrono::seconds(5)));
    if (!used) return report(used.error());
    usage = *used;
  }
  if (as_json) {
    write_stdout(json_line({{"collections", collections},
                            {"store",
                             {{"entries", usage.entries},
                              {"bytes_used", usage.bytes_used},
                              {"bytes_budget", usage.bytes_budget}}},
                            {"data_folder", context.settings.data_folder.string()}}));
  } else {
    write_stdout(
        fmt::format("collections:\n{}token store: {} passages, {}{}\ndata folder: {}\n",
                    lines.empty() ? "  none yet: leyden index FOLDER makes one\n" : lines,
                    usage.entries, human_bytes(usage.bytes_used),
                    usage.bytes_budget == 0 ? "" : " of " + human_bytes(usage.bytes_budget),
                    context.settings.data_folder.string()));
  }
  return kDone;
}

}  // namespace

void add_stats_command(CLI::App& app, Run& run) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("stats", "What is indexed and what the token store holds");
  command->add_flag("--json", *as_json, "One JSON object on standard output");
  command->footer(
      "Hits and misses of one run are in the \"cache_stats\" of `leyden retrieve --json` and "
      "`leyden ask --json`.\nExample: leyden stats --json");
  command->callback([as_json, &run] {
    run = [as_json](const Context& context) { return run_stats(*as_json, context); };
  });
}

}  // namespace leyden::cli
