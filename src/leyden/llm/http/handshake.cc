#include "leyden/llm/http/handshake.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/llm/http/server_error.h"
#include "leyden/llm/probe_text.h"
#include "leyden/net/http_fetch.h"

namespace leyden::llm {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kSpecialTokensMax = 64;
// Of llama.cpp's /props: random, made at its start.
constexpr const char* kLlamacppStart = "media_marker";

// What an object has under a name, where it is of that type.
template <class T>
std::optional<T> value_of(const Json& in, const char* name) {
  if (!in.is_object()) return std::nullopt;
  const auto at = in.find(name);
  if (at == in.end()) return std::nullopt;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!at->is_string()) return std::nullopt;
  } else {
    if (!at->is_number_unsigned()) return std::nullopt;
  }
  return at->get<T>();
}

// Asks one server, until a deadline.
class Asker {
 public:
  Asker(const ServerLink& link, Deadline deadline, const std::stop_token& stop)
      : link_(link), deadline_(deadline), stop_(stop) {}

  // Empty: the server has no such path. Errors: as of shake_hands().
  Result<std::optional<Json>> get(std::string_view target) {
    return ask(link_.get(target), target);
  }
  Result<std::optional<Json>> post(WirePost what) {
    const std::string target = what.target;
    net::HttpRequest request = link_.post(std::move(what));
    request.repeatable = true;  // Nothing is generated.
    return ask(std::move(request), target);
  }
  [[nodiscard]] const std::string& label() const { return link_.label(); }

 private:
  Result<std::optional<Json>> ask(net::HttpRequest request, std::string_view target) {
    request.deadline = deadline_;
    request.first_byte_timeout = request.idle_timeout = request.connect_timeout =
        std::chrono::minutes(1);  // The deadline is what counts.
    request.limits.body_bytes = 4 * MiB;
    const auto response = net::http_fetch(link_.client(), std::move(request), stop_);
    if (!response) return std::unexpected(link_.error(response.error().error));
    const unsigned status = response->head.status;
    if (status == 404 || status == 405 || status == 501) return std::nullopt;
    if (status >= 400) {
      const Refusal refusal = refusal_of(response->head, response->body, "");
      return fail(refusal.error.code, "{} (at {}{})", refusal.error.message, label(), target);
    }
    Json json = Json::parse(response->body, nullptr, false);
    if (status != 200 || json.is_discarded()) return std::nullopt;
    return json;
  }

  const ServerLink& link_;
  const Deadline deadline_;
  const std::stop_token& stop_;
};

std::optional<ServerKind> kind_of_owner(const std::string& owner) {
  if (owner == "llamacpp") return ServerKind::llamacpp;
  const auto kind = kind_of(owner);
  return kind == ServerKind::openai ? std::nullopt : kind;
}

// The entry of /v1/models that is to be used.
Result<Json> choose_model(const Json& list, const HttpModelOptions& options,
                          const std::string& label) {
  const auto data = list.find("data");
  if (data == list.end() || !data->is_array() || data->empty())
    return fail(Errc::not_found, "the model server at {} lists no model", label);
  if (options.model.empty()) return data->front();
  std::string names;
  for (const Json& each : *data) {
    const auto id = value_of<std::string>(each, "id");
    if (id == options.model) return each;
    if (id && names.size() < 200) names += (names.empty() ? "" : ", ") + *id;
  }
  return fail(Errc::not_found, "the model server at {} has no model {}: it lists {}", label,
              options.model, names);
}

// Asks for what only one kind of server has.
Result<ServerKind> detect(Asker& asker) {
  const std::pair<const char*, ServerKind> kinds[] = {{"/props", ServerKind::llamacpp},
                                                      {"/get_model_info", ServerKind::sglang},
                                                      {"/version", ServerKind::vllm}};
  for (const auto& [target, kind] : kinds) {
    auto answer = asker.get(target);
    if (!answer) {
      if (answer.error().code == Errc::invalid_argument) continue;  // Some guard what they lack.
      return std::unexpected(answer.error());
    }
    if (!*answer) continue;
    if (kind != ServerKind::llamacpp || (*answer)->contains("default_generation_settings"))
      return kind;
  }
  return ServerKind::openai;
}

Result<void> ask_vllm(Asker& asker, ServerFacts& facts) {
  auto version = asker.get("/version");
  if (!version) return std::unexpected(version.error());
  if (*version) facts.version = value_of<std::string>(**version, "version").value_or("");
  return {};
}

