#include "leyden/agents/qa/rust/rust_crate.h"

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using syntax::Node;

constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr std::size_t kFilesMax = 200;  // Of a crate.

std::string crate_name(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

bool is_visible(Node item, std::string_view text) {
  const Node first = item.named_child(0);
  return first.type() == "visibility_modifier" && first.text(text) == "pub";
}

std::string prefix_of(std::string_view path) {
  const std::size_t at = path.rfind("::");
  return at == std::string_view::npos ? std::string() : std::string(path.substr(0, at));
}

// Follows `mod` from a crate's first file.
class ModuleReader {
 public:
  explicit ModuleReader(RustCrate& crate) : crate_(crate) {}

  void read() {
    add_file(crate_.library, crate_.name, true);
    for (auto& [module, path] : uses_) add_export(module, path);
  }

 private:
  // The folder in which a module's own modules are.
  static fs::path folder_of(const fs::path& file, bool is_root) {
    const std::string stem = file.stem().string();
    return is_root || stem == "mod" ? file.parent_path() : file.parent_path() / stem;
  }

  void add_file(const fs::path& path, const std::string& module, bool is_public) {
    if (crate_.files.size() >= kFilesMax || !seen_.insert(path).second) return;
    auto text = read_file(crate_.root / path, kSourceBytesMax);
    if (!text || !utf8::is_valid(*text)) return;
    auto tree = syntax::parse(syntax::Language::rust, *text);
    if (!tree) return;
    const Node root = tree->root();
    const std::string source = *text;
    crate_.files.push_back({.path = path,
                            .text = *std::move(text),
                            .tree = *std::move(tree),
                            .module = module,
                            .is_public = is_public});
    add_items(root, source, folder_of(path, path == crate_.library), module, is_public);
  }

  void add_items(Node items, std::string_view text, const fs::path& folder,
                 const std::string& module, bool is_public) {
    for (const Node item : items.named_children()) {
      if (item.type() == "use_declaration" && is_visible(item, text) && is_public) {
        for (std::string& path : rust_used_paths(item.field("argument").text(text)))
          uses_.emplace_back(module, std::move(path));
      }
      if (item.type() != "mod_item" || rust_is_test(item, text)) continue;
      const std::string name(item.field("name").text(text));
      const std::string inner = fmt::format("{}::{}", module, name);
      const bool is_open = is_public && is_visible(item, text);
      if (const Node body = item.field("body")) {
        add_items(body, text, folder / name, inner, is_open);
        continue;
      }
      std::error_code ignored;
      const fs::path beside = folder / (name + ".rs");
      add_file(
          fs::is_regular_file(crate_.root / beside, ignored) ? beside : folder / name / "mod.rs",
          inner, is_open);
    }
  }

  void add_export(const std::string& module, std::string path) {
    std::string as;
    if (const std::size_t at = path.find(" as "); at != std::string::npos) {
      as = trimmed(std::string_view(path).substr(at + 4));
      path = std::string(trimmed(std::string_view(path).substr(0, at)));
    }
    std::string whole = module + "::" + path;
    if (path.starts_with("crate::")) whole = crate_.name + path.substr(5);
    if (path.starts_with("self::")) whole = module + path.substr(4);
    if (path.starts_with("super::")) whole = prefix_of(module) + path.substr(5);
    if (whole.ends_with("::*")) {
      crate_.exports.modules.try_emplace(prefix_of(whole), module);
    } else {
      if (as.empty()) as = whole.substr(whole.rfind("::") + 2);
      crate_.exports.items.try_emplace(std::move(whole), module + "::" + as);
    }
  }

  RustCrate& crate_;
  std::set<fs::path> seen_;
  std::vector<std::pair<std::string, std::string>> uses_;
};

// The nearest folder with a Cargo.toml that is a package's.
std::optional<toml::table> manifest_above(const fs::path& folder, fs::path& root) {
  std::error_code ignored;
  for (fs::path one = folder; one.has_relative_path(); one = one.parent_path()) {
    if (!fs::is_regular_file(one / "Cargo.toml", ignored)) continue;
    auto text = read_file(one / "Cargo.toml", kSourceBytesMax);
    if (!text) return std::nullopt;
    toml::parse_result parsed = toml::parse(*text);
    if (!parsed || !parsed.table().contains("package")) return std::nullopt;
    root = one;
    return std::move(parsed).table();
  }
  return std::nullopt;
}

bool has_entries(const toml::table& manifest, const char* key) {
  const toml::table* table = manifest[key].as_table();
  return table != nullptr && !table->empty();
}

void read_manifest(const toml::table& manifest, RustCrate& out) {
  out.has_manifest = true;
  out.name = manifest["lib"]["name"].value_or(
      std::string(manifest["package"]["name"].value_or(std::string("tested"))));
  out.edition = manifest["package"]["edition"].value_or(std::string("2015"));
  out.library = manifest["lib"]["path"].value_or(std::string("src/lib.rs"));
  out.needs_cargo = has_entries(manifest, "dependencies") ||
                    has_entries(manifest, "dev-dependencies") || manifest.contains("target");
}

void find_tests(RustCrate& out) {
  std::error_code ignored;
  for (const fs::directory_entry& one : fs::directory_iterator(out.root / "tests", ignored)) {
    if (one.path().extension() == ".rs" && one.is_regular_file(ignored))
      out.tests.push_back(fs::path("tests") / one.path().filename());
  }
  std::ranges::sort(out.tests);
}

}  // namespace

