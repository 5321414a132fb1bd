#include "leyden/base/work_pool.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace leyden {
namespace {

// One call of run(). Everything under the pool's lock.
struct Job {
  const std::function<void(std::size_t)>* work;
  std::size_t parts;
  std::size_t next = 0;     // Part that nobody has begun.
  std::size_t working = 0;  // Threads inside a part.
  std::exception_ptr failure;
};

}  // namespace

struct WorkPool::State {
  explicit State(std::size_t helpers_) : helpers(helpers_) {}

  // Does parts of the job until none is left to begin. With the lock held at begin and end.
  void help(Job& job, std::unique_lock<std::mutex>& lock) {
    while (job.next < job.parts) {
      const std::size_t part = job.next++;
      if (job.next == job.parts) std::erase(jobs, &job);
      ++job.working;
      lock.unlock();
      std::exception_ptr failure;
      try {
        (*job.work)(part);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      --job.working;
      if (failure) {
        job.failure = std::move(failure);
        job.next = job.parts;
        std::erase(jobs, &job);
      }
    }
    if (job.working == 0) done.notify_all();  // Under the lock: the job ends with its call.
  }

  void start() {
    for (std::size_t i = 0; i < helpers; ++i) {
      threads.emplace_back([this](const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        while (waiting.wait(lock, stop, [&] { return !jobs.empty(); })) help(*jobs.front(), lock);
      });
    }
  }

  const std::size_t helpers;
  std::mutex mutex;
  std::condition_variable_any waiting;  // For helpers: there is a job.
  std::condition_variable done;         // For callers: a job has nobody left in it.
  std::deque<Job*> jobs;                // Those with parts to begin.
  std::vector<std::jthread> threads;    // Last: they use all of the above.
};

WorkPool::WorkPool(std::size_t helpers) : state_(std::make_unique<State>(helpers)) {}

WorkPool::~WorkPool() = default;

void WorkPool::run(std::size_t parts, const std::function<void(std::size_t)>& work) {
  Job job{.work = &work, .parts = parts, .failure = nullptr};
  std::unique_lock lock(state_->mutex);
  if (parts > 1 && state_->helpers > 0) {
    if (state_->threads.empty()) state_->start();
    state_->jobs.push_back(&job);
    state_->waiting.notify_all();
  }
  state_->help(job, lock);
  state_->done.wait(lock, [&] { return job.working == 0; });
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace leyden
