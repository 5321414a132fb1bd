#include "leyden/rag/passage_encoder.h"

#include "leyden/cache/block_key.h"
#include "leyden/prompt/join.h"
#include "leyden/prompt/segment.h"

namespace leyden::rag {

cache::BlockKey passage_key(const Secret& secret, std::string_view tenant,
                            const Digest& tokenizer_fingerprint,
                            const retrieval::Passage& passage) {
  return cache::block_key(secret, {.tenant = tenant,
                                   .tokenizer_fingerprint = tokenizer_fingerprint,
                                   .segment_format = prompt::kSegmentFormat,
                                   .content = passage.content});
}

Result<PassageEncoder::Encoded> PassageEncoder::encode(std::string_view tenant,
                                                       std::span<const retrieval::Passage> passages,
                                                       std::chrono::seconds ttl, Deadline deadline,
                                                       cache::LookupOptions options) {
  Encoded out;
  std::vector<cache::BlockKey> keys;
  std::vector<std::size_t> text_bytes;
  for (const retrieval::Passage& passage : passages) {
    out.segments.push_back(prompt::layout_segment(passage.document, passage.context, passage.text));
    text_bytes.push_back(out.segments.back().size());
    keys.push_back(passage_key(secret_, tenant, tokenizer_.fingerprint(), passage));
  }
  if (caching_ == Caching::off) {
    for (const std::string& segment : out.segments) {
      if (options.stop.stop_requested()) return fail(Errc::cancelled, "interrupted");
      out.blocks.push_back({.block = cache::make_block(prompt::encode_text(tokenizer_, segment))});
    }
    return out;
  }
  const cache::PassageScope scope{
      .codec = {.tokenizer_fingerprint = tokenizer_.fingerprint(),
                .vocabulary_size = static_cast<std::uint32_t>(tokenizer_.vocabulary_size())},
      .tenant = cache::tenant_tag(secret_, tenant),
      .tokenizer = cache::tokenizer_tag(secret_, tokenizer_.fingerprint()),
      .ttl = ttl};
  options.text_bytes = text_bytes;
  options.tenant = tenant;
  auto blocks = cache_.find_or_encode(
      keys, scope,
      [&](std::size_t i) -> Result<TokenIds> {
        return prompt::encode_text(tokenizer_, out.segments[i]);
      },
      deadline, options);
  if (!blocks) return std::unexpected(blocks.error());
  out.blocks = *std::move(blocks);
  return out;
}

}  // namespace leyden::rag
