// What each way in which a model server can fail becomes: an error of one kind, or the right answer; nothing generated twice, no connection
// left. Prints a table.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "leyden/base/sanitized.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/http/http_model_server.h"
#include "leyden/llm/testing/byte_tokenizer.h"
#include "leyden/llm/testing/model_double.h"

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;
using testing::ByteTokenizer;
using testing::Dialect;
using testing::DoubleFaults;
using testing::ModelDouble;
using How = DoubleFaults::How;
using Place = DoubleFaults::Place;
using Refusal = DoubleFaults::Refusal;

const ByteTokenizer kTokenizer;

// After which a server is taken for hanging.
constexpr auto kSilence = kSanitized ? 4000ms : 1000ms;

std::string_view name_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::not_found:
      return "not_found";
    case Errc::unsupported:
      return "unsupported";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timed_out:
      return "timed_out";
    case Errc::overloaded:
      return "overloaded";
    case Errc::cancelled:
      return "cancelled";
    case Errc::corrupt:
      return "corrupt";
    case Errc::internal:
      return "internal";
  }
  return "";
}

struct Row {
  std::string name;
  DoubleFaults faults;
  std::optional<Errc> error;  // Empty: the right answer.
  // Generations that the double may have begun.
  std::size_t begun_max = 1;
};

DoubleFaults stop_at(Place place, How how, std::size_t events = 0) {
  DoubleFaults out;
  out.stop = DoubleFaults::Stop{.place = place, .how = how, .events = events};
  return out;
}
DoubleFaults refusing(Refusal refusal, std::string retry_after = "", std::size_t first = 1000) {
  DoubleFaults out;
  out.refusal = refusal;
  out.retry_after = std::move(retry_after);
  out.first_requests = first;
  return out;
}
template <class F>
DoubleFaults with(F&& set) {
  DoubleFaults out;
  set(out);
  return out;
}
DoubleFaults stream_error(std::size_t after, DoubleFaults::ErrorShape shape, bool done) {
  return with([&](DoubleFaults& f) {
    f.stream_error = DoubleFaults::StreamError{
        .after_tokens = after, .shape = shape, .done = done, .message = "out of memory"};
  });
}

