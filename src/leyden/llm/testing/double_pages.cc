#include "leyden/llm/testing/double_pages.h"

#include <utility>

#include <fmt/format.h>

#include "leyden/base/utf8.h"
#include "leyden/llm/testing/double_ask.h"

namespace leyden::llm::testing {
namespace {

using nlohmann::json;

DoublePage as_json(const json& body) { return {200, "application/json", dump(body)}; }

json models(Dialect dialect, const DoubleModel& model, double started) {
  json entry = {
      {"id", model.name()}, {"object", "model"}, {"created", static_cast<std::int64_t>(started)}};
  const std::size_t window = model.context_tokens();
  switch (dialect) {
    case Dialect::vllm:
      entry["owned_by"] = "vllm";
      entry["root"] = model.name();
      entry["parent"] = nullptr;
      entry["max_model_len"] = window;
      entry["permission"] = json::array();
      break;
    case Dialect::sglang:
      entry["owned_by"] = "sglang";
      entry["root"] = model.name();
      entry["parent"] = nullptr;
      entry["max_model_len"] = window;
      break;
    case Dialect::llamacpp:
      entry["owned_by"] = "llamacpp";
      entry["meta"] = {{"vocab_type", 2}, {"n_vocab", model.tokenizer().vocabulary_size()},
                       {"n_ctx", window}, {"n_ctx_train", window},
                       {"n_embd", 64},    {"n_params", 1000},
                       {"size", 1000}};
      break;
    case Dialect::openai:
      entry["owned_by"] = "system";
      break;
  }
  json out = {{"object", "list"}, {"data", json::array({entry})}};
  if (dialect == Dialect::llamacpp)
    out["models"] = json::array({{{"name", model.name()}, {"model", model.name()}}});
  return out;
}

json props(const DoubleModel& model, double started) {
  return {{"default_generation_settings",
           {{"params", json::object()}, {"n_ctx", model.context_tokens()}}},
          {"total_slots", 1},
          {"model_alias", model.name()},
          {"model_path", "/models/" + model.name() + ".gguf"},
          {"chat_template", "{{ messages }}"},
          {"bos_token", ""},
          {"eos_token", ""},
          {"build_info", "b1-double"},
          {"media_marker", fmt::format("<__media_{}__>", started)},
          {"is_sleeping", false}};
}

DoublePage complaint(Dialect dialect, const Complaint& what) {
  return {what.status, "application/json", error_body(dialect, what)};
}

DoublePage tokenize(Dialect dialect, const json& body, const DoubleModel& model) {
  const bool llamacpp = dialect == Dialect::llamacpp;
  const char* const field = llamacpp ? "content" : "prompt";
  const auto given = body.find(field);
  if (given == body.end() && llamacpp) return as_json({{"tokens", json::array()}});
  const bool list = given != body.end() && given->is_array() && dialect == Dialect::sglang;
  if (given == body.end() || (!given->is_string() && !list))
    return complaint(dialect, bad_request(dialect, fmt::format("{} must be a string", field)));
  const tokenizer::EncodeOptions options{
      .special = llamacpp && !body.value("parse_special", true) ? tokenizer::SpecialPolicy::none()
                                                                : tokenizer::SpecialPolicy::all(),
      .add_special_tokens =
          llamacpp ? body.value("add_special", false) : body.value("add_special_tokens", true)};
  const auto ids = [&](const json& text) {
    return model.tokenizer().encode(text.get_ref<const std::string&>(), options);
  };
  if (list) {
    json tokens = json::array();
    json counts = json::array();
    for (const json& text : *given) {
      tokens.push_back(ids(text));
      counts.push_back(tokens.back().size());
    }
    return as_json(
        {{"tokens", tokens}, {"count", counts}, {"max_model_len", model.context_tokens()}});
  }
  const TokenIds tokens = ids(*given);
  const bool pieces = llamacpp ? body.value("with_pieces", false) : false;
  if (llamacpp && !pieces) return as_json({{"tokens", tokens}});
  json strings = json::array();
  for (const TokenId id : tokens) {
    const std::string bytes = model.tokenizer().token_bytes(id).value_or("");
    if (!llamacpp) {
      strings.push_back(bytes);
      continue;
    }
    json piece = bytes;
    if (!utf8::is_valid(bytes)) {
      piece = json::array();
      for (const char c : bytes) piece.push_back(static_cast<unsigned char>(c));
    }
    strings.push_back({{"id", id}, {"piece", piece}});
  }
  if (llamacpp) return as_json({{"tokens", strings}});
  json out = {
      {"tokens", tokens}, {"count", tokens.size()}, {"max_model_len", model.context_tokens()}};
  if (dialect == Dialect::vllm)
    out["token_strs"] = body.value("return_token_strs", false) ? strings : json();
  return as_json(out);
}

DoublePage detokenize(Dialect dialect, const json& body, const DoubleModel& model) {
  const auto given = body.find("tokens");
  TokenIds ids;
  if (given != body.end() && given->is_array()) {
    for (const json& part : *given) {
      const auto id = read_id(dialect, part);
      const auto end = static_cast<std::int64_t>(model.tokenizer().vocabulary_size());
      if (!id || *id < 0 || *id >= end)
        return complaint(
            dialect,
            bad_request(dialect, fmt::format("Token id {} is out of vocabulary", part.dump()),
                        "tokens"));
      const auto known = static_cast<TokenId>(*id);
      if (dialect == Dialect::sglang && body.value("skip_special_tokens", true) &&
          model.is_special(known)) {
        continue;
      }
      ids.push_back(known);
    }
  } else if (dialect != Dialect::llamacpp) {
    return complaint(dialect, bad_request(dialect, "tokens must be a list of IDs", "tokens"));
  }
  const char* const field = dialect == Dialect::vllm     ? "prompt"
                            : dialect == Dialect::sglang ? "text"
                                                         : "content";
  return as_json({{field, utf8::replace_invalid(model.tokenizer().decode(ids).value_or(""))}});
}

}  // namespace

std::optional<DoublePage> page(Dialect dialect, std::string_view path, const DoubleModel& model,
                               double started) {
  const bool vllm = dialect == Dialect::vllm;
  const bool sglang = dialect == Dialect::sglang;
  const bool llamacpp = dialect == Dialect::llamacpp;
  if (path == "/v1/models") return as_json(models(dialect, model, started));
  if (path == "/health" && llamacpp) return as_json({{"status", "ok"}});
  if (path == "/health" && (vllm || sglang)) return DoublePage{200, "text/plain", ""};
  if (path == "/version" && vllm) return as_json({{"version", "0.32.0"}});
  if ((path == "/get_model_info" || path == "/model_info") && sglang)
    return as_json({{"model_path", model.name()},
                    {"tokenizer_path", model.name()},
                    {"is_generation", true},
                    {"weight_version", "default"}});
  if ((path == "/server_info" || path == "/get_server_info") && sglang)
    return as_json({{"version", "0.5.6"},
                    {"model_path", model.name()},
                    {"served_model_name", model.name()},
                    {"context_length", model.context_tokens()},
                    {"max_total_num_tokens", 16 * model.context_tokens()},
                    {"startup_timestamp", started}});
  if (path == "/props" && llamacpp) return as_json(props(model, started));
  if (path == "/metrics" && vllm)
    return DoublePage{
        200, "text/plain; version=0.0.4; charset=utf-8",
        fmt::format("# HELP process_start_time_seconds Start time of the process since "
                    "unix epoch in seconds.\n"
                    "# TYPE process_start_time_seconds gauge\n"
                    "process_start_time_seconds {:.2f}\n"
                    "# TYPE vllm:num_requests_running gauge\n"
                    "vllm:num_requests_running{{model_name=\"{}\"}} 0.0\n",
                    started, model.name())};
  return std::nullopt;
}

std::optional<DoublePage> tokenizer_page(Dialect dialect, std::string_view path, const json& body,
                                         const DoubleModel& model) {
  const bool one = path == "/tokenize";
  if (dialect == Dialect::openai || (!one && path != "/detokenize")) return std::nullopt;
  if (!body.is_object()) return complaint(dialect, bad_request(dialect, "The body is not JSON."));
  try {
    return one ? tokenize(dialect, body, model) : detokenize(dialect, body, model);
  } catch (const json::exception& error) {
    return complaint(dialect, bad_request(dialect, error.what()));
  }
}

}  // namespace leyden::llm::testing
