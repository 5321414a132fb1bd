#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/base/token_id.h"
#include "leyden/llm/http/server_kind.h"

namespace leyden::llm {

enum class WireFinish : std::uint8_t { stop, length, content_filter, abort };

// What a server said of one of its answers in a chunk. Empty: it did not say, or null.
struct WireChoice {
  std::uint64_t index = 0;
  std::string_view text;
  std::optional<TokenIds> ids;
  std::optional<TokenIds> prompt_ids;
  std::vector<float> logprobs;
  std::optional<WireFinish> finish;
  std::optional<TokenId> stop_token;  // That ended it, where the server names it.
};

struct WireUsage {
  std::optional<std::size_t> prompt_tokens;
  // Of this response so far; the end token may be among them.
  std::optional<std::size_t> generated_tokens;
  std::optional<std::size_t> cached_tokens;  // Of the prompt.
};

// An error as servers write it: {"error":{...}}, the same at top level, or a text only.
struct WireError {
  std::string message;
  std::string type;
  std::optional<int> status;  // As of HTTP.
};

struct WireChunk {
  std::string_view model;
  std::vector<WireChoice> choices;
  WireUsage usage;
  std::optional<WireError> error;
  bool last = false;  // llama.cpp says so of it.
};

// Reads chunks of generations, one JSON object each. Confined to one thread.
class WireReader {
 public:
  explicit WireReader(ServerKind kind);
  ~WireReader();
  WireReader(WireReader&&) noexcept;
  WireReader& operator=(WireReader&&) noexcept;

  // Valid until the next call. Errors: corrupt: not JSON, or of a shape that no server has; what it says is not quoted.
  [[nodiscard]] Result<const WireChunk*> read(std::string_view json);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The error that a body holds; nothing, where it holds none.
[[nodiscard]] std::optional<WireError> parse_error(std::string_view body);

}  // namespace leyden::llm
