#include <csignal>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/prompt/session_ledger.h"

namespace leyden::prompt {
namespace {

TokenIds prompt_of(std::size_t number) {
  TokenIds ids;
  for (std::size_t i = 0; i < number * 50; ++i) ids.push_back(static_cast<TokenId>(i * 7 % 1000));
  return ids;
}
const TokenIds kResponse = {999, 998};

// Appends until it is killed, and says each turn that is kept.
[[noreturn]] void append_forever(const std::filesystem::path& file, int say) {
  const SystemClock clock;
  auto ledger = SessionLedger::open(file, clock);
  if (!ledger) ::_exit(1);
  auto session = (*ledger)->find("default", "talk");
  if (!session || !*session) ::_exit(2);
  Session now = **session;
  while (true) {
    const TokenIds prompt = prompt_of(now.turns + 1);
    auto after = (*ledger)->append(
        now,
        {.prompt = prompt, .response = kResponse, .logprobs = {}, .question = {}, .answer = {}});
    if (!after) ::_exit(3);
    now = *after;
    const auto kept = static_cast<std::uint32_t>(now.turns);
    if (::write(say, &kept, sizeof kept) != sizeof kept) ::_exit(4);
  }
}

TEST(KilledLedger, LosesNoTurnThatItSaidItKept) {
  const TemporaryFolder folder{fast_folder()};
  const auto file = folder.path() / "sessions.sqlite";
  const SystemClock clock;
  {
    auto ledger = SessionLedger::open(file, clock).value();
    ASSERT_TRUE(ledger->create({.name = "talk",
                                .tokenizer = {},
                                .tokenizer_name = {},
                                .vocabulary_size = 1000,
                                .model = {},
                                .chat_format = {}}));
  }
  std::mt19937 random(3);
  std::size_t kept = 0;
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      append_forever(file, ends[1]);
    }
    ::close(ends[1]);
    std::uint32_t said = 0;
    ASSERT_EQ(::read(ends[0], &said, sizeof said), static_cast<ssize_t>(sizeof said));
    kept = said;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    while (::read(ends[0], &said, sizeof said) == static_cast<ssize_t>(sizeof said)) kept = said;
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

    auto ledger = SessionLedger::open(file, clock).value();
    const Session session = ledger->find("default", "talk").value().value();
    // The last may be there without having been said.
    EXPECT_GE(session.turns, kept);
    EXPECT_LE(session.turns, kept + 1);
    TurnReader reader = ledger->turns(session);
    for (std::size_t number = 1; number <= session.turns; ++number) {
      const Turn turn = reader.next().value().value();
      ASSERT_TRUE(std::ranges::equal(turn.prompt, prompt_of(number)));
      ASSERT_TRUE(std::ranges::equal(turn.response, kResponse));
    }
    EXPECT_FALSE(reader.next().value());
  }
  EXPECT_GT(kept, 25U);
}

}  // namespace
}  // namespace leyden::prompt
