#include "leyden/llm/http/embeddings.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "leyden/base/stoppable_wait.h"
#include "leyden/base/utf8.h"
#include "leyden/llm/http/server_error.h"
#include "leyden/net/http_fetch.h"

namespace leyden::llm {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kConnectionsMax = 16;

std::string body_of(const EmbeddingsOptions& options, std::span<const std::string> texts,
                    bool as_numbers) {
  Json out = {{"input", texts}, {"encoding_format", as_numbers ? "float" : "base64"}};
  if (!options.model.empty()) out["model"] = options.model;
  if (options.dimensions != 0) out["dimensions"] = options.dimensions;
  return out.dump();
}

// Servers have no common word for it: by the status that most use, or llama.cpp's words.
bool is_too_long(unsigned status, std::string_view body) {
  return status == 400 || status == 413 || status == 422 ||
         (status == 500 && body.find("too large") != std::string_view::npos);
}

std::string first_half(const std::string& text) {
  std::string out = text.substr(0, text.size() / 2);
  out.resize(out.size() - utf8::incomplete_suffix(out));
  return out;
}

}  // namespace

struct EmbeddingsClient::Answer {
  std::vector<std::vector<float>> vectors;
  std::optional<Error> error;
  bool retryable = false;
  bool too_long = false;  // Perhaps: the server refuses what it was asked.
  std::optional<std::chrono::milliseconds> retry_after;
};

Result<void> EmbeddingsOptions::check() const {
  if (url.empty()) return fail(Errc::invalid_argument, "url is empty");
  if (batch_texts == 0) return fail(Errc::invalid_argument, "batch_texts is 0");
  if (batch_bytes == 0 || batch_bytes > 16 * MiB)
    return fail(Errc::invalid_argument, "batch_bytes is {}: 1 to {}", batch_bytes, 16 * MiB);
  return {};
}

Result<std::unique_ptr<EmbeddingsClient>> EmbeddingsClient::open(const net::IoThread& thread,
                                                                 EmbeddingsOptions options) {
  if (auto good = options.check(); !good) return std::unexpected(good.error());
  HttpModelOptions reach;
  reach.api_key = options.api_key;
  reach.fields = options.fields;
  reach.tls = options.tls;
  reach.environment = options.environment;
  reach.connections_max = kConnectionsMax;
  auto link = ServerLink::make(thread, reach, options.url);
  if (!link) return std::unexpected(link.error());
  return std::unique_ptr<EmbeddingsClient>(
      new EmbeddingsClient(std::move(options), *std::move(link)));
}

Error EmbeddingsClient::error(Errc code, std::string_view what) const {
  const std::string name = label() + ": ";
  if (what.starts_with(name)) what.remove_prefix(name.size());
  return {code, fmt::format("the embedding server at {} {}", label(), what)};
}

Result<std::vector<std::vector<float>>> EmbeddingsClient::embed(
    std::span<const std::string_view> texts, Deadline deadline) {
  std::vector<std::vector<float>> out;
  out.reserve(texts.size());
  std::vector<std::string> batch;
  std::size_t bytes = 0;
  const auto send = [&]() -> Result<void> {
    if (batch.empty()) return {};
    auto sent = embed_batch(batch, deadline, out);
    batch.clear();
    bytes = 0;
    return sent;
  };
  for (const std::string_view text : texts) {
    if (text.empty()) return fail(Errc::invalid_argument, "an empty text has no embedding");
    if (batch.size() == options_.batch_texts || bytes + text.size() > options_.batch_bytes) {
      if (auto sent = send(); !sent) return std::unexpected(sent.error());
    }
    bytes += text.size();
    batch.push_back(utf8::replace_invalid(text));
  }
  if (auto sent = send(); !sent) return std::unexpected(sent.error());
  for (const auto& vector : out) {
    if (vector.size() == out.front().size()) continue;
    return std::unexpected(error(Errc::corrupt,
                                 "answers with embeddings of other dimensions than "
                                 "before: has its model changed?"));
  }
  return out;
}

