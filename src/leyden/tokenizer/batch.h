#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "leyden/base/token_id.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// encode() of each text, by up to `threads` threads (0: as many as there are cores). The result is the same for any number. Texts
// are handed out one by one, so that long and short ones may be mixed.
[[nodiscard]] std::vector<TokenIds> encode_batch(const Tokenizer& tokenizer,
                                                 std::span<const std::string_view> texts,
                                                 const EncodeOptions& options, std::size_t threads);

// encode() of one text, by several threads: it is cut where the tokenizer proves that cuts are safe (is_safe_cut); where it
// proves none, one thread does it all. Blocks until done.
[[nodiscard]] TokenIds encode_parallel(const Tokenizer& tokenizer, std::string_view text,
                                       const EncodeOptions& options, std::size_t threads);

// Parts of `text` of about `part_bytes` each, cut where it is safe: encoded one by one, their IDs side by side are those of
// the whole. At least one part; views into `text`.
[[nodiscard]] std::vector<std::string_view> safe_parts(const Tokenizer& tokenizer,
                                                       std::string_view text,
                                                       std::size_t part_bytes);

}  // namespace leyden::tokenizer
