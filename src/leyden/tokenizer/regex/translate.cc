#include "leyden/tokenizer/regex/translate.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/regex/unicode_set.h"

namespace leyden::tokenizer {
namespace {

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> run() && {
    while (!error_ && at_ < pattern_.size()) step();
    if (!error_ && !groups_.empty()) unsupported("an open group");
    if (named_groups_ && back_references_) unsupported("named groups and numbered back-references");
    if (error_) return std::unexpected(*error_);
    out_.append(options_.open, ')');
    return std::move(out_);
  }

 private:
  struct Options {
    bool ignore_case = false;
    bool dot_all = false;
    bool extended = false;
    std::size_t open = 0;  // Groups of PCRE2's that end where this one does.
  };
  struct Group {
    Options options;  // Outside of it.
    std::size_t begin = 0;
  };

  template <class... Args>
  void unsupported(fmt::format_string<Args...> format, Args&&... args) {
    if (error_) return;
    error_ = Error{
        Errc::unsupported,
        utf8::one_line(fmt::format("the pattern {:.200} has {}, which is not supported", pattern_,
                                   fmt::format(format, std::forward<Args>(args)...)))};
  }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  bool take(std::string_view text) {
    if (!pattern_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  char32_t take_char() {
    utf8::Decoded c = utf8::decode(pattern_, at_);
    at_ += c.size;
    return c.code_point;
  }

  void step() {
    if (options_.extended && skip_blank()) return;
    const bool quantifier = std::string_view("*+?{").contains(peek());
    const std::size_t begin = out_.size();
    if (peek() == ')') return close_group();
    translate_next();
    if (!quantifier) atom_ = begin;
  }

  // With the flag x white space and comments mean nothing.
  bool skip_blank() {
    if (peek() == '#') {
      at_ = std::min(pattern_.find('\n', at_), pattern_.size());
      return true;
    }
    if (!std::string_view(" \t\n\r\f\v").contains(peek())) return false;
    ++at_;
    return true;
  }

  void translate_next() {
    switch (peek()) {
      case '\\':
        return escape();
      case '[':
        return char_class();
      case '(':
        return open_group();
      case '{':
        return braces();
      case '^':
        ++at_;
        last_letter_ = 0;
        out_ += "(?m:^)";
        return;
      case '$':
        ++at_;
        last_letter_ = 0;
        out_ += "(?m:$)";
        return;
      case '#':
        ++at_;
        last_letter_ = 0;
        out_ += "\\#";
        return;
      case '.':
        ++at_;
        last_letter_ = 0;
        out_ += options_.dot_all ? "(?s:.)" : ".";
        return;
      case '|':
      case '*':
      case '+':
      case '?':
        break;
      default:
        return literal(take_char());
    }
    last_letter_ = 0;
    out_ += pattern_[at_++];
  }

  // With the flag i, letters are spelled out in their cases: U+017F folds to s and U+212A to k.
  void literal(char32_t c) {
    if (!options_.ignore_case) return put_char(c);
    if (c >= 0x80) return unsupported("(?i) with a letter that is not ASCII");
    bool letter = (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z';
    if (!letter) {
      last_letter_ = 0;
      return put_char(c);
    }
    char32_t lower = c | 0x20U;
    // Oniguruma lets one character match two such letters: the sharp s, the ligatures.
    if (auto pair = std::pair(last_letter_, lower);
        pair == std::pair(U's', U's') || pair == std::pair(U'f', U'f') ||
        pair == std::pair(U'f', U'i') || pair == std::pair(U'f', U'l') ||
        pair == std::pair(U's', U't')) {
      return unsupported("(?i) with letters that a single character may stand for");
    }
    last_letter_ = lower;
    out_ += '[';
    out_ += cases(lower);
    out_ += ']';
  }
  static std::string cases(char32_t lower) {
    std::string both{static_cast<char>(lower), static_cast<char>(lower - 0x20)};
    if (lower == 's') both += "\\x{17f}";
    if (lower == 'k') both += "\\x{212a}";
    return both;
  }
  void put_char(char32_t c) {
    if (c < 0x80 && std::string_view("\\[](){}^$.|*+?#-/").contains(static_cast<char>(c))) {
      out_ += '\\';
    }
    utf8::append(out_, c);
  }

  // {n}, {n,}, {n,m}, {,m}; anything else is text, and an atom of its own.
  void braces() {
    std::size_t end = pattern_.find('}', at_);
    std::string_view inner =
        end == std::string_view::npos ? "x" : pattern_.substr(at_ + 1, end - at_ - 1);
    bool digits = inner.find_first_not_of("0123456789,") == std::string_view::npos &&
                  inner.find_first_of("0123456789") != std::string_view::npos &&
                  std::ranges::count(inner, ',') <= 1;
    if (!digits) {
      atom_ = out_.size();
      return literal(take_char());
    }
    at_ = end + 1;
    last_letter_ = 0;
    out_ += '{';
    if (inner.starts_with(',')) out_ += '0';
    out_ += inner;
    out_ += '}';
    // In Ruby's syntax {n,m}+ repeats the repetition and {n}? makes it optional; in PCRE2's they forbid to give back, or
    // mean nothing.
    while (options_.extended && at_ < pattern_.size() && skip_blank()) continue;
    bool fixed = !inner.contains(',');
    if (peek() == '+' || peek() == '*' || peek() == '{' || (fixed && peek() == '?')) {
      out_.insert(atom_, "(?:");
      out_ += ')';
    }
  }

  void open_group() {
    last_letter_ = 0;
    if (take("(?#")) {
      at_ = std::min(pattern_.find(')', at_), pattern_.size() - 1) + 1;
      return;
    }
    const Group outer{.options = options_, .begin = out_.size()};
    for (std::string_view kind : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"}) {
      if (!take(kind)) continue;
      groups_.push_back(outer);
      options_.open = 0;
      out_ += kind;
      return;
    }
    if (pattern_.substr(at_).starts_with("(?<")) return named_group(outer);
    if (pattern_.substr(at_).starts_with("(?")) return option_group(outer);
    if (pattern_.substr(at_).starts_with("(*")) return unsupported("the group (*");
    ++at_;
    groups_.push_back(outer);
    options_.open = 0;
    out_ += '(';
  }
  // (?<name>...). Ruby numbers no group where some have names.
  void named_group(const Group& outer) {
    std::string_view name = group_name(at_ + 3);
    if (name.empty()) return unsupported("the group {:.4}", rest());
    named_groups_ = true;
    at_ += name.size() + 4;
    groups_.push_back(outer);
    options_.open = 0;
    out_ += fmt::format("(?<{}>", name);
  }
  // What stands before the next '>', where that is a name for PCRE2, too; else nothing.
  [[nodiscard]] std::string_view group_name(std::size_t begin) const {
    std::size_t end = std::min(pattern_.find('>', begin), pattern_.size());
    std::string_view name = pattern_.substr(begin, end - begin);
    auto letter = [](char c) { return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); };
    bool good =
        end < pattern_.size() && !name.empty() && name.size() <= 32 && letter(name[0]) &&
        std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
    return good ? name : std::string_view();
  }
  // (?imx-imx:...), or (?imx-imx) for the rest of the group that it stands in.
  void option_group(const Group& outer) {
    const std::string_view group = rest();
    Options options = options_;
    bool on = true;
    for (at_ += 2; peek() != ':' && peek() != ')'; ++at_) {
      switch (peek()) {
        case 'i':
          options.ignore_case = on;
          break;
        case 'm':
          options.dot_all = on;  // Ruby's m is what others call s.
          break;
        case 'x':
          options.extended = on;
          break;
        case '-':
          on = false;
          break;
        default:
          return unsupported("the group {:.4}", group);
      }
    }
    out_ += "(?:";
    if (pattern_[at_++] == ':') {
      groups_.push_back(outer);
      options.open = 0;
    } else {
      // In Ruby a(?i)b|c is a(?i:b|c).
      ++options.open;
    }
    options_ = options;
  }
  void close_group() {
    if (groups_.empty()) return unsupported("a group that was not opened");
    out_.append(options_.open + 1, ')');
    options_ = groups_.back().options;
    atom_ = groups_.back().begin;
    groups_.pop_back();
    last_letter_ = 0;
    ++at_;
  }
  [[nodiscard]] std::string_view rest() const { return pattern_.substr(at_); }

  // The set of the class escape at `at_` (behind the backslash), if it is one.
  std::optional<CodePointSet> class_escape() {
    auto either = [](bool negated, CodePointSet set) {
      return negated ? set.complement() : std::move(set);
    };
    char c = peek();
    switch (c) {
      case 's':
      case 'S':
        ++at_;
        return either(c == 'S', whitespace_set());
      case 'd':
      case 'D':
        ++at_;
        return either(c == 'D', digit_set());
      case 'w':
      case 'W':
        ++at_;
        return either(c == 'W', word_set());
      case 'h':
      case 'H': {
        ++at_;
        CodePointSet hex;
        hex.add('0', '9');
        hex.add('A', 'F');
        hex.add('a', 'f');
        return either(c == 'H', hex);
      }
      case 'p':
      case 'P': {
        std::size_t end = pattern_.find('}', at_);
        if (peek(1) != '{' || end == std::string_view::npos) break;
        std::string_view name = pattern_.substr(at_ + 2, end - at_ - 2);
        bool negated = c == 'P';
        if (name.starts_with('^')) {
          negated = !negated;
          name.remove_prefix(1);
        }
        auto set = unicode_property_set(name);
        if (!set) {
          unsupported("\\{}{{{:.40}}}", c, name);
          return CodePointSet();
        }
        if (options_.ignore_case) unsupported("(?i) with \\p{{{:.40}}}", name);
        at_ = end + 1;
        return either(negated, *std::move(set));
      }
      default:
        break;
    }
    return std::nullopt;
  }

  // The character of the escape at `at_` (behind the backslash), if it stands for one.
  std::optional<char32_t> char_escape() {
    char c = peek();
    auto single = [&](char32_t value) {
      ++at_;
      return std::optional(value);
    };
    switch (c) {
      case 'n':
        return single('\n');
      case 'r':
        return single('\r');
      case 't':
        return single('\t');
      case 'f':
        return single('\f');
      case 'v':
        return single('\v');
      case 'a':
        return single('\a');
      case 'e':
        return single(0x1B);
      case '0':
        return peek(1) >= '0' && peek(1) <= '9' ? std::nullopt : single(0);
      case 'x':
        if (peek(1) == '{') {
          std::size_t end = pattern_.find('}', at_);
          if (end == std::string_view::npos) return std::nullopt;
          return hex(at_ + 2, end - at_ - 2, end + 1);
        }
        return hex(at_ + 1, 2, at_ + 3);
      case 'u':
        return hex(at_ + 1, 4, at_ + 5);
      default:
        break;
    }
    bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (alphanumeric || c == '\0') return std::nullopt;
    return take_char();
  }
  std::optional<char32_t> hex(std::size_t begin, std::size_t length, std::size_t next) {
    if (length == 0 || length > 6 || begin + length > pattern_.size()) return std::nullopt;
    char32_t value = 0;
    for (char c : pattern_.substr(begin, length)) {
      char32_t digit = c >= '0' && c <= '9' ? static_cast<char32_t>(c - '0')
                       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
                           ? static_cast<char32_t>((c | 0x20) - 'a' + 10)
                           : char32_t{16};
      if (digit == 16) return std::nullopt;
      value = value * 16 + digit;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return std::nullopt;
    at_ = next;
    return value;
  }

  void escape() {
    last_letter_ = 0;
    ++at_;
    if (auto set = class_escape()) {
      out_ += fmt::format("[{}]", set->class_body());
      return;
    }
    char c = peek();
    if (c == 'A' || c == 'z' || c == 'Z') {
      out_ += '\\';
      out_ += pattern_[at_++];
      return;
    }
    if (c >= '1' && c <= '9' && !(peek(1) >= '0' && peek(1) <= '9')) {
      back_references_ = true;
      if (options_.ignore_case) return unsupported("(?i) with a back-reference");
      out_ += fmt::format("(?:\\{})", c);
      ++at_;
      return;
    }
    if (c == 'k' && peek(1) == '<' && !options_.ignore_case) {
      if (std::string_view name = group_name(at_ + 2); !name.empty()) {
        out_ += fmt::format("(?:\\k<{}>)", name);
        at_ += name.size() + 3;
        return;
      }
    }
    if (c == 'R') {
      ++at_;
      out_ += R"((?>\x{d}\x{a}|[\x{a}-\x{d}\x{85}\x{2028}\x{2029}]))";
      return;
    }
    if (c == 'b' || c == 'B') {
      ++at_;
      std::string word = word_set().class_body();
      out_ += c == 'b' ? fmt::format("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))", word)
                       : fmt::format("(?:(?<=[{0}])(?=[{0}])|(?<![{0}])(?![{0}]))", word);
      return;
    }
    if (auto value = char_escape()) return literal(*value);
    unsupported("the escape \\{:.4}", pattern_.substr(at_, 4));
  }

  void char_class() {
    last_letter_ = 0;
    CodePointSet set = class_set(0);
    // No character at all: an assertion that never holds.
    out_ += set.empty() ? std::string("(?!)") : fmt::format("[{}]", set.class_body());
  }
  // The class at `at_`, with classes within it and intersections. Settled.
  CodePointSet class_set(int depth) {
    if (depth > 8) unsupported("character classes nested too deeply");
    ++at_;
    bool negated = take("^");
    std::optional<CodePointSet> before;  // What stands before "&&".
    CodePointSet set;
    auto intersect = [&] {
      set.settle();
      if (before) set = before->intersection(set);
    };
    for (bool first = true; !error_; first = false) {
      if (at_ >= pattern_.size()) {
        unsupported("an open character class");
      } else if (peek() == ']' && !first) {
        ++at_;
        break;
      } else if (take("&&")) {
        intersect();
        before = std::exchange(set, {});
      } else if (peek() == '[' && peek(1) == ':') {
        posix_class(set);
      } else if (peek() == '[') {
        set.add(class_set(depth + 1));
      } else {
        class_range(set);
      }
    }
    intersect();
    return negated ? set.complement() : set;
  }
  void posix_class(CodePointSet& set) {
    std::size_t end = pattern_.find(":]", at_);
    if (end == std::string_view::npos) return unsupported("an open POSIX class");
    std::string_view name = pattern_.substr(at_ + 2, end - at_ - 2);
    bool negated = name.starts_with('^');
    auto found = posix_set(name.substr(negated ? 1 : 0));
    if (!found || options_.ignore_case) return unsupported("[:{:.40}:]", name);
    set.add(negated ? found->complement() : *found);
    at_ = end + 2;
  }
  void class_range(CodePointSet& set) {
    std::optional<char32_t> low = class_member(set);
    if (!low) return;
    char32_t high = *low;
    if (peek() == '-' && peek(1) != ']' && peek(1) != '\0') {
      ++at_;
      CodePointSet none;
      std::optional<char32_t> end = class_member(none);
      if (!end || *end < *low) return unsupported("a range without end in a character class");
      high = *end;
    }
    add_with_cases(set, *low, high);
  }
  // One character; nullopt after a class escape, which is added to `set`.
  std::optional<char32_t> class_member(CodePointSet& set) {
    if (peek() != '\\') return take_char();
    ++at_;
    if (auto escaped = class_escape()) {
      set.add(*escaped);
      return std::nullopt;
    }
    if (peek() == 'b') {
      ++at_;
      return '\b';
    }
    if (auto value = char_escape()) return value;
    unsupported("the escape \\{:.4}", pattern_.substr(at_, 4));
    return 0;
  }
  void add_with_cases(CodePointSet& set, char32_t low, char32_t high) {
    set.add(low, high);
    if (!options_.ignore_case) return;
    if (high >= 0x80) return unsupported("(?i) with a class that is not ASCII");
    for (char32_t c = low; c <= high; ++c) {
      char32_t lower = c | 0x20U;
      if (lower < 'a' || lower > 'z' || c < 'A') continue;
      set.add(lower, lower);
      set.add(lower - 0x20, lower - 0x20);
      if (lower == 's') set.add(0x17F, 0x17F);
      if (lower == 'k') set.add(0x212A, 0x212A);
    }
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t atom_ = 0;      // Where that begins in `out_` which a quantifier would repeat.
  char32_t last_letter_ = 0;  // The letter before, with the flag i.
  Options options_;
  std::vector<Group> groups_;  // The open ones.
  bool named_groups_ = false;
  bool back_references_ = false;
  std::optional<Error> error_;
};

}  // namespace

Result<std::string> translate_pattern(std::string_view pattern) {
  if (!utf8::is_valid(pattern)) return fail(Errc::unsupported, "a pattern is not UTF-8");
  return Translator(pattern).run();
}

}  // namespace leyden::tokenizer
