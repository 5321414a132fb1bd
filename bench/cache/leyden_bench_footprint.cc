// What the cache takes of a process's memory while contexts of 4,096 tokens go through it:
//
//   leyden_bench_footprint [--contexts 10000] [--passages 400000] [--zipf 0.7] [--capacity-mib 100] [--limit-mb 150]
//
// A whole TokenCache: memory tier, LMDB in a temporary folder. A context is passages drawn by rank from one corpus (Zipf), until they
// are 4,096 tokens or more; a passage has 47 to 405, drawn with its IDs from a generator that is seeded with its rank, so that the
// program itself keeps nothing. Prints JSON: bytes that the cache counts beside those that the system does. Exit code 1 when the
// system's are over the limit.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/base/clock.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/token_cache.h"

namespace leyden::bench {
namespace {

using nlohmann::json;

constexpr std::uint32_t kVocabularySize = 200'019;
constexpr std::size_t kContextTokens = 4096;
constexpr std::uint64_t kSeed = 1;
constexpr double kMb = 1e6;

struct Options {
  std::size_t contexts = 10'000;
  std::size_t passages = 400'000;
  double zipf = 0.7;
  std::size_t capacity_mib = 100;
  double limit_mb = 150;
};

// Ranks 1 to n with probabilities in proportion to rank^-s, s > 0 and not 1, without a table: rejection-inversion (Hoermann and
// Derflinger 1996).
class Zipf {
 public:
  Zipf(std::size_t n, double s)
      : n_(static_cast<double>(n)), s_(s), low_(integral(1.5) - 1), high_(integral(n_ + 0.5)) {}
  std::size_t operator()(std::mt19937_64& random) const {
    std::uniform_real_distribution<double> area(low_, high_);
    while (true) {
      const double u = area(random);
      const double rank = std::clamp(std::round(inverse(u)), 1.0, n_);
      if (u >= integral(rank + 0.5) - std::pow(rank, -s_)) return static_cast<std::size_t>(rank);
    }
  }

