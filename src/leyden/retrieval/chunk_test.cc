#include "leyden/retrieval/chunk.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "leyden/base/utf8.h"

namespace leyden::retrieval {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

std::size_t tokens_of(std::string_view text) { return (text.size() + 3) / 4; }

std::string_view text_of(const Chunk& part, std::string_view text) {
  return text.substr(part.begin, part.end - part.begin);
}

std::string repository_file(const std::string& path) {
  std::ifstream file(LEYDEN_SOURCE_DIR "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// What every cut must hold: in order, apart (or overlapping as asked), bounded, whole characters, no text lost, lines counted right.
void check_chunks(std::string_view path, std::string_view text, const ChunkOptions& options = {}) {
  ASSERT_TRUE(options.check());
  std::size_t at = 0;
  std::size_t begin_before = 0;
  auto only_space = [&](std::size_t begin, std::size_t end) {
    return text.substr(begin, end - begin).find_first_not_of(kSpace) == std::string_view::npos;
  };
  std::size_t lines = 1;
  std::size_t counted = 0;
  for (const Chunk& part : chunk(path, text, options)) {
    ASSERT_LT(part.begin, part.end);
    if (part.begin < at) {
      ASSERT_GT(part.begin, begin_before);
      ASSERT_EQ(text[part.begin - 1], '\n');
      ASSERT_LE(tokens_of(text.substr(part.begin, at - part.begin)), options.overlap_tokens);
    } else {
      ASSERT_TRUE(only_space(at, part.begin));
    }
    // A line's quarter of bytes is rounded up, so that the sum of lines is no less than the chunk's.
    ASSERT_LE(tokens_of(text_of(part, text)), options.max_tokens);
    ASSERT_TRUE(utf8::is_valid(text_of(part, text)));
    ASSERT_TRUE(utf8::is_valid(part.context));
    ASSERT_EQ(part.context.find('\n'), std::string::npos);
    ASSERT_LE(part.context.size(), 600U);
    ASSERT_FALSE(only_space(part.begin, part.end));
    if (part.begin < counted) {
      counted = 0;
      lines = 1;
    }
    lines += static_cast<std::size_t>(
        std::ranges::count(text.substr(counted, part.begin - counted), '\n'));
    counted = part.begin;
    ASSERT_EQ(part.first_line, lines);
    ASSERT_GE(part.last_line, part.first_line);
    begin_before = part.begin;
    at = part.end;
  }
  ASSERT_TRUE(only_space(at, text.size()));
}

// Parts of what languages are made of, in any order.
std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"\n",
                                                 "\n\n",
                                                 "# Head\n",
                                                 "```\n",
                                                 "```cpp\n",
                                                 "word ",
                                                 "  indented\n",
                                                 "}\n",
                                                 "{\n",
                                                 "é",
                                                 "long_long_long_word\n",
                                                 "class A {\n",
                                                 "  void f() {\n",
                                                 "def f(x):\n",
                                                 "    return 1\n",
                                                 "Title\n=====\n",
                                                 "// note\n",
                                                 "/** doc\n",
                                                 "*/\n",
                                                 "日本語。",
                                                 "(((",
                                                 "\"\"\"\n",
                                                 "\t",
                                                 "---\n",
                                                 "'"};
  std::string text;
  for (std::size_t i = random() % 200; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

constexpr std::string_view kPaths[] = {"a.md",  "a.c",    "a.cc",  "a.py",  "a.js", "a.ts",
                                       "a.tsx", "a.go",   "a.rs",  "a.rb",  "a.sh", "a.php",
                                       "a.cs",  "a.java", "a.txt", "a.rst", "a.kt", "a.json"};

TEST(Chunk, HoldsItsPromisesOnAnyText) {
  check_chunks("a.txt", "");
  check_chunks("a.txt", " \n\t\n");
  check_chunks("a.txt", "one line without an end");
  std::string windows = repository_file("docs/architecture.md");
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2)
    windows.insert(at, "\r");
  check_chunks("a.md", windows);
  std::string wide;
  while (wide.size() < 100'000) wide += "日本語😀";
  check_chunks("a.txt", wide);
  std::mt19937 random(4);
  for (int round = 0; round < 600; ++round) {
    const ChunkOptions options{.target_tokens = 16 + random() % 30,
                               .max_tokens = 48 + random() % 40,
                               .overlap_tokens = round % 3 == 0 ? random() % 9 : 0};
    const std::string text = random_text(random);
    const std::string_view path = kPaths[static_cast<std::size_t>(round) % std::size(kPaths)];
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, text, options)) << path << "\n" << text;
  }
}

TEST(Chunk, HoldsItsPromisesOnHostileText) {
  std::string lines;
  std::string headings;
  for (int i = 0; i < 100'000; ++i) {
    lines += "x\n";
    headings += std::string(1 + i % 6, '#') + " h\n";
  }
  for (std::string_view path : {"a.cc", "a.py", "a.ts", "a.md", "a.txt"}) {
    SCOPED_TRACE(path);
    ASSERT_NO_FATAL_FAILURE(check_chunks(
        path, std::string(path == std::string_view("a.ts") ? 5'000'000 : 500'000, 'x')));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, std::string(200'000, '(')));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, std::string(200'000, '{')));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, std::string(1'000'000, '\0')));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, lines));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, headings));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, "```\n" + headings));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, "a" + std::string(1'000'000, '\n') + "b"));
    ASSERT_NO_FATAL_FAILURE(check_chunks(path, "a" + std::string(1'000'000, ' ') + "b"));
  }
  std::string nested;
  for (int i = 0; i < 20'000; ++i) nested += "namespace a { class b { void f() { ";
  ASSERT_NO_FATAL_FAILURE(check_chunks("a.cc", nested));
}

// The chunks that an edit of one line changes or makes, text and context, over many edits.
TEST(Chunk, AnEditChangesOnlyWhatIsNear) {
  std::mt19937 random(8);
  for (std::string path :
       {"src/leyden/retrieval/stores/sqlite/sqlite_update.cc", "src/leyden/retrieval/index.h",
        "tests/reference/parity.py", "tools/setup/setup.sh", "docs/redis.md"}) {
    const std::string text = repository_file(path);
    for (std::size_t overlap : {std::size_t{0}, std::size_t{40}}) {
      const ChunkOptions options{
          .target_tokens = 120, .max_tokens = 240, .overlap_tokens = overlap};
      auto chunks_of = [&](const std::string& version) {
        std::set<std::string> out;
        for (const Chunk& part : chunk(path, version, options))
          out.insert(part.context + "\n\n" + std::string(text_of(part, version)));
        return out;
      };
      const std::set<std::string> before = chunks_of(text);
      std::size_t changed_sum = 0;
      std::size_t changed_max = 0;
      constexpr std::size_t kEdits = 60;
      for (std::size_t edit = 0; edit < kEdits; ++edit) {
        std::string edited = text;
        const std::size_t line = edited.find('\n', random() % (edited.size() - 200)) + 1;
        const std::size_t end = edited.find('\n', line) + 1;
        const std::string inserted = "    an inserted line " + std::to_string(edit) + ";\n";
        if (edit % 3 == 0) edited.insert(line, inserted);
        if (edit % 3 == 1) edited.erase(line, end - line);
        if (edit % 3 == 2) edited.replace(line, end - line, inserted);
        std::size_t changed = 0;
        for (const std::string& each : chunks_of(edited)) changed += before.contains(each) ? 0 : 1;
        changed_sum += changed;
        changed_max = std::max(changed_max, changed);
      }
      const double mean = static_cast<double>(changed_sum) / kEdits;
      RecordProperty(path + std::to_string(overlap), std::to_string(mean));
      // Among the edits are deleted brackets, of which some cost the class that holds the whole file its node in the tree: then the
      // context of all chunks in it changes. Edits that break nothing have a test of their own.
      EXPECT_LE(mean, overlap == 0 ? 6.0 : 8.0)
          << path << ": at most " << changed_max << " of " << before.size();
    }
  }
}

TEST(Chunk, AnEditThatBreaksNothingChangesThreeChunksAtMost) {
  const std::string path = "src/leyden/retrieval/stores/sqlite/sqlite_update.cc";
  const std::string text = repository_file(path);
  auto chunks_of = [&](const std::string& version) {
    std::set<std::string> out;
    for (const Chunk& part : chunk(path, version, {}))
      out.insert(part.context + "\n\n" + std::string(text_of(part, version)));
    return out;
  };
  const std::set<std::string> before = chunks_of(text);
  std::mt19937 random(9);
  for (int edit = 0; edit < 100; ++edit) {
    std::string edited = text;
    edited.insert(edited.find('\n', random() % (edited.size() - 200)) + 1,
                  "  // A comment that was inserted: " + std::to_string(edit) + "\n");
    std::size_t changed = 0;
    for (const std::string& each : chunks_of(edited)) changed += before.contains(each) ? 0 : 1;
    EXPECT_LE(changed, 3U) << edit;
  }
}

TEST(Chunk, CodeIsCutBetweenDefinitionsAndSaysWhatItStandsIn) {
  std::string text =
      "#include <map>\n\nnamespace app {\n\n// Holds things.\nclass Store : public Base {\n "
      "public:\n";
  for (int i = 0; i < 6; ++i) {
    text += "  // Does step " + std::to_string(i) + ".\n  int step_" + std::to_string(i) +
            "(int a) {\n";
    for (int line = 0; line < 8; ++line) text += "    a += table_[" + std::to_string(line) + "];\n";
    text += "    return a;\n  }\n";
  }
  text += "  // Is too long for one.\n  void long_one() {\n";
  for (int line = 0; line < 60; ++line)
    text += "    call_number(" + std::to_string(line) + ", table_);\n";
  text += "  }\n};\n\n}  // namespace app\n";
  auto parts = chunk("store.cc", text, {.target_tokens = 100, .max_tokens = 160});
  std::set<std::string> contexts;
  for (const Chunk& part : parts) {
    contexts.insert(part.context);
    const std::string_view body = text_of(part, text);
    // A method that fits is whole, with its comment.
    for (int i = 0; i < 6; ++i) {
      const std::string name = "int step_" + std::to_string(i);
      if (body.find(name) == std::string_view::npos) continue;
      EXPECT_NE(body.find("// Does step " + std::to_string(i)), std::string_view::npos);
      const std::size_t begin = body.find(name);
      EXPECT_NE(body.find("return a;", begin), std::string_view::npos) << body;
    }
  }
  EXPECT_TRUE(contexts.contains("class Store : public Base"));
  EXPECT_TRUE(contexts.contains("class Store : public Base > void long_one()"));
}

TEST(Chunk, HeadingsAreWhatMarkdownIsCutAtAndItsContext) {
  std::string text = "---\ntitle: x\n---\n# Manual\n\nIntroduction.\n\n";
  for (const char* name : {"Debian", "Fedora"}) {
    text += std::string("## Install on ") + name + " ##\n\n";
    for (int i = 0; i < 12; ++i)
      text += "Sentence " + std::to_string(i) + " is about it and says more.\n\n";
    text += "```\n# no heading\n```\n\n";
  }
  text += "Use\n---\n\nRun it.\n";
  auto parts = chunk("a.md", text, {.target_tokens = 60, .max_tokens = 100});
  std::set<std::string> contexts;
  for (const Chunk& part : parts) contexts.insert(part.context);
  EXPECT_EQ(contexts, (std::set<std::string>{"", "Manual", "Manual > Install on Debian",
                                             "Manual > Install on Fedora"}));
  EXPECT_TRUE(std::ranges::any_of(parts, [&](const Chunk& part) {
    return text_of(part, text).starts_with("## Install on Fedora") && part.context == "Manual";
  }));
}

TEST(Chunk, HeadingsOfOtherMarkup) {
  const std::string body = [] {
    std::string lines;
    for (int i = 0; i < 20; ++i) lines += "Some words of paragraph " + std::to_string(i) + ".\n\n";
    return lines;
  }();
  auto last_context = [&](std::string_view path, const std::string& text) {
    return chunk(path, text, {.target_tokens = 40, .max_tokens = 60}).back().context;
  };
  EXPECT_EQ(last_context("a.rst", "=====\nGuide\n=====\n\nHello.\n\nPart one\n--------\n\n" + body),
            "Guide > Part one");
  EXPECT_EQ(last_context("a.adoc", "= Guide\n\nHello.\n\n== Part one\n\n" + body),
            "Guide > Part one");
  EXPECT_EQ(last_context("a.org", "* Guide\n\nHello.\n\n** Part one\n\n" + body),
            "Guide > Part one");
  EXPECT_EQ(
      last_context("a.tex", "\\section{Guide}\n\nHello.\n\n\\subsection*{Part one}\n\n" + body),
      "Guide > Part one");
  EXPECT_EQ(last_context("a.txt", "Guide\n=====\n\n" + body), "");
}

TEST(Chunk, SmallDefinitionsAreJoined) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += "int get_" + std::to_string(i) + "() { return " + std::to_string(i) + "; }\n";
  auto parts = chunk("a.c", text, {});
  const std::size_t mean = tokens_of(text) / parts.size();
  EXPECT_GE(mean, 100U);
  EXPECT_LE(mean, 300U);
}

TEST(Chunk, SizesAreThoseOfTheTokenizer) {
  // A token a byte: what fits a quarter of the bytes is four times too long.
  const ChunkOptions options{.count_tokens = [](std::string_view text) { return text.size(); },
                             .tokenizer_name = "bytes"};
  const std::string text = repository_file("docs/architecture.md");
  for (const Chunk& part : chunk("a.md", text, options))
    EXPECT_LE(part.end - part.begin, options.max_tokens);
  EXPECT_EQ(options.name(), "2 300/600/0 bytes");
  EXPECT_EQ(ChunkOptions{}.name(), "2 300/600/0 bytes/4");
}

TEST(ChunkOptions, NamesWhatIsOutOfRange) {
  EXPECT_FALSE((ChunkOptions{.target_tokens = 10, .max_tokens = 100}.check()));
  EXPECT_FALSE((ChunkOptions{.target_tokens = 1000, .max_tokens = 100}.check()));
  EXPECT_FALSE(
      (ChunkOptions{.target_tokens = 100, .max_tokens = 100, .overlap_tokens = 51}.check()));
  EXPECT_TRUE(ChunkOptions{}.check());
}

}  // namespace
}  // namespace leyden::retrieval
