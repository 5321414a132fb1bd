#include "leyden/cli/cache_session.h"

#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/cache/stores/redis/redis_store.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {
namespace {

const char* name_of(cache::StoreState state) {
  switch (state) {
    case cache::StoreState::on:
      return "on";
    case cache::StoreState::degraded:
      return "degraded";
    case cache::StoreState::off:
      return "off";
  }
  std::unreachable();
}

BoardEntry board_entry(const cache::TokenCache& cache, bool has_store) {
  const cache::CacheStats stats = cache.stats(std::chrono::milliseconds(0));
  return {.command = {},
          .counts = cache.counts(),
          .memory_usage_mb = stats.memory_usage_mb,
          .tokens_cached = stats.total_tokens_cached,
          .store_state = has_store ? name_of(stats.store_health.state) : "none",
          .encode_us_per_kib = stats.encode_us_per_kib,
          .store_read_us_per_kib = stats.store_read_us_per_kib,
          .store_crossover_bytes = stats.store_crossover_bytes};
}

cache::TenantLimits limits_of(const TenantSettings& tenant) {
  return {.quota_bytes = tenant.quota_mb * MiB, .guaranteed_bytes = tenant.guarantee_mb * MiB};
}

cache::MemoryTierOptions memory_options(const Settings& settings, const Secret& secret) {
  cache::MemoryTierOptions options{
      .capacity_bytes = settings.cache_budget_mb * MiB,
      .ttl = std::chrono::seconds(settings.cache_ttl_s),
      .negative_ttl = std::chrono::seconds(settings.cache_negative_ttl_s),
      .tenant = limits_of(settings.every_tenant),
      .tenants = {}};
  for (const auto& [name, tenant] : settings.tenants)
    options.tenants.emplace(cache::tenant_tag(secret, name), limits_of(tenant));
  return options;
}

}  // namespace

Result<std::unique_ptr<cache::Store>> open_store(const Settings& settings, const Clock& clock) {
  if (!settings.redis_url)
    return cache::LmdbStore::open({.folder = settings.store_folder(),
                                   .capacity_bytes = settings.store_budget_mb * MiB,
                                   .tenant_quota_bytes = settings.store_tenant_quota_mb * MiB,
                                   .ttl = std::chrono::seconds(settings.cache_ttl_s)},
                                  clock);
  auto options = cache::RedisStoreOptions::from_url(*settings.redis_url);
  if (!options) return fail(options.error().code, "REDIS_URL: {}", options.error().message);
  return cache::RedisStore::open(*options, clock);
}

Result<std::unique_ptr<CacheSession>> CacheSession::open(const Settings& settings,
                                                         std::string command, Store store_wanted) {
  std::unique_ptr<CacheSession> session(new CacheSession());
  auto secret = load_or_create_secret(settings.secret_file);
  if (!secret) return std::unexpected(secret.error());
  session->secret_ = *secret;
  auto memory = cache::MemoryTier::make(memory_options(settings, *secret), session->clock_);
  if (!memory) return std::unexpected(memory.error());
  session->memory_ = *std::move(memory);
  cache::TokenCacheOptions options{
      .store_timeout = std::chrono::milliseconds(settings.store_timeout_ms),
      .store_reads = settings.store_reads,
      .write_back = {.queue_bytes = settings.store_queue_mb * MiB},
      .encode_threads = settings.encode_threads,
      .lease = {.from_bytes = settings.lease_from_kb * KiB}};
  auto store = open_store(settings, session->clock_);
  if (store) {
    session->store_ = *std::move(store);
    // Others may be able to write to a server.
    if (settings.redis_url) options.integrity = cache::Integrity::keyed(*secret);
  } else if (store_wanted == Store::needed || store.error().code == Errc::invalid_argument) {
    return std::unexpected(store.error());
  } else {
    session->degraded_ = "the token store is left out: " + store.error().message;
    print_warning(session->degraded_);
  }
  session->cache_ = std::make_unique<cache::TokenCache>(*session->memory_, session->store_.get(),
                                                        session->clock_, options);
  session->board_ = std::make_unique<StatsBoard>(
      settings.stats_folder(), std::move(command),
      [cache = session->cache_.get(), has_store = session->store_ != nullptr] {
        return board_entry(*cache, has_store);
      });
  return session;
}

CacheSession::~CacheSession() {
  if (cache_) (void)cache_->flush(Deadline::after(std::chrono::seconds(5)));
}

}  // namespace leyden::cli
