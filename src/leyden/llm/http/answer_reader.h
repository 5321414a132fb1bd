#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leyden/llm/http/handshake.h"
#include "leyden/llm/http/partial_tokens.h"
#include "leyden/llm/http/server_error.h"
#include "leyden/llm/http/wire_chunk.h"
#include "leyden/llm/model_server.h"
#include "leyden/net/sse_parser.h"
#include "leyden/tokenizer/stream_decoder.h"

namespace leyden::llm {

// What is still to be asked of the server, after a response of it: nothing, for a stream, or for a few tokens in one piece.
enum class StillToAsk : std::uint8_t { nothing, stream, piece };

// Reads a server's response to one generation as it comes: tells the sink of tokens, and says how it ended. Confined to one thread.
//
// llama.cpp does not tell of all IDs while it streams (partial_tokens.h). Where it can't be known which they are, the generation is asked for
// again from the last ID that is known, in one piece, which has all of them: then one answer takes several responses.
//
// What the server says of itself is checked: that it read the IDs that were sent, as many of them; that it counts as many generated tokens
// as it gave IDs; that it still is the same model. The end token, which some servers give and count, is not delivered.
class AnswerReader {
 public:
  struct Setting {
    std::shared_ptr<const ServerFacts> facts;
    const GenerateRequest& request;
    const tokenizer::Tokenizer& tokenizer;
    const PartialTokens& partial;
    bool allow_text = true;
    std::function<void(std::string_view)> on_event = {};  // May be empty.
    std::chrono::steady_clock::time_point started;
  };
  AnswerReader(const Setting& setting, GenerateSink& sink);

  // All return whether more is wanted: false once it has ended, well (summary()) or not (failure()).
  [[nodiscard]] bool on_head(const net::HttpResponseHead& head);
  [[nodiscard]] bool on_body(std::string_view bytes);
  void on_end();  // Of the response. It has ended after it.

  // Ended because somebody does not want more: what is held back of the text is delivered.
  void cut(FinishReason why);

  // Once it has ended well: whether the answer goes on with another response, to a prompt that is followed by so_far().
  [[nodiscard]] StillToAsk still_to_ask() const { return still_; }
  [[nodiscard]] const TokenIds& so_far() const { return raw_; }
  [[nodiscard]] std::size_t tokens_left() const {
    return setting_.request.max_tokens - std::min(raw_.size(), setting_.request.max_tokens);
  }
  // That response comes now.
  void go_on();

  // Whether the server said that its answer is whole: only the end of the response is to come.
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] const std::optional<Refusal>& failure() const { return failure_; }
  [[nodiscard]] const GenerateSummary& summary() const { return summary_; }  // So far.
  // Whether the server has generated anything, as far as it shows.
  [[nodiscard]] bool generated() const { return raw_ids_ > 0 || !text_.empty() || delivered_; }

 private:
  [[nodiscard]] bool take(const WireChunk& chunk);
  [[nodiscard]] bool take(const WireChoice& choice);
  [[nodiscard]] bool take_ids(const WireChoice& choice);
  [[nodiscard]] bool take_id(TokenId id, std::optional<float> logprob);
  [[nodiscard]] bool restore_missing(const WireChunk& chunk);
  [[nodiscard]] bool take_text(std::string_view text);
  [[nodiscard]] bool asks(StillToAsk what);
  [[nodiscard]] bool is_echo(const TokenIds& echoed);
  [[nodiscard]] bool push(TokenId id, std::optional<float> logprob);
  // More was generated after it, so it is not the end token.
  [[nodiscard]] bool release_held();
  [[nodiscard]] std::string prompt_text() const;  // What no error may show.
  void deliver();
  bool finish();  // The stream says that it is whole.
  bool fails(Refusal why);
  bool fails(Errc code, std::string message);

  const Setting setting_;
  GenerateSink& sink_;
  net::SseParser events_;
  WireReader reader_;
  tokenizer::StreamDecoder decoder_;

  net::HttpResponseHead head_;
  std::string body_;  // Of an error, or of a response in one piece.
  WireUsage usage_;
  std::optional<WireFinish> finish_;
  std::optional<TokenId> stop_token_;
  std::size_t raw_ids_ = 0;       // As they came, the end token too.
  std::size_t response_ids_ = 0;  // Of them, of this response.
  TokenIds raw_;                  // They themselves, of llama.cpp's.
  std::size_t sent_tokens_ = 0;   // The prompt of this response.
  StillToAsk still_ = StillToAsk::nothing;
  bool piece_ = false;  // The response is one piece, no stream.
  bool as_text_ = false;
  std::string text_;  // All of it, where the server gives no IDs.
  // Perhaps the end token: it is not delivered before it is known.
  struct Held {
    TokenId id;
    std::optional<float> logprob;
  };
  std::optional<Held> held_;
  TokenIds next_ids_;  // Not delivered yet.
  std::string next_text_;
  std::vector<float> next_logprobs_;
  bool delivered_ = false;
  bool ended_ = false;
  bool whole_ = false;
  std::optional<Refusal> failure_;
  GenerateSummary summary_;
};

}  // namespace leyden::llm
