#include "leyden/agents/evolve/operators/rewrites.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "leyden/agents/evolve/operators/operators.h"
#include "leyden/agents/evolve/operators/text_edits.h"

namespace leyden::evolve {
namespace {

using syntax::Language;

std::set<std::string> rewritten(std::string_view text, Language language) {
  auto program = Program::parse(language, std::string(text));
  if (!program || program->has_errors()) std::abort();
  std::set<std::string> out;
  for (const Rewrite& one : rewrites_of(*program)) {
    EXPECT_FALSE(one.what.empty());
    if (auto changed = applied(*program, one)) out.insert(*std::move(changed));
  }
  return out;
}

std::string replaced(std::string_view in, std::string_view from, std::string_view to) {
  std::string text(in);
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

void expect_one(const std::set<std::string>& all, std::string_view wanted) {
  std::string seen;
  for (const std::string& one : all) seen += one + "\n----\n";
  EXPECT_TRUE(all.contains(std::string(wanted))) << wanted << "\nis not among\n" << seen;
}

TEST(Rewrites, PythonLoops) {
  constexpr std::string_view kLoop = R"(def f(items, known):
    found = False
    for item in items:
        limit = item + len(known) * 2
        if item in known and limit > len(known) * 2:
            found = True
    return found
)";
  const auto all = rewritten(kLoop, Language::python);
  constexpr std::string_view kFor = "    for item in items";
  const auto before_it = [&](std::string_view line) {
    return std::string(line) + std::string(kFor);
  };
  expect_one(all, replaced(replaced(kLoop, "len(known) * 2", "hoisted"), kFor,
                           before_it("    hoisted = len(known) * 2\n")));
  expect_one(all, replaced(replaced(kLoop, "in known and", "in known_set and"), kFor,
                           before_it("    known_set = set(known)\n")));
  expect_one(all, replaced(kLoop, "found = True\n", "found = True\n            break\n"));
}

TEST(Rewrites, WhatChangesInTheLoopStaysThere) {
  const auto all = rewritten(R"(def f(n):
    out = [0]
    i = 0
    while len(out) < n:
        out.append(out[i] + 1)
        i += 1
    return out
)",
                             Language::python);
  for (const std::string& one : all) EXPECT_EQ(one.find("hoisted"), std::string::npos) << one;
}

TEST(Rewrites, PythonContainersAndMemory) {
  constexpr std::string_view kWalk = R"("""Says what it does."""
def f(start):
    seen = []
    queue = [start]
    while queue:
        at = queue.pop(0)
        seen.append(at)
    return seen
)";
  const auto all = rewritten(kWalk, Language::python);
  expect_one(all, replaced(replaced(kWalk, "seen = []", "seen = set()"), "append", "add"));
  std::string first_taken = replaced(kWalk, "[start]", "collections.deque([start])");
  first_taken = replaced(first_taken, "pop(0)", "popleft()");
  expect_one(all, replaced(first_taken, "def f", "import collections\ndef f"));
  expect_one(
      all, replaced(kWalk, "def f", "import functools\n@functools.lru_cache(maxsize=None)\ndef f"));
}

constexpr std::string_view kCpp = R"(#include <map>
#include <string>
#include <vector>

std::vector<int> f(std::string text, std::map<char, int> weights) {
  std::vector<int> out;
  for (int i = 0; i < text.size() * 2; ++i) {
    out.push_back(weights[text[0]] + i);
  }
  for (auto one : weights) out.push_back(one.second);
  return out;
}
)";

TEST(Rewrites, Cpp) {
  const auto all = rewritten(kCpp, Language::cpp);
  const auto with = [](std::string_view from, std::string_view to) {
    return replaced(kCpp, from, to);
  };
  expect_one(all, with("  for (int i", "  out.reserve(text.size() * 2);\n  for (int i"));
  expect_one(all, with("  for (auto", "  out.reserve(weights.size());\n  for (auto"));
  expect_one(all, with("auto one", "const auto& one"));
  expect_one(all, with("std::string text", "const std::string& text"));
  std::string hoisted =
      with("  for (int i", "  const auto& hoisted = text.size() * 2;\n  for (int i");
  hoisted.replace(hoisted.find("i < text.size() * 2"), 19, "i < hoisted");
  expect_one(all, hoisted);
  std::string hashed = with("std::map<", "std::unordered_map<");
  expect_one(all, "#include <unordered_map>\n" + hashed);
}

TEST(Rewrites, CppMemoisation) {
  const auto all = rewritten(
      "long ways(int n, const std::string& by) {\n  return n < 2 ? 1 : ways(n - 1, by);\n}\n",
      Language::cpp);
  expect_one(all, R"(#include <map>
#include <tuple>
#include <type_traits>
long ways(int n, const std::string& by);
long ways_computed(int n, const std::string& by) {
  return n < 2 ? 1 : ways(n - 1, by);
}
long ways(int n, const std::string& by) {
  static std::map<std::tuple<std::decay_t<int >, std::decay_t<const std::string& >>, std::decay_t<long>> known;
  const std::tuple<std::decay_t<int >, std::decay_t<const std::string& >> key(n, by);
  const auto at = known.find(key);
  if (at != known.end()) return at->second;
  return known[key] = ways_computed(n, by);
}
)");
}

TEST(Rewrites, StayWithinTheMarkedBlock) {
  const std::string text =
      "import sys\n# EVOLVE-BLOCK-START\ndef f(a):\n    return a\n# "
      "EVOLVE-BLOCK-END\nprint(f(2))\n";
  const auto all = rewritten(text, Language::python);
  ASSERT_EQ(all.size(), 1);
  EXPECT_TRUE(all.begin()->starts_with("import sys\n# EVOLVE-BLOCK-START\nimport functools\n"))
      << *all.begin();
}

TEST(Rewrites, RefinementFindsThem) {
  auto program = Program::parse(Language::cpp, std::string(kCpp));
  Random random(1);
  bool found = false;
  for (int i = 0; i < 60 && !found; ++i) {
    auto child =
        apply_operator(Operator::refinement, {.parent = *program, .evidence = {}, .file = {}},
                       NumericSearch(), random);
    found = child && child->code.find("unordered_map<") != std::string::npos;
  }
  EXPECT_TRUE(found);
}

TEST(TextEdits, KeepUtf8WholeAndShrinkOften) {
  const std::string text = "^(?:(ä|b)[0-9]{2})$";
  Random random(4);
  int shorter = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto other = text_changed(text, random);
    if (!other) continue;
    EXPECT_NE(*other, text);
    shorter += other->size() < text.size() ? 1 : 0;
    for (std::size_t at = 0; at < other->size(); ++at) {
      if ((*other)[at] == '\xC3') {
        ASSERT_LT(at + 1, other->size());
        EXPECT_EQ((*other)[at + 1], '\xA4');
      }
    }
  }
  EXPECT_GT(shorter, 800);
  EXPECT_FALSE(text_changed("", random));
  std::set<std::string> unwrapped;
  for (int i = 0; i < 200; ++i) unwrapped.insert(text_changed("a(?:bc)d", random).value_or(""));
  EXPECT_TRUE(unwrapped.contains("abcd"));
}

}  // namespace
}  // namespace leyden::evolve
