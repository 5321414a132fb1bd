#include "leyden/prompt/session_ledger.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::prompt {
namespace {

SessionFacts facts(std::string name, std::string tenant = "default") {
  return {.tenant = std::move(tenant),
          .name = std::move(name),
          .tokenizer = Hasher().field("a tokenizer").finish(),
          .tokenizer_name = "a-tokenizer",
          .vocabulary_size = 1000,
          .model = "a-model",
          .chat_format = "chatml"};
}

// A turn that owns its IDs.
struct OwnedTurn {
  TokenIds prompt;
  TokenIds response;
  Turn turn;
  [[nodiscard]] Turn view() const {
    Turn out = turn;
    out.prompt = prompt;
    out.response = response;
    return out;
  }
};

void expect_equal(const Turn& stored, const OwnedTurn& expected) {
  EXPECT_TRUE(std::ranges::equal(stored.prompt, expected.prompt));
  EXPECT_TRUE(std::ranges::equal(stored.response, expected.response));
  EXPECT_EQ(stored.end_inferred, expected.turn.end_inferred);
  EXPECT_EQ(stored.logprobs, expected.turn.logprobs);
  EXPECT_EQ(stored.question, expected.turn.question);
  EXPECT_EQ(stored.answer, expected.turn.answer);
  EXPECT_EQ(stored.end, expected.turn.end);
  EXPECT_EQ(stored.prompt_tokens, expected.turn.prompt_tokens);
  EXPECT_EQ(stored.prompt_tokens_reused, expected.turn.prompt_tokens_reused);
  EXPECT_EQ(stored.reward, expected.turn.reward);
}

class Ledger : public testing::Test {
 protected:
  std::unique_ptr<SessionLedger> open() {
    auto ledger = SessionLedger::open(folder_.path() / "sessions.sqlite", clock_);
    EXPECT_TRUE(ledger) << ledger.error().message;
    return *std::move(ledger);
  }
  const TemporaryFolder folder_{fast_folder()};
  ManualClock clock_;
};

TEST_F(Ledger, TheNextTurnBeginsWithTheExactIdsOfTheTurnBefore) {
  auto ledger = open();
  Session session = ledger->create(facts("talk")).value();
  EXPECT_TRUE(ledger->ids_of(session).value().empty());
  const TokenIds prompt = {1, 2, 3};
  const TokenIds response = {4, 999};
  Turn turn{.prompt = prompt,
            .response = response,
            .end_inferred = true,
            .logprobs = {-0.5F},
            .question = "Who?",
            .answer = "He.",
            .prompt_tokens = 3,
            .prompt_tokens_reused = 0};
  clock_.advance(std::chrono::hours(1));
  session = ledger->append(session, turn).value();
  EXPECT_EQ(session.turns, 1U);
  EXPECT_EQ(session.ids, 5U);
  EXPECT_EQ(session.updated - session.created, std::chrono::hours(1));
  // In another process, too.
  auto other = open();
  const Session found = other->find("default", "talk").value().value();
  EXPECT_EQ(found.facts.tokenizer, facts("").tokenizer);
  EXPECT_EQ(found.facts.model, "a-model");
  EXPECT_EQ(other->ids_of(found).value(), (TokenIds{1, 2, 3, 4, 999}));
}

TEST_F(Ledger, AgreesWithAPlainModelOverRandomOperations) {
  struct Plain {
    std::vector<OwnedTurn> turns;
  };
  std::map<std::pair<std::string, std::string>, Plain> plain;
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto some_ids = [&](std::size_t most) {
    TokenIds ids(below(most + 1));
    for (TokenId& id : ids) id = static_cast<TokenId>(below(1000));
    return ids;
  };
  auto ledger = open();
  auto second = open();
  for (int step = 0; step < 600; ++step) {
    const std::string tenant = below(2) == 0 ? "a" : "b";
    const std::string name = std::string(1, static_cast<char>('m' + below(4)));
    const auto key = std::pair(tenant, name);
    SessionLedger& used = below(2) == 0 ? *ledger : *second;
    auto found = used.find(tenant, name).value();
    ASSERT_EQ(found.has_value(), plain.contains(key));
    const std::size_t what = below(20);
    if (!found) {
      ASSERT_TRUE(used.create(facts(name, tenant)));
      plain[key] = {};
    } else if (what == 0) {
      ASSERT_TRUE(used.erase(tenant, name));
      plain.erase(key);
    } else if (what == 1) {
      EXPECT_EQ(used.create(facts(name, tenant)).error().code, Errc::invalid_argument);
    } else if (what < 4 && !plain[key].turns.empty()) {
      const std::size_t number = below(plain[key].turns.size());
      std::optional<double> reward;
      if (below(4) != 0) reward = static_cast<double>(below(100)) / 7 - 5;
      ASSERT_TRUE(used.set_reward(*found, number + 1, reward));
      plain[key].turns[number].turn.reward = reward;
    } else {
      // Mostly it goes on from the turn before, as a conversation does; sometimes a part of that is gone.
      OwnedTurn made;
      if (!plain[key].turns.empty()) {
        const OwnedTurn& last = plain[key].turns.back();
        made.prompt = last.prompt;
        made.prompt.insert(made.prompt.end(), last.response.begin(), last.response.end());
        if (below(3) == 0) made.prompt.resize(below(made.prompt.size() + 1));
      }
      const TokenIds added = some_ids(30);
      made.prompt.insert(made.prompt.end(), added.begin(), added.end());
      if (made.prompt.empty()) made.prompt.push_back(1);
      made.response = some_ids(20);
      made.turn.end_inferred = !made.response.empty() && below(2) == 0;
      const std::size_t delivered = made.response.size() - (made.turn.end_inferred ? 1 : 0);
      if (below(2) == 0) made.turn.logprobs.assign(delivered, -1.25F);
      made.turn.question = std::string(below(20), 'q') + std::string("\0\xFF", 2);
      made.turn.answer = std::string(below(20), 'a');
      made.turn.end = below(2) == 0 ? TurnEnd::stop : TurnEnd::length;
      made.turn.prompt_tokens = made.prompt.size();
      if (below(2) == 0) made.turn.prompt_tokens_reused = below(100);
      if (below(3) == 0) made.turn.reward = -0.0;
      auto after = used.append(*found, made.view());
      ASSERT_TRUE(after) << after.error().message;
      plain[key].turns.push_back(std::move(made));
    }
    if (step % 100 == 99) ledger = open();
  }
  std::size_t listed = 0;
  for (const std::string tenant : {"a", "b"}) {
    const std::vector<Session> sessions = ledger->list(tenant).value();
    for (const Session& session : sessions) {
      ++listed;
      EXPECT_FALSE(session.damaged);
      const Plain& expected = plain.at({tenant, session.facts.name});
      ASSERT_EQ(session.turns, expected.turns.size());
      TurnReader reader = ledger->turns(session);
      for (const OwnedTurn& turn : expected.turns)
        expect_equal(reader.next().value().value(), turn);
      EXPECT_FALSE(reader.next().value());
    }
  }
  EXPECT_EQ(listed, plain.size());
  EXPECT_EQ(ledger->list({}).value().size(), plain.size());
}

TEST_F(Ledger, OfTwoThatContinueOneSessionTheSecondIsToldSo) {
  auto ledger = open();
  auto other = open();
  const Session session = ledger->create(facts("talk")).value();
  const TokenIds ids = {1, 2};
  const Turn turn{.prompt = ids, .response = ids, .logprobs = {}, .question = {}, .answer = {}};
  ASSERT_TRUE(ledger->append(session, turn));
  const auto late = other->append(session, turn);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::unavailable);
  EXPECT_NE(late.error().message.find("it has 1 turns, not 0"), std::string::npos);
  const Session now = other->find("default", "talk").value().value();
  EXPECT_EQ(now.turns, 1U);
  EXPECT_TRUE(other->append(now, turn));
  // One that was deleted and begun anew is another session.
  ASSERT_TRUE(other->erase("default", "talk"));
  EXPECT_EQ(ledger->append(now, turn).error().code, Errc::not_found);
  ASSERT_TRUE(other->create(facts("talk")));
  EXPECT_EQ(ledger->append(session, turn).error().code, Errc::not_found);
  EXPECT_EQ(ledger->ids_of(now).error().code, Errc::not_found);
}

