#include "leyden/rag/sent_prompts.h"

#include <numeric>

#include <gtest/gtest.h>

namespace leyden::rag {
namespace {

TokenIds ids_from(TokenId first, std::size_t count) {
  TokenIds ids(count);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

const std::string kTenant = "a";

TEST(SentPrompts, KnowsPerServerAndTenantWhatWasSent) {
  SentPrompts sent;
  const TokenIds prompt = ids_from(0, 100);
  const TokenIds answer = ids_from(500, 60);
  sent.sent({.tenant = kTenant, .upstream = 1, .prompt = prompt, .answer = answer});
  EXPECT_EQ(sent.expected_reuse(1, "a", prompt), 96U);
  EXPECT_EQ(sent.expected_reuse(0, "a", prompt), 0U);
  EXPECT_EQ(sent.expected_reuse(2, "a", prompt), 0U);
  EXPECT_EQ(sent.expected_reuse(1, "b", prompt), 0U) << "tenants' caches are apart";
  EXPECT_EQ(sent.expected_reuse("a", prompt), 96U);
  TokenIds next = prompt;
  next.insert(next.end(), answer.begin(), answer.end());
  EXPECT_EQ(sent.expected_reuse("a", next), 160U) << "the answer is in the server's cache, too";
  next[40] = 7;
  EXPECT_EQ(sent.expected_reuse("a", next), 32U);
}

TEST(SentPrompts, OrdersAsAServerHasIt) {
  SentPrompts sent;
  const prompt::PromptPart head = head_part(ids_from(0, 10));
  const std::vector<prompt::PromptPart> ranked{
      {.id = 1, .tokens = 50}, {.id = 2, .tokens = 50}, {.id = 3, .tokens = 50}};
  EXPECT_EQ(sent.order("a", {}, head, ranked).order, (std::vector<std::size_t>{0, 1, 2}));
  const std::vector<prompt::PromptPart> before{ranked[2], ranked[0]};
  sent.sent({.tenant = kTenant, .head = head, .passages = before});
  EXPECT_EQ(sent.order("a", {}, head, ranked).order, (std::vector<std::size_t>{2, 0, 1}));
  EXPECT_EQ(sent.order("a", {}, head, ranked).expected_tokens, 110U);
  EXPECT_EQ(sent.order("b", {}, head, ranked).expected_tokens, 0U);
  // The server says that it has nothing of it any more.
  sent.sent({.tenant = kTenant, .head = head, .passages = before, .reused_tokens = 160});
  sent.sent({.tenant = kTenant, .head = head, .passages = std::span(ranked).first(1)});
  EXPECT_EQ(sent.order("a", {}, head, ranked).expected_tokens, 110U);
}

TEST(SentPrompts, ForgetsTheTenantUsedLeastRecently) {
  SentPrompts sent({.tenants_max = 2});
  const TokenIds prompt = ids_from(0, 64);
  for (const std::string tenant : {"a", "b", "a", "c"})
    sent.sent({.tenant = tenant, .prompt = prompt});
  EXPECT_EQ(sent.expected_reuse("a", prompt), 64U);
  EXPECT_EQ(sent.expected_reuse("b", prompt), 0U);
  EXPECT_EQ(sent.expected_reuse("c", prompt), 64U);
}

TEST(SentPrompts, BelievesTheServer) {
  SentPrompts sent;
  const TokenIds one = ids_from(0, 64);
  const TokenIds other = ids_from(1000, 64);
  sent.sent({.tenant = kTenant, .prompt = one});
  sent.sent({.tenant = kTenant, .prompt = other});
  // It was started anew: nothing of `other` was reused, so nothing older can be there.
  sent.sent({.tenant = kTenant, .prompt = other, .reused_tokens = 0});
  EXPECT_EQ(sent.expected_reuse("a", one), 0U);
  EXPECT_EQ(sent.expected_reuse("a", other), 64U);
}

}  // namespace
}  // namespace leyden::rag
