// Hit ratios of cache policies on a trace:  leyden_bench_policy FILE BUDGET...
//
// FILE has one request a line, "key:tokens" separated by blanks; keys are any words, the same key has
// the same tokens each time. Prints one JSON object; bench/policy/policy.py makes the files and shows
// the figures.
#include <charconv>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "belady.h"
#include "lru.h"
#include "memory_tier_policy.h"
#include "s3_fifo.h"
#include "sieve.h"
#include "w_tinylfu.h"

namespace {

using namespace leyden;
using namespace leyden::bench;
using nlohmann::json;

struct Trace {
  std::vector<Access> accesses;
  std::size_t keys = 0;
  std::size_t tokens = 0;  // Of all accesses.
};

Trace read_trace(const std::string& file) {
  std::ifstream in(file);
  Trace trace;
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (std::string word; in >> word;) {
    const std::size_t colon = word.rfind(':');
    Access access;
    const char* const end = word.data() + word.size();
    if (colon == std::string::npos ||
        std::from_chars(word.data() + colon + 1, end, access.tokens).ptr != end) {
      throw std::runtime_error("not key:tokens: " + word);
    }
    access.key = numbers.try_emplace(word.substr(0, colon), numbers.size()).first->second;
    trace.tokens += access.tokens;
    trace.accesses.push_back(access);
  }
  if (trace.accesses.empty()) throw std::runtime_error(file + " has no requests");
  trace.keys = numbers.size();
  std::vector<std::size_t> next(trace.keys, kNever);
  for (std::size_t i = trace.accesses.size(); i-- > 0;) {
    trace.accesses[i].next = std::exchange(next[trace.accesses[i].key], i + 1);
  }
  return trace;
}

// The simulated policies count 4 bytes a token and so many an entry.
std::size_t set_bytes(Trace& trace, const std::function<std::size_t(std::size_t)>& bytes_of) {
  std::vector<std::size_t> footprint(trace.keys);
  for (Access& access : trace.accesses) {
    access.bytes = bytes_of(access.tokens);
    footprint[access.key] = access.bytes;
  }
  std::size_t sum = 0;
  for (std::size_t bytes : footprint) sum += bytes;
  return sum;
}

json run(const Trace& trace, Policy& policy) {
  std::size_t hits = 0;
  std::size_t tokens = 0;
  for (const Access& access : trace.accesses) {
    if (policy.access(access)) {
      ++hits;
      tokens += access.tokens;
    }
  }
  return {{"hits", hits}, {"tokens", tokens}};
}

using Make = std::function<std::unique_ptr<Policy>(std::size_t budget)>;
const std::vector<std::pair<std::string, Make>> kPolicies = {
    {"FIFO", [](std::size_t b) { return std::make_unique<Fifo>(b); }},
    {"LRU", [](std::size_t b) { return std::make_unique<Lru>(b); }},
    {"SIEVE", [](std::size_t b) { return std::make_unique<Sieve>(b); }},
    {"S3-FIFO", [](std::size_t b) { return std::make_unique<S3Fifo>(b); }},
    {"W-TinyLFU 1 %", [](std::size_t b) { return std::make_unique<WTinyLfu>(b, 0.01); }},
    {"W-TinyLFU 20 %", [](std::size_t b) { return std::make_unique<WTinyLfu>(b, 0.2); }},
    {"Belady", [](std::size_t b) { return std::make_unique<Belady>(b, false); }},
    {"Belady by size", [](std::size_t b) { return std::make_unique<Belady>(b, true); }},
};

json leyden(const Trace& trace, std::size_t budget) {
  MemoryTierPolicy policy(budget);
  json out = run(trace, policy);
  const cache::MemoryTierUsage usage = policy.usage();
  if (usage.bytes_peak > budget) throw std::logic_error("over the budget");
  out["bytes"] = usage.bytes;
  out["entries"] = usage.entries;
  out["small_share"] = usage.small_share_target;
  out["ghost_hits_small"] = usage.ghost_hits_small;
  out["ghost_hits_main"] = usage.ghost_hits_main;
  return out;
}

int measure(const std::string& file, const std::vector<std::size_t>& budgets, bool only_leyden) {
  Trace trace = read_trace(file);
  json rows = json::array();
  auto add = [&](const std::string& overhead, const std::string& policy, std::size_t budget,
                 json result) {
    result["overhead"] = overhead;
    result["policy"] = policy;
    result["budget"] = budget;
    rows.push_back(std::move(result));
  };
  json footprints;
  // 64 bytes an entry, as in the studies that this is compared with; and what an entry takes here.
  const std::pair<std::string, std::function<std::size_t(std::size_t)>> overheads[] = {
      {"64", [](std::size_t tokens) { return 4 * tokens + 64; }},
      {"real", [](std::size_t tokens) { return cache::MemoryTier::entry_bytes(tokens); }}};
  for (const auto& [name, bytes_of] : overheads) {
    footprints[name] = set_bytes(trace, bytes_of);
    if (only_leyden) continue;
    for (const auto& [policy, make] : kPolicies) {
      for (std::size_t budget : budgets) add(name, policy, budget, run(trace, *make(budget)));
    }
  }
  for (std::size_t budget : budgets) add("real", "Leyden", budget, leyden(trace, budget));
  std::cout << json{{"accesses", trace.accesses.size()},
                    {"keys", trace.keys},
                    {"tokens", trace.tokens},
                    {"footprint_bytes", footprints},
                    {"results", rows}}
                   .dump()
            << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool only_leyden = std::erase(words, "--only-leyden") > 0;
  std::vector<std::size_t> budgets;
  for (std::size_t i = 1; i < words.size(); ++i)
    budgets.push_back(std::strtoull(words[i].c_str(), nullptr, 10));
  if (budgets.empty()) {
    std::cerr << "usage: leyden_bench_policy [--only-leyden] FILE BUDGET...\n";
    return 2;
  }
  try {
    return measure(words[0], budgets, only_leyden);
  } catch (const std::exception& error) {
    std::cerr << "leyden_bench_policy: " << error.what() << "\n";
    return 1;
  }
}
