#include "leyden/agents/qa/go/go_package.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr std::size_t kFilesMax = 200;  // Of a package.

// The nearest folder with a go.mod; empty: there is none.
fs::path module_root(const fs::path& folder) {
  std::error_code ignored;
  for (fs::path one = folder; one.has_relative_path(); one = one.parent_path()) {
    if (fs::is_regular_file(one / "go.mod", ignored)) return one;
  }
  return {};
}

std::string module_name(const fs::path& root) {
  auto text = read_file(root / "go.mod", kSourceBytesMax);
  if (!text) return {};
  const std::size_t at = text->find("module ");
  if (at == std::string::npos) return {};
  std::string_view line = std::string_view(*text).substr(at + 7);
  line = trimmed(line.substr(0, line.find_first_of("\r\n")));
  if (line.starts_with('"') && line.ends_with('"')) line = line.substr(1, line.size() - 2);
  return std::string(line);
}

Result<void> read_package(GoPackage& out) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const fs::directory_entry& one : fs::directory_iterator(out.root / out.folder, error)) {
    if (one.path().extension() == ".go" && one.path().filename() != out.target.filename())
      paths.push_back(one.path());
  }
  std::ranges::sort(paths);
  if (paths.size() > kFilesMax) paths.resize(kFilesMax);
  paths.push_back(out.root / out.target);
  for (const fs::path& path : paths) {
    const std::string name = path.filename().string();
    const bool is_target = path == paths.back();
    auto text = read_file(path, kSourceBytesMax);
    if (!text && is_target) return std::unexpected(text.error());
    if (!text) continue;
    if (name.ends_with("_test.go") && !is_target) {
      out.tests[name] = *std::move(text);
      continue;
    }
    auto tree = syntax::parse(syntax::Language::go, *text);
    if (!tree && is_target) return std::unexpected(tree.error());
    if (tree)
      out.files.push_back({.name = name, .text = *std::move(text), .tree = *std::move(tree)});
  }
  return {};
}

}  // namespace

fs::path GoPackage::test_path() const {
  const std::string stem = target.stem().string();
  const bool taken = tests.contains(stem + "_test.go");
  return folder / (stem + (taken ? "_leyden_test.go" : "_test.go"));
}

Result<GoPackage> find_go_package(const fs::path& file) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(file, error);
  if (error || !fs::is_regular_file(whole, error))
    return fail(Errc::not_found, "there is no file {}", file.string());
  if (file.filename().string().ends_with("_test.go"))
    return fail(Errc::invalid_argument, "{} holds tests itself", file.string());
  GoPackage out;
  out.root = module_root(whole.parent_path());
  out.has_module = !out.root.empty();
  if (!out.has_module) out.root = project_root(whole);
  out.target = whole.lexically_relative(out.root);
  out.folder = out.target.parent_path();
  out.path = out.has_module ? module_name(out.root) : "leyden.test/tested";
  if (out.has_module && !out.folder.empty()) out.path += "/" + out.folder.generic_string();
  if (auto read = read_package(out); !read) return std::unexpected(read.error());
  if (!utf8::is_valid(out.files.back().text))
    return fail(Errc::invalid_argument, "{} is not UTF-8", file.string());
  return out;
}

}  // namespace leyden::qa
