#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace leyden::cache {

// A lock for state that is read far more often than written. A reader takes nothing that another
// reader takes: it adds one to a counter that few threads share, looks whether a writer is there,
// and takes the one off again. A writer keeps other writers out by a mutex, and readers by a flag,
// and then waits until each counter is zero: writing costs a look at kStripes cache lines more than
// a mutex would.
//
// A reader that meets a writer waits in turn with the writers, so neither side can starve the
// other. Reading is not reentrant, and nothing in it may wait: a writer spins meanwhile.
//
// Why it is right: the reader adds and then reads the flag, the writer sets the flag and then reads
// the counters, all sequentially consistent, so at least one of them sees the other. The writer's
// last look at a counter reads what the reader's subtraction released; the reader's look at the
// flag reads what the writer released.
class ReadMostlyLock {
 public:
  static constexpr std::size_t kStripes = 8;

  class [[nodiscard]] Reading {
   public:
    explicit Reading(ReadMostlyLock& lock) : readers_(&lock.stripes_[stripe()].readers) {
      for (int attempt = 0; attempt < kAttempts; ++attempt) {
        readers_->fetch_add(1, std::memory_order_seq_cst);
        if (!lock.writing_.load(std::memory_order_seq_cst)) return;
        readers_->fetch_sub(1, std::memory_order_release);
        for (int i = 0; i < kPauses && lock.writing_.load(std::memory_order_relaxed); ++i) pause();
      }
      readers_ = nullptr;
      turn_ = std::unique_lock(lock.writers_);
    }
    ~Reading() {
      if (readers_ != nullptr) readers_->fetch_sub(1, std::memory_order_release);
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    std::atomic<unsigned>* readers_;  // Null: it holds the writers' mutex instead.
    std::unique_lock<std::mutex> turn_;
  };

  class Writing;

  // Keeps writers out, not readers: what it sees is what all see until it ends.
  class [[nodiscard]] Planning {
   public:
    explicit Planning(ReadMostlyLock& lock) : lock_(lock), turn_(lock.writers_) {}

   private:
    friend class Writing;
    ReadMostlyLock& lock_;
    std::unique_lock<std::mutex> turn_;
  };

  // Alone. Within a Planning, once or several times one after the other.
  class [[nodiscard]] Writing {
   public:
    explicit Writing(Planning& planning) : lock_(planning.lock_) {
      lock_.writing_.store(true, std::memory_order_seq_cst);
      for (Stripe& stripe : lock_.stripes_) {
        for (int i = 0; stripe.readers.load(std::memory_order_seq_cst) != 0; ++i) {
          i < kPauses ? pause() : std::this_thread::yield();
        }
      }
    }
    ~Writing() { lock_.writing_.store(false, std::memory_order_release); }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

   private:
    ReadMostlyLock& lock_;
  };

 private:
  static constexpr int kAttempts = 4;  // Each waits for about as long as a write takes.
  static constexpr int kPauses = 32;

  struct alignas(64) Stripe {
    std::atomic<unsigned> readers{0};
  };

  static void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }
  // Threads in the order of their first reading, round and round.
  static std::size_t stripe() {
    static constinit std::atomic<std::size_t> threads{0};
    static constinit thread_local std::size_t mine = 0;
    if (mine == 0) mine = threads.fetch_add(1, std::memory_order_relaxed) + 1;
    return mine % kStripes;
  }

  alignas(64) std::atomic<bool> writing_{false};
  std::mutex writers_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace leyden::cache
