#include <memory>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {
namespace {

using nlohmann::json;

struct Flags {
  std::vector<std::string> documents;
  std::string collection;
  std::string tenant;
  std::optional<std::string> tokenizer;
  unsigned attempts = 3;
  bool as_json = false;
};

void print_json(const rag::WarmUpReport& report, const rag::WarmUpRequest& request,
                const std::string& tokenizer) {
  json documents = json::array();
  for (const auto& document : report.documents) {
    documents.push_back({{"document", document.document},
                         {"passages", document.passages},
                         {"tokens", document.tokens}});
  }
  json failures = json::array();
  for (const auto& failure : report.failures) {
    failures.push_back({{"document", failure.document},
                        {"first_line", failure.first_line},
                        {"reason", failure.reason}});
  }
  write_stdout(json_line({{"tenant", request.scope.tenant},
                          {"collection", request.scope.collection},
                          {"tokenizer", tokenizer},
                          {"complete", report.complete()},
                          {"interrupted", report.interrupted},
                          {"documents", documents},
                          {"unknown_documents", report.unknown_documents},
                          {"passages", report.passages},
                          {"passages_encoded", report.encoded},
                          {"tokens", report.tokens},
                          {"passages_failed", report.passages_failed},
                          {"failures", failures},
                          {"passages_not_stored", report.passages_not_stored},
                          {"store_reason", report.store_reason},
                          {"retries", report.retries}}));
}

void print(const rag::WarmUpReport& report, const std::string& tokenizer) {
  std::string out;
  for (const auto& document : report.documents) {
    out += fmt::format("  {} ({} passages, {} tokens)\n", document.document, document.passages,
                       document.tokens);
  }
  write_stdout(out + fmt::format("warm: {} passages of {} documents, {} tokens of {}; {} were "
                                 "tokenized now, {} were there\n",
                                 report.passages, report.documents.size(), report.tokens, tokenizer,
                                 report.encoded, report.passages - report.encoded));
  for (const auto& failure : report.failures) {
    print_warning(
        fmt::format("{}, line {}: {}", failure.document, failure.first_line, failure.reason));
  }
  for (const auto& document : report.unknown_documents)
    print_warning(fmt::format("\"{}\" is not indexed in this collection", document));
  if (report.passages_not_stored > 0) {
    print_warning(
        fmt::format("{} passages did not get into the store, the next process has to "
                    "tokenize them: {}",
                    report.passages_not_stored, report.store_reason));
  }
}

int run_warm(const Flags& flags, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  auto session = Session::open(context.settings, *tokenizer, "warm");
  if (!session) return report(session.error());
  rag::WarmUpRequest request;
  request.scope.tenant = flags.tenant.empty() ? context.settings.tenant : flags.tenant;
  request.scope.collection =
      flags.collection.empty() ? context.settings.collection : flags.collection;
  request.documents = flags.documents;
  request.attempts = flags.attempts;
  request.stop = context.stop;
  Result<rag::WarmUpReport> warmed;
  {
    ProgressBar bar("warming");
    warmed = (*session)->rag().warm_up(request, [&](const rag::WarmUpProgress& progress) {
      bar.update(progress.passages_done, progress.passages_total,
                 fmt::format("{}/{} passages {}", progress.passages_done, progress.passages_total,
                             progress.document));
    });
  }
  if (!warmed) return report(warmed.error());
  if (flags.as_json) {
    print_json(*warmed, request, (*tokenizer)->name());
  } else {
    print(*warmed, (*tokenizer)->name());
  }
  if (warmed->passages == 0 && flags.documents.empty() && !warmed->interrupted) {
    return report(Error{.code = Errc::not_found,
                        .message = fmt::format("nothing is indexed in the collection \"{}\" of "
                                               "tenant \"{}\": leyden stats lists what there is",
                                               request.scope.collection, request.scope.tenant)});
  }
  return warmed->complete() ? kDone : kIncomplete;
}

}  // namespace

void add_warm_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "warm", "Tokenize what is indexed now, so that the first questions find it in the cache");
  command->add_option("documents", flags->documents,
                      "Only these; one that ends with / means all below it [default: all]");
  command->add_option("--collection", flags->collection, "Which collection [default: default]");
  command->add_option("--tenant", flags->tenant, "Whose documents [default: default]");
  command->add_option("--tokenizer", flags->tokenizer,
                      "Name or file [default: the model's, else o200k_base]");
  command
      ->add_option("--attempts", flags->attempts,
                   "How often to try what fails for a passing reason")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command->add_flag("--json", flags->as_json, "One JSON object on standard output");
  command->footer(
      "Lists what is warm. Exit codes: 0 all of it, 3 some of it (what is missing is said), 5 the "
      "index can't be read.\nExample: leyden warm src/ docs/guide.md");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_warm(*flags, context); };
  });
}

}  // namespace leyden::cli
