#include "leyden/llm/http/wire_chunk.h"

#include <limits>

#include <simdjson.h>

namespace leyden::llm {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// What of a chunk has the wrong type; the JSON path of it, to tell.
struct Wrong {
  const char* what = nullptr;
};

// simdjson copies nothing from nowhere, which is undefined: an empty text does not reach it.
bool parse_object(simdjson::dom::parser& parser, std::string_view json, element& document,
                  object& top) {
  return !json.empty() &&
         parser.parse(json.data(), json.size()).get(document) == simdjson::SUCCESS &&
         document.get(top) == simdjson::SUCCESS;
}

// The value of a field that is there and not null.
std::optional<element> field(const object& in, std::string_view name) {
  element out;
  if (in[name].get(out) != simdjson::SUCCESS || out.is_null()) return std::nullopt;
  return out;
}

template <class T>
std::optional<T> number(const object& in, const char* name, Wrong& wrong) {
  const auto value = field(in, name);
  if (!value) return std::nullopt;
  std::uint64_t out = 0;
  if (value->get(out) != simdjson::SUCCESS ||
      out > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
    wrong.what = name;
    return std::nullopt;
  }
  return static_cast<T>(out);
}

std::string_view text(const object& in, const char* name, Wrong& wrong) {
  const auto value = field(in, name);
  std::string_view out;
  if (value && value->get(out) != simdjson::SUCCESS) wrong.what = name;
  return out;
}

// An object or an array.
template <class T>
std::optional<T> part(const object& in, const char* name, Wrong& wrong) {
  const auto value = field(in, name);
  if (!value) return std::nullopt;
  T out;
  if (value->get(out) != simdjson::SUCCESS) {
    wrong.what = name;
    return std::nullopt;
  }
  return out;
}

// Takes what `out` holds for room.
void read_ids(const object& in, const char* name, std::optional<TokenIds>& out, Wrong& wrong) {
  const auto values = part<array>(in, name, wrong);
  if (!values) {
    out.reset();
    return;
  }
  if (!out) out.emplace();
  out->clear();
  for (const element value : *values) {
    std::uint64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS || id > std::numeric_limits<TokenId>::max()) {
      wrong.what = name;
      return;
    }
    out->push_back(static_cast<TokenId>(id));
  }
}

void read_logprobs(const array& values, std::vector<float>& out) {
  for (const element value : values) {
    double number = 0;
    if (value.get(number) != simdjson::SUCCESS) {  // null, of a token without one: none then.
      out.clear();
      return;
    }
    out.push_back(static_cast<float>(number));
  }
}

void read_usage(const object& in, WireUsage& out, Wrong& wrong) {
  out.prompt_tokens = number<std::size_t>(in, "prompt_tokens", wrong);
  out.generated_tokens = number<std::size_t>(in, "completion_tokens", wrong);
  if (const auto details = part<object>(in, "prompt_tokens_details", wrong))
    out.cached_tokens = number<std::size_t>(*details, "cached_tokens", wrong);
}

WireError read_error(const element& in) {
  WireError out;
  object fields;
  std::string_view message;
  if (in.get(message) == simdjson::SUCCESS) {
    out.message = message;
  } else if (in.get(fields) == simdjson::SUCCESS) {
    Wrong ignored;
    out.message = text(fields, "message", ignored);
    out.type = text(fields, "type", ignored);
    if (const auto code = number<int>(fields, "code", ignored); code && *code >= 400 && *code < 600)
      out.status = *code;
  }
  return out;
}

// {"error":…}, {"object":"error",…}, {"detail":"…"} (what FastAPI's own errors look like), {"message":…}.
std::optional<WireError> error_in(const element& whole, const object& top) {
  if (const auto nested = field(top, "error")) return read_error(*nested);
  Wrong ignored;
  if (text(top, "object", ignored) == "error" ||
      (field(top, "message") && !field(top, "choices") && !field(top, "content")))
    return read_error(whole);
  if (const auto detail = field(top, "detail")) return read_error(*detail);
  return std::nullopt;
}

std::optional<WireFinish> finish_of(std::string_view reason) {
  if (reason.empty()) return std::nullopt;
  if (reason == "length") return WireFinish::length;
  if (reason == "content_filter") return WireFinish::content_filter;
  if (reason == "abort" || reason == "error") return WireFinish::abort;
  return WireFinish::stop;
}

// vLLM's stop_reason and SGLang's matched_stop: the token that ended it, or a text.
std::optional<TokenId> stop_token_of(const object& in) {
  for (const char* name : {"stop_reason", "matched_stop"}) {
    Wrong ignored;
    if (const auto token = number<TokenId>(in, name, ignored)) return token;
  }
  return std::nullopt;
}

