#include <algorithm>
#include <memory>

#include "leyden/cli/cache_session.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/known_tokenizers.h"
#include "leyden/cli/open_index.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/rag/invalidation.h"

namespace leyden::cli {
namespace {

struct Flags {
  std::string what;  // document, collection, tenant or tokenizer.
  std::vector<std::string> names;
  std::string collection;
  std::string tenant;
  double timeout_s = 60;
  bool as_json = false;
};

struct Erased {
  std::string name;
  std::uint64_t documents = 0;
  std::uint64_t passages = 0;
  std::uint64_t blocks = 0;
};

Result<Erased> erase_passages(const Flags& flags, const std::string& name, const Context& context,
                              CacheSession& session, Deadline deadline) {
  auto index = open_index(context.settings, true);
  if (!index) return std::unexpected(index.error());
  const bool is_document = flags.what == "document";
  retrieval::Scope scope{.tenant = flags.tenant.empty() ? context.settings.tenant : flags.tenant};
  scope.collection = !is_document               ? name
                     : flags.collection.empty() ? context.settings.collection
                                                : flags.collection;
  std::vector<Digest> fingerprints;
  for (const auto& known : known_tokenizers(context.settings))
    fingerprints.push_back(known.fingerprint);
  auto done = rag::invalidate(**index, session.cache(), session.secret(), fingerprints, scope,
                              is_document ? name : "", deadline);
  if (!done) return std::unexpected(done.error());
  if (done->passages == 0) {
    return fail(Errc::not_found,
                "{} \"{}\" of tenant \"{}\" is not indexed: leyden stats lists what there is; for "
                "what was indexed once, erase the tenant",
                is_document ? "the document" : "the collection", name, scope.tenant);
  }
  return Erased{.name = name,
                .documents = done->documents,
                .passages = done->passages,
                .blocks = done->erased};
}

// By name or file, or, when that is gone, by the fingerprint's beginning.
Result<Digest> fingerprint_of(const Settings& settings, const std::string& name) {
  for (const auto& known : known_tokenizers(settings)) {
    if (known.name == name || (name.size() >= 8 && known.fingerprint.hex().starts_with(name)))
      return known.fingerprint;
  }
  auto tokenizer = open_tokenizer(settings, name);
  if (!tokenizer) return std::unexpected(tokenizer.error());
  return (*tokenizer)->fingerprint();
}

Result<Erased> erase_group(const Flags& flags, const std::string& name, const Context& context,
                           CacheSession& session, Deadline deadline) {
  auto kind = cache::GroupKind::tenant;
  cache::GroupTag tag = cache::tenant_tag(session.secret(), name);
  if (flags.what == "tokenizer") {
    auto fingerprint = fingerprint_of(context.settings, name);
    if (!fingerprint) return std::unexpected(fingerprint.error());
    kind = cache::GroupKind::tokenizer;
    tag = cache::tokenizer_tag(session.secret(), *fingerprint);
  }
  auto erased = session.cache().erase_group(kind, tag, deadline);
  if (!erased) return std::unexpected(erased.error());
  return Erased{.name = name, .blocks = erased->in_store};
}

int run_invalidate(const Flags& flags, const Context& context) {
  auto session = CacheSession::open(context.settings, "invalidate", CacheSession::Store::needed);
  if (!session) return report(session.error());
  const Deadline deadline =
      Deadline::after(std::chrono::milliseconds(static_cast<std::int64_t>(flags.timeout_s * 1000)));
  const bool by_passage = flags.what == "document" || flags.what == "collection";
  nlohmann::json all = nlohmann::json::array();
  for (const std::string& name : flags.names) {
    if (context.stop.stop_requested()) return kInterrupted;
    auto erased = by_passage ? erase_passages(flags, name, context, **session, deadline)
                             : erase_group(flags, name, context, **session, deadline);
    if (!erased) return report(erased.error());
    if (flags.as_json) {
      nlohmann::json one = {{flags.what, name}, {"erased", erased->blocks}};
      if (by_passage)
        one.update({{"documents", erased->documents}, {"passages", erased->passages}});
      all.push_back(std::move(one));
    } else if (by_passage) {
      write_stdout(fmt::format("{} \"{}\": {} blocks erased of {} passages in {} documents\n",
                               flags.what, name, erased->blocks, erased->passages,
                               erased->documents));
    } else {
      write_stdout(fmt::format("{} \"{}\": {} blocks erased\n", flags.what, name, erased->blocks));
    }
  }
  if (flags.as_json) write_stdout(json_line(all));
  return kDone;
}

}  // namespace

void add_invalidate_command(CLI::App& app, Run& run) {
  CLI::App* command =
      app.add_subcommand("invalidate", "Erase cached token IDs, in every process that shares them");
  command->require_subcommand(1);
  command->footer(
      "Names can't go stale: an edited passage has another name. Erase to free room, or because "
      "what was in a document must not stay anywhere. Counts are exact. Exit codes: 0 done, 2 no "
      "such name, 5 the store can't be reached.\nExample: leyden invalidate document "
      "docs/secret.md");
  auto add = [&](const char* what, const char* help, const char* names) {
    auto flags = std::make_shared<Flags>();
    flags->what = what;
    CLI::App* each = command->add_subcommand(what, help);
    each->add_option("names", flags->names, names)->required();
    if (flags->what == "document")
      each->add_option("--collection", flags->collection, "Where it is [default: default]");
    if (flags->what == "document" || flags->what == "collection")
      each->add_option("--tenant", flags->tenant, "Whose it is [default: default]");
    each->add_option("--timeout-s", flags->timeout_s, "How long to wait for the store")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 86400.0));
    each->add_flag("--json", flags->as_json, "A JSON array on standard output");
    each->callback([flags, &run] {
      run = [flags](const Context& context) { return run_invalidate(*flags, context); };
    });
  };
  add("document", "What any tokenizer made of these documents",
      "As leyden stats and retrieve name them; one that ends with / means all below it");
  add("collection", "What any tokenizer made of these collections' documents", "Their names");
  add("tenant", "All that these tenants have", "Their names");
  add("tokenizer", "All that these tokenizers made, for every tenant",
      "Names, files, or fingerprints (8 hexadecimal digits or more)");
}

}  // namespace leyden::cli