std::vector<Row> rows(Dialect dialect) {
  using Shape = DoubleFaults::ErrorShape;
  const auto no_answer = Errc::unavailable;
  // A server that speaks text gives no IDs to be wrong about, and llama.cpp's has neither echo nor model name.
  const bool ids = dialect != Dialect::openai;
  const bool echoes = dialect == Dialect::vllm || dialect == Dialect::sglang;
  std::vector<Row> out = {
      {"none", {}, std::nullopt},
      {"hangs before it reads", stop_at(Place::before_head, How::hang), Errc::timed_out},
      {"hangs after the head", stop_at(Place::after_head, How::hang), Errc::timed_out},
      {"hangs after 3 events", stop_at(Place::after_events, How::hang, 3), Errc::timed_out},
      {"hangs within an event", stop_at(Place::within_event, How::hang, 3), Errc::timed_out},
      {"reset before the head", stop_at(Place::before_head, How::reset), no_answer},
      {"reset after the head", stop_at(Place::after_head, How::reset), no_answer},
      {"reset after 3 events", stop_at(Place::after_events, How::reset, 3), no_answer},
      {"reset within an event", stop_at(Place::within_event, How::reset, 3), no_answer},
      {"closes before the head", stop_at(Place::before_head, How::close), no_answer},
      {"closes after 3 events", stop_at(Place::after_events, How::close, 3), no_answer},
      {"ends after 3 events", stop_at(Place::after_events, How::end, 3), no_answer},
      {"half an event, then the end", stop_at(Place::within_event, How::end, 3), no_answer},
      {"429, for ever", refusing(Refusal::too_many_requests), Errc::overloaded, 0},
      {"429, once", refusing(Refusal::too_many_requests, "", 1), std::nullopt},
      {"429 with Retry-After: 1, once", refusing(Refusal::too_many_requests, "1", 1), std::nullopt},
      {"429 with Retry-After: 3600", refusing(Refusal::too_many_requests, "3600"), Errc::overloaded,
       0},
      {"503 loading, twice", refusing(Refusal::loading, "", 2), std::nullopt},
      {"401", refusing(Refusal::unauthorized), Errc::invalid_argument, 0},
      {"403", refusing(Refusal::forbidden), Errc::invalid_argument, 0},
      {"404, no such model", refusing(Refusal::no_such_model), Errc::not_found, 0},
      {"500 with 100 MB", with([](DoubleFaults& f) {
         f.reply = DoubleFaults::Reply{.status = 500, .body = "{", .body_bytes = 100'000'000};
       }),
       Errc::unavailable, 0},
      {"a page for people", with([](DoubleFaults& f) { f.html = true; }), Errc::corrupt},
      {"an event that is no JSON", with([](DoubleFaults& f) { f.broken_event = 2; }),
       Errc::corrupt},
      {"an event of 20 MB", with([](DoubleFaults& f) { f.huge_event_bytes = 20'000'000; }),
       Errc::corrupt},
      {"an event of 1 MB", with([](DoubleFaults& f) { f.huge_event_bytes = 1'000'000; }),
       std::nullopt},
      {"an error first, [DONE]", stream_error(0, Shape::nested, true), no_answer},
      {"an error after 3 tokens", stream_error(3, Shape::nested, false), no_answer},
      {"the same at top level", stream_error(3, Shape::top_level, true), no_answer},
      {"a message only", stream_error(3, Shape::message_only, false), no_answer},
      {"split at every byte", with([](DoubleFaults& f) { f.split_every_byte = true; }),
       std::nullopt},
      {"CRLF, comments, no spaces",
       with([](DoubleFaults& f) { f.crlf = f.comments = f.no_space_after_colon = true; }),
       std::nullopt},
      {"events after [DONE]", with([](DoubleFaults& f) { f.extra_events_after_done = true; }),
       std::nullopt},
      // Only llama.cpp's counts are needed.
      {"no usage", with([](DoubleFaults& f) { f.no_usage = true; }),
       dialect == Dialect::llamacpp ? std::optional(Errc::corrupt) : std::nullopt},
      {"slow: 20 ms an event", with([](DoubleFaults& f) { f.drip = 20ms; }), std::nullopt},
      {"null for what is not there",
       with([](DoubleFaults& f) { f.unset = DoubleFaults::Unset::null; }), std::nullopt},
  };
  if (dialect != Dialect::llamacpp) {
    out.push_back({"hangs after [DONE]", stop_at(Place::after_done, How::hang), std::nullopt});
    out.push_back(
        {"two choices", with([](DoubleFaults& f) { f.extra_choice = true; }), Errc::corrupt});
  }
  if (echoes) {
    out.push_back({"no [DONE]", with([](DoubleFaults& f) { f.no_done = true; }), no_answer});
    out.push_back({"reads another prompt",
                   with([](DoubleFaults& f) { f.wrong_prompt_echo = true; }), Errc::corrupt});
    out.push_back({"another model answers", with([](DoubleFaults& f) { f.other_model = "x"; }),
                   Errc::unavailable});
    out.push_back({"an old server: no IDs", with([](DoubleFaults& f) { f.no_ids = true; }),
                   Errc::unsupported});
    out.push_back({"IDs without their text",
                   with([](DoubleFaults& f) { f.ids_with_empty_text = true; }), std::nullopt});
  }
  if (ids) {
    out.push_back({"counts more of the prompt",
                   with([](DoubleFaults& f) { f.more_prompt_tokens = 1; }), Errc::corrupt});
    out.push_back({"IDs outside the vocabulary",
                   with([](DoubleFaults& f) { f.ids_outside_vocabulary = true; }), Errc::corrupt});
    out.push_back(
        {"IDs as strings", with([](DoubleFaults& f) { f.ids_as_strings = true; }), Errc::corrupt});
  }
  if (echoes) {
    out.push_back({"counts fewer tokens than it gave",
                   with([](DoubleFaults& f) { f.more_completion_tokens = -2; }), Errc::corrupt});
  }
  return out;
}

class HttpFaults : public ::testing::TestWithParam<Dialect> {
 protected:
  static constexpr std::size_t kTokens = 12;
  // One or two that are kept, and those of a look at the server, which comes every 5 s; a leak would be one a row.
  static constexpr std::size_t kOpenMax = 4;

