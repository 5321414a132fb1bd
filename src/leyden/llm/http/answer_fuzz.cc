// For any bytes that a server may stream: the reader ends, what it delivers does not depend on how the bytes were cut, exact IDs decode to
// the text, and nothing is delivered beyond what was asked for.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "leyden/base/utf8.h"
#include "leyden/llm/http/answer_reader.h"
#include "leyden/llm/testing/byte_tokenizer.h"

namespace {

using namespace leyden;
using namespace leyden::llm;

struct Heard final : GenerateSink {
  TokenIds ids;
  std::string text;
  std::size_t logprobs = 0;
  void on_tokens(const GeneratedTokens& next) override {
    ids.insert(ids.end(), next.ids.begin(), next.ids.end());
    text += next.text;
    logprobs += next.logprobs.size();
    if (!next.logprobs.empty() && next.logprobs.size() != next.ids.size()) std::abort();
  }
  void on_end(const GenerateSummary&) override { std::abort(); }
  void on_error(const Error&) override { std::abort(); }
};

struct Outcome {
  Heard heard;
  GenerateSummary summary;
  std::optional<Refusal> failure;
};

Outcome read(ServerKind kind, unsigned status, std::string_view bytes, std::size_t piece) {
  static const testing::ByteTokenizer tokenizer;
  static const PartialTokens partial(tokenizer);
  static const GenerateRequest request{
      .prompt = {1, 2, 3}, .max_tokens = 20, .stop_tokens = {'x'}, .logprobs = true};
  auto facts = std::make_shared<ServerFacts>();
  facts->kind = kind;
  facts->model = "m";
  facts->ids = kind != ServerKind::openai;
  Outcome out;
  AnswerReader reader({.facts = std::move(facts),
                       .request = request,
                       .tokenizer = tokenizer,
                       .partial = partial,
                       .started = std::chrono::steady_clock::now()},
                      out.heard);
  bool more = reader.on_head({.status = status, .fields = {{"Content-Type", "text/event-stream"}}});
  for (std::size_t at = 0; more && at < bytes.size(); at += piece)
    more = reader.on_body(bytes.substr(at, piece));
  if (more) reader.on_end();
  out.summary = reader.summary();
  out.failure = reader.failure();
  if (!out.failure && out.summary.ids_exact) {
    const auto text = tokenizer.decode(out.heard.ids);
    if (!text || utf8::replace_invalid(*text) != out.heard.text) std::abort();
    if (out.heard.ids.size() != out.summary.generated_tokens) std::abort();
    if (out.heard.ids.size() > request.max_tokens) std::abort();
  }
  if (out.failure && out.failure->error.message.size() > 1000) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto kind = static_cast<ServerKind>(data[0] % 4);
  const unsigned status = data[0] < 240 ? 200 : 503;
  const std::size_t piece = data[1] % 64 + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Outcome whole = read(kind, status, bytes, size);
  const Outcome cut = read(kind, status, bytes, piece);
  if (whole.heard.ids != cut.heard.ids || whole.heard.text != cut.heard.text) std::abort();
  if (whole.failure.has_value() != cut.failure.has_value()) std::abort();
  if (whole.failure && whole.failure->error.message != cut.failure->error.message) std::abort();
  if (!whole.failure && whole.summary.finish != cut.summary.finish) std::abort();
  return 0;
}
