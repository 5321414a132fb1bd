// The memory tier, and the bare cost: a hash look-up and a memcpy.
#include <cstdlib>
#include <unordered_map>

#include "contender.h"
#include "leyden/base/clock.h"
#include "leyden/cache/memory_tier.h"

namespace leyden::bench {
namespace {

// Nothing but a hash table, read only: no lock, no bound, no time.
class Bare final : public Contender {
 public:
  explicit Bare(const Contexts& contexts) {
    for (const auto& context : contexts.context) {
      for (std::size_t i = 0; i < context.size(); ++i) {
        values_.try_emplace(context[i], contexts.ids_of(context[i], i));
      }
    }
  }
  void get(std::span<const cache::BlockKey> context, TokenId* out) override {
    for (const cache::BlockKey& key : context) {
      out = put_ids(values_.find(key)->second, true, out);
    }
  }

 private:
  std::unordered_map<cache::BlockKey, TokenIds, cache::BlockKeyHash> values_;
};

// What find_many costs, with the copy into the prompt or without.
class Memory final : public Contender {
 public:
  Memory(const Contexts& contexts, bool copies) : copies_(copies) {
    auto made = cache::MemoryTier::make({.capacity_bytes = 256 * MiB}, clock_);
    if (!made) std::abort();
    tier_ = std::move(*made);
    for (const auto& context : contexts.context) {
      for (std::size_t i = 0; i < context.size(); ++i) {
        tier_->put(context[i], cache::make_block(contexts.ids_of(context[i], i)));
      }
    }
  }
  void get(std::span<const cache::BlockKey> context, TokenId* out) override {
    const auto found = tier_->find_many(context);
    // All are there: the first round is checked.
    for (const auto& known : found) out = put_ids(***known, copies_, out);
  }
  [[nodiscard]] bool copies() const override { return copies_; }

 private:
  SystemClock clock_;
  std::unique_ptr<cache::MemoryTier> tier_;
  bool copies_;
};

}  // namespace

std::vector<Entrant> memory_entrants() {
  return {
      {"memory", "bare", [](const Contexts& c) { return std::make_unique<Bare>(c); }},
      {"memory", "Leyden", [](const Contexts& c) { return std::make_unique<Memory>(c, true); }},
      {"memory", "Leyden, shared",
       [](const Contexts& c) { return std::make_unique<Memory>(c, false); }},
  };
}

}  // namespace leyden::bench
