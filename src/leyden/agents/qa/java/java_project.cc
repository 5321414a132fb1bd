#include "leyden/agents/qa/java/java_project.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "leyden/agents/qa/project.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr std::size_t kFilesMax = 200;
constexpr std::size_t kTestsMax = 100;

Result<JavaFile> read_java(const fs::path& path) {
  auto text = read_file(path, kSourceBytesMax);
  if (!text) return std::unexpected(text.error());
  auto tree = syntax::parse(syntax::Language::java, *text);
  if (!tree) return std::unexpected(tree.error());
  return JavaFile{
      .name = path.filename().string(), .text = *std::move(text), .tree = *std::move(tree)};
}

// The folder that the package begins in: above a/b/c for `package a.b.c`.
fs::path root_of_package(const fs::path& folder, const std::string& package) {
  if (package.empty()) return folder;
  fs::path relative;
  for (std::size_t begin = 0; begin <= package.size();) {
    const std::size_t end = std::min(package.find('.', begin), package.size());
    relative /= package.substr(begin, end - begin);
    begin = end + 1;
  }
  fs::path out = folder;
  for (fs::path part = relative; !part.empty(); part = part.parent_path()) {
    if (out.filename() != part.filename()) return folder;
    out = out.parent_path();
  }
  return out;
}

std::vector<fs::path> files_below(const fs::path& folder, const std::string& ending,
                                  std::size_t count_max) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end;
       entry.increment(ignored)) {
    if (entry->is_regular_file(ignored) && entry->path().extension() == ending)
      out.push_back(entry->path());
  }
  std::ranges::sort(out);
  if (out.size() > count_max) out.resize(count_max);
  return out;
}

// What the target imports of the project, and its package.
void read_others(const JavaFile& target, const fs::path& file, JavaProject& out) {
  std::set<fs::path> paths;
  std::error_code ignored;
  for (const fs::directory_entry& one : fs::directory_iterator(file.parent_path(), ignored)) {
    if (one.path().extension() == ".java" && one.path() != file) paths.insert(one.path());
  }
  for (const syntax::Node node : target.tree.root().named_children()) {
    if (node.type() != "import_declaration") continue;
    std::string name(node.named_child(0).text(target.text));
    std::ranges::replace(name, '.', '/');
    const fs::path path = out.root / out.source_root / (name + ".java");
    if (fs::is_regular_file(path, ignored)) paths.insert(path);
  }
  for (const fs::path& path : paths) {
    if (out.files.size() == kFilesMax) break;
    auto read = read_java(path);
    if (read && read->text.find("org.junit.") == std::string::npos)
      out.files.push_back(*std::move(read));
  }
}

}  // namespace

fs::path JavaProject::test_path() const {
  const fs::path folder = test_root / target.parent_path().lexically_relative(source_root);
  fs::path out = (folder / (class_name() + "Test.java")).lexically_normal();
  std::error_code ignored;
  if (!fs::exists(root / out, ignored)) return out;
  return (folder / (class_name() + "LeydenTest.java")).lexically_normal();
}

Result<JavaProject> find_java_project(const fs::path& file) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(file, error);
  if (error || !fs::is_regular_file(whole, error))
    return fail(Errc::not_found, "there is no file {}", file.string());
  auto target = read_java(whole);
  if (!target) return std::unexpected(target.error());
  if (!utf8::is_valid(target->text))
    return fail(Errc::invalid_argument, "{} is not UTF-8", file.string());
  if (target->text.find("import org.junit.") != std::string::npos)
    return fail(Errc::invalid_argument, "{} holds tests itself", file.string());
  JavaProject out;
  for (const syntax::Node node : target->tree.root().named_children()) {
    if (node.type() == "package_declaration")
      out.package = node.named_child(node.named_child_count() - 1).text(target->text);
  }
  const fs::path source_root = root_of_package(whole.parent_path(), out.package);
  out.root = project_root(whole);
  if (source_root.lexically_relative(out.root).string().starts_with("..")) out.root = source_root;
  out.source_root = source_root.lexically_relative(out.root);
  out.target = whole.lexically_relative(out.root);
  const bool is_maven =
      out.source_root.filename() == "java" && out.source_root.parent_path().filename() == "main";
  out.test_root =
      is_maven ? out.source_root.parent_path().parent_path() / "test" / "java" : out.source_root;
  read_others(*target, whole, out);
  out.files.push_back(*std::move(target));
  for (const fs::path& path : files_below(out.root / out.test_root, ".java", kTestsMax)) {
    auto text = read_file(path, kSourceBytesMax);
    if (text && text->find("org.junit.jupiter") != std::string::npos)
      out.tests[path.lexically_relative(out.root).string()] = *std::move(text);
  }
  for (const fs::path& jar : files_below(out.root / "lib", ".jar", kFilesMax))
    out.jars.push_back(jar.lexically_relative(out.root));
  return out;
}

}  // namespace leyden::qa
