// One end of a benchmark of clients of model servers; bench.py runs them against each other.
//
//   leyden_bench_model_server serve  [--pause-us N]            a server that streams canned answers; prints its port
//   leyden_bench_model_server client --url U [--requests R] [--at-once C] [--tokens N]
//
// The server speaks as vLLM does, each token in a packet of its own. It stands aside: what is measured is the clients' processor time. The
// client prints what it got, for the comparison with others.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/llm/generate.h"
#include "leyden/llm/http/http_model_server.h"
#include "leyden/llm/testing/byte_tokenizer.h"
#include "leyden/net/testing/scripted_server.h"

namespace leyden::bench {
namespace {

using llm::testing::ByteTokenizer;
using net::testing::Peer;
using nlohmann::json;

constexpr std::string_view kModel = "bench";

// The text of token i of an answer: a letter.
char letter(std::size_t i) { return static_cast<char>('a' + i % 26); }

std::string chunked(std::string_view data) {
  return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

std::string chunk_of(std::size_t i, std::string_view prompt_ids) {
  return fmt::format(
      R"(data: {{"id":"cmpl-0123456789abcdef0123456789abcdef","object":"text_completion","created":1764144000,)"
      R"("model":"{}","choices":[{{"index":0,"text":"{}","logprobs":null,"finish_reason":null,"stop_reason":null,)"
      R"("token_ids":[{}]{}}}],"usage":null}})"
      "\n\n",
      kModel, letter(i), static_cast<int>(letter(i)),
      prompt_ids.empty() ? "" : fmt::format(R"(,"prompt_token_ids":{})", prompt_ids));
}

void answer_json(Peer& peer, const json& body) {
  const std::string text = body.dump();
  peer.say(fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      text.size(), text));
}

void stream(Peer& peer, const json& request, std::chrono::microseconds pause) {
  const std::size_t tokens = request.value("max_tokens", 16);
  const bool with_ids = request.value("return_token_ids", false);
  peer.say(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < tokens; ++i) {
    if (pause.count() > 0) std::this_thread::sleep_until(began + pause * (i + 1));
    if (!peer.say(chunked(chunk_of(i, i == 0 && with_ids ? request["prompt"].dump() : "")))) return;
  }
  const std::size_t prompt = request["prompt"].size();
  peer.say(
      chunked(fmt::format(
          R"(data: {{"model":"{}","choices":[{{"index":0,"text":"","finish_reason":"length","token_ids":[]}}]}})"
          "\n\n",
          kModel)) +
      chunked(fmt::format(
          R"(data: {{"model":"{}","choices":[],"usage":{{"prompt_tokens":{},"total_tokens":{},"completion_tokens":{}}}}})"
          "\n\n",
          kModel, prompt, prompt + tokens, tokens)) +
      chunked("data: [DONE]\n\n") + "0\r\n\r\n");
}

void serve_one(Peer& peer, std::chrono::microseconds pause) {
  const ByteTokenizer tokenizer;
  while (true) {
    const std::string request = peer.receive_request();
    if (request.empty()) return;
    const std::string target = request.substr(0, request.find(" HTTP/"));
    const json body = json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
    if (target == "GET /v1/models") {
      answer_json(peer,
                  {{"object", "list"},
                   {"data", {{{"id", kModel}, {"owned_by", "vllm"}, {"max_model_len", 1 << 20}}}}});
    } else if (target == "GET /version") {
      answer_json(peer, {{"version", "0"}});
    } else if (target == "POST /tokenize") {
      answer_json(peer,
                  {{"tokens", tokenizer.encode(body.value("prompt", ""),
                                               {.special = tokenizer::SpecialPolicy::all()})}});
    } else if (target == "POST /v1/completions") {
      stream(peer, body, pause);
    } else {
      peer.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
  }
}

int serve(std::chrono::microseconds pause) {
  net::testing::ScriptedServer server([&](Peer& peer) { serve_one(peer, pause); });
  std::cout << server.endpoint().port << std::endl;
  std::cin.get();  // Until the other end closes it.
  std::_Exit(0);
}

struct ClientFlags {
  std::string url;
  std::size_t requests = 100;
  std::size_t at_once = 1;
  std::size_t tokens = 100;
  std::size_t prompt_tokens = 500;
  double seconds = 0;  // Not 0: over and over, for so long.
};

std::size_t resident_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

// Counts what it hears, and starts the next.
class Load {
 public:
  Load(llm::ModelServer& server, const ClientFlags& flags) : server_(server), flags_(flags) {}

  // False: an answer was not the one that it should be.
  bool run() {
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::jthread> lanes;
    std::atomic<std::size_t> next{0};
    for (std::size_t i = 0; i < flags_.at_once; ++i) {
      lanes.emplace_back([&] {
        while (true) {
          const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
          const bool more = flags_.seconds > 0 ? passed.count() < flags_.seconds
                                               : next.fetch_add(1) < flags_.requests;
          if (!more) return;
          one();
        }
      });
    }
    if (flags_.seconds > 0) watch(began);
    lanes.clear();
    return wrong == 0;
  }

  std::atomic<std::size_t> done{0};
  std::atomic<std::size_t> tokens{0};
  std::atomic<std::size_t> wrong{0};
  std::string why;  // Of the first that was wrong.

 private:
  void one() {
    auto made = llm::generate_blocking(
        server_, {.prompt = TokenIds(flags_.prompt_tokens, 'p'), .max_tokens = flags_.tokens}, {},
        {});
    bool good = made && made->ids.size() == flags_.tokens && made->text.size() == flags_.tokens;
    for (std::size_t i = 0; good && i < flags_.tokens; ++i) good = made->text[i] == letter(i);
    if (!good && wrong++ == 0) why = made ? "another text" : made.error().message;
    if (made) tokens += made->ids.size();
    ++done;
  }
  // One line each ten seconds, to see that memory is flat.
  void watch(std::chrono::steady_clock::time_point began) const {
    for (int step = 1; step * 10 <= flags_.seconds; ++step) {
      std::this_thread::sleep_until(began + std::chrono::seconds(10 * step));
      std::cerr << fmt::format("{:4} s  {:8} answers  {:10} tokens  {:7} kB resident\n", 10 * step,
                               done.load(), tokens.load(), resident_kb());
    }
  }

  llm::ModelServer& server_;
  const ClientFlags& flags_;
};

int client(const ClientFlags& flags) {
  const ByteTokenizer tokenizer;
  llm::HttpModelOptions options;
  options.urls = {flags.url};
  options.connections_max = flags.at_once + 8;
  auto server = llm::HttpModelServer::open(std::move(options), tokenizer);
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  Load load(**server, flags);
  const bool well = load.run();
  if (!well) std::cerr << load.wrong << " of " << load.done << " wrong: " << load.why << "\n";
  std::cout << json({{"requests", load.done.load()}, {"tokens", load.tokens.load()}}) << "\n";
  return well ? 0 : 1;
}

}  // namespace
}  // namespace leyden::bench

int main(int count, char** arguments) {
  using namespace leyden::bench;
  CLI::App app("Ends of a benchmark of clients of model servers");
  app.require_subcommand(1);
  std::size_t pause_us = 0;
  ClientFlags flags;
  CLI::App* server = app.add_subcommand("serve", "Stream canned answers until standard input ends");
  server->add_option("--pause-us", pause_us, "Between two tokens");
  CLI::App* user = app.add_subcommand("client", "Ask such a server");
  user->add_option("--url", flags.url)->required();
  user->add_option("--requests", flags.requests)->capture_default_str();
  user->add_option("--at-once", flags.at_once)->capture_default_str();
  user->add_option("--tokens", flags.tokens, "Of each answer")->capture_default_str();
  user->add_option("--prompt-tokens", flags.prompt_tokens)->capture_default_str();
  user->add_option("--seconds", flags.seconds, "Over and over for so long, memory told");
  CLI11_PARSE(app, count, arguments);
  return server->parsed() ? serve(std::chrono::microseconds(pause_us)) : client(flags);
}
