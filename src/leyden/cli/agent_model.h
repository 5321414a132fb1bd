#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "leyden/cli/open_model.h"
#include "leyden/cli/session.h"
#include "leyden/llm/recorded_model.h"

namespace leyden::cli {

struct AgentModelOptions {
  std::string agent;  // "test": for the statistics.
  std::string system_prompt;
  ModelChoice choice;
  bool offline = false;
  bool no_token_cache = false;
  std::filesystem::path
      journal;         // Answers of this run, from before it was interrupted; empty: none are kept.
  std::string record;  // A file for answers; empty: none.
  std::string replay;  // A file with answers that is asked in place of a model; empty: none.
  bool record_prompts = false;
  bool resumed = false;  // Then `record` may be there already.
};

// A model and what stands between it and an agent: the token cache, and records of its answers. Confined to one thread.
class AgentModel {
 public:
  // The one that was asked for; nullptr: none was, or it is not there, which `why` says. A code: with which to end.
  [[nodiscard]] static std::expected<std::unique_ptr<AgentModel>, int> open(
      const AgentModelOptions& options, const Context& context, std::string& why);

  [[nodiscard]] llm::ModelServer& server() { return *server_; }
  [[nodiscard]] rag::TokenCachedRag& rag() { return session_->rag(); }
  // Whether the file that is replayed had no answer to something.
  [[nodiscard]] bool replay_failed() const { return replaying_ && servers_.back()->has_missed(); }

 private:
  AgentModel() = default;
  [[nodiscard]] Result<void> add_record(const std::filesystem::path& file,
                                        llm::AnswerRecord::Mode mode, bool with_prompts);

  OpenedModel opened_;
  // Each asks the one before it.
  std::vector<std::unique_ptr<llm::AnswerRecord>> records_;
  std::vector<std::unique_ptr<llm::RecordedModel>> servers_;
  llm::ModelServer* server_ = nullptr;  // The last of them.
  bool replaying_ = false;
  std::unique_ptr<Session> session_;
};

}  // namespace leyden::cli
