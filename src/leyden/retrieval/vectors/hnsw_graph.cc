#include "leyden/retrieval/vectors/hnsw_graph.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include <hnswlib/hnswlib.h>

#include "leyden/base/files.h"
#include "leyden/retrieval/vectors/hnsw_file.h"

namespace leyden::retrieval {
namespace {

constexpr std::size_t kLevelsMax = 64;
constexpr std::size_t kFirstRoom = 1024;

// Codes compared by inner product; nearer is less.
class CodeSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit CodeSpace(std::size_t dimensions) : bytes_(code_bytes(dimensions)) {}
  std::size_t get_data_size() override { return bytes_; }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return [](const void* a, const void* b, const void* bytes) {
      return 1.0F - inner_product(static_cast<const std::byte*>(a),
                                  static_cast<const std::byte*>(b),
                                  *static_cast<const std::size_t*>(bytes));
    };
  }
  void* get_dist_func_param() override { return &bytes_; }

 private:
  std::size_t bytes_;
};

class Allowed final : public hnswlib::BaseFilterFunctor {
 public:
  explicit Allowed(const std::function<bool(std::int64_t)>& allow) : allow_(allow) {}
  bool operator()(hnswlib::labeltype id) override { return allow_(static_cast<std::int64_t>(id)); }

 private:
  const std::function<bool(std::int64_t)>& allow_;
};

using Hnsw = hnswlib::HierarchicalNSW<float>;

// What hnswlib throws is a lack of memory.
template <class F>
Result<void> guarded(F&& work) {
  try {
    work();
    return {};
  } catch (const std::exception& error) {
    return fail(Errc::unavailable, "the graph of vectors: {}", error.what());
  }
}

class HnswlibGraph final : public HnswGraph {
 public:
  HnswlibGraph(std::size_t dimensions, const HnswOptions& options, std::size_t room)
      : dimensions_(dimensions),
        options_(options),
        space_(dimensions),
        graph_(&space_, room, options.links, options.ef_construction) {
    graph_.setEf(options.ef_search);
  }

  Result<void> add(std::int64_t id, BytesView code) override {
    if (id <= last_id_ || code.size() != code_bytes(dimensions_)) {
      return fail(Errc::invalid_argument, "vector {} after {} in a graph of {} dimensions", id,
                  last_id_.load(), dimensions_);
    }
    std::unique_lock lock(mutex_);
    if (graph_.cur_element_count == graph_.max_elements_) {
      auto more = guarded([&] { graph_.resizeIndex(graph_.max_elements_ * 5 / 4 + 1); });
      if (!more) return more;
    }
    auto added =
        guarded([&] { graph_.addPoint(code.data(), static_cast<hnswlib::labeltype>(id)); });
    if (added) last_id_ = id;
    return added;
  }

  Result<void> reserve(std::size_t count) override {
    std::unique_lock lock(mutex_);
    if (count <= graph_.max_elements_) return {};
    return guarded([&] { graph_.resizeIndex(count); });
  }

  std::vector<Hit> search(std::span<const float> vector, std::size_t k,
                          const std::function<bool(std::int64_t)>& allow) const override {
    Bytes code(code_bytes(dimensions_));
    encode_vector(vector, code.data());
    Allowed allowed(allow);
    std::shared_lock lock(mutex_);
    auto found = graph_.searchKnn(code.data(), std::max(k, options_.ef_search), &allowed);
    // The query was looked for as a code; what was found is compared with more of it.
    const QueryCode query(vector);
    std::vector<Hit> out;
    for (; !found.empty(); found.pop()) {
      const auto id = found.top().second;
      const auto* data = graph_.getDataByInternalId(graph_.label_lookup_.at(id));
      out.push_back({.id = static_cast<std::int64_t>(id),
                     .score = query.inner_product(reinterpret_cast<const std::byte*>(data))});
    }
    return out;
  }

  void for_each(const std::function<void(std::int64_t, const std::byte*)>& visit) const override {
    std::shared_lock lock(mutex_);
    for (hnswlib::tableint i = 0; i < graph_.cur_element_count; ++i) {
      visit(static_cast<std::int64_t>(graph_.getExternalLabel(i)),
            reinterpret_cast<const std::byte*>(graph_.getDataByInternalId(i)));
    }
  }

  std::size_t size() const override { return graph_.cur_element_count; }
  std::int64_t last_id() const override { return last_id_; }
  std::size_t memory_bytes() const override {
    std::shared_lock lock(mutex_);
    return graph_.max_elements_ * hnsw_element_bytes(dimensions_, options_);
  }

