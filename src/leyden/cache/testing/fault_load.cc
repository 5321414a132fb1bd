#include "leyden/cache/testing/fault_load.h"

#include <algorithm>
#include <deque>
#include <random>

namespace leyden::cache::testing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint32_t kVocabulary = 151'936;
constexpr std::size_t kWords = 240;
constexpr std::uint64_t kInMemory = 64;
constexpr std::uint64_t kInStore = 240;
constexpr std::uint64_t kFirstNew = 1'000'000;
constexpr std::size_t kPassagesOfHit = 18;
constexpr std::size_t kPassagesOfRead = 6;
constexpr std::size_t kReadAgainAfter = 8;  // Requests; what is new is written in the meantime.
constexpr std::size_t kHitsAtOnce = 32;
constexpr auto kPause = 2ms;
// Far more than a request may take: what waits so long is a failure.
constexpr auto kRequestTimeout = 10s;

const Secret kSecret{std::byte{7}};

std::string text_of(std::uint64_t number) {
  std::mt19937_64 random(number);
  std::string out;
  for (std::size_t i = 0; i < kWords; ++i) {
    for (std::uint64_t letters = 2 + random() % 6; letters > 0; --letters)
      out += static_cast<char>('a' + random() % 26);
    out += ' ';
  }
  return out;
}

}  // namespace

TokenIds encode_words(std::string_view text) {
  constexpr std::uint32_t kOffset = 2'166'136'261U;
  constexpr std::uint32_t kPrime = 16'777'619U;
  TokenIds out;
  std::uint32_t hash = kOffset;
  bool in_word = false;
  for (const char c : text) {
    if (c == ' ') {
      if (in_word) out.push_back(hash % kVocabulary);
      in_word = false;
      hash = kOffset;
      continue;
    }
    hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
    in_word = true;
  }
  if (in_word) out.push_back(hash % kVocabulary);
  return out;
}

PassageScope load_scope() {
  const Digest fingerprint = Hasher().field("encode_words").finish();
  return {.codec = {.tokenizer_fingerprint = fingerprint, .vocabulary_size = kVocabulary},
          .tenant = tenant_tag(kSecret, "load"),
          .tokenizer = tokenizer_tag(kSecret, fingerprint)};
}

struct FaultLoad::Passage {
  std::string text;
  BlockKey key;
  TokenIds ids;
};

FaultLoad::Passage FaultLoad::passage_of(std::uint64_t number) {
  Passage out{.text = text_of(number)};
  out.key = block_key(kSecret, {.tenant = "load",
                                .tokenizer_fingerprint = load_scope().codec.tokenizer_fingerprint,
                                .content = Hasher().field(out.text).finish()});
  out.ids = encode_words(out.text);
  return out;
}

FaultLoad::FaultLoad(TokenCache& cache, MemoryTier& memory) : cache_(cache), memory_(memory) {
  for (std::uint64_t i = 0; i < kInMemory; ++i) in_memory_.push_back(passage_of(i));
  for (std::uint64_t i = 0; i < kInStore; ++i) in_store_.push_back(passage_of(kInMemory + i));
  const std::span<const Passage> in_store(in_store_);
  threads_.emplace_back([this](const std::stop_token& stop) { ask_memory(stop); });
  for (const auto part : {in_store.first(kInStore / 2), in_store.last(kInStore / 2)})
    threads_.emplace_back([this, part](const std::stop_token& stop) { ask_store(stop, part); });
  threads_.emplace_back([this](const std::stop_token& stop) { ask_anew(stop); });
}

FaultLoad::~FaultLoad() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

