#include "leyden/prompt/packed_ids.h"

namespace leyden::prompt {

std::size_t bytes_per_id(std::size_t vocabulary_size) {
  if (vocabulary_size <= std::size_t{1} << 16) return 2;
  return vocabulary_size <= std::size_t{1} << 24 ? 3 : 4;
}

Bytes pack_ids(TokenIdsView ids, std::size_t bytes) {
  Bytes packed;
  packed.reserve(ids.size() * bytes);
  for (TokenId id : ids) {
    for (std::size_t i = 0; i < bytes; ++i, id >>= 8)
      packed.push_back(static_cast<std::byte>(id & 0xFF));
  }
  return packed;
}

void unpack_ids(BytesView packed, std::size_t bytes, TokenIds& ids) {
  ids.reserve(ids.size() + packed.size() / bytes);
  for (std::size_t at = 0; at + bytes <= packed.size(); at += bytes) {
    TokenId id = 0;
    for (std::size_t i = bytes; i-- > 0;) id = id << 8 | std::to_integer<TokenId>(packed[at + i]);
    ids.push_back(id);
  }
}

}  // namespace leyden::prompt
