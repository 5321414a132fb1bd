// Property: whatever a server sends, the parser neither crashes nor keeps more than its limits, and gives the same heads, bodies and ends
// whether the bytes come at once, one by one, in two parts or in small ones.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "leyden/net/http_response_parser.h"

namespace {

using leyden::net::HttpResponseParser;

struct Outcome {
  std::string heads;
  std::string bodies;
  int ends = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view text, std::size_t first, std::size_t step, bool bodiless) {
  leyden::net::HttpLimits limits;
  limits.header_bytes = 256;
  limits.fields = 6;
  limits.chunk_line_bytes = 24;
  limits.body_bytes = 100;
  limits.error_body_bytes = 20;
  HttpResponseParser parser;
  Outcome out;
  bool begun = false;
  bool well = true;
  while (!text.empty() && well) {
    const std::string piece(text.substr(0, first));
    text.remove_prefix(piece.size());
    first = step;
    leyden::BytesView left = leyden::as_bytes(piece);
    while (true) {
      if (!begun) parser.begin(limits, bodiless);
      begun = true;
      const auto part = parser.next(left);
      well = part.has_value();
      if (!well || *part == HttpResponseParser::Part::none) break;
      if (*part == HttpResponseParser::Part::head) {
        out.heads += std::to_string(parser.head().status);
        for (const auto& field : parser.head().fields) out.heads += field.name + ":" + field.value;
      }
      if (*part == HttpResponseParser::Part::body) {
        if (parser.body().empty()) std::abort();
        out.bodies += leyden::as_text(parser.body());
      }
      if (*part == HttpResponseParser::Part::end) {
        ++out.ends;
        // The next response's bytes may be held already, which is the end of the connection.
        well = parser.keep_alive() && step < 2;
        begun = false;
        if (!well || left.empty()) break;
      }
    }
  }
  if (begun && well && parser.finish()) ++out.ends;
  if (out.bodies.size() > 100 * static_cast<std::size_t>(out.ends + 1)) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool bodiless = data[0] % 8 == 7;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // One by one it is seen where each response ends: all of them. Else the first.
  (void)parse(text, 1, 1, bodiless);
  const Outcome whole = parse(text, size, size + 1, bodiless);
  if (parse(text, 1 + data[0] * text.size() / 256, size + 1, bodiless) != whole) std::abort();
  if (parse(text, 1 + data[0] % 7, 7, bodiless) != whole) std::abort();
  if (parse(text, 1, 2, bodiless) != whole) std::abort();
  return 0;
}
