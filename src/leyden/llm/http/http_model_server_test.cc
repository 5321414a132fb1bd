// The client with doubles of servers: what it notices, whom it asks, what it says with each request.
#include "leyden/llm/http/http_model_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "leyden/llm/generate.h"
#include "leyden/llm/http/cache_salt.h"
#include "leyden/llm/testing/byte_tokenizer.h"
#include "leyden/llm/testing/counting_sink.h"
#include "leyden/llm/testing/model_double.h"
#include "leyden/net/http_fetch.h"
#include "leyden/net/testing/scripted_server.h"
#include "leyden/net/testing/test_authority.h"

namespace leyden::llm {
namespace {

using namespace std::chrono_literals;
using testing::ByteTokenizer;
using testing::CountingSink;
using testing::Dialect;
using testing::DoubleFaults;
using testing::ModelDouble;

const ByteTokenizer kTokenizer;

bool soon(const std::function<bool()>& come) {
  for (int i = 0; i < 1000; ++i) {
    if (come()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

class HttpModelServerTest : public ::testing::TestWithParam<Dialect> {
 protected:
  static HttpModelOptions options_for(const std::vector<const ModelDouble*>& servers) {
    HttpModelOptions out;
    for (const ModelDouble* server : servers) out.urls.push_back(server->url());
    out.retry.first_delay = 10ms;
    out.retry.budget_burst = 1000;
    out.first_byte_timeout = out.idle_timeout = 5s;
    return out;
  }
  static std::unique_ptr<HttpModelServer> open(HttpModelOptions options) {
    auto out = HttpModelServer::open(std::move(options), kTokenizer);
    EXPECT_TRUE(out) << out.error().message;
    return out ? *std::move(out) : nullptr;
  }
  static Error open_error(HttpModelOptions options) {
    auto out = HttpModelServer::open(std::move(options), kTokenizer);
    EXPECT_FALSE(out);
    return out ? Error{} : out.error();
  }
  static Result<Generated> ask(ModelServer& server, std::string_view text = "Tell me",
                               std::string tenant = "") {
    return generate_blocking(
        server, {.prompt = kTokenizer.encode(text), .max_tokens = 8, .tenant = std::move(tenant)},
        {}, {});
  }
  // Keeps the clock of a look away from tests that are about something else.
  static constexpr auto kSeldom = std::chrono::milliseconds(std::chrono::hours(1));
};

using HttpModelServerPerDialect = HttpModelServerTest;

TEST_P(HttpModelServerPerDialect, KnowsWhatItTalksTo) {
  ModelDouble theirs({.dialect = GetParam(), .tokenizer = kTokenizer, .model = "m1"});
  auto ours = open(options_for({&theirs}));
  ASSERT_TRUE(ours);
  const auto status = ours->upstreams().front();
  EXPECT_TRUE(status.up);
  EXPECT_EQ(static_cast<int>(status.facts.kind), static_cast<int>(GetParam()));
  EXPECT_EQ(status.facts.model, "m1");
  EXPECT_EQ(status.facts.ids, GetParam() != Dialect::openai);
  EXPECT_EQ(status.facts.tokenizer_compared, GetParam() != Dialect::openai);
  if (GetParam() != Dialect::openai) {
    EXPECT_EQ(ours->info().context_tokens, 4096U);
  }
}

TEST_P(HttpModelServerPerDialect, ConnectionsAreKept) {
  ModelDouble theirs({.dialect = GetParam(), .tokenizer = kTokenizer});
  auto options = options_for({&theirs});
  options.check_every = kSeldom;
  auto ours = open(std::move(options));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(ask(*ours));
  // The real llama-server ends a stream's connection, and so does its double.
  EXPECT_LE(theirs.counts().connections_accepted, GetParam() == Dialect::llamacpp ? 65U : 3U);
}

TEST_P(HttpModelServerPerDialect, CancellingEndsItOnTheServer) {
  ModelDouble theirs({.dialect = GetParam(), .tokenizer = kTokenizer});
  DoubleFaults slow;
  slow.drip = 20ms;
  theirs.set(slow);
  auto ours = open(options_for({&theirs}));
  CountingSink sink;
  auto running =
      ours->generate({.prompt = kTokenizer.encode("On and on"), .max_tokens = 2000}, sink);
  ASSERT_TRUE(running);
  EXPECT_TRUE(soon([&] { return theirs.counts().tokens_written > 2; }));
  (*running)->cancel();
  (*running)->wait();
  ASSERT_TRUE(sink.summary);
  EXPECT_EQ(sink.summary->finish, FinishReason::cancelled);
  EXPECT_TRUE(soon([&] { return theirs.counts().generations_aborted > 0; }));
}

// Another model under the same address, with another tokenizer: no ID reaches it.
TEST_P(HttpModelServerPerDialect, AReplacedModelIsNoticed) {
  if (GetParam() == Dialect::openai) GTEST_SKIP() << "text means the same to all";
  const testing::OtherByteTokenizer other;
  for (const bool cut : {true, false}) {
    ModelDouble theirs({.dialect = GetParam(), .tokenizer = kTokenizer});
    auto options = options_for({&theirs});
    // Behind a proxy connections live on: then it is the next look that finds it.
    options.check_every = cut ? kSeldom : 50ms;
    auto ours = open(std::move(options));
    ASSERT_TRUE(ask(*ours));
    const std::size_t begun = theirs.counts().generations_begun;
    theirs.swap_model("double", other, 4096, cut);
    std::this_thread::sleep_for(cut ? 20ms : 400ms);
    const auto made = ask(*ours);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::unsupported) << made.error().message;
    EXPECT_NE(made.error().message.find("probe text"), std::string::npos) << made.error().message;
    EXPECT_EQ(theirs.counts().generations_begun, begun);
    // And back.
    theirs.swap_model("double", kTokenizer, 4096, true);
    EXPECT_TRUE(soon([&] { return ask(*ours).has_value(); }));
  }
}

TEST_P(HttpModelServerPerDialect, ARestartedServerIsAskedAgainAndUsed) {
  ModelDouble theirs({.dialect = GetParam(), .tokenizer = kTokenizer});
  auto ours = open(options_for({&theirs}));
  ASSERT_TRUE(ask(*ours));
  theirs.swap_model("another", kTokenizer, 1000, true);
  std::this_thread::sleep_for(20ms);
  const auto made = ask(*ours);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(ours->upstreams().front().facts.model, "another");
  EXPECT_EQ(ours->upstreams().front().changes, 1U);
  if (GetParam() == Dialect::openai) return;
  const auto over =
      generate_blocking(*ours, {.prompt = TokenIds(900, 'x'), .max_tokens = 101}, {}, {});
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::invalid_argument);
  for (const char* const number : {"900", "101", "1000"})
    EXPECT_NE(over.error().message.find(number), std::string::npos) << over.error().message;
}

INSTANTIATE_TEST_SUITE_P(Dialects, HttpModelServerPerDialect,
                         ::testing::Values(Dialect::vllm, Dialect::sglang, Dialect::llamacpp,
                                           Dialect::openai));

TEST_F(HttpModelServerTest, ASaltForEachTenant) {
  for (const Dialect dialect : {Dialect::vllm, Dialect::sglang}) {
    ModelDouble theirs({.dialect = dialect, .tokenizer = kTokenizer});
    auto options = options_for({&theirs});
    options.salt_key = Secret{std::byte{7}};
    auto ours = open(std::move(options));
    EXPECT_EQ(ask(*ours, "The same prompt", "a")->summary.prompt_tokens_reused, 0U);
    EXPECT_EQ(ask(*ours, "The same prompt", "b")->summary.prompt_tokens_reused, 0U)
        << "what another tenant asked is not told";
    EXPECT_GT(ask(*ours, "The same prompt", "a")->summary.prompt_tokens_reused, 0U);
    const auto seen = theirs.seen();
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].body["cache_salt"], cache_salt(Secret{std::byte{7}}, "a", "double"));
    EXPECT_NE(seen[0].body["cache_salt"], seen[1].body["cache_salt"]);
    EXPECT_EQ(seen[0].body["cache_salt"], seen[2].body["cache_salt"]);
  }
}

TEST_F(HttpModelServerTest, KeysAndFieldsGoWithEveryRequest) {
  ModelDouble theirs({.tokenizer = kTokenizer, .api_key = "a-secret"});
  auto options = options_for({&theirs});
  const Error refused = open_error(options);
  EXPECT_EQ(refused.code, Errc::invalid_argument);
  EXPECT_NE(refused.message.find("LEYDEN_LLM_API_KEY"), std::string::npos) << refused.message;
  options.api_key = "wrong-secret";
  EXPECT_EQ(open_error(options).message.find("wrong-secret"), std::string::npos);
  options.api_key = "a-secret";
  options.fields = {{"X-Team", "blue"}};
  auto ours = open(options);
  ASSERT_TRUE(ask(*ours));
  net::HttpResponseHead head{.status = 0, .fields = theirs.seen().front().fields};
  ASSERT_NE(head.find("X-Team"), nullptr);
  EXPECT_EQ(*head.find("X-Team"), "blue");
}

// What stands before a server, and hands on to it.
class Front {
 public:
  // `missing`: a path that it does not know; "*": it knows none.
  Front(const ModelDouble& server, std::string missing, bool closes)
      : client_(net::HttpClient::open(thread_, {.endpoint = server.endpoint()}).value()),
        front_([this, missing = std::move(missing), closes](net::testing::Peer& peer) {
          for (auto asked = peer.receive_request(); !asked.empty();
               asked = closes ? "" : peer.receive_request()) {
            if (!hand_on(peer, asked, missing)) return;
          }
          peer.close();
        }) {}
  [[nodiscard]] std::string url() const { return "http://" + front_.endpoint().text(); }

