#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "leyden/llm/testing/double_faults.h"
#include "leyden/net/http.h"
#include "leyden/net/testing/scripted_server.h"

namespace leyden::llm::testing {

struct DoubleRequest {
  std::string method;
  std::string path;  // Without its query.
  net::HttpFields fields;
  std::string body;

  [[nodiscard]] static DoubleRequest parse(std::string_view text);
  // Of the field of that name, whatever its case; "" without.
  [[nodiscard]] std::string field(std::string_view name) const;
};

// One answer on its way to the client, with the faults of how it is written and where it stops. Confined to one thread.
class DoubleReply {
 public:
  // What became of it: it goes on; the client went away; a fault ended it, and the connection, or it alone.
  enum class Went : std::uint8_t { on, left, cut, cut_short };

  // Both outlive it.
  DoubleReply(net::testing::Peer& peer, const DoubleFaults& faults)
      : peer_(peer), faults_(faults) {}

  // All at once. `fill_to`: a longer body is made of `body` and x.
  Went whole(unsigned status, std::string_view type, const net::HttpFields& fields,
             std::string_view body, std::size_t fill_to = 0);

  // A stream of events: begin, for each one ready and event, done (where the server says [DONE]), end. After anything but `on`
  // nothing more.
  Went begin();
  Went ready();  // For another event, or it stops here.
  Went event(nlohmann::json body);
  Went done();
  Went end();

  // The connection can't be used again.
  [[nodiscard]] bool closes() const { return faults_.close_delimited; }

 private:
  using Place = DoubleFaults::Place;
  Went say(std::string_view text);
  Went say_body(std::string_view text);
  [[nodiscard]] bool stops_at(Place place) const;
  Went stop();
  [[nodiscard]] std::string lines(std::string_view data) const;

  net::testing::Peer& peer_;
  const DoubleFaults& faults_;
  bool chunked_ = false;
  std::size_t events_ = 0;  // Sent.
};

}  // namespace leyden::llm::testing
