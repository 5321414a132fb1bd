#include "leyden/agents/qa/compared_texts.h"

#include <algorithm>
#include <array>
#include <string>

#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kTextsMax = 24;  // Of a parameter.

struct Token {
  bool quoted = false;
  std::string_view text;  // A word; what stands between the quotes; else one character.
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What reads a text and refuses all others, and what it takes.
struct Reading {
  std::string_view call;
  std::array<std::string_view, 2> texts;
};
constexpr std::string_view kDay = "2024-02-29";
constexpr std::string_view kTime = "2024-02-29T23:59:59";
constexpr std::string_view kAddress = "https://example.com/a/b?c=1";
constexpr std::array kReadings = std::to_array<Reading>({
    {"LocalDate.parse(", {kDay, "1999-12-31"}},
    {"LocalDateTime.parse(", {kTime, "1999-12-31T00:00"}},
    {"Instant.parse(", {"2024-02-29T23:59:59Z", "1970-01-01T00:00:00Z"}},
    {"Duration.parse(", {"PT1H30M", "PT0S"}},
    {"new Date(", {kDay, kTime}},
    {"Date.parse(", {kDay, kTime}},
    {"Time.parse(", {kTime, kDay}},
    {"DateTime.parse(", {kTime, kDay}},
    {"new DateTime(", {kTime, kDay}},
    {"new DateTimeImmutable(", {kTime, kDay}},
    {"strtotime(", {kTime, kDay}},
    {"UUID.fromString(", {"123e4567-e89b-12d3-a456-426614174000", ""}},
    {"URI.create(", {kAddress, "/a"}},
    {"new URI(", {kAddress, "/a"}},
    {"new URL(", {kAddress, "file:///a"}},
    {"JSON.parse(", {"{\"a\": [1, null]}", "[]"}},
    {"json_decode(", {"{\"a\": [1, null]}", "[]"}},
    {"new BigDecimal(", {"2.50", "-7"}},
    {"new BigInteger(", {"42", "-7"}},
    {"parseInt(", {"42", "-7"}},
    {"parseLong(", {"42", "-7"}},
    {"parseDouble(", {"2.5", "-7"}},
    {"parseFloat(", {"2.5", "-7"}},
    {"Number(", {"42", "2.5"}},
    {"Integer(", {"42", "-7"}},
    {"Float(", {"2.5", "-7"}},
    {"intval(", {"42", "-7"}},
    {"atoi(", {"42", "-7"}},
    {"strtol(", {"42", "-7"}},
    {"strtod(", {"2.5", "-7"}},
});

class Scan {
 public:
  Scan(std::string_view body, bool single_quotes) : body_(body), single_quotes_(single_quotes) {
    for (std::size_t at = 0; at < body.size();) at = add(at);
  }

