#include <algorithm>
#include <array>
#include <string_view>

#include "leyden/agents/review/analyses/c/interpreter.h"

namespace leyden::review::c {
namespace {

struct Constant {
  std::string_view name;
  Wide value;
  int bytes;
  bool is_signed;
};
constexpr Wide kOne = 1;
constexpr auto kConstants = std::to_array<Constant>({
    {"EOF", -1, 4, true},
    {"FALSE", 0, 4, true},
    {"TRUE", 1, 4, true},
    {"CHAR_BIT", 8, 4, true},
    {"CHAR_MAX", 127, 4, true},
    {"CHAR_MIN", -128, 4, true},
    {"SCHAR_MAX", 127, 4, true},
    {"SCHAR_MIN", -128, 4, true},
    {"UCHAR_MAX", 255, 4, true},
    {"SHRT_MAX", 32767, 4, true},
    {"SHRT_MIN", -32768, 4, true},
    {"USHRT_MAX", 65535, 4, true},
    {"INT_MAX", (kOne << 31) - 1, 4, true},
    {"INT_MIN", -(kOne << 31), 4, true},
    {"UINT_MAX", (kOne << 32) - 1, 4, false},
    {"LONG_MAX", (kOne << 63) - 1, 8, true},
    {"LONG_MIN", -(kOne << 63), 8, true},
    {"ULONG_MAX", (kOne << 64) - 1, 8, false},
    {"LLONG_MAX", (kOne << 63) - 1, 8, true},
    {"LLONG_MIN", -(kOne << 63), 8, true},
    {"ULLONG_MAX", (kOne << 64) - 1, 8, false},
    {"INT8_MAX", 127, 4, true},
    {"INT8_MIN", -128, 4, true},
    {"UINT8_MAX", 255, 4, true},
    {"INT16_MAX", 32767, 4, true},
    {"INT16_MIN", -32768, 4, true},
    {"UINT16_MAX", 65535, 4, true},
    {"INT32_MAX", (kOne << 31) - 1, 4, true},
    {"INT32_MIN", -(kOne << 31), 4, true},
    {"UINT32_MAX", (kOne << 32) - 1, 4, false},
    {"INT64_MAX", (kOne << 63) - 1, 8, true},
    {"INT64_MIN", -(kOne << 63), 8, true},
    {"UINT64_MAX", (kOne << 64) - 1, 8, false},
    {"SIZE_MAX", (kOne << 64) - 1, 8, false},
    {"RAND_MAX", (kOne << 31) - 1, 4, true},
});

constexpr int kMacrosMax = 8;  // That name one another.

// How many characters a literal stands for; its prefix and quotes aside.
Wide literal_length(std::string_view text) {
  Wide out = 0;
  for (std::size_t i = 0; i < text.size(); ++i, ++out) {
    if (text[i] != '\\' || i + 1 >= text.size()) continue;
    ++i;
    if (text[i] == 'x') {
      while (i + 1 < text.size() &&
             std::string_view("0123456789abcdefABCDEF").find(text[i + 1]) != std::string_view::npos)
        ++i;
    } else if (text[i] == '0' && (i + 1 >= text.size() || text[i + 1] < '0' || text[i + 1] > '7')) {
      return out;  // "\0" ends it.
    } else if (text[i] >= '0' && text[i] <= '7') {
      for (int digits = 1;
           digits < 3 && i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '7'; ++digits)
        ++i;
    }
  }
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int digit_of(char c, int base) {
  if (is_digit(c)) return c - '0';
  if (base == 16 && c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (base == 16 && c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What the letters and digits of a number say.
struct Digits {
  int base = 10;
  Wide sum = 0;
  bool real = false;
  bool is_signed = true;
  int bytes = 4;
  bool strange = false;

  explicit Digits(std::string_view text) : real(text.contains('.')) {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with("0x") || text.starts_with("0X")) {
      base = 16;
      text.remove_prefix(2);
    } else if (text.starts_with("0b") || text.starts_with("0B")) {
      base = 2;
      text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
      base = 8;
    }
    for (const char c : text) {
      if (const int digit = digit_of(c, base); digit >= 0) {
        if (sum < kFar / 16) sum = sum * base + digit;
      } else {
        take_letter(c);
      }
    }
  }

 private:
  void take_letter(char c) {
    switch (c) {
      case '\'':
        return;
      case 'u':
      case 'U':
        is_signed = false;
        return;
      case 'l':
      case 'L':
        bytes = 8;
        return;
      case '.':
      case 'p':
      case 'e':
      case 'E':
      case 'f':
      case 'F':
        real = true;
        return;
      default:
        strange = true;
    }
  }
};

Value negative(Value number) {
  if (!number.is_number()) return number;
  number.low = -number.low;
  number.high = -number.high;
  return number;
}

std::string_view without_parentheses(std::string_view text) {
  while (text.size() > 2 && text.front() == '(' && text.back() == ')')
    text = text.substr(1, text.size() - 2);
  return text;
}

bool is_one_literal(std::string_view text) {
  return text.size() > 1 && text.front() == '"' && text.find('"', 1) == text.size() - 1;
}

const Constant* standard_constant(std::string_view name) {
  const auto found = std::ranges::find(kConstants, name, &Constant::name);
  return found == kConstants.end() ? nullptr : &*found;
}

Value value_of(const Constant& constant) {
  return Value::of(constant.value, constant.bytes, constant.is_signed);
}

}  // namespace

Value Interpreter::number(std::string_view digits) const {
  if (digits.starts_with('-')) {  // The grammar takes the sign in.
    const Value out = number(digits.substr(1));
    return out.is_number() && out.is_signed ? negative(out) : Value{};
  }
  Digits read(digits);
  if (read.strange) return {};
  if (read.real) {
    Value out = Value::of(read.sum == 0 ? 0 : 1, 8);
    out.real = true;
    out.sure = read.sum == 0;
    return out;
  }
  // The first type that it fits into; a decimal one stays signed as long as it can.
  if (read.sum > most(read.bytes, read.is_signed)) {
    const bool in_unsigned = read.base != 10 && read.bytes == 4 && read.sum <= most(4, false);
    if (in_unsigned || read.sum > most(8, true)) read.is_signed = false;
    if (!in_unsigned) read.bytes = 8;
  }
  if (read.sum > most(8, false)) return {};
  return Value::of(read.sum, read.bytes, read.is_signed);
}

Value Interpreter::character(std::string_view written_text) {
  if (written_text == "'\\0'") return Value::of(0);
  if (written_text.size() == 3) return Value::of(static_cast<unsigned char>(written_text[1]));
  Value out = Value::between(1, 127, 4, true);
  out.sure = false;
  return out;
}

Value Interpreter::constant_named(std::string_view name, State& state) {
  if (name == "NULL" || name == "nullptr") return Value::null_pointer();
  if (const Constant* constant = standard_constant(name)) return value_of(*constant);
  // A macro for a number, a text, or another name.
  for (int hops = 0; hops < kMacrosMax; ++hops) {
    const auto macro = macros_.find(name);
    if (macro == macros_.end()) break;
    const std::string_view body = without_parentheses(macro->second);
    if (body.empty()) return {};
    if (is_digit(body.front())) return number(body);
    if (body.size() > 1 && body.front() == '-' && is_digit(body[1]))
      return negative(number(body.substr(1)));
    if (is_one_literal(body)) return literal_of_macro(body);
    if (const int variable = variable_named(body); variable >= 0) {
      const auto at = static_cast<std::size_t>(variable);
      return at < state.variables.size() ? state.variables[at] : Value{};
    }
    if (const Constant* constant = standard_constant(body)) return value_of(*constant);
    name = body;
  }
  const auto constant = file_constants_.find(name);
  if (constant == file_constants_.end()) return {};
  const Node given = inner(constant->second);
  return kind_of(given) == Kind::number ? number(text(given)) : Value{};
}

// ---- Texts

Value Interpreter::literal_of_macro(std::string_view body) {
  const auto [at, fresh] =
      literal_sites_.try_emplace(body.data(), static_cast<int>(literals_.size()));
  if (fresh) {
    Buffer& literal = new_literal();
    literal.length = literal.filled = literal_length(body.substr(1, body.size() - 2));
    literal.size = literal.length + 1;
  }
  return Value::pointer_to(Value::kLiteral - at->second);
}

Value Interpreter::string(Node node) {
  const auto [at, fresh] =
      literal_sites_.try_emplace(node.id(), static_cast<int>(literals_.size()));
  if (fresh) {
    Buffer& literal = new_literal();
    if (const Wide length = length_of(node); length >= 0) {
      literal.length = literal.filled = length;
      // "\0" inside: there is more than the text's length.
      literal.size = text(node).contains("\\0") ? Wide{-1} : length + 1;
    }
  }
  return Value::pointer_to(Value::kLiteral - at->second);
}

Buffer& Interpreter::new_literal() {
  Buffer& literal = literals_.emplace_back();
  literal.from = Buffer::From::literal;
  literal.life = Buffer::Life::live;
  return literal;
}

// Of a literal or of several in a row; -1: not known.
Wide Interpreter::length_of(Node node) const {
  if (kind_of(node) == Kind::strings) {
    Wide length = 0;
    for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
      if (kind_of(node.named_child(i)) == Kind::comment) continue;
      const Wide part = length_of(node.named_child(i));
      if (part < 0) return -1;
      length += part;
    }
    return length;
  }
  const std::string_view quoted = text(node);
  if (quoted.size() < 2 || quoted.front() != '"') return -1;
  return literal_length(quoted.substr(1, quoted.size() - 2));
}

}  // namespace leyden::review::c
