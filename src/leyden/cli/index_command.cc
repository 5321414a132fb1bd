#include <chrono>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "leyden/cli/commands.h"
#include "leyden/cli/embedders.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/open_index.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/retrieval/folder_watch.h"

namespace leyden::cli {
namespace {

using nlohmann::json;

struct Flags {
  std::string folder;
  std::string collection;
  std::string tenant;
  std::uint64_t file_mib_max = 16;
  std::optional<std::string> tokenizer;
  std::size_t chunk_tokens = retrieval::ChunkOptions{}.target_tokens;
  std::size_t chunk_overlap = 0;
  bool watch = false;
  bool as_json = false;
  bool strict = false;
};

void print(const retrieval::UpdateReport& report, const retrieval::Scope& scope, double seconds,
           const Flags& flags) {
  if (flags.as_json) {
    json skipped = json::array();
    for (const auto& file : report.skipped)
      skipped.push_back({{"document", file.document}, {"reason", file.reason}});
    json out = {{"collection", scope.collection},
                {"files_seen", report.files_seen},
                {"files_added", report.files_added},
                {"files_changed", report.files_changed},
                {"files_unchanged", report.files_unchanged},
                {"files_removed", report.files_removed},
                {"files_binary", report.files_binary},
                {"passages_total", report.passages_total},
                {"passages_added", report.passages_added},
                {"passages_removed", report.passages_removed},
                {"passages_kept", report.passages_kept},
                {"vectors_added", report.vectors_added},
                {"vectors_missing", report.vectors_missing},
                {"why_no_vectors", report.why_no_vectors},
                {"seconds", seconds},
                {"bytes_read", report.bytes_read},
                {"skipped", skipped}};
    write_stdout(out.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
    return;
  }
  write_stdout(
      fmt::format("indexed {} files into \"{}\": {} new, {} changed, {} unchanged, {} removed, {} "
                  "binary left out\n"
                  "{} passages: {} new, {} removed\n",
                  report.files_seen, scope.collection, report.files_added, report.files_changed,
                  report.files_unchanged, report.files_removed, report.files_binary,
                  report.passages_total, report.passages_added, report.passages_removed));
  if (report.vectors_added > 0)
    write_stdout(fmt::format("{} vectors made\n", report.vectors_added));
  if (report.passages_added > 0 && seconds > 0) {
    write_stdout(fmt::format("{:.1f} s: {:.2f} MB/s, {:.0f} passages/s\n", seconds,
                             static_cast<double>(report.bytes_read) / 1e6 / seconds,
                             static_cast<double>(report.passages_added) / seconds));
  }
}

// Sizes in the tokens of the tokenizer that will read the passages.
Result<retrieval::ChunkOptions> chunk_options(const Flags& flags, const Settings& settings) {
  auto tokenizer = open_tokenizer(settings, flags.tokenizer);
  if (!tokenizer) return std::unexpected(tokenizer.error());
  return retrieval::ChunkOptions{
      .target_tokens = flags.chunk_tokens,
      .max_tokens = 2 * flags.chunk_tokens,
      .overlap_tokens = flags.chunk_overlap,
      .count_tokens = [counter =
                           *tokenizer](std::string_view text) { return counter->count(text); },
      .tokenizer_name = (*tokenizer)->name()};
}

// `always`: also tells when nothing has changed.
int update_once(retrieval::Index& index, const retrieval::UpdateOptions& options,
                const Flags& flags, const Context& context, bool always) {
  const auto started = std::chrono::steady_clock::now();
  Result<retrieval::UpdateReport> updated;
  {
    ProgressBar bar("indexing");
    updated = index.update(
        flags.folder, options,
        [&](const retrieval::UpdateProgress& progress) {
          bar.update(progress.bytes_done, progress.bytes_total,
                     progress.files_total == 0
                         ? std::string(progress.document)
                         : fmt::format("{}/{} files {}", progress.files_done, progress.files_total,
                                       progress.document));
        },
        context.stop);
  }
  if (!updated) return report(updated.error());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const bool changed = updated->files_added + updated->files_changed + updated->files_removed +
                           updated->vectors_added >
                       0;
  if (always || changed) {
    for (const auto& file : updated->skipped) print_warning("skipped " + file.reason);
    if (updated->vectors_missing > 0)
      print_warning(fmt::format("{} passages have no vectors: {}", updated->vectors_missing,
                                updated->why_no_vectors));
    print(*updated, options.scope, took.count(), flags);
  }
  const bool incomplete = !updated->skipped.empty() || updated->vectors_missing > 0 ||
                          (flags.strict && updated->files_binary > 0);
  return incomplete ? kIncomplete : kDone;
}

int run_index(const Flags& flags, const Context& context) {
  retrieval::UpdateOptions options;
  options.scope.tenant = flags.tenant.empty() ? context.settings.tenant : flags.tenant;
  options.scope.collection =
      flags.collection.empty() ? context.settings.collection : flags.collection;
  options.file_bytes_max = flags.file_mib_max * MiB;
  auto chunk = chunk_options(flags, context.settings);
  if (!chunk) return report(chunk.error());
  options.chunk = std::move(*chunk);
  auto embedder = open_embedder(context.settings, Deadline::after(std::chrono::seconds(30)));
  if (!embedder) return report(embedder.error());
  auto index = open_index(context.settings, false, *embedder);
  if (!index) return report(index.error());
  if (!flags.watch) return update_once(**index, options, flags, context, true);
  auto watch = retrieval::FolderWatch::open(flags.folder);
  if (!watch) return report(watch.error());
  for (bool first = true;; first = false) {
    const int code = update_once(**index, options, flags, context, first);
    // A file that can't be read, or another update that is running, may be all right the next time.
    if (context.stop.stop_requested()) return kInterrupted;
    if (first && code != kDone && code != kIncomplete) return code;
    auto changed = watch->wait(Deadline::never(), context.stop);
    if (!changed) return report(changed.error());
    if (!*changed) return kInterrupted;
  }
}

}  // namespace

void add_index_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("index", "Read a folder of code and documents, so that it can be asked");
  command
      ->add_option("folder", flags->folder,
                   "The folder (or one text file) to read. Again: only what changed is read")
      ->required();
  command->add_option("--collection", flags->collection, "Where to put it [default: default]");
  command->add_option("--tenant", flags->tenant, "Whose it is [default: default]");
  command->add_option("--max-file-mib", flags->file_mib_max, "Skip larger files, and say so")
      ->capture_default_str()
      ->check(CLI::Range(1, 4095));
  command->add_option("--tokenizer", flags->tokenizer,
                      "In whose tokens passages are sized [default: the model's, else o200k_base]");
  command
      ->add_option("--chunk-tokens", flags->chunk_tokens,
                   "Join small definitions and sections up to this; none is above twice this")
      ->capture_default_str()
      ->check(CLI::Range(16, 100'000));
  command
      ->add_option("--chunk-overlap", flags->chunk_overlap,
                   "Repeat up to this many tokens of whole lines of the passage before; half of "
                   "--chunk-tokens at most")
      ->capture_default_str();
  command->add_flag(
      "--watch", flags->watch,
      "Stay, and read again what changes, until Ctrl-C; with --json one object a line");
  command->add_flag("--strict", flags->strict, "Exit with 3 when binary files were left out, too");
  command->add_flag("--json", flags->as_json, "One JSON object on standard output");
  command->footer(
      "Honours .gitignore, leaves binary files out. Exit codes: 0 done, 2 wrong folder, 3 some "
      "files could not be read, 5 "
      "the index can't be written.\nExample: leyden index ~/project");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_index(*flags, context); };
  });
}

}  // namespace leyden::cli
