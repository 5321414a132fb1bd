#include "leyden/agents/review/diff/unified_diff.h"

#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "leyden/agents/review/diff/changes.h"
#include "leyden/base/files.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::review {
namespace {

using Lines = std::vector<std::pair<std::size_t, std::size_t>>;

FileDiff only_file(std::string_view text) {
  auto files = parse_diff(text);
  EXPECT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->size(), 1U);
  return files && files->size() == 1 ? (*files)[0] : FileDiff();
}
std::string wrong(std::string_view text) {
  auto files = parse_diff(text);
  return files ? "" : files.error().message;
}

TEST(UnifiedDiff, ReadsWhatGitPrints) {
  const FileDiff changed = only_file(
      "diff --git a/x y.c b/x y.c\nindex 1..2 100644\n--- a/x y.c\t\n+++ b/x y.c\t\n"
      "@@ -1,3 +1,3 @@ void f()\n a\n-b\n+B\n c\n\\ No newline at end of file\n");
  EXPECT_EQ(changed.new_path, "x y.c");
  EXPECT_EQ(changed.changed_lines(), (Lines{{2, 2}}));
  EXPECT_TRUE(changed.hunks[0].lines[3].without_newline);
  EXPECT_EQ(apply_in_reverse(changed, "a\nB\nc").value(), "a\nb\nc");
  EXPECT_FALSE(apply_in_reverse(changed, "a\nB\nc\n"));

  const FileDiff renamed =
      only_file("diff --git a/old b/new\nsimilarity index 100%\nrename from old\nrename to new\n");
  EXPECT_EQ(renamed.kind, FileDiff::Kind::renamed);
  EXPECT_EQ(renamed.old_path, "old");
  EXPECT_EQ(renamed.new_path, "new");

  const FileDiff quoted = only_file(
      "diff --git \"a/\\303\\244\\t\\\"\" \"b/\\303\\244\\t\\\"\"\nold mode 100644\nnew mode "
      "100755\n");
  EXPECT_EQ(quoted.new_path, "\303\244\t\"");
  EXPECT_EQ(quoted.new_mode, "100755");

  EXPECT_TRUE(
      only_file("diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n").binary);
  EXPECT_TRUE(only_file("diff --git a/s b/s\nindex 1..2 160000\n--- a/s\n+++ b/s\n@@ -1 +1 "
                        "@@\n-Subproject commit 1\n+Subproject commit 2\n")
                  .submodule);
  const FileDiff added = only_file("diff --git a/e b/e\nnew file mode 100644\nindex 000..e69\n");
  EXPECT_EQ(added.kind, FileDiff::Kind::added);
  EXPECT_EQ(added.new_path, "e");
  const FileDiff deleted = only_file(
      "diff --git a/d b/d\ndeleted file mode 100644\nindex 1..0\n--- a/d\n+++ /dev/null\n@@ -1 "
      "+0,0 @@\n-x\n");
  EXPECT_EQ(deleted.kind, FileDiff::Kind::deleted);
  EXPECT_EQ(apply_in_reverse(deleted, "").value(), "x\n");
  // `diff -u`, with times, and CRLF within the lines.
  const FileDiff plain = only_file(
      "--- old.c\t2026-01-01 00:00:00\n+++ new.c\t2026-01-02 00:00:00\n@@ -1,2 +1,2 @@\n "
      "a\r\n-b\r\n+c\r\n");
  EXPECT_EQ(plain.new_path, "new.c");
  EXPECT_EQ(apply_in_reverse(plain, "a\r\nc\r\n").value(), "a\r\nb\r\n");
  // A mail around it.
  EXPECT_EQ(parse_diff("From 1 Mon\nSubject: x\n\n---\n x | 2 +-\n\ndiff --git a/x b/x\n--- "
                       "a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39\n")
                ->size(),
            1U);
  EXPECT_TRUE(parse_diff("")->empty());
}

TEST(UnifiedDiff, SaysWhatItCanNotRead) {
  EXPECT_NE(wrong("diff --cc x\n@@@ -1 -1 +1 @@@\n").find("combined"), std::string::npos);
  EXPECT_NE(
      wrong("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n[-a-]{+b+}\n").find("word diff"),
      std::string::npos);
  EXPECT_NE(
      wrong("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n").find("ends within"),
      std::string::npos);
  EXPECT_NE(wrong("@@ -1 +1 @@\n-a\n+b\n").find("before any file"), std::string::npos);
  EXPECT_NE(wrong("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -x +1 @@\n").find("head of a hunk"),
            std::string::npos);
}

TEST(UnifiedDiff, TellsWhichLinesChanged) {
  const auto lines = [](std::string_view hunks) {
    return only_file("--- a/x\n+++ b/x\n" + std::string(hunks)).changed_lines();
  };
  EXPECT_EQ(lines("@@ -1,2 +1,4 @@\n a\n+b\n+c\n d\n"), (Lines{{2, 3}}));
  EXPECT_EQ(lines("@@ -5,3 +5,2 @@\n a\n-b\n c\n"), (Lines{{5, 5}}));
  EXPECT_EQ(lines("@@ -1,2 +0,0 @@\n-a\n-b\n"), (Lines{{1, 1}}));
}

