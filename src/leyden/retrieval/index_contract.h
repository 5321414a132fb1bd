#pragma once

// What an Index promises (index.h), asked of every store. For tests only: each includes it and instantiates IndexContract with what opens
// it.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/index.h"

namespace leyden::retrieval::contract {

struct IndexStore {
  std::string name;
  // A store's place, empty at first, and what opens it.
  struct Place {
    virtual ~Place() = default;
    virtual std::unique_ptr<Index> open() = 0;
  };
  std::function<std::unique_ptr<Place>()>
      make;  // Null where its parts are not there: the test is skipped.
};

// For the names of tests.
inline void PrintTo(const IndexStore& store, std::ostream* out) { *out << store.name; }

class IndexContract : public ::testing::TestWithParam<IndexStore> {
 protected:
  using Names = std::vector<std::string>;
  using Set = std::set<std::string>;

  void SetUp() override {
    place_ = GetParam().make();
    if (!place_) GTEST_SKIP() << "no " << GetParam().name << " here: run ./dev setup";
    index_ = place_->open();
    ASSERT_TRUE(index_);
  }
  UpdateReport update(const Scope& scope = {}) { return update(*index_, scope); }
  UpdateReport update(Index& index, const Scope& scope = {}) {
    auto report = index.update(docs_.path(), {.scope = scope}, {}, {});
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : UpdateReport{};
  }
  std::vector<Passage> search(const SearchRequest& request) {
    auto answer = index_->search(request);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->passages : std::vector<Passage>();
  }
  Names found(std::string_view query, const Scope& scope = {}) {
    Names out;
    for (const Passage& passage :
         search({.scope = scope, .query = std::string(query), .top_k = 100}))
      out.push_back(passage.document);
    return out;
  }
  Set found(const Filter& filter, std::size_t top_k = 100) {
    Set out;
    for (const Passage& passage : search({.query = "glass", .top_k = top_k, .filter = filter}))
      out.insert(passage.document);
    return out;
  }
  // All that an index says of a scope.
  static std::multiset<std::string> content(Index& index) {
    std::multiset<std::string> out;
    for (std::uint64_t after = 0;;) {
      auto page = index.list({}, {.after = after, .limit = 7});
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return out;
      for (const Passage& p : page->passages)
        out.insert(fmt::format("{}:{}-{} {} {}\n{}", p.document, p.first_line, p.last_line,
                               p.content.hex(), p.context, p.text));
      after = page->next;
      if (after == 0) return out;
    }
  }
  static void expect_same_answers(Index& one, Index& other, const Names& queries) {
    for (const std::string& query : queries) {
      auto a = one.search({.query = query, .top_k = 50});
      auto b = other.search({.query = query, .top_k = 50});
      ASSERT_TRUE(a && b);
      ASSERT_EQ(a->passages.size(), b->passages.size()) << query;
      for (std::size_t i = 0; i < a->passages.size(); ++i) {
        EXPECT_EQ(a->passages[i].document, b->passages[i].document) << query << i;
        EXPECT_EQ(a->passages[i].first_line, b->passages[i].first_line) << query << i;
        EXPECT_DOUBLE_EQ(a->passages[i].score, b->passages[i].score) << query << i;
      }
    }
  }