  void compare(Parameter& parameter) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is(i, "switch") || is(i, "match") || is(i, "case")) note_cases(i, parameter);
      if (!is(i, parameter.name)) continue;
      note_readings(body_.substr(0, tokens_[i].begin), parameter);
      // x == "a", x.equals("a"), strcmp(x, "a").
      if (follows(i, parameter)) continue;
      // "a" == x, "a".equals(x).
      for (std::size_t back = i; back > 0 && i - back < 5; --back) {
        const Token& one = tokens_[back - 1];
        if (one.quoted && compares(body_.substr(one.end, tokens_[i].begin - one.end)))
          note(one.text, parameter);
      }
    }
  }

 private:
  std::size_t add(std::size_t at) {
    const char c = body_[at];
    std::size_t end = at + 1;
    if (c == '"' || (c == '\'' && single_quotes_)) {
      while (end < body_.size() && body_[end] != c && body_[end] != '\n')
        end += body_[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, body_.size());
      tokens_.push_back({.quoted = true,
                         .text = body_.substr(at + 1, end - at < 2 ? 0 : end - at - 2),
                         .begin = at,
                         .end = end});
      return end;
    }
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return end;
    while (is_word(c) && end < body_.size() && is_word(body_[end])) ++end;
    tokens_.push_back({.text = body_.substr(at, end - at), .begin = at, .end = end});
    return end;
  }

  bool is(std::size_t i, std::string_view word) const {
    return i < tokens_.size() && !tokens_[i].quoted && tokens_[i].text == word;
  }

  static bool compares(std::string_view between) {
    between = trimmed(between);
    static constexpr std::array<std::string_view, 7> kSigns = {
        "==", "!=", "===", "!==", ".equals(", ".equalsIgnoreCase(", ".contentEquals("};
    return std::ranges::find(kSigns, between) != kSigns.end();
  }

  // The next quoted text, of the few tokens behind `i`, with a comparison between.
  bool follows(std::size_t i, Parameter& parameter) const {
    for (std::size_t next = i + 1; next < std::min(i + 8, tokens_.size()); ++next) {
      const Token& one = tokens_[next];
      if (!one.quoted) continue;
      std::string_view between = trimmed(body_.substr(tokens_[i].end, one.begin - tokens_[i].end));
      for (const std::string_view view : {".as_str()", ".as_ref()", ".to_s"}) {
        if (between.starts_with(view)) between.remove_prefix(view.size());
      }
      const bool by_function = between == "," && i >= 2 && is(i - 1, "(") &&
                               tokens_[i - 2].text.find("cmp") != std::string_view::npos;
      if (!compares(between) && !by_function) return false;
      note(one.text, parameter);
      return true;
    }
    return false;
  }

  // Of a switch on it: texts behind `case` and `when`, and before an arrow.
  void note_cases(std::size_t i, Parameter& parameter) const {
    std::size_t at = i + 1;
    bool on_it = false;
    for (; at < std::min(i + 10, tokens_.size()); ++at) {
      if (is(at, "{") || tokens_[at].quoted || is(at, "when")) break;
      on_it = on_it || is(at, parameter.name);
    }
    if (!on_it) return;
    for (; at < tokens_.size(); ++at) {
      if (!tokens_[at].quoted) continue;
      const bool behind_word = is(at - 1, "case") || is(at - 1, "when") ||
                               (is(at - 1, ",") && at >= 2 && tokens_[at - 2].quoted);
      const bool before_arrow =
          (is(at + 1, "=") && is(at + 2, ">")) || is(at + 1, "|") || is(at - 1, "|");
      if (behind_word || before_arrow) note(tokens_[at].text, parameter);
    }
  }

  // `before` ends where the parameter stands.
  static void note_readings(std::string_view before, Parameter& parameter) {
    for (const Reading& one : kReadings) {
      if (!before.ends_with(one.call)) continue;
      const std::size_t at = before.size() - one.call.size();
      if (at > 0 && is_word(before[at - 1])) continue;  // The end of another name.
      for (const std::string_view text : one.texts) note(text, parameter);
    }
  }

  static void note(std::string_view text, Parameter& parameter) {
    if (parameter.compared.size() >= kTextsMax || text.find('\\') != std::string_view::npos) return;
    if (std::ranges::find(parameter.compared, text) == parameter.compared.end())
      parameter.compared.emplace_back(text);
  }

  std::string_view body_;
  bool single_quotes_;
  std::vector<Token> tokens_;
};

}  // namespace

void note_compared_texts(Function& function, std::string_view source, bool single_quotes) {
  const auto takes_text = [](const Parameter& one) {
    return one.type.kind == Type::Kind::text || one.type.kind == Type::Kind::unknown;
  };
  if (std::ranges::none_of(function.parameters, takes_text) || function.end > source.size()) return;
  const Scan scan(source.substr(function.begin, function.end - function.begin), single_quotes);
  for (Parameter& one : function.parameters) {
    if (takes_text(one)) scan.compare(one);
  }
}

}  // namespace leyden::qa
