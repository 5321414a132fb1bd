#include "leyden/agents/qa/c_security/c_security.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/c_security/c_entry_points.h"
#include "leyden/agents/qa/cpp/sanitizer_finding.h"
#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/embedded_texts.h"
#include "leyden/agents/qa/project.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kProject = "/project";
constexpr std::size_t kSeeds = 5;
constexpr std::size_t kRunsPerSeed = 500;
constexpr auto kCompileTime = 120s;
constexpr auto kFuzzTime = 60s;
constexpr std::size_t kHeaderBytesMax = MiB;
constexpr std::size_t kShownBytesMax = 300;

// What an attacker would give first; libFuzzer varies them.
const std::vector<std::string>& corpus() {
  static const std::vector<std::string> kTexts = {"0",
                                                  "-1",
                                                  "1",
                                                  "9",
                                                  "10",
                                                  "100",
                                                  "99999",
                                                  "2147483647",
                                                  "-2147483648",
                                                  "4294967295",
                                                  "9223372036854775807",
                                                  "-9223372036854775808",
                                                  "%s%s%n",
                                                  "../../../../etc/passwd",
                                                  "'; --",
                                                  "$(id)",
                                                  std::string(300, 'A'),
                                                  std::string(5000, 'B')};
  return kTexts;
}

// The newest clang that is installed.
Result<std::string> find_clang() {
  std::pair<int, std::string> best{-1, ""};
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/bin", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name == "clang" && best.first < 0) best = {0, name};
    if (name.starts_with("clang-") && name.size() <= 8 &&
        std::ranges::all_of(name.substr(6), [](char c) { return c >= '0' && c <= '9'; }))
      best = std::max(best, {std::stoi(name.substr(6)), name});
  }
  if (best.first < 0)
    return fail(Errc::unsupported,
                "security tests of C need clang with libFuzzer (Debian: clang, libclang-rt-dev)");
  return best.second;
}

// Folders of the project's headers that are included, and the sources that lie beside those: what a file needs to be linked.
struct Parts {
  std::set<std::string> folders;  // Relative to the root.
  std::set<std::string> sources;
};

Parts parts_of(const fs::path& root, const fs::path& file, const std::string& source) {
  static const std::regex kInclude(R"re(#\s*include\s*"([^"]+)")re");
  static const std::regex kMain(R"(\bmain\s*\()");
  std::map<std::string, fs::path> headers;
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(root, ignored), end; entry != end;
       entry.increment(ignored)) {
    if (entry->path().extension() == ".h")
      headers.emplace(entry->path().filename().string(), entry->path().parent_path());
  }
  Parts out;
  for (std::sregex_iterator match(source.begin(), source.end(), kInclude), end; match != end;
       ++match) {
    const auto found = headers.find(fs::path((*match)[1].str()).filename().string());
    if (found == headers.end()) continue;
    out.folders.insert(found->second.lexically_relative(root).string());
    for (const auto& beside : fs::directory_iterator(found->second, ignored)) {
      if (beside.path().extension() != ".c" || beside.path() == file ||
          found->second == file.parent_path())
        continue;
      const std::string text = read_file(beside.path(), kHeaderBytesMax).value_or("main(");
      if (!std::regex_search(text, kMain))
        out.sources.insert(beside.path().lexically_relative(root).string());
    }
  }
  return out;
}

// Names that the source asks the environment for, as far as they are written in capitals.
std::set<std::string> environment_names(const std::string& source) {
  static const std::regex kName(R"re("([A-Z][A-Z0-9_]{1,30})")re");
  std::set<std::string> out;
  if (source.find("getenv") == std::string::npos && source.find("GETENV") == std::string::npos)
    return out;
  for (std::sregex_iterator match(source.begin(), source.end(), kName), end; match != end; ++match)
    out.insert((*match)[1].str());
  return out;
}

std::string harness_of(const std::string& include, const std::vector<CEntryPoint>& points,
                       const std::set<std::string>& environment, const std::string& build) {
  std::string out = fmt::format(
      R"(/* Calls functions of {0} with what an attacker would give them. Made by `leyden test --type security`.
   Build: {1}
   Run:   LEYDEN_FUNCTION=0 ./fuzz -close_fd_mask=1 corpus   (the number of a function below) */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

{2}
#define main main_of_the_program
#include "{0}"
#undef main

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {{
  static int function = -1;
  if (function < 0) {{
    const char *chosen = getenv("LEYDEN_FUNCTION");
    function = chosen ? atoi(chosen) : 0;
  }}
  char *text = malloc(size + 1); /* Not longer: a byte too far is seen. */
  memcpy(text, data, size);
  text[size] = 0;
  size_t length = size;
  long long number = strtoll(text, NULL, 10);
  FILE *before = stdin;
  FILE *input = fmemopen((void *)data, size ? size : 1, "r");
  if (input) stdin = input;
  leyden_bytes = data;
  leyden_left = size;
)",
      include, build, embedded_driver("fuzz_support.h"));
  for (const std::string& name : environment)
    out += fmt::format("  setenv(\"{}\", text, 1);\n", name);
  out += "  switch (function) {\n";
  for (std::size_t i = 0; i < points.size(); ++i)
    out += fmt::format("    case {}: /* line {} */\n      {};\n      break;\n", i, points[i].line,
                       points[i].call);
  return out + R"(  }
  (void)length;
  stdin = before;
  if (input) fclose(input);
  free(text);
  return 0;
}
)";
}

