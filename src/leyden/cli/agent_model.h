#pragma once

#include <expected>
#include <memory>
#include <string>

#include "leyden/cli/open_model.h"
#include "leyden/cli/session.h"

namespace leyden::cli {

// A model that an agent may ask, and the token cache that stands between them.
struct AgentModel {
  OpenedModel opened;
  std::unique_ptr<Session> session;
};

struct AgentModelChoice {
  ModelChoice model;
  bool offline = false;
  bool no_token_cache = false;
  std::string agent;  // "test", for the statistics.
  std::string system_prompt;
};

// The model that was asked for or is set; nullptr: none was, or it is not there, which `why` and a warning say. A code: with which to end.
[[nodiscard]] std::expected<std::unique_ptr<AgentModel>, int> open_agent_model(
    const AgentModelChoice& choice, const Context& context, std::string& why);

}  // namespace leyden::cli
