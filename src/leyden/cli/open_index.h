#pragma once

#include <memory>

#include "leyden/base/result.h"
#include "leyden/cli/embedders.h"
#include "leyden/cli/settings.h"
#include "leyden/retrieval/index.h"

namespace leyden::cli {

// The index that the settings name: the PostgreSQL database of index_url, else the file in the data folder. `read_only` makes none: not_found
// where nothing was indexed yet. Who neither searches nor indexes needs no embedder; one that is given outlives the index.
[[nodiscard]] Result<std::unique_ptr<retrieval::Index>> open_index(
    const Settings& settings, bool read_only, const OpenedEmbedder& embedder = {});

}  // namespace leyden::cli