 private:
  bool hand_on(net::testing::Peer& peer, const std::string& asked, const std::string& missing) {
    net::HttpRequest request;
    const std::size_t space = asked.find(' ');
    request.method = asked.substr(0, space);
    request.target = asked.substr(space + 1, asked.find(" HTTP/") - space - 1);
    request.body = asked.substr(asked.find("\r\n\r\n") + 4);
    request.fields = {{"Content-Type", "application/json"}};
    if (missing == "*" || request.target == missing)
      return peer.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    const auto answer = net::http_fetch(*client_, std::move(request));
    return answer && peer.say(fmt::format(
                         "HTTP/1.1 {} OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                         answer->head.status, *answer->head.find("Content-Type"),
                         answer->body.size(), answer->body));
  }

  net::IoThread thread_;
  std::unique_ptr<net::HttpClient> client_;
  net::testing::ScriptedServer front_;
};

// It closes each connection after an answer and does not say so.
TEST_F(HttpModelServerTest, AServerThatKeepsNoConnectionIsUsedAllTheSame) {
  ModelDouble theirs({.tokenizer = kTokenizer});
  const Front closing(theirs, "", true);
  auto options = options_for({&theirs});
  options.urls = {closing.url()};
  auto ours = open(std::move(options));
  ASSERT_TRUE(ours);
  for (int i = 0; i < 3; ++i) {
    const auto made = ask(*ours);
    EXPECT_TRUE(made) << made.error().message;
    std::this_thread::sleep_for(300ms);
  }
}

TEST_F(HttpModelServerTest, WhatAServerLacks) {
  ModelDouble theirs({.tokenizer = kTokenizer});
  const Front unlisted(theirs, "/v1/models", false);
  auto options = options_for({&theirs});
  options.urls = {unlisted.url()};
  auto ours = open(options);
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->upstreams().front().facts.kind, ServerKind::vllm);
  EXPECT_TRUE(ask(*ours));
  // Without a way to compare tokenizers it is spoken to in text, which is said.
  const Front unproven(theirs, "/tokenize", false);
  options.urls = {unproven.url()};
  ours = open(options);
  ASSERT_TRUE(ours);
  const auto made = ask(*ours);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->summary.ids_exact);
  const Front nothing(theirs, "*", false);
  options.urls = {nothing.url()};
  EXPECT_EQ(open_error(options).code, Errc::corrupt);
}

