// What a hit costs, by tier, beside the bare cost of the same thing:
//
//   leyden_bench_cache [--rounds N] [--quick] [--redis URL] [--tokenizer FILE --text FILE] [--ids FILE]
//
// A hit is a context of 4,096 tokens: one passage or 18 of them, out of few that stay in the
// processor's cache (hot) or of 64 MB (wide), in random order. All contenders of a tier are first
// compared with one another, then timed in rounds, in another order each round; the figures are the
// medians of wall-clock nanoseconds a context. With a tokenizer and a text there are contexts of real text, too, for which hits of
// all tiers and encoding it afresh take turns; --ids writes the IDs of those of one passage (32 bits each, 4,096 a context), for
// others to store and compare. Prints JSON.
#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <string_view>
#include <thread>

#include <nlohmann/json.hpp>

#include "contender.h"
#include "encoding_entrant.h"
#include "redis_entrants.h"
#include "store_hits.h"

namespace leyden::bench {

TokenIds Contexts::ids_of(const cache::BlockKey& key, std::size_t position) const {
  if (const auto at = passages.find(key); at != passages.end()) return at->second.ids;
  std::uint32_t first = 0;
  std::memcpy(&first, key.bytes.data(), sizeof(first));
  TokenIds ids(sizes[position]);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>((first + i) % 200'000);
  return ids;
}

namespace {

using nlohmann::json;

constexpr const char* kControl = "control";
constexpr const char* kOneOf18 = "1 passage of 227 tokens";

Contexts make_contexts(std::string name, std::size_t passages_each, std::size_t contexts,
                       std::size_t tokens = kContextTokens) {
  Contexts out{.name = std::move(name)};
  for (std::size_t i = 0; i < passages_each; ++i)
    out.sizes.push_back(part_of(tokens, i, passages_each));
  for (std::size_t c = 0; c < contexts; ++c) {
    auto& keys = out.context.emplace_back();
    for (std::size_t i = 0; i < passages_each; ++i) {
      keys.push_back(Hasher().field(c).field(i).field(passages_each).finish());
    }
  }
  return out;
}

// Whether it gives what Contexts::ids_of says.
bool right(Contender& contender, const Contexts& contexts) {
  TokenIds out(kContextTokens);
  for (const auto& context : contexts.context) {
    contender.get(context, out.data());
    std::size_t at = 0;
    for (std::size_t i = 0; i < context.size(); ++i) {
      const TokenIds expected = contexts.ids_of(context[i], i);
      const std::size_t count = contender.copies() ? expected.size() : 1;
      if (!std::equal(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(count),
                      out.begin() + static_cast<std::ptrdiff_t>(at))) {
        return false;
      }
      at += count;
    }
  }
  return true;
}

// Wall-clock nanoseconds from the common start to the last one's end, by all contexts got.
double run(Contender& contender, const Contexts& contexts, std::size_t threads,
           std::size_t contexts_each, std::uint64_t seed) {
  using Clock = std::chrono::steady_clock;
  std::barrier ready(static_cast<std::ptrdiff_t>(threads));
  std::vector<Clock::time_point> starts(threads);
  std::vector<Clock::time_point> ends(threads);
  auto work = [&](std::size_t t) {
    std::mt19937_64 random(seed + t);
    std::vector<std::uint32_t> order(contexts_each);
    for (auto& c : order) c = static_cast<std::uint32_t>(random() % contexts.context.size());
    TokenIds out(kContextTokens);
    ready.arrive_and_wait();
    starts[t] = Clock::now();
    for (std::uint32_t c : order) contender.get(contexts.context[c], out.data());
    ends[t] = Clock::now();
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
    work(0);
  }
  const auto time = *std::ranges::max_element(ends) - *std::ranges::min_element(starts);
  return std::chrono::duration<double, std::nano>(time).count() /
         static_cast<double>(threads * contexts_each);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Nothing but arithmetic, in chains enough to keep a core busy: how far two threads get that share nothing else.
class Arithmetic final : public Contender {
 public:
  void get(std::span<const cache::BlockKey> /*context*/, TokenId* out) override {
    std::array<std::uint64_t, 8> chains{};
    for (std::size_t i = 0; i < chains.size(); ++i) chains[i] = *out + i + 1;
    for (int step = 0; step < 256; ++step) {
      for (std::uint64_t& chain : chains) {
        chain ^= chain << 13;
        chain ^= chain >> 7;
        chain += 0x9E3779B97F4A7C15;
      }
    }
    for (const std::uint64_t chain : chains) *out ^= static_cast<TokenId>(chain);
  }
};

Entrant control() {
  return {kControl, "arithmetic", [](const Contexts&) -> std::unique_ptr<Contender> {
            return std::make_unique<Arithmetic>();
          }};
}

// The first entrant of a tier of that name.
Entrant named(const std::vector<Entrant>& entrants, std::string_view name) {
  return *std::ranges::find(entrants, name, &Entrant::name);
}

void write_ids(const std::string& file, const Contexts& contexts) {
  std::ofstream out(file, std::ios::binary);
  for (const auto& context : contexts.context) {
    const TokenIds ids = contexts.ids_of(context.front(), 0);
    out.write(reinterpret_cast<const char*>(ids.data()),
              static_cast<std::streamsize>(ids.size() * sizeof(TokenId)));
  }
  must(out.flush().good());
}

std::string line_of(const char* file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

json measure(const std::vector<Entrant>& entrants, const Contexts& contexts, std::size_t rounds,
             std::size_t contexts_each) {
  constexpr std::size_t kThreads[] = {1, 2};
  std::vector<std::unique_ptr<Contender>> contenders;
  for (const Entrant& entrant : entrants) {
    contenders.push_back(entrant.make(contexts));
    if (entrant.tier != kControl && !right(*contenders.back(), contexts)) {
      std::cerr << entrant.tier << ", " << entrant.name << ": wrong IDs\n";
      std::exit(1);
    }
  }
  std::vector<std::pair<std::size_t, std::size_t>> order;  // Contender, threads.
  std::vector<std::array<std::vector<double>, 2>> times(entrants.size());
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    for (std::size_t k = 0; k < std::size(kThreads); ++k) order.emplace_back(e, k);
  }
  std::mt19937_64 random(1);
  for (std::size_t round = 0; round <= rounds; ++round) {
    std::ranges::shuffle(order, random);
    for (auto [e, k] : order) {
      const double ns = run(*contenders[e], contexts, kThreads[k], contexts_each, random());
      if (round > 0) times[e][k].push_back(ns);  // The first one warms up.
    }
  }
  json rows = json::array();
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    const double one = median(times[e][0]);
    rows.push_back({{"tier", entrants[e].tier},
                    {"contender", entrants[e].name},
                    {"contexts", contexts.name},
                    {"ns_1_thread", one},
                    {"ns_1_thread_best", std::ranges::min(times[e][0])},
                    {"ns_2_threads", median(times[e][1])},  // By contexts of both.
                    {"ns_2_threads_best", std::ranges::min(times[e][1])},
                    {"scaling_2_threads", one / median(times[e][1])},
                    {"of_first", one / median(times[0][0])}});
  }
  return rows;
}

// What the server does for one context, by its own counters.
json count_round_trips(const RedisPlace& redis, const Contexts& contexts) {
  json out;
  for (const Entrant& entrant : redis.entrants()) {
    const auto contender = entrant.make(contexts);
    TokenIds ids(kContextTokens);
    contender->get(contexts.context.front(), ids.data());  // Connects.
    const ServerWork before = redis.work();
    for (const auto& context : contexts.context) contender->get(context, ids.data());
    const ServerWork after = redis.work();
    const auto each = [&](std::uint64_t ServerWork::* count) {
      // Without the question itself.
      return static_cast<double>(after.*count - before.*count - 1) /
             static_cast<double>(contexts.context.size());
    };
    out[entrant.name] = {{"commands", each(&ServerWork::commands)},
                         {"reads", each(&ServerWork::reads)},
                         {"writes", each(&ServerWork::writes)}};
  }
  return out;
}

}  // namespace
}  // namespace leyden::bench

// leyden:ignore common.complex-function reads its flags, one after the other
int main(int argc, char** argv) {
  using namespace leyden::bench;
  std::size_t rounds = 31;
  bool quick = false;
  std::string redis_url;
  std::string tokenizer_file;
  std::string text_file;
  std::string ids_file;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick") {
      quick = true;
      rounds = 2;
    } else if (word == "--rounds" && i + 1 < argc) {
      rounds = std::max<std::size_t>(1, std::strtoull(argv[++i], nullptr, 10));
    } else if (word == "--redis" && i + 1 < argc) {
      redis_url = argv[++i];
    } else if (word == "--tokenizer" && i + 1 < argc) {
      tokenizer_file = argv[++i];
    } else if (word == "--text" && i + 1 < argc) {
      text_file = argv[++i];
    } else if (word == "--ids" && i + 1 < argc) {
      ids_file = argv[++i];
    } else {
      std::cerr << "usage: leyden_bench_cache [--rounds N] [--quick] [--redis URL] "
                   "[--tokenizer FILE --text FILE] [--ids FILE]\n";
      return 2;
    }
  }
  const auto redis = RedisPlace::make(redis_url);
  if (!redis) std::cerr << "no figures of Redis: " << redis.error().message << "\n";
  const auto text = EncodedText::make(tokenizer_file, text_file);
  if (!text) {
    std::cerr << "no figures of encoding: "
              << (text_file.empty() ? "no --tokenizer and --text" : text.error().message) << "\n";
  }
  const std::size_t wide = quick ? 64 : 4096;  // 64 MB of token IDs.
  const std::size_t each = quick ? 50 : 5000;
  json results = json::array();
  const auto add = [&](json rows) {
    for (json& row : rows) results.push_back(std::move(row));
  };
  for (const Contexts& contexts :
       {make_contexts("1 passage, hot", 1, 16), make_contexts("1 passage, wide", 1, wide),
        make_contexts("18 passages, hot", 18, 16), make_contexts("18 passages, wide", 18, wide)}) {
    auto in_memory = memory_entrants();
    in_memory.push_back(control());
    for (const auto& entrants : {in_memory, lmdb_entrants()})
      add(measure(entrants, contexts, rounds, each));
    if (redis) add(measure(redis->entrants(), contexts, rounds, each / 10));
  }
  for (const std::size_t passages : {1UL, 18UL}) {
    if (!text) break;
    const Contexts contexts = text->contexts(
        passages == 1 ? "1 passage, text" : "18 passages, text", passages, quick ? 16 : 256);
    std::vector<Entrant> entrants{text->entrant(), named(memory_entrants(), "Leyden"),
                                  named(lmdb_entrants(), "Leyden")};
    if (redis) {
      for (const char* name : {"Leyden, MAC", "Leyden, checksum"})
        entrants.push_back(named(redis->entrants(), name));
    }
    add(measure(entrants, contexts, rounds, each / 20));
  }
  if (!ids_file.empty()) {
    write_ids(ids_file, text ? text->contexts("", 1, 256) : make_contexts("", 1, 256));
  }
  json round_trips;
  if (redis) {
    add(measure(redis->entrants(), make_contexts(kOneOf18, 1, 16, kContextTokens / 18), rounds,
                each / 10));
    round_trips = count_round_trips(*redis, make_contexts("18 passages", 18, 16));
  }
  std::cout << json{{"rounds", rounds},
                    {"contexts_each_round", each},
                    {"compiler", __VERSION__},
                    {"cpus", std::thread::hardware_concurrency()},
                    {"cpu0_shares_its_core_with",
                     line_of("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")},
                    {"tokenizer", text ? json(text->tokenizer_name()) : json()},
                    {"redis_for_a_context_of_18_passages", round_trips},
                    {"results", results}}
                   .dump(1)
            << "\n";
  return 0;
}
