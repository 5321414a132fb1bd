#include "leyden/llm/testing/double_writer.h"

#include <algorithm>
#include <utility>

namespace leyden::llm::testing {
namespace {

using nlohmann::json;

double logprob(TokenId id) { return -static_cast<double>(1 + id % 1000) / 250; }

}  // namespace

TokenIds DoubleWriter::shown(const DoubleChoice& choice) const {
  TokenIds out = choice.answer.ids;
  if (choice.answer.stop_token && !answers_.end_token) out.pop_back();
  return out;
}

// Whether the reason of the end comes in an event of its own.
bool DoubleWriter::closes_apart() const {
  return ask_.dialect == Dialect::llamacpp || ask_.dialect == Dialect::openai;
}

void DoubleWriter::unset(json& object, const char* name, bool server_says_null) const {
  if (faults_.unset == DoubleFaults::Unset::null ||
      (faults_.unset == DoubleFaults::Unset::as_the_server && server_says_null)) {
    object[name] = nullptr;
  }
}

json DoubleWriter::ids(const TokenIds& ids) const {
  json out = json::array();
  for (const TokenId id : ids) {
    const std::uint64_t told = faults_.ids_outside_vocabulary && out.empty()
                                   ? model_.tokenizer().vocabulary_size() + id
                                   : std::uint64_t{id};
    out.push_back(faults_.ids_as_strings ? json(std::to_string(told)) : json(told));
  }
  return out;
}

json DoubleWriter::echo(std::size_t prompt) const {
  json out = json::array();
  for (const std::int64_t id : ask_.prompts[prompt])
    out.push_back(faults_.ids_as_strings ? json(std::to_string(id)) : json(id));
  if (faults_.wrong_prompt_echo && !out.empty())
    out[out.size() / 2] = ask_.prompts[prompt][out.size() / 2] ^ 1;
  return out;
}

json DoubleWriter::native_logprobs(const TokenIds& ids) const {
  json out = json::array();
  for (const TokenId id : ids) {
    const std::string bytes = model_.tokenizer().token_bytes(id).value_or("");
    json codes = json::array();
    for (const char c : bytes) codes.push_back(static_cast<unsigned char>(c));
    out.push_back({{"id", id},
                   {"token", bytes},
                   {"bytes", codes},
                   {"logprob", logprob(id)},
                   {"top_logprobs", json::array()}});
  }
  return out;
}

json DoubleWriter::logprobs(const Chunk& chunk) const {
  if (!ask_.logprobs || chunk.ids.empty()) return nullptr;
  if (ask_.dialect == Dialect::llamacpp) return {{"content", native_logprobs(chunk.ids)}};
  json out = {{"text_offset", json::array()},
              {"token_logprobs", json::array()},
              {"tokens", json::array()},
              {"top_logprobs", json::array()}};
  std::size_t offset = 0;
  for (const TokenId id : chunk.ids) {
    const std::string bytes = model_.tokenizer().token_bytes(id).value_or("");
    out["text_offset"].push_back(offset);
    out["token_logprobs"].push_back(logprob(id));
    out["tokens"].push_back(bytes);
    out["top_logprobs"].push_back(nullptr);
    offset += bytes.size();
  }
  return out;
}

json DoubleWriter::usage() const {
  std::int64_t prompt = faults_.more_prompt_tokens;
  std::int64_t generated = faults_.more_completion_tokens;
  std::size_t cached = 0;
  for (const WireIds& ids : ask_.prompts) prompt += static_cast<std::int64_t>(ids.size());
  for (std::size_t i = 0; i < answers_.choices.size(); ++i) {
    generated += static_cast<std::int64_t>(shown(answers_.choices[i]).size());
    if (i % ask_.n == 0) cached += answers_.choices[i].cached;
  }
  json out = {{"prompt_tokens", prompt},
              {"completion_tokens", generated},
              {"total_tokens", prompt + generated}};
  if (faults_.cached != DoubleFaults::Cached::absent)
    out["prompt_tokens_details"] = {
        {"cached_tokens", faults_.cached == DoubleFaults::Cached::zero ? 0 : cached}};
  return out;
}

json DoubleWriter::timings(const DoubleChoice& choice) const {
  const std::size_t prompt = ask_.prompts[choice.prompt].size();
  const std::size_t cached = faults_.cached == DoubleFaults::Cached::zero ? 0 : choice.cached;
  json out = {{"prompt_n", prompt - cached},
              {"prompt_ms", 1.0},
              {"predicted_n", choice.answer.ids.size()},
              {"predicted_ms", 1.0}};
  if (faults_.cached != DoubleFaults::Cached::absent) out["cache_n"] = cached;
  return out;
}

json DoubleWriter::envelope() const {
  json out = {{"id", answers_.id},
              {"object", "text_completion"},
              {"created", answers_.created},
              {"model", faults_.other_model.empty() ? ask_.model : faults_.other_model}};
  if (closes_apart()) out["system_fingerprint"] = "fp_double";
  return out;
}

json DoubleWriter::choice(const Chunk& chunk) const {
  const DoubleChoice& told = answers_.choices[chunk.choice];
  const DoubleModel::Answer& answer = told.answer;
  json out = {{"index", chunk.choice}, {"text", chunk.text}};
  if (const json wanted = logprobs(chunk); wanted.is_null()) {
    unset(out, "logprobs", true);
  } else {
    out["logprobs"] = wanted;
  }
  if (chunk.last) {
    out["finish_reason"] = answer.stopped ? "stop" : "length";
  } else {
    unset(out, "finish_reason", true);
  }
  if (closes_apart()) return out;

  const bool vllm = ask_.dialect == Dialect::vllm;
  // vLLM does not name its own end token.
  const bool by_token = answer.stop_token && (!vllm || std::ranges::count(ask_.question.stop_tokens,
                                                                          *answer.stop_token) > 0);
  const char* const reason = vllm ? "stop_reason" : "matched_stop";
  if (chunk.last && !answer.stop_word.empty()) {
    out[reason] = answer.stop_word;
  } else if (chunk.last && by_token) {
    out[reason] = *answer.stop_token;
  } else {
    unset(out, reason, true);
  }
  const bool with_ids = ask_.ids && !faults_.no_ids;
  with_ids ? void(out["token_ids"] = ids(chunk.ids))
           : unset(out, "token_ids", vllm && !faults_.no_ids);
  with_ids&& chunk.first ? void(out["prompt_token_ids"] = echo(told.prompt))
                         : unset(out, "prompt_token_ids", vllm && !faults_.no_ids);
  return out;
}

json DoubleWriter::native(const Chunk& chunk) const {
  const DoubleChoice& told = answers_.choices[chunk.choice];
  const std::size_t prompt = ask_.prompts[told.prompt].size();
  json out = {{"index", chunk.choice},
              {"content", chunk.text},
              {"stop", chunk.last},
              {"id_slot", 0},
              {"tokens_predicted", static_cast<std::int64_t>(chunk.generated) +
                                       (chunk.last ? faults_.more_completion_tokens : 0)},
              {"tokens_evaluated", static_cast<std::int64_t>(prompt) + faults_.more_prompt_tokens}};
  if (!faults_.no_ids) out["tokens"] = ask_.ids ? ids(chunk.ids) : json::array();
  if (ask_.logprobs && !chunk.ids.empty())
    out["completion_probabilities"] = native_logprobs(chunk.ids);
  if (!chunk.last) return out;
  const DoubleModel::Answer& answer = told.answer;
  out["model"] = faults_.other_model.empty() ? ask_.model : faults_.other_model;
  out["prompt"] = "";
  out["truncated"] = prompt + answer.ids.size() >= model_.context_tokens();
  out["stop_type"] = answer.stop_token ? "eos" : answer.stopped ? "word" : "limit";
  out["stopping_word"] = answer.stop_word;
  out["tokens_cached"] = prompt + answer.ids.size();
  out["timings"] = timings(told);
  if (faults_.no_usage) {
    for (const char* name : {"tokens_predicted", "tokens_evaluated", "tokens_cached", "timings"})
      out.erase(name);
  }
  return out;
}

json DoubleWriter::whole() const {
  std::vector<Chunk> all;
  for (std::size_t i = 0; i < answers_.choices.size(); ++i) {
    const DoubleModel::Answer& answer = answers_.choices[i].answer;
    all.push_back({i, shown(answers_.choices[i]), answer.text(), answer.ids.size(), true, true});
  }
  if (ask_.native) {
    json out = json::array();
    for (const Chunk& chunk : all) out.push_back(native(chunk));
    return ask_.several || out.size() > 1 ? out : out[0];
  }
  json out = envelope();
  out["choices"] = json::array();
  for (const Chunk& chunk : all) out["choices"].push_back(choice(chunk));
  if (faults_.extra_choice) {
    out["choices"].push_back(out["choices"][0]);
    out["choices"].back()["index"] = 1;
  }
  if (!faults_.no_usage) out["usage"] = usage();
  if (ask_.dialect == Dialect::llamacpp) out["timings"] = timings(answers_.choices[0]);
  if (ask_.dialect == Dialect::sglang) out["metadata"] = {{"weight_version", "default"}};
  return out;
}

std::vector<DoubleWriter::Chunk> DoubleWriter::chunks_of(std::size_t choice) const {
  const DoubleModel::Answer& answer = answers_.choices[choice].answer;
  const TokenIds ids = shown(answers_.choices[choice]);
  const std::size_t step = std::max<std::size_t>(1, faults_.ids_per_chunk);
  std::vector<Chunk> out;
  std::string held;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    held += answer.texts[i];
    if (answers_.drops_split_ids && answer.split[i]) continue;
    if (out.empty() || out.back().ids.size() >= step) out.push_back({.choice = choice});
    out.back().ids.push_back(ids[i]);
    out.back().text += std::exchange(held, {});
    out.back().generated = i + 1;
  }
  if (out.empty() || closes_apart())
    out.push_back({.choice = choice, .generated = answer.ids.size()});
  // Of the end token, where it is not shown.
  if (ids.size() < answer.ids.size()) out.back().text += answer.texts.back();
  out.front().first = true;
  out.back().last = true;
  if (faults_.ids_with_empty_text) {
    for (std::size_t i = 0; i + 1 < out.size(); i += 2)
      out[i + 1].text.insert(0, std::exchange(out[i].text, {}));
  }
  return out;
}

