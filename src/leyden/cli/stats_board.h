#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/cache/lookup_counts.h"

namespace leyden::cli {

// What one process tells of its cache.
struct BoardEntry {
  std::string command;  // Such as "ask".
  int pid = 0;
  std::uint64_t started_ticks =
      0;                       // /proc/PID/stat's starttime: a PID alone may be another's by now.
  std::int64_t updated_s = 0;  // Seconds since 1970.
  cache::CacheCounts counts;
  double memory_usage_mb = 0;
  std::uint64_t tokens_cached = 0;
  std::string store_state;  // "on", "degraded", "off", or "none".
  // What its cost model knew, as in CacheStats.
  std::optional<double> encode_us_per_kib;
  std::optional<double> store_read_us_per_kib;
  std::optional<std::uint64_t> store_crossover_bytes;
};

// All processes that use a data folder.
struct Board {
  cache::CacheCounts counts;        // Of all, those that have ended too, since `since_s`.
  std::int64_t since_s = 0;         // 0: nothing was counted yet.
  std::uint64_t processes = 0;      // That ever counted something.
  std::vector<BoardEntry> running;  // By PID.
  // Of the last process that knew both, tokenizing and reading; of the last one, if none did.
  std::optional<BoardEntry> costs;
};

// Where processes put up what they count, for `leyden stats`: a folder with a file for each, replaced as a whole every second, and one for
// the sum of those that have ended. Names of agents and tenants are in it, no text and no IDs; only the user can read it. It is a
// comfort: what can't be written is left out, and a damaged file is passed over.
class StatsBoard {
 public:
  // `tell` is called from a thread of the board's, each second and at the end.
  StatsBoard(std::filesystem::path folder, std::string command, std::function<BoardEntry()> tell);
  ~StatsBoard();

  // Errors: unavailable.
  [[nodiscard]] static Result<Board> read(const std::filesystem::path& folder);
  // Forgets what ended processes counted; running ones tell again what they have. Errors: unavailable.
  [[nodiscard]] static Result<void> reset(const std::filesystem::path& folder);

 private:
  void put_up();

  const std::filesystem::path folder_;
  const std::string command_;
  const std::function<BoardEntry()> tell_;
  const std::uint64_t started_ticks_;
  std::string last_written_;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace leyden::cli
