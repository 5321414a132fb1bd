#include "leyden/cli/interrupt.h"

#include <csignal>
#include <ctime>

#include <unistd.h>

namespace leyden::cli {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore,
            nullptr);  // A reader that went away is an error of write(), not a death.
  waiter_ = std::jthread([this](std::stop_token done) {
    sigset_t waited = stop_signals();
    timespec tick{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!done.stop_requested()) {
      int signal = sigtimedwait(&waited, nullptr, &tick);
      if (signal <= 0) continue;
      int code = signal == SIGINT ? 130 : 143;
      if (exit_code_.exchange(code) != 0) ::_exit(code);
      source_.request_stop();
    }
  });
}

Interrupt::~Interrupt() = default;

}  // namespace leyden::cli
