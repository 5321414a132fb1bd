#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "leyden/base/guarded.h"

namespace leyden::cache {

// A line through what was measured lately: y of about a + b x. Least squares in which a measurement counts less the older it is (each
// new one takes 1/64 from all before it); what is far off all others, as when a thread was not run for a while, counts less, too. Confined
// to one thread.
class RunningLine {
 public:
  void add(double x, double y);
  // Nothing before the 8th measurement. Never below 0.
  [[nodiscard]] std::optional<double> at(double x) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  [[nodiscard]] double value(double x) const;
  std::uint64_t count_ = 0;
  double weight_ = 0;
  double x_ = 0;  // Weighted sums.
  double y_ = 0;
  double xx_ = 0;
  double xy_ = 0;
};

enum class StoreReads : std::uint8_t {
  by_cost,  // Where it is likely to be quicker than encoding.
  always,
  never,
};

// Whether asking the store for what memory lacks is quicker than encoding it here: asking costs a round trip for all of it, and what the
// store lacks is encoded all the same. All sizes are bytes of text. Thread-safe.
class CostModel {
 public:
  explicit CostModel(StoreReads reads = StoreReads::by_cost) : reads_(reads) {}

  // For passages that are `bytes` together. By cost it says yes until both sides are known, and to one of 64 later questions whatever
  // the costs: a store that has become quicker, or fuller, is noticed.
  [[nodiscard]] bool should_read(std::size_t bytes);

  void encoded(std::size_t bytes, std::chrono::nanoseconds time);
  // A look-up that was answered: of so many bytes asked for so many were found.
  void read(std::size_t bytes_asked, std::size_t bytes_found, std::chrono::nanoseconds time);

  struct Estimate {
    // Of 1 KiB of text; nothing while unknown.
    std::optional<double> encode_us;
    std::optional<double> read_us;
    double found_share = 1;  // Of what is asked for, by bytes.
    // From so many bytes a request on reading is quicker; nothing where it never is, or while that is unknown.
    std::optional<std::size_t> crossover_bytes;
  };
  [[nodiscard]] Estimate estimate() const;

 private:
  struct State {
    RunningLine encode;
    RunningLine read;
    double found_share = 1;
    std::uint64_t questions = 0;
  };
  [[nodiscard]] static std::optional<bool> is_reading_quicker(const State& state, double bytes);

  const StoreReads reads_;
  Guarded<State> state_;
};

}  // namespace leyden::cache