Result<void> ask_sglang(Asker& asker, ServerFacts& facts) {
  auto info = asker.get("/get_model_info");
  if (!info) return std::unexpected(info.error());
  if (*info) facts.version = value_of<std::string>(**info, "version").value_or("");
  if (facts.context_tokens != 0) return {};
  auto server = asker.get("/get_server_info");
  if (!server) return std::unexpected(server.error());
  if (*server) facts.context_tokens = value_of<std::size_t>(**server, "context_length").value_or(0);
  return {};
}

Result<void> ask_llamacpp(Asker& asker, ServerFacts& facts) {
  auto props = asker.get("/props");
  if (!props) return std::unexpected(props.error());
  if (!*props) return {};
  facts.version = value_of<std::string>(**props, "build_info").value_or("");
  facts.chat_template = value_of<std::string>(**props, "chat_template").value_or("");
  facts.bos_token = value_of<std::string>(**props, "bos_token").value_or("");
  facts.eos_token = value_of<std::string>(**props, "eos_token").value_or("");
  facts.start = value_of<std::string>(**props, kLlamacppStart).value_or("");
  const auto settings = (*props)->find("default_generation_settings");
  if (settings != (*props)->end()) {
    if (const auto window = value_of<std::size_t>(*settings, "n_ctx"))
      facts.context_tokens = *window;
  }
  return {};
}

// Nothing: it has no such endpoint.
Result<std::optional<TokenIds>> ids_of(Asker& asker, const ServerFacts& facts,
                                       std::string_view text, bool parse_special) {
  auto answer = asker.post(tokenize_post(facts.kind, facts.model, text, parse_special));
  if (!answer) return std::unexpected(answer.error());
  if (!*answer) return std::nullopt;
  const auto tokens = (*answer)->find("tokens");
  if (!(*answer)->is_object() || tokens == (*answer)->end() || !tokens->is_array())
    return std::nullopt;
  TokenIds out;
  for (const Json& token : *tokens) {
    if (!token.is_number_unsigned()) return std::nullopt;
    out.push_back(token.get<TokenId>());
  }
  return out;
}

// Whether they were compared and are equal; false: the server does not show it.
Result<bool> compare_tokenizers(Asker& asker, const ServerFacts& facts,
                                const TokenizerProbe& probe) {
  auto theirs = ids_of(asker, facts, kProbeText, false);
  if (!theirs) return std::unexpected(theirs.error());
  if (!*theirs) return false;
  if (probe.text_ids != **theirs) {
    const auto [left, right] = std::ranges::mismatch(probe.text_ids, **theirs);
    const auto before = probe.tokenizer.decode(TokenIdsView(probe.text_ids.begin(), left));
    return fail(Errc::unsupported,
                "tokenizer {} does not belong to model {} at {}: they differ at byte {} of {} of "
                "the probe text; name the model's own with --tokenizer or LEYDEN_TOKENIZER",
                probe.tokenizer.name(), facts.model, asker.label(), before ? before->size() : 0,
                kProbeText.size());
  }
  if (probe.special_ids.empty()) return true;
  theirs = ids_of(asker, facts, probe.special_text, true);
  if (!theirs) return std::unexpected(theirs.error());
  if (!*theirs) return false;
  if (probe.special_ids != **theirs) {
    const auto [left, right] = std::ranges::mismatch(probe.special_ids, **theirs);
    const auto at = static_cast<std::size_t>(left - probe.special_ids.begin());
    return fail(Errc::unsupported,
                "tokenizer {} does not belong to model {} at {}: the special token {} is another "
                "there",
                probe.tokenizer.name(), facts.model, asker.label(),
                at < probe.special_names.size() ? probe.special_names[at] : "after the last");
  }
  return true;
}

}  // namespace

TokenizerProbe::TokenizerProbe(const tokenizer::Tokenizer& of)
    : tokenizer(of), text_ids(of.encode(kProbeText)) {
  TokenIds all;
  for (std::size_t i = 0; i < of.vocabulary_size(); ++i) {
    if (const auto id = static_cast<TokenId>(i); of.is_control(id)) all.push_back(id);
  }
  const std::size_t count = std::min(all.size(), kSpecialTokensMax);
  for (std::size_t i = 0; i < count; ++i) {
    special_ids.push_back(all[i * all.size() / count]);
    special_names.push_back(of.token_bytes(special_ids.back()).value_or(""));
    special_text += special_names.back();
  }
}