 private:
  [[nodiscard]] double integral(double x) const { return std::pow(x, 1 - s_) / (1 - s_); }
  [[nodiscard]] double inverse(double u) const { return std::pow((1 - s_) * u, 1 / (1 - s_)); }
  double n_;
  double s_;
  double low_;
  double high_;
};

std::size_t tokens_of(std::size_t rank) {
  std::minstd_rand random(static_cast<std::uint32_t>(rank * 2654435761U + kSeed));
  random.discard(2);
  return 47 + random() % 359;
}

TokenIds ids_of(std::size_t rank) {
  std::minstd_rand random(static_cast<std::uint32_t>(rank + kSeed));
  TokenIds ids(tokens_of(rank));
  for (TokenId& id : ids) id = static_cast<TokenId>(random() % kVocabularySize);
  return ids;
}

// Bytes of this process's pages, by /proc/self/smaps.
struct Pages {
  std::uint64_t anonymous =
      0;  // This process's alone: heap, stacks, what it has changed of private mappings of files.
  std::uint64_t file =
      0;  // Resident pages of files: the program, its libraries, the data file of LMDB.
};

Pages pages() {
  Pages out;
  std::ifstream in("/proc/self/smaps");
  std::string line;
  bool is_file = false;
  bool is_shared = false;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kib = 0;
    words >> name;
    if (!name.ends_with(':')) {  // "55d0-55d1 rw-p 00000000 08:01 1234 /path"
      std::string permissions;
      std::string offset;
      std::string device;
      std::uint64_t inode = 0;
      words >> permissions >> offset >> device >> inode;
      is_file = inode != 0;
      is_shared = permissions.ends_with('s');
      continue;
    }
    words >> kib;
    const std::uint64_t bytes = kib * KiB;
    if (name == "Rss:") {
      if (is_file) out.file += bytes;
    } else if (name == "Private_Clean:" && !is_file) {
      out.anonymous += bytes;
    } else if (name == "Private_Dirty:" && !is_shared) {
      out.anonymous += bytes;
      if (is_file) out.file -= bytes;
    }
  }
  return out;
}

json point(std::size_t contexts, const cache::TokenCache& cache, const cache::MemoryTier& memory) {
  const Pages now = pages();
  const cache::CacheStats stats = cache.stats();
  const cache::MemoryTierUsage usage = memory.usage();
  return {{"contexts", contexts},
          {"counted_mb", stats.memory_usage_mb * static_cast<double>(MiB) / kMb},
          {"private_mb", static_cast<double>(now.anonymous) / kMb},
          {"file_mb", static_cast<double>(now.file) / kMb},
          {"passages_in_memory", usage.entries},
          {"evictions", usage.evictions},
          {"lookups", stats.lookups},
          {"hits_memory", stats.hits_memory},
          {"hits_store", stats.hits_store}};
}

int run(const Options& options) {
  const double before_mb = static_cast<double>(pages().anonymous) / kMb;
  const SystemClock clock;
  const TemporaryFolder folder;
  auto memory = cache::MemoryTier::make({.capacity_bytes = options.capacity_mib * MiB}, clock);
  auto store = cache::LmdbStore::open({.folder = folder.path() / "store"}, clock);
  if (!memory || !store) {
    std::cerr << (memory ? store.error() : memory.error()).message << "\n";
    return 1;
  }
  cache::TokenCache cache(**memory, store->get(), clock);
  const Zipf zipf(options.passages, options.zipf);
  const cache::PassageScope scope{.codec = {.vocabulary_size = kVocabularySize}};
  std::mt19937_64 random(kSeed);
  json curve = json::array({point(0, cache, **memory)});
  std::vector<bool> seen(options.passages + 1);
  const std::size_t step = std::max<std::size_t>(1, options.contexts / 50);
  double private_mb_max = 0;
  for (std::size_t c = 1; c <= options.contexts; ++c) {
    std::vector<std::size_t> ranks;
    std::vector<cache::BlockKey> keys;
    for (std::size_t tokens = 0; tokens < kContextTokens;) {
      ranks.push_back(zipf(random));
      keys.push_back(Hasher().field(ranks.back()).finish());
      tokens += tokens_of(ranks.back());
      seen[ranks.back()] = true;
    }
    const auto found = cache.find_or_encode(
        keys, scope, [&](std::size_t i) -> Result<TokenIds> { return ids_of(ranks[i]); },
        Deadline::after(std::chrono::seconds(60)));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!found || *(*found)[i].block != ids_of(ranks[i])) {
        std::cerr << "wrong IDs\n";
        return 1;
      }
    }
    if (c % step != 0 && c != options.contexts) continue;
    curve.push_back(point(c, cache, **memory));
    private_mb_max = std::max(private_mb_max, curve.back()["private_mb"].get<double>());
  }
  const bool well = private_mb_max < options.limit_mb;
  std::cout << json{{"contexts", options.contexts},
                    {"passages", options.passages},
                    {"passages_seen", std::ranges::count(seen, true)},
                    {"zipf", options.zipf},
                    {"capacity_mib", options.capacity_mib},
                    {"limit_mb", options.limit_mb},
                    {"private_mb_before", before_mb},
                    {"private_mb_max", private_mb_max},
                    {"well", well},
                    {"curve", curve}}
                   .dump(1)
            << "\n";
  return well ? 0 : 1;
}

}  // namespace
}  // namespace leyden::bench

int main(int argc, char** argv) {
  leyden::bench::Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view word = argv[i];
    const double value = i + 1 < argc ? std::strtod(argv[i + 1], nullptr) : 0;
    if (value > 0 && word == "--contexts") {
      options.contexts = static_cast<std::size_t>(value);
    } else if (value > 0 && word == "--passages") {
      options.passages = static_cast<std::size_t>(value);
    } else if (value > 0 && value != 1 && word == "--zipf") {
      options.zipf = value;
    } else if (value > 0 && word == "--capacity-mib") {
      options.capacity_mib = static_cast<std::size_t>(value);
    } else if (value > 0 && word == "--limit-mb") {
      options.limit_mb = value;
    } else {
      std::cerr << "usage: leyden_bench_footprint [--contexts N] [--passages N] [--zipf S] "
                   "[--capacity-mib N] [--limit-mb N]\n";
      return 2;
    }
  }
  return leyden::bench::run(options);
}
