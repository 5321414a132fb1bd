#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "leyden/base/guarded.h"
#include "leyden/cache/store.h"

namespace leyden::cache::testing {

// One store that several caches of this process use as if each had its own: where a process may open a store only once. What is
// erased is heard by all of them. Thread-safe.
class ListenerFan final : public StoreListener {
 public:
  // Outlives the fan and what part() gave.
  explicit ListenerFan(Store& store) : store_(store) { store_.listen(this); }
  ~ListenerFan() override { store_.listen(nullptr); }

  // Outlived by the fan.
  [[nodiscard]] std::unique_ptr<Store> part() { return std::make_unique<Part>(*this); }

  void erased(std::span<const BlockKey> keys) override {
    tell([&](StoreListener& each) { each.erased(keys); });
  }
  void erased_group(GroupKind kind, const GroupTag& tag) override {
    tell([&](StoreListener& each) { each.erased_group(kind, tag); });
  }
  void lost() override {
    tell([](StoreListener& each) { each.lost(); });
  }

 private:
  // close() is not passed on: the others go on.
  class Part final : public Store {
   public:
    explicit Part(ListenerFan& fan) : fan_(fan), store_(fan.store_) {}
    ~Part() override { replace(nullptr); }
    Result<std::vector<std::optional<Bytes>>> find_many(std::span<const BlockKey> keys,
                                                        Deadline deadline) override {
      return store_.find_many(keys, deadline);
    }
    Result<void> put_many(std::span<const StoreEntry> entries, Deadline deadline) override {
      return store_.put_many(entries, deadline);
    }
    Result<std::uint64_t> erase_many(std::span<const BlockKey> keys, Deadline deadline) override {
      return store_.erase_many(keys, deadline);
    }
    Result<std::uint64_t> erase_group(GroupKind kind, const GroupTag& tag,
                                      Deadline deadline) override {
      return store_.erase_group(kind, tag, deadline);
    }
    void listen(StoreListener* listener) override { replace(listener); }
    StoreHealth health() const override { return store_.health(); }
    void close() override {}
    Result<StoreUsage> usage(Deadline deadline) override { return store_.usage(deadline); }
    Leases* leases() override { return store_.leases(); }

   private:
    void replace(StoreListener* listener) {
      fan_.listeners_.with([&](auto& all) {
        std::erase(all, listener_);
        listener_ = listener;
        if (listener != nullptr) all.push_back(listener);
      });
    }
    ListenerFan& fan_;
    Store& store_;
    StoreListener* listener_ = nullptr;  // Guarded by the fan's lock.
  };

  // Under the lock: who has ended listening is not called any more.
  template <class F>
  void tell(F&& what) {
    listeners_.with([&](const auto& all) {
      for (StoreListener* each : all) what(*each);
    });
  }

  Store& store_;
  Guarded<std::vector<StoreListener*>> listeners_;
};

}  // namespace leyden::cache::testing
