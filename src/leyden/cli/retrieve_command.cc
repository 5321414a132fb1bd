#include <memory>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {
namespace {

struct Flags {
  std::string query;
  std::optional<std::string> tokenizer;
  RetrieveFlags retrieve;
  bool as_json = false;
};

int run_retrieve(const Flags& flags, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  auto session = Session::open(context.settings, *tokenizer, "retrieve");
  if (!session) return report(session.error());
  auto found =
      (*session)->rag().retrieve_tokens(flags.retrieve.request(flags.query, "retrieve", context));
  if (!found) return report(found.error());
  if (flags.as_json) {
    nlohmann::json out = to_json(*found);
    out["tokenizer"] = (*tokenizer)->name();
    out["tokenizer_fingerprint"] = (*tokenizer)->fingerprint().hex();
    out["cache_stats"] = to_json((*session)->rag().stats());
    write_stdout(json_line(out));
    return kDone;
  }
  write_stdout(found->text);
  write_stdout(
      fmt::format("\n{} passages, {} tokens ({} from the cache), outcome {}; tokenizer {}; search "
                  "{:.1f} ms, tokens {:.2f} ms\n{}",
                  found->doc_count, found->token_count, found->cached_tokens,
                  rag::to_string(found->outcome), (*tokenizer)->name(), found->timings.search_ms,
                  found->timings.tokens_ms, describe_documents(*found)));
  return kDone;
}

}  // namespace

void add_retrieve_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "retrieve", "Find the passages for a question, as token IDs; needs no model");
  command->add_option("query", flags->query, "What to look for")->required();
  command->add_option("--tokenizer", flags->tokenizer,
                      "Name or file [default: the model's, else o200k_base]");
  flags->retrieve.add_to(*command);
  command->add_flag("--json", flags->as_json,
                    "One JSON object with the token IDs on standard output");
  command->footer("Example: leyden retrieve \"how are keys made?\" --json");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_retrieve(*flags, context); };
  });
}

}  // namespace leyden::cli
