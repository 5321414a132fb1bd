#include "leyden/cache/stores/lmdb/handles.h"

#include <cerrno>

namespace leyden::cache::lmdb {

Errc code_of(int rc) {
  switch (rc) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND:  // Only where something must be there.
      return Errc::corrupt;
    case MDB_BAD_TXN:
    case MDB_BAD_VALSIZE:
    case MDB_BAD_DBI:
    case EINVAL:
      return Errc::internal;
    default:
      return Errc::unavailable;
  }
}

std::unexpected<Error> lmdb_error(std::string_view what, int rc) {
  return fail(code_of(rc), "the store {}: {}", what, mdb_strerror(rc));
}

}  // namespace leyden::cache::lmdb
