#include "leyden/llm/http/server_checkup.h"

#include <algorithm>
#include <random>

#include "leyden/base/clock.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/http/http_model_server.h"
#include "leyden/llm/http/server_link.h"
#include "leyden/llm/probe_text.h"

namespace leyden::llm {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kPromptTokens = 512;
constexpr std::size_t kAnswerTokens = 4;
// Without the server's word for it, a first token so much sooner shows that the prefix was reused.
constexpr double kReusedRatio = 0.6;

std::string advice_for(const Error& error) {
  switch (error.code) {
    case Errc::unsupported:
      return "name the model's own tokenizer in LEYDEN_TOKENIZER: its tokenizer.json or GGUF file";
    case Errc::not_found:
      return "set LEYDEN_LLM_MODEL to one that it lists";
    case Errc::invalid_argument:
      return "set LEYDEN_LLM_API_KEY, or LEYDEN_LLM_HEADERS where it wants another field";
    case Errc::corrupt:
      return "set LEYDEN_LLM_URL to the model server, with the path before /v1 if it has one";
    default:
      return "start the server, or set LEYDEN_LLM_URL to where it is";
  }
}

void tell_facts(const ServerFacts& facts, double ms, Findings& out) {
  out.ok("reachable", fmt::format("it was asked what it is in {:.1f} ms", ms));
  out.ok("kind", fmt::format("{}{}{}", name_of(facts.kind), facts.version.empty() ? "" : " ",
                             facts.version));
  if (facts.context_tokens != 0) {
    out.ok("model", fmt::format("{}, a window of {} tokens", facts.model, facts.context_tokens));
  } else {
    out.note("model", facts.model + ", its window is not known",
             "set LEYDEN_LLM_CONTEXT_TOKENS, so that prompts are fitted to it");
  }
  if (facts.tokenizer_compared) {
    out.ok("tokenizer", "a probe text and its special tokens have the same IDs here and there");
  } else if (facts.ids) {
    out.warning("tokenizer", "not compared, as the settings want it",
                "set LEYDEN_LLM_CHECK_TOKENIZER=true: IDs of another tokenizer are another text");
  } else {
    out.note(
        "tokenizer", "can't be compared: " + facts.why_text,
        "none where text is good enough; for exact IDs use vLLM, SGLang or llama.cpp's server");
  }
  if (facts.ids) {
    out.ok("ids_in", "prompts go as token IDs");
  } else {
    out.warning("ids_in", "prompts go as text: " + facts.why_text,
                "use vLLM, SGLang or llama.cpp's server for exact prompts");
  }
}

// Unlike any before it, so that nothing of it is in a cache.
TokenIds new_prompt(const tokenizer::Tokenizer& tokenizer, std::size_t tokens) {
  std::string text = fmt::format("Probe {}.\n", std::random_device{}());
  TokenIds out;
  while (out.size() < tokens) {
    text += kProbeText;
    out = tokenizer.encode(text);
  }
  out.resize(tokens);
  return out;
}

std::string cache_advice(ServerKind kind) {
  switch (kind) {
    case ServerKind::vllm:
      return "start vLLM with --enable-prefix-caching";
    case ServerKind::sglang:
      return "start SGLang without --disable-radix-cache";
    case ServerKind::llamacpp:
      return "start llama-server without --no-cache-prompt";
    default:
      return "ask who runs it whether it caches prefixes";
  }
}

std::string report_advice(ServerKind kind) {
  switch (kind) {
    case ServerKind::vllm:
      return "start vLLM with --enable-prompt-tokens-details to see it";
    case ServerKind::sglang:
      return "start SGLang with --enable-cache-report to see it";
    default:
      return "none";
  }
}

void tell_prefix_cache(const ServerFacts& facts, const GenerateSummary& first,
                       const GenerateSummary& second, Findings& out) {
  const std::string times =
      fmt::format("first token after {:.0f} ms, and {:.0f} ms when asked again",
                  first.first_token_ms, second.first_token_ms);
  if (const auto reused = second.prompt_tokens_reused) {
    if (*reused > 0) {
      out.ok("prefix_cache",
             fmt::format("on: {} of {} tokens reused; {}", *reused, second.prompt_tokens, times));
    } else {
      out.warning("prefix_cache",
                  fmt::format("off: none of {} tokens reused; {}", second.prompt_tokens, times),
                  cache_advice(facts.kind));
    }
    return;
  }
  const bool sooner = second.first_token_ms < kReusedRatio * first.first_token_ms;
  out.note("prefix_cache",
           fmt::format("the server does not say; by its time {} ({})",
                       sooner ? "it is on" : "it may be off", times),
           report_advice(facts.kind));
}

}  // namespace

std::vector<Finding> check_model_server(const HttpModelOptions& options,
                                        const tokenizer::Tokenizer& tokenizer, Deadline deadline) {
  HttpModelOptions one = options;
  one.urls.resize(std::min<std::size_t>(one.urls.size(), 1));
  one.check_timeout = std::clamp<std::chrono::milliseconds>(
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left()),
      std::chrono::milliseconds(1), one.check_timeout);
  one.retry.attempts_max = 1;
  const net::IoThread thread;
  std::string where = "model server";
  if (auto link = one.urls.empty() ? fail(Errc::invalid_argument, "no URL")
                                   : ServerLink::make(thread, one, one.urls.front())) {
    where = (*link)->label();
  }
  Findings out(where);
  const auto began = SteadyClock::now();
  auto server = HttpModelServer::open(one, tokenizer);
  if (!server) {
    const char* const id = server.error().code == Errc::unsupported ? "tokenizer" : "reachable";
    out.problem(id, server.error().message, advice_for(server.error()));
    return std::move(out.all());
  }
  const ServerFacts facts = (*server)->upstreams().front().facts;
  tell_facts(facts, ms_between(began, SteadyClock::now()), out);

  std::size_t tokens = kPromptTokens;
  if (facts.context_tokens != 0)
    tokens = std::min(tokens, std::max<std::size_t>(facts.context_tokens / 2, 1));
  GenerateRequest request{.prompt = new_prompt(tokenizer, tokens),
                          .max_tokens = kAnswerTokens,
                          .tenant = "doctor",
                          .deadline = deadline};
  const auto first = generate_blocking(**server, request, {}, {});
  const auto second = first ? generate_blocking(**server, std::move(request), {}, {}) : first;
  if (!second) {
    out.problem("generate", second.error().message, "see the server's own log");
    return std::move(out.all());
  }
  if (first->summary.ids_exact) {
    out.ok("ids_out", "answers come as token IDs");
  } else if (facts.ids) {
    out.warning("ids_out", "answers come as text only: the server does not know return_token_ids",
                "use a newer server: vLLM 0.10.2, or one of its age");
  } else {
    out.warning("ids_out", "answers come as text", "as of ids_in");
  }
  tell_prefix_cache(facts, first->summary, second->summary, out);
  out.ok("latency", fmt::format("{} tokens of prompt: first token after {:.0f} ms, {} tokens after "
                                "{:.0f} ms",
                                tokens, first->summary.first_token_ms,
                                first->summary.generated_tokens, first->summary.total_ms));
  return std::move(out.all());
}

}  // namespace leyden::llm
