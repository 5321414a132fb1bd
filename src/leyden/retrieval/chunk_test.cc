#include "leyden/retrieval/chunk.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "leyden/base/utf8.h"

namespace leyden::retrieval {
namespace {

std::string code_text(int functions) {
  std::string text = "#include <x>\n\n";
  for (int i = 0; i < functions; ++i) {
    text += "int function_" + std::to_string(i) + "(int a) {\n";
    for (int line = 0; line < 4 + i % 9; ++line) {
      text +=
          "  a += " + std::to_string(i * 31 + line) + ";  // step " + std::to_string(line) + "\n";
    }
    text += "  return a;\n}\n\n";
  }
  return text;
}

std::string markdown_text(int sections) {
  std::string text = "# Title\n\nIntroduction.\n";
  for (int i = 0; i < sections; ++i) {
    text += "\n### Part " + std::to_string(i) + "\n\n";
    for (int line = 0; line < 3 + i % 5; ++line)
      text += "Sentence " + std::to_string(i * 7 + line) + " of this part says something.\n";
    text += "\n```\n# no heading\n\ncode " + std::to_string(i) + "\n```\n";
  }
  return text;
}

std::set<std::string> texts_of(std::string_view path, std::string_view text) {
  std::set<std::string> out;
  for (const Chunk& part : chunk(path, text, {}))
    out.emplace(text.substr(part.begin, part.end - part.begin));
  return out;
}

// What every cut must hold: in order, apart, bounded, whole characters, no text lost, lines counted right.
void check_chunks(std::string_view path, std::string_view text, const ChunkOptions& options = {}) {
  std::size_t at = 0;
  std::size_t lines = 1;
  std::size_t counted = 0;
  auto only_space = [&](std::size_t begin, std::size_t end) {
    return text.substr(begin, end - begin).find_first_not_of(" \t\r\n\f\v") ==
           std::string_view::npos;
  };
  for (const Chunk& part : chunk(path, text, options)) {
    ASSERT_GE(part.begin, at);
    ASSERT_TRUE(only_space(at, part.begin));
    ASSERT_LE(part.end - part.begin, options.max_bytes);
    ASSERT_TRUE(utf8::is_valid(text.substr(part.begin, part.end - part.begin)));
    ASSERT_FALSE(only_space(part.begin, part.end));
    lines += static_cast<std::size_t>(
        std::ranges::count(text.substr(counted, part.begin - counted), '\n'));
    counted = part.begin;
    ASSERT_EQ(part.first_line, lines);
    at = part.end;
  }
  ASSERT_TRUE(only_space(at, text.size()));
}

TEST(Chunk, HoldsItsPromisesOnAnyText) {
  check_chunks("a.cc", code_text(80));
  check_chunks("a.md", markdown_text(60));
  check_chunks("a.txt", "");
  check_chunks("a.txt", " \n\t\n");
  check_chunks("a.txt", "one line without an end");
  std::string windows = markdown_text(20);
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2)
    windows.insert(at, "\r");
  check_chunks("a.md", windows);
  std::string wide;
  while (wide.size() < 100'000) wide += "日本語😀";
  check_chunks("a.txt", wide);
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::size_t i = random() % 200; i > 0; --i) {
      static constexpr std::string_view kPieces[] = {"\n",    "\n\n",  "# Head\n",
                                                     "```\n", "word ", "  indented\n",
                                                     "}\n",   "é",     "long_long_long_word\n"};
      text += kPieces[random() % std::size(kPieces)];
    }
    check_chunks(round % 2 == 0 ? "a.md" : "a.c", text, {.target_bytes = 64, .max_bytes = 100});
  }
}

TEST(Chunk, ALineOfManyMegabytesIsCutInLinearTime) {
  check_chunks("a.json", std::string(20'000'000, 'x'));
}

TEST(Chunk, AnEditChangesOnlyWhatIsNear) {
  std::mt19937 random(8);
  for (const auto& [path, text] :
       {std::pair<std::string, std::string>("a.cc", code_text(80)), {"a.md", markdown_text(60)}}) {
    std::set<std::string> before = texts_of(path, text);
    std::size_t changed = 0;
    constexpr int kRounds = 200;
    for (int round = 0; round < kRounds; ++round) {
      std::string edited = text;
      std::size_t line = edited.find('\n', random() % (edited.size() - 200)) + 1;
      edited.insert(line, "  an inserted line " + std::to_string(round) + "\n");
      for (const std::string& each : texts_of(path, edited))
        changed += before.contains(each) ? 0 : 1;
    }
    EXPECT_LE(static_cast<double>(changed) / kRounds, 4.0) << path << " of " << before.size();
  }
}

TEST(Chunk, SectionsBeginAtHeadings) {
  std::string text = "# One\n\ntext\n\n## Two\n\ntext\n\n```\n# not a heading\n```\n";
  auto parts = chunk("a.md", text, {});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(text.substr(parts[1].begin).starts_with("## Two"));
}

TEST(ChunkOptions, NamesWhatIsOutOfRange) {
  EXPECT_FALSE((ChunkOptions{.target_bytes = 10, .max_bytes = 100}.check()));
  EXPECT_FALSE((ChunkOptions{.target_bytes = 1000, .max_bytes = 100}.check()));
  EXPECT_TRUE(ChunkOptions{}.check());
}

}  // namespace
}  // namespace leyden::retrieval
