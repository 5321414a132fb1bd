#include "leyden/tokenizer/models/byte_trie.h"

#include <algorithm>
#include <numeric>

namespace leyden::tokenizer {
namespace {

using Keys = std::vector<std::pair<std::string_view, std::uint32_t>>;

// Where nodes can put their children. Places that were looked at in vain some hundred times are passed over from then on:
// filling every hole would make building quadratic.
class Places {
 public:
  [[nodiscard]] std::size_t size() const { return taken_.size(); }
  void grow(std::size_t size) { taken_.resize(size, false); }
  void take(std::size_t place) { taken_[place] = true; }

  // A place from which all of `bytes` lead to free units; size() and more are free.
  std::size_t find(const std::vector<std::uint8_t>& bytes) {
    while (from_ < taken_.size() && taken_[from_]) ++from_;
    int looked = 0;
    for (std::size_t at = std::max<std::size_t>(from_, bytes.front()); at < taken_.size(); ++at) {
      if (++looked == 512) {
        from_ = at;
        looked = 0;
      }
      if (taken_[at]) continue;
      std::size_t base = at - bytes.front();
      if (std::ranges::none_of(bytes, [&](std::uint8_t byte) {
            return base + byte < taken_.size() && taken_[base + byte];
          })) {
        return base;
      }
    }
    return taken_.size() - bytes.front();
  }

 private:
  std::vector<bool> taken_;
  std::size_t from_ = 0;
};

}  // namespace

ByteTrie::ByteTrie(Keys keys) {
  std::erase_if(keys, [](const auto& key) { return key.first.empty(); });
  if (keys.empty()) return;
  // Equal keys stay in their order; std::stable_sort is deprecated in libstdc++ 12 as clang sees it.
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return std::pair(keys[i].first, i); });
  Keys sorted;
  sorted.reserve(keys.size());
  for (std::uint32_t i : order) sorted.push_back(keys[i]);
  keys = std::move(sorted);
  Places places;
  places.grow(1024);
  std::vector<Unit> units(places.size());
  places.take(kRoot);

  struct Task {
    Node node;
    std::size_t begin;  // Of the keys below the node.
    std::size_t end;
    std::size_t depth;
  };
  std::vector<Task> tasks{{kRoot, 0, keys.size(), 0}};
  std::vector<std::uint8_t> bytes;
  std::vector<std::size_t> begins;
  while (!tasks.empty()) {
    Task task = tasks.back();
    tasks.pop_back();
    std::size_t at = task.begin;
    while (at < task.end && keys[at].first.size() == task.depth) {
      units[task.node].value = keys[at++].second;
    }
    if (at == task.end) continue;
    bytes.clear();
    begins.clear();
    for (; at < task.end; ++at) {
      auto byte = static_cast<std::uint8_t>(keys[at].first[task.depth]);
      if (bytes.empty() || bytes.back() != byte) {
        bytes.push_back(byte);
        begins.push_back(at);
      }
    }
    begins.push_back(task.end);
    std::size_t base = places.find(bytes);
    if (base + 256 > places.size()) {
      places.grow(std::max(base + 256, places.size() * 3 / 2));
      units.resize(places.size());
    }
    units[task.node].base = static_cast<std::uint32_t>(base);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::size_t child = base + bytes[i];
      places.take(child);
      units[child].parent = task.node;
      tasks.push_back({static_cast<Node>(child), begins[i], begins[i + 1], task.depth + 1});
    }
  }
  units_ = FlatArray(std::move(units));
}

std::optional<ByteTrie> ByteTrie::borrowed(std::span<const Unit> units, std::size_t values) {
  for (const Unit& unit : units) {
    if (unit.value != kNone && unit.value >= values) return std::nullopt;
  }
  ByteTrie trie;
  trie.units_ = FlatArray<Unit>::borrowed(units);
  return trie;
}

std::optional<ByteTrie::Match> ByteTrie::longest_prefix(std::string_view text) const {
  std::optional<Match> longest;
  if (empty()) return longest;
  Node node = kRoot;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto child = next(node, text[i]);
    if (!child) break;
    node = *child;
    if (auto found = value(node)) longest = Match{i + 1, *found};
  }
  return longest;
}

}  // namespace leyden::tokenizer
