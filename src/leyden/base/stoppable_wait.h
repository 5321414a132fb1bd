#pragma once

#include <stop_token>

#include "leyden/base/deadline.h"

namespace leyden {

// Sleeps until the deadline, which may be never, or until a stop is requested, which is heard at once. Whether nobody asked to stop:
// `while (wait_unless_stopped(stop, Deadline::after(1s))) look();`. Thread-safe: any number of threads may wait on one token.
[[nodiscard]] bool wait_unless_stopped(const std::stop_token& stop, Deadline until);

}  // namespace leyden
