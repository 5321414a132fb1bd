#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/retrieval/chunk.h"

namespace leyden::retrieval {

// Whose documents, and which of them. Names are 1 to 200 bytes of UTF-8 without control characters.
struct Scope {
  std::string tenant = "default";
  std::string collection = "default";
  [[nodiscard]] Result<void> check() const;
  bool operator==(const Scope&) const = default;
};

struct Passage {
  std::string document;  // Path relative to the folder that was indexed.
  std::size_t first_line = 1;
  std::size_t last_line = 1;
  std::string text;  // Valid UTF-8.
  Digest content;    // BLAKE2b-256 over (document, text): what a cached block is named after.
  double score = 0;  // Higher is better; comparable within one answer only.
};

struct SkippedFile {
  std::string document;
  Errc code{};         // invalid_argument: binary or too large; unavailable: can't be read.
  std::string reason;  // One line that says what to do.
};

struct UpdateOptions {
  Scope scope;
  std::uint64_t file_bytes_max = 16 * MiB;  // Larger files are skipped and reported.
  ChunkOptions chunk;
  [[nodiscard]] Result<void> check() const;
};

struct UpdateProgress {
  std::uint64_t files_done = 0;
  std::uint64_t files_total = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
  std::string_view document;  // Being read now.
};

struct UpdateReport {
  std::uint64_t files_seen = 0;
  std::uint64_t files_added = 0;
  std::uint64_t files_changed = 0;
  std::uint64_t files_unchanged = 0;
  std::uint64_t files_removed = 0;  // Indexed before, gone from the folder now.
  std::uint64_t files_binary = 0;   // Skipped, as they should be.
  std::vector<SkippedFile>
      skipped;  // Should have been indexed and were not: too large, not readable.
  std::uint64_t passages_total = 0;  // Of this scope, after the update.
  std::uint64_t passages_added = 0;
  std::uint64_t passages_removed = 0;
  std::uint64_t passages_kept = 0;  // Of changed files: same content digest as before.
};

// One page of a scope's passages, in the order in which they were indexed.
struct ListRequest {
  std::string document;     // Empty: all. One that ends with '/': all below that folder.
  std::uint64_t after = 0;  // The last page's `next`.
  std::size_t limit = 256;
};

struct PassagePage {
  std::vector<Passage> passages;  // Scores are 0.
  std::uint64_t next = 0;         // 0: there is no further page.
};

struct ScopeSummary {
  Scope scope;
  std::uint64_t documents = 0;
  std::uint64_t passages = 0;
  std::uint64_t bytes = 0;
};

// Documents as passages, found by words. Thread-safe. Survives a kill at any moment: an update commits file by file (or
// in small batches), so the next one goes on where it stopped.
class Index {
 public:
  virtual ~Index() = default;

  // Brings the scope in line with `folder` (or one file): adds, replaces by content, removes. Other folders in the same
  // scope stay. Files are UTF-8 text; ill-formed parts become U+FFFD; a file with a NUL in its first 8 KiB or mostly
  // ill-formed is binary. One update at a time per index file: a second one waits up to 10 s, then is `overloaded`.
  // Errors: not_found, invalid_argument (nothing to index; a binary file named directly), unavailable, cancelled.
  [[nodiscard]] virtual Result<UpdateReport> update(
      const std::filesystem::path& folder, const UpdateOptions& options,
      const std::function<void(const UpdateProgress&)>& on_progress, std::stop_token stop) = 0;

  // At most `top_k` passages that share a word with the query, best first (Okapi BM25; equal scores by document and line,
  // so that the same query gives the same order). The query is words, not a language: no character in it is an operator.
  // Empty when nothing matches. Errors: invalid_argument (bad scope, top_k of 0), unavailable, corrupt.
  [[nodiscard]] virtual Result<std::vector<Passage>> search(const Scope& scope,
                                                            std::string_view query,
                                                            std::size_t top_k) = 0;

  // An update meanwhile may add to or take from later pages. Errors: invalid_argument (bad scope, a limit of 0), unavailable, corrupt.
  [[nodiscard]] virtual Result<PassagePage> list(const Scope& scope,
                                                 const ListRequest& request) = 0;

  [[nodiscard]] virtual Result<std::vector<ScopeSummary>> scopes() = 0;
};

}  // namespace leyden::retrieval
