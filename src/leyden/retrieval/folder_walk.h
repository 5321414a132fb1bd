#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "leyden/base/result.h"

namespace leyden::retrieval {

struct FoundFile {
  std::string path;  // Relative to the root, with '/'; not always UTF-8.
  std::filesystem::path absolute;
  std::uint64_t size_bytes = 0;
};

// Regular files below `root` in byte order of their paths, without what .gitignore files (nested ones too, `git`'s rules,
// through libgit2), .git folders and hidden VCS folders exclude. Works in folders that are no git repository as well.
// One thing libgit2 overlooks: a negation in a nested .gitignore of a rule from a folder above.
// Symbolic links to files are followed when they stay below the root; links to folders are not followed.
// `on_file` returns false to stop. `on_problem` hears of folders that can't be read, once each; the walk goes on.
// Errors: not_found (no such root), invalid_argument (root is not a folder), unavailable (root can't be read).
[[nodiscard]] Result<void> walk_folder(
    const std::filesystem::path& root, const std::function<bool(const FoundFile&)>& on_file,
    const std::function<void(const std::string& path, const Error&)>& on_problem);

// The folders that walk_folder() looks into, `root` first. Errors: the same.
[[nodiscard]] Result<std::vector<std::filesystem::path>> folders_of_walk(
    const std::filesystem::path& root);

}  // namespace leyden::retrieval
