#include "leyden/sandbox/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>

namespace leyden::sandbox {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

Descriptor handle_of(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

void kill_by(const Descriptor& handle, int signal) {
  (void)::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0);
}

bool wait_for(const Descriptor& handle, milliseconds time) {
  pollfd wanted{.fd = handle.get(), .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

// Reads what is there. False at the end. At most `rounds` times, so that one stream can't keep the others waiting.
template <class Take>
bool read_some(const Descriptor& from, int rounds, const Take& take) {
  static thread_local std::array<char, 65536> buffer;
  for (int i = 0; i < rounds; ++i) {
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    take(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  }
  return true;
}

// The inner process, as a handle that stays its own when its number goes to another.
Descriptor inner_process(std::string_view info, pid_t parent) {
  constexpr std::string_view kKey = "\"child-pid\":";
  const std::size_t found = info.find(kKey);
  if (found == std::string_view::npos) return {};
  std::string_view text = info.substr(found + kKey.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  pid_t pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (parsed.ec != std::errc() || parsed.ptr == text.data() + text.size()) return {};
  Descriptor handle = handle_of(pid);
  if (!handle) return {};
  // Between the message and the handle it may have ended: its parent tells whether it is still the same.
  const Descriptor file(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> line{};
  const ssize_t count = file ? ::read(file.get(), line.data(), line.size()) : 0;
  const std::string_view stat(line.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  const std::size_t name_end = stat.rfind(')');  // ") S parent ..."
  if (name_end == std::string_view::npos || name_end + 4 >= stat.size()) return {};
  const std::string_view rest = stat.substr(name_end + 4);
  pid_t seen = 0;
  (void)std::from_chars(rest.data(), rest.data() + rest.size(), seen);
  return seen == parent ? std::move(handle) : Descriptor();
}

// What a stop request writes to, so that poll() hears it.
struct Wake {
  int number;
  void operator()() const {
    const std::uint64_t one = 1;
    (void)!::write(number, &one, sizeof one);
  }
};

class Watch {
 public:
  Watch(pid_t pid, ProcessOutputs outputs, std::size_t output_bytes, Ending ending)
      : pid_(pid),
        outputs_(std::move(outputs)),
        ending_(ending),
        handle_(handle_of(pid)),
        output_(output_bytes),
        error_(output_bytes) {}

  // leyden:ignore common.complex-function one wait for all that can end a run
  Result<ProcessEnd> until_end(Deadline deadline, const std::function<bool()>& exhausted,
                               const std::stop_token& stop) {
    const Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!handle_ || !wake) {
      const std::string why = reason(errno);
      ::kill(pid_, ending_ == Ending::ask_first ? SIGTERM : SIGKILL);
      reap();
      return fail(Errc::unavailable, "can't watch a process: {}", why);
    }
    auto next_look = SteadyClock::now() + kLookEvery;
    const std::stop_callback heard(stop, Wake{wake.get()});
    while (true) {
      const auto now = SteadyClock::now();
      if (!killed_at_ && stop.stop_requested()) end_.cancelled = true;
      if (!killed_at_ && now >= deadline.when()) end_.timed_out = true;
      bool over = end_.cancelled || end_.timed_out;
      if (!over && !killed_at_ && exhausted && now >= next_look) {
        over = exhausted();
        next_look = now + kLookEvery;
      }
      if (!killed_at_ && over) end_tree(now);
      // It can't refuse; but the process outside of the namespace could have been stopped by somebody.
      if (killed_at_ && now > *killed_at_ + patience()) kill_by(handle_, SIGKILL);
      std::array<pollfd, 7> wanted{
          pollfd{handle_.get(), POLLIN, 0},         pollfd{killed_at_ ? -1 : wake.get(), POLLIN, 0},
          pollfd{outputs_.report.get(), POLLIN, 0}, pollfd{outputs_.messages.get(), POLLIN, 0},
          pollfd{outputs_.info.get(), POLLIN, 0},   pollfd{outputs_.output.get(), POLLIN, 0},
          pollfd{outputs_.error.get(), POLLIN, 0},
      };
      auto until = killed_at_ ? *killed_at_ + patience() : deadline.when();
      if (!killed_at_ && exhausted) until = std::min(until, next_look);
      (void)::poll(wanted.data(), wanted.size(), wait_ms(now, until));
      read_all(16);
      if (wanted[0].revents != 0) break;
    }
    // The outer process has ended; its namespace ends with it, and when that has ended nobody is left who could
    // hold a pipe open.
    if (inner_ && !wait_for(inner_, milliseconds(0))) {
      kill_by(inner_, SIGKILL);
      (void)wait_for(inner_, milliseconds(10'000));
    }
    if (killed_at_) end_.kill_time = SteadyClock::now() - *killed_at_;
    reap();
    read_all(1 << 20);
    end_.output = output_.take();
    end_.error_output = error_.take();
    return std::move(end_);
  }

 private:
  [[nodiscard]] milliseconds patience() const {
    return ending_ == Ending::ask_first ? milliseconds(3000) : milliseconds(1000);
  }

  static int wait_ms(SteadyClock::time_point now, SteadyClock::time_point until) {
    if (until == SteadyClock::time_point::max()) return 60'000;
    const auto left = std::chrono::ceil<milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  void end_tree(SteadyClock::time_point now) {
    killed_at_ = now;
    if (ending_ == Ending::ask_first) {
      kill_by(handle_, SIGTERM);
    } else if (inner_) {
      kill_by(inner_, SIGKILL);  // The first of its namespace: all others go before it does.
    } else {
      kill_by(handle_, SIGKILL);
    }
  }

  void read_all(int rounds) {
    const auto text = [rounds](Descriptor& from, std::string& to) {
      if (from && !read_some(from, rounds, [&](std::string_view bytes) {
            if (to.size() < kMessageBytes) to += bytes;
          })) {
        from.close();
      }
    };
    const auto kept = [rounds](Descriptor& from, KeptOutput& to) {
      if (from && !read_some(from, rounds, [&](std::string_view bytes) { to.add(bytes); })) {
        from.close();
      }
    };
    text(outputs_.report, end_.report);
    text(outputs_.messages, end_.messages);
    text(outputs_.info, info_);
    if (!inner_ && !info_.empty()) inner_ = inner_process(info_, pid_);
    kept(outputs_.output, output_);
    kept(outputs_.error, error_);
  }

  void reap() {
    rusage usage{};
    while (::wait4(pid_, nullptr, 0, &usage) < 0 && errno == EINTR) {
    }
    const auto of = [](const timeval& time) {
      return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    end_.cpu_time = of(usage.ru_utime) + of(usage.ru_stime);
  }

  static constexpr milliseconds kLookEvery{50};
  static constexpr std::size_t kMessageBytes = 65536;
  pid_t pid_;
  ProcessOutputs outputs_;
  Ending ending_;
  Descriptor handle_;
  Descriptor inner_;
  std::string info_;
  KeptOutput output_;
  KeptOutput error_;
  std::optional<SteadyClock::time_point> killed_at_;
  ProcessEnd end_;
};

}  // namespace

Result<pid_t> start_process(const StartRequest& request) {
  std::vector<std::string> argv = request.argv;
  std::vector<std::string> environment = request.environment;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  // Moved out of the way first: one's source could be another's target.
  std::vector<Descriptor> sources;
  for (const auto& [source, target] : request.descriptors) {
    sources.emplace_back(::fcntl(source, F_DUPFD_CLOEXEC, 64));
    if (!sources.back()) {
      posix_spawn_file_actions_destroy(&actions);
      return fail(Errc::unavailable, "too many open files: {}", reason(errno));
    }
    posix_spawn_file_actions_adddup2(&actions, sources.back().get(), target);
  }

  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, request.path.c_str(), &actions, &attributes,
                                pointers(argv).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(Errc::unavailable, "can't start a process: {}", reason(error));
  return pid;
}

Result<ProcessEnd> watch_process(pid_t pid, ProcessOutputs outputs, std::size_t output_bytes,
                                 Deadline deadline, Ending ending,
                                 const std::function<bool()>& exhausted,
                                 const std::stop_token& stop) {
  return Watch(pid, std::move(outputs), output_bytes, ending).until_end(deadline, exhausted, stop);
}

}  // namespace leyden::sandbox
