#include "leyden/tokenizer/regex/unicode_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "leyden/tokenizer/unicode_classes.h"
#include "leyden/tokenizer/unicode_properties.h"

namespace leyden::tokenizer {
namespace {

constexpr char32_t kLast = 0x10FFFF;

template <class Holds>
CodePointSet set_of(Holds&& holds) {
  CodePointSet set;
  for (char32_t c = 0; c <= kLast; ++c) {
    if (!holds(c)) continue;
    char32_t first = c;
    while (c < kLast && holds(c + 1)) ++c;
    set.add(first, c);
  }
  set.settle();
  return set;
}

CodePointSet matching(std::span<const SetRange> ranges, std::span<const std::string_view> names,
                      std::string_view name, bool prefix) {
  CodePointSet set;
  for (const SetRange& range : ranges) {
    std::string_view own = names[range.value];
    if (prefix ? own.starts_with(name) : own == name) set.add(range.first, range.last);
  }
  set.settle();
  return set;
}

// Case, spaces, "-" and "_" don't count in names.
std::string loose(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c != ' ' && c != '-' && c != '_') {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return out;
}

}  // namespace

void CodePointSet::settle() {
  std::ranges::sort(runs_, {}, &Run::first);
  std::vector<Run> joined;
  for (const Run& run : runs_) {
    if (!joined.empty() && run.first <= joined.back().last + 1) {
      joined.back().last = std::max(joined.back().last, run.last);
    } else {
      joined.push_back(run);
    }
  }
  runs_ = std::move(joined);
}

CodePointSet CodePointSet::complement() const {
  CodePointSet out;
  char32_t next = 0;
  for (const Run& run : runs_) {
    if (run.first > next) out.add(next, run.first - 1);
    next = run.last + 1;
  }
  if (next <= kLast) out.add(next, kLast);
  return out;
}

CodePointSet CodePointSet::intersection(const CodePointSet& other) const {
  CodePointSet outside = complement();
  outside.add(other.complement());
  outside.settle();
  return outside.complement();
}

std::string CodePointSet::class_body() const {
  std::string body;
  auto put = [&](char32_t first, char32_t last) {
    if (first > last) return;
    body += fmt::format("\\x{{{:x}}}", static_cast<std::uint32_t>(first));
    if (first != last) body += fmt::format("-\\x{{{:x}}}", static_cast<std::uint32_t>(last));
  };
  for (const Run& run : runs_) {
    // PCRE2 refuses surrogates in a class.
    if (run.first < 0xD800 && run.last > 0xDFFF) {
      put(run.first, 0xD7FF);
      put(0xE000, run.last);
    } else {
      put(run.first >= 0xD800 && run.first <= 0xDFFF ? char32_t{0xE000} : run.first,
          run.last >= 0xD800 && run.last <= 0xDFFF ? char32_t{0xD7FF} : run.last);
    }
  }
  return body;
}

std::optional<CodePointSet> unicode_property_set(std::string_view name) {
  auto categories = category_names();
  if (name.size() <= 2) {
    auto set = matching(category_ranges(), categories, name, true);
    if (!set.empty()) return set;
  }
  std::string wanted = loose(name);
  for (auto [long_name, category] :
       std::initializer_list<std::pair<const char*, const char*>>{{"letter", "L"},
                                                                  {"mark", "M"},
                                                                  {"number", "N"},
                                                                  {"punctuation", "P"},
                                                                  {"punct", "P"},
                                                                  {"symbol", "S"},
                                                                  {"separator", "Z"},
                                                                  {"uppercaseletter", "Lu"},
                                                                  {"lowercaseletter", "Ll"},
                                                                  {"decimalnumber", "Nd"}}) {
    if (wanted == long_name || (wanted.size() <= 2 && wanted == loose(category))) {
      return matching(category_ranges(), categories, category, true);
    }
  }
  for (std::string_view category : categories) {
    if (loose(category) == wanted) {
      return matching(category_ranges(), categories, category, true);
    }
  }
  for (std::string_view script : script_names()) {
    if (loose(script) == wanted) return matching(script_ranges(), script_names(), script, false);
  }
  if (wanted == "any") return CodePointSet().complement();
  return std::nullopt;
}

std::optional<CodePointSet> posix_set(std::string_view name) {
  if (name == "space") return whitespace_set();
  if (name == "digit") return digit_set();
  if (name == "word") return word_set();
  CodePointSet set;
  if (name == "xdigit") {
    set.add('0', '9');
    set.add('A', 'F');
    set.add('a', 'f');
    return set;
  }
  if (name == "blank") {
    set = matching(category_ranges(), category_names(), "Zs", true);
    set.add('\t', '\t');
  } else if (name == "alpha" || name == "alnum") {
    set = matching(posix_ranges(), posix_names(), "alpha", false);
    if (name == "alnum") set.add(digit_set());
  } else {
    set = matching(posix_ranges(), posix_names(), name, false);
    if (set.empty()) return std::nullopt;
  }
  set.settle();
  return set;
}

CodePointSet whitespace_set() {
  return set_of([](char32_t c) { return (char_class(c) & kWhitespace) != 0; });
}

CodePointSet digit_set() { return matching(category_ranges(), category_names(), "Nd", true); }

CodePointSet word_set() {
  return set_of([](char32_t c) {
    if (c == 0x200C || c == 0x200D) return false;  // Rust's \w only.
    // Oniguruma's table of Latin-1 counts superscripts and fractions.
    return (char_properties(c) & kWord) != 0 || c == 0xB2 || c == 0xB3 || c == 0xB9 ||
           (c >= 0xBC && c <= 0xBE);
  });
}

}  // namespace leyden::tokenizer