// What a sanitizer says, or libFuzzer of a call that does not end.
std::optional<SanitizerFinding> finding_in(const std::string& errors, const std::string& file) {
  if (auto found = sanitizer_finding(errors, file)) return found;
  for (const std::string_view mark : {"AddressSanitizer: attempting ", "ERROR: libFuzzer: "}) {
    const std::size_t at = errors.find(mark);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + mark.size();
    return SanitizerFinding{.what =
                                errors.substr(begin, errors.find_first_of("\n:", begin) - begin)};
  }
  return std::nullopt;
}

class Fuzzing {
 public:
  Fuzzing(const sandbox::Sandbox& sandbox, std::stop_token stop)
      : sandbox_(sandbox), stop_(std::move(stop)) {}

  Result<void> open(const fs::path& file, const std::string& source, const CEntryPoints& points) {
    const fs::path root = project_root(file);
    auto clang = find_clang();
    if (!clang) return std::unexpected(clang.error());
    auto copy = copy_project(root, file, {".git", ".hg", ".svn", "build"}, stop_);
    if (!copy) return std::unexpected(copy.error());
    copy_ = *std::move(copy);
    auto folder = DriverFolder::make();
    if (!folder) return std::unexpected(folder.error());
    folder_ = *std::move(folder);
    file_name_ = file.filename().string();
    const Parts parts = parts_of(root, file, source);
    const std::string own = (fs::path(kProject) / file.parent_path().lexically_relative(root))
                                .lexically_normal()
                                .string();
    harness_name_ = "fuzz_" + file.stem().string() + ".c";
    std::vector<std::string> argv{
        *clang,
        "-fsanitize=fuzzer,address,undefined,implicit-signed-integer-truncation",
        "-fno-sanitize-recover=all",
        "-gdwarf-4",
        "-O0",
        "-w",
        "-I" + own};
    for (const std::string& one : parts.folders)
      argv.push_back(fmt::format("-I{}/{}", kProject, one));
    argv.push_back(own + "/" + harness_name_);
    for (const std::string& one : parts.sources)
      argv.push_back(fmt::format("{}/{}", kProject, one));
    argv.insert(argv.end(), {"-o", std::string(kExchange) + "/fuzz", "-lm", "-lpthread"});
    harness_ = harness_of(file_name_, points.callable, environment_names(source), build_line(argv));
    if (auto put = write_readable(
            copy_->path() / file.parent_path().lexically_relative(root) / harness_name_, harness_);
        !put)
      return put;
    return compile(argv);
  }

  // Five seeds; the first finding ends it. Errors: those of the sandbox.
  Result<std::optional<SanitizerFinding>> fuzz(std::size_t function, std::uint64_t seed) {
    for (std::size_t i = 0; i < kSeeds; ++i) {
      sandbox::SandboxCommand command =
          command_for({std::string(kExchange) + "/fuzz", fmt::format("-seed={}", seed + i),
                       fmt::format("-runs={}", kRunsPerSeed), "-max_total_time=5", "-max_len=6000",
                       "-timeout=3", "-rss_limit_mb=0", "-malloc_limit_mb=0", "-close_fd_mask=1",
                       "-artifact_prefix=/tmp/", "/tmp/corpus", std::string(kDrivers) + "/corpus"});
      command.environment = {{"LEYDEN_FUNCTION", std::to_string(function)},
                             {"ASAN_OPTIONS", "detect_leaks=0:allocator_may_return_null=1"},
                             {"UBSAN_OPTIONS", "print_stacktrace=1"},
                             {"ASAN_SYMBOLIZER_PATH", symbolizer()}};
      command.argv.insert(command.argv.begin(),
                          {"/bin/sh", "-c", "mkdir /tmp/corpus; exec \"$0\" \"$@\""});
      auto ran = sandbox_.run(command, limits(kFuzzTime), stop_);
      if (!ran) return std::unexpected(ran.error());
      ++runs;
      if (auto found = finding_in(ran->error_output.text, file_name_)) return found;
      if (ran->outcome != sandbox::Outcome::exited)
        return SanitizerFinding{.what = "ends with " + std::string(name_of(ran->outcome))};
    }
    return std::nullopt;
  }

