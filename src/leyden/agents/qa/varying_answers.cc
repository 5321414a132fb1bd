#include "leyden/agents/qa/varying_answers.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTextMax = 200;
// So many letters of "abcdef" alone are no accident: (6/26)^12 of drawn letters are.
constexpr std::size_t kHexLettersLeast = 12;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter_or_digit(char c) { return is_word(c) && c != '_'; }

// The kinds of what is seen at a place, as a regular expression has them.
struct Kinds {
  bool digits = false;
  bool small = false;
  bool large = false;
  std::size_t letters = 0;
  char last = 0;  // Letter.

  void add(char c) {
    if (is_digit(c)) {
      digits = true;
      return;
    }
    (c >= 'a' ? small : large) = true;
    ++letters;
    last = std::max(last, static_cast<char>(c | 0x20));
  }
  [[nodiscard]] std::string text() const {
    const bool hex = digits && letters >= kHexLettersLeast && last <= 'f';
    return fmt::format("[{}{}{}]", digits ? "0-9" : "", large ? hex ? "A-F" : "A-Z" : "",
                       small ? hex ? "a-f" : "a-z" : "");
  }
};

char kind_of(char c) { return is_digit(c) ? '0' : c >= 'a' ? 'a' : 'A'; }

// Letters and digits that follow each other, in each of the texts.
using Runs = std::vector<std::string_view>;

std::string counted(std::size_t count) { return count == 1 ? "" : fmt::format("{{{}}}", count); }

// Of one kind each, from begin to end, in all of them.
std::string pattern_of_part(const Runs& runs, std::size_t begin, std::size_t end) {
  const std::string_view part = runs[0].substr(begin, end - begin);
  const bool same = std::ranges::all_of(
      runs, [&](std::string_view run) { return run.substr(begin, end - begin) == part; });
  if (same && !is_digit(part[0])) return std::string(part);
  Kinds kinds;
  kinds.add(part[0]);
  return kinds.text() + counted(end - begin);
}

bool are_alike(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, kind_of, kind_of);
}

std::string pattern_of(const Runs& runs) {
  std::string out;
  if (std::ranges::all_of(runs, [&](std::string_view run) { return are_alike(run, runs[0]); })) {
    for (std::size_t begin = 0; begin < runs[0].size();) {
      std::size_t end = begin;
      while (end < runs[0].size() && kind_of(runs[0][end]) == kind_of(runs[0][begin])) ++end;
      out += pattern_of_part(runs, begin, end);
      begin = end;
    }
    return out;
  }
  Kinds kinds;
  for (const std::string_view run : runs) {
    for (const char c : run) kinds.add(c);
  }
  const bool one_length =
      std::ranges::all_of(runs, [&](std::string_view run) { return run.size() == runs[0].size(); });
  return kinds.text() + (one_length ? counted(runs[0].size()) : "+");
}

std::string escaped(char c) {
  const bool special = std::string_view("\\^$.|?*+()[]{}/@").find(c) != std::string_view::npos;
  return special ? std::string{'\\', c} : std::string{c};
}

// What a text says that stands in source, without escapes. nullopt: it is something else.
std::optional<std::string> plain_text(std::string_view source) {
  if (source.size() < 2 || source.front() != source.back()) return std::nullopt;
  if (source.front() != '"' && source.front() != '\'') return std::nullopt;
  const std::string_view inner = source.substr(1, source.size() - 2);
  if (inner.find_first_of("\"'\\") != std::string_view::npos) return std::nullopt;
  return std::string(inner);
}

// The pattern of texts in source; nullopt: they are no texts, or have no form in common.
std::optional<std::string> pattern_in_source(const std::vector<std::string>& sources) {
  std::vector<std::string> texts;
  for (const std::string& one : sources) {
    auto text = plain_text(one);
    if (!text) return std::nullopt;
    texts.push_back(*std::move(text));
  }
  return common_pattern(texts);
}

