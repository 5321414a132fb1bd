#include "leyden/cli/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string_view>
#include <system_error>

namespace leyden::cli {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const ChildCommand& command) {
  std::map<std::string, std::string, std::less<>> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair = *entry;
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos)
      all.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  for (const auto& [key, value] : command.environment) all.insert_or_assign(key, value);
  std::vector<std::string> result;
  result.reserve(all.size());
  for (const auto& [key, value] : all) result.push_back(fmt::format("{}={}", key, value));
  return result;
}

// The child's number, started with `output` as its standard output and error.
Result<pid_t> spawn(const ChildCommand& command, int output) {
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> environment = merged_environment(command);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);

  // Whatever we block or ignore, the child starts afresh.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);

  pid_t pid = 0;
  const int error = posix_spawnp(&pid, command.argv.front().c_str(), &actions, &attributes,
                                 pointers(arguments).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return fail(Errc::not_found, "no program {} here", command.argv.front());
  if (error != 0) {
    return fail(Errc::unavailable, "can't start {}: {}", command.argv.front(),
                std::generic_category().message(error));
  }
  return pid;
}

// Takes what can be read without waiting. False at the end of the output.
bool drain(int descriptor, std::string& tail, std::size_t limit) {
  char buffer[4096];
  while (true) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    tail.append(buffer, static_cast<std::size_t>(count));
    if (tail.size() > 2 * limit) tail.erase(0, tail.size() - limit);
  }
}

// Whether it has ended. It stays a zombie, so that its number and its group's can't be another's
// yet.
bool has_ended(pid_t pid) {
  siginfo_t info{};
  const int status = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
  return (status < 0 && errno != EINTR) || info.si_pid == pid;
}

}  // namespace

Result<ChildExit> run_child(const ChildCommand& command, const std::function<void()>& on_tick,
                            const std::stop_token& stop) {
  if (command.argv.empty()) return fail(Errc::invalid_argument, "an empty command");
  if (stop.stop_requested()) return fail(Errc::cancelled, "cancelled");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(Errc::unavailable, "can't make a pipe: {}", std::generic_category().message(errno));
  }
  Descriptor reading(ends[0]), writing(ends[1]);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  const auto spawned = spawn(command, writing.get());
  if (!spawned) return std::unexpected(spawned.error());
  const pid_t pid = *spawned;
  writing.close();

  using SteadyClock = std::chrono::steady_clock;
  ChildExit result;
  bool open = true;
  bool asked = false;
  SteadyClock::time_point kill_at = SteadyClock::time_point::max();
  while (!has_ended(pid)) {
    if (stop.stop_requested() && !asked) {
      asked = true;
      kill_at = SteadyClock::now() + command.grace;
      ::kill(-pid, SIGTERM);
    }
    if (SteadyClock::now() >= kill_at) ::kill(-pid, SIGKILL);
    pollfd wanted{.fd = open ? reading.get() : -1, .events = POLLIN, .revents = 0};
    ::poll(&wanted, 1, asked || !open ? 20 : 100);
    if (open) open = drain(reading.get(), result.output, command.output_tail_bytes);
    if (on_tick) on_tick();
  }
  ::kill(-pid, SIGKILL);  // What it may have left behind.
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (open) drain(reading.get(), result.output, command.output_tail_bytes);
  if (result.output.size() > command.output_tail_bytes) {
    result.output.erase(0, result.output.size() - command.output_tail_bytes);
  }
  if (asked) return fail(Errc::cancelled, "cancelled");
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  } else {
    result.code = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace leyden::cli
