#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "leyden/base/checkup.h"
#include "leyden/base/clock.h"
#include "leyden/base/deadline.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"

namespace leyden::cache {

// Looks at the store in a folder: permissions, file system, room on the disk, layout, entries, readers, and a value that is written, read
// and erased again. Makes, repairs and replaces nothing: a folder that is not there, data that can't be read or of another layout are
// findings, and then nothing is written. The folder must not be open in this process. Does not wait past `deadline`, but for a sync of
// the disk that has begun.
[[nodiscard]] std::vector<Finding> check_lmdb(const LmdbStoreOptions& options, const Clock& clock,
                                              Deadline deadline);

namespace lmdb {

// What a file system is to LMDB, by the number that statfs(2) has for it.
enum class DiskKind : std::uint8_t {
  local,
  memory,   // Gone after a reboot.
  layer,    // A container's own: gone with it.
  network,  // Or of a program of the user's: no memory that several machines or mounts share, locks of their own.
};
struct FileSystem {
  std::string_view name;  // "NFS"; empty when it is none that we know.
  DiskKind kind = DiskKind::local;
};
[[nodiscard]] FileSystem file_system_of(std::uint64_t number);

}  // namespace lmdb
}  // namespace leyden::cache