  [[nodiscard]] const std::string& harness() const { return harness_; }
  [[nodiscard]] const std::string& harness_name() const { return harness_name_; }
  std::size_t runs = 0;

 private:
  // Turns addresses into lines: of any version, or none.
  static std::string symbolizer() {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/bin", ignored)) {
      if (entry.path().filename().string().starts_with("llvm-symbolizer"))
        return entry.path().string();
    }
    return {};
  }

  static std::string build_line(const std::vector<std::string>& argv) {
    std::string out = joined(argv, " ");
    for (const char* inside : {"/project/", "/exchange/"}) {
      for (std::size_t at = 0; (at = out.find(inside)) != std::string::npos;)
        out.erase(at, std::string_view(inside).size());
    }
    return out;
  }

  Result<void> compile(const std::vector<std::string>& argv) {
    for (std::size_t i = 0; i < corpus().size(); ++i) {
      if (auto put = folder_->put_file(fmt::format("corpus/{}", i), corpus()[i]); !put) return put;
    }
    auto ran = sandbox_.run(command_for(argv), limits(kCompileTime), stop_);
    if (!ran) return std::unexpected(ran.error());
    if (ran->succeeded()) return {};
    const std::string& errors = ran->error_output.text;
    const std::size_t at = std::min(errors.find("error:"), errors.find("undefined"));
    return fail(Errc::unavailable, "{} can't be compiled with a fuzzer's target: {}", file_name_,
                utf8::one_line(errors.substr(at == std::string::npos ? 0 : at, kShownBytesMax)));
  }

  sandbox::SandboxCommand command_for(std::vector<std::string> argv) const {
    sandbox::SandboxCommand out;
    out.argv = std::move(argv);
    folder_->mount_into(out);
    out.mounts.push_back({.host = copy_->path(), .inside = kProject});
    return out;
  }

  static sandbox::SandboxLimits limits(std::chrono::milliseconds time) {
    sandbox::SandboxLimits out;
    out.wall_time = out.cpu_time = time;
    out.memory_bytes = 2 * GiB;
    return out;
  }

  const sandbox::Sandbox& sandbox_;
  std::stop_token stop_;
  std::unique_ptr<sandbox::ProjectCopy> copy_;
  std::unique_ptr<DriverFolder> folder_;
  std::string file_name_;
  std::string harness_name_;
  std::string harness_;
};

}  // namespace

Result<TestReport> c_security_tests(const sandbox::Sandbox& sandbox, const fs::path& file,
                                    const std::string& source, const TestAgentOptions& options,
                                    const std::function<void(const TestProgress&)>& on_progress,
                                    std::stop_token stop) {
  const auto begin = std::chrono::steady_clock::now();
  auto points = c_entry_points(source);
  if (!points) return std::unexpected(points.error());
  if (!options.function.empty())
    std::erase_if(points->callable,
                  [&](const CEntryPoint& one) { return one.name != options.function; });
  if (points->callable.empty())
    return fail(Errc::not_found, "{} has no function that a fuzzer can call", file.string());
  std::error_code error;
  const fs::path place = fs::canonical(file, error);
  Fuzzing fuzzing(sandbox, std::move(stop));
  if (on_progress) on_progress({.stage = "compiling"});
  if (auto opened = fuzzing.open(place, source, *points); !opened)
    return std::unexpected(opened.error());
  TestReport report{
      .file = file.string(), .language = "c", .test_type = "security", .runner = "libFuzzer"};
  report.untested = points->others;
  for (std::size_t i = 0; i < points->callable.size(); ++i) {
    const CEntryPoint& point = points->callable[i];
    if (on_progress) on_progress({.stage = "fuzzing", .done = i, .total = points->callable.size()});
    auto found = fuzzing.fuzz(i, options.seed);
    if (!found) return std::unexpected(found.error());
    if (*found) {
      report.suspected.push_back({.function = point.name,
                                  .line = (*found)->line != 0 ? (*found)->line : point.line,
                                  .what = (*found)->what});
    } else {
      report.tests.push_back({.name = "fuzz_" + point.name,
                              .function = point.name,
                              .note = fmt::format("no finding in {} runs with {} seeds",
                                                  kRunsPerSeed * kSeeds, kSeeds)});
    }
  }
  report.runs_verified = fuzzing.runs;
  report.test_path =
      (place.parent_path().lexically_relative(project_root(place)) / fuzzing.harness_name())
          .lexically_normal()
          .string();
  report.test_text = fuzzing.harness();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

}  // namespace leyden::qa
