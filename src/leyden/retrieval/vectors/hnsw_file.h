#pragma once

// Of this folder only.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden::retrieval {

// The first bytes of a graph's file; numbers are little-endian.
struct HnswFileHeader {
  char magic[8] = {'L', 'Y', 'D', 'N', 'H', 'N', 'S', 'W'};
  std::uint32_t version = 1;
  std::uint32_t dimensions = 0;
  std::uint32_t links = 0;
  std::uint32_t ef_construction = 0;
  std::uint64_t count = 0;
  std::int64_t last_id = 0;
  char identity[16] = {};
  std::int32_t top_level = -1;
  std::uint32_t entry = 0;  // The element at which searches begin.
};
static_assert(sizeof(HnswFileHeader) == 64);

// Writes a file beside `path`, with a checksum (XXH3, 64 bits) of all before it at its end; finish() puts it in place. Not finished: nothing
// is left. Confined to one thread.
class ChecksummedWriter {
 public:
  explicit ChecksummedWriter(const std::filesystem::path& path);
  ~ChecksummedWriter();
  void write(const void* data, std::size_t size);
  [[nodiscard]] Result<void> finish();  // Errors: unavailable, whatever went wrong before.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What stands before the checksum at the end. Errors: corrupt.
[[nodiscard]] Result<BytesView> checked_content(BytesView file);

}  // namespace leyden::retrieval
