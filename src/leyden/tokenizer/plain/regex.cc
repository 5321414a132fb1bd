#include "leyden/tokenizer/plain/regex.h"

#include <stdexcept>

#define PCRE2_CODE_UNIT_WIDTH 32
#include <fmt/format.h>
#include <pcre2.h>

#include "leyden/tokenizer/plain/reference_unicode.h"
#include "leyden/tokenizer/plain/text.h"

namespace leyden::tokenizer::plain {

struct Regex::Compiled {
  pcre2_code* code = nullptr;
  Compiled() = default;
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() { pcre2_code_free(code); }
};

namespace {

[[noreturn]] void cannot(std::string_view pattern, std::string_view what) {
  throw std::runtime_error(fmt::format("plain regex: {} in {}", what, pattern));
}

// A set within or outside of [...].
std::string set(std::string_view name, bool negated, bool within_class) {
  std::string ranges = unicode::set_as_class(name, negated);
  return within_class ? ranges : "[" + ranges + "]";
}

// \p{Name}, \P{Name}, \p{^Name}, \pL: `at` stands on p or P and is moved behind the last character.
std::string property(std::string_view pattern, std::size_t& at, bool within_class) {
  bool negated = pattern[at] == 'P';
  std::string_view name;
  if (at + 1 < pattern.size() && pattern[at + 1] == '{') {
    std::size_t close = pattern.find('}', at);
    if (close == std::string_view::npos) cannot(pattern, "no } after \\p{");
    name = pattern.substr(at + 2, close - at - 2);
    at = close + 1;
  } else {
    name = pattern.substr(at + 1, 1);
    at += 2;
  }
  if (name.starts_with('^')) {
    negated = !negated;
    name.remove_prefix(1);
  }
  if (!unicode::has_set(name)) cannot(pattern, fmt::format("unknown property {}", name));
  return set(name, negated, within_class);
}

std::string escape(std::string_view pattern, std::size_t& at, bool within_class) {
  ++at;
  if (at >= pattern.size()) cannot(pattern, "\\ at the end");
  char c = pattern[at];
  if (c == 'p' || c == 'P') return property(pattern, at, within_class);
  if (std::string_view("sdw").contains(c)) {
    ++at;
    return set(std::string(1, c), false, within_class);
  }
  if (std::string_view("SDW").contains(c)) {
    ++at;
    return set(std::string(1, static_cast<char>(c - 'A' + 'a')), true, within_class);
  }
  if (c == 'u') {
    std::string code = fmt::format("\\x{{{}}}", pattern.substr(at + 1, 4));
    at += 5;
    return code;
  }
  if (std::string_view("rntfvxe0").contains(c) ||
      (static_cast<unsigned char>(c) < 0x80 && std::ispunct(c) != 0)) {
    ++at;
    return {'\\', c};
  }
  if (!within_class && std::string_view("AzGK").contains(c)) {
    ++at;
    return {'\\', c};
  }
  cannot(pattern, fmt::format("unknown escape \\{}", c));
}

}  // namespace

std::string Regex::translate(std::string_view pattern) {
  std::string out;
  bool within_class = false;
  for (std::size_t at = 0; at < pattern.size();) {
    char c = pattern[at];
    if (c == '\\') {
      out += escape(pattern, at, within_class);
      continue;
    }
    if (within_class) {
      if (c == '[') cannot(pattern, "a class within a class");
      if (c == '&' && pattern.substr(at).starts_with("&&")) cannot(pattern, "an intersection");
      if (c == ']') within_class = false;
    } else if (c == '[') {
      within_class = true;
      out += c;
      ++at;
      if (pattern.substr(at).starts_with('^')) {
        out += '^';
        ++at;
      }
      if (pattern.substr(at).starts_with(']')) cannot(pattern, "an empty class");
      continue;
    }
    out += c;
    ++at;
  }
  return out;
}

Regex::Regex(std::string_view pattern) {
  std::u32string translated = to_chars(translate(pattern));
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_shared<Compiled>();
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  compiled->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY, &error, &offset, context);
  pcre2_compile_context_free(context);
  if (compiled->code == nullptr)
    cannot(pattern, fmt::format("PCRE2 error {} at {}", error, offset));
  compiled_ = std::move(compiled);
}

Regex Regex::literal(std::string_view text) {
  std::string escaped;
  for (char32_t c : to_chars(text)) escaped += fmt::format("\\x{{{:X}}}", std::uint32_t{c});
  return Regex(escaped);
}

std::vector<Regex::Match> Regex::find_all(std::u32string_view text) const {
  std::vector<Match> found;
  pcre2_match_data* data = pcre2_match_data_create_from_pattern(compiled_->code, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(context, 10'000'000);
  std::size_t from = 0;
  int failed = 0;
  while (from <= text.size()) {
    int count = pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                            from, PCRE2_NO_UTF_CHECK, data, context);
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      failed = count;
      break;
    }
    const PCRE2_SIZE* where = pcre2_get_ovector_pointer(data);
    Match match{where[0], where[1]};
    // Both references take no empty match where the last match ended.
    if (match.begin == match.end && !found.empty() && found.back().end == match.end) {
      ++from;
      continue;
    }
    found.push_back(match);
    from = match.end;
  }
  pcre2_match_context_free(context);
  pcre2_match_data_free(data);
  if (failed < 0) throw std::runtime_error(fmt::format("plain regex: PCRE2 error {}", failed));
  return found;
}

}  // namespace leyden::tokenizer::plain