TEST_F(Ledger, RefusesWhatIsNotATurn) {
  auto ledger = open();
  const Session session = ledger->create(facts("talk")).value();
  const TokenIds good = {1, 2};
  const TokenIds foreign = {1, 1000};
  const auto refused = [&](const Turn& turn) {
    auto done = ledger->append(session, turn);
    return done ? std::string() : done.error().message;
  };
  const auto made = [](TokenIdsView prompt, TokenIdsView response) {
    Turn turn;
    turn.prompt = prompt;
    turn.response = response;
    return turn;
  };
  EXPECT_NE(refused(made({}, good)).find("without a prompt"), std::string::npos);
  EXPECT_NE(refused(made(foreign, good)).find("outside the vocabulary of 1000"), std::string::npos);
  EXPECT_NE(refused(made(good, foreign)).find("outside the vocabulary"), std::string::npos);
  Turn wrong = made(good, good);
  wrong.logprobs = {-1.0F};
  EXPECT_NE(refused(wrong).find("1 logprobs for 2"), std::string::npos);
  wrong = made(good, {});
  wrong.end_inferred = true;
  EXPECT_NE(refused(wrong).find("inferred end"), std::string::npos);
  wrong = made(good, good);
  wrong.reward = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(refused(wrong).find("not a finite number"), std::string::npos);
  EXPECT_EQ(ledger->find("default", "talk").value()->turns, 0U);
  EXPECT_EQ(ledger->set_reward(session, 1, 1.0).error().code, Errc::not_found);
  EXPECT_EQ(ledger->erase("default", "nobody").error().code, Errc::not_found);
  for (const std::string& name :
       {std::string(), std::string(201, 'x'), std::string("a\nb"), std::string("\xFF")})
    EXPECT_EQ(ledger->create(facts(name)).error().code, Errc::invalid_argument);
}

