#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leyden/cli/commands.h"
#include "leyden/llm/model_server.h"
#include "leyden/rag/sent_prompts.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::cli {

struct ModelChoice {
  std::optional<std::string> name;       // Of `leyden model list`, or a GGUF file: in this process.
  std::vector<std::string> servers;      // URLs; empty: the settings'.
  std::optional<std::string> tokenizer;  // The servers' model's own.
  std::string needs_ids_for;  // What can't do with a server that speaks text; empty: nothing.
};

// What answers, and the tokenizer that both sides use. In the order in which they are made.
struct OpenedModel {
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;
  // Of several servers the one that has most of a prompt is asked.
  std::unique_ptr<rag::SentPrompts> sent = std::make_unique<rag::SentPrompts>();
  std::unique_ptr<llm::ModelServer> server;
};

// The servers that are chosen or set, else a model in this process; or the exit code with which to end: why is said.
[[nodiscard]] std::expected<OpenedModel, int> open_model(const ModelChoice& choice,
                                                         const Context& context);

}  // namespace leyden::cli