TEST_F(HttpModelServerTest, TlsIsVerified) {
  const net::testing::TestAuthority authority;
  ModelDouble theirs({.tokenizer = kTokenizer, .tls = authority.server("IP:127.0.0.1")});
  auto options = options_for({&theirs});
  ASSERT_TRUE(options.urls.front().starts_with("https://"));
  EXPECT_EQ(open_error(options).code, Errc::unavailable) << "nobody vouches for it";
  options.tls.ca_file = authority.file();
  auto ours = open(options);
  ASSERT_TRUE(ours);
  EXPECT_TRUE(ask(*ours));
}

TEST_F(HttpModelServerTest, WhatCantBeOpenedSaysWhy) {
  HttpModelOptions nobody;
  nobody.urls = {"http://127.0.0.1:1"};
  EXPECT_EQ(open_error(nobody).code, Errc::unavailable);
  nobody.urls = {};
  EXPECT_EQ(open_error(nobody).code, Errc::invalid_argument);
  nobody.urls = {"ftp://x"};
  EXPECT_EQ(open_error(nobody).code, Errc::invalid_argument);
  const testing::OtherByteTokenizer other;
  ModelDouble theirs({.tokenizer = other});
  const Error differs = open_error(options_for({&theirs}));
  EXPECT_EQ(differs.code, Errc::unsupported);
  EXPECT_NE(differs.message.find("byte 2 of"), std::string::npos) << differs.message;
  auto options = options_for({&theirs});
  options.model = "absent";
  EXPECT_EQ(open_error(options).code, Errc::not_found);
  EXPECT_NE(open_error(options).message.find("it lists double"), std::string::npos);
  ModelDouble text({.dialect = Dialect::openai, .tokenizer = kTokenizer});
  options = options_for({&text});
  options.allow_text = false;
  EXPECT_EQ(open_error(options).code, Errc::unsupported);
  ModelDouble silent({.tokenizer = kTokenizer});
  DoubleFaults hangs;
  hangs.scope = DoubleFaults::Scope::all_paths;
  hangs.stop = DoubleFaults::Stop{};
  silent.set(hangs);
  options = options_for({&silent});
  options.check_timeout = 200ms;
  EXPECT_EQ(open_error(options).code, Errc::timed_out);
}

