#include "leyden/llm/http/wire_request.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace leyden::llm {
namespace {

using Json = nlohmann::json;

// By hand: a prompt has up to a million of them.
void append_ids(std::string& out, TokenIdsView ids) {
  out.reserve(out.size() + ids.size() * 7 + 2);
  out += '[';
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i != 0) out += ',';
    const fmt::format_int digits(ids[i]);
    out.append(digits.data(), digits.size());
  }
  out += ']';
}

// The fields of `others`, and the prompt before them.
std::string body_of(const Json& others, const WireGenerate& what, ServerKind kind) {
  const auto text = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string out = R"({"prompt":)";
  if (kind == ServerKind::openai) {
    out += text(what.prompt_text);
  } else {
    append_ids(out, what.prompt_ids);
  }
  out += ',';
  return out.append(text(others), 1);
}

Json completion_fields(ServerKind kind, const WireGenerate& what) {
  Json out = {{"max_tokens", what.max_tokens},
              {"temperature", what.sampling.temperature},
              {"top_p", what.sampling.top_p},
              {"stream", true},
              {"stream_options", {{"include_usage", true}}}};
  if (!what.model.empty()) out["model"] = what.model;
  if (what.sampling.temperature > 0) out["seed"] = what.sampling.seed;
  if (what.logprobs) out["logprobs"] = 1;
  if (kind == ServerKind::openai) return out;
  out["return_token_ids"] = true;
  out["skip_special_tokens"] = false;
  out["spaces_between_special_tokens"] = false;
  out["top_k"] = -1;
  out["min_p"] = 0;
  out["repetition_penalty"] = 1;
  if (!what.stop_tokens.empty())
    out["stop_token_ids"] = TokenIds(what.stop_tokens.begin(), what.stop_tokens.end());
  if (!what.cache_salt.empty()) out["cache_salt"] = what.cache_salt;
  return out;
}

// All that a server may have been started with another default for: mirostat, for one, would replace the samplers.
Json llamacpp_fields(const WireGenerate& what) {
  Json out = {{"n_predict", what.max_tokens},
              {"temperature", what.sampling.temperature},
              {"top_p", what.sampling.top_p},
              {"seed", what.sampling.seed},
              {"samplers", {"top_p", "temperature"}},
              {"mirostat", 0},
              {"dynatemp_range", 0},
              {"min_keep", 0},
              {"logit_bias", Json::array()},
              {"ignore_eos", false},
              {"grammar", ""},
              {"stop", Json::array()},
              {"cache_prompt", true},
              {"return_tokens", true},
              {"stream", what.stream},
              // How much of the prompt is cached is told before the answer, and that it is read.
              {"return_progress", what.stream},
              // The last chunk would hold the prompt's text.
              {"response_fields",
               {"index", "stop", "content", "tokens", "stop_type", "tokens_predicted",
                "tokens_evaluated", "truncated", "timings", "completion_probabilities"}}};
  if (what.logprobs) out["n_probs"] = 1;
  return out;
}

}  // namespace

WirePost generate_post(ServerKind kind, const WireGenerate& what) {
  if (kind == ServerKind::llamacpp)
    return {.target = "/completion", .body = body_of(llamacpp_fields(what), what, kind)};
  return {.target = "/v1/completions", .body = body_of(completion_fields(kind, what), what, kind)};
}

WirePost tokenize_post(ServerKind kind, std::string_view model, std::string_view text,
                       bool parse_special) {
  if (kind == ServerKind::llamacpp) {
    return {
        .target = "/tokenize",
        .body = Json{{"content", text}, {"add_special", false}, {"parse_special", parse_special}}
                    .dump()};
  }
  Json body = {{"prompt", text}, {"add_special_tokens", false}};
  if (!model.empty()) body["model"] = model;
  return {.target = "/tokenize", .body = body.dump()};
}

}  // namespace leyden::llm
