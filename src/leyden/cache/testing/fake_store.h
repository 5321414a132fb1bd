#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "leyden/base/guarded.h"
#include "leyden/cache/store.h"

namespace leyden::cache::testing {

enum class Mood {
  well,
  failing,   // Every call: unavailable, at once.
  hanging,   // Every call: timed_out, at its deadline.
  confused,  // find_many answers with one value too few.
};

// A store in a map that can be told to misbehave. Thread-safe.
class FakeStore final : public Store {
 public:
  static constexpr std::size_t kValueBytesMax = 1 * MiB;
  using Values = std::map<BlockKey, Bytes>;
  using Groups = std::map<BlockKey, std::pair<GroupTag, GroupTag>>;

  [[nodiscard]] Result<std::vector<std::optional<Bytes>>> find_many(std::span<const BlockKey> keys,
                                                                    Deadline deadline) override {
    ++calls_find;
    if (auto well = behave(deadline); !well) return std::unexpected(well.error());
    std::vector<std::optional<Bytes>> out(keys.size());
    values.with([&](const Values& all) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (auto at = all.find(keys[i]); at != all.end()) out[i] = at->second;
      }
    });
    if (mood == Mood::confused && !out.empty()) out.pop_back();
    if (after_find) after_find();
    return out;
  }

  [[nodiscard]] Result<void> put_many(std::span<const StoreEntry> entries,
                                      Deadline deadline) override {
    ++calls_put;
    if (std::ranges::any_of(entries,
                            [](const StoreEntry& e) { return e.value.size() > kValueBytesMax; })) {
      return fail(Errc::invalid_argument, "too large");
    }
    if (auto well = behave(deadline); !well) return well;
    values.with([&](Values& all) {
      for (const StoreEntry& entry : entries) all[entry.key] = entry.value;
    });
    groups.with([&](Groups& all) {
      for (const StoreEntry& entry : entries) all[entry.key] = {entry.tenant, entry.tokenizer};
      if (!entries.empty()) ttl = entries.back().ttl;
    });
    return {};
  }

  [[nodiscard]] Result<std::uint64_t> erase_many(std::span<const BlockKey> keys,
                                                 Deadline deadline) override {
    ++calls_erase;
    if (auto well = behave(deadline); !well) return std::unexpected(well.error());
    return values.with([&](Values& all) {
      std::uint64_t erased = 0;
      for (const BlockKey& key : keys) erased += all.erase(key);
      return erased;
    });
  }

  [[nodiscard]] Result<StoreUsage> usage(Deadline deadline) override {
    if (auto well = behave(deadline); !well) return std::unexpected(well.error());
    return values.with([](const Values& all) {
      StoreUsage out;
      out.entries = all.size();
      for (const auto& [key, value] : all) out.bytes_used += key.bytes.size() + value.size();
      return out;
    });
  }

  [[nodiscard]] Result<std::uint64_t> erase_group(GroupKind kind, const GroupTag& tag,
                                                  Deadline deadline) override {
    const auto of_group = groups.with([&](Groups& all) {
      std::vector<BlockKey> keys;
      for (const auto& [key, tags] : all) {
        if ((kind == GroupKind::tenant ? tags.first : tags.second) == tag) keys.push_back(key);
      }
      return keys;
    });
    return erase_many(of_group, deadline);
  }
  void listen(StoreListener* who) override { listener = who; }
  [[nodiscard]] StoreHealth health() const override { return {}; }
  [[nodiscard]] Leases* leases() override { return lease_table; }
  void close() override {}

  Leases* lease_table = nullptr;
  std::atomic<StoreListener*> listener{nullptr};
  std::atomic<std::chrono::seconds> ttl{};  // Of what was put last.
  std::function<void()> after_find;         // Runs behind a find_many that went well.
  std::atomic<Mood> mood{Mood::well};
  std::atomic<int> calls_find{0};
  std::atomic<int> calls_put{0};
  std::atomic<int> calls_erase{0};
  Guarded<Values> values;
  Guarded<Groups> groups;  // Of all that were ever put.

 private:
  Result<void> behave(Deadline deadline) {
    if (mood == Mood::failing) return fail(Errc::unavailable, "failing on purpose");
    if (mood == Mood::hanging) std::this_thread::sleep_until(deadline.when());
    if (deadline.passed()) return fail(Errc::timed_out, "past the deadline");
    return {};
  }
};

}  // namespace leyden::cache::testing
