#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::sandbox {

struct ProjectCopyOptions {
  std::filesystem::path
      parent;  // A folder for copies; the system's place for temporary files when empty.
  std::vector<std::string> leave_out = {".git", ".hg", ".svn"};  // Names, at any depth.
  std::uint64_t max_bytes = 2 * GiB;
  std::uint64_t max_files = 200'000;
  // A file of a folder that is no project of its own, as a path in it: what lies nearest to it comes first, and what is over the bounds or can't be read is left out
  // instead of being an error.
  std::filesystem::path around;
  // As root: whose the copy is, SandboxOptions::unprivileged_uid.
  std::uint32_t owner_uid = 65534;
  std::uint32_t owner_gid = 65534;
};

// A project that programs may write to while the original stays as it is: a copy on disk, made once and used
// for many runs, removed with the object.
//
// A copy and not an overlay: bwrap 0.8 has none, overlayfs in a user namespace needs a kernel and a file system that
// know `userxattr`, and what a program wrote would lie in a form that only a mount can read. Blocks are shared with
// the original where the file system can (reflinks); names never are (hard links), so a write can't reach it. Files, folders and
// links are copied, with their modes; sockets, pipes and devices are not, nor what vanishes meanwhile. Links are copied as they are: one that leads out of the
// project leads nowhere in the sandbox.
// Confined to one thread; its path may be used by many.
class ProjectCopy {
 public:
  // Errors: not_found, invalid_argument (over a bound), cancelled, unavailable.
  [[nodiscard]] static Result<std::unique_ptr<ProjectCopy>> make(
      const std::filesystem::path& project, const ProjectCopyOptions& options = {},
      const std::stop_token& stop = {});
  ~ProjectCopy();
  ProjectCopy(const ProjectCopy&) = delete;
  ProjectCopy& operator=(const ProjectCopy&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // It, writable at `inside`.
  [[nodiscard]] SandboxMount mount(std::string inside) const {
    return {.host = path_, .inside = std::move(inside), .access = Access::read_write};
  }
  // A file of the copy as it is now. It was perhaps written by a program that nobody has read: no link is
  // followed on the way, and nothing but a file is read. Errors: not_found, invalid_argument (not a plain relative path,
  // or too large), unavailable.
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& relative,
                                         std::uint64_t limit_bytes = 16 * MiB) const;

 private:
  explicit ProjectCopy(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path root_;  // Ours alone: nobody else finds a way to what lies below.
  std::filesystem::path path_;
};

// Removes a folder and all below it, whatever a program left there: no depth and no mode stops it, and no
// link is followed. What can't be removed stays.
void remove_tree(const std::filesystem::path& folder);

}  // namespace leyden::sandbox
