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
    std::vector<std::string> expected;
    for (const Passage& passage : everything->passages) {
      if (matches(filter, passage.document,
                  passage.document.ends_with(".py") ? "python" : "markdown"))
        expected.push_back(passage.document);
    }
    EXPECT_FALSE(expected.empty());
    for (std::size_t top_k : {1UL, 20UL, 3'000UL}) {
      auto answer = index->search({.query = "glass 5", .top_k = top_k, .filter = filter});
      std::vector<std::string> names;
      for (const Passage& passage : answer->passages) names.push_back(passage.document);
      EXPECT_EQ(names, std::vector<std::string>(
                           expected.begin(),
                           expected.begin() +
                               static_cast<std::ptrdiff_t>(std::min(top_k, expected.size()))));
    }
  }
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
  EXPECT_EQ(found(*index, "glass"), std::vector<std::string>{"a.md"});
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
