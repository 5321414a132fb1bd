#include "leyden/cache/group_tag.h"

#include <algorithm>

namespace leyden::cache {
namespace {

GroupTag tag_of(const Digest& digest) {
  GroupTag tag;
  std::copy_n(digest.bytes.begin(), tag.size(), tag.begin());
  return tag;
}

}  // namespace

GroupTag tenant_tag(const Secret& secret, std::string_view tenant) {
  return tag_of(Hasher(secret).field("tenant's tag").field(tenant).finish());
}

GroupTag tokenizer_tag(const Secret& secret, const Digest& fingerprint) {
  return tag_of(Hasher(secret).field("tokenizer's tag").field(fingerprint).finish());
}

}  // namespace leyden::cache
