#include "leyden/base/stoppable_wait.h"

#include <condition_variable>
#include <mutex>

namespace leyden {

bool wait_unless_stopped(const std::stop_token& stop, Deadline until) {
  // Of this call only: nobody but the token wakes it.
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_until(lock, stop, until.when(), [] { return false; });
  return !stop.stop_requested();
}

}  // namespace leyden
