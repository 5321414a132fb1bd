// One end of a benchmark of clients of model servers; bench.py runs them against each other.
//
//   leyden_bench_model_server serve  [--pause-us N]            a server that streams canned answers; prints its port
//   leyden_bench_model_server client --url U [--requests R] [--at-once C] [--tokens N]
//   leyden_bench_model_server ledger --url U --tokenizer FILE [--runs 1000] [--tokens N] [--block B]
//       asks a real server at temperature 1 and checks each answer against what the server itself wrote
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

#include "leyden/base/utf8.h"
#include "leyden/llm/generate.h"
#include "leyden/llm/http/http_model_server.h"
#include "leyden/llm/testing/byte_tokenizer.h"
#include "leyden/net/testing/scripted_server.h"
#include "leyden/tokenizer/load.h"

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

// ---- Ledger

struct LedgerFlags {
  std::string url;
  std::string tokenizer;
  std::size_t runs = 1000;
  std::size_t tokens = 24;
  std::size_t block = 1;  // Tokens that the server's prefix cache keeps together.
};

// What the server wrote of one answer, read without the client's help.
struct Written {
  std::string text;
  std::size_t generated = 0;  // As it counts.
  bool names_control = true;  // The names of control tokens are in the text.
  bool pieces = false;  // A part was asked for again, in one piece: then only the IDs tell all.

  void take(const std::vector<std::string>& events) {
    for (const std::string& each : events) {
      const json event = json::parse(each);
      if (event.contains("content")) {
        names_control = false;
        const bool last = event.value("stop", false);
        pieces = pieces || (last && !event["tokens"].empty());
        text += event["content"].get<std::string>();
        if (last) generated += event["tokens_predicted"].get<std::size_t>();
        continue;
      }
      for (const json& choice : event["choices"]) text += choice["text"].get<std::string>();
      if (const auto usage = event.find("usage"); usage != event.end() && usage->is_object())
        generated = (*usage)["completion_tokens"];
    }
  }
};

// The beginnings of many kinds of texts: what a small model makes of them at temperature 1 has all scripts in it.
std::string beginning(std::size_t run) {
  constexpr const char* kBeginnings[] = {"The history of",
                                         "def quicksort(",
                                         "Эта книга о",
                                         "日本の",
                                         "Emoji of animals: 🐶🐱🙃",
                                         "مرحبا",
                                         "<html><body>",
                                         "1, 1, 2, 3, 5,",
                                         "안녕하세요",
                                         "Once upon a time",
                                         "## Results\n\n| a | b |",
                                         "SELECT name FROM",
                                         "Ĝis revido,",
                                         "😀😃😄😁",
                                         "∑∫√ =",
                                         "\tif (x > 0) {\n"};
  return fmt::format("{}. {}", run, kBeginnings[run % std::size(kBeginnings)]);
}

// Whether it is nothing but U+FFFD.
bool is_broken(std::string_view text) {
  while (text.starts_with("\xEF\xBF\xBD")) text.remove_prefix(3);
  return text.empty();
}

// Asks a server, and compares what the client gave with what the server wrote.
class Ledger {
 public:
  explicit Ledger(const LedgerFlags& flags) : flags_(flags) {}

  int run() {
    auto loaded = tokenizer::load_tokenizer(flags_.tokenizer, "the model's");
    if (!loaded) return failed(loaded.error(), 2);
    tokenizer_ = *std::move(loaded);
    llm::HttpModelOptions options;
    options.urls = {flags_.url};
    options.on_event = [&](std::string_view event) { events_.emplace_back(event); };
    auto server = llm::HttpModelServer::open(std::move(options), *tokenizer_);
    if (!server) return failed(server.error(), 1);
    for (std::size_t i = 0; i < flags_.runs; ++i) {
      if (i % 10 == 0) std::cerr << fmt::format("\r{} of {}", i, flags_.runs);
      one(**server, i);
    }
    std::cout << fmt::format(
        "\r{} answers at temperature 1, {} token IDs, {} failed\n"
        "  text of the IDs = the server's text: {}\n"
        "  the same but for bytes of no character at the end, which the server keeps: {}\n"
        "  asked for in a piece too, because the stream lacked IDs: {}\n"
        "  another text: {}; another count than the server's usage: {}\n"
        "  next turn: prompt and answer found in the server's cache: {} of {} that were told\n",
        flags_.runs, ids_, failed_, same_text_, cut_text_, pieces_, wrong_text_, wrong_count_,
        reused_, told_);
    return failed_ + wrong_text_ + wrong_count_ == 0 && reused_ == told_ ? 0 : 1;
  }

