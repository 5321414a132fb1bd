#include "leyden/retrieval/vectors/vector_search.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "leyden/retrieval/vectors/vector_code.h"

namespace leyden::retrieval {
namespace {

using Key = VectorReader::Key;

constexpr std::size_t kSampled = 256;  // Passages that are asked for, to know how many are allowed.
constexpr std::size_t kFewAllowed = 16;  // Of them; a graph is no help then.
constexpr std::size_t kNewestCompared = 64;

// Vectors side by side, by rising ID.
struct Rows {
  std::vector<Key> keys;
  Bytes codes;

  void add(Key key, BytesView code) {
    keys.push_back(key);
    codes.insert(codes.end(), code.begin(), code.end());
  }
};

const Key* find_key(const std::vector<Key>& keys, std::int64_t id) {
  const auto at = std::ranges::lower_bound(keys, id, {}, &Key::id);
  return at != keys.end() && at->id == id ? &*at : nullptr;
}

std::size_t count_up_to(const std::vector<Key>& keys, std::int64_t id) {
  return static_cast<std::size_t>(std::ranges::upper_bound(keys, id, {}, &Key::id) - keys.begin());
}

// The graph of the file, if it is of these vectors; the reason, if it is there and is not.
Result<std::shared_ptr<HnswGraph>> load_graph(const std::filesystem::path& file,
                                              const HnswOptions& options, VectorReader& reader,
                                              const VectorSet& set, const std::vector<Key>& live) {
  auto loaded = HnswGraph::load(file, set.identity, set.dimensions, options);
  if (!loaded) return std::unexpected(loaded.error());
  std::shared_ptr<HnswGraph> graph = *std::move(loaded);
  const auto other_state = [&] {
    return fail(Errc::corrupt, "{} is of another state of the index", file.string());
  };
  // An index file that was put back from a copy, or lost its last commits with the machine's power, gives IDs again that its graph
  // has: the highest ID and the newest codes tell.
  auto highest = reader.highest_id();
  if (!highest) return std::unexpected(highest.error());
  if (graph->last_id() > *highest) return other_state();
  std::map<std::int64_t, Bytes> newest;
  for (std::size_t i = count_up_to(live, graph->last_id());
       i-- > 0 && newest.size() < kNewestCompared;) {
    auto code = reader.code(live[i].id);
    if (!code) return std::unexpected(code.error());
    newest.emplace(live[i].id, *std::move(code));
  }
  std::size_t equal = 0;
  graph->for_each([&](std::int64_t id, const std::byte* code) {
    const auto at = newest.find(id);
    equal +=
        at != newest.end() && std::ranges::equal(at->second, BytesView(code, at->second.size()));
  });
  if (equal != newest.size()) return other_state();
  return graph;
}

}  // namespace

// Immutable, but for its graph, which may grow: elements after `graph_last` are not this view's.
class VectorSearch::View final : public VectorView {
 public:
  std::size_t dimensions = 0;
  VectorReader::State state;
  std::shared_ptr<const std::vector<Key>> live;  // All.
  std::shared_ptr<HnswGraph> graph;              // Null: there is none.
  std::int64_t graph_last = 0;
  std::shared_ptr<const Rows> tail;  // Those after it.

  Result<std::vector<VectorHit>> search(std::span<const float> query, std::size_t k,
                                        const AllowPassage& allow) const override {
    if (query.size() != dimensions) {
      return fail(Errc::invalid_argument, "a query of {} dimensions for vectors of {}",
                  query.size(), dimensions);
    }
    if (graph == nullptr || allows_few(allow)) return scan(query, k, allow, WithGraph::yes);
    const auto hits = graph->search(query, k, [&](std::int64_t id) {
      const Key* key = in_graph_now(id);
      return key != nullptr && (!allow || allow(key->passage));
    });
    if (hits.size() < std::min(k, in_graph())) return scan(query, k, allow, WithGraph::yes);
    BestHits best(k);
    for (const VectorHit& hit : scan(query, k, allow, WithGraph::no)) best.offer(hit);
    for (const auto& hit : hits)
      best.offer({.passage = find_key(*live, hit.id)->passage, .score = hit.score});
    return best.take();
  }

