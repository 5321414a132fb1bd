#include "leyden/agents/qa/driver_session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

constexpr std::chrono::milliseconds kGlance{50};  // Between looks at `stop`.
constexpr std::string_view kEnd = "end";

// For both sides, so that neither waits for the other to open it.
Result<int> open_fifo(const std::filesystem::path& path, mode_t mode) {
  if (::mkfifo(path.c_str(), mode) != 0 && errno != EEXIST)
    return fail(Errc::unavailable, "can't make {}: {}", path.string(),
                std::generic_category().message(errno));
  ::chmod(path.c_str(), mode);  // Whatever the umask is.
  const int out = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (out < 0)
    return fail(Errc::unavailable, "can't open {}: {}", path.string(),
                std::generic_category().message(errno));
  return out;
}

void send(int fifo, std::string_view line) {
  const std::string text = std::string(line) + "\n";
  [[maybe_unused]] const auto sent = ::write(fifo, text.data(), text.size());
}

std::string all_of(int fifo) {
  std::string out;
  char buffer[256];
  for (ssize_t got = 0; (got = ::read(fifo, buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(got));
  return out;
}

}  // namespace

Result<std::unique_ptr<DriverSession>> DriverSession::start(const sandbox::Sandbox& sandbox,
                                                            sandbox::SandboxCommand command,
                                                            sandbox::SandboxLimits limits,
                                                            const std::filesystem::path& fifos) {
  std::unique_ptr<DriverSession> out(new DriverSession);
  auto requests = open_fifo(fifos / "requests", S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  if (!requests) return std::unexpected(requests.error());
  out->requests_ = *requests;
  auto replies = open_fifo(fifos / "replies", S_IRUSR | S_IWUSR | S_IWGRP | S_IWOTH);
  if (!replies) return std::unexpected(replies.error());
  out->replies_ = *replies;
  all_of(out->requests_);  // Of a session before this one.
  out->thread_ = std::jthread([self = out.get(), &sandbox, command = std::move(command),
                               limits](const std::stop_token& stop) {
    auto ran = sandbox.run(command, limits, stop);
    const std::scoped_lock lock(self->mutex_);
    self->exit_ = std::move(ran);
    send(self->replies_, kEnd);
  });
  return out;
}

DriverSession::~DriverSession() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  for (const int fifo : {requests_, replies_}) {
    if (fifo >= 0) ::close(fifo);
  }
}

Result<std::string> DriverSession::ask(const std::string& request,
                                       std::chrono::milliseconds time_max,
                                       const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + time_max;
  const std::string number = std::to_string(++number_) + " ";
  send(requests_, number + request);
  std::string said;
  while (true) {
    said += all_of(replies_);
    // The tested program can write there, too: what is no reply to this is passed over.
    for (std::size_t end = 0; (end = said.find('\n')) != std::string::npos;
         said.erase(0, end + 1)) {
      const std::string line = said.substr(0, end);
      if (line.starts_with(number)) return line.substr(number.size());
      if (line == kEnd && has_ended()) return std::unexpected(why_ended());
    }
    if (stop.stop_requested()) return fail(Errc::cancelled, "interrupted");
    if (std::chrono::steady_clock::now() > deadline)
      return fail(Errc::timed_out, "{}", name_of(sandbox::Outcome::timed_out));
    pollfd waiting{.fd = replies_, .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(kGlance.count()));
  }
}

bool DriverSession::has_ended() {
  const std::scoped_lock lock(mutex_);
  return exit_.has_value();
}

Error DriverSession::why_ended() {
  const std::scoped_lock lock(mutex_);
  if (!*exit_) return exit_->error();
  return {Errc::unavailable, fmt::format("{}: {}", name_of((*exit_)->outcome),
                                         utf8::one_line((*exit_)->error_output.text))};
}

}  // namespace leyden::qa