// What a turn adds is written, not what was before it.
TEST_F(Ledger, ALongSessionTakesRoomInProportionToItsIds) {
  auto ledger = open();
  Session session = ledger->create(facts("long")).value();
  TokenIds prompt(500'000, 7);
  const TokenIds response(100, 8);
  constexpr std::size_t kTurns = 12;
  for (std::size_t i = 0; i < kTurns; ++i) {
    Turn turn;
    turn.prompt = prompt;
    turn.response = response;
    auto after = ledger->append(session, turn);
    ASSERT_TRUE(after) << after.error().message;
    session = *after;
    prompt.insert(prompt.end(), response.begin(), response.end());
    prompt.push_back(9);
  }
  prompt.pop_back();
  EXPECT_EQ(ledger->ids_of(session).value(), prompt);
  ledger.reset();  // The log is brought into the file.
  EXPECT_LT(std::filesystem::file_size(folder_.path() / "sessions.sqlite"), 500'000U * 2 + 100'000);
}

TEST_F(Ledger, SaysWhereNothingIsAndWhatIsNotOurs) {
  const auto absent =
      SessionLedger::open(folder_.path() / "none.sqlite", clock_, sql::OpenMode::existing);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::not_found);
  folder_.write("text.sqlite", std::string(5000, 'x'));
  const auto text = SessionLedger::open(folder_.path() / "text.sqlite", clock_);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace leyden::prompt
