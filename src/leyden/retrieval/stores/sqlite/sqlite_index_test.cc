#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

#include <atomic>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/stores/sqlite/passage_filter.h"
#include "leyden/retrieval/stores/sqlite/posting_block.h"
#include "leyden/retrieval/stores/sqlite/schema.h"

namespace leyden::retrieval {
namespace {

class SqliteIndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<Index> open(bool read_only = false) {
    auto index = open_sqlite_index({.file = file(), .read_only = read_only});
    EXPECT_TRUE(index) << index.error().message;
    return index ? *std::move(index) : nullptr;
  }
  std::filesystem::path file() const { return data_.path() / "index.sqlite"; }
  UpdateReport update(Index& index, const Scope& scope = {}) {
    auto report = index.update(docs_.path(), {.scope = scope}, {}, {});
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : UpdateReport{};
  }
  static std::vector<std::string> found(Index& index, std::string_view query,
                                        const Scope& scope = {}) {
    std::vector<std::string> documents;
    auto passages = index.search({.scope = scope, .query = std::string(query), .top_k = 100});
    EXPECT_TRUE(passages) << passages.error().message;
    for (const Passage& passage : passages->passages) documents.push_back(passage.document);
    return documents;
  }
  // What an index says of its passages, to compare two by.
  static std::map<Digest, std::string> all(Index& index, std::string_view query) {
    std::map<Digest, std::string> out;
    const auto answer = index.search({.query = std::string(query), .top_k = 10'000});
    for (const Passage& p : answer.value().passages) {
      out[p.content] = fmt::format("{}:{}-{}\n{}", p.document, p.first_line, p.last_line, p.text);
    }
    return out;
  }

  TemporaryFolder docs_;
  TemporaryFolder data_;
};

using Names = std::vector<std::string>;

TEST_F(SqliteIndexTest, FollowsTheFolder) {
  docs_.write("a.md", "# Jar\n\nGlass and foil.\n");
  docs_.write("b.md", "# Pile\n\nZinc and copper.\n");
  auto index = open();
  EXPECT_EQ(update(*index).files_added, 2U);
  EXPECT_EQ(found(*index, "foil"), Names{"a.md"});
  EXPECT_EQ(update(*index).files_unchanged, 2U);

  docs_.write("b.md", "# Pile\n\nZinc and silver.\n");
  UpdateReport changed = update(*index);
  EXPECT_EQ(changed.files_changed, 1U);
  EXPECT_TRUE(found(*index, "copper").empty());
  EXPECT_EQ(found(*index, "silver"), Names{"b.md"});

  std::filesystem::remove(docs_.path() / "a.md");
  EXPECT_EQ(update(*index).files_removed, 1U);
  EXPECT_TRUE(found(*index, "foil").empty());
}

TEST_F(SqliteIndexTest, ListsPassagesPageByPage) {
  for (const char* name : {"a.md", "docs/b.md", "docs/deep/c.md", "docs%.md", "docs.md"}) {
    docs_.write(name, fmt::format("# One\n\n{0} one.\n\n# Two\n\n{0} two.\n", name));
  }
  auto index = open();
  update(*index);
  auto other = docs_.path();
  ASSERT_TRUE(index->update(other / "a.md", {.scope = {.collection = "other"}}, {}, {}));
  auto listed = [&](const std::string& document, std::size_t limit) {
    std::map<std::string, int> passages;
    std::uint64_t after = 0;
    do {
      auto page = index->list({}, {.document = document, .after = after, .limit = limit});
      EXPECT_TRUE(page);
      EXPECT_LE(page->passages.size(), limit);
      for (const auto& passage : page->passages) {
        ++passages[passage.document];
        EXPECT_NE(passage.text.find(passage.document), std::string::npos);
      }
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
  EXPECT_TRUE(index->list({.tenant = "none"}, {})->passages.empty());
  EXPECT_EQ(index->list({}, {.limit = 0}).error().code, Errc::invalid_argument);
}

TEST_F(SqliteIndexTest, UnchangedPassagesOfAnEditedFileKeepTheirDigest) {
  // Each as long as a passage, so that none is joined with another.
  auto part = [](std::string_view name, int number) {
    std::string out = fmt::format("# Part {}\n\n", name);
    for (int line = 0; line < 30; ++line)
      out += fmt::format("lightning number {}\n", number * 77 + line);
    return out + "\n";
  };
  std::string text;
  for (int i = 0; i < 20; ++i) text += part(std::to_string(i), i);
  docs_.write("a.md", text);
  auto index = open();
  update(*index);
  auto before = all(*index, "lightning");
  docs_.write("a.md", part("new", 99) + text);
  UpdateReport report = update(*index);
  EXPECT_EQ(report.passages_added, 1U);
  EXPECT_EQ(report.passages_kept, 20U);
  EXPECT_EQ(report.passages_removed, 0U);
  auto after = all(*index, "lightning");
  for (const auto& [content, what] : before) EXPECT_TRUE(after.contains(content)) << what;
}

TEST_F(SqliteIndexTest, FindsIdentifiersByTheirParts) {
  docs_.write("x.h", "class TokenCachedRag {\n  Result find_or_encode(Keys keys);\n};\n");
  docs_.write("y.h", "class Other {};\n");
  auto index = open();
  update(*index);
  for (const char* query :
       {"TokenCachedRag", "tokencachedrag", "cached", "find_or_encode", "encode"}) {
    EXPECT_EQ(found(*index, query), Names{"x.h"}) << query;
  }
  EXPECT_TRUE(found(*index, "\" OR * NEAR( -").empty());  // "or" is in it, and tells nothing.
  EXPECT_FALSE(index->search({.query = "x", .top_k = 0}));
}

TEST_F(SqliteIndexTest, ScopesAreApart) {
  docs_.write("a.md", "secret recipe");
  auto index = open();
  update(*index, {.tenant = "one", .collection = "c"});
  EXPECT_EQ(found(*index, "recipe", {.tenant = "one", .collection = "c"}), Names{"a.md"});
  EXPECT_TRUE(found(*index, "recipe", {.tenant = "two", .collection = "c"}).empty());
  EXPECT_TRUE(found(*index, "recipe").empty());
  EXPECT_FALSE(index->search({.scope = {.tenant = "", .collection = "c"}, .query = "x"}));
  EXPECT_FALSE(index->search({.scope = {.tenant = "a\nb", .collection = "c"}, .query = "x"}));
  EXPECT_EQ(index->scopes().value().size(), 1U);
}

TEST_F(SqliteIndexTest, TwoFoldersShareAScopeWithoutRemovingEachOther) {
  docs_.write("a.md", "glass");
  TemporaryFolder other;
  other.write("b.md", "glass");
  auto index = open();
  update(*index);
  ASSERT_TRUE(index->update(other.path(), {}, {}, {}));
  EXPECT_EQ(found(*index, "glass").size(), 2U);
  update(*index);
  EXPECT_EQ(found(*index, "glass").size(), 2U);
}

TEST_F(SqliteIndexTest, WrongInputIsAnErrorThatSaysWhat) {
  auto index = open();
  auto error = [&](const std::filesystem::path& path) {
    return index->update(path, {}, {}, {}).error();
  };
  EXPECT_EQ(error(docs_.path() / "absent").code, Errc::not_found);
  EXPECT_NE(error(docs_.path()).message.find("nothing to index"), std::string::npos);
  docs_.write("x.bin", std::string("a\0b", 3));
  EXPECT_NE(error(docs_.path() / "x.bin").message.find("binary"), std::string::npos);
  EXPECT_EQ(error(docs_.path()).code, Errc::invalid_argument);
  docs_.write("big.txt", std::string(3 * MiB, 'x'));
  docs_.write("a.md", "glass");
  auto report = index->update(docs_.path(), {.file_bytes_max = 1 * MiB}, {}, {});
  ASSERT_TRUE(report);
  ASSERT_EQ(report->skipped.size(), 1U);
  EXPECT_NE(report->skipped[0].reason.find("--max-file-mib"), std::string::npos);
  EXPECT_EQ(report->files_binary, 1U);
}

TEST_F(SqliteIndexTest, WhatIsNoIndexIsRefused) {
  EXPECT_EQ(open_sqlite_index({.file = file(), .read_only = true}).error().code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(file()));
  ASSERT_TRUE(write_file_atomically(file(), std::string(10'000, 'x')));
  EXPECT_EQ(open_sqlite_index({.file = file()}).error().code, Errc::corrupt);
  std::filesystem::remove(file());
  sqlite3* foreign = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &foreign), SQLITE_OK);
  sqlite3_exec(foreign, "CREATE TABLE t(x)", nullptr, nullptr, nullptr);
  sqlite3_close(foreign);
  EXPECT_EQ(open_sqlite_index({.file = file()}).error().code, Errc::corrupt);
}

TEST_F(SqliteIndexTest, SearchesGoOnDuringAnUpdate) {
  for (int i = 0; i < 200; ++i)
    docs_.write(fmt::format("{}.md", i), fmt::format("glass jar {}", i));
  auto index = open();
  update(*index);
  for (int i = 0; i < 200; ++i)
    docs_.write(fmt::format("{}.md", i), fmt::format("glass jar again {}", i));
  std::atomic<bool> done = false;
  std::jthread searcher([&] {
    while (!done) EXPECT_EQ(found(*index, "jar").size(), 100U);
  });
  EXPECT_EQ(update(*index).files_changed, 200U);
  done = true;
}

TEST_F(SqliteIndexTest, ACancelledUpdateIsCompletedByTheNext) {
  for (int i = 0; i < 200; ++i) docs_.write(fmt::format("{}.md", i), "glass");
  auto index = open();
  std::stop_source stop;
  auto cancelled = index->update(
      docs_.path(), {},
      [&](const UpdateProgress& progress) {
        progress.files_done > 100 ? stop.request_stop() : false;
      },
      stop.get_token());
  EXPECT_EQ(cancelled.error().code, Errc::cancelled);
  EXPECT_GT(index->scopes().value()[0].documents, 0U);
  update(*index);
  EXPECT_EQ(index->scopes().value()[0].documents, 200U);
}

// Every table's content, but for numbers that tell only in which order things were done.
std::string content_of(const std::filesystem::path& file) {
  auto database = sql::Database::open(file, index_file_kind(), sql::OpenMode::existing);
  EXPECT_TRUE(database);
  std::string out;
  const std::vector<std::pair<const char*, int>> queries = {
      {"SELECT passages, length FROM scopes", 2},
      {"SELECT count(*) FROM refill", 1},
      {"SELECT name, language, chunking, hex(digest) FROM documents ORDER BY name", 4},
      {"SELECT d.name, p.first_line, p.last_line, p.bytes, hex(p.content), t.context, t.text FROM "
       "passages p JOIN documents d ON d.id = p.document JOIN texts t ON t.passage = p.id ORDER "
       "BY 1, 2",
       7},
      {"SELECT word, passages FROM words ORDER BY 1", 2}};
  for (const auto& [query, columns] : queries) {
    sql::Statement read(*database, query);
    while (read.step().value()) {
      for (int i = 0; i < columns; ++i) out += std::string(read.text(i)) + "|";
      out += '\n';
    }
  }
  // All postings, by the passages' places.
  std::map<std::int64_t, std::string> places;
  sql::Statement read_places(*database,
                             "SELECT p.id, d.name || ':' || p.first_line FROM passages p JOIN "
                             "documents d ON d.id = p.document");
  while (read_places.step().value()) places[read_places.number(0)] = read_places.text(1);
  std::set<std::string> postings;
  sql::Statement blocks(*database,
                        "SELECT word, tail FROM words UNION ALL SELECT word, block FROM postings");
  while (blocks.step().value()) {
    std::vector<Posting> block;
    EXPECT_TRUE(decode_postings(blocks.blob(1), block));
    for (const Posting& posting : block) {
      EXPECT_TRUE(places.contains(posting.passage));
      EXPECT_TRUE(postings
                      .insert(fmt::format("{} {} {} {}", blocks.text(0), places[posting.passage],
                                          posting.frequency, posting.length_code))
                      .second);
    }
  }
  for (const std::string& posting : postings) out += posting + '\n';
  return out;
}

TEST_F(SqliteIndexTest, KilledAtAnyMomentItOpensAndCompletes) {
  std::mt19937 random(6);
  for (int i = 0; i < 80; ++i)
    docs_.write(fmt::format("{}.md", i),
                fmt::format("# {}\n\nglass {}\n\n# more\n\nfoil glass {}\n", i, i, i));
  for (int round = 0; round < 60; ++round) {
    docs_.write(fmt::format("{}.md", random() % 80),
                fmt::format("# changed\n\nglass changed {}\n", round));
    pid_t child = ::fork();
    if (child == 0) {
      auto index = open_sqlite_index({.file = file()});
      if (index) (void)(*index)->update(docs_.path(), {}, {}, {});
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(random() % 30'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    auto index = open();
    ASSERT_TRUE(index);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
    std::string verdict;
    sqlite3_exec(
        database, "PRAGMA integrity_check",
        [](void* out, int, char** values, char**) {
          *static_cast<std::string*>(out) += values[0];
          return 0;
        },
        &verdict, nullptr);
    sqlite3_close(database);
    ASSERT_EQ(verdict, "ok");
    if (round % 10 == 9) std::filesystem::remove(file());
  }
  auto index = open();
  update(*index);
  TemporaryFolder elsewhere;
  const auto fresh_file = elsewhere.path() / "index.sqlite";
  auto fresh = open_sqlite_index({.file = fresh_file});
  ASSERT_TRUE((*fresh)->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(all(*index, "glass"), all(**fresh, "glass"));
  EXPECT_EQ(content_of(file()), content_of(fresh_file));
}

TEST_F(SqliteIndexTest, ManyEditsGiveWhatAFreshIndexHas) {
  std::mt19937 random(7);
  auto index = open();
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 60; ++i) {
      const std::string name = fmt::format("{}.md", random() % 120);
      if (random() % 4 == 0) {
        std::filesystem::remove(docs_.path() / name);
        continue;
      }
      std::string text;
      for (std::size_t part = random() % 12; part > 0; --part) {
        text += fmt::format("# part {}\n\nglass jar {} of foil\n\n", part, random() % 50);
      }
      docs_.write(name, text + "glass");
    }
    update(*index);
  }
  TemporaryFolder elsewhere;
  const auto fresh_file = elsewhere.path() / "index.sqlite";
  auto fresh = open_sqlite_index({.file = fresh_file});
  ASSERT_TRUE((*fresh)->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(content_of(file()), content_of(fresh_file));
  for (const char* query : {"glass", "foil 7", "part 3 jar 12"}) {
    auto edited = index->search({.query = query, .top_k = 50});
    auto anew = (*fresh)->search({.query = query, .top_k = 50});
    ASSERT_EQ(edited->passages.size(), anew->passages.size());
    for (std::size_t i = 0; i < anew->passages.size(); ++i) {
      EXPECT_EQ(edited->passages[i].document, anew->passages[i].document) << query << i;
      EXPECT_EQ(edited->passages[i].first_line, anew->passages[i].first_line) << query << i;
      EXPECT_EQ(edited->passages[i].score, anew->passages[i].score) << query << i;
    }
  }
}

TEST_F(SqliteIndexTest, FiltersByPathAndLanguage) {
  for (const char* name : {"a.md", "src/b.cc", "src/deep/c.cc", "src/deep/d.py", "srcs.md"})
    docs_.write(name, fmt::format("glass in {}", name));
  auto index = open();
  update(*index);
  auto found = [&](const Filter& filter, std::size_t top_k = 100) {
    auto answer = index->search({.query = "glass", .top_k = top_k, .filter = filter});
    EXPECT_TRUE(answer) << answer.error().message;
    std::set<std::string> names;
    for (const Passage& passage : answer->passages) names.insert(passage.document);
    return names;
  };
  using Set = std::set<std::string>;
  EXPECT_EQ(found({.paths = {"a.md"}}), Set{"a.md"});
  EXPECT_EQ(found({.paths = {"src/"}}), (Set{"src/b.cc", "src/deep/c.cc", "src/deep/d.py"}));
  EXPECT_EQ(found({.paths = {"src/"}, .languages = {"python"}}), Set{"src/deep/d.py"});
  EXPECT_EQ(found({.paths = {"*.cc", "a.??"}}), (Set{"a.md", "src/b.cc", "src/deep/c.cc"}));
  EXPECT_EQ(found({.languages = {"markdown", "python"}}),
            (Set{"a.md", "srcs.md", "src/deep/d.py"}));
  EXPECT_EQ(found({.paths = {"src"}}), Set{});
  EXPECT_EQ(found({.languages = {"zig"}}), Set{});
  const auto unknown = index->search({.query = "glass", .filter = {.languages = {"klingon"}}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::invalid_argument);
  EXPECT_EQ(found({.paths = {"srcs.md"}}, 1), Set{"srcs.md"});  // Within the search, not after it.
  EXPECT_EQ(index->search({.query = "x", .filter = {.paths = {""}}}).error().code,
            Errc::invalid_argument);
}

TEST_F(SqliteIndexTest, FiltersThatLetManyDocumentsThroughAskEach) {
  for (int i = 0; i < 2'500; ++i)
    docs_.write(fmt::format("{}/{}.{}", i % 7, i, i % 50 == 0 ? "py" : "md"),
                fmt::format("glass {}", i % 13));
  auto index = open();
  update(*index);
  const auto everything = index->search({.query = "glass 5", .top_k = 3'000});
  for (const Filter& filter :
       {Filter{.languages = {"markdown"}}, Filter{.paths = {"*"}}, Filter{.paths = {"*.py"}},
        Filter{.paths = {"3/", "4/*.py"}}, Filter{.paths = {"*1*"}, .languages = {"python"}}}) {
    Names expected;
    for (const Passage& passage : everything->passages) {
      if (matches(filter, passage.document,
                  passage.document.ends_with(".py") ? "python" : "markdown"))
        expected.push_back(passage.document);
    }
    EXPECT_FALSE(expected.empty());
    for (std::size_t top_k : {1UL, 20UL, 3'000UL}) {
      auto answer = index->search({.query = "glass 5", .top_k = top_k, .filter = filter});
      Names names;
      for (const Passage& passage : answer->passages) names.push_back(passage.document);
      EXPECT_EQ(names, Names(expected.begin(),
                             expected.begin() +
                                 static_cast<std::ptrdiff_t>(std::min(top_k, expected.size()))));
    }
  }
}

TEST_F(SqliteIndexTest, FindsChineseWordsAndForeignSpellings) {
  docs_.write("zh.md", "缓存保存文档的标记，以后不再分词。");
  docs_.write("de.md", "Der Zwischenspeicher für Größen");
  auto index = open();
  update(*index);
  EXPECT_EQ(found(*index, "标记"), Names{"zh.md"});
  EXPECT_EQ(found(*index, "怎样分词？"), Names{"zh.md"});
  EXPECT_EQ(found(*index, "grossen fur"), Names{"de.md"});
}

TEST_F(SqliteIndexTest, AnotherChunkingCutsUnchangedDocumentsAnew) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += fmt::format("glass paragraph {} of many words\n\n", i);
  docs_.write("a.md", text);
  auto index = open();
  const std::uint64_t before = update(*index).passages_total;
  auto report =
      index->update(docs_.path(), {.chunk = {.target_tokens = 30, .max_tokens = 60}}, {}, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files_changed, 1U);
  EXPECT_GT(report->passages_total, before);
  EXPECT_EQ(found(*index, "glass").size(), report->passages_total);
}

TEST_F(SqliteIndexTest, AFileOfVersion1IsFilledAgainAndDoesNotLieUntilThen) {
  docs_.write("a.md", "glass");
  const std::string root = std::filesystem::canonical(docs_.path()).string();
  sqlite3* old = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &old), SQLITE_OK);
  const std::string sql = fmt::format(
      "CREATE TABLE scopes(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, collection TEXT NOT NULL, "
      "UNIQUE(tenant, collection));"
      "CREATE TABLE documents(id INTEGER PRIMARY KEY, scope INTEGER NOT NULL REFERENCES "
      "scopes(id), root BLOB NOT NULL, path BLOB NOT NULL, name TEXT NOT NULL, digest BLOB NOT "
      "NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, read_ns INTEGER NOT NULL, "
      "UNIQUE(scope, root, path));"
      "CREATE TABLE passages(id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES "
      "documents(id), first_line INTEGER NOT NULL, last_line INTEGER NOT NULL, bytes INTEGER NOT "
      "NULL, content BLOB NOT NULL);"
      "CREATE INDEX passages_of_document ON passages(document);"
      "CREATE VIRTUAL TABLE text_1 USING fts5(name, body, parts);"
      "INSERT INTO scopes VALUES(1, 'default', 'default');"
      "INSERT INTO documents VALUES(1, 1, CAST('{}' AS BLOB), CAST('a.md' AS BLOB), 'a.md', x'00', "
      "5, 0, 0);"
      "INSERT INTO passages VALUES(1, 1, 1, 1, 5, x'00');"
      "INSERT INTO text_1(rowid, name, body, parts) VALUES(1, 'a.md', 'glass', '');"
      "PRAGMA application_id = {}; PRAGMA user_version = 1;",
      root, 0x4C59444E);
  ASSERT_EQ(sqlite3_exec(old, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(old);
  sqlite3_close(old);
  auto index = open();
  const auto answer = index->search({.query = "glass"});
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_NE(answer.error().message.find("leyden index " + root), std::string::npos)
      << answer.error().message;
  EXPECT_FALSE(index->list({}, {}));
  update(*index);
  EXPECT_EQ(found(*index, "glass"), Names{"a.md"});
  TemporaryFolder elsewhere;
  const auto fresh_file = elsewhere.path() / "index.sqlite";
  auto fresh = open_sqlite_index({.file = fresh_file});
  ASSERT_TRUE((*fresh)->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(content_of(file()), content_of(fresh_file));
}

TEST_F(SqliteIndexTest, ManyThreadsSearchAtOnceAndWaitTheirTurn) {
  for (int i = 0; i < 50; ++i) docs_.write(fmt::format("{}.md", i), fmt::format("glass {}", i));
  auto made = open_sqlite_index({.file = file(), .searches_max = 2});
  auto& index = **made;
  update(index);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i)
          good += found(index, fmt::format("glass {}", i)).front() == fmt::format("{}.md", i);
      });
    }
  }
  EXPECT_EQ(good, 400);
  EXPECT_FALSE(open_sqlite_index({.file = file(), .searches_max = 0}));
}

}  // namespace
}  // namespace leyden::retrieval
