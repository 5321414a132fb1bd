#pragma once

#include <cerrno>

#include <sys/wait.h>
#include <unistd.h>

namespace leyden::cache::testing {

// Runs `work` in a process of its own, which ends with its int and never returns from there. Fork while
// this process has no other threads.
template <class F>
pid_t in_child(F&& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::_exit(work());
}

// Waits for its end: the exit code, or minus the signal.
inline int exit_status(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace leyden::cache::testing
