#include "leyden/llm/testing/double_dialect.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace leyden::llm::testing {
namespace {

using nlohmann::json;

json openai_code(unsigned status) {
  switch (status) {
    case 401:
      return "invalid_api_key";
    case 404:
      return "model_not_found";
    case 429:
      return "rate_limit_exceeded";
    default:
      return nullptr;
  }
}

Complaint complaint_of(Dialect dialect, DoubleFaults::Refusal refusal, const std::string& model) {
  const bool llamacpp = dialect == Dialect::llamacpp;
  const bool openai = dialect == Dialect::openai;
  switch (refusal) {
    case DoubleFaults::Refusal::unauthorized:
      return {401, llamacpp ? "authentication_error" : "invalid_request_error",
              llamacpp ? "Invalid API Key" : "Incorrect API key provided.", nullptr,
              json::object()};
    case DoubleFaults::Refusal::forbidden:
      return {403,
              llamacpp ? "permission_error"
              : openai ? "invalid_request_error"
                       : "Forbidden",
              "You are not allowed to do this.", nullptr, json::object()};
    case DoubleFaults::Refusal::no_such_model:
      return {404,
              llamacpp ? "not_found_error"
              : openai ? "invalid_request_error"
                       : "NotFoundError",
              fmt::format("The model `{}` does not exist.", model), "model", json::object()};
    case DoubleFaults::Refusal::too_many_requests:
      return {429, openai ? "requests" : "Too Many Requests", "Rate limit reached.", nullptr,
              json::object()};
    default:
      return {503,
              llamacpp ? "unavailable_error"
              : openai ? "server_error"
                       : "ServiceUnavailableError",
              llamacpp ? "Loading model" : "The model is not ready yet.", nullptr, json::object()};
  }
}

}  // namespace

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Complaint bad_request(Dialect dialect, std::string message, json param) {
  const bool python = dialect == Dialect::vllm || dialect == Dialect::sglang;
  return {400, python ? "BadRequestError" : "invalid_request_error", std::move(message),
          std::move(param), json::object()};
}

std::string error_body(Dialect dialect, const Complaint& complaint) {
  json error = complaint.more;
  error["message"] = complaint.message;
  error["type"] = complaint.type;
  error["code"] =
      dialect == Dialect::openai ? openai_code(complaint.status) : json(complaint.status);
  if (dialect != Dialect::llamacpp) error["param"] = complaint.param;
  if (dialect != Dialect::sglang) return dump({{"error", error}});
  error["object"] = "error";
  return dump(error);
}

RefusalBody refusal_body(Dialect dialect, DoubleFaults::Refusal refusal, std::string_view path,
                         const std::string& model) {
  const bool python = dialect == Dialect::vllm || dialect == Dialect::sglang;
  const Complaint complaint = complaint_of(dialect, refusal, model);
  if (python && complaint.status == 401) return {401, R"({"error":"Unauthorized"})"};
  if (python && path == "/health") return {complaint.status, ""};
  return {complaint.status, error_body(dialect, complaint)};
}

RefusalBody unknown_path(Dialect dialect, std::string_view path) {
  switch (dialect) {
    case Dialect::llamacpp:
      return {404, error_body(dialect,
                              {404, "not_found_error", "File Not Found", nullptr, json::object()})};
    case Dialect::openai:
      return {404, dump({{"error",
                          {{"message", fmt::format("Invalid URL ({})", path)},
                           {"type", "invalid_request_error"},
                           {"param", nullptr},
                           {"code", nullptr}}}})};
    default:
      return {404, R"({"detail":"Not Found"})"};
  }
}

bool needs_key(Dialect dialect, std::string_view path) {
  switch (dialect) {
    case Dialect::vllm:
      return path.starts_with("/v1") || path.starts_with("/inference");
    case Dialect::sglang:
      return !path.starts_with("/health") && !path.starts_with("/metrics");
    case Dialect::llamacpp:
      return path != "/health" && path != "/v1/health";
    default:
      return true;
  }
}

std::expected<void, Complaint> check_ids(Dialect dialect, const DoubleModel& model,
                                         const WireIds& ids) {
  const auto vocabulary = static_cast<std::int64_t>(model.tokenizer().vocabulary_size());
  const auto [low, high] = ids.empty() ? std::pair<std::int64_t, std::int64_t>{0, 0}
                                       : std::pair(std::ranges::min(ids), std::ranges::max(ids));
  const bool outside = low < 0 || high >= vocabulary;
  switch (dialect) {
    case Dialect::vllm:
      if (ids.empty())
        return std::unexpected(bad_request(dialect, "The decoder prompt cannot be empty"));
      if (outside)
        return std::unexpected(bad_request(
            dialect, fmt::format("Token id {} is out of vocabulary", low < 0 ? low : high),
            "prompt"));
      return {};
    case Dialect::sglang:
      if (ids.empty()) return std::unexpected(bad_request(dialect, "Prompt cannot be empty"));
      if (high >= vocabulary)  // Negative ones are not looked for.
        return std::unexpected(bad_request(
            dialect,
            fmt::format("The input_ids {} contains values greater than the vocab size ({}).", ids,
                        vocabulary)));
      return {};
    case Dialect::llamacpp:
      // An empty prompt gets an empty answer.
      if (outside) return std::unexpected(bad_request(dialect, "Prompt contains invalid tokens"));
      return {};
    default:
      return std::unexpected(bad_request(dialect, "Invalid type for 'prompt'.", "prompt"));
  }
}

}  // namespace leyden::llm::testing