  std::size_t size() const override { return live->size(); }
  std::size_t in_graph() const override { return live->size() - tail->keys.size(); }
  std::size_t memory_bytes() const override {
    return live->size() * sizeof(Key) + tail->keys.size() * sizeof(Key) + tail->codes.size() +
           (graph == nullptr ? 0 : graph->memory_bytes());
  }
  [[nodiscard]] std::size_t dead_in_graph() const {
    return graph == nullptr ? 0 : graph->size() - std::min(graph->size(), in_graph());
  }

 private:
  enum class WithGraph : bool { no, yes };

  // Exact: each of the tail, and of the graph's elements.
  [[nodiscard]] std::vector<VectorHit> scan(std::span<const float> query, std::size_t k,
                                            const AllowPassage& allow, WithGraph with_graph) const {
    BestHits best(k);
    const QueryCode code(query);
    const auto offer = [&](std::int64_t passage, const std::byte* each) {
      const VectorHit hit{.passage = passage, .score = code.inner_product(each)};
      if (best.wants(hit) && (!allow || allow(passage))) best.offer(hit);
    };
    const std::size_t bytes = code_bytes(dimensions);
    for (std::size_t i = 0; i < tail->keys.size(); ++i)
      offer(tail->keys[i].passage, tail->codes.data() + i * bytes);
    if (graph == nullptr || with_graph == WithGraph::no) return best.take();
    auto next = live->begin();
    graph->for_each([&](std::int64_t id, const std::byte* each) {
      while (next != live->end() && next->id < id) ++next;
      if (next != live->end() && next->id == id && id <= graph_last) offer(next->passage, each);
    });
    return best.take();
  }
  [[nodiscard]] const Key* in_graph_now(std::int64_t id) const {
    return id > graph_last ? nullptr : find_key(*live, id);
  }
  [[nodiscard]] bool allows_few(const AllowPassage& allow) const {
    if (!allow) return false;
    std::size_t allowed = 0;
    for (std::size_t i = 0; i < kSampled && allowed < kFewAllowed; ++i)
      allowed += allow((*live)[i * live->size() / kSampled].passage) ? 1 : 0;
    return allowed < kFewAllowed;
  }
};

struct VectorSearch::Entry {
  std::mutex refreshing;   // One reads the tables, the others wait for what it has read.
  std::mutex maintaining;  // One makes the graph.
  Guarded<std::shared_ptr<const View>> view;
  std::string why_no_graph;            // Under `refreshing`: the file's damage.
  std::atomic<std::uint64_t> used{0};  // When: the number of a call.
};

Result<void> VectorSearchOptions::check() const {
  if (dead_share_max <= 0 || dead_share_max >= 1)
    return fail(Errc::invalid_argument, "dead_share_max is {}: between 0 and 1", dead_share_max);
  if (tail_max == 0) return fail(Errc::invalid_argument, "tail_max is 0");
  return hnsw.check();
}

Result<std::unique_ptr<VectorSearch>> VectorSearch::open(VectorSearchOptions options) {
  if (auto good = options.check(); !good) return std::unexpected(good.error());
  return std::unique_ptr<VectorSearch>(new VectorSearch(std::move(options)));
}

VectorSearch::~VectorSearch() = default;

std::filesystem::path VectorSearch::graph_file(const VectorSet& set) const {
  return options_.index_file.string() + fmt::format(".vectors-{}", set.id);
}

std::shared_ptr<VectorSearch::Entry> VectorSearch::entry_of(const VectorSet& set) {
  return entries_.with([&](Entries& entries) {
    auto& entry = entries[set.identity];
    if (entry == nullptr) entry = std::make_shared<Entry>();
    entry->used = ++calls_;
    return entry;
  });
}

Result<void> VectorSearch::check_room(const VectorSet& set, std::size_t count) const {
  const std::size_t bytes = count * (code_bytes(set.dimensions) + 2 * sizeof(Key));
  if (bytes <= options_.memory_bytes_max) return {};
  return fail(Errc::unsupported,
              "{} vectors of {} dimensions need {} MB of memory, and {} MB are allowed", count,
              set.dimensions, bytes / MiB + 1, options_.memory_bytes_max / MiB);
}

bool VectorSearch::has_room_for_graph(const VectorSet& set, std::size_t count) const {
  return count * hnsw_element_bytes(set.dimensions, options_.hnsw) <= options_.memory_bytes_max;
}

void VectorSearch::let_go_of_others(const Entry& kept) {
  entries_.with([&](Entries& entries) {
    const auto bytes_of = [](const Entry& entry) {
      return entry.view.with(
          [](const auto& view) { return view == nullptr ? std::size_t{0} : view->memory_bytes(); });
    };
    std::size_t bytes = 0;
    for (const auto& [identity, entry] : entries) bytes += bytes_of(*entry);
    while (bytes > options_.memory_bytes_max && entries.size() > 1) {
      const auto oldest = std::ranges::min_element(entries, {}, [&](const auto& each) {
        return each.second.get() == &kept ? ~std::uint64_t{0} : each.second->used.load();
      });
      bytes -= bytes_of(*oldest->second);
      entries.erase(oldest);
    }
  });
}

std::size_t VectorSearch::memory_bytes() const {
  return entries_.with([](const Entries& entries) {
    std::size_t bytes = 0;
    for (const auto& [identity, entry] : entries) {
      bytes += entry->view.with(
          [](const auto& view) { return view == nullptr ? std::size_t{0} : view->memory_bytes(); });
    }
    return bytes;
  });
}

Result<std::shared_ptr<const VectorSearch::View>> VectorSearch::read_anew(
    Entry& entry, VectorReader& reader, const VectorSet& set, VectorReader::State state) {
  auto keys = reader.keys(set);
  if (!keys) return std::unexpected(keys.error());
  if (auto room = check_room(set, keys->size()); !room) return std::unexpected(room.error());
  auto view = std::make_shared<View>();
  view->dimensions = set.dimensions;
  view->state = state;
  if (!options_.index_file.empty() && keys->size() >= options_.graph_from &&
      has_room_for_graph(set, keys->size())) {
    auto graph = load_graph(graph_file(set), options_.hnsw, reader, set, *keys);
    if (graph) {
      view->graph = *std::move(graph);
      view->graph_last = view->graph->last_id();
    } else if (graph.error().code != Errc::not_found) {
      entry.why_no_graph = graph.error().message;
    }
  }
  view->live = std::make_shared<std::vector<Key>>(*std::move(keys));
  auto tail = std::make_shared<Rows>();
  tail->codes.reserve((view->live->size() - count_up_to(*view->live, view->graph_last)) *
                      code_bytes(set.dimensions));
  auto read = reader.for_each(set, view->graph_last,
                              [&](Key key, BytesView code) { tail->add(key, code); });
  if (!read) return std::unexpected(read.error());
  view->tail = std::move(tail);
  return view;
}

// Under entry.refreshing.
Result<std::shared_ptr<const VectorSearch::View>> VectorSearch::refresh(Entry& entry,
                                                                        sql::Database& database,
                                                                        const VectorSet& set) {
  auto reader = VectorReader::begin(database);
  if (!reader) return std::unexpected(reader.error());
  auto state = reader->state(set);
  if (!state) return std::unexpected(state.error());
  const std::shared_ptr<const View> old = entry.view.with([](const auto& view) { return view; });
  if (old != nullptr && old->state == *state) return old;
  std::shared_ptr<const View> now;
  if (old == nullptr) {
    auto anew = read_anew(entry, *reader, set, *state);
    if (!anew) return anew;
    now = *std::move(anew);
  } else {
    auto view = std::make_shared<View>(*old);
    view->state = *state;
    auto tail = std::make_shared<Rows>();
    auto live = std::make_shared<std::vector<Key>>();
    if (state->removals == old->state.removals) {
      *live = *old->live;
      *tail = *old->tail;
    } else {
      auto keys = reader->keys(set);
      if (!keys) return std::unexpected(keys.error());
      *live = *std::move(keys);
      live->resize(count_up_to(*live, old->state.last_id));
      const std::size_t bytes = code_bytes(set.dimensions);
      for (std::size_t i = 0; i < old->tail->keys.size(); ++i) {
        if (find_key(*live, old->tail->keys[i].id) != nullptr)
          tail->add(old->tail->keys[i], BytesView(old->tail->codes).subspan(i * bytes, bytes));
      }
    }
    auto read = reader->for_each(set, old->state.last_id, [&](Key key, BytesView code) {
      live->push_back(key);
      tail->add(key, code);
    });
    if (!read) return std::unexpected(read.error());
    if (auto room = check_room(set, live->size()); !room) return std::unexpected(room.error());
    view->live = std::move(live);
    view->tail = std::move(tail);
    now = std::move(view);
  }
  entry.view.with([&](auto& view) { view = now; });
  return now;
}

Result<std::shared_ptr<const VectorView>> VectorSearch::view(sql::Database& database,
                                                             const VectorSet& set) {
  const auto entry = entry_of(set);
  auto now = [&] {
    std::lock_guard lock(entry->refreshing);
    return refresh(*entry, database, set);
  }();
  if (!now) return std::unexpected(now.error());
  let_go_of_others(*entry);
  return *now;
}

Result<MaintainReport> VectorSearch::maintain(sql::Database& database, const VectorSet& set,
                                              const std::stop_token& stop) {
  const auto entry = entry_of(set);
  std::lock_guard maintaining(entry->maintaining);
  MaintainReport report;
  std::shared_ptr<const View> view;
  {
    std::lock_guard lock(entry->refreshing);
    auto now = refresh(*entry, database, set);
    if (!now) return std::unexpected(now.error());
    view = *std::move(now);
    report.why_made_anew = std::exchange(entry->why_no_graph, {});
  }
  const bool wanted = view->size() >= options_.graph_from;
  const bool dead = view->graph != nullptr &&
                    static_cast<double>(view->dead_in_graph()) >
                        options_.dead_share_max * static_cast<double>(view->graph->size());
  const bool behind = view->tail->keys.size() > options_.tail_max;
  if (!wanted || (view->graph != nullptr && !dead && !behind)) return report;
  if (!has_room_for_graph(set, view->size())) return report;  // Scanning needs less.

  std::shared_ptr<HnswGraph> graph = view->graph;
  report.made_anew = graph == nullptr || dead;
  if (report.made_anew) {
    if (dead) report.why_made_anew = "much of it had been removed";
    auto made = HnswGraph::make(set.dimensions, options_.hnsw);
    if (!made) return std::unexpected(made.error());
    graph = *std::move(made);
  }
  if (auto room = graph->reserve(view->size() + (report.made_anew ? 0 : view->dead_in_graph()));
      !room) {
    return std::unexpected(room.error());
  }
  Result<void> added;
  const auto add = [&](std::int64_t id, BytesView code) {
    if (added && stop.stop_requested()) added = fail(Errc::cancelled, "cancelled");
    if (!added) return;
    added = graph->add(id, code);
    if (added) ++report.added;
  };
  const std::size_t bytes = code_bytes(set.dimensions);
  if (report.made_anew && view->graph != nullptr) {
    auto next = view->live->begin();
    view->graph->for_each([&](std::int64_t id, const std::byte* code) {
      while (next != view->live->end() && next->id < id) ++next;
      if (next != view->live->end() && next->id == id) add(id, {code, bytes});
    });
  }
  for (std::size_t i = 0; i < view->tail->keys.size(); ++i)
    add(view->tail->keys[i].id, BytesView(view->tail->codes).subspan(i * bytes, bytes));
  // One that was cut short holds what it holds; the rest stays to be scanned.
  if (!added && report.made_anew) return std::unexpected(added.error());
  {
    std::lock_guard lock(entry->refreshing);
    entry->view.with([&](std::shared_ptr<const View>& current) {
      auto published = std::make_shared<View>(*current);
      published->graph = graph;
      published->graph_last = graph->last_id();
      auto tail = std::make_shared<Rows>();
      for (std::size_t i = 0; i < current->tail->keys.size(); ++i) {
        if (current->tail->keys[i].id > published->graph_last)
          tail->add(current->tail->keys[i],
                    BytesView(current->tail->codes).subspan(i * bytes, bytes));
      }
      published->tail = std::move(tail);
      current = std::move(published);
    });
  }
  if (!added) return std::unexpected(added.error());
  if (!options_.index_file.empty()) {
    if (auto saved = graph->save(graph_file(set), set.identity); !saved)
      return std::unexpected(saved.error());
  }
  let_go_of_others(*entry);
  return report;
}

}  // namespace leyden::retrieval