TEST_F(HttpModelServerTest, AFailedServerIsLeftAloneUntilItIsBack) {
  ModelDouble a({.tokenizer = kTokenizer});
  ModelDouble b({.tokenizer = kTokenizer});
  auto ours = open(options_for({&a, &b}));
  DoubleFaults down;
  down.scope = DoubleFaults::Scope::all_paths;
  down.refusal = DoubleFaults::Refusal::loading;
  a.set(down);
  for (int i = 0; i < 20; ++i) {
    const auto made = ask(*ours, "Number " + std::to_string(i));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->summary.upstream, 1U);
  }
  EXPECT_TRUE(soon([&] { return !ours->upstreams()[0].up; }));
  EXPECT_NE(ours->upstreams()[0].reason.find("503"), std::string::npos);
  a.set({});
  EXPECT_TRUE(soon([&] { return ask(*ours)->summary.upstream == 0; })) << "it is back";
}

TEST_F(HttpModelServerTest, TheLeastLoadedIsAsked) {
  ModelDouble a({.tokenizer = kTokenizer});
  ModelDouble b({.tokenizer = kTokenizer});
  auto ours = open(options_for({&a, &b}));
  EXPECT_TRUE(soon([&] { return ours->upstreams()[0].up && ours->upstreams()[1].up; }));
  DoubleFaults slow;
  slow.drip = 50ms;
  a.set(slow);
  b.set(slow);
  std::vector<std::unique_ptr<CountingSink>> sinks;
  std::vector<std::unique_ptr<Generation>> running;
  for (int i = 0; i < 10; ++i) {
    sinks.push_back(std::make_unique<CountingSink>());
    running.push_back(
        *ours->generate({.prompt = kTokenizer.encode("Slowly"), .max_tokens = 100}, *sinks.back()));
  }
  EXPECT_EQ(ours->upstreams()[0].in_flight, 5U);
  EXPECT_EQ(ours->upstreams()[1].in_flight, 5U);
  running.clear();
  EXPECT_TRUE(soon([&] { return ours->upstreams()[0].in_flight == 0; }));
}

