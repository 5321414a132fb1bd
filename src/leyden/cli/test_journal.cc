#include "leyden/cli/test_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <vector>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/reports/stored_report.h"
#include "leyden/base/files.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kRunFile = "run.json";
constexpr std::uint64_t kRunBytesMax = MiB;
constexpr auto kRemainsAge = std::chrono::minutes(10);

Result<Json> read_run(const fs::path& folder) {
  auto text = read_file(folder / kRunFile, kRunBytesMax);
  if (!text) return std::unexpected(text.error());
  Json out = Json::parse(*text, nullptr, false);
  if (!out.is_object() || !out.contains("request") || !out.contains("folder"))
    return fail(Errc::corrupt, "{} can't be read", (folder / kRunFile).string());
  return out;
}

// The newest of this working folder; their names sort by time.
Result<fs::path> newest(const fs::path& runs) {
  fs::path best;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runs, error)) {
    const auto run = read_run(entry.path());
    if (run && (*run)["folder"] == fs::current_path().string() &&
        entry.path().filename() > best.filename())
      best = entry.path();
  }
  if (best.empty())
    return fail(Errc::not_found, "no run of `leyden test` was interrupted in this folder");
  return best;
}

// Of runs that were killed before they had begun, or behind their end. Younger ones may be another process's.
void remove_remains(const fs::path& runs) {
  std::error_code error;
  std::vector<fs::path> remains;
  for (const auto& entry : fs::directory_iterator(runs, error)) {
    const auto age = fs::file_time_type::clock::now() - entry.last_write_time(error);
    if (!error && age > kRemainsAge && !fs::exists(entry.path() / kRunFile, error))
      remains.push_back(entry.path());
  }
  for (const fs::path& folder : remains) fs::remove_all(folder, error);
}

}  // namespace

Result<std::unique_ptr<TestJournal>> TestJournal::begin(const fs::path& runs,
                                                        const std::string& request) {
  remove_remains(runs);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::unique_ptr<TestJournal> out(
      new TestJournal(runs / fmt::format("{:%Y%m%d-%H%M%S}-{}", now, ::getpid())));
  std::error_code error;
  fs::create_directories(out->folder_, error);
  if (error)
    return fail(Errc::unavailable, "can't make {}: {}", out->folder_.string(), error.message());
  const Json run = {{"request", request}, {"folder", fs::current_path().string()}};
  if (auto written = write_file_atomically(out->folder_ / kRunFile, run.dump() + "\n", 0600);
      !written)
    return std::unexpected(written.error());
  out->request_ = request;
  if (auto locked = out->lock(); !locked) return std::unexpected(locked.error());
  return out;
}

Result<std::unique_ptr<TestJournal>> TestJournal::resume(const fs::path& runs,
                                                         const std::string& id) {
  fs::path folder = runs / id;
  if (id.empty()) {
    auto found = newest(runs);
    if (!found) return std::unexpected(found.error());
    folder = *std::move(found);
  } else if (id.find('/') != std::string::npos || !fs::exists(folder / kRunFile)) {
    return fail(Errc::not_found, "there is no interrupted run {}", id);
  }
  std::unique_ptr<TestJournal> out(new TestJournal(std::move(folder)));
  if (auto locked = out->lock(); !locked) return std::unexpected(locked.error());
  if (auto done = out->read(); !done) return std::unexpected(done.error());
  return out;
}

TestJournal::~TestJournal() {
  for (const int file : {lock_, reports_}) {
    if (file >= 0) ::close(file);
  }
}

Result<void> TestJournal::lock() {
  lock_ = ::open((folder_ / kRunFile).c_str(), O_RDONLY | O_CLOEXEC);
  if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::unavailable, "run {} is under way in another process", id());
  reports_ =
      ::open((folder_ / "reports.jsonl").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (lock_ < 0 || reports_ < 0)
    return fail(Errc::unavailable, "can't open {}: {}", folder_.string(),
                std::generic_category().message(errno));
  return {};
}

Result<void> TestJournal::read() {
  auto run = read_run(folder_);
  if (!run) return std::unexpected(run.error());
  request_ = (*run)["request"].get<std::string>();
  auto text = read_file(folder_ / "reports.jsonl");
  if (!text) return std::unexpected(text.error());
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text->find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line = std::string_view(*text).substr(begin, end - begin);
    const std::size_t space = line.find(' ');
    auto report = qa::read_stored_report(line.substr(space + 1));
    if (space == std::string_view::npos || !report)
      return fail(Errc::corrupt, "{} can't be read", (folder_ / "reports.jsonl").string());
    finished_.emplace(line.substr(0, space), *std::move(report));
  }
  // What a crash cut off: the next line must not stand behind it.
  std::error_code ignored;
  if (begin < text->size()) fs::resize_file(folder_ / "reports.jsonl", begin, ignored);
  return {};
}

const qa::TestReport* TestJournal::finished(const std::string& key) const {
  const auto found = finished_.find(key);
  return found == finished_.end() ? nullptr : &found->second;
}

Result<void> TestJournal::finish(const std::string& key, const qa::TestReport& report) {
  const std::string line = key + " " + qa::stored_report(report) + "\n";
  if (::write(reports_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::fdatasync(reports_) != 0)
    return fail(Errc::unavailable, "can't write to {}: {}", folder_.string(),
                std::generic_category().message(errno));
  return {};
}

void TestJournal::remove() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace leyden::cli
