#include "leyden/cli/open_model.h"

#include <filesystem>

#include "leyden/base/secret.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/model_servers.h"
#include "leyden/cli/model_store.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/llm/http/http_model_server.h"
#include "leyden/llm/llamacpp/llama_engine.h"

namespace leyden::cli {
namespace {

// The model's file.
Result<std::filesystem::path> find_model(const Settings& settings, const std::string& name) {
  auto models = ModelStore::open({.folder = settings.models_folder()});
  if (!models) return std::unexpected(models.error());
  return models->resolve(name);
}

std::expected<OpenedModel, int> open_remote(const ModelChoice& choice, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, choice.tokenizer);
  if (!tokenizer) return std::unexpected(report(tokenizer.error()));
  auto secret = load_or_create_secret(context.settings.secret_file);
  if (!secret) return std::unexpected(report(secret.error()));
  auto options = model_server_options(context.settings, *secret);
  if (!choice.servers.empty()) options.urls = choice.servers;
  OpenedModel model{.tokenizer = *std::move(tokenizer), .server = nullptr};
  options.scorer = model.sent.get();
  auto server = llm::HttpModelServer::open(std::move(options), *model.tokenizer);
  if (!server) return std::unexpected(report(server.error()));
  for (const auto& upstream : (*server)->upstreams()) {
    if (!upstream.up) {
      print_warning(upstream.reason);
    } else if (!upstream.facts.ids && !choice.needs_ids_for.empty()) {
      return std::unexpected(report(
          {Errc::unsupported,
           fmt::format("{} is spoken to in text ({}): {} needs exact token IDs; do without, or "
                       "ask a server that gives them",
                       upstream.server, upstream.facts.why_text, choice.needs_ids_for)}));
    } else if (!upstream.facts.ids) {
      print_warning(fmt::format("{} is spoken to in text, the answer's IDs are not exact: {}",
                                upstream.server, upstream.facts.why_text));
    }
  }
  model.server = *std::move(server);
  return model;
}

std::expected<OpenedModel, int> open_local(const ModelChoice& choice, const Context& context) {
  const std::string name =
      choice.name.value_or(context.settings.model.value_or(std::string(kDefaultModel)));
  auto file = find_model(context.settings, name);
  if (!file) {
    print_error(file.error().message + " (or --no-model for everything but the answer)");
    return std::unexpected(file.error().code == Errc::not_found
                               ? static_cast<int>(kNoModel)
                               : static_cast<int>(exit_code_of(file.error().code)));
  }
  auto tokenizer = tokenizer::load_tokenizer(*file, name, load_options(context.settings));
  if (!tokenizer) return std::unexpected(report(tokenizer.error()));
  ProgressBar bar("loading " + name);
  auto engine = llm::LlamaEngine::load({.model_file = *file}, **tokenizer, [&](float fraction) {
    bar.update(static_cast<std::uint64_t>(fraction * 1000), 1000, "");
    return !context.stop.stop_requested();
  });
  if (!engine) return std::unexpected(report(engine.error()));
  return OpenedModel{.tokenizer = *std::move(tokenizer), .server = *std::move(engine)};
}

}  // namespace

std::expected<OpenedModel, int> open_model(const ModelChoice& choice, const Context& context) {
  const bool remote =
      !choice.servers.empty() || (!context.settings.llm.urls.empty() && !choice.name);
  return remote ? open_remote(choice, context) : open_local(choice, context);
}

}  // namespace leyden::cli
