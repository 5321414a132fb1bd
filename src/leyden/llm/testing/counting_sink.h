#pragma once

#include <atomic>
#include <optional>

#include "leyden/llm/model_server.h"

namespace leyden::llm::testing {

// Counts what it hears of a generation, and keeps its end.
class CountingSink final : public GenerateSink {
 public:
  void on_tokens(const GeneratedTokens& next) override { tokens += next.ids.size(); }
  void on_end(const GenerateSummary& end) override {
    summary = end;
    ++ends;
  }
  void on_error(const Error& failure) override {
    error = failure;
    ++ends;
  }

  std::atomic<std::size_t> tokens = 0;
  std::atomic<int> ends = 0;
  std::optional<GenerateSummary> summary;  // After the end.
  std::optional<Error> error;              // After the end.
};

}  // namespace leyden::llm::testing
