// What packing, unpacking and checking a block cost:
//
//   leyden_bench_codec [--quick]
//
// Medians and bests of nanoseconds, with one thread, in rounds that take turns. Prints JSON.
#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/cache/bit_packing.h"
#include "leyden/cache/codec.h"

namespace leyden::bench {

namespace {

using nlohmann::json;

// One of several things that are timed in turns.
struct Task {
  std::string name;
  std::function<void()> once;
  std::vector<double> ns{};
};

void run_in_turns(std::vector<Task>& tasks, std::size_t rounds, std::size_t each) {
  using Clock = std::chrono::steady_clock;
  for (std::size_t round = 0; round <= rounds; ++round) {
    for (Task& task : tasks) {
      const auto begin = Clock::now();
      for (std::size_t i = 0; i < each; ++i) task.once();
      const std::chrono::duration<double, std::nano> time = Clock::now() - begin;
      if (round > 0) task.ns.push_back(time.count() / static_cast<double>(each));
    }
  }
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

json row_of(const Task& task, std::string_view input, double bare) {
  return {{"what", task.name},
          {"input", input},
          {"ns", median(task.ns)},
          {"ns_best", std::ranges::min(task.ns)},
          {"of_first", median(task.ns) / bare}};
}

void report(std::vector<Task>& tasks, std::string_view input, std::size_t rounds, std::size_t each,
            json& out) {
  run_in_turns(tasks, rounds, each);
  for (const Task& task : tasks) out.push_back(row_of(task, input, median(tasks.front().ns)));
}

void measure_codec(std::size_t count, std::size_t rounds, std::size_t each, json& out) {
  const cache::BlockKey key = Hasher().field(count).finish();
  TokenIds ids(count);
  for (std::size_t i = 0; i < count; ++i) ids[i] = static_cast<TokenId>(i * 7919 % 200'000);
  const cache::CodecContext context{.vocabulary_size = 200'019};
  const cache::Integrity keyed = cache::Integrity::keyed(Secret{std::byte{1}});
  const Bytes plain_value = cache::encode_block(key, ids, context);
  const Bytes keyed_value = cache::encode_block(key, ids, context, keyed);
  const unsigned bits = cache::bits_per_id(context.vocabulary_size);
  const BytesView packed = BytesView(plain_value).subspan(28);
  TokenIds unpacked(count);
  volatile std::size_t sink = 0;
  std::vector<Task> tasks{
      {"unpack, portable", [&] { sink = cache::unpack_portable(packed, bits, unpacked); }},
      {"unpack", [&] { sink = cache::unpack(packed, bits, unpacked); }},
      {"decode, checksum",
       [&] { sink = cache::decode_block(key, plain_value, context).value()->size(); }},
      {"decode, MAC",
       [&] { sink = cache::decode_block(key, keyed_value, context, keyed).value()->size(); }},
      {"encode, checksum", [&] { sink = cache::encode_block(key, ids, context).size(); }},
      {"encode, MAC", [&] { sink = cache::encode_block(key, ids, context, keyed).size(); }},
      {"copy of the value",
       [&] {
         const Bytes copy = plain_value;
         sink = std::to_integer<std::size_t>(*static_cast<const volatile std::byte*>(&copy.back()));
       }},
  };
  report(tasks, std::to_string(count) + " IDs, " + std::to_string(plain_value.size()) + " bytes",
         rounds, each, out);
}

}  // namespace
}  // namespace leyden::bench

int main(int argc, char** argv) {
  using namespace leyden::bench;
  const bool quick = argc == 2 && std::string_view(argv[1]) == "--quick";
  if (argc > 1 && !quick) {
    std::cerr << "usage: leyden_bench_codec [--quick]\n";
    return 2;
  }
  const std::size_t rounds = quick ? 2 : 31;
  json results = json::array();
  for (std::size_t count : {420UL, 4096UL}) {
    measure_codec(count, rounds, quick ? 50 : 2000, results);
  }
  std::cout << json{{"rounds", rounds}, {"compiler", __VERSION__}, {"results", results}}.dump(1)
            << "\n";
  return 0;
}
