#include "leyden/cache/testing/token_cache_model.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "leyden/cache/testing/child_process.h"
#include "leyden/cache/testing/numbered.h"
#include "leyden/cache/token_cache.h"

namespace leyden::cache::testing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint32_t kKeys = 2000;
constexpr std::uint32_t kTenants = 3;
constexpr auto kTtl = kModelTtl;

GroupTag tenant_of(std::uint32_t number) { return {static_cast<std::byte>(1 + number % kTenants)}; }
PassageScope scope_of(std::uint32_t tenant) {
  return {.codec = {.tokenizer_fingerprint = Hasher().field("tokenizer").finish(),
                    .vocabulary_size = 1'000'000},
          .tenant = tenant_of(tenant),
          .tokenizer = {std::byte{9}}};
}
// What the passage is encoded to after so many erasures of it: an answer says how old it is.
TokenIds ids_of(std::uint32_t number, std::uint32_t generation) {
  std::mt19937 random(number * 31 + generation);
  TokenIds out(2 + random() % 60);
  for (TokenId& id : out) id = static_cast<TokenId>(random() % 1'000'000);
  out[0] = generation;
  return out;
}

// What the model tells a process to do, and the answer to it.
enum class Op : std::uint32_t { get, erase, erase_tenant, advance, flush, forget, end };
struct Request {
  Op op = Op::get;
  std::uint32_t tenant = 0;
  std::uint64_t ns = 0;  // To advance.
  std::uint32_t count = 0;
  std::array<std::uint32_t, 24> keys{};
  std::array<std::uint32_t, 24> generations{};  // As they are encoded now.
};
struct Answer {
  bool failed = false;
  bool wrong = false;  // IDs of no generation of the passage.
  std::uint64_t erased = 0;
  std::array<Source, 24> sources{};
  std::array<std::uint32_t, 24> generations{};
};

// A process with a cache.
class Process {
 public:
  Process(const ModelOptions& options, std::chrono::nanoseconds age) {
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) std::abort();
    pid_ = in_child([&] {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      return serve(sockets[1], options, age);
    });
    ::close(sockets[1]);
    socket_ = sockets[0];
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) (void)end();
  }

  Answer ask(const Request& request) const {
    Answer answer{.failed = true};
    if (::send(socket_, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request)) return answer;
    if (::recv(socket_, &answer, sizeof(answer), 0) != sizeof(answer)) answer.failed = true;
    return answer;
  }
  // 0: it closed everything in order.
  int end() {
    const Request request{.op = Op::end};
    (void)::send(socket_, &request, sizeof(request), MSG_NOSIGNAL);
    ::close(socket_);
    return exit_status(std::exchange(pid_, -1));
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    (void)end();
  }

 private:
  static int serve(int socket, const ModelOptions& options, std::chrono::nanoseconds age) {
    ManualClock clock;
    clock.advance(age);
    auto memory = MemoryTier::make({.capacity_bytes = options.memory_bytes, .ttl = kTtl}, clock);
    auto store = options.open(clock);
    if (!memory || !store) return 2;
    TokenCache cache(**memory, store->get(), clock, {.store_timeout = 60s});
    Request request;
    while (::recv(socket, &request, sizeof(request), 0) == sizeof(request) &&
           request.op != Op::end) {
      const Answer answer = run(request, cache, **memory, clock);
      if (::send(socket, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer)) return 3;
    }
    return 0;
  }

  static Answer run(const Request& request, TokenCache& cache, MemoryTier& memory,
                    ManualClock& clock) {
    Answer answer;
    const Deadline deadline = Deadline::after(120s);
    std::vector<BlockKey> keys;
    keys.reserve(request.count);
    for (std::uint32_t i = 0; i < request.count; ++i) keys.push_back(key_of(request.keys[i]));
    switch (request.op) {
      case Op::get: {
        auto found = cache.find_or_encode(
            keys, scope_of(request.tenant),
            [&](std::size_t i) -> Result<TokenIds> {
              return ids_of(request.keys[i], request.generations[i]);
            },
            deadline);
        answer.failed = !found;
        for (std::size_t i = 0; found && i < found->size(); ++i) {
          const TokenIds& ids = *(*found)[i].block;
          answer.sources[i] = (*found)[i].source;
          answer.generations[i] = ids.at(0);
          if (ids != ids_of(request.keys[i], ids[0])) answer.wrong = true;
        }
        break;
      }
      case Op::erase: {
        auto erased = cache.erase_many(keys, deadline);
        answer.failed = !erased;
        answer.erased = erased.value_or(0);
        break;
      }
      case Op::erase_tenant: {
        auto erased = cache.erase_group(GroupKind::tenant, tenant_of(request.tenant), deadline);
        answer.failed = !erased;
        if (erased) answer.erased = erased->in_store;
        break;
      }
      case Op::advance:
        clock.advance(std::chrono::nanoseconds(request.ns));
        break;
      case Op::flush:
        answer.failed = !cache.flush(deadline);
        break;
      case Op::forget:
        memory.clear();
        break;
      case Op::end:
        break;
    }
    return answer;
  }

  pid_t pid_ = -1;
  int socket_ = -1;
};