  TemporaryFolder docs_;
  std::unique_ptr<IndexStore::Place> place_;
  std::unique_ptr<Index> index_;
};

TEST_P(IndexContract, FollowsTheFolder) {
  docs_.write("a.md", "# Jar\n\nGlass and foil.\n");
  docs_.write("b.md", "# Pile\n\nZinc and copper.\n");
  const UpdateReport first = update();
  EXPECT_EQ(first.files_added, 2U);
  EXPECT_EQ(first.passages_total, 2U);
  EXPECT_EQ(found("foil"), Names{"a.md"});
  EXPECT_EQ(update().files_unchanged, 2U);

  docs_.write("b.md", "# Pile\n\nZinc and silver.\n");
  EXPECT_EQ(update().files_changed, 1U);
  EXPECT_TRUE(found("copper").empty());
  EXPECT_EQ(found("silver"), Names{"b.md"});

  std::filesystem::remove(docs_.path() / "a.md");
  const UpdateReport last = update();
  EXPECT_EQ(last.files_removed, 1U);
  EXPECT_EQ(last.passages_total, 1U);
  EXPECT_TRUE(found("foil").empty());
}

TEST_P(IndexContract, APassageIsWhatStandsInTheFile) {
  // NULs far in a text file, a quote, a backslash, a tab and ill-formed UTF-8 in its name.
  const std::string text = "glass \\N \\. 'quoted' \"twice\" {braces}\tTab\n\\x41 end" +
                           std::string(9'000, ' ') + std::string("glass a\0b", 9);
  docs_.write("it's \"a\" \\ file\t{}.md", text);
  docs_.write("caf\xC3\xA9 \xFF.txt", "glass");
  docs_.write("empty.txt", "");
  update();
  std::string all;
  for (const Passage& passage : search({.query = "glass", .top_k = 10})) all += passage.text;
  EXPECT_NE(all.find(text.substr(0, text.find('\n'))), std::string::npos);
  EXPECT_NE(all.find(std::string_view("a\0b", 3)), std::string::npos);
  EXPECT_EQ(found({.paths = {"it's \"a\" \\ file\t{}.md"}}), Set{"it's \"a\" \\ file\t{}.md"});
  EXPECT_EQ(found({.paths = {"caf\xC3\xA9 ?.txt"}}), Set{"caf\xC3\xA9 \xEF\xBF\xBD.txt"});
  EXPECT_EQ(update().files_unchanged, 3U);
}

TEST_P(IndexContract, ListsPassagesPageByPage) {
  for (const char* name : {"a.md", "docs/b.md", "docs/deep/c.md", "docs%.md", "docs.md"})
    docs_.write(name, fmt::format("# One\n\n{0} one.\n\n# Two\n\n{0} two.\n", name));
  update();
  ASSERT_TRUE(index_->update(docs_.path() / "a.md", {.scope = {.collection = "other"}}, {}, {}));
  const auto listed = [&](const std::string& document, std::size_t limit) {
    std::map<std::string, int> passages;
    std::uint64_t after = 0;
    do {
      auto page = index_->list({}, {.document = document, .after = after, .limit = limit});
      EXPECT_TRUE(page);
      EXPECT_LE(page->passages.size(), limit);
      for (const Passage& passage : page->passages) ++passages[passage.document];
      after = page->next;
    } while (after != 0);
    return passages;
  };
  using Passages = std::map<std::string, int>;
  const auto all = listed("", 1000);
  EXPECT_EQ(all.size(), 5U);
  for (std::size_t limit : {1UL, 2UL, 3UL, 10UL}) EXPECT_EQ(listed("", limit), all);
  const int each = all.at("a.md");
  EXPECT_EQ(listed("a.md", 1), (Passages{{"a.md", each}}));
  EXPECT_EQ(listed("docs/", 1), (Passages{{"docs/b.md", each}, {"docs/deep/c.md", each}}));
  EXPECT_EQ(listed("docs%.md", 10), (Passages{{"docs%.md", each}}));
  EXPECT_TRUE(listed("none.md", 10).empty());
  EXPECT_TRUE(index_->list({.tenant = "none"}, {})->passages.empty());
  EXPECT_EQ(index_->list({}, {.limit = 0}).error().code, Errc::invalid_argument);
}

TEST_P(IndexContract, UnchangedPassagesOfAnEditedFileAreKept) {
  const auto part = [](std::string_view name, int number) {
    std::string out = fmt::format("# Part {}\n\n", name);
    for (int line = 0; line < 30; ++line)
      out += fmt::format("lightning number {}\n", number * 77 + line);
    return out + "\n";
  };
  std::string text;
  for (int i = 0; i < 20; ++i) text += part(std::to_string(i), i);
  docs_.write("a.md", text);
  update();
  docs_.write("a.md", part("new", 99) + text);
  const UpdateReport report = update();
  EXPECT_EQ(report.passages_added, 1U);
  EXPECT_EQ(report.passages_kept, 20U);
  EXPECT_EQ(report.passages_removed, 0U);
  EXPECT_EQ(search({.query = "lightning 99", .top_k = 100}).size(), 21U);
  const std::string now = part("new", 99) + text;
  for (const Passage& passage : index_->list({}, {})->passages) {
    const auto before = now.begin() + static_cast<std::ptrdiff_t>(now.find(passage.text));
    EXPECT_EQ(passage.first_line, 1U + std::count(now.begin(), before, '\n'));
  }
}

TEST_P(IndexContract, ScopesAreApart) {
  docs_.write("a.md", "secret recipe");
  update({.tenant = "one", .collection = "c"});
  EXPECT_EQ(found("recipe", {.tenant = "one", .collection = "c"}), Names{"a.md"});
  EXPECT_TRUE(found("recipe", {.tenant = "two", .collection = "c"}).empty());
  EXPECT_TRUE(found("recipe", {.tenant = "one", .collection = "d"}).empty());
  EXPECT_TRUE(found("recipe").empty());
  EXPECT_FALSE(index_->search({.scope = {.tenant = "", .collection = "c"}, .query = "x"}));
  EXPECT_FALSE(index_->search({.scope = {.tenant = "a\nb", .collection = "c"}, .query = "x"}));
  update({.tenant = "tw\"o'", .collection = "\\c{}"});
  const auto scopes = index_->scopes().value();
  ASSERT_EQ(scopes.size(), 2U);
  EXPECT_EQ(scopes[1].scope, (Scope{.tenant = "tw\"o'", .collection = "\\c{}"}));
  EXPECT_EQ(scopes[0].documents, 1U);
  EXPECT_EQ(scopes[0].passages, 1U);
  EXPECT_EQ(scopes[0].bytes, 13U);
}

TEST_P(IndexContract, FoldersShareAScopeWithoutRemovingEachOther) {
  docs_.write("a.md", "glass");
  TemporaryFolder other;
  other.write("b.md", "glass");
  update();
  ASSERT_TRUE(index_->update(other.path(), {}, {}, {}));
  update();
  EXPECT_EQ(found("glass"), (Names{"a.md", "b.md"}));
}

TEST_P(IndexContract, FiltersByPathAndLanguage) {
  for (const char* name :
       {"a.md", "src/b.cc", "src/deep/c.cc", "src/deep/d.py", "srcs.md", "s_c.md"})
    docs_.write(name, fmt::format("glass in {}", name));
  update();
  EXPECT_EQ(found({.paths = {"a.md"}}), Set{"a.md"});
  EXPECT_EQ(found({.paths = {"src/"}}), (Set{"src/b.cc", "src/deep/c.cc", "src/deep/d.py"}));
  EXPECT_EQ(found({.paths = {"src/"}, .languages = {"python"}}), Set{"src/deep/d.py"});
  EXPECT_EQ(found({.paths = {"*.cc", "a.??"}}), (Set{"a.md", "src/b.cc", "src/deep/c.cc"}));
  EXPECT_EQ(found({.languages = {"markdown", "python"}}),
            (Set{"a.md", "srcs.md", "s_c.md", "src/deep/d.py"}));
  EXPECT_EQ(found({.paths = {"src"}}), Set{});
  EXPECT_EQ(found({.paths = {"s_*"}}), Set{"s_c.md"});
  EXPECT_EQ(found({.paths = {"%"}}), Set{});
  EXPECT_EQ(found({.languages = {"zig"}}), Set{});
  EXPECT_EQ(found({.paths = {"srcs.md"}}, 1), Set{"srcs.md"});  // Within the search, not after it.
  EXPECT_EQ(index_->search({.query = "x", .filter = {.paths = {""}}}).error().code,
            Errc::invalid_argument);
}

TEST_P(IndexContract, EqualScoresAreInOrderOfDocumentAndLine) {
  for (const char* name : {"c.md", "B.md", "a.md", "\xC3\xA9.md", "d/a.md"})
    docs_.write(name, "glass");
  update();
  const Names expected = {"B.md", "a.md", "c.md", "\xC3\xA9.md"};
  Names names = found("glass");
  std::erase(names, "d/a.md");  // Its name has a word more.
  EXPECT_EQ(names, expected);
  for (std::size_t top_k : {1UL, 2UL, 3UL}) {
    const auto best = search({.query = "glass", .top_k = top_k});
    ASSERT_EQ(best.size(), top_k);
  }
}

TEST_P(IndexContract, AnyQueryHasAnAnswer) {
  docs_.write("x.h", "class TokenCachedRag {\n  Result find_or_encode(Keys keys);\n};\n");
  docs_.write("zh.md", "缓存保存文档的标记，以后不再分词。");
  docs_.write("de.md", "Der Zwischenspeicher für Größen");
  update();
  for (const char* query : {"TokenCachedRag", "cached", "find_or_encode", "encode"})
    EXPECT_EQ(found(query), Names{"x.h"}) << query;
  EXPECT_EQ(found("怎样分词？"), Names{"zh.md"});
  EXPECT_EQ(found("grossen fur"), Names{"de.md"});
  for (const std::string& query :
       {std::string(), std::string(" \t"), std::string("\" OR * NEAR( -"),
        std::string("'; DROP TABLE y; --"), std::string("a\0b", 3), std::string("\xFF\xFE"),
        std::string(100'000, '{'), std::string("{\\\"},NULL")})
    EXPECT_TRUE(found(query).empty()) << query.substr(0, 20);
  EXPECT_EQ(index_->search({.query = "x", .top_k = 0}).error().code, Errc::invalid_argument);
  std::string many;
  for (int i = 0; i < 2'000; ++i) many += fmt::format("word{} ", i);
  EXPECT_TRUE(found(many).empty());
}

TEST_P(IndexContract, WordsThatTellNothingFindNothingByThemselves) {
  docs_.write("a.md", "the jar is of glass");
  docs_.write("b.md", "the pile is of zinc");
  update();
  EXPECT_EQ(found("what is the glass"), Names{"a.md"});
  EXPECT_EQ(found("is the").size(), 2U);
}

TEST_P(IndexContract, WithoutAnEmbedderThereAreWordsOnly) {
  docs_.write("a.md", "glass");
  update();
  const auto best = index_->search({.query = "glass"});
  ASSERT_TRUE(best);
  EXPECT_EQ(best->used, Ranking::words);
  EXPECT_FALSE(best->why_no_vectors.empty());
  for (const Ranking ranking : {Ranking::vectors, Ranking::fused})
    EXPECT_EQ(index_->search({.query = "glass", .ranking = ranking}).error().code,
              Errc::unsupported);
}

TEST_P(IndexContract, WrongInputIsAnErrorThatSaysWhat) {
  auto error = [&](const std::filesystem::path& path) {
    return index_->update(path, {}, {}, {}).error();
  };
  EXPECT_EQ(error(docs_.path() / "absent").code, Errc::not_found);
  EXPECT_NE(error(docs_.path()).message.find("nothing to index"), std::string::npos);
  docs_.write("x.bin", std::string("a\0b", 3));
  EXPECT_NE(error(docs_.path() / "x.bin").message.find("binary"), std::string::npos);
  EXPECT_EQ(error(docs_.path()).code, Errc::invalid_argument);
  docs_.write("big.txt", std::string(3 * MiB, 'x'));
  docs_.write("a.md", "glass");
  auto report = index_->update(docs_.path(), {.file_bytes_max = 1 * MiB}, {}, {});
  ASSERT_TRUE(report);
  ASSERT_EQ(report->skipped.size(), 1U);
  EXPECT_NE(report->skipped[0].reason.find("--max-file-mib"), std::string::npos);
  EXPECT_EQ(report->files_binary, 1U);
}

TEST_P(IndexContract, ManyEditsGiveWhatAFreshIndexHas) {
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 40; ++i) {
      const std::string name = fmt::format("{}.md", random() % 60);
      if (random() % 4 == 0) {
        std::filesystem::remove(docs_.path() / name);
        continue;
      }
      std::string text;
      for (std::size_t part = random() % 12; part > 0; --part)
        text += fmt::format("# part {}\n\nglass jar {} of foil\n\n", part, random() % 50);
      docs_.write(name, text + "glass");
    }
    update();
  }
  const auto fresh_place = GetParam().make();
  const auto fresh = fresh_place->open();
  update(*fresh);
  EXPECT_EQ(content(*index_), content(*fresh));
  expect_same_answers(*index_, *fresh, {"glass", "foil 7", "part 3 jar 12"});
}

TEST_P(IndexContract, ACancelledUpdateIsCompletedByTheNext) {
  for (int i = 0; i < 200; ++i) docs_.write(fmt::format("{}.md", i), "glass");
  std::stop_source stop;
  const auto cancelled = index_->update(
      docs_.path(), {},
      [&](const UpdateProgress& progress) {
        if (progress.files_done > 100) stop.request_stop();
      },
      stop.get_token());
  EXPECT_EQ(cancelled.error().code, Errc::cancelled);
  EXPECT_GT(index_->scopes().value()[0].documents, 0U);
  update();
  EXPECT_EQ(index_->scopes().value()[0].documents, 200U);
}

TEST_P(IndexContract, TwoMayOpenItAtOnce) {
  docs_.write("a.md", "glass");
  const auto place = GetParam().make();
  std::unique_ptr<Index> opened[2];
  {
    std::jthread one([&] { opened[0] = place->open(); });
    std::jthread other([&] { opened[1] = place->open(); });
  }
  ASSERT_TRUE(opened[0] && opened[1]);
  update(*opened[0]);
  EXPECT_EQ(opened[1]->search({.query = "glass"})->passages.size(), 1U);
}

TEST_P(IndexContract, ASecondUpdateWaitsForTheFirst) {
  for (int i = 0; i < 20; ++i) docs_.write(fmt::format("{}.md", i), fmt::format("glass {}", i));
  std::jthread second;
  UpdateReport waited;
  const auto first = index_->update(docs_.path(), {},
                                    [&](const UpdateProgress& progress) {
                                      if (progress.files_done == 10) {
                                        second =
                                            std::jthread([&] { waited = update(*place_->open()); });
                                        std::this_thread::sleep_for(std::chrono::milliseconds(200));
                                      }
                                    },
                                    {});
  ASSERT_TRUE(first) << first.error().message;
  second.join();
  EXPECT_EQ(first->files_added, 20U);
  EXPECT_EQ(waited.files_unchanged, 20U);
  EXPECT_EQ(waited.passages_total, 20U);
}

TEST_P(IndexContract, ManyThreadsSearchDuringAnUpdate) {
  for (int i = 0; i < 100; ++i)
    docs_.write(fmt::format("{}.md", i), fmt::format("glass jar {}", i));
  update();
  for (int i = 0; i < 100; ++i)
    docs_.write(fmt::format("{}.md", i), fmt::format("glass jar again {}", i));
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 12; ++thread) {
    threads.emplace_back([this](const std::stop_token& stop) {
      do EXPECT_EQ(found("jar").size(), 100U);
      while (!stop.stop_requested());
    });
  }
  EXPECT_EQ(update().files_changed, 100U);
  for (auto& thread : threads) thread.request_stop();
}

}  // namespace leyden::retrieval::contract
