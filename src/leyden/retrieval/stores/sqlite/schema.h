#pragma once

#include "leyden/sql/database.h"

namespace leyden::retrieval {

// What an index file is and how it is made: docs/formats/index.md.
[[nodiscard]] const sql::FileKind& index_file_kind();

}  // namespace leyden::retrieval