std::vector<DoubleWriter::Chunk> DoubleWriter::chunks() const {
  std::vector<std::vector<Chunk>> each;
  for (std::size_t i = 0; i < answers_.choices.size(); ++i) each.push_back(chunks_of(i));
  // As they come: a step of each at a time.
  std::vector<Chunk> out;
  for (std::size_t step = 0;; ++step) {
    const std::size_t before = out.size();
    for (auto& of_choice : each) {
      if (step < of_choice.size()) out.push_back(std::move(of_choice[step]));
    }
    if (out.size() == before) return out;
  }
}

json DoubleWriter::event(const Chunk& chunk) const {
  if (ask_.native) return native(chunk);
  json out = envelope();
  out["choices"] = json::array({choice(chunk)});
  if (faults_.extra_choice) {
    out["choices"].push_back(out["choices"][0]);
    out["choices"][1]["index"] = 1;
  }
  if (ask_.dialect == Dialect::openai && ask_.usage) unset(out, "usage", true);
  // llama.cpp's last chunk says it whether asked or not.
  if (ask_.dialect == Dialect::llamacpp && chunk.last) {
    if (!faults_.no_usage) out["usage"] = usage();
    out["timings"] = timings(answers_.choices[chunk.choice]);
  }
  return out;
}

std::optional<json> DoubleWriter::progress_event() const {
  if (!ask_.progress) return std::nullopt;
  json out = native({});
  const std::size_t prompt = ask_.prompts[0].size();
  out["tokens"] = json::array({0});  // As the real one has it: it means nothing.
  out["prompt_progress"] = {{"total", prompt}, {"processed", prompt}, {"time_ms", 1}};
  if (faults_.cached != DoubleFaults::Cached::absent)
    out["prompt_progress"]["cache"] =
        faults_.cached == DoubleFaults::Cached::zero ? 0 : answers_.choices[0].cached;
  return out;
}

std::optional<json> DoubleWriter::usage_event() const {
  if (!ask_.usage || faults_.no_usage || ask_.dialect == Dialect::llamacpp) return std::nullopt;
  json out = envelope();
  out["choices"] = json::array();
  out["usage"] = usage();
  return out;
}

json DoubleWriter::error_event(const DoubleFaults::StreamError& error) const {
  json body = {{"message", error.message}};
  if (error.shape == DoubleFaults::ErrorShape::message_only) return body;
  body["type"] = ask_.dialect == Dialect::llamacpp ? "server_error" : "InternalServerError";
  body["code"] = 500;
  if (ask_.dialect != Dialect::llamacpp) body["param"] = nullptr;
  if (error.shape == DoubleFaults::ErrorShape::nested) return {{"error", body}};
  body["object"] = "error";
  return body;
}

}  // namespace leyden::llm::testing
