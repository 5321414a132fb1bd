#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/sandbox/sandbox.h"

namespace leyden::sandbox {

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;  // Its only group.
};

// The way to a file or folder, looked at by us and judged for `user`. Modes decide; what an access list or a
// security module refuses besides is not seen.
struct Way {
  std::filesystem::path real;                  // Without a link on it.
  std::vector<std::filesystem::path> folders;  // That are searched on it.
  std::vector<std::filesystem::path> closed;   // Those of them that don't let the user through.
  // The first folder or link on it by which others than root could lead us elsewhere: a folder that the user may change,
  // a link that is not root's.
  std::optional<std::filesystem::path> untrusted;
};
// Errors: not_found, unavailable.
[[nodiscard]] Result<Way> way_to(const std::filesystem::path& path, const User& user);

// What root shows to the user that the sandbox runs as, who has no way to it: sandbox_init.c binds each
// such file or folder, it alone, into a tmpfs at `place`, in a mount namespace that ends with the run.
struct Shown {
  std::string place;
  struct Source {
    std::filesystem::path path;
    std::filesystem::path real;
    std::vector<std::filesystem::path> closed;
    bool read_only = true;
  };
  std::vector<Source> sources;  // At place/0, place/1, ...

  // Where bwrap is to look for what was named so.
  [[nodiscard]] std::string source_of(const std::filesystem::path& path) const;
  // For sandbox_init's `launch`.
  [[nodiscard]] std::vector<std::string> launch_words() const;
  // What to do when launch wrote `messages`; empty when they are about none of these.
  [[nodiscard]] std::string advice(std::string_view messages, const User& user) const;
};
// Empty where the user can reach all. Errors: not_found; unavailable (names the path).
[[nodiscard]] Result<Shown> what_to_show(const SandboxCommand& command,
                                         const SandboxOptions& options);

}  // namespace leyden::sandbox
