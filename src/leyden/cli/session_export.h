#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "leyden/base/result.h"
#include "leyden/prompt/session_ledger.h"

namespace leyden::cli {

// "2026-11-26T12:00:00Z".
[[nodiscard]] std::string utc(std::chrono::system_clock::time_point time);
[[nodiscard]] std::string_view finish_name(prompt::TurnEnd end);
[[nodiscard]] std::string_view reasoning_name(prompt::ReasoningPolicy policy);

// A session as JSON lines for training, as `leyden session export --help` tells. `write` gets each line and may say false: nobody
// reads any more. Errors: those of the ledger and of `write`.
[[nodiscard]] Result<void> export_session(
    prompt::SessionLedger& ledger, const prompt::Session& session, bool whole,
    const std::function<Result<bool>(std::string_view)>& write);

// Standard output, or a file that is there whole or not at all.
class ExportOutput {
 public:
  // An empty name: standard output. Errors: unavailable.
  [[nodiscard]] static Result<ExportOutput> open(const std::string& file);
  ExportOutput(ExportOutput&& other) noexcept;
  ExportOutput& operator=(ExportOutput&&) = delete;
  ~ExportOutput();  // Without finish(): nothing stays.

  // False: standard output is closed.
  [[nodiscard]] Result<bool> write(std::string_view text);
  [[nodiscard]] Result<void> finish();

 private:
  ExportOutput(std::string file, int descriptor)
      : file_(std::move(file)), descriptor_(descriptor) {}
  [[nodiscard]] std::string partial() const { return file_ + ".partial"; }
  std::string file_;
  int descriptor_ = -1;
};

}  // namespace leyden::cli
