#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/llm/testing/double_dialect.h"
#include "leyden/llm/testing/double_model.h"

namespace leyden::llm::testing {

// A request for generations, understood as a server understands it.
struct DoubleAsk {
  Dialect dialect = Dialect::vllm;
  bool native = false;  // llama.cpp's own /completion.
  std::vector<WireIds> prompts;
  bool several = false;  // They came as a list of prompts.
  std::size_t n = 1;     // Of each.
  bool stream = false;
  bool usage = false;  // In the stream.
  bool ids = false;
  bool logprobs = false;
  bool cache = true;
  bool progress = false;  // Of reading the prompt, in the stream: llama.cpp's own.
  std::string salt;
  std::string model;  // As the answer names it.
  // For each prompt, but for its IDs and its length.
  DoubleModel::Question question;
  std::optional<std::int64_t> max_tokens;  // Empty: until it ends.
};

[[nodiscard]] std::expected<DoubleAsk, Complaint> read_ask(Dialect dialect, bool native,
                                                           const nlohmann::json& body,
                                                           const DoubleModel& model);

// How many tokens the answer to `prompt` may have.
[[nodiscard]] std::expected<std::size_t, Complaint> room_for(const DoubleAsk& ask,
                                                             const DoubleModel& model,
                                                             std::size_t prompt_tokens);

// An ID of JSON as the server's language reads it; empty: it is not a whole number.
[[nodiscard]] std::optional<std::int64_t> read_id(Dialect dialect, const nlohmann::json& json);

}  // namespace leyden::llm::testing
