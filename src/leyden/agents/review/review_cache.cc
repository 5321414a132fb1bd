#include "leyden/agents/review/review_cache.h"

#include <utility>

#include "leyden/agents/review/finding_json.h"

namespace leyden::review {
namespace {

constexpr std::int64_t kEntriesMax = 200'000;

const sql::FileKind& cache_file_kind() {
  static const sql::FileKind kind{.application_id = 0x4C594456,  // "LYDV"
                                  .schema_version = 1,
                                  // `id` grows: the smallest are the oldest.
                                  .schema =
                                      "CREATE TABLE reviews(id INTEGER PRIMARY KEY, key BLOB NOT "
                                      "NULL UNIQUE, findings TEXT NOT NULL);",
                                  .upgrades = {},
                                  .when_damaged = "delete it, the next review makes it anew",
                                  .when_absent = " is not there"};
  return kind;
}

}  // namespace

Result<std::unique_ptr<ReviewCache>> ReviewCache::open(const std::filesystem::path& file) {
  auto database = sql::Database::open(file, cache_file_kind());
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<ReviewCache>(new ReviewCache(*std::move(database)));
}

std::optional<std::vector<Finding>> ReviewCache::find(const Digest& key) {
  auto text = database_.with([&](sql::Database& database) -> std::optional<std::string> {
    sql::Statement read(database, "SELECT findings FROM reviews WHERE key = ?");
    auto row = read.bind(BytesView(key.bytes)).step();
    if (!row || !*row) return std::nullopt;
    return std::string(read.text(0));
  });
  if (!text) return std::nullopt;
  const auto list = nlohmann::json::parse(*text, nullptr, false);
  if (!list.is_array()) return std::nullopt;
  std::vector<Finding> out;
  for (const auto& one : list) {
    auto finding = finding_from_json(one);
    if (!finding) return std::nullopt;
    out.push_back(*std::move(finding));
  }
  return out;
}

void ReviewCache::put(const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  database_.with([&](sql::Database& database) {
    auto transaction = sql::Transaction::begin(database);
    if (!transaction) return;
    sql::Statement write(database, "INSERT OR REPLACE INTO reviews(key, findings) VALUES(?, ?)");
    for (const Entry& entry : entries) {
      nlohmann::json list = nlohmann::json::array();
      for (const Finding& finding : entry.findings) list.push_back(to_json(finding));
      const std::string text = list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      if (!write.bind(BytesView(entry.key.bytes)).bind(text).run()) return;
    }
    sql::Statement trim(database,
                        "DELETE FROM reviews WHERE id <= (SELECT max(id) FROM reviews) - ?");
    if (!trim.bind(kEntriesMax).run()) return;
    (void)transaction->commit();
  });
}

}  // namespace leyden::review
