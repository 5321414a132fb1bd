#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/retrieval/stores/postgres/testing/shared_server.h"

namespace leyden::retrieval {
namespace {

using namespace std::chrono_literals;
using testing::open_index;
using testing::PostgresServer;

class PostgresFailuresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = testing::shared_server();
    if (server_ == nullptr) GTEST_SKIP() << "no PostgreSQL here: run ./dev setup";
    for (int i = 0; i < 60; ++i)
      docs_.write(fmt::format("{}.md", i), fmt::format("# {}\n\nglass jar {}\n", i, i));
  }
  static std::map<std::string, std::string> content(Index& index) {
    std::map<std::string, std::string> out;
    auto page = index.list({}, {.limit = 10'000});
    EXPECT_TRUE(page) << page.error().message;
    for (const Passage& p : page->passages) out[p.document] += p.text;
    return out;
  }

  PostgresServer* server_ = nullptr;
  TemporaryFolder docs_;
};

TEST_F(PostgresFailuresTest, AServerKilledInAnUpdateLosesABatchAtMost) {
  auto server = PostgresServer::start();
  ASSERT_TRUE(server) << server.error().message;
  const auto index = open_index({.url = (*server)->url()});
  ASSERT_TRUE(index->update(docs_.path(), {}, {}, {}));
  for (int i = 0; i < 60; ++i)
    docs_.write(fmt::format("{}.md", i), fmt::format("# {}\n\nglass again {}\n", i, i));
  for (const std::uint64_t kill_at : {0UL, 30UL, 59UL}) {
    const auto broken = index->update(docs_.path(), {},
                                      [&](const UpdateProgress& progress) {
                                        if (progress.files_done == kill_at) (*server)->kill();
                                      },
                                      {});
    EXPECT_EQ(broken.error().code, Errc::unavailable);
    EXPECT_EQ(index->search({.query = "glass"}).error().code, Errc::unavailable);
    ASSERT_TRUE((*server)->restart());
    EXPECT_EQ(index->search({.query = "jar", .top_k = 100})->passages.size(), 60U);  // As before.
  }
  const auto whole = index->update(docs_.path(), {}, {}, {});
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->passages_total, 60U);
  const auto fresh = open_index({.url = (*server)->url((*server)->make_database())});
  ASSERT_TRUE(fresh->update(docs_.path(), {}, {}, {}));
  EXPECT_EQ(content(*index), content(*fresh));
  for (const char* query : {"glass", "again 7", "jar"}) {
    const auto a = index->search({.query = query, .top_k = 100});
    const auto b = fresh->search({.query = query, .top_k = 100});
    ASSERT_EQ(a->passages.size(), b->passages.size());
    for (std::size_t i = 0; i < a->passages.size(); ++i) {
      EXPECT_EQ(a->passages[i].document, b->passages[i].document);
      EXPECT_EQ(a->passages[i].score, b->passages[i].score);
    }
  }
}

TEST_F(PostgresFailuresTest, AServerThatStandsStillIsTimedOut) {
  auto server = PostgresServer::start();
  ASSERT_TRUE(server) << server.error().message;
  const auto index = open_index({.url = (*server)->url(), .search_timeout = 1'000ms});
  ASSERT_TRUE(index->update(docs_.path(), {}, {}, {}));
  ASSERT_TRUE(index->search({.query = "glass"}));
  (*server)->signal(SIGSTOP);
  const auto stuck = index->search({.query = "glass", .deadline = Deadline::after(200ms)});
  EXPECT_EQ(stuck.error().code, Errc::timed_out);
  EXPECT_EQ(index->scopes().error().code, Errc::timed_out);  // By the index's own timeout.
  (*server)->signal(SIGCONT);
  EXPECT_TRUE(index->search({.query = "glass"}));
}

TEST_F(PostgresFailuresTest, ASocketThatSaysNothingIsTimedOut) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd, 8), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto silent = open_postgres_index(
      {.url = fmt::format("postgresql://leyden:hush@127.0.0.1:{}/docs", ntohs(address.sin_port)),
       .connect_timeout = 200ms});
  EXPECT_EQ(silent.error().code, Errc::timed_out);
  EXPECT_NE(silent.error().message.find(
                fmt::format("127.0.0.1:{}, database docs", ntohs(address.sin_port))),
            std::string::npos)
      << silent.error().message;
  EXPECT_EQ(silent.error().message.find("hush"), std::string::npos);
  ::close(fd);
  const auto nobody = open_postgres_index(
      {.url = fmt::format("postgresql://leyden:hush@127.0.0.1:{}/docs", ntohs(address.sin_port))});
  EXPECT_EQ(nobody.error().code, Errc::unavailable);
  EXPECT_EQ(nobody.error().message.find("hush"), std::string::npos) << nobody.error().message;
}

TEST_F(PostgresFailuresTest, WrongUrlsAndPasswordsAreToldWithoutThem) {
  const std::string database = server_->make_database();
  server_->execute("CREATE ROLE reader LOGIN PASSWORD 'right'");
  for (const std::string& url :
       {std::string("mysql://u:hush@host/db"), std::string("postgresql://u:hush@host:port/%zz"),
        std::string("host=x password=hush"), std::string()}) {
    const auto wrong = open_postgres_index({.url = url});
    EXPECT_EQ(wrong.error().code, Errc::invalid_argument) << url;
    EXPECT_EQ(wrong.error().message.find("hush"), std::string::npos);
  }
  const auto wrong = open_postgres_index({.url = server_->url("reader", "hush", database)});
  EXPECT_EQ(wrong.error().code, Errc::unavailable);
  EXPECT_NE(wrong.error().message.find("reader"), std::string::npos) << wrong.error().message;
  EXPECT_EQ(wrong.error().message.find("hush"), std::string::npos);
  const auto absent = open_postgres_index({.url = server_->url("reader", "right", "no_such")});
  EXPECT_NE(absent.error().message.find("no_such"), std::string::npos) << absent.error().message;

  const auto no_rights = open_postgres_index({.url = server_->url("reader", "right", database)});
  EXPECT_EQ(no_rights.error().code, Errc::unavailable);
  EXPECT_NE(no_rights.error().message.find("permission denied"), std::string::npos)
      << no_rights.error().message;

  // One who may only read: searches, and no more.
  const auto owner = open_index({.url = server_->url(database)});
  ASSERT_TRUE(owner->update(docs_.path(), {}, {}, {}));
  server_->execute("GRANT USAGE ON SCHEMA leyden TO reader", database);
  server_->execute("GRANT SELECT ON ALL TABLES IN SCHEMA leyden TO reader", database);
  const auto reader = open_index({.url = server_->url("reader", "right", database)});
  EXPECT_EQ(reader->search({.query = "glass", .top_k = 100})->passages.size(), 60U);
  docs_.write("new.md", "glass");
  EXPECT_EQ(reader->update(docs_.path(), {}, {}, {}).error().code, Errc::unavailable);
}

TEST_F(PostgresFailuresTest, AnIndexOfANewerVersionIsRefused) {
  const std::string database = server_->make_database();
  EXPECT_EQ(open_postgres_index({.url = server_->url(database), .read_only = true}).error().code,
            Errc::not_found);
  (void)open_index({.url = server_->url(database)});
  server_->execute("UPDATE leyden.schema_version SET version = 99", database);
  EXPECT_EQ(open_postgres_index({.url = server_->url(database)}).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace leyden::retrieval
