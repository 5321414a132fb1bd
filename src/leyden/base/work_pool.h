#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace leyden {

// Threads that help a caller with parts that don't depend on each other. They start at the first call that has something for
// them. Thread-safe: calls share the helpers, and each does its own parts when they are busy.
class WorkPool {
 public:
  // Helpers beside the caller; 0: the caller does all.
  explicit WorkPool(std::size_t helpers);
  ~WorkPool();  // No call may be under way.

  // work(0) ... work(parts - 1), each once, in any order and on any of the threads; returns when all are done. After one that
  // throws no other begins, and the call throws it. `work` must not wait for another part, nor call run().
  void run(std::size_t parts, const std::function<void(std::size_t)>& work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leyden
