#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "leyden/base/clock.h"
#include "leyden/cache/store.h"

namespace leyden::cache::testing {

struct ModelOptions {
  // A process's store; the clock is that process's. Called in a process of its own.
  std::function<Result<std::unique_ptr<Store>>(const Clock&)> open;
  std::size_t memory_bytes = 0;
  // Memory and store have room for all: what must be there has to be there.
  bool roomy = false;
  // The store's time is the clock's, so that it can be moved by hand. Else no time passes.
  bool has_time = true;
  // What an erasure, or the beginning of a process, may still take from memory.
  std::chrono::milliseconds heard_within{4000};  // On a busy machine.
};

inline constexpr std::chrono::seconds kModelTtl{1000};  // For the store, too.

// The tiers against a plain model of them: two processes, each with its memory over one store, do random operations; this
// process has the model, and must have no other threads. LEYDEN_TEST_OPERATIONS sets how many (300,000 passages in
// two such runs), LEYDEN_TEST_SEED repeats a run. A listener that lost its store on a busy machine may forget all, five times in a run. Fails the test that calls it, and says what it did.
void run_against_model(const ModelOptions& options);

}  // namespace leyden::cache::testing
