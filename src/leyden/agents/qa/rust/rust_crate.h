#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

struct RustFile {
  std::filesystem::path path;  // Relative to the root.
  std::string text;
  syntax::Tree tree;
  std::string module;  // "shop::cart"
  bool is_public = false;
};

// What `pub use` makes of names: full paths by full paths.
struct RustExports {
  std::map<std::string, std::string> items;    // "shop::cart::Cart": "shop::Cart"
  std::map<std::string, std::string> modules;  // Of `pub use cart::*`.

  // How others name an item of a module; empty: they can't.
  [[nodiscard]] std::string path_of(const std::string& module, bool is_public,
                                    const std::string& item) const;
};

// The crate of a Rust file. Paths are relative to the root. A file that no library holds is a crate of its own, which a test includes by its path.
struct RustCrate {
  std::filesystem::path root;
  std::string name;
  std::string edition;
  std::filesystem::path target;
  std::filesystem::path library;  // The crate's first file; the target, where it stands alone.
  bool has_manifest = false;
  bool is_library = false;                   // Tests reach it by its name.
  bool needs_cargo = false;                  // It has dependencies.
  std::vector<RustFile> files;               // Of the crate, the target last.
  std::vector<std::filesystem::path> tests;  // The project's own, in files of their own.
  RustExports exports;

  // A file of tests that is not there yet.
  [[nodiscard]] std::filesystem::path test_path() const;
};

// Errors: not_found, invalid_argument (does not parse at all, not UTF-8, holds tests, is in no module of its crate).
[[nodiscard]] Result<RustCrate> find_rust_crate(const std::filesystem::path& file);

// The paths that a use declaration names: "a::{b, c::*}" has two.
[[nodiscard]] std::vector<std::string> rust_used_paths(std::string_view text);
// Code under #[cfg(test)], #[test].
[[nodiscard]] bool rust_is_test(syntax::Node item, std::string_view text);

}  // namespace leyden::qa
