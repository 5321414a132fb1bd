#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/retrieval/folder_update.h"
#include "leyden/retrieval/stores/sqlite/posting_writer.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// Writes the documents of one scope, with passages and words. All calls up to a flush() belong into one transaction. Confined to
// one thread.
class DocumentWriter {
 public:
  DocumentWriter(sql::Database& database, std::int64_t scope);

  // As DocumentSink has them.
  [[nodiscard]] Result<void> put(std::int64_t id, const DocumentRecord& record,
                                 std::span<const PassageDraft> passages);
  [[nodiscard]] Result<void> touch(std::int64_t id, const DocumentRecord& record);
  [[nodiscard]] Result<void> remove(std::int64_t id);
  [[nodiscard]] Result<void> flush();

  [[nodiscard]] const PassageCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] Result<void> add_passage(std::int64_t document, std::string_view name,
                                         const PassageDraft& passage);
  [[nodiscard]] Result<void> remove_passage(std::int64_t id, std::string_view name);

  sql::Database& database_;
  std::int64_t scope_;
  PostingWriter postings_;
  PassageCounts counts_;
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
