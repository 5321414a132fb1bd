#pragma once

#include "leyden/base/result.h"

namespace leyden::cli {

// docs/architecture.md lists them; scripts may rely on them.
enum ExitCode : int {
  kDone = 0,
  kFound = 1,         // Findings at or above --fail-on.
  kUsage = 2,         // What was typed or configured is wrong.
  kIncomplete = 3,    // Done, but something that should have been in it is not.
  kNoModel = 4,       // A model is needed and not there.
  kEnvironment = 5,   // Store, index, disk, network.
  kBug = 70,          // Ours.
  kInterrupted = 130  // Ctrl-C; SIGTERM is 143.
};

[[nodiscard]] inline ExitCode exit_code_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
    case Errc::not_found:
    case Errc::unsupported:
      return kUsage;
    case Errc::cancelled:
      return kInterrupted;
    case Errc::internal:
      return kBug;
    default:
      return kEnvironment;
  }
}

}  // namespace leyden::cli
