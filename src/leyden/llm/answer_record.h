#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "leyden/base/digest.h"
#include "leyden/llm/model_server.h"

namespace leyden::llm {

// What a model answered once. No token IDs.
struct RecordedAnswer {
  std::string text;
  GenerateSummary summary;
};

// A file of a model's answers, a JSON object a line: who it was, then each answer behind the digest of what was asked. An answer is on the disk
// before anybody sees it, and a line that was cut off by a crash is left out. Thread-safe.
class AnswerRecord {
 public:
  enum class Mode : std::uint8_t {
    fresh,   // A new file; one that is there is an error.
    resume,  // The file as it is, or a new one.
    replay,  // The file as it is; nothing is added.
  };
  // Errors: invalid_argument (no such record, or there is one already), not_found, unavailable.
  [[nodiscard]] static Result<std::unique_ptr<AnswerRecord>> open(const std::filesystem::path& file,
                                                                  Mode mode);
  ~AnswerRecord();
  AnswerRecord(const AnswerRecord&) = delete;
  AnswerRecord& operator=(const AnswerRecord&) = delete;

  // Who answered; nullopt in a new file. note_model() writes it there.
  [[nodiscard]] const std::optional<ModelInfo>& model() const { return model_; }
  [[nodiscard]] Result<void> note_model(const ModelInfo& model);

  // What was answered to this, each answer once, in the order in which they came.
  [[nodiscard]] std::optional<RecordedAnswer> take(const Digest& asked);
  // `prompt` is written beside it, if it is not empty. Errors: unavailable (the disk).
  [[nodiscard]] Result<void> add(const Digest& asked, const RecordedAnswer& answer,
                                 std::string_view prompt);

  // Of what a model is asked: prompt, length and sampling.
  [[nodiscard]] static Digest digest_of(const GenerateRequest& request);

 private:
  AnswerRecord() = default;
  [[nodiscard]] Result<void> read(const std::filesystem::path& file);
  [[nodiscard]] Result<void> append(const std::string& line);

  std::optional<ModelInfo> model_;
  int file_ = -1;  // Open for appending; not when replaying.
  std::mutex mutex_;
  std::unordered_map<Digest, std::deque<RecordedAnswer>, DigestHash> answers_;  // Under mutex_.
};

}  // namespace leyden::llm
