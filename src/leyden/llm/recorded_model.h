#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "leyden/llm/answer_record.h"
#include "leyden/llm/model_server.h"

namespace leyden::llm {

// A model whose answers are written down, and those that are written down already are not asked for again. Thread-safe. All that is borrowed
// outlives it.
class RecordedModel final : public ModelServer {
 public:
  // Text of a prompt, to be written down with the answer; empty: only the answer is.
  using PromptText = std::function<std::string(TokenIdsView)>;

  // `behind` is asked what the record does not have. nullptr: that is an error (not_found), and `record` says who answered.
  RecordedModel(AnswerRecord& record, ModelServer* behind, PromptText prompt_text = {});

  [[nodiscard]] const ModelInfo& info() const override { return info_; }
  // Also not_found: the record has no such answer. An answer that can't be written down is an error (unavailable).
  [[nodiscard]] Result<std::unique_ptr<Generation>> generate(GenerateRequest request,
                                                             GenerateSink& sink) override;
  void close() override;

  // Whether there was a prompt that neither the record nor a model had an answer to.
  [[nodiscard]] bool has_missed() const { return has_missed_; }

 private:
  AnswerRecord& record_;
  ModelServer* behind_;
  PromptText prompt_text_;
  ModelInfo info_;
  std::atomic<bool> has_missed_ = false;
};

}  // namespace leyden::llm
