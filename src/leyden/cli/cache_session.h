#pragma once

#include <memory>
#include <string>

#include "leyden/base/clock.h"
#include "leyden/base/secret.h"
#include "leyden/cache/memory_tier.h"
#include "leyden/cache/store.h"
#include "leyden/cache/token_cache.h"
#include "leyden/cli/settings.h"
#include "leyden/cli/stats_board.h"

namespace leyden::cli {

// The store of tokens that the settings name: a Redis or Valkey server, else the embedded one. Errors: invalid_argument (the URL);
// unavailable.
[[nodiscard]] Result<std::unique_ptr<cache::Store>> open_store(const Settings& settings,
                                                               const Clock& clock);

// The token cache over the user's data folder, as the settings want it.
class CacheSession {
 public:
  enum class Store {
    if_there,  // One that can't be opened is left out: the answers stay right, see degraded().
    needed,    // It is an error.
  };
  // `command` is what the statistics call this process. Errors: the secret's, the settings' and the store's.
  [[nodiscard]] static Result<std::unique_ptr<CacheSession>> open(const Settings& settings,
                                                                  std::string command, Store store);
  // What was tokenized reaches the store before: the next process shall find it.
  ~CacheSession();

  [[nodiscard]] cache::TokenCache& cache() { return *cache_; }
  [[nodiscard]] const Secret& secret() const { return secret_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  // Why there is no store; empty when all is well.
  [[nodiscard]] const std::string& degraded() const { return degraded_; }

 private:
  CacheSession() = default;
  // In the order in which they are made; each borrows from those above it.
  SystemClock clock_;
  Secret secret_{};
  std::string degraded_;
  std::unique_ptr<cache::MemoryTier> memory_;
  std::unique_ptr<cache::Store> store_;
  std::unique_ptr<cache::TokenCache> cache_;
  std::unique_ptr<StatsBoard> board_;
};

}  // namespace leyden::cli