// Where a block may be, and where it must be.
struct Place {
  bool may = false;
  bool must = false;
  // When it was put, at the earliest and at the latest; its time ends by key between 0.9 and 1.1 times the TTL after.
  std::chrono::nanoseconds earliest{};
  std::chrono::nanoseconds latest{};
  void put(std::chrono::nanoseconds now) { *this = {true, true, now, now}; }
  void gone() { *this = {}; }
  void perhaps() { must = false; }
  void age(std::chrono::nanoseconds now) {
    if (now - earliest >= kTtl * 9 / 10) must = false;
    if (now - latest > kTtl * 11 / 10) may = false;
  }
};

struct Passage {
  std::uint32_t generation = 0;
  std::optional<SteadyClock::time_point> erased_at;  // When its last erasure was acknowledged.
  std::array<Place, 2> memory;                       // Of each process.
  Place store;
  std::array<bool, 2> on_its_way{};  // To the store, from each process.
  [[nodiscard]] bool is_on_its_way() const { return on_its_way[0] || on_its_way[1]; }
  bool surely = false;  // Nothing that is heard late can keep it out of the store.
};

class TokenCacheModel {
 public:
  explicit TokenCacheModel(const ModelOptions& options) : options_(options) {}

  void run() {
    const std::uint64_t seed = from_environment("LEYDEN_TEST_SEED", std::random_device{}());
    std::cout << "seed " << seed << '\n';
    random_.seed(seed);
    start(0);
    start(1);
    const std::uint64_t operations = from_environment("LEYDEN_TEST_OPERATIONS", 300'000) / 2;
    for (std::uint64_t done = 0; done < operations && !::testing::Test::HasFailure(); ++steps_) {
      SCOPED_TRACE(fmt::format("step {}, seed {}", steps_, seed));
      done += step();
    }
    for (auto& process : processes_) EXPECT_EQ(process->end(), 0);
    std::cout << steps_ << " steps: " << counts_["memory"] << " memory hits, " << counts_["store"]
              << " store hits, " << counts_["encoded"] << " encodings, " << counts_["erased"]
              << " erased, " << counts_["crash"] << " crashes, " << counts_["reopen"]
              << " reopenings; reads older than an acknowledged erasure: " << counts_["stale"]
              << " within a second, " << counts_["late"]
              << " later; listeners lost their store: " << counts_["lost"] << '\n';
  }

 private:
  static std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
  }

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  void start(std::size_t p) {
    processes_[p].reset();
    processes_[p] = std::make_unique<Process>(options_, now_);
    started_at_[p] = SteadyClock::now();
  }

