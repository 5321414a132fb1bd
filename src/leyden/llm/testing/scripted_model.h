#pragma once

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "leyden/llm/model_server.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm::testing {

struct Said {
  TokenIds ids;
  FinishReason finish = FinishReason::stop;
  bool ids_exact = true;
  bool fails = false;  // After these tokens.
  std::vector<float> logprobs;
};

// Says what a test wants, the last answer again and again, and keeps what it was asked. All within generate().
class ScriptedModel final : public ModelServer {
 public:
  explicit ScriptedModel(const tokenizer::Tokenizer& tokenizer) : tokenizer_(tokenizer) {
    info_.name = "scripted";
    info_.vocabulary_size = tokenizer.vocabulary_size();
  }
  [[nodiscard]] const ModelInfo& info() const override { return info_; }
  void read_at_most(std::size_t context_tokens) { info_.context_tokens = context_tokens; }
  [[nodiscard]] Result<std::unique_ptr<Generation>> generate(GenerateRequest asked,
                                                             GenerateSink& sink) override {
    prompts.push_back(asked.prompt);
    documents.push_back(asked.documents.at(0));
    const Said said = answers.front();
    if (answers.size() > 1) answers.pop_front();
    const std::string text = tokenizer_.decode(said.ids).value();
    sink.on_tokens({.ids = said.ids, .text = text, .logprobs = said.logprobs});
    if (said.fails) {
      sink.on_error({Errc::unavailable, "the server went away"});
    } else {
      sink.on_end({.finish = said.finish,
                   .prompt_tokens = asked.prompt.size(),
                   .generated_tokens = said.ids.size(),
                   .ids_exact = said.ids_exact});
    }
    return std::make_unique<Ended>();
  }
  void close() override {}

  void say(std::string_view text) { answers.push_back({.ids = tokenizer_.encode(text)}); }

  std::deque<Said> answers;
  std::vector<TokenIds> prompts;
  std::vector<TokenRange> documents;
  ModelInfo info_;

 private:
  class Ended final : public Generation {
   public:
    void cancel() override {}
    void wait() override {}
  };

  const tokenizer::Tokenizer& tokenizer_;
};

}  // namespace leyden::llm::testing
