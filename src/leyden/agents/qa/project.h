#pragma once

#include <filesystem>
#include <string>

#include "leyden/base/result.h"

namespace leyden::qa {

// The folder that a file belongs to as its maintainers see it: the nearest one above with a project's mark (.git, pyproject.toml, setup.py,
// package.json, CMakeLists.txt, go.mod, Cargo.toml ...), else the file's own.
[[nodiscard]] std::filesystem::path project_root(const std::filesystem::path& file);

}  // namespace leyden::qa
