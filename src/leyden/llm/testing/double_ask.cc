#include "leyden/llm/testing/double_ask.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace leyden::llm::testing {
namespace {

using nlohmann::json;

template <class T>
T value_or(const json& body, const char* key, T otherwise) {
  const auto found = body.find(key);
  return found == body.end() || found->is_null() ? otherwise : found->get<T>();
}

WireIds encode(const DoubleModel& model, const std::string& text, bool add_special) {
  const TokenIds ids = model.tokenizer().encode(
      text, {.special = tokenizer::SpecialPolicy::all(), .add_special_tokens = add_special});
  return {ids.begin(), ids.end()};
}

// An array of IDs; for llama.cpp, of text too.
std::optional<WireIds> read_mixed(Dialect dialect, const json& list, const DoubleModel& model) {
  WireIds out;
  for (const json& part : list) {
    if (part.is_string() && dialect == Dialect::llamacpp) {
      const WireIds ids = encode(model, part.get<std::string>(), out.empty());
      out.insert(out.end(), ids.begin(), ids.end());
    } else if (const auto id = read_id(dialect, part)) {
      out.push_back(*id);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

Complaint wrong_prompt(Dialect dialect) {
  switch (dialect) {
    case Dialect::vllm:
      return {400, "Bad Request",
              "1 validation error:\n  {'type': 'int_type', 'loc': 'body.prompt'}", "body.prompt",
              json::object()};
    case Dialect::llamacpp:
      return bad_request(dialect,
                         "\"prompt\" must be a string, an list of tokens, a list of mixed "
                         "strings & tokens, or a list of prompts");
    default:
      return bad_request(dialect, "Invalid type for 'prompt'.", "prompt");
  }
}

std::expected<void, Complaint> read_prompts(const json& body, const DoubleModel& model,
                                            DoubleAsk& ask) {
  const auto prompt = body.find("prompt");
  const bool missing = prompt == body.end() || prompt->is_null();
  const bool blank =
      missing || (prompt->is_string() && prompt->get_ref<const std::string&>().empty());
  if (ask.dialect == Dialect::vllm && blank)
    return std::unexpected(bad_request(
        ask.dialect, "Either prompt or prompt_embeds must be provided and non-empty.", "prompt"));
  if (ask.dialect == Dialect::sglang && blank)
    return std::unexpected(bad_request(ask.dialect, "Prompt cannot be empty"));
  if (missing) return std::unexpected(wrong_prompt(ask.dialect));

  const auto is_text = [](const json& part) { return part.is_string(); };
  const auto is_number = [](const json& part) { return part.is_number(); };
  const bool add_special = value_or(body, "add_special_tokens", true);
  if (is_text(*prompt)) {
    ask.prompts.push_back(encode(model, prompt->get<std::string>(), add_special));
    return {};
  }
  if (!prompt->is_array()) return std::unexpected(wrong_prompt(ask.dialect));
  const bool texts = std::ranges::all_of(*prompt, is_text) && !prompt->empty();
  const bool flat = std::ranges::any_of(*prompt, is_number) || prompt->empty();
  if (ask.dialect == Dialect::openai && !texts) return std::unexpected(wrong_prompt(ask.dialect));
  ask.several = !flat;
  for (const json& part : flat ? json::array({*prompt}) : *prompt) {
    if (part.is_string()) {
      ask.prompts.push_back(encode(model, part.get<std::string>(), add_special));
      continue;
    }
    const auto ids = part.is_array() ? read_mixed(ask.dialect, part, model) : std::nullopt;
    if (!ids) return std::unexpected(wrong_prompt(ask.dialect));
    if (auto fine = check_ids(ask.dialect, model, *ids); !fine) return fine;
    ask.prompts.push_back(*ids);
  }
  return {};
}

std::expected<void, Complaint> read_model(const json& body, const DoubleModel& model,
                                          DoubleAsk& ask) {
  ask.model = value_or(body, "model", model.name());
  const bool any = ask.dialect == Dialect::sglang || ask.dialect == Dialect::llamacpp;
  if (any || ask.model == model.name()) return {};
  return std::unexpected(
      Complaint{404, ask.dialect == Dialect::vllm ? "NotFoundError" : "invalid_request_error",
                fmt::format("The model `{}` does not exist.", ask.model), "model", json::object()});
}

std::expected<void, Complaint> check_options(const json& body, const DoubleAsk& ask) {
  if (ask.dialect == Dialect::vllm) {
    if (!ask.stream && !value_or(body, "stream_options", json()).is_null())
      return std::unexpected(bad_request(
          ask.dialect, "Stream options can only be defined when `stream=True`.", "stream_options"));
    if (ask.stream && body.contains("prompt_logprobs") && !body["prompt_logprobs"].is_null())
      return std::unexpected(bad_request(ask.dialect,
                                         "`prompt_logprobs` are not available when `stream=True`.",
                                         "prompt_logprobs"));
    if (body.contains("cache_salt") && (ask.salt.empty() || ask.salt.size() > 1024))
      return std::unexpected(
          bad_request(ask.dialect, "Parameter 'cache_salt' must be a non-empty string if provided.",
                      "cache_salt"));
  }
  if (ask.dialect == Dialect::llamacpp && !ask.native && value_or(body, "echo", false))
    return std::unexpected(
        Complaint{500, "server_error", "Only no echo is supported", nullptr, json::object()});
  if (ask.dialect == Dialect::sglang && ask.max_tokens && *ask.max_tokens <= 0)
    return std::unexpected(bad_request(ask.dialect, "max_tokens must be positive"));
  return {};
}

void read_question(const json& body, DoubleAsk& ask) {
  DoubleModel::Question& question = ask.question;
  const bool llamacpp = ask.dialect == Dialect::llamacpp;
  // Servers' defaults; greedy only where it is asked for.
  const double temperature = value_or(body, "temperature", llamacpp ? 0.8 : 1.0);
  if (temperature > 0)
    question.seed = 1 + static_cast<std::uint64_t>(value_or<std::int64_t>(body, "seed", 0));
  question.ignore_end = value_or(body, "ignore_eos", false);
  if (const auto stop = value_or(body, "stop", json()); stop.is_string()) {
    question.stop_words = {stop.get<std::string>()};
  } else if (stop.is_array()) {
    question.stop_words = stop.get<std::vector<std::string>>();
  }
  if (ask.dialect == Dialect::vllm || ask.dialect == Dialect::sglang) {
    for (const json& id : value_or(body, "stop_token_ids", json::array()))
      question.stop_tokens.push_back(id.get<TokenId>());
  }
  question.holds_broken = ask.dialect == Dialect::vllm || ask.dialect == Dialect::sglang;
  question.drops_tail = ask.dialect == Dialect::vllm || (llamacpp && ask.stream);
}

}  // namespace

std::optional<std::int64_t> read_id(Dialect dialect, const json& value) {
  // nlohmann's conversion, which llama.cpp's server uses, keeps the lower half.
  if (dialect == Dialect::llamacpp && value.is_number())
    return value.is_number_float()
               ? static_cast<std::int32_t>(std::clamp(value.get<double>(), -1.0, 2e9))
               : static_cast<std::int32_t>(value.get<std::uint64_t>());
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  // Python's whole numbers have no end.
  if (value.is_number_float())
    return value.get<double>() >= 9e18 ? std::optional(kMost) : std::nullopt;
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(kMost))
    return kMost;
  return value.get<std::int64_t>();
}

std::expected<DoubleAsk, Complaint> read_ask(Dialect dialect, bool native, const json& body,
                                             const DoubleModel& model) {
  DoubleAsk ask;
  ask.dialect = dialect;
  ask.native = native;
  if (!body.is_object()) return std::unexpected(bad_request(dialect, "The body is not JSON."));
  try {
    if (auto fine = read_model(body, model, ask); !fine) return std::unexpected(fine.error());
    ask.stream = value_or(body, "stream", false);
    const auto stream_options = value_or(body, "stream_options", json::object());
    ask.usage = value_or(stream_options, "include_usage", false);
    ask.ids = value_or(body, native ? "return_tokens" : "return_token_ids", false);
    // Those who speak text give no IDs whatever is asked for.
    if (dialect == Dialect::openai || (dialect == Dialect::llamacpp && !native)) ask.ids = false;
    if (native && ask.stream) ask.ids = true;
    ask.n = std::max<std::size_t>(1, value_or<std::size_t>(body, "n", 1));
    ask.logprobs =
        native ? value_or(body, "n_probs", 0) > 0 : !value_or(body, "logprobs", json()).is_null();
    ask.cache = value_or(body, "cache_prompt", true);
    ask.progress = native && value_or(body, "return_progress", false);
    if (dialect == Dialect::vllm || dialect == Dialect::sglang)
      ask.salt = value_or<std::string>(body, "cache_salt", "");
    // llama.cpp takes both names on both paths.
    std::int64_t limit =
        dialect == Dialect::llamacpp ? value_or<std::int64_t>(body, "n_predict", -1) : 16;
    limit = value_or(body, "max_tokens", limit);
    if (dialect != Dialect::llamacpp || limit >= 0) ask.max_tokens = limit;
    read_question(body, ask);
    if (auto fine = check_options(body, ask); !fine) return std::unexpected(fine.error());
    if (auto fine = read_prompts(body, model, ask); !fine) return std::unexpected(fine.error());
  } catch (const json::exception& error) {
    return std::unexpected(bad_request(dialect, error.what()));
  }
  return ask;
}

std::expected<std::size_t, Complaint> room_for(const DoubleAsk& ask, const DoubleModel& model,
                                               std::size_t prompt_tokens) {
  const std::size_t window = model.context_tokens();
  const auto wanted =
      static_cast<std::size_t>(std::max<std::int64_t>(0, ask.max_tokens.value_or(0)));
  if (ask.dialect == Dialect::llamacpp) {
    if (prompt_tokens >= window) {
      Complaint complaint = bad_request(
          ask.dialect, fmt::format("request ({} tokens) exceeds the available context size ({} "
                                   "tokens), try increasing it",
                                   prompt_tokens, window));
      complaint.type = "exceed_context_size_error";
      complaint.more = {{"n_prompt_tokens", prompt_tokens}, {"n_ctx", window}};
      return std::unexpected(complaint);
    }
    const std::size_t left = window - prompt_tokens;  // It stops there, and does not complain.
    return prompt_tokens == 0 ? 0 : ask.max_tokens ? std::min(wanted, left) : left;
  }
  if (prompt_tokens + wanted <= window) return wanted;
  if (ask.dialect == Dialect::sglang)
    return std::unexpected(bad_request(
        ask.dialect,
        prompt_tokens >= window
            ? fmt::format(
                  "The input ({} tokens) is longer than the model's context length ({} tokens).",
                  prompt_tokens, window)
            : fmt::format("Requested token count exceeds the model's maximum context length of {} "
                          "tokens. You requested a total of {} tokens: {} tokens from the input "
                          "messages and {} tokens for the completion.",
                          window, prompt_tokens + wanted, prompt_tokens, wanted)));
  return std::unexpected(bad_request(
      ask.dialect,
      fmt::format(
          "This model's maximum context length is {} tokens. However, you requested {} "
          "output tokens and your prompt contains {} input tokens, for a total of {} tokens. "
          "Please reduce the length of the input prompt or the number of requested output "
          "tokens.",
          window, wanted, prompt_tokens, prompt_tokens + wanted),
      "input_tokens"));
}

}  // namespace leyden::llm::testing