  Result<void> save(const std::filesystem::path& path, std::string_view identity) const override {
    std::shared_lock lock(mutex_);
    HnswFileHeader header;
    header.dimensions = static_cast<std::uint32_t>(dimensions_);
    header.links = static_cast<std::uint32_t>(options_.links);
    header.ef_construction = static_cast<std::uint32_t>(options_.ef_construction);
    header.count = graph_.cur_element_count;
    header.last_id = last_id_;
    identity.copy(header.identity, sizeof header.identity);
    header.top_level = graph_.maxlevel_;
    header.entry = graph_.enterpoint_node_;
    ChecksummedWriter file(path);
    file.write(&header, sizeof header);
    file.write(graph_.data_level0_memory_, header.count * graph_.size_data_per_element_);
    for (std::size_t i = 0; i < header.count; ++i) {
      const auto levels = static_cast<std::uint32_t>(graph_.element_levels_[i]);
      file.write(&levels, sizeof levels);
      if (levels > 0) file.write(graph_.linkLists_[i], levels * graph_.size_links_per_element_);
    }
    return file.finish();
  }

  // Takes the elements of a file, after its header, and checks each number in it.
  Result<void> take(const HnswFileHeader& header, BytesView bytes) {
    const auto damaged = [](std::string_view what) {
      return fail(Errc::corrupt, "the graph of vectors: {}", what);
    };
    const std::size_t count = header.count;
    const std::size_t level0_bytes = count * graph_.size_data_per_element_;
    std::memcpy(graph_.data_level0_memory_, bytes.data(), level0_bytes);
    bytes = bytes.subspan(level0_bytes);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t levels = 0;
      if (bytes.size() < sizeof levels) return damaged("it is cut off");
      std::memcpy(&levels, bytes.data(), sizeof levels);
      bytes = bytes.subspan(sizeof levels);
      const std::size_t size = levels * graph_.size_links_per_element_;
      if (levels > kLevelsMax || bytes.size() < size) return damaged("an element of no such level");
      if (levels > 0) {
        // Freed by hnswlib, for the elements that it counts.
        auto* links = static_cast<char*>(std::malloc(size));
        if (links == nullptr) return fail(Errc::unavailable, "no memory for the graph of vectors");
        std::memcpy(links, bytes.data(), size);
        graph_.linkLists_[i] = links;
      } else {
        graph_.linkLists_[i] = nullptr;
      }
      graph_.element_levels_[i] = static_cast<int>(levels);
      graph_.cur_element_count = i + 1;
      bytes = bytes.subspan(size);
    }
    if (!bytes.empty()) return damaged("more than its elements");
    graph_.maxlevel_ = header.top_level;
    graph_.enterpoint_node_ = count == 0 ? static_cast<hnswlib::tableint>(-1) : header.entry;
    return check(header);
  }

 private:
  Result<void> check(const HnswFileHeader& header) {
    const auto damaged = [](std::string_view what) {
      return fail(Errc::corrupt, "the graph of vectors: {}", what);
    };
    const std::size_t count = header.count;
    if (count == 0) {
      if (header.top_level != -1 || header.last_id != 0) return damaged("levels without elements");
      return {};
    }
    if (header.entry >= count || graph_.element_levels_[header.entry] != header.top_level)
      return damaged("its entry is none");
    graph_.label_lookup_.reserve(count);
    std::int64_t last = 0;
    for (hnswlib::tableint i = 0; i < count; ++i) {
      const auto id = static_cast<std::int64_t>(graph_.getExternalLabel(i));
      const auto* code = reinterpret_cast<const std::byte*>(graph_.getDataByInternalId(i));
      if (id <= last) return damaged("its IDs do not rise");
      if (!is_vector_code({code, code_bytes(dimensions_)}, dimensions_))
        return damaged("a code that is none");
      last = id;
      graph_.label_lookup_[graph_.getExternalLabel(i)] = i;
      const int levels = graph_.element_levels_[i];
      if (levels > header.top_level) return damaged("an element above its top");
      for (int level = 0; level <= levels; ++level) {
        const auto* list = reinterpret_cast<const char*>(graph_.get_linklist_at_level(i, level));
        std::uint32_t head = 0;
        std::memcpy(&head, list, sizeof head);
        // Its count; above it a mark for what is deleted, which we don't use.
        if (head > (level == 0 ? graph_.maxM0_ : graph_.maxM_)) return damaged("too many links");
        for (std::uint32_t j = 1; j <= head; ++j) {
          std::uint32_t to = 0;
          std::memcpy(&to, list + j * sizeof to, sizeof to);
          if (to >= count || to == i || graph_.element_levels_[to] < level)
            return damaged("a link to no element");
        }
      }
    }
    if (last != header.last_id) return damaged("its last ID is another");
    last_id_ = last;
    return {};
  }

  const std::size_t dimensions_;
  const HnswOptions options_;
  CodeSpace space_;
  Hnsw graph_;
  std::atomic<std::int64_t> last_id_{0};
  mutable std::shared_mutex mutex_;  // Searches share it; what puts an element in has it alone.
};