  void SetUp() override {
    HttpModelOptions options;
    options.urls = {theirs_->url()};
    options.allow_text = dialect_ == Dialect::openai;
    options.connect_timeout = 1s;
    options.first_byte_timeout = options.idle_timeout = kSilence;
    options.retry.first_delay = 20ms;
    options.retry.budget_burst = 1000;
    auto opened = HttpModelServer::open(options, kTokenizer);
    ASSERT_TRUE(opened) << opened.error().message;
    ours_ = *std::move(opened);
    const auto right = ask();
    ASSERT_TRUE(right) << right.error().message;
    right_ = *right;
    std::printf("%-34s %-18s %9s %8s %6s  %s\n", "fault", "outcome", "begun", "ms", "open",
                "message");
  }
  Result<Generated> ask() {
    return generate_blocking(
        *ours_, {.prompt = prompt_, .max_tokens = kTokens, .deadline = Deadline::after(20s)}, {},
        {});
  }
  [[nodiscard]] std::size_t begun() const {
    return theirs_ ? theirs_->counts().generations_begun : 0;
  }
  [[nodiscard]] std::size_t open() const {
    return theirs_ ? theirs_->counts().connections_open : 0;
  }

  // Asks while the fault is there, prints what comes of it, and takes the fault away.
  void show(const Row& row) {
    if (theirs_) theirs_->set(row.faults);
    const std::size_t before = begun();
    const auto began = std::chrono::steady_clock::now();
    const auto made = ask();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    const std::size_t more = begun() - before;
    if (theirs_) theirs_->set({});
    for (int i = 0; i < 300 && open() > kOpenMax; ++i) std::this_thread::sleep_for(10ms);
    std::printf("%-34s %-18s %9zu %8ld %6zu  %s\n", row.name.c_str(),
                std::string(made ? "answer" : name_of(made.error().code)).c_str(), more,
                static_cast<long>(ms.count()), open(),
                made ? "" : made.error().message.substr(0, 110).c_str());
    if (!row.error) {
      ASSERT_TRUE(made) << row.name << ": " << made.error().message;
      EXPECT_EQ(made->ids, right_.ids) << row.name;
      EXPECT_EQ(made->text, right_.text) << row.name;
    } else {
      ASSERT_FALSE(made) << row.name;
      EXPECT_EQ(made.error().code, *row.error) << row.name << ": " << made.error().message;
      EXPECT_LT(made.error().message.size(), 400U) << row.name;
      EXPECT_EQ(made.error().message.find("Once"), std::string::npos) << row.name;
    }
    // llama.cpp's IDs that a stream lacks are asked for once more.
    const std::size_t pieces = dialect_ == Dialect::llamacpp ? 6 : 0;
    EXPECT_LE(more, row.begun_max + pieces) << row.name << ": generated twice";
    EXPECT_LE(open(), kOpenMax) << row.name << ": a connection is left";
  }

  const Dialect dialect_ = GetParam();
  const TokenIds prompt_ = kTokenizer.encode("Once more with feeling");
  std::unique_ptr<ModelDouble> theirs_ = std::make_unique<ModelDouble>(
      testing::DoubleOptions{.dialect = dialect_, .tokenizer = kTokenizer});
  std::unique_ptr<HttpModelServer> ours_;
  Generated right_;
};

TEST_P(HttpFaults, EachIsOneErrorOrTheRightAnswer) {
  for (const Row& row : rows(dialect_)) show(row);
  const testing::OtherByteTokenizer other;
  // That a connection has ended is noticed when this machine hears of it.
  const auto swap = [&](const tokenizer::Tokenizer& to) {
    theirs_->swap_model("double", to, 4096, true);
    std::this_thread::sleep_for(kSanitized ? 500ms : 50ms);
  };
  swap(kTokenizer);
  show({"started again", {}, std::nullopt});
  if (dialect_ != Dialect::openai) {
    swap(other);
    show({"another model, another tokenizer", {}, Errc::unsupported, 0});
  }
  theirs_.reset();
  show({"connection refused", {}, Errc::unavailable, 0});
}

std::string dialect_name(const ::testing::TestParamInfo<Dialect>& of) {
  constexpr const char* kNames[] = {"vllm", "sglang", "llamacpp", "openai"};
  return kNames[static_cast<int>(of.param)];
}
INSTANTIATE_TEST_SUITE_P(Dialects, HttpFaults,
                         ::testing::Values(Dialect::vllm, Dialect::sglang, Dialect::llamacpp,
                                           Dialect::openai),
                         dialect_name);

}  // namespace
}  // namespace leyden::llm
