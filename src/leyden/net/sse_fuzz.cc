// Property: whatever a server sends, the parser gives what the plain one gives, whether the bytes come at once, one by one, in two parts
// or in small ones.
#include <cstdint>
#include <cstdlib>

#include "leyden/net/testing/plain_sse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using leyden::net::testing::parsed_sse;
  if (size == 0) return 0;
  // The first byte chooses limits, which a short input can reach, and where to cut.
  leyden::net::SseLimits limits;
  limits.line_bytes = data[0] % 2 == 0 ? 24 : 4096;
  limits.event_bytes = data[0] % 3 == 0 ? 32 : 4096;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto plain = leyden::net::testing::plain_sse(text, limits);
  if (parsed_sse(text, size, size, limits) != plain) std::abort();
  if (parsed_sse(text, 1, 1, limits) != plain) std::abort();
  if (parsed_sse(text, 1 + data[0] * text.size() / 256, size, limits) != plain) std::abort();
  if (parsed_sse(text, 1 + data[0] % 7, 7, limits) != plain) std::abort();
  return 0;
}
