#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

// Where rustc and cargo are, and what of the host they are made of. rustup's own programs are not run: they would look for settings that the sandbox
// does not have; the toolchain that they stand for is.
struct RustTools {
  std::string rustc;
  std::string cargo;                          // Empty: there is none.
  std::vector<sandbox::SandboxMount> mounts;  // Of a toolchain that is not the system's.
  std::filesystem::path registry;             // Crates that cargo has fetched; may not be there.
};

// `named` is a cargo or a rustc; empty: rustup's default toolchain, else the system's. Errors: unsupported (there is none: says how to get it).
[[nodiscard]] Result<RustTools> find_rust_tools(const std::filesystem::path& named);

// What cargo passes to rustc when it builds the tests of a crate's library: --extern, -L and --cfg with their values, out of what `cargo test -v` says.
[[nodiscard]] std::vector<std::string> rust_dependency_arguments(std::string_view said,
                                                                 std::string_view crate);

}  // namespace leyden::qa
