#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

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
  bool as_json = false;
  bool strict = false;
};

void print(const retrieval::UpdateReport& report, const retrieval::Scope& scope,
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

int run_index(const Flags& flags, const Context& context) {
  retrieval::UpdateOptions options;
  options.scope.tenant = flags.tenant.empty() ? context.settings.tenant : flags.tenant;
  options.scope.collection =
      flags.collection.empty() ? context.settings.collection : flags.collection;
  options.file_bytes_max = flags.file_mib_max * MiB;
  auto chunk = chunk_options(flags, context.settings);
  if (!chunk) return report(chunk.error());
  options.chunk = std::move(*chunk);
  auto index = retrieval::open_sqlite_index({.file = context.settings.index_file()});
  if (!index) return report(index.error());
  Result<retrieval::UpdateReport> updated;
  {
    ProgressBar bar("indexing");
    updated = (*index)->update(
        flags.folder, options,
        [&](const retrieval::UpdateProgress& progress) {
          bar.update(progress.bytes_done, progress.bytes_total,
                     fmt::format("{}/{} files {}", progress.files_done, progress.files_total,
                                 progress.document));
        },
        context.stop);
  }
  if (!updated) return report(updated.error());
  for (const auto& file : updated->skipped) print_warning("skipped " + file.reason);
  print(*updated, options.scope, flags);
  if (!updated->skipped.empty() || (flags.strict && updated->files_binary > 0)) return kIncomplete;
  return kDone;
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
