#include "leyden/cli/model_servers.h"

#include <cstdlib>

namespace leyden::cli {

llm::HttpModelOptions model_server_options(const Settings& settings, const Secret& secret) {
  const LlmSettings& from = settings.llm;
  llm::HttpModelOptions out;
  out.urls = from.urls;
  out.kind = from.kind;
  out.model = from.model;
  out.api_key = from.api_key;
  out.fields = from.headers;
  out.tls = {.ca_file = from.ca_file,
             .certificate_file = from.certificate_file,
             .key_file = from.key_file,
             .server_name = {}};
  out.environment = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  out.context_tokens = from.context_tokens;
  out.allow_text = from.allow_text;
  out.check_tokenizer = from.check_tokenizer;
  out.salt_key = secret;
  out.connect_timeout = std::chrono::milliseconds(from.connect_timeout_ms);
  out.first_byte_timeout = std::chrono::milliseconds(from.first_token_timeout_ms);
  out.idle_timeout = std::chrono::milliseconds(from.idle_timeout_ms);
  out.connections_max = from.connections_max;
  return out;
}

}  // namespace leyden::cli
