#pragma once

#include <cstddef>
#include <cstdint>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/engine/isa.h"
#include "leyden/tokenizer/engine/segmentation.h"

namespace leyden::tokenizer::engine {

// A short segment and its IDs, in half a cache line. Segments of more than 15 bytes have no entry.
struct alignas(32) SegmentEntry {
  static constexpr std::size_t kBytesMax = 15;
  static constexpr std::size_t kIdsMax = 3;
  static constexpr std::uint32_t kMoreIds = 0xFFFF;  // As `count`: it has more, which are not here.

  std::uint64_t low = 0;   // Bytes 0 to 7, the first lowest; zeros behind the end.
  std::uint64_t high = 0;  // Bytes 8 to 14; the length in the highest byte. 0: a free entry.
  TokenId ids[kIdsMax] = {};
  std::uint32_t count = 0;
};
static_assert(sizeof(SegmentEntry) == 32);

// Two entries that one look-up sees: a cache line.
struct alignas(64) SegmentBucket {
  SegmentEntry entries[2];
};

// Where a key lives in a table of 2^(64 - shift) buckets. The high bits of a product depend on all bits of its factors.
[[nodiscard]] constexpr std::size_t segment_hash(std::uint64_t low, std::uint64_t high) {
  return (low * 0x9E3779B97F4A7C15ULL) ^ (high * 0xC2B2AE3D27D4EB4FULL);
}

// A segment of at most 32 bytes, whole: of up to 15 bytes as SegmentEntry::low and high and zeros, else the first 16 and the last
// 16 bytes, and the length.
struct LongKey {
  std::uint64_t words[4] = {};
  std::uint32_t length = 0;
};

// A segment that is too long for a SegmentEntry, or has too many IDs for one, in a cache line.
struct alignas(64) LongEntry {
  static constexpr std::size_t kBytesMax = 32;
  static constexpr std::size_t kIdsMax = 7;

  std::uint64_t words[4] = {};  // Of the LongKey.
  std::uint16_t length = 0;     // 0: a free entry.
  std::uint16_t count = 0;      // More than kIdsMax: the IDs are not here.
  TokenId ids[kIdsMax] = {};
};
static_assert(sizeof(LongEntry) == 64);

[[nodiscard]] constexpr std::size_t long_hash(const LongKey& key) {
  const std::uint64_t ends = segment_hash(key.words[2], key.words[3]);
  return (segment_hash(key.words[0], key.words[1]) ^ (ends << 29 | ends >> 35) ^ key.length) *
         0x9E3779B97F4A7C15ULL;
}

// A segment that Segmentation::cuts part.
struct LongSegment {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What the kernel needs of its caller, one for each thread at a time.
struct KernelContext {
  // The thread's own table, filled by `miss`, at an address of whole pairs of buckets. An entry is in the bucket that its key
  // says or in the other one of the pair.
  SegmentBucket* buckets = nullptr;
  unsigned shift = 0;
  // The same for longer segments, entry by entry.
  LongEntry* long_entries = nullptr;
  unsigned long_shift = 0;
  // Where `miss` will look next (SeedTable); fetched ahead while many segments are new. May be nullptr.
  const std::uint32_t* seed_slots = nullptr;
  unsigned seed_shift = 0;
  // The last one that encode() came to: where it goes on may be within it. Of another text it must be reset.
  LongSegment inside;
  void* owner = nullptr;  // Whatever `miss` needs.
  // Puts `count` short segments into the table that are not in it, some perhaps twice, of which entries have the key only. It may
  // leave some out. For many at once this is quicker than `miss`. May be nullptr.
  void (*learn)(KernelContext& context, SegmentEntry* entries, std::size_t count) = nullptr;
  // Encodes a segment that is not in the table: writes at most kKernelBytesMax IDs and returns how many. More are not written:
  // encode() then stops in front of the segment. May put it into the table.
  std::size_t (*miss)(KernelContext& context, const char* text, std::size_t length,
                      TokenId* out) = nullptr;
};

struct KernelResult {
  std::size_t position = 0;  // All before it is encoded.
  std::size_t count = 0;     // IDs written.
  std::size_t long_end =
      0;  // Where the segment or part ends that begins at `position` and is too long; else 0.
};

// Segments longer than this are left to the caller: encode() stops in front of them.
inline constexpr std::size_t kKernelBytesMax = 240;
// IDs that encode() needs room for.
inline constexpr std::size_t kKernelRoom = 2048;

// One for each Isa. `text` is valid UTF-8, `position` a segment's beginning.
struct Kernel {
  // Encodes segments from `position` on until `out` (kKernelRoom IDs) is nearly full, the text ends, or a segment is too long.
  // Never without progress but in the last case.
  KernelResult (*encode)(const Segmentation& how, KernelContext& context, const char* text,
                         std::size_t size, std::size_t position, TokenId* out) = nullptr;
  // Writes where the segments from `position` on end, whatever Segmentation::cuts say, at most `room` (64 or more) of them; returns how many. The next begins at
  // the last end.
  std::size_t (*scan)(const Segmentation& how, const char* text, std::size_t size,
                      std::size_t position, std::size_t* ends, std::size_t room) = nullptr;
};

[[nodiscard]] const Kernel& kernel_of(Isa isa);

}  // namespace leyden::tokenizer::engine