Result<void> EmbeddingsClient::embed_batch(std::span<const std::string> texts, Deadline deadline,
                                           std::vector<std::vector<float>>& out) {
  Answer answer = ask(texts, deadline);
  if (!answer.error) {
    std::ranges::move(answer.vectors, std::back_inserter(out));
    return {};
  }
  if (!answer.too_long) return std::unexpected(*answer.error);
  // One of them may be too long: which one is not said.
  if (texts.size() > 1) {
    auto first = embed_batch(texts.first(texts.size() / 2), deadline, out);
    return first ? embed_batch(texts.subspan(texts.size() / 2), deadline, out) : first;
  }
  constexpr std::size_t kNeverTooLong = 64;
  if (texts.front().size() <= kNeverTooLong) return std::unexpected(*answer.error);
  const std::string half = first_half(texts.front());
  return embed_batch(std::span(&half, 1), deadline, out);
}

EmbeddingsClient::Answer EmbeddingsClient::ask(std::span<const std::string> texts,
                                               Deadline deadline) {
  retry_.request_began();
  for (std::size_t attempts = 1;; ++attempts) {
    Answer answer = ask_once(texts, deadline);
    if (!answer.error || !answer.retryable || deadline.passed()) return answer;
    const auto delay = retry_.next_delay(attempts, answer.retry_after);
    if (!delay || *delay >= deadline.left()) return answer;
    (void)wait_unless_stopped({}, Deadline::after(*delay));
  }
}

EmbeddingsClient::Answer EmbeddingsClient::ask_once(std::span<const std::string> texts,
                                                    Deadline deadline) {
  Answer answer;
  const bool as_numbers = as_numbers_;
  net::HttpRequest request =
      link_->post({.target = "/v1/embeddings", .body = body_of(options_, texts, as_numbers)});
  request.repeatable = true;  // Nothing changes by it.
  request.connect_timeout = options_.connect_timeout;
  request.first_byte_timeout = request.idle_timeout = options_.answer_timeout;
  request.deadline = std::min(deadline, Deadline::after(options_.answer_timeout),
                              [](Deadline a, Deadline b) { return a.when() < b.when(); });
  const auto response = net::http_fetch(link_->client(), std::move(request));
  if (!response) {
    const Error& what = response.error().error;
    answer.error = error(what.code, what.message);
    answer.retryable = what.code == Errc::unavailable;
    return answer;
  }
  const unsigned status = response->head.status;
  if (status == 200) {
    auto vectors = parse_embeddings(response->body, texts.size());
    if (vectors && options_.dimensions != 0 && vectors->front().size() != options_.dimensions) {
      vectors =
          fail(Errc::corrupt, "answers with embeddings of {} dimensions where {} were asked for",
               vectors->front().size(), options_.dimensions);
    }
    if (vectors) {
      answer.vectors = *std::move(vectors);
    } else {
      answer.error = error(vectors.error().code, vectors.error().message);
    }
    return answer;
  }
  // A server that does not know base64 says that it knows numbers.
  if ((status == 400 || status == 422) && !as_numbers &&
      response->body.find("encoding_format") != std::string::npos) {
    as_numbers_ = true;
    return ask_once(texts, deadline);
  }
  std::string hidden = options_.api_key;
  for (const std::string& text : texts) hidden += '\n' + text;
  const Refusal refusal = refusal_of(response->head, response->body, hidden);
  const auto said = parse_error(response->body);
  const std::string shown = said ? shown_message(said->message, hidden) : "";
  answer.error = error(status < 400 ? Errc::corrupt : refusal.error.code,
                       fmt::format("answers {}{}{}", status, shown.empty() ? "" : ": ", shown));
  answer.retryable = refusal.retryable && status != 404;
  answer.retry_after = refusal.retry_after;
  answer.too_long = is_too_long(status, response->body);
  return answer;
}

}  // namespace leyden::llm
