// Segments to IDs by the thread's table: part of kernel.inl.

struct Key {
  u64 low;
  u64 high;
};

// By length: which bytes are the segment's, and the length where the key has it; one more for all that are longer. A table, because
// a branch on the length is guessed wrong every few words.
struct KeyMasks {
  struct alignas(32) Row {
    Key bytes;
    Key length;
  };
  Row of[SegmentEntry::kBytesMax + 2] = {};
  constexpr KeyMasks() {
    for (unsigned length = 0; length <= SegmentEntry::kBytesMax; ++length) {
      of[length] = {{below(8 * length), length > 8 ? below(8 * length - 64) : 0},
                    {0, u64{length} << 56}};
    }
    of[SegmentEntry::kBytesMax + 1] = {{~u64{0}, below(56)}, {0, u64{255} << 56}};
  }
};
constexpr KeyMasks kKeyMasks;

// The key of the `length` bytes at `text`; 16 bytes may be read. Of more than 15 bytes: a key that no entry has.
inline Key load_key(const char* text, std::uint32_t length) {
  using Words [[gnu::vector_size(16)]] = u64;
  Words words;
  __builtin_memcpy(&words, text, 16);
  constexpr std::uint32_t kLonger = SegmentEntry::kBytesMax + 1;
  const KeyMasks::Row& row = kKeyMasks.of[length < kLonger ? length : kLonger];
  Words bytes;
  Words end;
  __builtin_memcpy(&bytes, &row.bytes, 16);
  __builtin_memcpy(&end, &row.length, 16);
  words = (words & bytes) | end;
  return {words[0], words[1]};
}

constexpr std::size_t kBatch = 64;

// What one batch of segments needs.
struct Batch {
  std::uint32_t ends[kBatch + 80];
  Key keys[kBatch + 80];
  SegmentEntry news[kBatch + 80];
  const void* places[kBatch + 80];  // A SegmentBucket; a LongEntry of those of 16 to 32 bytes.
};

inline LongKey load_long_key(const char* text, std::uint32_t length) {
  LongKey key;
  __builtin_memcpy(key.words, text, 16);
  __builtin_memcpy(key.words + 2, text + length - 16, 16);
  key.length = length;
  return key;
}

// Keys of all, and where they live; the processor is told to fetch that.
inline void find_places(Batch& batch, std::size_t found, const char* text, std::size_t rest,
                        const KernelContext& context, bool many_are_new) {
  const unsigned shift = context.shift;
  const SegmentBucket* const buckets = context.buckets;
  auto place = [&](std::size_t i, const Key& key) {
    const std::size_t hash = segment_hash(key.low, key.high);
    batch.keys[i] = key;
    batch.places[i] = buckets + (hash >> shift);
    __builtin_prefetch(batch.places[i]);
    if (many_are_new) __builtin_prefetch(context.seed_slots + (hash >> context.seed_shift));
  };
  std::uint32_t from = 0;
  std::size_t i = 0;
  if (rest >= 16) {
    for (; i < found && from <= rest - 16; from = batch.ends[i++]) {
      const std::uint32_t length = batch.ends[i] - from;
      place(i, load_key(text + from, length));
      if (length > SegmentEntry::kBytesMax && length <= LongEntry::kBytesMax) [[unlikely]] {
        batch.places[i] = context.long_entries +
                          (long_hash(load_long_key(text + from, length)) >> context.long_shift);
        __builtin_prefetch(batch.places[i]);
      }
    }
  }
  // The text's last bytes, from which 16 can't be read.
  for (; i < found; from = batch.ends[i++]) {
    const std::uint32_t length = batch.ends[i] - from;
    char padded[16] = {};
    __builtin_memcpy(padded, text + from, length);
    place(i, load_key(padded, length));
  }
}

// The twin of an entry or bucket: tables are pairs of cache lines.
template <class T>
inline const T* beside(const T* place) {
  static_assert(sizeof(T) == 64);
  return reinterpret_cast<const T*>(reinterpret_cast<std::uintptr_t>(place) ^ 64);
}

inline u64 differs(const SegmentEntry& entry, const Key& key) {
  return (entry.low ^ key.low) | (entry.high ^ key.high);
}

inline u64 differs(const LongEntry& entry, const LongKey& key) {
  u64 difference = entry.length ^ key.length;
  for (int i = 0; i < 4; ++i) difference |= entry.words[i] ^ key.words[i];
  return difference;
}

