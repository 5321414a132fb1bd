#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "leyden/base/clock.h"
#include "leyden/cache/gate.h"
#include "leyden/cache/stores/lmdb/folder.h"
#include "leyden/cache/stores/lmdb/handles.h"
#include "leyden/cache/stores/lmdb/layout.h"

namespace leyden::cache::lmdb {

// LMDB's environment in a folder: opened, and repaired or replaced where it can't be; transactions that
// follow the file when another process lets it grow. Thread-safe. No transaction outlives it.
class Environment {
 public:
  // For who holds the folder's writer lock, so that nobody moves aside what another process has just
  // made. Data that LMDB refuses is moved aside, data of another format is removed; both begin anew.
  [[nodiscard]] static Result<std::unique_ptr<Environment>> open(Folder folder,
                                                                 std::uint64_t capacity_bytes,
                                                                 const Clock& clock);

  enum class Access { read, write };
  // A writer must hold the writer lock: LMDB's own is waited for without a bound.
  [[nodiscard]] Result<Transaction> begin(Access access, Deadline deadline);

  // What LMDB says, for the caller. Corruption is remembered in the folder: the next open starts anew.
  [[nodiscard]] std::unexpected<Error> failed(std::string_view what, int rc);

  // Gives room that dead readers hold free again.
  void clean_readers();
  // Maps an eighth of the capacity more, up to half as much again as at the beginning: where not even
  // an eviction finds a page. Nobody may be in a transaction on this thread.
  [[nodiscard]] Result<void> grow(Deadline deadline);

  // The number of the last transaction that any process has committed. Costs no more than a look.
  [[nodiscard]] std::optional<std::uint64_t> last_transaction(Deadline deadline);
  // Whether another process has put a new file in the place of ours; then this one is of no use any more.
  bool check_replaced();

  // Why nothing works until the next open; empty while all is well.
  [[nodiscard]] std::string_view why_off() const;
  [[nodiscard]] const Databases& dbs() const { return dbs_; }
  [[nodiscard]] const Folder& folder() const { return folder_; }

 private:
  enum class State : std::uint8_t { well, broken, replaced };
  struct Closer {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
  };

  Environment(Folder folder, std::uint64_t capacity_bytes)
      : folder_(std::move(folder)), capacity_bytes_(capacity_bytes) {}
  int open_env();
  int extend_file();
  int open_databases();

  const Folder folder_;  // Last to go.
  const std::uint64_t capacity_bytes_;
  std::unique_ptr<MDB_env, Closer> env_;
  Databases dbs_;
  std::uint64_t map_bytes_at_open_ = 0;
  Gate gate_;
  std::atomic<State> state_{State::well};
};

}  // namespace leyden::cache::lmdb
