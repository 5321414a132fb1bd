#include "leyden/llm/http/answer_reader.h"

#include <utility>

#include "leyden/base/clock.h"
#include "leyden/base/utf8.h"

namespace leyden::llm {
namespace {

bool is_event_stream(const net::HttpResponseHead& head) {
  const std::string* type = head.find("Content-Type");
  return type != nullptr && type->starts_with("text/event-stream");
}

bool contains(TokenIdsView ids, TokenId id) { return std::ranges::find(ids, id) != ids.end(); }

}  // namespace

AnswerReader::AnswerReader(const Setting& setting, GenerateSink& sink)
    : setting_(setting),
      sink_(sink),
      reader_(setting.facts->kind),
      decoder_(setting.tokenizer),
      as_text_(!setting.facts->ids) {
  summary_.prompt_tokens = sent_tokens_ = setting.request.prompt.size();
  summary_.ids_exact = !as_text_;
}

bool AnswerReader::fails(Refusal why) {
  // What was generated once is not generated again.
  why.retryable = why.retryable && !generated();
  failure_ = std::move(why);
  ended_ = true;
  return false;
}

bool AnswerReader::fails(Errc code, std::string message) {
  return fails(Refusal{.error = {code, "the model server's answer: " + std::move(message)}});
}

std::string AnswerReader::prompt_text() const {
  return setting_.tokenizer.decode(setting_.request.prompt).value_or("");
}

bool AnswerReader::on_head(const net::HttpResponseHead& head) {
  head_ = head;
  if (head.status >= 400) return true;  // Its body says why.
  if (head.status >= 300) {
    return fails(Errc::unsupported,
                 fmt::format("it redirects ({}); name the place itself", head.status));
  }
  if (!piece_ && !is_event_stream(head)) {
    const std::string* type = head.find("Content-Type");
    return fails(Errc::corrupt,
                 fmt::format("it is {}, where an event stream was asked for: is there a model "
                             "server at that URL?",
                             type == nullptr ? "of no type" : utf8::one_line(type->substr(0, 64))));
  }
  return true;
}

bool AnswerReader::on_body(std::string_view bytes) {
  if (ended_) return false;
  if (piece_ || head_.status >= 400) {
    body_ += bytes;
    return true;
  }
  while (true) {
    const auto event = events_.next(bytes);
    if (!event) return fails(event.error().code, event.error().message);
    if (!*event) break;
    const std::string_view data = (*event)->data;
    if (data == "[DONE]") {
      if (!finish_) return fails(Errc::corrupt, "it is done without a finish_reason");
      return finish();
    }
    if (setting_.on_event) setting_.on_event(data);
    const auto chunk = reader_.read(data);
    if (!chunk) return fails(chunk.error().code, chunk.error().message);
    if (!take(**chunk)) return false;
    if ((*chunk)->last) return finish();
  }
  return true;
}

void AnswerReader::on_end() {
  if (ended_) return;
  if (head_.status >= 400) {
    fails(refusal_of(head_, body_, prompt_text()));
    return;
  }
  if (piece_) {
    if (setting_.on_event) setting_.on_event(body_);
    const auto chunk = reader_.read(body_);
    if (!chunk) {
      fails(chunk.error().code, chunk.error().message);
    } else if (take(**chunk)) {
      finish();
    }
    return;
  }
  // Servers that speak OpenAI's language to all say [DONE]; what only looks like one may not.
  if (finish_ && setting_.facts->kind == ServerKind::openai) {
    finish();
    return;
  }
  fails(Errc::unavailable, "the stream ended before the answer did: what came of it is incomplete");
}

bool AnswerReader::take(const WireChunk& chunk) {
  const ServerFacts& facts = *setting_.facts;
  if (chunk.error) {
    return fails(refusal_of(*chunk.error, prompt_text()));
  }
  const bool names_model = facts.kind == ServerKind::vllm || facts.kind == ServerKind::sglang;
  if (names_model && !chunk.model.empty() && !facts.model.empty() && chunk.model != facts.model) {
    return fails(
        Refusal{.error = {Errc::unavailable,
                          fmt::format("the model server answers as another model than {}: {}",
                                      facts.model, utf8::one_line(chunk.model.substr(0, 100)))},
                .model_gone = true});
  }
  const WireUsage& usage = chunk.usage;
  if (usage.prompt_tokens) usage_.prompt_tokens = usage.prompt_tokens;
  if (usage.generated_tokens) usage_.generated_tokens = usage.generated_tokens;
  // Of the first response: those after it find what that has left.
  if (usage.cached_tokens && sent_tokens_ == summary_.prompt_tokens)
    usage_.cached_tokens = usage.cached_tokens;
  if (facts.kind == ServerKind::llamacpp && !piece_ && !restore_missing(chunk)) return false;
  for (const WireChoice& choice : chunk.choices) {
    if (!take(choice)) return false;
  }
  return true;
}

// The IDs before this chunk's that llama.cpp did not tell of.
bool AnswerReader::restore_missing(const WireChunk& chunk) {
  const WireChoice& choice = chunk.choices.front();
  if (!choice.ids) return true;
  const std::size_t known = response_ids_ + choice.ids->size();
  if (!chunk.usage.generated_tokens)
    return fails(Errc::corrupt, "it does not count its tokens, and some may be missing");
  if (*chunk.usage.generated_tokens <= known) return true;
  const std::size_t missing = *chunk.usage.generated_tokens - known;
  // U+FFFD stands for bytes that are not known.
  if (choice.ids->size() == 1 && choice.text.find("\xEF\xBF\xBD") == std::string_view::npos) {
    const TokenId last = choice.ids->front();
    std::string bytes = setting_.tokenizer.token_bytes(last).value_or("");
    if (setting_.tokenizer.is_control(last)) bytes.clear();
    if (choice.text.ends_with(bytes)) {
      const auto before = choice.text.substr(0, choice.text.size() - bytes.size());
      if (const auto ids = setting_.partial.only_split(before, missing)) {
        return std::ranges::all_of(*ids, [&](TokenId id) { return take_id(id, std::nullopt); });
      }
    }
  }
  return asks(StillToAsk::piece);
}

bool AnswerReader::asks(StillToAsk what) {
  if (tokens_left() == 0) {
    deliver();
    cut(FinishReason::length);
    return false;
  }
  if (!release_held()) return false;
  deliver();
  still_ = what;
  ended_ = true;
  return false;
}

void AnswerReader::go_on() {
  piece_ = still_ == StillToAsk::piece;
  still_ = StillToAsk::nothing;
  ended_ = whole_ = false;
  events_ = net::SseParser();
  head_ = {};
  body_.clear();
  usage_ = {.prompt_tokens = std::nullopt,
            .generated_tokens = std::nullopt,
            .cached_tokens = usage_.cached_tokens};
  finish_.reset();
  stop_token_.reset();
  response_ids_ = 0;
  sent_tokens_ = setting_.request.prompt.size() + raw_.size();
}

bool AnswerReader::take(const WireChoice& choice) {
  if (choice.index != 0)
    return fails(Errc::corrupt, "it has several choices, where one was asked for");
  if (choice.prompt_ids && setting_.facts->ids && !is_echo(*choice.prompt_ids)) return false;
  if (finish_ && (!choice.text.empty() || (choice.ids && !choice.ids->empty())))
    return fails(Errc::corrupt, "it goes on after its finish_reason");
  if (as_text_ ? !take_text(choice.text) : !take_ids(choice)) return false;
  if (choice.finish == WireFinish::abort) {
    return fails(Refusal{.error = {Errc::unavailable, "the model server gave the answer up"}});
  }
  if (choice.finish) finish_ = choice.finish;
  if (choice.stop_token) stop_token_ = choice.stop_token;
  return true;
}

bool AnswerReader::is_echo(const TokenIds& echoed) {
  const TokenIds& sent = setting_.request.prompt;
  // An echo that is empty is none: not all give it.
  if (echoed.empty() || echoed == sent) return true;
  const auto differ = std::ranges::mismatch(sent, echoed);
  return fails(Errc::corrupt,
               fmt::format("it read another prompt than was sent: {} tokens for {}, the first "
                           "difference at token {}",
                           echoed.size(), sent.size(), differ.in1 - sent.begin()));
}

bool AnswerReader::take_ids(const WireChoice& choice) {
  if (!choice.ids) {
    if (choice.text.empty()) return true;
    if (raw_ids_ > 0) return fails(Errc::corrupt, "its token IDs stop before its text");
    if (!setting_.allow_text) {
      return fails(Errc::unsupported,
                   "it holds no token IDs, though they were asked for: the server is too old for "
                   "that");
    }
    as_text_ = true;
    summary_.ids_exact = false;
    return take_text(choice.text);
  }
  const GenerateRequest& request = setting_.request;
  const bool with_logprobs =
      request.logprobs && choice.logprobs.size() == choice.ids->size() && !choice.ids->empty();
  for (std::size_t i = 0; i < choice.ids->size(); ++i) {
    std::optional<float> logprob;
    if (with_logprobs) logprob = choice.logprobs[i];
    if (!take_id((*choice.ids)[i], logprob)) return false;
  }
  deliver();
  return true;
}

bool AnswerReader::take_id(TokenId id, std::optional<float> logprob) {
  const GenerateRequest& request = setting_.request;
  const bool is_llamacpp = setting_.facts->kind == ServerKind::llamacpp;
  ++raw_ids_;
  ++response_ids_;
  if (is_llamacpp) raw_.push_back(id);
  if (summary_.first_token_ms == 0)
    summary_.first_token_ms = ms_between(setting_.started, std::chrono::steady_clock::now());
  if (!release_held()) return false;
  const bool is_stop = contains(request.stop_tokens, id);
  // llama.cpp is not told of them.
  if (is_stop && is_llamacpp) {
    deliver();
    cut(FinishReason::stop);
    return false;
  }
  if (summary_.generated_tokens == request.max_tokens) {
    deliver();
    cut(FinishReason::length);
    return false;
  }
  if (is_stop || setting_.tokenizer.is_control(id)) {
    held_ = Held{id, logprob};
    return true;
  }
  return push(id, logprob);
}

bool AnswerReader::release_held() {
  if (!held_) return true;
  const Held held = *std::exchange(held_, std::nullopt);
  return push(held.id, held.logprob);
}

bool AnswerReader::push(TokenId id, std::optional<float> logprob) {
  const auto text = decoder_.push(id);
  if (!text) {
    return fails(Errc::corrupt, fmt::format("it holds a token ID that tokenizer {} lacks",
                                            setting_.tokenizer.name()));
  }
  next_ids_.push_back(id);
  next_text_ += *text;
  if (logprob) next_logprobs_.push_back(*logprob);
  ++summary_.generated_tokens;
  return true;
}

bool AnswerReader::take_text(std::string_view text) {
  if (text.empty()) return true;
  if (summary_.first_token_ms == 0)
    summary_.first_token_ms = ms_between(setting_.started, std::chrono::steady_clock::now());
  text_ += text;
  next_text_ = text;
  deliver();
  return true;
}

void AnswerReader::deliver() {
  if (next_ids_.empty() && next_text_.empty()) return;
  delivered_ = true;
  const bool whole = next_logprobs_.size() == next_ids_.size();
  const std::string text =
      utf8::is_valid(next_text_) ? std::move(next_text_) : utf8::replace_invalid(next_text_);
  sink_.on_tokens(
      {.ids = next_ids_,
       .text = text,
       .logprobs = whole ? std::span<const float>(next_logprobs_) : std::span<const float>()});
  next_ids_.clear();
  next_text_.clear();
  next_logprobs_.clear();
}

void AnswerReader::cut(FinishReason why) {
  if (ended_) return;
  if (!as_text_) {
    next_text_ += decoder_.finish();
  } else {
    next_ids_ = setting_.tokenizer.encode(text_);
    if (summary_.generated_tokens == 0) summary_.generated_tokens = next_ids_.size();
  }
  deliver();
  // llama.cpp has told it before the answer: it is known wherever the answer is cut.
  if (usage_.cached_tokens)
    summary_.prompt_tokens_reused = std::min(*usage_.cached_tokens, summary_.prompt_tokens);
  summary_.finish = why;
  summary_.total_ms = ms_between(setting_.started, std::chrono::steady_clock::now());
  ended_ = true;
}

bool AnswerReader::finish() {
  whole_ = true;
  if (usage_.prompt_tokens && setting_.facts->ids && *usage_.prompt_tokens != sent_tokens_) {
    return fails(Errc::corrupt, fmt::format("the server counts {} tokens of prompt, {} were sent",
                                            *usage_.prompt_tokens, sent_tokens_));
  }
  const bool stopped = finish_ == WireFinish::stop;
  const bool is_llamacpp = setting_.facts->kind == ServerKind::llamacpp;
  if (usage_.generated_tokens && !as_text_) {
    // Some count the end token and don't give it.
    const std::size_t counted = *usage_.generated_tokens;
    if (counted != response_ids_ && !(stopped && !is_llamacpp && counted == response_ids_ + 1)) {
      return fails(Errc::corrupt, fmt::format("the server counts {} generated tokens, it gave {}",
                                              counted, response_ids_));
    }
  }
  if (piece_ && !stopped && tokens_left() > 0) return asks(StillToAsk::stream);
  if (held_ && !(stopped && (!stop_token_ || *stop_token_ == held_->id))) {
    if (!push(held_->id, held_->logprob)) return false;
  }
  held_.reset();
  if (as_text_ && usage_.generated_tokens) summary_.generated_tokens = *usage_.generated_tokens;
  cut(stopped                                 ? FinishReason::stop
      : finish_ == WireFinish::content_filter ? FinishReason::content_filter
                                              : FinishReason::length);
  return false;
}

}  // namespace leyden::llm