// Random texts, compared by git itself: taken back, each gives what was there before, as `git apply -R` does.
TEST(UnifiedDiff, TakesBackWhatGitPrints) {
  const char* wanted = std::getenv("LEYDEN_TEST_DIFFS");
  const int rounds = wanted == nullptr ? 100 : std::atoi(wanted);
  std::mt19937 random(11);
  const TemporaryFolder folder;
  const auto before_file = folder.path() / "before";
  const auto after_file = folder.path() / "after";
  const auto diff_file = folder.path() / "diff";
  const auto git = [&](const std::string& options, const std::string& rest) {
    return std::system(
        ("cd '" + folder.path().string() + "' && git " + options + " " + rest).c_str());
  };
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::string> lines;
    const auto line = [&] {
      std::string text;
      for (std::size_t i = random() % 12; i > 0; --i)
        text += "ab -+@\\\t\r\xC3\xA4\xFF{"[random() % 14];
      return text;
    };
    for (std::size_t i = random() % 60; i > 0; --i) lines.push_back(line());
    auto changed = lines;
    for (std::size_t i = random() % 8; i > 0; --i) {
      const std::size_t at = changed.empty() ? 0 : random() % changed.size();
      if (random() % 3 == 0 && !changed.empty()) {
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));
      } else if (random() % 2 == 0 && !changed.empty()) {
        changed[at] = line();
      } else {
        changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), line());
      }
    }
    const auto text_of = [&](const std::vector<std::string>& all) {
      std::string text;
      for (const std::string& one : all) text += one + "\n";
      if (!text.empty() && random() % 4 == 0) text.pop_back();
      return text;
    };
    const std::string before = text_of(lines);
    const std::string after = text_of(changed);
    ASSERT_TRUE(write_file_atomically(before_file, before));
    ASSERT_TRUE(write_file_atomically(after_file, after));
    git("diff --no-index --text -U" + std::to_string(random() % 4), "before after > diff");
    const auto text = read_file(diff_file, std::size_t{1} << 20U);
    ASSERT_TRUE(text);
    const auto files = parse_diff(*text);
    ASSERT_TRUE(files) << files.error().message << "\n" << *text;
    if (before == after) {
      ASSERT_TRUE(files->empty());
      continue;
    }
    ASSERT_EQ(files->size(), 1U) << *text;
    const auto back = apply_in_reverse((*files)[0], after);
    ASSERT_TRUE(back) << back.error().message << "\n" << *text;
    ASSERT_EQ(*back, before) << *text;
  }
}

TEST(Changes, OfARepository) {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& command) {
    EXPECT_EQ(
        std::system(
            ("cd '" + folder.path().string() + "' && (" + command + ") > /dev/null 2>&1").c_str()),
        0)
        << command;
  };
  EXPECT_EQ(staged_changes(folder.path()).error().code, Errc::not_found);
  run("git init -q -b main && git config user.email a@b && git config user.name n");
  folder.write("a.py", "one\ntwo\nthree\nfour\nfive\n");
  folder.write("gone.py", "x\n");
  run("git add . && git commit -qm first && git checkout -qb work");
  folder.write("a.py", "one\nTWO\nthree\nfive\n");
  folder.write("new.py", "n\n");
  run("git rm -q gone.py && git add a.py");
  auto staged = staged_changes(folder.path());
  ASSERT_TRUE(staged) << staged.error().message;
  ASSERT_EQ(staged->inputs.size(), 1U);
  EXPECT_EQ(staged->inputs[0].path, "a.py");
  EXPECT_EQ(*staged->inputs[0].text, "one\nTWO\nthree\nfive\n");
  EXPECT_EQ(*staged->inputs[0].only, (std::vector<LineSpan>{{2, 3}}));
  auto since = changes_since(folder.path(), "main");
  ASSERT_TRUE(since) << since.error().message;
  ASSERT_EQ(since->inputs.size(), 2U);  // Untracked files count, too.
  EXPECT_EQ(since->inputs[1].path, "new.py");
  EXPECT_EQ(changes_since(folder.path(), "nobranch").error().code, Errc::not_found);

  run("git diff main > diff.txt");
  const auto text = read_file(folder.path() / "diff.txt", 1 << 20);
  auto told = changes_of_diff(*text, folder.path());
  ASSERT_TRUE(told) << told.error().message;
  ASSERT_EQ(told->inputs.size(), 1U);
  EXPECT_FALSE(told->inputs[0].text.has_value());
  EXPECT_EQ(*told->inputs[0].only, (std::vector<LineSpan>{{2, 3}}));
  folder.write("a.py", "something else\n");
  told = changes_of_diff(*text, folder.path());
  EXPECT_EQ(*told->inputs[0].text, "one\nTWO\nthree\nfive\n");
  EXPECT_EQ(told->notes.size(), 1U);
  // A diff may say anything: it leads to no file outside.
  told = changes_of_diff("--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n",
                         folder.path());
  EXPECT_TRUE(told->inputs.empty());
  EXPECT_EQ(told->skipped.size(), 1U);
}

}  // namespace
}  // namespace leyden::review
