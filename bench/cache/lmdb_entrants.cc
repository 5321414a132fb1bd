// The embedded store, and the bare cost of the same: mdb_get, a checksum over what it gives, unpacking.
#include <cstring>
#include <optional>

#include <lmdb.h>
#include <xxhash.h>

#include "contender.h"
#include "leyden/base/clock.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/cache/bit_packing.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "store_hits.h"

namespace leyden::bench {
namespace {

// By hand: one read transaction a context, as the store has one a look-up. A value is the checksum,
// then the packed IDs.
class Bare final : public Contender {
 public:
  explicit Bare(const Contexts& contexts) {
    must(mdb_env_create(&env_) == 0 && mdb_env_set_mapsize(env_, 256 * MiB) == 0);
    must(mdb_env_open(env_, folder_.path().c_str(), MDB_NOTLS | MDB_NORDAHEAD | MDB_NOSYNC, 0600) ==
         0);
    MDB_txn* txn = nullptr;
    must(mdb_txn_begin(env_, nullptr, 0, &txn) == 0 && mdb_dbi_open(txn, nullptr, 0, &dbi_) == 0);
    for (const auto& context : contexts.context) {
      for (std::size_t i = 0; i < context.size(); ++i) {
        const TokenIds ids = contexts.ids_of(context[i], i);
        Bytes value(8 + cache::packed_size(ids.size(), bits_));
        cache::pack(ids, bits_, value.data() + 8);
        const std::uint64_t sum = XXH3_64bits(value.data() + 8, value.size() - 8);
        std::memcpy(value.data(), &sum, sizeof(sum));
        MDB_val k = name(context[i]);
        MDB_val v{value.size(), value.data()};
        must(mdb_put(txn, dbi_, &k, &v, 0) == 0);
      }
    }
    must(mdb_txn_commit(txn) == 0);
    sizes_ = contexts.sizes;
  }
  ~Bare() override { mdb_env_close(env_); }

  void get(std::span<const cache::BlockKey> context, TokenId* out) override {
    MDB_txn* txn = nullptr;
    must(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn) == 0);
    for (std::size_t i = 0; i < context.size(); ++i) {
      MDB_val k = name(context[i]);
      MDB_val v{};
      must(mdb_get(txn, dbi_, &k, &v) == 0);
      const BytesView value(static_cast<const std::byte*>(v.mv_data), v.mv_size);
      std::uint64_t sum = 0;
      std::memcpy(&sum, value.data(), sizeof(sum));
      must(XXH3_64bits(value.data() + 8, value.size() - 8) == sum);
      cache::unpack(value.subspan(8), bits_, std::span(out, sizes_[i]));
      out += sizes_[i];
    }
    mdb_txn_abort(txn);
  }

 private:
  static MDB_val name(const cache::BlockKey& key) {
    return {key.bytes.size(), const_cast<std::byte*>(key.bytes.data())};
  }

  TemporaryFolder folder_;
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  const unsigned bits_ = cache::bits_per_id(kVocabularySize);
  std::vector<std::size_t> sizes_;
};

// The embedded store, with the copy into a prompt or without.
class Lmdb final : public Contender {
 public:
  Lmdb(const Contexts& contexts, bool copies) : copies_(copies) {
    auto opened = cache::LmdbStore::open(
        {.folder = folder_.path() / "store", .capacity_bytes = 256 * MiB}, clock_);
    must(opened.has_value());
    store_ = std::move(*opened);
    hits_.emplace(*store_, contexts, cache::Integrity());
  }
  void get(std::span<const cache::BlockKey> context, TokenId* out) override {
    hits_->get(context, copies_, out);
  }
  [[nodiscard]] bool copies() const override { return copies_; }

 private:
  TemporaryFolder folder_;
  SystemClock clock_;
  std::unique_ptr<cache::LmdbStore> store_;
  std::optional<StoreHits> hits_;
  bool copies_;
};

}  // namespace

std::vector<Entrant> lmdb_entrants() {
  return {
      {"lmdb", "bare", [](const Contexts& c) { return std::make_unique<Bare>(c); }},
      {"lmdb", "Leyden", [](const Contexts& c) { return std::make_unique<Lmdb>(c, true); }},
      {"lmdb", "Leyden, shared",
       [](const Contexts& c) { return std::make_unique<Lmdb>(c, false); }},
  };
}

}  // namespace leyden::bench
