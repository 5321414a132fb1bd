#include "leyden/cli/stats_board.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "leyden/base/bytes.h"
#include "leyden/base/files.h"
#include "leyden/base/stoppable_wait.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSum = "ended.json";
constexpr std::size_t kEndedFilesMax = 64;  // Then they are summed up.
constexpr std::uint64_t kFileBytesMax = 64 * MiB;

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// 0: there is no such process.
std::uint64_t started_ticks_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The name, in parentheses, may hold anything.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i < 22; ++i) fields >> field;
  std::uint64_t ticks = 0;
  fields >> ticks;
  return ticks;
}

// Held while the files of ended processes are read or summed up.
class FolderLock {
 public:
  FolderLock(const fs::path& folder, int mode)
      : fd_(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)),
        held_(fd_ >= 0 && ::flock(fd_, mode) == 0) {}
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool held() const { return held_; }

 private:
  int fd_;
  bool held_;
};

json to_json(const telemetry::LatencyHistogram& histogram) {
  const auto content = histogram.content();
  return {{"buckets", content.buckets}, {"sum_ns", content.sum_ns}, {"max_ns", content.max_ns}};
}
telemetry::LatencyHistogram histogram_of(const json& value) {
  telemetry::LatencyHistogram::Content content;
  value.at("buckets").get_to(content.buckets);
  value.at("sum_ns").get_to(content.sum_ns);
  value.at("max_ns").get_to(content.max_ns);
  return telemetry::LatencyHistogram::of(content);
}

constexpr std::pair<const char*, std::uint64_t cache::LookupCounts::*> kNumbers[] = {
    {"hits_memory", &cache::LookupCounts::hits_memory},
    {"hits_store", &cache::LookupCounts::hits_store},
    {"misses", &cache::LookupCounts::misses},
    {"coalesced", &cache::LookupCounts::coalesced},
    {"bypassed", &cache::LookupCounts::bypassed},
    {"errors", &cache::LookupCounts::errors},
    {"corruptions", &cache::LookupCounts::corruptions},
    {"failures", &cache::LookupCounts::failures}};
constexpr std::pair<const char*, telemetry::LatencyHistogram cache::LookupCounts::*> kLatencies[] =
    {{"memory_latency", &cache::LookupCounts::memory_latency},
     {"store_latency", &cache::LookupCounts::store_latency},
     {"miss_latency", &cache::LookupCounts::miss_latency}};

json to_json(const cache::LookupCounts& counts) {
  json out;
  for (const auto& [name, number] : kNumbers) out[name] = counts.*number;
  for (const auto& [name, latency] : kLatencies) out[name] = to_json(counts.*latency);
  return out;
}
cache::LookupCounts counts_of(const json& value) {
  cache::LookupCounts out;
  for (const auto& [name, number] : kNumbers) value.at(name).get_to(out.*number);
  for (const auto& [name, latency] : kLatencies) out.*latency = histogram_of(value.at(name));
  return out;
}

json to_json(const cache::CountsByName& names) {
  json out = json::array();
  for (const auto& [name, counts] : names.all()) out.push_back({name, to_json(counts)});
  return out;
}
cache::CountsByName names_of(const json& value) {
  cache::CountsByName out;
  for (const json& each : value) {
    if (auto* counts = out.of(each.at(0).get<std::string>())) counts->add(counts_of(each.at(1)));
  }
  return out;
}

json to_json(const cache::CacheCounts& counts) {
  return {{"all", to_json(counts.all)},
          {"warm_up", to_json(counts.warm_up)},
          {"agents", to_json(counts.agents)},
          {"tenants", to_json(counts.tenants)}};
}
cache::CacheCounts cache_counts_of(const json& value) {
  cache::CacheCounts out;
  out.all = counts_of(value.at("all"));
  out.warm_up = counts_of(value.at("warm_up"));
  out.agents = names_of(value.at("agents"));
  out.tenants = names_of(value.at("tenants"));
  return out;
}

