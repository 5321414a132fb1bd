#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/retrieval/vectors/vector_code.h"

namespace leyden::retrieval {

struct HnswOptions {
  std::size_t links = 16;             // M: of each element and layer; twice as many in the lowest.
  std::size_t ef_construction = 200;  // Candidates that are looked at when an element is put in.
  std::size_t ef_search = 128;        // The same for a search, at least.
  [[nodiscard]] Result<void> check() const;
};

// Codes of vectors by ID, in a hierarchical navigable small world (Malkov and Yashunin, 2018; hnswlib 0.8). Thread-safe: searches go on
// while elements are put in, between one and the next. What it finds is right, but not always all.
class HnswGraph {
 public:
  // Errors: invalid_argument, unavailable (memory).
  [[nodiscard]] static Result<std::unique_ptr<HnswGraph>> make(std::size_t dimensions,
                                                               const HnswOptions& options);
  virtual ~HnswGraph() = default;

  // IDs rise from call to call. One thread at a time. Errors: invalid_argument (an ID that does not rise), unavailable (memory).
  [[nodiscard]] virtual Result<void> add(std::int64_t id, BytesView code) = 0;
  // Room for so many in all, so that adding copies nothing. Errors: unavailable (memory).
  [[nodiscard]] virtual Result<void> reserve(std::size_t count) = 0;

  struct Hit {
    std::int64_t id = 0;
    float score = 0;
  };
  // Those for which `allow` (by ID) holds, near `vector`, in no order: max(k, ef_search), or fewer.
  [[nodiscard]] virtual std::vector<Hit> search(
      std::span<const float> vector, std::size_t k,
      const std::function<bool(std::int64_t)>& allow) const = 0;
  // Each element, in the order of their IDs. Waits with what is put in meanwhile.
  virtual void for_each(
      const std::function<void(std::int64_t id, const std::byte* code)>& visit) const = 0;

  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual std::int64_t last_id() const = 0;  // 0: empty.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;

  // Writes the file beside `path` and renames it. `identity`: 16 bytes that say what it was made of. docs/formats/vectors.md.
  // Errors: unavailable.
  [[nodiscard]] virtual Result<void> save(const std::filesystem::path& path,
                                          std::string_view identity) const = 0;
  // Errors: not_found; corrupt: damaged, of another version or identity, or of other dimensions or options. All of it is checked, so that no
  // file, whoever wrote it, makes a search read outside of it.
  [[nodiscard]] static Result<std::unique_ptr<HnswGraph>> load(const std::filesystem::path& path,
                                                               std::string_view identity,
                                                               std::size_t dimensions,
                                                               const HnswOptions& options);
  // The same from memory.
  [[nodiscard]] static Result<std::unique_ptr<HnswGraph>> parse(BytesView bytes,
                                                                std::string_view identity,
                                                                std::size_t dimensions,
                                                                const HnswOptions& options);
};

// What an element takes in memory, about.
[[nodiscard]] std::size_t hnsw_element_bytes(std::size_t dimensions, const HnswOptions& options);

}  // namespace leyden::retrieval
