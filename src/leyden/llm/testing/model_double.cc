#include "leyden/llm/testing/model_double.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "leyden/llm/testing/double_pages.h"

namespace leyden::llm::testing {
namespace {

using net::testing::Peer;
using nlohmann::json;

double unix_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

ModelDouble::ModelDouble(DoubleOptions options) : options_(std::move(options)) {
  state_.with([&](State& state) {
    state.model = std::make_shared<DoubleModel>(options_.model, options_.tokenizer,
                                                options_.context_tokens, options_.end_token);
    state.started = unix_now();
  });
  std::vector<net::testing::ScriptedServer::Script> scripts{[this](Peer& peer) { talk(peer); }};
  server_ = std::make_unique<net::testing::ScriptedServer>(std::move(scripts), options_.tls);
}

ModelDouble::~ModelDouble() { server_.reset(); }

std::string ModelDouble::url() const {
  return fmt::format("{}://{}", options_.tls == nullptr ? "http" : "https", endpoint().text());
}

void ModelDouble::set(DoubleFaults faults) {
  state_.with([&](State& state) {
    state.faults = std::make_shared<DoubleFaults>(std::move(faults));
    state.faulty = 0;
  });
}

void ModelDouble::swap_model(std::string name, const tokenizer::Tokenizer& tokenizer,
                             std::size_t context_tokens, bool cut) {
  const auto model =
      std::make_shared<DoubleModel>(std::move(name), tokenizer, context_tokens, options_.end_token);
  state_.with([&](State& state) {
    state.model = model;
    // Two servers don't start in the same hundredth of a second.
    state.started = std::max(unix_now(), state.started + 1);
  });
  memory_.forget();
  if (cut) cut_connections();
}

void ModelDouble::cut_connections() {
  // With the lock held: whoever leaves the list waits for it.
  state_.with([](State& state) {
    for (Peer* peer : state.open) peer->interrupt();
  });
}

DoubleCounts ModelDouble::counts() const {
  return state_.with([&](const State& state) {
    DoubleCounts out = state.counts;
    out.connections_open = state.open.size();
    return out;
  });
}

std::vector<DoubleSeen> ModelDouble::seen() const {
  return state_.with([](const State& state) {
    return std::vector<DoubleSeen>(state.seen.begin(), state.seen.end());
  });
}

DoubleModel::Answer ModelDouble::answer(TokenIdsView prompt, std::size_t max_tokens) const {
  const auto model = state_.with([](const State& state) { return state.model; });
  return model->answer({.prompt = WireIds(prompt.begin(), prompt.end()), .max_tokens = max_tokens});
}

void ModelDouble::talk(Peer& peer) {
  state_.with([&](State& state) {
    state.open.insert(&peer);
    ++state.counts.connections_accepted;
  });
  while (!stops_before_reading(peer)) {
    const std::string text = peer.receive_request();
    if (text.empty()) break;
    const DoubleRequest request = DoubleRequest::parse(text);
    const auto faults = faults_for(is_generation(request.path));
    DoubleReply reply(peer, *faults);
    const Went went = answer_request(reply, request, *faults);
    if (went == Went::left || went == Went::cut || reply.closes() ||
        request.field("Connection") == "close") {
      break;
    }
  }
  state_.with([&](State& state) { state.open.erase(&peer); });
}

bool ModelDouble::stops_before_reading(Peer& peer) {
  const auto how = state_.with([](State& state) -> std::optional<DoubleFaults::How> {
    const auto& stop = state.faults->stop;
    if (!stop || stop->place != DoubleFaults::Place::before_reading) return std::nullopt;
    if (state.faulty >= state.faults->first_requests) return std::nullopt;
    ++state.faulty;
    return stop->how;
  });
  if (!how) return false;
  if (*how == DoubleFaults::How::reset) {
    peer.reset();
  } else if (*how == DoubleFaults::How::hang) {
    peer.wait_for_end();
  }
  return true;
}

std::shared_ptr<const DoubleFaults> ModelDouble::faults_for(bool generation) {
  static const auto none = std::make_shared<const DoubleFaults>();
  return state_.with([&](State& state) {
    const bool concerned = generation || state.faults->scope == DoubleFaults::Scope::all_paths;
    if (!concerned || state.faulty >= state.faults->first_requests) return none;
    ++state.faulty;
    return state.faults;
  });
}

bool ModelDouble::is_generation(std::string_view path) const {
  return path == "/v1/completions" ||
         (path == "/completion" && options_.dialect == Dialect::llamacpp);
}

bool ModelDouble::has_key(const DoubleRequest& request) const {
  if (options_.api_key.empty() || !needs_key(options_.dialect, request.path)) return true;
  return request.field("Authorization") == "Bearer " + options_.api_key ||
         (options_.dialect == Dialect::llamacpp && request.field("X-Api-Key") == options_.api_key);
}

ModelDouble::Went ModelDouble::complain(DoubleReply& reply, const Complaint& complaint) const {
  return reply.whole(complaint.status, "application/json", {},
                     error_body(options_.dialect, complaint));
}

ModelDouble::Went ModelDouble::answer_request(DoubleReply& reply, const DoubleRequest& request,
                                              const DoubleFaults& faults) {
  const bool generation = is_generation(request.path);
  const json body = request.body.empty() ? json() : json::parse(request.body, nullptr, false);
  const auto [model, started] = state_.with([&](State& state) {
    ++state.counts.requests[request.path];
    if (generation) {
      constexpr std::size_t kSeen = 256;
      state.seen.push_back({request.path, request.fields, body});
      if (state.seen.size() > kSeen) state.seen.pop_front();
    }
    return std::pair(state.model, state.started);
  });

  net::HttpFields fields;
  if (!faults.retry_after.empty()) fields.push_back({"Retry-After", faults.retry_after});
  if (faults.reply) {
    for (const net::HttpField& field : faults.reply->fields) fields.push_back(field);
    return reply.whole(faults.reply->status, "application/json", fields, faults.reply->body,
                       faults.reply->body_bytes);
  }
  if (faults.html)
    return reply.whole(200, "text/html", {}, "<!doctype html><title>Welcome</title><p>It works!");
  const auto refused = faults.refusal != DoubleFaults::Refusal::none ? faults.refusal
                       : !has_key(request) ? DoubleFaults::Refusal::unauthorized
                                           : DoubleFaults::Refusal::none;
  if (refused != DoubleFaults::Refusal::none) {
    const RefusalBody said = refusal_body(options_.dialect, refused, request.path, model->name());
    return reply.whole(said.status, "application/json", fields, said.body);
  }

  if (generation && request.method == "POST") return generate(reply, request, body, *model, faults);
  auto found = request.method == "POST"
                   ? tokenizer_page(options_.dialect, request.path, body, *model)
                   : page(options_.dialect, request.path, *model, started);
  if (found) return reply.whole(found->status, found->type, {}, found->body);
  const RefusalBody said = unknown_path(options_.dialect, request.path);
  return reply.whole(said.status, "application/json", {}, said.body);
}

void ModelDouble::count(std::size_t DoubleCounts::* what, std::size_t more) {
  state_.with([&](State& state) { state.counts.*what += more; });
}

ModelDouble::Went ModelDouble::generate(DoubleReply& reply, const DoubleRequest& request,
                                        const json& body, const DoubleModel& model,
                                        const DoubleFaults& faults) {
  auto ask = read_ask(options_.dialect, request.path == "/completion", body, model);
  if (!ask) return complain(reply, ask.error());
  DoubleAnswers answers{.ask = std::move(*ask),
                        .faults = faults,
                        .choices = {},
                        .id = {},
                        .created = static_cast<std::time_t>(unix_now()),
                        .end_token = options_.shows_end_token,
                        .drops_split_ids = false};
  answers.drops_split_ids = options_.dialect == Dialect::llamacpp && answers.ask.stream &&
                            options_.llamacpp_drops_split_ids;
  for (std::size_t p = 0; p < answers.ask.prompts.size(); ++p) {
    const auto room = room_for(answers.ask, model, answers.ask.prompts[p].size());
    if (!room) return complain(reply, room.error());
    think(answers, p, *room, model);
  }
  state_.with([&](State& state) {
    ++state.counts.generations_begun;
    answers.id = fmt::format("cmpl-{}", ++state.asks);
  });
  const DoubleWriter writer(answers, model);
  return answers.ask.stream ? write_stream(reply, answers, writer) : write_whole(reply, writer);
}

// Answers to one of the prompts. What the memory will hold it holds before the client can ask again.
void ModelDouble::think(DoubleAnswers& answers, std::size_t prompt, std::size_t max_tokens,
                        const DoubleModel& model) {
  const DoubleAsk& ask = answers.ask;
  const std::size_t cached = ask.cache ? memory_.longest(ask.salt, ask.prompts[prompt]) : 0;
  for (std::size_t i = 0; i < ask.n; ++i) {
    DoubleModel::Question question = ask.question;
    question.prompt = ask.prompts[prompt];
    question.max_tokens = max_tokens;
    if (question.seed != 0) question.seed += i;
    DoubleModel::Answer answer = model.answer(question);
    WireIds known = std::move(question.prompt);
    known.insert(known.end(), answer.ids.begin(), answer.ids.end());
    memory_.remember(ask.salt, std::move(known));
    answers.choices.push_back({prompt, std::move(answer), cached});
  }
}

// What is counted is counted before the client can see it, and taken back where it does not.

ModelDouble::Went ModelDouble::write_whole(DoubleReply& reply, const DoubleWriter& writer) {
  count(&DoubleCounts::generations_ended);
  const Went went = reply.whole(200, "application/json", {}, dump(writer.whole()));
  if (went != Went::on) {
    count(&DoubleCounts::generations_ended, -1);
    count(went == Went::left ? &DoubleCounts::generations_aborted : &DoubleCounts::generations_cut);
  }
  return went;
}

// leyden:ignore common.complex-function each fault is a line
ModelDouble::Went ModelDouble::write_stream(DoubleReply& reply, const DoubleAnswers& answers,
                                            const DoubleWriter& writer) {
  const auto& error = answers.faults.stream_error;
  const std::vector<DoubleWriter::Chunk> chunks = writer.chunks();
  std::size_t tokens = 0;
  bool failed = false;
  bool ended = false;
  Went went = reply.begin();
  if (const auto progress = writer.progress_event(); progress && went == Went::on)
    went = reply.event(*progress);
  for (std::size_t i = 0; i < chunks.size() && went == Went::on && !failed; ++i) {
    went = reply.ready();
    if (went != Went::on) break;
    failed = error && tokens >= error->after_tokens;
    if (failed) {
      went = reply.event(writer.error_event(*error));
      break;
    }
    tokens += chunks[i].ids.size();
    count(&DoubleCounts::tokens_written, chunks[i].ids.size());
    ended = i + 1 == chunks.size();
    if (ended) count(&DoubleCounts::generations_ended);
    went = reply.event(writer.event(chunks[i]));
  }
  if (ended && went != Went::on) {
    ended = false;
    count(&DoubleCounts::generations_ended, -1);
  }
  if (!ended && !failed) {
    count(went == Went::left ? &DoubleCounts::generations_aborted : &DoubleCounts::generations_cut);
    return went;
  }
  if (failed) count(&DoubleCounts::generations_cut);
  if (const auto usage = writer.usage_event(); usage && ended && went == Went::on) {
    went = reply.ready();
    if (went == Went::on) went = reply.event(*usage);
  }
  const bool says_done = !answers.ask.native || answers.faults.extra_events_after_done;
  if (went == Went::on && (failed ? error->done : says_done)) went = reply.done();
  if (went == Went::on) went = reply.end();
  if (ended && (went == Went::cut || went == Went::cut_short)) {
    count(&DoubleCounts::generations_ended, -1);
    count(&DoubleCounts::generations_cut);
  }
  return went;
}

}  // namespace leyden::llm::testing
