#include "leyden/agents/qa/rust/rust_tools.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "leyden/base/files.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;

fs::path folder_of_variable(const char* name, const char* within_home) {
  if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  const char* home = std::getenv("HOME");
  return home == nullptr ? fs::path() : fs::path(home) / within_home;
}

// The toolchain that rustup runs where nothing else is said.
fs::path default_toolchain() {
  const fs::path home = folder_of_variable("RUSTUP_HOME", ".rustup");
  std::error_code ignored;
  if (auto text = read_file(home / "settings.toml", MiB); text) {
    const toml::parse_result settings = toml::parse(*text);
    const std::string name =
        settings ? settings.table()["default_toolchain"].value_or(std::string()) : std::string();
    const fs::path out = home / "toolchains" / name;
    if (!name.empty() && fs::is_regular_file(out / "bin" / "rustc", ignored)) return out;
  }
  std::vector<fs::path> all;
  for (const fs::directory_entry& one : fs::directory_iterator(home / "toolchains", ignored))
    if (fs::is_regular_file(one.path() / "bin" / "rustc", ignored)) all.push_back(one.path());
  std::ranges::sort(all);
  return all.empty() ? fs::path() : all.front();
}

// rustup puts itself in the place of the programs of its toolchains.
bool is_rustup(const fs::path& program) {
  std::error_code ignored;
  return fs::is_regular_file(program.parent_path() / "rustup", ignored) &&
         fs::exists(program, ignored);
}

Result<RustTools> tools_in(const fs::path& folder) {
  std::error_code ignored;
  RustTools out{.registry = folder_of_variable("CARGO_HOME", ".cargo") / "registry"};
  out.rustc = (folder / "bin" / "rustc").string();
  if (!fs::exists(out.rustc, ignored))
    return fail(Errc::unsupported, "there is no rustc in {}", (folder / "bin").string());
  if (fs::exists(folder / "bin" / "cargo", ignored))
    out.cargo = (folder / "bin" / "cargo").string();
  if (folder != "/usr" && folder != "/usr/local")
    out.mounts.push_back({.host = folder, .inside = folder.string()});
  return out;
}

Result<RustTools> tools_beside(const fs::path& program) {
  if (!is_rustup(program)) return tools_in(program.parent_path().parent_path());
  const fs::path toolchain = default_toolchain();
  if (toolchain.empty())
    return fail(Errc::unsupported, "{} is rustup's, which has no toolchain: rustup default stable",
                program.string());
  return tools_in(toolchain);
}

// Words as a shell would see them.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  char quote = '\0';
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == ' ') {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
    } else if (c != '`') {
      word += c;
    }
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

}  // namespace

Result<RustTools> find_rust_tools(const fs::path& named) {
  std::error_code ignored;
  if (named.has_parent_path()) {
    if (!fs::exists(named, ignored))
      return fail(Errc::unsupported, "there is no {}", named.string());
    return tools_beside(fs::absolute(named));
  }
  const std::string name = named.empty() ? "cargo" : named.string();
  for (const fs::path& folder : {folder_of_variable("CARGO_HOME", ".cargo") / "bin",
                                 fs::path("/usr/local/bin"), fs::path("/usr/bin")}) {
    if (!fs::exists(folder / (named.empty() ? "rustc" : name), ignored)) continue;
    if (auto found = tools_beside(folder / name); found) return found;
  }
  return fail(Errc::unsupported,
              "there is no {}: install rustc and cargo, or name one with --cargo", name);
}

std::vector<std::string> rust_dependency_arguments(std::string_view said, std::string_view crate) {
  std::vector<std::string> out;
  const std::string mark = "--crate-name " + std::string(crate) + " ";
  for (std::size_t at = said.find(mark); at != std::string_view::npos;
       at = said.find(mark, at + 1)) {
    const std::size_t end = said.find('\n', at);
    const std::vector<std::string> words = words_of(said.substr(at, end - at));
    if (std::ranges::find(words, "--test") == words.end()) continue;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] != "--extern" && words[i] != "-L" && words[i] != "--cfg") continue;
      out.push_back(words[i]);
      out.push_back(words[++i]);
    }
  }
  return out;
}

}  // namespace leyden::qa
