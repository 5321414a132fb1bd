#include "leyden/cli/agent_model.h"

#include "leyden/cli/exit_code.h"
#include "leyden/cli/open_index.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {

std::expected<std::unique_ptr<AgentModel>, int> open_agent_model(const AgentModelChoice& choice,
                                                                 const Context& context,
                                                                 std::string& why) {
  const bool wanted = choice.model.name || !choice.model.servers.empty() ||
                      (!choice.offline && !context.settings.llm.urls.empty());
  if (!wanted) return nullptr;
  auto opened = open_model(choice.model, context);
  if (!opened) {
    if (opened.error() != kEnvironment) return std::unexpected(opened.error());
    why = "the model could not be reached: standard error says why";
    print_warning("going on without the model");
    return nullptr;
  }
  auto out = std::make_unique<AgentModel>();
  out->opened = *std::move(opened);
  // Makes the index where there is none yet.
  if (auto index = open_index(context.settings, false); !index)
    return std::unexpected(report(index.error()));
  auto session =
      Session::open(context.settings, out->opened.tokenizer, choice.agent,
                    {.secret = {},
                     .system_prompt = choice.system_prompt,
                     .sent = out->opened.sent.get(),
                     .degraded_reason = {},
                     .caching = choice.no_token_cache ? rag::PassageEncoder::Caching::off
                                                      : rag::PassageEncoder::Caching::on});
  if (!session) return std::unexpected(report(session.error()));
  out->session = *std::move(session);
  return out;
}

}  // namespace leyden::cli