void read_completion(const object& top, WireChunk& out, Wrong& wrong) {
  if (const auto usage = part<object>(top, "usage", wrong)) read_usage(*usage, out.usage, wrong);
  const auto choices = part<array>(top, "choices", wrong);
  std::size_t count = 0;
  if (choices) {
    for (const element each : *choices) {
      object in;
      if (each.get(in) != simdjson::SUCCESS) {
        wrong.what = "choices";
        return;
      }
      if (count == out.choices.size()) out.choices.emplace_back();
      WireChoice& choice = out.choices[count++];
      choice.index = number<std::uint64_t>(in, "index", wrong).value_or(0);
      choice.text = text(in, "text", wrong);
      read_ids(in, "token_ids", choice.ids, wrong);
      read_ids(in, "prompt_token_ids", choice.prompt_ids, wrong);
      choice.finish = finish_of(text(in, "finish_reason", wrong));
      choice.stop_token = stop_token_of(in);
      choice.logprobs.clear();
      if (const auto logprobs = part<object>(in, "logprobs", wrong)) {
        if (const auto values = part<array>(*logprobs, "token_logprobs", wrong))
          read_logprobs(*values, choice.logprobs);
      }
    }
  }
  out.choices.resize(count);
}

void read_llamacpp(const object& top, WireChunk& out, Wrong& wrong) {
  out.choices.resize(1);
  WireChoice& choice = out.choices.front();
  choice.index = number<std::uint64_t>(top, "index", wrong).value_or(0);
  choice.text = text(top, "content", wrong);
  read_ids(top, "tokens", choice.ids, wrong);
  choice.prompt_ids.reset();
  choice.stop_token.reset();
  choice.finish.reset();
  choice.logprobs.clear();
  if (const auto probabilities = part<array>(top, "completion_probabilities", wrong)) {
    for (const element each : *probabilities) {
      object in;
      double logprob = 0;
      if (each.get(in) == simdjson::SUCCESS && in["logprob"].get(logprob) == simdjson::SUCCESS)
        choice.logprobs.push_back(static_cast<float>(logprob));
    }
  }
  out.usage.generated_tokens = number<std::size_t>(top, "tokens_predicted", wrong);
  if (const auto progress = part<object>(top, "prompt_progress", wrong)) {
    choice.ids.reset();  // It has an ID that is none.
    out.usage.cached_tokens = number<std::size_t>(*progress, "cache", wrong);
  }
  bool stop = false;
  if (const auto value = field(top, "stop"); value && value->get(stop) != simdjson::SUCCESS)
    wrong.what = "stop";
  if (!stop) return;
  out.last = true;
  const std::string_view type = text(top, "stop_type", wrong);
  choice.finish = type == "limit"                   ? WireFinish::length
                  : type == "eos" || type == "word" ? WireFinish::stop
                                                    : WireFinish::abort;
  out.usage.prompt_tokens = number<std::size_t>(top, "tokens_evaluated", wrong);
  if (const auto timings = part<object>(top, "timings", wrong))
    out.usage.cached_tokens = number<std::size_t>(*timings, "cache_n", wrong);
}

}  // namespace

struct WireReader::State {
  explicit State(ServerKind of) : kind(of) {}
  const ServerKind kind;
  simdjson::dom::parser parser;
  WireChunk chunk;
};

WireReader::WireReader(ServerKind kind) : state_(std::make_unique<State>(kind)) {}
WireReader::~WireReader() = default;
WireReader::WireReader(WireReader&&) noexcept = default;
WireReader& WireReader::operator=(WireReader&&) noexcept = default;

Result<const WireChunk*> WireReader::read(std::string_view json) {
  element document;
  object top;
  if (!parse_object(state_->parser, json, document, top))
    return fail(Errc::corrupt, "an event of {} bytes is no JSON object", json.size());
  WireChunk& chunk = state_->chunk;
  chunk.usage = {};
  chunk.last = false;
  chunk.model = {};
  if ((chunk.error = error_in(document, top))) {
    chunk.choices.clear();
    return &chunk;
  }
  Wrong wrong;
  chunk.model = text(top, "model", wrong);
  if (state_->kind == ServerKind::llamacpp) {
    read_llamacpp(top, chunk, wrong);
  } else {
    read_completion(top, chunk, wrong);
  }
  if (wrong.what != nullptr)
    return fail(Errc::corrupt, "\"{}\" of an event has a value of the wrong type", wrong.what);
  return &chunk;
}

std::optional<WireError> parse_error(std::string_view body) {
  simdjson::dom::parser parser;
  element document;
  object top;
  if (!parse_object(parser, body, document, top)) return std::nullopt;
  return error_in(document, top);
}

}  // namespace leyden::llm
