#include "leyden/cli/interrupt.h"

#include <csignal>

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
    while (true) {
      int signal = 0;
      if (sigwait(&waited, &signal) != 0) continue;
      if (done.stop_requested()) return;
      int code = signal == SIGINT ? 130 : 143;
      if (exit_code_.exchange(code) != 0) ::_exit(code);
      source_.request_stop();
    }
  });
}

Interrupt::~Interrupt() {
  waiter_.request_stop();
  pthread_kill(waiter_.native_handle(), SIGTERM);  // Of this thread only: it wakes up.
}

}  // namespace leyden::cli