 private:
  static int failed(const Error& error, int code) {
    std::cerr << error.message << "\n";
    return code;
  }

  void one(llm::ModelServer& server, std::size_t run) {
    TokenIds prompt = tokenizer_->encode(beginning(run));
    events_.clear();
    auto made = llm::generate_blocking(
        server,
        {.prompt = prompt,
         .max_tokens = flags_.tokens,
         .sampling = {.temperature = 1, .top_p = 1, .seed = static_cast<std::uint32_t>(run)}},
        {}, {});
    if (!made) {
      ++failed_;
      std::cerr << "\n" << run << ": " << made.error().message << "\n";
      return;
    }
    ids_ += made->ids.size();
    compare(*made, run);

    prompt.insert(prompt.end(), made->ids.begin(), made->ids.end());
    const std::size_t known = prompt.size();
    const TokenIds more = tokenizer_->encode(" And then");
    prompt.insert(prompt.end(), more.begin(), more.end());
    auto next = llm::generate_blocking(server, {.prompt = prompt, .max_tokens = 1}, {}, {});
    if (!next) {
      ++failed_;
      std::cerr << "\n" << run << ", next turn: " << next.error().message << "\n";
    } else if (next->summary.prompt_tokens_reused) {
      ++told_;
      // The last token was given, and not computed yet. vLLM keeps whole blocks only.
      const std::size_t whole = (known - 1) / flags_.block * flags_.block;
      reused_ += *next->summary.prompt_tokens_reused >= whole;
    }
  }

  void compare(const llm::Generated& made, std::size_t run) {
    Written written;
    written.take(events_);
    if (written.pieces) {
      ++pieces_;
      return;
    }
    TokenIds shown;  // llama.cpp writes no text for control tokens; vLLM was asked to.
    for (const TokenId id : made.ids) {
      if (written.names_control || !tokenizer_->is_control(id)) shown.push_back(id);
    }
    const std::string text = utf8::replace_invalid(tokenizer_->decode(shown).value_or(""));
    if (written.text == text) {
      ++same_text_;
    } else if (text.starts_with(written.text) && is_broken(text.substr(written.text.size()))) {
      ++cut_text_;
    } else {
      ++wrong_text_;
      std::cerr << "\n"
                << run << ": another text: " << json(text).dump() << " for "
                << json(written.text).dump() << "\n";
    }
    const bool stopped = made.summary.finish == llm::FinishReason::stop;
    if (written.generated != made.ids.size() &&
        !(stopped && written.generated == made.ids.size() + 1))
      ++wrong_count_;
  }

  const LedgerFlags& flags_;
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  std::vector<std::string> events_;  // Of the answer under way.
  std::size_t ids_ = 0, failed_ = 0, same_text_ = 0, cut_text_ = 0, pieces_ = 0, wrong_text_ = 0,
              wrong_count_ = 0, told_ = 0, reused_ = 0;
};

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
  LedgerFlags real;
  CLI::App* check = app.add_subcommand("ledger", "Check a real server's answers");
  check->add_option("--url", real.url)->required();
  check->add_option("--tokenizer", real.tokenizer, "The model's: a file")->required();
  check->add_option("--runs", real.runs)->capture_default_str();
  check->add_option("--tokens", real.tokens, "Of each answer at most")->capture_default_str();
  check->add_option("--block", real.block, "Tokens of a block of the server's prefix cache")
      ->capture_default_str();
  CLI11_PARSE(app, count, arguments);
  if (check->parsed()) return Ledger(real).run();
  return server->parsed() ? serve(std::chrono::microseconds(pause_us)) : client(flags);
}
