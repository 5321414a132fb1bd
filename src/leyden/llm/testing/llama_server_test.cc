#include "leyden/llm/testing/llama_server.h"

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leyden/net/http_client.h"
#include "leyden/net/http_fetch.h"
#include "leyden/net/io_thread.h"

namespace leyden::llm::testing {
namespace {

using namespace std::chrono_literals;

std::filesystem::path model_path() {
  return std::filesystem::path(LEYDEN_CACHE_DIR) / "models" / "smollm2-135m.gguf";
}

class LlamaServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!have_llama_server()) GTEST_SKIP() << kNoLlamaServer;
    ASSERT_TRUE(std::filesystem::exists(model_path()))
        << "no " << model_path() << ": `./dev test` fetches it";
  }

  // Each over a connection of its own: the server is often another one than before.
  std::expected<net::HttpResponse, net::HttpError> fetch(std::uint16_t port, std::string target,
                                                         std::string body = {},
                                                         net::HttpFields fields = {}) {
    net::HttpClientOptions options;
    options.endpoint = {"127.0.0.1", port, ""};
    auto client = net::HttpClient::open(thread_, options);
    EXPECT_TRUE(client);
    net::HttpRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    request.fields = std::move(fields);
    return net::http_fetch(**client, std::move(request));
  }
  std::string text(const LlamaServer& server, std::string target, std::string body = {}) {
    auto answer = fetch(server.port(), std::move(target), std::move(body));
    EXPECT_TRUE(answer) << answer.error().error.message;
    if (!answer) return {};
    EXPECT_EQ(answer->head.status, 200U) << answer->body;
    return answer->body;
  }

  net::IoThread thread_;
};

TEST_F(LlamaServerTest, WritesIdsOnFromIds) {
  auto server = LlamaServer::start({.model_file = model_path(), .slots = 2});
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ((*server)->url(), "http://127.0.0.1:" + std::to_string((*server)->port()));
  const std::string answer = text(
      **server, "/completion",
      R"({"prompt":[504,3575,282,4649,314],"n_predict":3,"temperature":0,"return_tokens":true})");
  EXPECT_NE(answer.find(R"("content":" Paris)"), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"("tokens":[7042,)"), std::string::npos) << answer;
  const std::string props = text(**server, "/props");
  EXPECT_NE(props.find(R"("total_slots":2)"), std::string::npos) << props;
  EXPECT_NE(props.find(R"("n_ctx":2048)"), std::string::npos) << props;
  EXPECT_NE((*server)->log().find("model loaded"), std::string::npos);
}

TEST_F(LlamaServerTest, AsksForItsKey) {
  auto server = LlamaServer::start({.model_file = model_path(), .api_key = "sk-right"});
  ASSERT_TRUE(server) << server.error().message;
  const std::pair<std::string, unsigned> keys[] = {{"sk-wrong", 401}, {"sk-right", 200}};
  for (const auto& [key, status] : keys) {
    auto answer = fetch((*server)->port(), "/props", "", {{"Authorization", "Bearer " + key}});
    ASSERT_TRUE(answer) << answer.error().error.message;
    EXPECT_EQ(answer->head.status, status);
  }
}

TEST_F(LlamaServerTest, IsKilledAndStartedAgainAtItsPort) {
  auto server = LlamaServer::start({.model_file = model_path()});
  ASSERT_TRUE(server) << server.error().message;
  const std::uint16_t port = (*server)->port();
  (*server)->kill();
  (*server)->kill();
  EXPECT_FALSE(fetch(port, "/health"));
  auto again = (*server)->restart();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*server)->port(), port);
  text(**server, "/props");

  auto without = (*server)->restart("/nowhere/model.gguf");
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, Errc::unavailable);
  EXPECT_NE(without.error().message.find("/nowhere/model.gguf"), std::string::npos)
      << without.error().message;
  again = (*server)->restart(model_path());
  ASSERT_TRUE(again) << again.error().message;
  text(**server, "/props");
}

TEST_F(LlamaServerTest, DiesWithTheProcessThatStartedIt) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto server = LlamaServer::start({.model_file = model_path()});
    const std::uint16_t port = server ? (*server)->port() : 0;
    if (::write(pipe[1], &port, sizeof(port)) != sizeof(port)) ::_exit(1);
    for (;;) ::pause();
  }
  std::uint16_t port = 0;
  ASSERT_EQ(::read(pipe[0], &port, sizeof(port)), static_cast<ssize_t>(sizeof(port)));
  ::close(pipe[0]);
  ::close(pipe[1]);
  ASSERT_NE(port, 0);
  EXPECT_TRUE(fetch(port, "/health"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  bool gone = false;
  for (int i = 0; i < 2000 && !gone; ++i) {
    gone = !fetch(port, "/health");
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace leyden::llm::testing