  // An erasure is heard in each process a little later, its own too, and takes what was put meanwhile; so does the beginning of
  // listening.
  [[nodiscard]] bool is_settled(std::size_t p, const Passage& passage) const {
    const auto before = SteadyClock::now() - options_.heard_within;
    return started_at_[p] < before && (!passage.erased_at || *passage.erased_at < before);
  }

  // How many passages it concerned.
  std::uint64_t step() {
    const std::size_t p = below(2);
    const std::uint32_t what = below(1000);
    if (what < 900) return get(p);
    if (what < 940) return erase(p);
    if (what < 942) return erase_tenant(p);
    if (what < 960) return options_.has_time ? advance() : 0;
    if (what < 990) return flush();
    if (what < 997) return forget(p);
    return what < 998 ? crash(p) : reopen(p);
  }

  std::uint64_t get(std::size_t p) {
    Request request{.op = Op::get, .tenant = below(kTenants), .count = 1 + below(24)};
    std::unordered_set<std::uint32_t> chosen;
    for (std::uint32_t i = 0; i < request.count; ++i) {
      // Some more often than others, of the tenant's.
      const std::uint32_t number = below(1 + below(kKeys / kTenants)) * kTenants + request.tenant;
      request.keys[i] = number;
      request.generations[i] = passages_[number].generation;
      chosen.insert(number);
    }
    const Answer answer = processes_[p]->ask(request);
    EXPECT_FALSE(answer.failed);
    EXPECT_FALSE(answer.wrong);
    for (std::uint32_t i = 0; i < request.count; ++i) {
      Passage& passage = passages_[request.keys[i]];
      if (!chosen.erase(request.keys[i])) continue;  // A repeat.
      check(p, passage, answer.sources[i], answer.generations[i]);
    }
    return request.count;
  }

  void check(std::size_t p, Passage& passage, Source source, std::uint32_t generation) {
    Place& memory = passage.memory[p];
    memory.age(now_);
    passage.store.age(now_);
    const bool settled = is_settled(p, passage);
    if (!settled) memory.perhaps();
    if (is_missed(memory, passage, source)) forget_all(p);
    if (generation != passage.generation) {
      const auto age = SteadyClock::now() - passage.erased_at.value();
      ++counts_[age < 1s ? "stale" : "late"];
      EXPECT_LT(age, 10s);  // A busy machine may take more than the second that is promised.
      EXPECT_LT(generation, passage.generation);
      return;
    }
    switch (source) {
      case Source::memory:
        ++counts_["memory"];
        EXPECT_TRUE(memory.may);
        break;
      case Source::store:
        ++counts_["store"];
        EXPECT_FALSE(memory.must);
        EXPECT_TRUE(passage.store.may || passage.is_on_its_way());
        memory.put(now_);
        break;
      case Source::encoded:
      case Source::coalesced:
        ++counts_["encoded"];
        EXPECT_FALSE(memory.must);
        EXPECT_FALSE(passage.store.must && !passage.is_on_its_way());
        memory.put(now_);
        passage.store.put(now_);
        passage.store.perhaps();
        passage.on_its_way[p] = true;
        passage.surely = settled;
        break;
    }
    if (!options_.roomy) memory.perhaps();
  }

  static bool is_missed(const Place& memory, const Passage& passage, Source source) {
    return source != Source::memory &&
           (memory.must ||
            (source != Source::store && passage.store.must && !passage.is_on_its_way()));
  }

  // The listener lost its store: nothing has to be there any more.
  void forget_all(std::size_t p) {
    // Rarely: on a machine that is slow (sanitizers, other work) links stall now and then.
    EXPECT_LE(++counts_["lost"], 5 + steps_ / 500);
    for (Passage& passage : passages_) {
      passage.memory[p].perhaps();
      passage.store.perhaps();
      passage.surely = false;
    }
  }

