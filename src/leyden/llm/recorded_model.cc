#include "leyden/llm/recorded_model.h"

#include <utility>

namespace leyden::llm {
namespace {

class Ended final : public Generation {
 public:
  void cancel() override {}
  void wait() override {}
};

// Writes the answer down before it says that it has come.
class WritingSink final : public GenerateSink {
 public:
  WritingSink(AnswerRecord& record, GenerateSink& sink, Digest asked, std::string prompt)
      : record_(record), sink_(sink), asked_(asked), prompt_(std::move(prompt)) {}

  void on_tokens(const GeneratedTokens& next) override {
    text_ += next.text;
    sink_.on_tokens(next);
  }
  void on_end(const GenerateSummary& summary) override {
    if (summary.finish != FinishReason::cancelled) {
      if (auto added = record_.add(asked_, {.text = text_, .summary = summary}, prompt_); !added) {
        sink_.on_error(added.error());
        return;
      }
    }
    sink_.on_end(summary);
  }
  void on_error(const Error& error) override { sink_.on_error(error); }

 private:
  AnswerRecord& record_;
  GenerateSink& sink_;
  Digest asked_;
  std::string prompt_;
  std::string text_;
};

class WritingGeneration final : public Generation {
 public:
  explicit WritingGeneration(std::unique_ptr<WritingSink> sink) : sink_(std::move(sink)) {}
  WritingSink& sink() { return *sink_; }
  void run(std::unique_ptr<Generation> behind) { behind_ = std::move(behind); }
  void cancel() override { behind_->cancel(); }
  void wait() override { behind_->wait(); }

 private:
  std::unique_ptr<WritingSink> sink_;
  std::unique_ptr<Generation> behind_;  // Ends before its sink does.
};

}  // namespace

RecordedModel::RecordedModel(AnswerRecord& record, ModelServer* behind, PromptText prompt_text)
    : record_(record),
      behind_(behind),
      prompt_text_(std::move(prompt_text)),
      info_(behind != nullptr ? behind->info() : record.model().value_or(ModelInfo())) {}

Result<std::unique_ptr<Generation>> RecordedModel::generate(GenerateRequest request,
                                                            GenerateSink& sink) {
  const Digest asked = AnswerRecord::digest_of(request);
  if (auto known = record_.take(asked)) {
    sink.on_tokens({.ids = {}, .text = known->text, .logprobs = {}});
    sink.on_end(known->summary);
    return std::make_unique<Ended>();
  }
  if (behind_ == nullptr) {
    has_missed_ = true;
    return fail(Errc::not_found,
                "the record has no answer to this prompt: it was made of other sources, options or "
                "another model");
  }
  if (auto noted = record_.note_model(info_); !noted) return std::unexpected(noted.error());
  auto out = std::make_unique<WritingGeneration>(std::make_unique<WritingSink>(
      record_, sink, asked, prompt_text_ ? prompt_text_(request.prompt) : std::string()));
  auto behind = behind_->generate(std::move(request), out->sink());
  if (!behind) return std::unexpected(behind.error());
  out->run(*std::move(behind));
  return out;
}

void RecordedModel::close() {
  if (behind_ != nullptr) behind_->close();
}

}  // namespace leyden::llm