Result<std::unique_ptr<HnswlibGraph>> make_with_room(std::size_t dimensions,
                                                     const HnswOptions& options, std::size_t room) {
  if (auto good = options.check(); !good) return std::unexpected(good.error());
  if (dimensions == 0 || dimensions > kVectorDimensionsMax)
    return fail(Errc::invalid_argument, "a graph of vectors of {} dimensions", dimensions);
  std::unique_ptr<HnswlibGraph> out;
  auto made = guarded([&] { out = std::make_unique<HnswlibGraph>(dimensions, options, room); });
  if (!made) return std::unexpected(made.error());
  return out;
}

}  // namespace

Result<void> HnswOptions::check() const {
  if (links < 2 || links > 128) return fail(Errc::invalid_argument, "links is {}: 2 to 128", links);
  if (ef_construction < links || ef_construction > 10'000) {
    return fail(Errc::invalid_argument, "ef_construction is {}: {} to 10000", ef_construction,
                links);
  }
  if (ef_search < 1 || ef_search > 10'000)
    return fail(Errc::invalid_argument, "ef_search is {}: 1 to 10000", ef_search);
  return {};
}

std::size_t hnsw_element_bytes(std::size_t dimensions, const HnswOptions& options) {
  // The lowest layer's record; a lock, a level and a pointer; an entry in a table of IDs; and the layers above, of which an element has
  // one in `links` of.
  const std::size_t record = (2 * options.links + 1) * 4 + code_bytes(dimensions) + 8;
  constexpr std::size_t kPerElement = sizeof(std::mutex) + 4 + 8 + 40 + 2;
  return record + kPerElement + (options.links + 1) * 4 / (options.links - 1);
}

Result<std::unique_ptr<HnswGraph>> HnswGraph::make(std::size_t dimensions,
                                                   const HnswOptions& options) {
  return make_with_room(dimensions, options, kFirstRoom);
}

Result<std::unique_ptr<HnswGraph>> HnswGraph::parse(BytesView bytes, std::string_view identity,
                                                    std::size_t dimensions,
                                                    const HnswOptions& options) {
  auto content = checked_content(bytes);
  if (!content) return std::unexpected(content.error());
  HnswFileHeader header;
  const HnswFileHeader ours;
  if (content->size() < sizeof header) return fail(Errc::corrupt, "it is cut off");
  std::memcpy(&header, content->data(), sizeof header);
  const BytesView elements = content->subspan(sizeof header);
  if (std::memcmp(header.magic, ours.magic, sizeof ours.magic) != 0 ||
      header.version != ours.version) {
    return fail(Errc::corrupt, "it is no graph of vectors of version {}", ours.version);
  }
  if (std::string_view(header.identity, sizeof header.identity) != identity ||
      header.dimensions != dimensions || header.links != options.links ||
      header.ef_construction != options.ef_construction) {
    return fail(Errc::corrupt, "it is of other vectors");
  }
  // An element takes its record at least: so the count is bounded by what is there.
  const std::size_t record = (2 * options.links + 1) * 4 + code_bytes(dimensions) + 8;
  if (header.count > elements.size() / record) return fail(Errc::corrupt, "it is cut off");
  auto out = make_with_room(dimensions, options, header.count + kFirstRoom);
  if (!out) return std::unexpected(out.error());
  if (auto taken = (*out)->take(header, elements); !taken) return std::unexpected(taken.error());
  return *std::move(out);
}

Result<std::unique_ptr<HnswGraph>> HnswGraph::load(const std::filesystem::path& path,
                                                   std::string_view identity,
                                                   std::size_t dimensions,
                                                   const HnswOptions& options) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  auto out = parse(file->bytes(), identity, dimensions, options);
  if (!out && out.error().code == Errc::corrupt)
    return fail(Errc::corrupt, "{}: {}", path.string(), out.error().message);
  return out;
}

}  // namespace leyden::retrieval