template <class T>
json optional_json(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}
template <class T>
std::optional<T> optional_of(const json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<T>();
}

json to_json(const BoardEntry& entry) {
  return {{"command", entry.command},
          {"pid", entry.pid},
          {"started_ticks", entry.started_ticks},
          {"updated_s", entry.updated_s},
          {"counts", to_json(entry.counts)},
          {"memory_usage_mb", entry.memory_usage_mb},
          {"tokens_cached", entry.tokens_cached},
          {"store_state", entry.store_state},
          {"encode_us_per_kib", optional_json(entry.encode_us_per_kib)},
          {"store_read_us_per_kib", optional_json(entry.store_read_us_per_kib)},
          {"store_crossover_bytes", optional_json(entry.store_crossover_bytes)}};
}
BoardEntry entry_of(const json& value) {
  BoardEntry out;
  value.at("command").get_to(out.command);
  value.at("pid").get_to(out.pid);
  value.at("started_ticks").get_to(out.started_ticks);
  value.at("updated_s").get_to(out.updated_s);
  out.counts = cache_counts_of(value.at("counts"));
  value.at("memory_usage_mb").get_to(out.memory_usage_mb);
  value.at("tokens_cached").get_to(out.tokens_cached);
  value.at("store_state").get_to(out.store_state);
  out.encode_us_per_kib = optional_of<double>(value.at("encode_us_per_kib"));
  out.store_read_us_per_kib = optional_of<double>(value.at("store_read_us_per_kib"));
  out.store_crossover_bytes = optional_of<std::uint64_t>(value.at("store_crossover_bytes"));
  return out;
}

// The sum of processes that have ended.
struct Ended {
  cache::CacheCounts counts;
  std::uint64_t processes = 0;
  std::int64_t since_s = 0;
};

