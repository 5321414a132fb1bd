#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "leyden/net/http.h"

namespace leyden::llm::testing {

// How a ModelDouble is wrong. All is off by default; any may be combined.
struct DoubleFaults {
  // Which requests they concern: those for generations, or all.
  enum class Scope : std::uint8_t { generations, all_paths };
  Scope scope = Scope::generations;
  // Only the first so many of these requests; those that follow are answered as they should be.
  std::size_t first_requests = std::numeric_limits<std::size_t>::max();

  // Instead of an answer, in the dialect's words. `loading`: the model is not there yet.
  enum class Refusal : std::uint8_t {
    none,
    unauthorized,
    forbidden,
    no_such_model,
    too_many_requests,
    loading
  };
  Refusal refusal = Refusal::none;
  std::string retry_after;  // That field of a refusal: seconds or an HTTP date; empty: without.
  struct Reply {
    unsigned status = 500;
    std::string body;
    net::HttpFields fields;
    std::size_t body_bytes =
        0;  // Longer than `body`: filled up to that, which nobody holds in memory.
  };
  std::optional<Reply> reply;  // Instead of an answer, in any words.
  bool html = false;           // 200 with a page for people.

  // What is said of IDs.
  std::size_t ids_per_chunk = 1;
  bool ids_with_empty_text = false;     // The text of every other chunk comes with the next one.
  bool no_ids = false;                  // An old server: 200 without them.
  bool ids_outside_vocabulary = false;  // The first of each chunk.
  bool ids_as_strings = false;
  bool wrong_prompt_echo = false;  // One ID is another.
  enum class Unset : std::uint8_t { as_the_server, absent, null };
  Unset unset = Unset::as_the_server;  // Fields of a choice that have nothing to say.
  bool extra_choice = false;           // A second one with index 1, in each chunk.
  std::string other_model;             // The name in answers; empty: the one asked for.

  // What is counted.
  bool no_usage = false;
  enum class Cached : std::uint8_t { counted, absent, zero };
  Cached cached = Cached::counted;
  int more_prompt_tokens = 0;      // Than there are.
  int more_completion_tokens = 0;  // Than there are.

  // How events are written.
  bool split_every_byte = false;  // A packet and, where the body is chunked, a chunk for each.
  bool crlf = false;
  bool comments = false;  // ": ping" before each event.
  bool no_space_after_colon = false;
  bool no_done = false;
  bool extra_events_after_done = false;
  bool close_delimited = false;             // A body that ends with its connection, not in chunks.
  std::optional<std::size_t> broken_event;  // The event of that number is not JSON.
  std::size_t huge_event_bytes = 0;   // The first one has a field of that size that nobody knows.
  std::chrono::milliseconds drip{0};  // Before each event.

  // An error in the stream; with 0 tokens its first event.
  enum class ErrorShape : std::uint8_t { nested, top_level, message_only };
  struct StreamError {
    std::size_t after_tokens = 0;
    ErrorShape shape = ErrorShape::nested;
    bool done = true;  // [DONE] follows.
    std::string message = "the engine died";
  };
  std::optional<StreamError> stream_error;

  // Where it falls silent, until the client leaves, or ends. `events` have been sent whole by then; in answers that are no
  // streams both places of events are in the middle of the body. before_reading: as soon as the connection is there, whatever
  // the scope; one that was there before is heard first.
  enum class Place : std::uint8_t {
    before_reading,
    before_head,
    after_head,
    after_events,
    within_event,
    after_done
  };
  // silence; RST; the connection's end without the body's; the body's end in due form, where it has one.
  enum class How : std::uint8_t { hang, reset, close, end };
  struct Stop {
    Place place = Place::before_head;
    How how = How::hang;
    std::size_t events = 0;
  };
  std::optional<Stop> stop;
};

}  // namespace leyden::llm::testing