// The entry of `key` in its bucket or beside it; another where there is none.
inline const SegmentEntry* probe(const SegmentBucket* bucket, const Key& key) {
  const SegmentEntry* entry = bucket->entries;
  entry += differs(entry[0], key) != 0 ? 1 : 0;
  if (differs(*entry, key) != 0 && key.high < u64{16} << 56) {
    entry = beside(bucket)->entries;
    entry += differs(entry[0], key) != 0 ? 1 : 0;
  }
  return entry;
}

// Has the short segments from `i` on that are not in the table put into it, all at once. Returns how many they were.
inline std::size_t learn_rest(Batch& batch, std::size_t i, std::size_t found,
                              KernelContext& context) {
  std::size_t count = 0;
  for (; i < found; ++i) {
    const Key key = batch.keys[i];
    if (key.high >= u64{16} << 56) continue;
    if (differs(*probe(static_cast<const SegmentBucket*>(batch.places[i]), key), key) == 0)
      continue;
    batch.news[count].low = key.low;
    batch.news[count++].high = key.high;
  }
  context.learn(context, batch.news, count);
  return count;
}

template <Cut kCut>
KernelResult encode_cut(const Segmentation& how, KernelContext& context, const char* text,
                        std::size_t size, std::size_t position, TokenId* out) {
  Batch batch;
  TokenId* const begin = out;
  // Room for a batch of hits and one miss.
  constexpr std::size_t kFullAt =
      kKernelRoom - (kBatch + 80) * LongEntry::kIdsMax - kKernelBytesMax - 16;
  const auto written = [&] { return static_cast<std::size_t>(out - begin); };
  const auto too_long = [&](std::size_t i, std::uint32_t from) -> KernelResult {
    const std::size_t at = position + from;
    if (batch.ends[i] != kTooFar) return {at, written(), position + batch.ends[i]};
    const bool is_inside = at >= context.inside.begin && at < context.inside.end;
    return {at, written(), is_inside ? context.inside.end : segment_end(how, {text, size}, at)};
  };
  std::size_t misses = 0;
  while (position < size && written() <= kFullAt) {
    const std::size_t found =
        scan_some<kCut>(how, text, size, position, batch.ends, kBatch, context.inside);
    const char* const base = text + position;
    // New text: what is missing then comes in numbers.
    bool learns = misses > 2 && context.learn != nullptr;
    find_places(batch, found, base, size - position, context,
                learns && context.seed_slots != nullptr);
    misses = 0;
    for (std::size_t i = 0; i < found; ++i) {
      const Key key = batch.keys[i];
      const auto* bucket = static_cast<const SegmentBucket*>(batch.places[i]);
      const SegmentEntry* entry = probe(bucket, key);
      bool is_known = differs(*entry, key) == 0;
      if (!is_known && learns) [[unlikely]] {
        learns = false;
        misses = learn_rest(batch, i, found, context);
        entry = probe(bucket, key);
        is_known = differs(*entry, key) == 0;
      }
      // The count goes with them: what lies behind `out` is free.
      if (is_known && entry->count <= SegmentEntry::kIdsMax) [[likely]] {
        __builtin_memcpy(out, entry->ids, 16);
        out += entry->count;
        continue;
      }
      const std::uint32_t from = i == 0 ? 0 : batch.ends[i - 1];
      const std::uint32_t length = batch.ends[i] - from;
      if (is_known || (length > SegmentEntry::kBytesMax && length <= LongEntry::kBytesMax)) {
        LongKey long_key{.words = {key.low, key.high, 0, 0}, .length = length};
        if (!is_known) long_key = load_long_key(base + from, length);
        const LongEntry* known =
            is_known ? context.long_entries + (long_hash(long_key) >> context.long_shift)
                     : static_cast<const LongEntry*>(batch.places[i]);
        if (differs(*known, long_key) != 0) known = beside(known);
        if (differs(*known, long_key) == 0 && known->count <= LongEntry::kIdsMax) {
          __builtin_memcpy(out, known->ids, sizeof(known->ids));
          out += known->count;
          continue;
        }
      }
      if (length > kKernelBytesMax) return too_long(i, from);
      ++misses;
      const std::size_t count = context.miss(context, base + from, length, out);
      if (count > kKernelBytesMax) return too_long(i, from);
      out += count;
      if (written() > kFullAt) return {position + batch.ends[i], written()};
    }
    position += batch.ends[found - 1];
  }
  return {position, written()};
}
