#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/deadline.h"
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
  // Where in the document it stands, such as "class TokenCache > find_or_encode" or "Install > Debian"; may be empty.
  std::string context;
  std::string text;  // Valid UTF-8.
  // passage_content(): what a cached block is named after.
  Digest content;
  double score = 0;  // Higher is better; comparable within one answer only.
};

// BLAKE2b-256 over a passage's document, context and text.
[[nodiscard]] Digest passage_content(std::string_view document, std::string_view context,
                                     std::string_view text);

// Which passages count; an empty list: all.
struct Filter {
  // A document's name, a folder that ends with '/', or a pattern in which '*' stands for any characters ('/' too) and '?' for
  // one. A passage counts when one of them fits.
  std::vector<std::string> paths;
  std::vector<std::string>
      languages;  // As syntax/language.h names them: "cpp", "python", "markdown".
};

// How passages are found: by their words (BM25), by their meaning (vectors), or by both, fused by reciprocal rank. `best`: both where
// the index has vectors, else words.
enum class Ranking { best, words, vectors, fused };
[[nodiscard]] std::string_view to_string(Ranking ranking);

struct SearchRequest {
  Scope scope;
  std::string query;  // Words, not a language: no character in it is an operator.
  std::size_t top_k = 5;
  Filter filter;
  Ranking ranking = Ranking::best;
  Deadline deadline = Deadline::never();  // For the query's vector, which another machine may make.
  [[nodiscard]] Result<void> check() const;
};

struct SearchAnswer {
  std::vector<Passage>
      passages;  // Best first; equal scores by document and line, so that equal queries give equal orders.
  Ranking used = Ranking::words;  // words, vectors or fused.
  std::string why_no_vectors;     // Where used is words though `best` was asked for.
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
  std::uint64_t bytes_read = 0;     // Of files that were looked into.
  std::vector<SkippedFile>
      skipped;  // Should have been indexed and were not: too large, not readable.
  std::uint64_t passages_total = 0;  // Of this scope, after the update.
  std::uint64_t passages_added = 0;
  std::uint64_t passages_removed = 0;
  std::uint64_t passages_kept = 0;  // Of changed files: same content digest as before.
  std::uint64_t vectors_added = 0;
  std::uint64_t vectors_missing = 0;  // Passages that have none, where there is an embedder.
  std::string why_no_vectors;         // Why there are none, or some are missing.
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

// Documents as passages, found by words and by meaning. Thread-safe. Survives a kill at any moment: an update commits file by file (or
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

  // At most `top_k` passages. By words: those that share one with the query (Okapi BM25). Empty when nothing matches.
  // Vectors that can't be had for the moment make `best` an answer by words, which says so.
  // Errors: invalid_argument (bad scope, top_k of 0), unsupported (vectors or fused where the index has none), unavailable,
  // timed_out, corrupt.
  [[nodiscard]] virtual Result<SearchAnswer> search(const SearchRequest& request) = 0;

  // An update meanwhile may add to or take from later pages. Errors: invalid_argument (bad scope, a limit of 0), unavailable, corrupt.
  [[nodiscard]] virtual Result<PassagePage> list(const Scope& scope,
                                                 const ListRequest& request) = 0;

  [[nodiscard]] virtual Result<std::vector<ScopeSummary>> scopes() = 0;
};

}  // namespace leyden::retrieval
