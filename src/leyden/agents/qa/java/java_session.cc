#include "leyden/agents/qa/java/java_session.h"

#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/compiled_toolchain.h"
#include "leyden/agents/qa/compiled/compiler_message.h"
#include "leyden/agents/qa/embedded_texts.h"
#include "leyden/agents/qa/java/java_probe.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {

using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr const char* kProject = "/project";
constexpr auto kRequestTime = 300s;
constexpr auto kTestRunTime = 20s;
const std::pair<std::string, std::string> kAnotherDay = {"LEYDEN_CLOCK", "-34567890"};

std::string field(std::string_view text) { return fmt::format("s{}:{}\n", text.size(), text); }

std::string fields(const std::vector<std::string>& texts) {
  std::string out = fmt::format("l{}\n", texts.size());
  for (const std::string& one : texts) out += field(one);
  return out;
}

}  // namespace

sandbox::SandboxCommand JavaSession::command(std::vector<std::string> argv) const {
  sandbox::SandboxCommand out;
  out.argv = std::move(argv);
  drivers_.mount_into(out);
  out.mounts.push_back({.host = copy_, .inside = kProject});
  out.mounts.insert(out.mounts.end(), kit_.mounts.begin(), kit_.mounts.end());
  out.environment = {{"TZ", elsewhere_ ? "Asia/Tokyo" : "UTC"}};
  if (elsewhere_) out.environment.insert(out.environment.end(), {movable_clock(), kAnotherDay});
  out.working_directory = kProject;
  return out;
}

std::string JavaSession::class_path(const std::vector<std::string>& folders) const {
  std::vector<std::string> all = folders;
  all.emplace_back(kJavaDriver);
  all.insert(all.end(), kit_.jars.begin(), kit_.jars.end());
  return joined(all, ":");
}

Result<void> JavaSession::open(const std::stop_token& stop) {
  std::vector<std::string> argv = {kit_.program("javac"),
                                   "-J-XX:TieredStopAtLevel=1",
                                   "-J-XX:+UseSerialGC",
                                   "-nowarn",
                                   "-proc:none",
                                   "-encoding",
                                   "UTF-8",
                                   "-cp",
                                   class_path({}),
                                   "-d",
                                   kJavaDriver};
  for (const EmbeddedText& one : embedded_drivers()) {
    if (one.name.ends_with(".java")) argv.push_back(std::string(kDrivers) + "/" + one.name);
  }
  auto ran = sandbox_.run(command(std::move(argv)), CompiledToolchain::limits(kRequestTime), stop);
  if (!ran) return std::unexpected(ran.error());
  if (ran->succeeded()) return {};
  const std::string said = ran->error_output.text + ran->output.text;
  return fail(Errc::unsupported, "the JDK in {} with JUnit does not work: {}", kit_.home.string(),
              said.empty() ? std::string(sandbox::name_of(ran->outcome)) : first_error(said));
}

Result<std::vector<Json>> JavaSession::ask(const std::string& what, const std::string& request,
                                           const std::stop_token& stop) {
  const auto serve = [&] {
    std::vector<std::string> argv = {kit_.program("java"),
                                     "-XX:TieredStopAtLevel=1",
                                     "-XX:+UseSerialGC",
                                     "-XX:-UsePerfData",
                                     "-Xshare:auto",
                                     "-Xmx768m",
                                     "-ea",
                                     "-Duser.language=en",
                                     "-Duser.country=US",
                                     "-Dleyden.table=" + project_.qualified(kJavaTable),
                                     "-Dleyden.target=" + project_.qualified(project_.class_name()),
                                     "-cp",
                                     class_path({}),
                                     "leyden.Server"};
    argv.insert(argv.end(), std::begin(kServeFiles), std::end(kServeFiles));
    return command(std::move(argv));
  };
  return drivers_.ask_with_text(sandbox_, serve, what, CompiledToolchain::limits(kRequestTime),
                                request, stop);
}

void JavaSession::begin_anew(bool elsewhere) {
  drivers_.end_driver();
  elsewhere_ = elsewhere;
}

Result<std::string> JavaSession::put(const std::string& name, const std::string& text) const {
  const std::string file = "source/" + name;
  if (auto done = drivers_.put(file, text); !done) return std::unexpected(done.error());
  return std::string(kDrivers) + "/" + file;
}

Result<std::string> JavaSession::build(const Build& build, const std::stop_token& stop) {
  std::vector<std::string> sources = build.sources;
  if (sources.empty()) sources.emplace_back("/exchange/none");  // Else the class path is one.
  auto lines = ask("build",
                   field(build.to) + field(class_path(build.classes)) +
                       field(joined(sources, ":")) + fields(build.files),
                   stop);
  if (!lines) return std::unexpected(lines.error());
  if (lines->empty() || !lines->front().contains("message"))
    return fail(Errc::unavailable, "the compiler does not run: {}", drivers_.last_trouble());
  return lines->front()["message"].get<std::string>();
}

void JavaSession::read(const Json& line, Ran& out) {
  const auto run = line["run"].get<std::size_t>();
  if (line.contains("test")) {
    TestRuns::Test& test = out.runs.tests[line["test"].get<std::string>()];
    const bool passed = line.value("passed", false);
    ++test.runs;
    if (passed) ++test.passed;
    if (!passed && test.failure.empty()) test.failure = line.value("failure", "");
    if (!passed) out.failed.insert(run);
  } else if (line.contains("reached")) {
    const auto reached = line["reached"].get<std::vector<std::size_t>>();
    out.reached.insert(out.reached.end(), reached.begin(), reached.end());
  } else {
    out.failed.insert(run);
    ++out.runs.broken_runs;
    if (out.runs.trouble.empty())
      out.runs.trouble = utf8::one_line(line.value("trouble", "it took too long"));
  }
}

Result<JavaSession::Ran> JavaSession::run_tests(const std::vector<std::string>& folders,
                                                const std::vector<std::string>& classes,
                                                bool with_class,
                                                const std::vector<JavaTestRun>& runs,
                                                const std::stop_token& stop) {
  Ran out;
  for (std::size_t first = 0; first < runs.size();) {
    std::string request =
        fields(folders) + fields(classes) +
        fmt::format("b{} i{} i{} i{}\n", with_class ? 1 : 0,
                    std::chrono::milliseconds(kTestRunTime).count(), first, runs.size() - first);
    for (std::size_t i = first; i < runs.size(); ++i)
      request += fmt::format("i{} i{} {}", runs[i].mutant, runs[i].seed, field(runs[i].only));
    auto lines = ask("tests", request, stop);
    if (!lines) return std::unexpected(lines.error());
    std::size_t done = first;  // Runs that came to their end.
    for (const Json& line : *lines) {
      if (!line.contains("run")) continue;
      read(line, out);
      if (line.contains("reached") || line.contains("ended"))
        done = line["run"].get<std::size_t>() + 1;
    }
    if (done == first) {  // It took the whole process with it.
      read({{"run", first}, {"trouble", drivers_.last_trouble()}}, out);
      ++done;
    }
    first = done;
  }
  return out;
}

}  // namespace leyden::qa
