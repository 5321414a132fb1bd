#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "leyden/base/result.h"
#include "leyden/retrieval/index.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// What Index::update does (folder_update.h), on a connection of its own and with the lock held.
[[nodiscard]] Result<UpdateReport> update_scope(
    sql::Database& database, const std::filesystem::path& folder, const UpdateOptions& options,
    const std::function<void(const UpdateProgress&)>& on_progress, std::stop_token stop);

}  // namespace leyden::retrieval
