#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "leyden/base/result.h"

namespace leyden::cli {

// Whether standard output / standard error are terminals that understand ANSI sequences (NO_COLOR and TERM=dumb say no).
[[nodiscard]] bool stdout_is_terminal();
[[nodiscard]] bool stderr_is_terminal();

// Writes all of it to standard output. False when nobody reads any more (a closed pipe) or the disk is full; main turns that
// into an exit code, so that a caller with nothing to cut short need not look.
bool write_stdout(std::string_view text);
// The errno of the first write_stdout that failed, 0 when all went well.
[[nodiscard]] int stdout_errno();
// "leyden: <message>" as one line on standard error: newlines and control characters in it are made visible.
void print_error(std::string_view message);
void print_warning(std::string_view message);

// One line on standard error that is drawn over and over, ten times a second at most; nothing when it is no terminal.
// Confined to one thread.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ~ProgressBar();  // Removes the line.
  void update(std::uint64_t done, std::uint64_t total, std::string_view detail);

 private:
  std::string label_;
  std::chrono::steady_clock::time_point drawn_{};
  std::chrono::steady_clock::time_point started_;
  bool visible_ = false;
};

// "1.2 GB", "340 MB", "12 kB": decimal, as disks and downloads are told.
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

}  // namespace leyden::cli
