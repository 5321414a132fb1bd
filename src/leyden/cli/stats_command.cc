#include <algorithm>
#include <memory>

#include "leyden/base/stoppable_wait.h"
#include "leyden/cli/cache_session.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/open_index.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/stats_board.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {
namespace {

using nlohmann::json;

struct Flags {
  bool as_json = false;
  std::optional<double> watch_s;
  bool reset = false;
};

// All that is shown, of one moment.
struct Snapshot {
  std::vector<retrieval::ScopeSummary> scopes;
  cache::StoreUsage store;
  std::string store_problem;  // Why it can't be asked; empty when it was.
  Board board;
};

Result<Snapshot> take(const Settings& settings) {
  Snapshot out;
  auto index = open_index(settings, true);
  if (!index && index.error().code != Errc::not_found) return std::unexpected(index.error());
  if (index) {
    auto scopes = (*index)->scopes();
    if (!scopes) return std::unexpected(scopes.error());
    out.scopes = *std::move(scopes);
  }
  if (settings.redis_url || std::filesystem::exists(settings.store_folder())) {
    SystemClock clock;
    auto store = open_store(settings, clock);
    if (!store && store.error().code == Errc::invalid_argument)
      return std::unexpected(store.error());
    auto used = store ? (*store)->usage(Deadline::after(std::chrono::seconds(5)))
                      : Result<cache::StoreUsage>(std::unexpected(store.error()));
    if (used) {
      out.store = *used;
    } else {
      out.store_problem = used.error().message;
    }
  }
  auto board = StatsBoard::read(settings.stats_folder());
  if (!board) return std::unexpected(board.error());
  out.board = *std::move(board);
  return out;
}

json optional_json(const auto& value) { return value ? json(*value) : json(nullptr); }

json snapshot_json(const Snapshot& snapshot, const Settings& settings) {
  json collections = json::array();
  for (const auto& scope : snapshot.scopes) {
    collections.push_back({{"tenant", scope.scope.tenant},
                           {"collection", scope.scope.collection},
                           {"documents", scope.documents},
                           {"passages", scope.passages},
                           {"bytes", scope.bytes}});
  }
  const Board& board = snapshot.board;
  json running = json::array();
  for (const BoardEntry& entry : board.running) {
    running.push_back({{"pid", entry.pid},
                       {"command", entry.command},
                       {"updated_s", entry.updated_s},
                       {"memory_usage_mb", entry.memory_usage_mb},
                       {"tokens_cached", entry.tokens_cached},
                       {"store_state", entry.store_state},
                       {"lookups", cache::summarize(entry.counts.all).lookups},
                       {"hit_rate", cache::summarize(entry.counts.all).hit_rate}});
  }
  json cost = {{"encode_us_per_kib", nullptr},
               {"store_read_us_per_kib", nullptr},
               {"store_crossover_bytes", nullptr}};
  if (board.costs) {
    cost = {{"encode_us_per_kib", optional_json(board.costs->encode_us_per_kib)},
            {"store_read_us_per_kib", optional_json(board.costs->store_read_us_per_kib)},
            {"store_crossover_bytes", optional_json(board.costs->store_crossover_bytes)}};
  }
  return {{"collections", collections},
          {"store",
           {{"entries", snapshot.store.entries},
            {"bytes_used", snapshot.store.bytes_used},
            {"bytes_budget", snapshot.store.bytes_budget},
            {"problem", snapshot.store_problem}}},
          {"data_folder", settings.data_folder.string()},
          {"processes", board.processes},
          {"since_s", board.since_s},
          {"cache", to_json(cache::summarize(board.counts.all))},
          {"warm_up", to_json(cache::summarize(board.counts.warm_up))},
          {"agents", to_json(cache::summarize(board.counts.agents))},
          {"tenants", to_json(cache::summarize(board.counts.tenants))},
          {"cost", cost},
          {"running", running}};
}

std::string time_text(std::int64_t seconds) {
  std::tm time{};
  const std::time_t when = seconds;
  ::localtime_r(&when, &time);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &time)};
}

std::string latency_row(const char* name, const telemetry::LatencySummary& latency) {
  return fmt::format("  {:<18}{:>10}{:>12.4f}{:>12.4f}{:>12.4f}{:>12.4f}\n", name, latency.count,
                     latency.avg_ms, latency.p50_ms, latency.p95_ms, latency.p99_ms);
}

std::string lookups_row(std::string_view name, const cache::LookupStats& stats) {
  return fmt::format("  {:<18}{:>10}{:>10}{:>10}{:>10}{:>9.1f} %{:>9}{:>9}{:>9}\n", name,
                     stats.lookups, stats.hits_memory, stats.hits_store, stats.misses,
                     100 * stats.hit_rate, stats.bypassed, stats.errors, stats.corruptions);
}

