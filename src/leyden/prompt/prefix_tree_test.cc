#include "leyden/prompt/prefix_tree.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

namespace leyden::prompt {
namespace {

std::vector<PromptPart> prompt_of(std::initializer_list<std::uint64_t> ids) {
  std::vector<PromptPart> parts;
  for (const std::uint64_t id : ids) parts.push_back({.id = id, .tokens = 100 * id});
  return parts;
}

TEST(PrefixTree, KnowsTheLeadingPartsOfWhatWasSent) {
  PrefixTree tree;
  EXPECT_EQ(tree.insert(prompt_of({1, 2, 3})), 0U);
  EXPECT_EQ(tree.cached_tokens(prompt_of({1, 2, 4})), 300U);
  EXPECT_EQ(tree.cached_tokens(prompt_of({2, 1})), 0U);
  EXPECT_EQ(tree.insert(prompt_of({1, 2, 4})), 300U);
  EXPECT_EQ(tree.size_tokens(), 1000U);
  tree.clear();
  EXPECT_EQ(tree.size_tokens(), 0U);
  EXPECT_EQ(tree.cached_tokens(prompt_of({1})), 0U);
}

// What the class says, as plainly as can be: paths with the time of their last use; the oldest without children goes first.
class PlainTree {
 public:
  explicit PlainTree(std::size_t capacity) : capacity_(capacity) {}
  std::size_t insert(const std::vector<PromptPart>& prompt) {
    std::size_t cached = 0;
    std::vector<std::uint64_t> path;
    bool known = true;
    ++now_;
    for (const PromptPart& part : prompt) {
      path.push_back(part.id);
      known = known && paths_.contains(path);
      if (known) cached += part.tokens;
      paths_[path] = {now_, part.tokens};
    }
    while (size() > capacity_) {
      auto oldest = paths_.end();
      for (auto path_at = paths_.begin(); path_at != paths_.end(); ++path_at) {
        const auto longer = std::next(path_at);
        const bool leaf =
            longer == paths_.end() || longer->first.size() <= path_at->first.size() ||
            !std::equal(path_at->first.begin(), path_at->first.end(), longer->first.begin());
        if (leaf && (oldest == paths_.end() || path_at->second.used < oldest->second.used))
          oldest = path_at;
      }
      paths_.erase(oldest);
    }
    return cached;
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t tokens = 0;
    for (const auto& [path, node] : paths_) tokens += node.tokens;
    return tokens;
  }

 private:
  struct Node {
    std::size_t used;
    std::size_t tokens;
  };
  std::size_t capacity_;
  std::size_t now_ = 0;
  std::map<std::vector<std::uint64_t>, Node> paths_;
};

std::vector<PromptPart> random_prompt(std::mt19937_64& random) {
  std::vector<std::uint64_t> ids{1, 2, 3, 4, 5, 6};
  std::ranges::shuffle(ids, random);
  std::vector<PromptPart> prompt;
  for (std::size_t i = 0; i <= random() % 5; ++i)
    prompt.push_back({.id = ids[i], .tokens = 10 + ids[i]});
  return prompt;
}

TEST(PrefixTree, ForgetsAsAPlainTreeDoes) {
  std::mt19937_64 random(7);
  for (const std::size_t capacity : {40U, 150U, 400U, 2000U}) {
    PrefixTree tree(capacity);
    PlainTree plain(capacity);
    for (int i = 0; i < 2000; ++i) {
      const auto prompt = random_prompt(random);
      ASSERT_EQ(tree.insert(prompt), plain.insert(prompt)) << capacity << " at " << i;
      ASSERT_EQ(tree.size_tokens(), plain.size());
      ASSERT_LE(tree.size_tokens(), capacity);
    }
  }
}

TEST(PrefixTree, FindsThePathWithTheMostTokens) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 300; ++round) {
    PrefixTree tree(500);
    for (int i = 0; i < 40; ++i) tree.insert(random_prompt(random));
    const std::vector<PromptPart> parts = random_prompt(random);
    const auto found = tree.longest_path({}, parts);
    std::size_t most = 0;
    std::vector<std::size_t> order(parts.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
      std::vector<PromptPart> prompt;
      for (const std::size_t i : order) prompt.push_back(parts[i]);
      most = std::max(most, tree.cached_tokens(prompt));
    } while (std::ranges::next_permutation(order).found);
    EXPECT_EQ(found.tokens, most);
    std::vector<PromptPart> path;
    for (const std::size_t i : found.order) path.push_back(parts[i]);
    EXPECT_EQ(tree.cached_tokens(path), found.tokens);
  }
}

TEST(PrefixTree, LooksBehindItsHeadOnly) {
  PrefixTree tree;
  tree.insert(prompt_of({9, 2, 1}));
  tree.insert(prompt_of({1, 2}));
  const auto parts = prompt_of({1, 2});
  EXPECT_EQ(tree.longest_path(prompt_of({9}), parts).order, (std::vector<std::size_t>{1, 0}));
  EXPECT_TRUE(tree.longest_path(prompt_of({8}), parts).order.empty());
}

TEST(PrefixTree, LearnsFromTheServerThatItKeepsLess) {
  PrefixTree tree;
  tree.insert(prompt_of({5, 1}));  // 600 tokens
  tree.insert(prompt_of({6, 1}));  // 700
  tree.insert(prompt_of({7, 1}));  // 800
  tree.observe(prompt_of({6, 1}), 0);
  EXPECT_EQ(tree.cached_tokens(prompt_of({5, 1})), 0U);
  EXPECT_EQ(tree.cached_tokens(prompt_of({6, 1})), 0U);
  EXPECT_EQ(tree.cached_tokens(prompt_of({7, 1})), 800U);
  tree.observe(prompt_of({7, 1}), 790);  // It counts in blocks of 16.
  EXPECT_EQ(tree.cached_tokens(prompt_of({7, 1})), 800U);
}

TEST(PrefixTree, IsBoundedInTimeForManyPathsAndLongOnes) {
  PrefixTree tree;
  std::vector<PromptPart> long_prompt;
  for (std::uint64_t i = 0; i < 200'000; ++i) long_prompt.push_back({.id = i, .tokens = 1});
  tree.insert(long_prompt);
  EXPECT_EQ(tree.longest_path({}, long_prompt).tokens, PrefixTree::kArrangedMax);
  std::vector<PromptPart> few(long_prompt.begin(), long_prompt.begin() + 9);
  do {
    tree.insert(few);
  } while (std::ranges::next_permutation(few, {}, &PromptPart::id).found);  // 362,880 paths
  EXPECT_EQ(tree.longest_path({}, few).tokens, 9U);
}

}  // namespace
}  // namespace leyden::prompt
