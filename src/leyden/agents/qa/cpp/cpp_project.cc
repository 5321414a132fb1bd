#include "leyden/agents/qa/cpp/cpp_project.h"

#include <algorithm>
#include <regex>
#include <system_error>

#include "leyden/agents/qa/cpp/cpp_syntax.h"
#include "leyden/agents/qa/project.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSourceBytesMax = 2 * MiB;
constexpr std::size_t kFilesMax = 80;
constexpr const char* kFolders[] = {"", "include", "src"};

bool is_header_file(const fs::path& file) {
  const std::string end = file.extension().string();
  return end == ".h" || end == ".hpp" || end == ".hh" || end == ".hxx" || end == ".h++";
}

// What stands between the quotes of #include "...".
std::vector<std::string> included(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find("#include"); at != std::string_view::npos;
       at = text.find("#include", at + 1)) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    const std::size_t begin = line.find('"');
    const std::size_t end = line.find('"', begin + 1);
    if (begin != std::string_view::npos && end != std::string_view::npos)
      out.emplace_back(line.substr(begin + 1, end - begin - 1));
  }
  return out;
}

class Finder {
 public:
  Finder(CppProject& out, syntax::Language language) : out_(out), language_(language) {}

  Result<void> find() {
    auto text = read_file(out_.root / out_.target, kSourceBytesMax);
    if (!text) return std::unexpected(text.error());
    if (!utf8::is_valid(*text))
      return fail(Errc::invalid_argument, "{} is not UTF-8", out_.target.string());
    seen_.insert(out_.target);
    follow(out_.target, *text);
    if (auto added = add(out_.target, *std::move(text)); !added) return added;
    find_sources();
    read_build();
    choose_test_path();
    return {};
  }

 private:
  Result<void> add(const fs::path& path, std::string text) {
    auto tree = syntax::parse(language_, without_export_macros(text));
    if (!tree) return std::unexpected(tree.error());
    out_.files.push_back(
        {.path = path.generic_string(), .text = std::move(text), .tree = *std::move(tree)});
    return {};
  }

  // The project's file that one includes by this name.
  fs::path resolved(const fs::path& from, const std::string& name) {
    std::vector<fs::path> places = {from.parent_path()};
    for (const char* folder : kFolders) places.emplace_back(folder);
    places.push_back(out_.target.parent_path());
    std::error_code ignored;
    for (const fs::path& place : places) {
      const fs::path file = (place / name).lexically_normal();
      if (file.empty() || *file.begin() == ".." || !fs::is_regular_file(out_.root / file, ignored))
        continue;
      out_.include_folders.insert(place.generic_string());
      return file;
    }
    return {};
  }

  // Headers first, as they include each other.
  void follow(const fs::path& from, const std::string& text) {
    for (const std::string& name : included(text)) {
      const fs::path file = resolved(from, name);
      if (file.empty() || !seen_.insert(file).second || seen_.size() > kFilesMax) continue;
      auto header = read_file(out_.root / file, kSourceBytesMax);
      if (!header) continue;
      follow(file, *header);
      if (is_header_file(file)) {
        if (auto added = add(file, *std::move(header)); !added) return;
      }
    }
  }

  // The sources behind the headers, and behind those that these include.
  void find_sources() {
    std::vector<fs::path> headers(seen_.begin(), seen_.end());
    std::error_code ignored;
    for (std::size_t i = 0; i < headers.size() && i < kFilesMax; ++i) {
      if (!is_header_file(headers[i])) continue;
      for (const char* end : {".cc", ".cpp", ".cxx", ".c"}) {
        for (const fs::path& folder : {headers[i].parent_path(), fs::path("src")}) {
          const fs::path source = (folder / headers[i].stem()).string() + end;
          if (source == out_.target || !fs::is_regular_file(out_.root / source, ignored) ||
              std::ranges::find(out_.sources, source) != out_.sources.end())
            continue;
          out_.sources.push_back(source);
          auto text = read_file(out_.root / source, kSourceBytesMax);
          if (!text) continue;
          for (const std::string& name : included(*text)) {
            const fs::path more = resolved(source, name);
            if (!more.empty() && seen_.insert(more).second) headers.push_back(more);
          }
        }
      }
    }
  }

  void read_build() {
    out_.include_folders.insert(out_.target.parent_path().generic_string());
    out_.include_folders.insert("");
    const auto text = read_file(out_.root / "CMakeLists.txt", kSourceBytesMax);
    if (text) {
      static const std::regex standard(language_ == syntax::Language::c
                                           ? "C_STANDARD\\s+(\\d\\d)|c_std_(\\d\\d)"
                                           : "CXX_STANDARD\\s+(\\d\\d)|cxx_std_(\\d\\d)");
      std::smatch match;
      if (std::regex_search(*text, match, standard))
        out_.standard = match[1].matched ? match[1].str() : match[2].str();
      out_.has_tests = text->find("add_test") != std::string::npos ||
                       text->find("gtest_discover_tests") != std::string::npos;
    }
    // libstdc++ has its parallel algorithms there, if it is installed.
    for (const CppFile& file : out_.files) {
      if (file.text.find("#include <execution>") != std::string::npos)
        out_.libraries = {"$(test -e /usr/include/tbb/tbb.h && echo -ltbb)"};
    }
  }

  void choose_test_path() {
    const std::string end =
        language_ == syntax::Language::c    ? ".c"
        : out_.target.extension() == ".cpp" ? ".cpp"
        : std::ranges::any_of(out_.sources,
                              [](const fs::path& one) { return one.extension() == ".cpp"; })
            ? ".cpp"
            : ".cc";
    std::error_code ignored;
    fs::path folder = out_.target.parent_path();
    for (const char* one : {"test", "tests"}) {
      if (!fs::is_directory(out_.root / one, ignored)) continue;
      // A folder for something else than tests of ours: data, a framework's copy.
      if (std::ranges::any_of(fs::directory_iterator(out_.root / one, ignored),
                              [](const auto& entry) {
                                return entry.path().stem().string().ends_with("_test") ||
                                       entry.path().stem().string().starts_with("test_");
                              }))
        folder = one;
    }
    std::string stem = out_.target.stem().string() + "_test";
    // The header has its own.
    if (fs::exists(out_.root / folder / (stem + end), ignored))
      stem = out_.target.stem().string() + "_leyden_test";
    if (fs::exists(out_.root / folder / (stem + end), ignored))
      stem = out_.target.stem().string() + "_header_leyden_test";
    out_.test_path = (folder / (stem + end)).lexically_normal();
  }

  CppProject& out_;
  syntax::Language language_;
  std::set<fs::path> seen_;
};

}  // namespace

bool CppProject::is_header() const { return is_header_file(target); }

std::string CppProject::include_of(const fs::path& file) const {
  if (file.parent_path() == test_path.parent_path()) return file.filename().string();
  for (const char* folder : {"include", "src"}) {
    const fs::path below = file.lexically_relative(folder);
    if (!below.empty() && *below.begin() != "..") return below.generic_string();
  }
  return file.generic_string();
}

Result<CppProject> find_cpp_project(const fs::path& file, syntax::Language language) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  if (error || !fs::is_regular_file(real))
    return fail(Errc::not_found, "{} is no file", file.string());
  CppProject out;
  out.root = project_root(real);
  out.target = real.lexically_relative(out.root);
  for (const char* folder : {"include", "src"}) {
    if (fs::is_directory(out.root / folder, error)) out.include_folders.insert(folder);
  }
  if (auto found = Finder(out, language).find(); !found) return std::unexpected(found.error());
  return out;
}

}  // namespace leyden::qa