std::vector<Source> FaultLoad::ask(std::span<const Passage* const> passages) {
  std::vector<BlockKey> keys;
  std::vector<std::size_t> text_bytes;
  for (const Passage* passage : passages) {
    keys.push_back(passage->key);
    text_bytes.push_back(passage->text.size());
  }
  const auto began = SteadyClock::now();
  const auto found = cache_.find_or_encode(
      keys, load_scope(),
      [&](std::size_t i) -> Result<TokenIds> { return encode_words(passages[i]->text); },
      Deadline::after(kRequestTimeout), {.text_bytes = text_bytes});
  const auto took = SteadyClock::now() - began;
  std::vector<Source> sources;
  std::uint64_t wrong = 0;
  if (found) {
    for (std::size_t i = 0; i < passages.size(); ++i) {
      wrong += i >= found->size() || *(*found)[i].block != passages[i]->ids ? 1 : 0;
      sources.push_back((*found)[i].source);
    }
  }
  counts_.with([&](LoadCounts& counts) {
    ++counts.requests;
    counts.failed += found ? 0 : 1;
    counts.wrong += wrong;
    counts.slowest = std::max<std::chrono::nanoseconds>(counts.slowest, took);
  });
  return sources;
}

void FaultLoad::ask_memory(const std::stop_token& stop) {
  std::mt19937_64 random(1);
  std::vector<const Passage*> asked(kPassagesOfHit);
  while (!stop.stop_requested()) {
    // In bursts: a thread that has slept is not interrupted for a while, so that what is measured is the cache.
    std::vector<double> took;
    for (std::size_t i = 0; i < kHitsAtOnce; ++i) {
      for (const Passage*& each : asked) each = &in_memory_[random() % kInMemory];
      const auto began = SteadyClock::now();
      const auto sources = ask(asked);
      const std::chrono::duration<double, std::micro> us = SteadyClock::now() - began;
      const bool all = std::ranges::count(sources, Source::memory) == kPassagesOfHit;
      if (all) took.push_back(us.count());
    }
    memory_hits_us_.with(
        [&](std::vector<double>& all) { all.insert(all.end(), took.begin(), took.end()); });
    std::this_thread::sleep_for(kPause);
  }
}

void FaultLoad::ask_store(const std::stop_token& stop, std::span<const Passage> passages) {
  std::vector<const Passage*> asked(kPassagesOfRead);
  for (std::size_t next = 0; !stop.stop_requested(); next += kPassagesOfRead) {
    for (std::size_t i = 0; i < kPassagesOfRead; ++i) {
      asked[i] = &passages[(next + i) % passages.size()];
      (void)memory_.erase(asked[i]->key);
    }
    (void)ask(asked);
    std::this_thread::sleep_for(kPause);
  }
}

void FaultLoad::ask_anew(const std::stop_token& stop) {
  std::deque<std::pair<Passage, TimePoint>> recent;
  for (std::uint64_t number = kFirstNew; !stop.stop_requested(); ++number) {
    const TimePoint now = SteadyClock::now();
    const Passage& fresh = recent.emplace_back(passage_of(number), now).first;
    const Passage* asked = &fresh;
    (void)ask(std::span(&asked, 1));
    if (recent.size() > kReadAgainAfter) {
      asked = &recent.front().first;
      (void)memory_.erase(asked->key);
      const auto sources = ask(std::span(&asked, 1));
      if (!sources.empty() && sources.front() == Source::store)
        newest_round_trip_ = recent.front().second;
      recent.pop_front();
    }
    std::this_thread::sleep_for(kPause);
  }
}

std::vector<BlockKey> FaultLoad::stored_keys() const {
  std::vector<BlockKey> out;
  for (const Passage& passage : in_store_) out.push_back(passage.key);
  return out;
}

LoadCounts FaultLoad::counts() const {
  return counts_.with([](const LoadCounts& counts) { return counts; });
}

bool FaultLoad::round_trip_since(TimePoint time) const { return newest_round_trip_.load() >= time; }

std::vector<double> FaultLoad::take_memory_hits_us() {
  return memory_hits_us_.with([](std::vector<double>& all) { return std::exchange(all, {}); });
}

}  // namespace leyden::cache::testing
