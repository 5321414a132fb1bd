#pragma once

#include <filesystem>
#include <stop_token>
#include <utility>

#include "leyden/base/result.h"

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

}  // namespace leyden::retrieval