template <class Read>
auto parse(const fs::path& file, Read&& read) -> std::optional<decltype(read(json()))> {
  auto text = read_file(file, kFileBytesMax);
  if (!text) return std::nullopt;
  try {
    return read(json::parse(*text));
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

Ended read_ended(const fs::path& folder) {
  auto ended = parse(folder / kSum, [](const json& value) {
    return Ended{.counts = cache_counts_of(value.at("counts")),
                 .processes = value.at("processes").get<std::uint64_t>(),
                 .since_s = value.at("since_s").get<std::int64_t>()};
  });
  return ended.value_or(Ended{});
}

struct EntryFile {
  fs::path path;
  BoardEntry entry;
  [[nodiscard]] bool is_running() const {
    return started_ticks_of(entry.pid) == entry.started_ticks;
  }
};

std::vector<EntryFile> read_entries(const fs::path& folder) {
  std::vector<EntryFile> out;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    if (file.path().extension() != ".json" || file.path().filename() == kSum) continue;
    if (auto entry = parse(file.path(), entry_of))
      out.push_back({.path = file.path(), .entry = *std::move(entry)});
  }
  std::ranges::sort(out, {}, [](const EntryFile& file) { return file.entry.pid; });
  return out;
}

// Like write_file_atomically, but for the sync: what a crash of the machine loses here is no loss.
bool replace_file(const fs::path& path, const std::string& content) {
  const fs::path beside = path.string() + fmt::format(".{}.new", ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = ::write(fd, content.data(), content.size()) == std::ssize(content);
  ::close(fd);
  if (written && ::rename(beside.c_str(), path.c_str()) == 0) return true;
  ::unlink(beside.c_str());
  return false;
}

// Sums up the files of ended processes when there are many. The sum is written first: who is killed between the two counts some twice.
void sum_up(const fs::path& folder) {
  std::error_code error;
  const auto files = std::distance(fs::directory_iterator(folder, error), fs::directory_iterator());
  if (error || files <= static_cast<std::ptrdiff_t>(kEndedFilesMax)) return;
  FolderLock lock(folder, LOCK_EX | LOCK_NB);
  if (!lock.held()) return;  // Another does it.
  Ended ended = read_ended(folder);
  auto entries = read_entries(folder);
  std::erase_if(entries, [](const EntryFile& file) { return file.is_running(); });
  for (const EntryFile& file : entries) {
    ended.counts.add(file.entry.counts);
    ++ended.processes;
    if (ended.since_s == 0) ended.since_s = file.entry.updated_s;
  }
  const json sum = {{"counts", to_json(ended.counts)},
                    {"processes", ended.processes},
                    {"since_s", ended.since_s}};
  if (!replace_file(folder / kSum, sum.dump())) return;
  for (const EntryFile& file : entries) fs::remove(file.path, error);
}

}  // namespace

StatsBoard::StatsBoard(fs::path folder, std::string command, std::function<BoardEntry()> tell)
    : folder_(std::move(folder)),
      command_(std::move(command)),
      tell_(std::move(tell)),
      started_ticks_(started_ticks_of(::getpid())),
      thread_([this](const std::stop_token& stop) {
        while (wait_unless_stopped(stop, Deadline::after(std::chrono::seconds(1)))) put_up();
        put_up();  // What was counted last.
      }) {}

StatsBoard::~StatsBoard() {
  thread_.request_stop();
  thread_.join();
  sum_up(folder_);
}

void StatsBoard::put_up() {
  BoardEntry entry = tell_();
  const auto& [all, warm_up, agents, tenants] = entry.counts;
  if (all.hits_memory + all.hits_store + all.misses + all.errors + all.failures + warm_up.misses +
          warm_up.hits_memory + warm_up.hits_store ==
      0)
    return;
  entry.command = command_;
  entry.pid = ::getpid();
  entry.started_ticks = started_ticks_;
  std::string content = to_json(entry).dump(-1, ' ', false, json::error_handler_t::replace);
  if (content == last_written_) return;
  last_written_ = content;
  entry.updated_s = now_s();
  std::error_code error;
  if (fs::create_directories(folder_, error)) fs::permissions(folder_, fs::perms::owner_all, error);
  replace_file(folder_ / fmt::format("{}-{}.json", entry.pid, entry.started_ticks),
               to_json(entry).dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<Board> StatsBoard::read(const fs::path& folder) {
  Board board;
  std::error_code error;
  if (!fs::exists(folder, error)) return board;
  FolderLock lock(folder, LOCK_SH);
  if (!lock.held())
    return fail(Errc::unavailable, "can't open {}: {}", (folder / "lock").string(),
                std::generic_category().message(errno));
  Ended ended = read_ended(folder);
  board.counts = std::move(ended.counts);
  board.processes = ended.processes;
  board.since_s = ended.since_s;
  for (EntryFile& file : read_entries(folder)) {
    board.counts.add(file.entry.counts);
    ++board.processes;
    if (board.since_s == 0 || file.entry.updated_s < board.since_s)
      board.since_s = file.entry.updated_s;
    auto rank = [](const BoardEntry& entry) {
      return std::pair(entry.encode_us_per_kib && entry.store_read_us_per_kib, entry.updated_s);
    };
    if (!board.costs || rank(file.entry) >= rank(*board.costs)) board.costs = file.entry;
    if (file.is_running()) board.running.push_back(std::move(file.entry));
  }
  return board;
}

Result<void> StatsBoard::reset(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return {};
  FolderLock lock(folder, LOCK_EX);
  if (!lock.held())
    return fail(Errc::unavailable, "can't open {}: {}", (folder / "lock").string(),
                std::generic_category().message(errno));
  fs::remove(folder / kSum, error);
  for (const EntryFile& file : read_entries(folder)) {
    if (!error && !file.is_running()) fs::remove(file.path, error);
  }
  if (error)
    return fail(Errc::unavailable, "can't remove files in {}: {}", folder.string(),
                error.message());
  return {};
}

}  // namespace leyden::cli
