#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "leyden/base/guarded.h"
#include "leyden/cache/store.h"

namespace leyden::cache::testing {

// Remembers what it heard. Thread-safe.
class RecordingListener final : public StoreListener {
 public:
  struct Heard {
    std::set<BlockKey> keys;
    std::set<std::pair<GroupKind, GroupTag>> groups;
    int calls = 0;
    int lost = 0;
  };

  void erased(std::span<const BlockKey> keys) override {
    heard_.with([&](Heard& h) {
      ++h.calls;
      h.keys.insert(keys.begin(), keys.end());
    });
  }
  void erased_group(GroupKind kind, const GroupTag& tag) override {
    heard_.with([&](Heard& h) {
      ++h.calls;
      h.groups.emplace(kind, tag);
    });
  }
  void lost() override {
    heard_.with([](Heard& h) { ++h.lost; });
  }

  [[nodiscard]] Heard heard() const {
    return heard_.with([](const Heard& h) { return h; });
  }
  [[nodiscard]] bool has_heard(const BlockKey& key) const {
    return heard_.with([&](const Heard& h) { return h.keys.contains(key); });
  }
  [[nodiscard]] bool has_heard(GroupKind kind, const GroupTag& tag) const {
    return heard_.with([&](const Heard& h) { return h.groups.contains({kind, tag}); });
  }
  [[nodiscard]] int lost_count() const {
    return heard_.with([](const Heard& h) { return h.lost; });
  }
  // Whether it came to that within half a minute: this machine may be slow.
  bool wait_for(const std::function<bool(const Heard&)>& condition) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition(heard())) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

 private:
  Guarded<Heard> heard_;
};

}  // namespace leyden::cache::testing
