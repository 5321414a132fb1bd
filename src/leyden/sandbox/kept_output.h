#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leyden::sandbox {

// What a program wrote, as far as it is kept: its beginning and its end.
struct Output {
  std::string text;                 // With a line in the middle that says what is missing there.
  std::uint64_t total_bytes = 0;    // That were written.
  std::uint64_t dropped_bytes = 0;  // Of these, what is not in `text`.
};

// Takes bytes without bound and holds at most `limit` (and once more half of that while it gathers):
// the first half, and the last. Confined to one thread.
class KeptOutput {
 public:
  explicit KeptOutput(std::size_t limit) : head_limit_(limit - limit / 2), tail_limit_(limit / 2) {}
  void add(std::string_view bytes);
  // Call once, at the end.
  [[nodiscard]] Output take();

 private:
  std::size_t head_limit_;
  std::size_t tail_limit_;
  std::string head_;
  std::string tail_;
  std::uint64_t total_ = 0;
};

}  // namespace leyden::sandbox
