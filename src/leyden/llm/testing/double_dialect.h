#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "leyden/llm/testing/double_faults.h"
#include "leyden/llm/testing/double_model.h"

namespace leyden::llm::testing {

enum class Dialect : std::uint8_t { vllm, sglang, llamacpp, openai };

// Text that is not UTF-8 is written with U+FFFD.
[[nodiscard]] std::string dump(const nlohmann::json& json);

// What a server says where it does not do what it is asked for.
struct Complaint {
  unsigned status = 400;
  std::string type;
  std::string message;
  nlohmann::json param = nullptr;
  nlohmann::json more = nlohmann::json::object();  // Further fields of the error.
};
[[nodiscard]] Complaint bad_request(Dialect dialect, std::string message,
                                    nlohmann::json param = nullptr);
// The body of an HTTP error.
[[nodiscard]] std::string error_body(Dialect dialect, const Complaint& complaint);

struct RefusalBody {
  unsigned status = 503;
  std::string body;
};
[[nodiscard]] RefusalBody refusal_body(Dialect dialect, DoubleFaults::Refusal refusal,
                                       std::string_view path, const std::string& model);
[[nodiscard]] RefusalBody unknown_path(Dialect dialect, std::string_view path);

// Whether those without the API key are refused there.
[[nodiscard]] bool needs_key(Dialect dialect, std::string_view path);

// Checks the IDs of a prompt as the server does.
[[nodiscard]] std::expected<void, Complaint> check_ids(Dialect dialect, const DoubleModel& model,
                                                       const WireIds& ids);

}  // namespace leyden::llm::testing
