#include "leyden/agents/qa/java/java_kit.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"

namespace leyden::qa {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDebianJars = "/usr/share/java";
constexpr const char* kJUnit[] = {"junit-jupiter-api",
                                  "junit-jupiter-engine",
                                  "junit-jupiter-params",
                                  "junit-platform-commons",
                                  "junit-platform-engine",
                                  "junit-platform-launcher",
                                  "opentest4j",
                                  "apiguardian-api",
                                  "univocity-parsers"};
constexpr std::string_view kStandalone = "junit-platform-console-standalone";

bool is_within(const fs::path& path, const fs::path& folder) {
  const std::string relative = path.lexically_relative(folder).string();
  return !relative.empty() && !relative.starts_with("..");
}

// The folder of a JDK, by it or by a program of it.
std::optional<fs::path> home_of(const fs::path& named) {
  std::error_code ignored;
  fs::path whole = fs::canonical(named, ignored);
  if (fs::is_regular_file(whole, ignored)) whole = whole.parent_path().parent_path();
  if (whole.empty() || !fs::is_regular_file(whole / "bin" / "javac", ignored)) return std::nullopt;
  return whole;
}

Result<fs::path> find_home(const JavaOptions& options) {
  if (!options.java.empty()) {
    if (auto found = home_of(options.java)) return *found;
    return fail(Errc::unsupported, "--java {}: there is no JDK, which has bin/javac",
                options.java.string());
  }
  for (const fs::path& place :
       {options.home, fs::path("/usr/bin/javac"), fs::path("/usr/local/bin/javac"),
        fs::path("/usr/lib/jvm/default-java")}) {
    if (place.empty()) continue;
    if (auto found = home_of(place)) return *found;
  }
  return fail(Errc::unsupported,
              "there is no JDK: install openjdk-17-jdk-headless, or name another with --java");
}

std::string version_of(const fs::path& home) {
  const std::string text = read_file(home / "release").value_or("");
  const std::string mark = "JAVA_VERSION=\"";
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return "(of an unknown version)";
  return text.substr(at + mark.size(), text.find('"', at + mark.size()) - at - mark.size());
}

// Debian keeps what is configured in /etc, behind links.
void show_home(JavaKit& kit) {
  if (!is_within(kit.home, "/usr"))
    kit.mounts.push_back({.host = kit.home, .inside = kit.home.string()});
  std::error_code ignored;
  const fs::path security =
      fs::canonical(kit.home / "conf" / "security" / "java.security", ignored);
  const fs::path folder = security.parent_path().parent_path();
  if (!folder.empty() && folder != "/" && !is_within(security, kit.home) &&
      !is_within(security, "/usr"))
    kit.mounts.push_back({.host = folder, .inside = folder.string()});
}

// The newest that Maven has fetched.
std::optional<fs::path> standalone_of_maven() {
  const char* home = std::getenv("HOME");
  if (home == nullptr) return std::nullopt;
  const fs::path folder =
      fs::path(home) / ".m2/repository/org/junit/platform" / std::string(kStandalone);
  std::vector<fs::path> jars;
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end;
       entry.increment(ignored)) {
    if (entry->path().extension() == ".jar") jars.push_back(entry->path());
  }
  if (jars.empty()) return std::nullopt;
  return *std::ranges::max_element(jars);
}

bool has_junit(const std::vector<fs::path>& jars) {
  return std::ranges::any_of(jars, [](const fs::path& jar) {
    const std::string name = jar.filename().string();
    return name.starts_with(kStandalone) || name.starts_with("junit-platform-launcher");
  });
}

// Where no other jar brings it.
Result<std::vector<fs::path>> find_junit() {
  std::error_code ignored;
  std::vector<fs::path> out;
  if (auto found = standalone_of_maven()) return std::vector<fs::path>{*found};
  for (const char* name : kJUnit) {
    const fs::path jar = fs::path(kDebianJars) / (std::string(name) + ".jar");
    if (fs::is_regular_file(jar, ignored)) out.push_back(jar);
  }
  if (has_junit(out)) return out;
  return fail(Errc::unsupported,
              "there is no JUnit 5: install junit5, or name {}.jar with "
              "--class-path",
              kStandalone);
}

}  // namespace

void JavaKit::add_jar(const fs::path& jar) {
  std::error_code ignored;
  const fs::path whole = fs::canonical(jar, ignored);
  if (is_within(whole, "/usr")) {
    jars.push_back(whole.string());
    return;
  }
  const std::string inside = fmt::format("/jars/{}/{}", jars.size(), whole.filename().string());
  mounts.push_back({.host = whole, .inside = inside});
  jars.push_back(inside);
}

Result<JavaKit> find_java_kit(const JavaOptions& options, std::vector<fs::path> jars) {
  auto home = find_home(options);
  if (!home) return std::unexpected(home.error());
  JavaKit out{.home = *std::move(home), .version = {}, .jars = {}, .mounts = {}};
  out.version = version_of(out.home);
  show_home(out);
  std::error_code ignored;
  for (const std::string_view one : parts_of(options.class_path, ':')) {
    if (one.empty()) continue;
    if (!fs::is_regular_file(one, ignored))
      return fail(Errc::unsupported, "--class-path {}: there is no such file", one);
    jars.emplace_back(one);
  }
  if (!has_junit(jars)) {
    auto junit = find_junit();
    if (!junit) return std::unexpected(junit.error());
    jars.insert(jars.begin(), junit->begin(), junit->end());
  }
  for (const fs::path& jar : jars) out.add_jar(jar);
  return out;
}

}  // namespace leyden::qa
