#pragma once

#include <chrono>

#include "leyden/cache/codec.h"
#include "leyden/cache/group_tag.h"

namespace leyden::cache {

// What the passages of one request have in common.
struct PassageScope {
  CodecContext codec;
  GroupTag tenant{};  // Whose quotas they count against.
  GroupTag tokenizer{};
  std::chrono::seconds ttl{0};  // 0: each tier's own.
};

}  // namespace leyden::cache