  // What waits to be written would be written after the erasure of another process; so first nothing waits.
  std::uint64_t erase(std::size_t p) {
    (void)flush();
    Request request{.op = Op::erase, .count = 1 + below(8)};
    std::unordered_set<std::uint32_t> chosen;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    for (std::uint32_t i = 0; i < request.count; ++i) {
      request.keys[i] = below(kKeys);
      Passage& passage = passages_[request.keys[i]];
      if (!chosen.insert(request.keys[i]).second) continue;
      passage.memory[p].age(now_);
      passage.store.age(now_);
      if (!is_settled(p, passage)) passage.memory[p].perhaps();
      if (passage.memory[p].must || passage.store.must) ++least;
      if (passage.memory[p].may || passage.store.may) ++most;
    }
    const Answer answer = processes_[p]->ask(request);
    EXPECT_FALSE(answer.failed);
    EXPECT_GE(answer.erased, least);
    EXPECT_LE(answer.erased, most);
    counts_["erased"] += answer.erased;
    for (const std::uint32_t number : chosen) erased(p, passages_[number]);
    return request.count;
  }

  std::uint64_t erase_tenant(std::size_t p) {
    (void)flush();
    const std::uint32_t tenant = below(kTenants);
    std::uint64_t least = 0;
    for (std::uint32_t number = tenant; number < kKeys; number += kTenants) {
      passages_[number].store.age(now_);
      if (passages_[number].store.must) ++least;
    }
    const Answer answer = processes_[p]->ask({.op = Op::erase_tenant, .tenant = tenant});
    EXPECT_FALSE(answer.failed);
    EXPECT_GE(answer.erased, least);
    counts_["erased"] += answer.erased;
    for (std::uint32_t number = tenant; number < kKeys; number += kTenants)
      erased(p, passages_[number]);
    return kKeys / kTenants;
  }

  static void erased(std::size_t p, Passage& passage) {
    ++passage.generation;
    passage.erased_at = SteadyClock::now();
    passage.memory[p].gone();
    passage.memory[1 - p].perhaps();  // It hears of it soon.
    passage.store.gone();
  }

  std::uint64_t advance() {
    const std::uint64_t ns = random_() % static_cast<std::uint64_t>((kTtl / 20) / 1ns);
    now_ += std::chrono::nanoseconds(ns);
    for (auto& process : processes_)
      EXPECT_FALSE(process->ask({.op = Op::advance, .ns = ns}).failed);
    return 1;
  }

  std::uint64_t flush() {
    for (auto& process : processes_) EXPECT_FALSE(process->ask({.op = Op::flush}).failed);
    for (Passage& passage : passages_) {
      if (!passage.is_on_its_way()) continue;
      passage.on_its_way = {};
      passage.store.latest = now_;
      passage.store.must = options_.roomy && passage.surely && passage.store.may;
    }
    return 1;
  }

  std::uint64_t forget(std::size_t p) {
    EXPECT_FALSE(processes_[p]->ask({.op = Op::forget}).failed);
    for (Passage& passage : passages_) passage.memory[p].gone();
    return 1;
  }

  std::uint64_t crash(std::size_t p) {
    ++counts_["crash"];
    processes_[p]->kill();
    // What it had not written is lost.
    for (Passage& passage : passages_) {
      passage.memory[p].gone();
      if (!std::exchange(passage.on_its_way[p], false)) continue;
      passage.store.latest = now_;
      passage.store.perhaps();
    }
    start(p);
    return 1;
  }

  std::uint64_t reopen(std::size_t p) {
    ++counts_["reopen"];
    EXPECT_EQ(processes_[p]->end(), 0);
    for (Passage& passage : passages_) passage.memory[p].gone();
    start(p);
    return 1;
  }

  std::mt19937_64 random_;
  const ModelOptions& options_;
  std::uint64_t steps_ = 0;
  std::chrono::nanoseconds now_{0};
  std::array<std::unique_ptr<Process>, 2> processes_;
  std::array<SteadyClock::time_point, 2> started_at_;
  std::vector<Passage> passages_ = std::vector<Passage>(kKeys);
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace

void run_against_model(const ModelOptions& options) { TokenCacheModel(options).run(); }

}  // namespace leyden::cache::testing
