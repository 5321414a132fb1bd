#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/varying_answers.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "leyden/agents/qa/embedded_texts.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::qa {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kTakenBytesMax = 16 * MiB;
constexpr std::size_t kAnswersBytesMax = 64 * MiB;
constexpr std::size_t kTroubleBytesMax = 400;
constexpr std::chrono::hours kSessionTime{24};  // Each request has its own bound.

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

std::string text_of(const Json& request) {
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string end_of(const std::string& errors) {
  if (errors.empty()) return {};
  return ": " + utf8::one_line(errors.substr(
                    errors.size() > kTroubleBytesMax ? errors.size() - kTroubleBytesMax : 0));
}

}  // namespace

const std::string& embedded_driver(const std::string& name) {
  static const std::string kNone;
  for (const EmbeddedText& one : embedded_drivers()) {
    if (one.name == name) return one.text;
  }
  return kNone;
}

Observation observation_of(const Json& told_line) {
  Observation out;
  std::optional<Json> common;
  if (const auto others = told_line.find("others"); others != told_line.end())
    common = common_answer(told_line, *others);
  const Json& line = common ? *common : told_line;
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
  out.began = line.value("made", true);
  out.awaited = line.value("awaited", false);
  out.ms = line.value("ms", 0.0);
  out.printed = line.value("printed", "");
  if (const auto changed = line.find("changed"); changed != line.end())
    out.changed = changed->get<std::map<std::string, std::string>>();
  if (const auto state = line.find("state"); state != line.end())
    out.state = state->get<std::map<std::string, std::string>>();
  if (const auto fields = line.find("fields"); fields != line.end())
    out.fields = fields->get<std::map<std::string, std::string>>();
  out.names = line.value("names", std::vector<std::string>{});
  out.seeded = line.value("seeded", false);
  Json told;
  for (const char* key :
       {"outcome", "form", "text", "error", "changed", "state", "fields", "printed", "varies"}) {
    if (const auto value = line.find(key); value != line.end()) told[key] = *value;
  }
  out.told = told.dump();
  return out;
}

std::pair<std::string, std::string> movable_clock() {
  return {"LD_PRELOAD", std::string(kDrivers) + "/leyden_clock.so"};
}

Result<void> write_readable(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  // Nobody else reads it now, and it need not outlive a crash: no waiting for the disk.
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return fail(Errc::unavailable, "can't write {}", path.string());
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

Result<void> DriverFolder::put_request(const std::string& request) const {
  std::error_code ignored;
  for (const char* old : {"answers.jsonl", "errors"})
    fs::remove_all(path_ / "exchange" / old, ignored);
  return put("request.json", request);
}

Result<std::vector<Json>> DriverFolder::answers() const {
  const fs::path file = path_ / "exchange" / "answers.jsonl";
  std::error_code ignored;
  const fs::file_status there = fs::symlink_status(file, ignored);
  if (fs::exists(there) && !fs::is_regular_file(there))
    return fail(Errc::corrupt, "the tested program has replaced the driver's answers");
  auto text = read_file(file, kAnswersBytesMax);
  if (!text) return fail(Errc::unavailable, "the driver did not start: {}", last_trouble_);
  return json_lines(*text);
}

void DriverFolder::end_driver() { session_.reset(); }

std::string DriverFolder::taken(const std::string& name) const {
  const fs::path file = exchange() / name;
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(file, ignored))) return {};
  auto text = read_file(file, kTakenBytesMax);
  fs::remove(file, ignored);
  return text ? *text : std::string();
}

Result<std::vector<Json>> DriverFolder::run(const sandbox::Sandbox& sandbox,
                                            const sandbox::SandboxCommand& command,
                                            const sandbox::SandboxLimits& limits,
                                            const Json& request, const std::stop_token& stop) {
  return run_with_text(sandbox, command, limits, text_of(request), stop);
}

Result<void> DriverFolder::put(const std::string& name, const std::string& text) const {
  return write_readable(path_ / "drivers" / name, text);
}

Result<std::vector<Json>> DriverFolder::run_with_text(const sandbox::Sandbox& sandbox,
                                                      const sandbox::SandboxCommand& command,
                                                      const sandbox::SandboxLimits& limits,
                                                      const std::string& request,
                                                      const std::stop_token& stop) {
  if (auto put = put_request(request); !put) return std::unexpected(put.error());
  auto ran = sandbox.run(command, limits, stop);
  if (!ran) return std::unexpected(ran.error());
  last_trouble_ = std::string(sandbox::name_of(ran->outcome)) + end_of(ran->error_output.text);
  return answers();
}

Result<std::vector<Json>> DriverFolder::ask(const sandbox::Sandbox& sandbox,
                                            const std::function<sandbox::SandboxCommand()>& command,
                                            const std::string& driver,
                                            const sandbox::SandboxLimits& limits,
                                            const Json& request, const std::stop_token& stop) {
  return ask_with_text(sandbox, command, driver, limits, text_of(request), stop);
}

Result<std::vector<Json>> DriverFolder::ask_with_text(
    const sandbox::Sandbox& sandbox, const std::function<sandbox::SandboxCommand()>& command,
    const std::string& driver, const sandbox::SandboxLimits& limits, const std::string& request,
    const std::stop_token& stop) {
  if (auto put = put_request(request); !put) return std::unexpected(put.error());
  const bool fresh = !session_;
  if (fresh) {
    sandbox::SandboxLimits of_session = limits;
    of_session.wall_time = of_session.cpu_time = kSessionTime;
    auto started = DriverSession::start(sandbox, command(), of_session, path_ / "drivers");
    if (!started) return std::unexpected(started.error());
    session_ = *std::move(started);
  }
  auto ended = session_->ask(driver, limits.wall_time, stop);
  if (ended) {
    auto errors = read_file(path_ / "exchange" / "errors", kAnswersBytesMax);
    last_trouble_ =
        (*ended == "0" ? "exited" : "ended with " + *ended) + end_of(errors.value_or(""));
    return answers();
  }
  session_.reset();
  if (ended.error().code != Errc::timed_out && ended.error().code != Errc::unavailable)
    return std::unexpected(ended.error());
  last_trouble_ = ended.error().message;
  auto told = answers();  // As far as it came.
  // A wall that the request before ran into may be noticed only now, when that has long been answered.
  if (!told && !fresh && ended.error().code == Errc::unavailable)
    return ask_with_text(sandbox, command, driver, limits, request, stop);
  return told;
}

}  // namespace leyden::qa
