#include "leyden/llm/testing/double_reply.h"

#include <algorithm>
#include <cctype>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "leyden/llm/testing/double_dialect.h"

namespace leyden::llm::testing {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string head(unsigned status, std::string_view type, const net::HttpFields& fields) {
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\nServer: double\r\n", status, status < 400 ? "OK" : "Error");
  if (!type.empty()) out += fmt::format("Content-Type: {}\r\n", type);
  for (const net::HttpField& field : fields) out += field.name + ": " + field.value + "\r\n";
  return out;
}

}  // namespace

DoubleRequest DoubleRequest::parse(std::string_view text) {
  DoubleRequest out;
  const std::size_t head_end = text.find("\r\n\r\n");
  out.body = text.substr(head_end + 4);
  std::string_view rest = text.substr(0, head_end + 2);
  const auto line = [&] {
    const std::size_t end = rest.find("\r\n");
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    return taken;
  };
  const std::string_view first = line();
  const std::size_t space = first.find(' ');
  out.method = first.substr(0, space);
  const std::string_view target =
      space == std::string_view::npos ? "" : first.substr(space + 1, first.rfind(' ') - space - 1);
  out.path = target.substr(0, target.find('?'));
  while (!rest.empty()) {
    const std::string_view field = line();
    const std::size_t colon = std::min(field.find(':'), field.size());
    std::string_view value = field.substr(std::min(colon + 1, field.size()));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    out.fields.push_back({std::string(field.substr(0, colon)), std::string(value)});
  }
  return out;
}

std::string DoubleRequest::field(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields, [&](const net::HttpField& field) { return same_name(field.name, name); });
  return found == fields.end() ? "" : found->value;
}

DoubleReply::Went DoubleReply::say(std::string_view text) {
  return peer_.say(text) ? Went::on : Went::left;
}

DoubleReply::Went DoubleReply::say_body(std::string_view text) {
  const auto framed = [this](std::string_view part) {
    return chunked_ ? fmt::format("{:x}\r\n{}\r\n", part.size(), part) : std::string(part);
  };
  if (!faults_.split_every_byte) return say(framed(text));
  for (const char& c : text) {
    if (const Went went = say(framed({&c, 1})); went != Went::on) return went;
  }
  return Went::on;
}

bool DoubleReply::stops_at(Place place) const {
  if (!faults_.stop) return false;
  const Place told = faults_.stop->place;
  // A connection that was open before the fault was set has been read already.
  if (place == Place::before_head && told == Place::before_reading) return true;
  if (told != place) return false;
  const bool counts = place == Place::after_events || place == Place::within_event;
  return !counts || faults_.stop->events == events_;
}

DoubleReply::Went DoubleReply::stop() {
  using How = DoubleFaults::How;
  const How how = faults_.stop->how;
  if (how == How::end && chunked_)
    return say("0\r\n\r\n") == Went::on ? Went::cut_short : Went::left;
  if (how == How::hang) {
    peer_.wait_for_end();
    return Went::left;
  }
  if (how == How::reset) {
    peer_.reset();
  } else {
    peer_.goodbye();
    peer_.close();
  }
  return Went::cut;
}

DoubleReply::Went DoubleReply::whole(unsigned status, std::string_view type,
                                     const net::HttpFields& fields, std::string_view body,
                                     std::size_t fill_to) {
  if (stops_at(Place::before_head)) return stop();
  const std::size_t size = std::max(fill_to, body.size());
  std::string top = head(status, type, fields);
  top += faults_.close_delimited ? "Connection: close\r\n\r\n"
                                 : fmt::format("Content-Length: {}\r\n\r\n", size);
  if (stops_at(Place::after_head)) return say(top) == Went::on ? stop() : Went::left;
  const bool within = faults_.stop && (faults_.stop->place == Place::after_events ||
                                       faults_.stop->place == Place::within_event);
  if (within) return say(top.append(body.substr(0, size / 2))) == Went::on ? stop() : Went::left;
  if (faults_.split_every_byte) {
    if (say(top) != Went::on || say_body(body) != Went::on) return Went::left;
  } else if (say(top.append(body)) != Went::on) {
    return Went::left;
  }
  const std::string fill(std::min<std::size_t>(size - body.size(), 65536), 'x');
  for (std::size_t said = body.size(); said < size; said += fill.size()) {
    if (say(std::string_view(fill).substr(0, size - said)) != Went::on) return Went::left;
  }
  return Went::on;
}

DoubleReply::Went DoubleReply::begin() {
  if (stops_at(Place::before_head)) return stop();
  chunked_ = !faults_.close_delimited;
  const std::string top = head(200, "text/event-stream; charset=utf-8",
                               {chunked_ ? net::HttpField{"Transfer-Encoding", "chunked"}
                                         : net::HttpField{"Connection", "close"}});
  if (say(top + "\r\n") != Went::on) return Went::left;
  return stops_at(Place::after_head) ? stop() : Went::on;
}

std::string DoubleReply::lines(std::string_view data) const {
  const std::string_view end = faults_.crlf ? "\r\n" : "\n";
  return fmt::format("{}data:{}{}{}{}", faults_.comments ? fmt::format(": ping{}{}", end, end) : "",
                     faults_.no_space_after_colon ? "" : " ", data, end, end);
}

DoubleReply::Went DoubleReply::ready() {
  if (stops_at(Place::after_events)) return stop();
  if (faults_.drip.count() > 0) std::this_thread::sleep_for(faults_.drip);
  return peer_.left() ? Went::left : Went::on;
}

DoubleReply::Went DoubleReply::event(nlohmann::json body) {
  if (faults_.huge_event_bytes > 0 && events_ == 0)
    body["padding"] = std::string(faults_.huge_event_bytes, 'x');
  std::string data = dump(body);
  if (faults_.broken_event == events_) data.resize(data.size() / 2);
  const std::string text = lines(data);
  if (stops_at(Place::within_event))
    return say_body(text.substr(0, text.size() / 2)) == Went::on ? stop() : Went::left;
  ++events_;
  return say_body(text);
}

DoubleReply::Went DoubleReply::done() {
  // What stops after or within an event that there is not stops here.
  if (faults_.stop && faults_.stop->events >= events_ &&
      (faults_.stop->place == Place::after_events || faults_.stop->place == Place::within_event)) {
    return stop();
  }
  if (!faults_.no_done) {
    if (const Went went = say_body(lines("[DONE]")); went != Went::on) return went;
  }
  if (faults_.extra_events_after_done) {
    for (int i = 0; i < 2; ++i) {
      const Went went =
          say_body(lines(R"({"choices":[{"index":0,"text":"late","token_ids":[1]}]})"));
      if (went != Went::on) return went;
    }
  }
  return Went::on;
}

DoubleReply::Went DoubleReply::end() {
  if (stops_at(Place::after_done)) return stop();
  if (chunked_) return say("0\r\n\r\n");
  peer_.goodbye();
  peer_.close();
  return Went::on;
}

}  // namespace leyden::llm::testing
