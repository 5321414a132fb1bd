#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {

// The folder that a file belongs to as its maintainers see it: the nearest one above with a project's mark (.git, pyproject.toml, setup.py,
// package.json, CMakeLists.txt, go.mod, Cargo.toml ...), else the file's own; of a Python package the one above it.
[[nodiscard]] std::filesystem::path project_root(const std::filesystem::path& file);

// Whether a folder has such a mark.
[[nodiscard]] bool is_project(const std::filesystem::path& folder);

// A copy to run programs in: the whole project without what is named; of a folder that is none (a home, /tmp) what lies around the file,
// 2,000 entries and 64 MiB at most. Errors: those of ProjectCopy::make.
[[nodiscard]] Result<std::unique_ptr<sandbox::ProjectCopy>> copy_project(
    const std::filesystem::path& root, const std::filesystem::path& file,
    std::vector<std::string> leave_out, const std::stop_token& stop);

}  // namespace leyden::qa
