#include "leyden/sandbox/limits.h"

#include <string_view>

namespace leyden::sandbox {
namespace {

Result<void> in_range(std::string_view name, std::size_t value, std::size_t least,
                      std::size_t most) {
  if (value >= least && value <= most) return {};
  return fail(Errc::invalid_argument, "{} is {}: it must be {} to {}", name, value, least, most);
}

std::size_t count(std::chrono::milliseconds time) {
  return time.count() < 0 ? 0 : static_cast<std::size_t>(time.count());
}

}  // namespace

Result<void> SandboxLimits::check() const {
  constexpr std::size_t kWeekMs = std::size_t{7} * 24 * 3600 * 1000;
  Result<void> result = in_range("wall_time (ms)", count(wall_time), 1, kWeekMs);
  const auto next = [&](std::string_view name, std::size_t value, std::size_t least,
                        std::size_t most) {
    if (result) result = in_range(name, value, least, most);
  };
  next("cpu_time (ms)", count(cpu_time), 1, kWeekMs);
  next("memory_bytes", memory_bytes, 4 * MiB, 1024 * GiB);
  next("process_count", process_count, 1, 8000);
  next("file_size_bytes", file_size_bytes, 0, 1024 * GiB);
  next("open_files", open_files, 8, 1 << 20);
  next("tmpfs_bytes", tmpfs_bytes, 4096, 1024 * GiB);
  next("written_bytes", written_bytes, 0, 1024 * GiB);
  next("file_count", file_count, 16, 100'000'000);
  next("output_bytes", output_bytes, 0, GiB);
  return result;
}

}  // namespace leyden::sandbox
