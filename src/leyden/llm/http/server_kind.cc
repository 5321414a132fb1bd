#include "leyden/llm/http/server_kind.h"

namespace leyden::llm {

std::string_view name_of(ServerKind kind) {
  switch (kind) {
    case ServerKind::vllm:
      return "vllm";
    case ServerKind::sglang:
      return "sglang";
    case ServerKind::llamacpp:
      return "llamacpp";
    case ServerKind::openai:
      return "openai";
  }
  return "";
}

std::optional<ServerKind> kind_of(std::string_view name) {
  for (const ServerKind kind :
       {ServerKind::vllm, ServerKind::sglang, ServerKind::llamacpp, ServerKind::openai}) {
    if (name == name_of(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace leyden::llm
