#include "leyden/cli/terminal.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

#include "leyden/base/utf8.h"

namespace leyden::cli {
namespace {

// Answers are also written from the model's thread.
std::atomic<int> first_stdout_errno{0};

bool is_terminal(int fd) {
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb" &&
         (no_color == nullptr || *no_color == '\0');
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

void print_line(std::string_view prefix, std::string_view message) {
  write_all(STDERR_FILENO, std::string(prefix) + utf8::one_line(message) + "\n");
}

}  // namespace

bool stdout_is_terminal() { return is_terminal(STDOUT_FILENO); }
bool stderr_is_terminal() { return is_terminal(STDERR_FILENO); }
bool write_stdout(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return true;
  int none = 0;
  first_stdout_errno.compare_exchange_strong(none, errno);
  return false;
}
int stdout_errno() { return first_stdout_errno; }
void print_error(std::string_view message) { print_line("leyden: ", message); }
void print_warning(std::string_view message) { print_line("leyden: warning: ", message); }

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)),
      started_(std::chrono::steady_clock::now()),
      visible_(stderr_is_terminal()) {}

ProgressBar::~ProgressBar() {
  if (visible_) write_all(STDERR_FILENO, "\r\x1b[K");
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total, std::string_view detail) {
  auto now = std::chrono::steady_clock::now();
  if (!visible_ || now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  std::size_t width = 80;
  if (winsize size{}; ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
    width = size.ws_col;
  constexpr std::size_t kCells = 24;
  double part =
      total == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  auto filled = static_cast<std::size_t>(part * kCells);
  double seconds = std::chrono::duration<double>(now - started_).count();
  double left = part > 0.02 ? seconds / part - seconds : 0;
  std::string line = fmt::format("{} [{}{}] {:3.0f}% {}", label_, std::string(filled, '#'),
                                 std::string(kCells - filled, '.'), part * 100,
                                 left > 1 ? fmt::format("{:.0f} s left ", left) : "");
  line += utf8::one_line(detail);
  // Cut at a character border; wide characters may still wrap, which only looks odd.
  if (line.size() >= width) {
    line.resize(width - 1);
    line.resize(line.size() - utf8::incomplete_suffix(line));
  }
  write_all(STDERR_FILENO, "\r\x1b[K" + line);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  for (const char* unit : {"kB", "MB", "GB"}) {
    value /= 1000;
    if (value < 999.5) return fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, unit);
  }
  return fmt::format("{:.1f} TB", value / 1000);
}

}  // namespace leyden::cli
