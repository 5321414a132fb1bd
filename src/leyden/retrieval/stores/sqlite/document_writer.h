#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/retrieval/index.h"
#include "leyden/retrieval/stores/sqlite/posting_writer.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

struct DocumentRecord {
  std::string_view root;
  std::string_view path;  // Below the root, as the file system spells it.
  std::string_view name;  // The path as valid UTF-8.
  std::string_view chunking;
  Digest digest;  // Of the file's content.
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t read_ns = 0;
};

// Writes the documents of one scope, with passages and words. All calls up to a flush() belong into one transaction. Confined to
// one thread.
class DocumentWriter {
 public:
  DocumentWriter(sql::Database& database, std::int64_t scope);

  // A new document, or with `id` a new version of that one; `text` is valid UTF-8. Passages whose content is the same keep their
  // row; only their place is written anew.
  [[nodiscard]] Result<void> put(std::int64_t id, const DocumentRecord& record,
                                 const std::string& text, const ChunkOptions& chunking);
  // Its content is what it was: the times only.
  [[nodiscard]] Result<void> touch(std::int64_t id, const DocumentRecord& record);
  [[nodiscard]] Result<void> remove(std::int64_t id);
  [[nodiscard]] Result<void> flush();

  [[nodiscard]] std::uint64_t passages_added() const { return added_; }
  [[nodiscard]] std::uint64_t passages_removed() const { return removed_; }
  [[nodiscard]] std::uint64_t passages_kept() const { return kept_; }

 private:
  [[nodiscard]] Result<void> add_passage(std::int64_t document, std::string_view name,
                                         std::string_view context, std::string_view text,
                                         const Chunk& place, const Digest& content);
  [[nodiscard]] Result<void> remove_passage(std::int64_t id, std::string_view name);

  sql::Database& database_;
  std::int64_t scope_;
  PostingWriter postings_;
  std::uint64_t added_ = 0;
  std::uint64_t removed_ = 0;
  std::uint64_t kept_ = 0;
  // Since the last flush.
  std::int64_t passages_change_ = 0;
  std::int64_t length_change_ = 0;

  sql::Statement add_document_;
  sql::Statement change_document_;
  sql::Statement touch_document_;
  sql::Statement name_of_document_;
  sql::Statement remove_document_;
  sql::Statement passages_of_;
  sql::Statement add_passage_;
  sql::Statement add_text_;
  sql::Statement move_passage_;
  sql::Statement find_text_;
  sql::Statement remove_text_;
  sql::Statement remove_passage_;
  sql::Statement change_totals_;
};

}  // namespace leyden::retrieval
