#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "leyden/retrieval/folder_update.h"
#include "leyden/retrieval/stores/postgres/connection.h"
#include "leyden/retrieval/words.h"

namespace leyden::retrieval::postgres {

// The documents of one scope. Collects a batch and writes it at its commit, by COPY: the number of round trips does not grow with that of
// new documents.
class PostgresSink final : public DocumentSink {
 public:
  PostgresSink(Connection& connection, std::int64_t scope)
      : connection_(connection), scope_(scope) {}

  Result<std::map<std::string, KnownDocument>> known_documents(std::string_view root) override;
  Result<void> begin() override;
  Result<void> commit() override;
  Result<void> put(std::int64_t id, const DocumentRecord& record,
                   std::span<const PassageDraft> passages) override;
  Result<void> touch(std::int64_t id, const DocumentRecord& record) override;
  Result<void> remove(std::int64_t id) override;
  Result<void> complete(std::string_view) override { return {}; }
  PassageCounts counts() const override { return counts_; }
  Result<std::uint64_t> passages_total() override;

 private:
  struct WordChange {
    std::int64_t id = 0;
    std::int64_t passages = 0;  // More passages with it.
    std::int32_t counted = 0;   // Its weighted frequency in the passage that is being counted.
  };
  using Words = std::unordered_map<std::string, WordChange>;
  struct NewPassage {
    std::int64_t document = 0;  // As in NewDocument, or the ID of one that is known.
    std::string row;            // Behind its ID and scope, as COPY has it.
    std::uint32_t length = 0;
    std::vector<std::pair<WordChange*, std::int32_t>> words;
  };
  void add_passage(std::int64_t document, std::string_view name, const PassageDraft& passage);
  [[nodiscard]] Result<std::int64_t> next_id(const char* sequence, std::vector<std::int64_t>& ids);
  [[nodiscard]] Result<void> remove_passages();
  [[nodiscard]] Result<void> name_words();
  [[nodiscard]] Result<void> copy_passages();

  Connection& connection_;
  std::int64_t scope_;
  std::optional<Transaction> transaction_;
  WordSplitter splitter_;
  PassageCounts counts_;
  std::vector<std::int64_t> document_ids_;  // Taken from the sequence, not yet given.
  std::vector<std::int64_t> passage_ids_;

  // Of the batch.
  Words words_;
  std::string documents_;  // Rows for COPY.
  std::vector<NewPassage> passages_;
  std::vector<std::int64_t> removed_passages_;
  std::vector<std::int64_t> removed_documents_;
};

}  // namespace leyden::retrieval::postgres