// Claims, arrays of texts, stand at the same places. The kind of one about a text becomes "matches". A result that has one claim each is not left out but is "any".
std::optional<std::string> common_claims(const std::vector<std::string>& sources, bool one_each) {
  std::vector<Json> all;
  for (const std::string& one : sources) all.push_back(Json::parse(one, nullptr, false));
  Json out = Json::array();
  for (const Json& one : all) {
    if (!one.is_array() || one.size() != all[0].size()) return std::nullopt;
  }
  for (std::size_t i = 0; i < all[0].size(); ++i) {
    Json claim = all[0][i];
    std::size_t different = 0;
    for (std::size_t k = 0; k < claim.size(); ++k) {
      std::vector<std::string> texts;
      for (const Json& one : all) texts.push_back(one[i].at(k).get<std::string>());
      if (std::ranges::all_of(texts, [&](const std::string& text) { return text == texts[0]; }))
        continue;
      auto pattern = pattern_in_source(texts);
      different += pattern ? 1 : 2;
      if (pattern) claim[k] = *std::move(pattern);
    }
    const auto kind = std::ranges::find_if(
        claim, [](const Json& part) { return part == "equal" || part == "eq"; });
    if (different == 1 && kind != claim.end()) *kind = "matches";
    if (different == 0 || (different == 1 && kind != claim.end())) {
      out.push_back(std::move(claim));
    } else if (one_each) {
      out.push_back({all[0][i][0] == "error" ? "set" : "any", ""});
    }
  }
  const bool says = std::ranges::any_of(out, [](const Json& claim) { return claim[0] != "any"; });
  return says ? std::optional(out.dump()) : std::nullopt;
}

// Members of an object of texts that are the same in all; nothing: the member goes.
void keep_common(Json& out, const char* key, const Json& others) {
  if (!out.contains(key)) return;
  for (const Json& other : others) {
    const Json members = other.value(key, Json::object());
    for (auto at = out[key].begin(); at != out[key].end();) {
      const auto found = members.find(at.key());
      at = found != members.end() && *found == *at ? std::next(at) : out[key].erase(at);
    }
  }
  if (out[key].empty()) out.erase(key);
}

}  // namespace

std::optional<std::string> common_pattern(const std::vector<std::string>& texts) {
  std::string out;
  std::vector<std::size_t> at(texts.size());
  const auto rest = [&](std::size_t i) { return std::string_view(texts[i]).substr(at[i]); };
  if (texts.empty() || texts[0].empty()) return std::nullopt;
  while (true) {
    Runs runs;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string_view left = rest(i);
      if (texts[i].size() > kTextMax || left.empty() != rest(0).empty()) return std::nullopt;
      runs.push_back(left.substr(
          0, static_cast<std::size_t>(std::ranges::find_if_not(left, is_letter_or_digit) -
                                      left.begin())));
    }
    if (rest(0).empty()) return out;
    const bool in_word = !runs[0].empty();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (runs[i].empty() == in_word || (!in_word && rest(i)[0] != rest(0)[0])) return std::nullopt;
    }
    out += in_word ? pattern_of(runs) : escaped(rest(0)[0]);
    for (std::size_t i = 0; i < texts.size(); ++i) at[i] += in_word ? runs[i].size() : 1;
  }
}

std::optional<Json> common_answer(const Json& first, const Json& others) {
  Json out = first;
  std::vector<std::string> sources{first.value("text", "")};
  for (const Json& other : others) {
    if (other.value("outcome", "") != "value" || first.value("outcome", "") != "value" ||
        other.value("form", "") != first.value("form", ""))
      return std::nullopt;
    sources.push_back(other.value("text", ""));
  }
  if (std::ranges::any_of(sources, [&](const std::string& one) { return one != sources[0]; })) {
    const std::string form = first.value("form", "");
    std::optional<std::string> text;
    if (form == "value") text = pattern_in_source(sources);
    if (form == "claims" || form == "results") text = common_claims(sources, form == "results");
    // Of what varies by its nature a test says at least that it comes to its end.
    if (!text && first.value("ends", false)) text = "[]";
    if (!text) return std::nullopt;
    if (form == "value") out["form"] = "matches";
    out["text"] = *std::move(text);
  }
  for (const char* key : {"changed", "state", "fields"}) keep_common(out, key, others);
  if (std::ranges::any_of(others, [&](const Json& other) {
        return other.value("printed", "") != first.value("printed", "");
      }))
    out.erase("printed");
  out["stable"] = true;
  out["varies"] = true;
  return out;
}

}  // namespace leyden::qa
