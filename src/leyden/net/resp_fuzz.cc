// Property: whatever a server sends, the parser neither crashes nor allocates what was only announced, and gives the same
// values and the same end whether the bytes come at once, one by one or in two parts.
#include <cstdlib>
#include <vector>

#include "leyden/net/resp.h"

namespace {

using leyden::net::RespLimits;
using leyden::net::RespParser;
using leyden::net::RespValue;

struct Outcome {
  std::vector<RespValue> values;
  bool well = true;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(leyden::BytesView bytes, std::size_t step) {
  RespLimits limits;
  limits.line_bytes = 256;
  limits.bulk_bytes = 4096;
  limits.reply_bytes = 16384;
  limits.reply_values = 512;
  RespParser parser(limits);
  Outcome out;
  while (!bytes.empty() && out.well) {
    const std::size_t take = std::min(step, bytes.size());
    out.well = parser.feed(bytes.first(take), out.values).has_value();
    bytes = bytes.subspan(take);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const leyden::BytesView bytes = std::as_bytes(std::span(data, size));
  const Outcome whole = parse(bytes, size + 1);
  if (parse(bytes, 1) != whole) std::abort();
  if (parse(bytes, size / 2 + 1) != whole) std::abort();
  return 0;
}
