#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/retrieval/index.h"

namespace leyden::retrieval {

// A document as an earlier update left it.
struct KnownDocument {
  std::int64_t id = 0;
  Digest digest;
  std::string chunking;
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t read_ns = 0;
};

struct DocumentRecord {
  std::string_view root;
  std::string_view path;  // Below the root, as the file system spells it.
  std::string_view name;  // The path as valid UTF-8.
  std::string_view language;
  std::string_view chunking;
  Digest digest;  // Of the file's content.
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t read_ns = 0;
};

// A passage as a document was cut into it.
struct PassageDraft {
  std::string_view context;
  std::string_view text;
  std::size_t first_line = 1;
  std::size_t last_line = 1;
  Digest content;  // As in Passage.
};

struct PassageCounts {
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;
};

// What a folder's update writes to: the documents of one scope in a store. put(), touch() and remove() are called between begin() and
// commit() only, and are forgotten when the sink is destroyed before the commit(). Confined to one thread.
class DocumentSink {
 public:
  virtual ~DocumentSink() = default;

  // Those below `root`, by path.
  [[nodiscard]] virtual Result<std::map<std::string, KnownDocument>> known_documents(
      std::string_view root) = 0;

  [[nodiscard]] virtual Result<void> begin() = 0;
  [[nodiscard]] virtual Result<void> commit() = 0;

  // A new document, or with an `id` above 0 a new version of that one. Passages whose content is the same keep their ID; only their
  // place is written anew.
  [[nodiscard]] virtual Result<void> put(std::int64_t id, const DocumentRecord& record,
                                         std::span<const PassageDraft> passages) = 0;
  // Its content is what it was: the times only.
  [[nodiscard]] virtual Result<void> touch(std::int64_t id, const DocumentRecord& record) = 0;
  [[nodiscard]] virtual Result<void> remove(std::int64_t id) = 0;
  // The last call before the last commit(): the store holds all of `root`.
  [[nodiscard]] virtual Result<void> complete(std::string_view root) = 0;

  [[nodiscard]] virtual PassageCounts counts() const = 0;
  // Of the scope, as committed.
  [[nodiscard]] virtual Result<std::uint64_t> passages_total() = 0;
};

// How much one commit holds: whoever is killed loses one at most.
struct BatchLimits {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

// What Index::update does, whatever the store, with the store's lock held: walks the folder, reads what has changed since the last update,
// cuts it into passages, and removes what is gone.
[[nodiscard]] Result<UpdateReport> update_from_folder(
    DocumentSink& sink, const std::filesystem::path& folder, const UpdateOptions& options,
    BatchLimits batch, const std::function<void(const UpdateProgress&)>& on_progress,
    std::stop_token stop);

}  // namespace leyden::retrieval
