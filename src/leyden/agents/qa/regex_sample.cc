#include "leyden/agents/qa/regex_sample.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "leyden/syntax/pattern.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kVariants = 6;
constexpr std::size_t kDepthMax = 20;
constexpr std::size_t kTextBytesMax = 120;
constexpr std::size_t kExpressionBytesMax = 600;
constexpr std::string_view kDigits =
    "1203549687";  // Small ones first: "12" is an hour, a month and a day.

bool looks_like_one(std::string_view text) {
  static constexpr std::string_view kSigns[] = {"\\d", "\\w", "\\s", "\\b", "\\.", "(?",
                                                "[^",  "]+",  "]*",  "]{",  ")?",  ")+",
                                                ")*",  ".*",  ".+",  "]?"};
  return text.starts_with('^') || text.ends_with('$') ||
         std::ranges::any_of(kSigns, [&](std::string_view sign) {
           return text.find(sign) != std::string_view::npos;
         });
}

// Walks an expression and writes one text for it. `variant` says which way to take where there are several.
class Sampler {
 public:
  Sampler(std::string_view expression, std::size_t variant) : rest_(expression), choice_(variant) {}

  // nullopt: there is something in it that is not understood.
  std::optional<std::string> sample() {
    auto out = alternatives(0);
    return out && rest_.empty() && out->size() <= kTextBytesMax ? out : std::nullopt;
  }

 private:
  // What differs between variants: the next of `count` ways.
  std::size_t pick(std::size_t count) {
    const std::size_t out = choice_ % count;
    choice_ = choice_ / 2 + variant_step_++;
    return out;
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::optional<std::string> alternatives(std::size_t depth) {
    if (depth > kDepthMax) return std::nullopt;
    std::vector<std::string> all;
    do {
      auto one = sequence(depth);
      if (!one) return std::nullopt;
      all.push_back(*std::move(one));
    } while (take("|"));
    return all[pick(all.size())];
  }

  std::optional<std::string> sequence(std::size_t depth) {
    std::string out;
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      const std::string_view here = rest_;
      auto one = atom(depth);
      if (!one) return std::nullopt;
      const std::size_t times = repetitions();
      const std::string_view behind = rest_;
      // Each time anew: two digits are mostly not the same.
      for (std::size_t i = 0; i < times && out.size() <= kTextBytesMax; ++i) {
        if (i > 0) {
          rest_ = here;
          one = atom(depth);
        }
        out += *one;
      }
      rest_ = behind;
    }
    return out;
  }

  std::optional<std::string> atom(std::size_t depth) {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return set();
      case '\\':
        return escape();
      case '.':
        return std::string("x");
      case '^':
      case '$':
        return std::string();
      default:
        return std::string(1, c);
    }
  }

  std::optional<std::string> group(std::size_t depth) {
    bool passed_over = false;
    if (take("?")) {
      if (take("=") || take("!") || take("<=") || take("<!")) {
        passed_over = true;
      } else if (take("P<") || take("<") || take("'")) {
        const std::size_t end = rest_.find_first_of(">'");
        if (end == std::string_view::npos) return std::nullopt;
        rest_.remove_prefix(end + 1);
      } else {
        const std::size_t end = rest_.find_first_of(":)");
        if (end == std::string_view::npos || end > 6) return std::nullopt;
        const bool flags_only = rest_[end] == ')';
        rest_.remove_prefix(end + (flags_only ? 0 : 1));
      }
    }
    auto out = alternatives(depth + 1);
    if (!out || !take(")")) return std::nullopt;
    return passed_over ? std::string() : out;
  }

  // The first of what the set names, or another.
  std::optional<std::string> set() {
    const bool negated = take("^");
    std::string members;
    for (bool first = true; !rest_.empty() && (rest_[0] != ']' || first); first = false) {
      if (rest_[0] == '\\') {
        rest_.remove_prefix(1);
        if (rest_.empty()) return std::nullopt;
        auto one = escape();
        if (!one) return std::nullopt;
        members += *one;
        continue;
      }
      if (take("[:")) {
        const std::size_t end = rest_.find(":]");
        if (end == std::string_view::npos) return std::nullopt;
        members += rest_.starts_with("digit") ? "7" : "a";
        rest_.remove_prefix(end + 2);
        continue;
      }
      members += rest_[0];
      rest_.remove_prefix(1);
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        const char low = members.back();
        const char high = rest_[1];
        if (low == '0' && high == '9') {
          members.pop_back();
          members += kDigits;
        } else {
          if (low < high) members += static_cast<char>((low + high) / 2);
          members += high;
        }
        rest_.remove_prefix(2);
      }
    }
    if (!take("]") || members.empty()) return std::nullopt;
    if (!negated) return std::string(1, members[pick(members.size())]);
    for (const char c : std::string_view("a7 -_Z.")) {
      if (members.find(c) == std::string::npos) return std::string(1, c);
    }
    return std::nullopt;
  }

  std::optional<std::string> escape() {
    if (rest_.empty()) return std::nullopt;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    switch (c) {
      case 'd':
        return std::string(1, kDigits[pick(kDigits.size())]);
      case 'w':
        return std::string(1, "aZ7"[pick(3)]);
      case 's':
      case 'h':
        return std::string(" ");
      case 'n':
        return std::string("\n");
      case 't':
        return std::string("\t");
      case 'D':
      case 'S':
        return std::string("a");
      case 'W':
        return std::string("-");
      case 'b':
      case 'B':
      case 'A':
      case 'Z':
      case 'z':
        return std::string();
      default:
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
          return std::nullopt;
        return std::string(1, c);
    }
  }

  // How often the last atom stands.
  std::size_t repetitions() {
    std::size_t out = 1;
    if (take("*")) {
      out = pick(3);
    } else if (take("+")) {
      out = 1 + pick(3);
    } else if (take("?")) {
      out = pick(2);
    } else if (rest_.starts_with('{')) {
      const std::size_t end = rest_.find('}');
      std::size_t low = 0;
      const char* begin = rest_.data() + 1;
      if (end == std::string_view::npos ||
          std::from_chars(begin, rest_.data() + end, low).ec != std::errc{})
        return 1;
      const bool open = rest_.substr(0, end).find(',') != std::string_view::npos;
      out = low + (open ? pick(2) : 0);
      rest_.remove_prefix(end + 1);
    } else {
      return out;
    }
    if (!take("?")) take("+");  // Lazy or possessive.
    return out;
  }

  std::string_view rest_;
  std::size_t choice_;
  std::size_t variant_step_ = 0;
};

}  // namespace

std::vector<std::string> texts_matching(std::string_view expression) {
  std::vector<std::string> out;
  if (expression.size() > kExpressionBytesMax || !looks_like_one(expression)) return out;
  const auto pattern = syntax::Pattern::compile(expression);
  if (!pattern) return out;
  for (std::size_t variant = 0; variant < 8 * kVariants && out.size() < kVariants; ++variant) {
    auto one = Sampler(expression, variant).sample();
    if (!one) return out;
    if (!one->empty() && std::ranges::find(out, *one) == out.end() && pattern->find(*one))
      out.push_back(*std::move(one));
  }
  return out;
}

}  // namespace leyden::qa
