#include "leyden/agents/qa/driver_folder.h"

#include <cstdlib>
#include <system_error>

#include "leyden/agents/qa/embedded_texts.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kAnswersBytesMax = 64 * MiB;
constexpr std::size_t kTroubleBytesMax = 400;

Result<std::vector<Json>> json_lines(std::string_view text) {
  std::vector<Json> out;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) break;  // Cut off in the middle.
    Json line = Json::parse(text.substr(begin, end - begin), nullptr, false);
    if (!line.is_object())
      return fail(Errc::corrupt, "the tested program has written into the driver's answers");
    out.push_back(std::move(line));
    begin = end + 1;
  }
  return out;
}

}  // namespace

Observation observation_of(const Json& line) {
  Observation out;
  const std::string outcome = line.value("outcome", "broken");
  out.outcome = outcome == "value"       ? Observation::Outcome::value
                : outcome == "error"     ? Observation::Outcome::error
                : outcome == "time"      ? Observation::Outcome::timed_out
                : outcome == "unsayable" ? Observation::Outcome::unsayable
                                         : Observation::Outcome::broken;
  out.stable = line.value("stable", false);
  out.form = line.value("form", "");
  out.text = line.value("text", "");
  out.kind = line.value("kind", "");
  out.error = line.value("error", "");
  out.error_module = line.value("module", "");
  out.raised_line = line.value("raised", std::size_t{0});
  out.awaited = line.value("awaited", false);
  out.ms = line.value("ms", 0.0);
  out.printed = line.value("printed", "");
  if (const auto changed = line.find("changed"); changed != line.end())
    out.changed = changed->get<std::map<std::string, std::string>>();
  if (const auto state = line.find("state"); state != line.end())
    out.state = state->get<std::map<std::string, std::string>>();
  Json told;
  for (const char* key : {"outcome", "form", "text", "error", "changed", "state", "printed"}) {
    if (const auto value = line.find(key); value != line.end()) told[key] = *value;
  }
  out.told = told.dump();
  return out;
}

Result<void> write_readable(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (auto written = write_file_atomically(path, text); !written) return written;
  fs::permissions(path, fs::perms::others_read | fs::perms::group_read, fs::perm_options::add,
                  error);
  return {};
}

Result<std::unique_ptr<DriverFolder>> DriverFolder::make() {
  std::string pattern = (fs::temp_directory_path() / "leyden-qa-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return fail(Errc::unavailable, "no folder for temporary files below {}",
                fs::temp_directory_path().string());
  std::unique_ptr<DriverFolder> out(new DriverFolder(pattern));
  std::error_code error;
  fs::permissions(out->path_,
                  fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                      fs::perms::others_read | fs::perms::others_exec,
                  error);
  for (const char* folder : {"drivers", "exchange"}) {
    if (!error) fs::create_directory(out->path_ / folder, error);
  }
  if (error)
    return fail(Errc::unavailable, "can't write to {}: {}", out->path_.string(), error.message());
  for (const EmbeddedText& driver : embedded_drivers()) {
    if (auto written = write_readable(out->path_ / "drivers" / driver.name, driver.text); !written)
      return std::unexpected(written.error());
  }
  return out;
}

DriverFolder::~DriverFolder() { sandbox::remove_tree(path_); }

void DriverFolder::mount_into(sandbox::SandboxCommand& command) const {
  command.mounts.push_back({.host = path_ / "drivers", .inside = kDrivers});
  command.mounts.push_back(
      {.host = path_ / "exchange", .inside = kExchange, .access = sandbox::Access::read_write});
}

Result<std::vector<Json>> DriverFolder::run(const sandbox::Sandbox& sandbox,
                                            const sandbox::SandboxCommand& command,
                                            const sandbox::SandboxLimits& limits,
                                            const Json& request, const std::stop_token& stop) {
  return run_with_text(sandbox, command, limits,
                       request.dump(-1, ' ', false, Json::error_handler_t::replace), stop);
}

Result<void> DriverFolder::put(const std::string& name, const std::string& text) const {
  return write_readable(path_ / "drivers" / name, text);
}

Result<std::vector<Json>> DriverFolder::run_with_text(const sandbox::Sandbox& sandbox,
                                                      const sandbox::SandboxCommand& command,
                                                      const sandbox::SandboxLimits& limits,
                                                      const std::string& request,
                                                      const std::stop_token& stop) {
  const fs::path answers_file = path_ / "exchange" / "answers.jsonl";
  std::error_code ignored;
  fs::remove(answers_file, ignored);
  if (auto written = put("request.json", request); !written)
    return std::unexpected(written.error());
  auto ran = sandbox.run(command, limits, stop);
  if (!ran) return std::unexpected(ran.error());
  last_trouble_ = std::string(sandbox::name_of(ran->outcome));
  if (const std::string error = ran->error_output.text; !error.empty())
    last_trouble_ +=
        ": " + utf8::one_line(error.substr(
                   error.size() > kTroubleBytesMax ? error.size() - kTroubleBytesMax : 0));
  const fs::file_status there = fs::symlink_status(answers_file, ignored);
  if (fs::exists(there) && !fs::is_regular_file(there))
    return fail(Errc::corrupt, "the tested program has replaced the driver's answers");
  auto answers = read_file(answers_file, kAnswersBytesMax);
  if (!answers) return fail(Errc::unavailable, "the driver did not start: {}", last_trouble_);
  return json_lines(*answers);
}

}  // namespace leyden::qa