std::string cost_text(const std::optional<BoardEntry>& costs) {
  if (!costs || !costs->encode_us_per_kib) return "not measured yet";
  std::string out = fmt::format("tokenizing takes {:.1f} us a KiB", *costs->encode_us_per_kib);
  if (!costs->store_read_us_per_kib) return out + ", reading the store is not measured yet";
  out += fmt::format(", reading the store {:.1f}", *costs->store_read_us_per_kib);
  return out + (costs->store_crossover_bytes
                    ? fmt::format(": reading pays from {} of missing text a request on",
                                  human_bytes(*costs->store_crossover_bytes))
                    : ": reading never pays");
}

std::string to_text(const Snapshot& snapshot, const Settings& settings) {
  std::string out = "collections:\n";
  if (snapshot.scopes.empty()) out += "  none yet: leyden index FOLDER makes one\n";
  for (const auto& scope : snapshot.scopes) {
    out += fmt::format("  {} / {}: {} documents, {} passages, {}\n", scope.scope.tenant,
                       scope.scope.collection, scope.documents, scope.passages,
                       human_bytes(scope.bytes));
  }
  const cache::StoreUsage& store = snapshot.store;
  out += snapshot.store_problem.empty()
             ? fmt::format("token store: {} passages, {}{}\n", store.entries,
                           human_bytes(store.bytes_used),
                           store.bytes_budget == 0 ? "" : " of " + human_bytes(store.bytes_budget))
             : fmt::format("token store: {}\n", snapshot.store_problem);
  out += fmt::format("data folder: {}\n", settings.data_folder.string());
  const Board& board = snapshot.board;
  if (board.processes == 0) return out + "look-ups: none yet\n";
  const cache::LookupStats all = cache::summarize(board.counts.all);
  out += fmt::format("cost: {}\n", cost_text(board.costs));
  out += fmt::format(
      "look-ups of {} processes since {}:\n  {:<18}{:>10}{:>10}{:>10}{:>10}{:>11}{:>9}{:>9}{:>9}\n",
      board.processes, time_text(board.since_s), "", "passages", "memory", "store", "misses",
      "hit rate", "bypassed", "errors", "corrupt");
  out += lookups_row("all", all);
  for (const auto& [name, stats] : cache::summarize(board.counts.agents))
    out += lookups_row("agent " + name, stats);
  for (const auto& [name, stats] : cache::summarize(board.counts.tenants))
    out += lookups_row("tenant " + name, stats);
  out += lookups_row("warm-up (apart)", cache::summarize(board.counts.warm_up));
  out += fmt::format("ms a passage:\n  {:<18}{:>10}{:>12}{:>12}{:>12}{:>12}\n", "", "passages",
                     "average", "p50", "p95", "p99");
  out += latency_row("memory hit", all.memory_hit_latency);
  out += latency_row("store hit", all.store_hit_latency);
  out += latency_row("miss", all.miss_latency);
  if (!board.running.empty()) out += "running:\n";
  for (const BoardEntry& entry : board.running) {
    const cache::LookupStats stats = cache::summarize(entry.counts.all);
    out += fmt::format("  {} {}: {} look-ups, {:.1f} % hits, {} tokens in {:.1f} MiB, store {}\n",
                       entry.pid, entry.command, stats.lookups, 100 * stats.hit_rate,
                       entry.tokens_cached, entry.memory_usage_mb, entry.store_state);
  }
  return out;
}

int run_stats(const Flags& flags, const Context& context) {
  if (flags.reset) {
    if (auto done = StatsBoard::reset(context.settings.stats_folder()); !done)
      return report(done.error());
  }
  while (true) {
    auto snapshot = take(context.settings);
    if (!snapshot) return report(snapshot.error());
    std::string out = flags.as_json ? json_line(snapshot_json(*snapshot, context.settings))
                                    : to_text(*snapshot, context.settings);
    // The screen is drawn anew; into a file or a pipe one goes below the other.
    if (flags.watch_s && !flags.as_json && stdout_is_terminal()) out.insert(0, "\x1b[H\x1b[2J");
    if (!write_stdout(out) || !flags.watch_s) return kDone;
    const auto pause = std::chrono::duration<double>(*flags.watch_s);
    const Deadline again =
        Deadline::after(std::chrono::duration_cast<Deadline::SteadyClock::duration>(pause));
    if (!wait_unless_stopped(context.stop, again)) return kInterrupted;
  }
}

}  // namespace

void add_stats_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "stats", "What is indexed, what the token store holds, and how well it serves");
  command->add_flag("--json", flags->as_json,
                    "One JSON object on standard output; with --watch one a line");
  command->add_option("--watch", flags->watch_s, "Again every so many seconds, until Ctrl-C")
      ->expected(0, 1)
      ->default_str("2")
      ->check(CLI::Range(0.1, 3600.0));
  command->add_flag("--reset", flags->reset, "Forget what ended processes counted; sizes stay");
  command->footer(
      "Counts are of all processes that use this data folder; those that run tell each second. "
      "\"bypassed\" are look-ups that skipped the store because tokenizing is quicker "
      "(LEYDEN_STORE_READS).\nExample: leyden stats --watch");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_stats(*flags, context); };
  });
}

}  // namespace leyden::cli