TEST_F(HttpModelServerTest, WhoHoldsThePrefixIsAsked) {
  struct Scorer final : PrefixScorer {
    [[nodiscard]] std::size_t expected_reuse(std::size_t upstream, std::string_view tenant,
                                             TokenIdsView prompt) const override {
      return upstream == (tenant == "a" ? 0U : 1U) ? prompt.size() : 0;
    }
  } scorer;
  ModelDouble a({.tokenizer = kTokenizer});
  ModelDouble b({.tokenizer = kTokenizer});
  auto options = options_for({&a, &b});
  options.scorer = &scorer;
  auto ours = open(std::move(options));
  EXPECT_TRUE(soon([&] { return ours->upstreams()[0].up && ours->upstreams()[1].up; }));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask(*ours, "x", "a")->summary.upstream, 0U);
    EXPECT_EQ(ask(*ours, "x", "b")->summary.upstream, 1U);
  }
}

TEST_F(HttpModelServerTest, RetriesKeepToTheirBudget) {
  ModelDouble theirs({.tokenizer = kTokenizer});
  auto options = options_for({&theirs});
  options.retry = {.attempts_max = 10, .first_delay = 1ms, .delay_max = 2ms, .budget_burst = 5};
  auto ours = open(std::move(options));
  DoubleFaults busy;
  busy.refusal = DoubleFaults::Refusal::too_many_requests;
  theirs.set(busy);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ask(*ours).error().code, Errc::overloaded);
  const std::size_t asked = theirs.counts().requests["/v1/completions"];
  EXPECT_GE(asked, 55U);
  EXPECT_LE(asked, 60U) << "a tenth more, and what was saved before";
}

TEST_F(HttpModelServerTest, TooManyAtOnceAreTold) {
  ModelDouble theirs({.tokenizer = kTokenizer});
  DoubleFaults slow;
  slow.drip = 50ms;
  theirs.set(slow);
  auto options = options_for({&theirs});
  options.connections_max = 2;
  options.waiting_max = 1;
  auto ours = open(std::move(options));
  std::vector<std::unique_ptr<CountingSink>> sinks;
  std::vector<std::unique_ptr<Generation>> running;
  std::size_t refused = 0;
  for (int i = 0; i < 6; ++i) {
    sinks.push_back(std::make_unique<CountingSink>());
    auto one = ours->generate({.prompt = kTokenizer.encode("x"), .max_tokens = 50}, *sinks.back());
    if (one) {
      running.push_back(*std::move(one));
    } else {
      EXPECT_EQ(one.error().code, Errc::overloaded);
      ++refused;
    }
  }
  running.clear();
  for (const auto& sink : sinks) {
    if (sink->error) {
      EXPECT_EQ(sink->error->code, Errc::overloaded);
    }
    refused += sink->error.has_value();
  }
  EXPECT_GE(refused, 2U);
}

TEST_F(HttpModelServerTest, LogprobsWhereTheyAreOffered) {
  for (const Dialect dialect : {Dialect::vllm, Dialect::sglang}) {
    ModelDouble theirs({.dialect = dialect, .tokenizer = kTokenizer});
    auto ours = open(options_for({&theirs}));
    const auto made = generate_blocking(
        *ours, {.prompt = kTokenizer.encode("Well"), .max_tokens = 8, .logprobs = true}, {}, {});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->logprobs.size(), made->ids.size());
  }
}

TEST_F(HttpModelServerTest, ManyAtOnce) {
  ModelDouble theirs({.tokenizer = kTokenizer});
  auto ours = open(options_for({&theirs}));
  const auto right = ask(*ours);
  ASSERT_TRUE(right);
  std::vector<std::jthread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto made = ask(*ours);
        if (!made || made->ids != right->ids) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace leyden::llm
