#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "leyden/base/result.h"
#include "leyden/retrieval/index.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// Held while one process updates an index; a file beside it. Given back when destroyed or when the process dies.
class UpdateLock {
 public:
  // Waits for another update up to 10 s. Errors: overloaded: it went on; cancelled; unavailable: no such file can be made.
  [[nodiscard]] static Result<UpdateLock> take(const std::filesystem::path& index_file,
                                               const std::stop_token& stop);
  UpdateLock(UpdateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UpdateLock& operator=(UpdateLock&&) = delete;
  ~UpdateLock();

 private:
  explicit UpdateLock(int fd) : fd_(fd) {}
  int fd_;
};

// The scope's full-text table, which its first update makes.
[[nodiscard]] inline std::string text_table(std::int64_t scope) {
  return fmt::format("text_{}", scope);
}

// What Index::update does, on a connection of its own and with the lock held: walks the folder, reads what has changed since the
// last update, a few files in one transaction, and removes what is gone.
[[nodiscard]] Result<UpdateReport> update_scope(
    sql::Database& database, const std::filesystem::path& folder, const UpdateOptions& options,
    const std::function<void(const UpdateProgress&)>& on_progress, std::stop_token stop);

}  // namespace leyden::retrieval
