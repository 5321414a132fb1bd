#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leyden::llm {

// What speaks at the other end. The first three take IDs and give IDs; `openai` is whatever has an OpenAI-compatible
// /v1/completions and is spoken to in text.
enum class ServerKind : std::uint8_t { vllm, sglang, llamacpp, openai };

// As in settings: "vllm", "sglang", "llamacpp", "openai".
[[nodiscard]] std::string_view name_of(ServerKind kind);
[[nodiscard]] std::optional<ServerKind> kind_of(std::string_view name);

}  // namespace leyden::llm