std::vector<std::string> rust_used_paths(std::string_view text) {
  text = trimmed(text);
  const std::size_t open = text.find('{');
  if (open == std::string_view::npos || !text.ends_with('}')) return {std::string(text)};
  const std::string before(trimmed(text.substr(0, open)));
  std::vector<std::string> out;
  for (const std::string_view part : parts_of(text.substr(open + 1, text.size() - open - 2), ',')) {
    if (trimmed(part).empty()) continue;
    for (const std::string& inner : rust_used_paths(part)) out.push_back(before + inner);
  }
  return out;
}

bool rust_is_test(Node item, std::string_view text) {
  for (Node above = item.previous();
       above.type() == "attribute_item" || above.type() == "line_comment";
       above = above.previous()) {
    const std::string_view said = above.text(text);
    if (above.type() == "attribute_item" &&
        (said.find("cfg(test)") != std::string_view::npos || said == "#[test]"))
      return true;
  }
  return false;
}

std::string RustExports::path_of(const std::string& module, bool is_public,
                                 const std::string& item) const {
  if (is_public) return module + "::" + item;
  if (const auto found = items.find(module + "::" + item); found != items.end())
    return found->second;
  if (const auto found = modules.find(module); found != modules.end())
    return found->second + "::" + item;
  return {};
}

fs::path RustCrate::test_path() const {
  std::string stem = target.stem().string();
  if (stem == "lib" || stem == "mod" || stem == "main") stem = name;
  const fs::path folder = has_manifest ? fs::path("tests") : target.parent_path();
  std::error_code ignored;
  for (const char* ending : {"_test.rs", "_leyden_test.rs"}) {
    fs::path out = folder / (crate_name(stem) + ending);
    if (!fs::exists(root / out, ignored)) return out;
  }
  return folder / (crate_name(stem) + "_leyden_test_2.rs");
}

Result<RustCrate> find_rust_crate(const fs::path& file) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(file, error);
  if (error || !fs::is_regular_file(whole, error))
    return fail(Errc::not_found, "there is no file {}", file.string());
  RustCrate out;
  if (const auto manifest = manifest_above(whole.parent_path(), out.root))
    read_manifest(*manifest, out);
  if (out.root.empty()) out.root = project_root(whole);
  out.target = whole.lexically_relative(out.root);
  if (*out.target.begin() == "tests")
    return fail(Errc::invalid_argument, "{} holds tests itself", file.string());
  if (out.has_manifest) find_tests(out);
  out.is_library = out.has_manifest && fs::is_regular_file(out.root / out.library, error);
  if (out.is_library) {
    out.name = crate_name(out.name);
    ModuleReader(out).read();
  }
  const auto is_target = [&](const RustFile& one) { return one.path == out.target; };
  if (std::ranges::none_of(out.files, is_target)) {
    out.is_library = false;
    out.files.clear();
    out.exports = {};
    out.library = out.target;
    out.name = crate_name(out.target.stem().string());
    if (!out.has_manifest) out.edition = "2021";
    ModuleReader(out).read();
  }
  const auto found = std::ranges::find_if(out.files, is_target);
  if (found == out.files.end())
    return fail(Errc::invalid_argument, "{} can't be read, or is not UTF-8", file.string());
  std::rotate(found, found + 1, out.files.end());
  return out;
}

}  // namespace leyden::qa