Result<bool> is_same_start(const ServerLink& link, const ServerFacts& facts, Deadline deadline,
                           const std::stop_token& stop) {
  if (facts.start.empty()) return false;
  Asker asker(link, deadline, stop);
  const auto props = asker.get("/props");
  if (!props) return std::unexpected(props.error());
  return *props && value_of<std::string>(**props, kLlamacppStart) == facts.start;
}

namespace {

Result<ServerKind> kind_of(Asker& asker, const HttpModelOptions& options, const Json& entry) {
  if (options.kind) return *options.kind;
  const auto owner = value_of<std::string>(entry, "owned_by");
  if (const auto kind = owner ? kind_of_owner(*owner) : std::nullopt) return *kind;
  return detect(asker);
}

Result<void> check_vocabulary(const Asker& asker, const HttpModelOptions& options,
                              const ServerFacts& facts, const Json& entry,
                              const tokenizer::Tokenizer& tokenizer) {
  const auto meta = entry.find("meta");
  if (meta == entry.end() || !options.check_tokenizer || facts.kind == ServerKind::openai)
    return {};
  const auto vocabulary = value_of<std::size_t>(*meta, "n_vocab");
  if (!vocabulary || *vocabulary >= tokenizer.vocabulary_size()) return {};  // It may be padded.
  return fail(Errc::unsupported,
              "tokenizer {} does not belong to model {} at {}: its vocabulary has {} entries, "
              "the model's {}",
              tokenizer.name(), facts.model, asker.label(), tokenizer.vocabulary_size(),
              *vocabulary);
}

Result<void> ask_more(Asker& asker, ServerFacts& facts) {
  switch (facts.kind) {
    case ServerKind::vllm:
      return ask_vllm(asker, facts);
    case ServerKind::sglang:
      return ask_sglang(asker, facts);
    case ServerKind::llamacpp:
      return ask_llamacpp(asker, facts);
    case ServerKind::openai:
      return {};
  }
  std::unreachable();
}

}  // namespace

Result<ServerFacts> shake_hands(const ServerLink& link, const HttpModelOptions& options,
                                const TokenizerProbe& probe, Deadline deadline,
                                const std::stop_token& stop) {
  Asker asker(link, deadline, stop);
  ServerFacts facts;
  facts.context_tokens = options.context_tokens;
  auto list = asker.get("/v1/models");
  if (!list) return std::unexpected(list.error());
  const bool listed = *list && (*list)->is_object();
  auto entry = listed ? choose_model(**list, options, asker.label()) : Result<Json>(Json::object());
  if (!entry) return std::unexpected(entry.error());
  facts.model = value_of<std::string>(*entry, "id").value_or(options.model);

  const auto kind = kind_of(asker, options, *entry);
  if (!kind) return std::unexpected(kind.error());
  facts.kind = *kind;
  if (!listed && facts.kind == ServerKind::openai && options.model.empty()) {
    return fail(Errc::corrupt,
                "what is at {} has no /v1/models: it is no model server, or the path before /v1 is "
                "missing; one without a list needs its model named (LEYDEN_LLM_MODEL)",
                asker.label());
  }
  if (const auto window = value_of<std::size_t>(*entry, "max_model_len"))
    facts.context_tokens = *window;
  if (auto belongs = check_vocabulary(asker, options, facts, *entry, probe.tokenizer); !belongs)
    return std::unexpected(belongs.error());
  if (auto asked = ask_more(asker, facts); !asked) return std::unexpected(asked.error());

  if (facts.kind == ServerKind::openai) {
    facts.why_text = "it has no endpoint that takes and gives token IDs";
  } else if (options.check_tokenizer) {
    auto equal = compare_tokenizers(asker, facts, probe);
    if (!equal) return std::unexpected(equal.error());
    facts.ids = facts.tokenizer_compared = *equal;
    if (!*equal) facts.why_text = "it has no /tokenize to compare tokenizers with";
  } else {
    facts.ids = true;
  }
  if (!facts.ids && !options.allow_text) {
    return fail(Errc::unsupported, "the model server at {} can't be spoken to in token IDs: {}",
                asker.label(), facts.why_text);
  }
  return facts;
}

}  // namespace leyden::llm
