#pragma once

#include <chrono>
#include <cstdlib>
#include <vector>

#include "contender.h"
#include "leyden/cache/codec.h"
#include "leyden/cache/store.h"

namespace leyden::bench {

inline constexpr std::uint32_t kVocabularySize = 200'019;

inline void must(bool well) {
  if (!well) std::abort();
}

// A store and the codec, as TokenCache uses them for a hit. Thread-safe.
class StoreHits {
 public:
  // Fills the store, which outlives this.
  StoreHits(cache::Store& store, const Contexts& contexts, const cache::Integrity& integrity)
      : store_(store), integrity_(integrity) {
    using namespace std::chrono_literals;
    std::vector<cache::StoreEntry> batch;
    for (const auto& context : contexts.context) {
      for (std::size_t i = 0; i < context.size(); ++i) {
        const TokenIds ids = contexts.ids_of(context[i], i);
        batch.push_back({context[i], cache::encode_block(context[i], ids, codec_, integrity_)});
      }
      if (batch.size() < kBatch && &context != &contexts.context.back()) continue;
      must(store_.put_many(batch, Deadline::after(60s)).has_value());
      batch.clear();
    }
  }

  void get(std::span<const cache::BlockKey> context, bool copies, TokenId* out) {
    using namespace std::chrono_literals;
    const auto values = store_.find_many(context, Deadline::after(250ms));
    must(values.has_value());
    for (std::size_t i = 0; i < context.size(); ++i) {
      must((*values)[i].has_value());
      const auto block = cache::decode_block(context[i], *(*values)[i], codec_, integrity_);
      must(block.has_value());
      out = put_ids(**block, copies, out);
    }
  }

 private:
  static constexpr std::size_t kBatch = 1024;

  cache::Store& store_;
  cache::Integrity integrity_;
  const cache::CodecContext codec_{.vocabulary_size = kVocabularySize};
};

}  // namespace leyden::bench
