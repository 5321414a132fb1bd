#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/review/analyses/c/interpreter.h"
#include "leyden/agents/review/code_shape.h"

namespace leyden::review::c {
namespace {

constexpr int kDepthMax = 200;

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

Wide least(int bytes, bool is_signed) { return is_signed ? -(kOne << (bytes * 8 - 1)) : 0; }
Wide most(int bytes, bool is_signed) { return (kOne << (bytes * 8 - (is_signed ? 1 : 0))) - 1; }

std::string written(Wide number) {
  if (number == 0) return "0";
  const bool negative = number < 0;
  if (negative) number = -number;
  std::string out;
  for (; number > 0; number /= 10)
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
  return negative ? "-" + out : out;
}

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

}  // namespace

// ---- What stands for itself

Value Interpreter::number(std::string_view digits) const {
  int base = 10;
  bool is_signed = true;
  int bytes = 4;
  if (digits.starts_with('-')) {  // The grammar takes the sign in.
    Value out = number(digits.substr(1));
    if (!out.is_number() || !out.is_signed) return {};
    out.low = -out.low;
    out.high = -out.high;
    return out;
  }
  std::string_view rest = digits.starts_with('+') ? digits.substr(1) : digits;
  if (rest.starts_with("0x") || rest.starts_with("0X")) {
    base = 16;
    rest.remove_prefix(2);
  } else if (rest.starts_with("0b") || rest.starts_with("0B")) {
    base = 2;
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    base = 8;
  }
  Wide out = 0;
  bool real = false;
  bool zero = true;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (base == 16 && c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (base == 16 && c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit >= 0) {
      if (digit > 0) zero = false;
      if (out < kFar / 16) out = out * base + digit;
      continue;
    }
    if (c == '\'') continue;
    if (c == 'u' || c == 'U') {
      is_signed = false;
    } else if (c == 'l' || c == 'L') {
      bytes = 8;
    } else if (c == '.' || ((c == 'e' || c == 'E' || c == 'f' || c == 'F') && base != 16) ||
               c == 'p') {
      real = true;
    } else {
      return {};
    }
  }
  if (real || digits.find('.') != std::string_view::npos) {
    Value value = Value::of(zero ? 0 : 1, 8);
    value.real = true;
    value.sure = zero;
    return value;
  }
  if (out > most(bytes, is_signed)) {
    if (base != 10 && bytes == 4 && out <= most(4, false))
      is_signed = false;
    else if (out > most(8, true))
      is_signed = false, bytes = 8;
    else
      bytes = 8;
  }
  if (out > most(8, false)) return {};
  return Value::of(out, bytes, is_signed);
}

Value Interpreter::constant_named(std::string_view name, State& state) {
  if (name == "NULL" || name == "nullptr") return Value::null_pointer();
  if (const auto found = std::ranges::find(kConstants, name, &Constant::name);
      found != kConstants.end())
    return Value::of(found->value, found->bytes, found->is_signed);
  // A macro for a number, a text, or another name.
  for (int hops = 0; hops < 8; ++hops) {
    const auto macro = macros_.find(name);
    if (macro == macros_.end()) break;
    std::string_view body = macro->second;
    while (body.size() > 2 && body.front() == '(' && body.back() == ')')
      body = body.substr(1, body.size() - 2);
    if (body.empty()) return {};
    if (const char c = body.front(); c >= '0' && c <= '9') return number(body);
    if (body.front() == '-' && body.size() > 1 && body[1] >= '0' && body[1] <= '9') {
      Value out = number(body.substr(1));
      if (out.is_number()) {
        out.low = -out.low;
        out.high = -out.high;
      }
      return out;
    }
    if (body.front() == '"' && body.size() > 1 && body.back() == '"' &&
        body.find('"', 1) == body.size() - 1) {
      const auto [at, fresh] =
          literal_sites_.try_emplace(body.data(), static_cast<int>(literals_.size()));
      if (fresh) {
        Buffer literal;
        literal.from = Buffer::From::literal;
        literal.life = Buffer::Life::live;
        literal.length = literal.filled = literal_length(body.substr(1, body.size() - 2));
        literal.size = literal.length + 1;
        literals_.push_back(literal);
      }
      Value out;
      out.kind = Value::Kind::pointer;
      out.sure = true;
      out.target = Value::kLiteral - at->second;
      return out;
    }
    if (const int variable = variable_named(body); variable >= 0) {
      const auto at = static_cast<std::size_t>(variable);
      return at < state.variables.size() ? state.variables[at] : Value{};
    }
    if (const auto found = std::ranges::find(kConstants, body, &Constant::name);
        found != kConstants.end())
      return Value::of(found->value, found->bytes, found->is_signed);
    name = body;
  }
  if (const auto constant = file_constants_.find(name); constant != file_constants_.end()) {
    const Kind kind = kind_of(inner(constant->second));
    if (kind == Kind::number) return number(text(inner(constant->second)));
  }
  return {};
}

Value Interpreter::string(Node node, State&) {
  const auto [at, fresh] =
      literal_sites_.try_emplace(node.id(), static_cast<int>(literals_.size()));
  if (fresh) {
    Buffer literal;
    literal.from = Buffer::From::literal;
    literal.life = Buffer::Life::live;
    Wide length = 0;
    bool plain = true;
    const auto add = [&](Node part) {
      std::string_view written_text = text(part);
      if (written_text.size() < 2 || written_text.front() != '"') {
        plain = false;
        return;
      }
      length += literal_length(written_text.substr(1, written_text.size() - 2));
    };
    if (kind_of(node) == Kind::strings) {
      for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
        if (kind_of(node.named_child(i)) != Kind::comment) add(node.named_child(i));
      }
    } else {
      add(node);
    }
    if (plain) {
      literal.length = literal.filled = length;
      // "\0" inside: there is more than the text's length.
      literal.size = text(node).find("\\0") == std::string_view::npos ? length + 1 : Wide{-1};
    }
    literals_.push_back(literal);
  }
  Value out;
  out.kind = Value::Kind::pointer;
  out.sure = true;
  out.target = Value::kLiteral - at->second;
  return out;
}

Value Interpreter::identifier(Node node, State& state) {
  const std::string_view name = text(node);
  const int index = variable_named(name);
  if (index < 0) return constant_named(name, state);
  const auto at = static_cast<std::size_t>(index);
  if (at >= state.variables.size() || variables_[at].untracked)
    return unknown_of(at < variables_.size() ? variables_[at].type : Type{});
  Value& now = state.variables[at];
  if (now.kind == Value::Kind::uninitialized) {
    report("c.uninitialized", node, {{"name", std::string(name)}});
    now = unknown_of(variables_[at].type);
  }
  return now;
}

// ---- Expressions

Value Interpreter::value(Node node, State& state) {
  node = inner(node);
  if (!node || state.dead || !spend(1)) return {};
  if (++depth_ > kDepthMax) given_up_ = true;
  Value out;
  if (given_up_) {
    --depth_;
    return out;
  }
  switch (kind_of(node)) {
    case Kind::identifier:
      out = identifier(node, state);
      break;
    case Kind::number:
      out = number(text(node));
      break;
    case Kind::character: {
      const std::string_view written_text = text(node);
      if (written_text == "'\\0'") {
        out = Value::of(0);
      } else if (written_text.size() == 3) {
        out = Value::of(static_cast<unsigned char>(written_text[1]));
      } else {
        out = Value::between(1, 127, 4, true);
        out.sure = false;
      }
      break;
    }
    case Kind::string:
    case Kind::strings:
      out = string(node, state);
      break;
    case Kind::null:
      out = Value::null_pointer();
      break;
    case Kind::true_:
      out = Value::of(1);
      break;
    case Kind::false_:
      out = Value::of(0);
      break;
    case Kind::comma:
      value(node.field("left"), state);
      out = value(node.field("right"), state);
      break;
    case Kind::assignment:
      out = assign(node, state);
      break;
    case Kind::update:
      out = update(node, state);
      break;
    case Kind::binary:
      out = binary(node, state);
      break;
    case Kind::unary: {
      const std::string_view sign = text(node.field("operator"));
      const Value of = value(node.field("argument"), state);
      if (sign == "-" && of.is_number() && of.unit == 0) {
        out = of;
        out.low = -of.high;
        out.high = -of.low;
        if (out.bytes < 4) out.bytes = 4;
        if (!of.real && of.is_constant() && !of.is_signed) out = {};
        if (of.tainted && of.is_signed && of.sure && of.low <= least(of.bytes, true)) out = {};
      } else if (sign == "+") {
        out = of;
      }
      break;
    }
    case Kind::pointer:
      if (text(node.field("operator")) == "&") {
        const Node argument = inner(node.field("argument"));
        if (kind_of(argument) == Kind::identifier) {
          const int index = variable_named(text(argument));
          const auto at = static_cast<std::size_t>(index);
          if (index >= 0 && at < state.variables.size()) {
            if (variables_[at].array == Value::kNowhere) {
              escape(state.variables[at], state);
              state.variables[at] = {};
              variables_[at].untracked = true;
              const int target = buffer_at(argument, state);
              Buffer& memory = state.buffers[static_cast<std::size_t>(target)];
              memory.from = variables_[at].is_static ? Buffer::From::static_ : Buffer::From::stack;
              const Type& type = variables_[at].type;
              if (type.known) memory.size = type.bytes;
              if (!type.known && type.unit != 0) {
                memory.size = 1;
                memory.unit = type.unit;
              }
              if (type.reference)
                memory.escaped = true, memory.life = Buffer::Life::maybe, memory.size = -1;
              out.kind = Value::Kind::pointer;
              out.sure = true;
              out.target = target;
              out.unit = memory.unit;
            } else {
              out = state.variables[at];
            }
          }
        } else {
          const Place at = place(argument, state);
          if (at.variable < 0 && at.at.is_pointer() && !at.member) out = at.at;
          if (at.variable >= 0) forget(at.variable, state);
          if (!out.is_pointer()) escape(at.at, state);
        }
      } else {
        const Place at = place(node, state);
        out = load(at, node, state);
      }
      break;
    case Kind::subscript:
    case Kind::field: {
      const Place at = place(node, state);
      out = load(at, node, state);
      break;
    }
    case Kind::call:
      out = call(node, state);
      break;
    case Kind::cast:
      out = cast(node, state);
      break;
    case Kind::sizeof_:
      out = size_of(node, state);
      break;
    case Kind::conditional: {
      spend(2 * (state.variables.size() + state.buffers.size()));
      auto [yes, no] = branch(node.field("condition"), std::move(state));
      const Node then = node.field("consequence");
      const Value one = then ? value(then, yes) : Value{};
      const Value other = value(node.field("alternative"), no);
      if (yes.dead) {
        out = other;
      } else if (no.dead) {
        out = one;
      } else {
        out = joined(one, other);
        if (!out.is_pointer()) {
          escape(one, yes);
          escape(other, no);
        }
      }
      state = std::move(yes);
      join(state, no);
      break;
    }
    case Kind::new_:
      out = new_expression(node, state);
      break;
    case Kind::delete_:
      delete_expression(node, state);
      break;
    case Kind::lambda:
    case Kind::comment:
      break;
    default:  // What is in it may go anywhere.
      for (std::uint32_t i = 0; i < node.named_child_count() && i < 2000; ++i) {
        const Node child = node.named_child(i);
        if (child.type() == "type_descriptor") continue;
        const int index = variable_in(child);
        if (index >= 0) {
          forget(index, state);
        } else {
          escape(value(child, state), state);
        }
      }
      break;
  }
  --depth_;
  return out;
}

bool Interpreter::has_arithmetic(Node node) const {
  node = inner(node);
  if (kind_of(node) == Kind::cast) return has_arithmetic(node.field("value"));
  if (kind_of(node) != Kind::binary) return false;
  const std::string_view sign = text(node.field("operator"));
  return sign == "+" || sign == "-" || sign == "*";
}

// A value as a variable of a type holds it.
Value Interpreter::fitted(Value value, const Type& type, Node right, Node whole) {
  if (!type.number) {
    if (value.is_number() && type.pointer && value.is_constant() && value.low == 0)
      return Value::null_pointer();
    if (value.is_number() && type.real) {
      value.real = true;
      if (!value.is_number() || value.low != value.high || value.low != 0)
        value.sure = value.sure && value.tainted;
      return value;
    }
    if (value.is_number()) return {};
    return value;
  }
  if (value.is_pointer() && value.handle) return value;
  if (value.is_pointer() || value.real) {
    if (value.real) return unknown_of(type);
    return value.is_null() ? Value::of(0, type.bytes, type.is_signed) : unknown_of(type);
  }
  if (!value.is_number()) return unknown_of(type);
  const Wide least_fit = type.least();
  const Wide most_fit = type.most();
  if (value.unit == 0 && (value.low < least_fit || value.high > most_fit)) {
    if (value.sure) {
      const bool computed = has_arithmetic(right);
      const int had = value.bytes;
      if (computed && type.bytes < 4 &&
          (value.high > most_fit ? value.high <= 2 * most_fit * most_fit + 1 : true) &&
          type.is_signed && (value.tainted || value.is_constant())) {
        report(value.high > most_fit ? "c.integer-overflow" : "c.integer-underflow", right,
               {{"expression", std::string(text(inner(right)))},
                {"value", written(value.high > most_fit ? value.high : value.low)}});
      } else if (value.tainted && type.bytes < 4 && had > type.bytes && !value.random &&
                 value.high - value.low > 60000) {
        report("c.truncated-input", whole,
               {{"expression", std::string(text(inner(right)))},
                {"bytes", std::to_string(type.bytes)}});
      } else if (value.is_constant() && type.is_signed && type.bytes < had && type.bytes < 4 &&
                 value.high > 2 * most_fit + 1 && kind_of(inner(right)) != Kind::number) {
        report("c.truncated-constant", whole,
               {{"expression", std::string(text(inner(right)))}, {"value", written(value.high)}});
      }
    }
    const bool tainted = value.tainted && value.sure;
    if (value.is_constant() && !tainted) {
      // Wraps.
      const Wide span = most_fit - least_fit + 1;
      Wide wrapped = (value.low - least_fit) % span;
      if (wrapped < 0) wrapped += span;
      return Value::of(least_fit + wrapped, type.bytes, type.is_signed);
    }
    value = tainted ? Value::between(least_fit, most_fit, type.bytes, type.is_signed)
                    : unknown_of(type);
    value.tainted = tainted;
    return value;
  }
  value.bytes = static_cast<std::uint8_t>(type.bytes);
  value.is_signed = type.is_signed;
  return value;
}

Value Interpreter::assign(Node node, State& state) {
  const std::string_view sign = text(node.field("operator"));
  const Node right = node.field("right");
  const Node left = node.field("left");
  if (sign == "=") {
    Value given = value(right, state);
    const Place to = place(left, state);
    store(to, given, right, node, state);
    if (to.variable >= 0 && to.whole &&
        static_cast<std::size_t>(to.variable) < state.variables.size())
      return state.variables[static_cast<std::size_t>(to.variable)];
    return given;
  }
  const Value before = value(left, state);
  const Value by = value(right, state);
  Value now;
  if (sign == "+=" || sign == "-=" || sign == "*=" || sign == "/=" || sign == "%=")
    now = arithmetic(sign.substr(0, 1), before, by, node, state);
  const Place to = place(left, state);
  store(to, now, {}, node, state);
  return now;
}

void Interpreter::store(const Place& to, Value given, Node right, Node whole, State& state) {
  if (state.dead) return;
  if (to.variable >= 0) {
    const auto at = static_cast<std::size_t>(to.variable);
    if (at >= state.variables.size()) return;
    if (!to.whole || variables_[at].untracked) {
      escape(given, state);
      if (variables_[at].array == Value::kNowhere)
        state.variables[at] = unknown_of(variables_[at].type);
      return;
    }
    if (variables_[at].array != Value::kNowhere) return;
    const Type& type = variables_[at].type;
    Value fit = right ? fitted(given, type, right, whole) : given;
    if (!right && fit.is_number() && type.number &&
        (fit.low < type.least() || fit.high > type.most()))
      fit = unknown_of(type);
    if (!type.number && !type.pointer && !type.real && given.is_pointer() && (type.single_class)) {
      escape(given, state);
      fit = {};
    }
    state.variables[at] = fit;
    return;
  }
  escape(given, state);
  if (!to.at.is_pointer()) return;
  const Type& item = to.item;
  const bool countable = item.known || item.unit != 0;
  const Wide size = item.known ? item.bytes : 1;
  if (to.member) {
    if (countable) {
      access(to.at, size, item.known ? 0 : item.unit, true, whole, state);
      return;
    }
    dereference(to.at, whole, state);
    if (Buffer* memory = buffer(to.at, state)) memory->forget_content();
    return;
  }
  if (!countable) {
    dereference(to.at, whole, state);
    if (Buffer* memory = buffer(to.at, state)) memory->forget_content();
    return;
  }
  access(to.at, size, item.known ? 0 : item.unit, true, whole, state);
  Buffer* memory = buffer(to.at, state);
  if (memory == nullptr || memory->from == Buffer::From::literal) return;
  // Texts: where the end is put.
  if (item.known && item.bytes == 1 && to.at.sure && to.at.low == to.at.high && to.at.unit == 0) {
    const Wide index = to.at.low;
    if (given.is_constant() && given.low == 0) {
      if (memory->length < 0 ? memory->filled >= index : index <= memory->length)
        memory->length = memory->filled = index;
    } else {
      if (memory->length == index) memory->length = -1;
      const bool filled = given.is_number() && (given.low > 0 || given.high < 0);
      if (!filled) {
        memory->filled = std::min(memory->filled, index);
        if (memory->length > index) memory->length = -1;
      }
    }
  } else {
    memory->length = -1;
    memory->filled = 0;
  }
}

Value Interpreter::update(Node node, State& state) {
  const Node argument = node.field("argument");
  const bool up = text(node.field("operator")) == "++";
  const Value before = value(argument, state);
  const Value after = arithmetic(up ? "+" : "-", before, Value::of(1), node, state);
  const Place to = place(argument, state);
  store(to, after, {}, node, state);
  const bool prefix = node.child(0) && node.child(0) != argument;
  return prefix ? after : before;
}

Value Interpreter::arithmetic(std::string_view sign, const Value& left, const Value& right,
                              Node node, State& state) {
  if (left.handle || right.handle) return {};
  // Pointers move in their buffers.
  if ((left.is_pointer() && right.is_number()) ||
      (right.is_pointer() && left.is_number() && sign == "+")) {
    const Value& pointer = left.is_pointer() ? left : right;
    const Value& by = left.is_pointer() ? right : left;
    Value out = pointer;
    if (sign != "+" && sign != "-") return {};
    const Type type = type_of(node, state);
    const int unit = type.item_known ? 0 : type.item_unit;
    if ((!type.item_known && unit == 0) || by.real || by.unit != 0 || pointer.unit != unit ||
        pointer.target == Value::kNowhere) {
      if (pointer.target == Value::kNowhere) return {};
      out.sure = false;
      out.low = -kFar;
      out.high = kFar;
      return out;
    }
    const Wide item = type.item_known ? type.item_bytes : 1;
    out.low += sign == "+" ? by.low * item : -by.high * item;
    out.high += sign == "+" ? by.high * item : -by.low * item;
    out.sure = pointer.sure && by.sure;
    out.tainted = by.tainted;
    return out;
  }
  if (left.is_pointer() && left.target != Value::kNowhere && (sign == "+" || sign == "-") &&
      right.kind == Value::Kind::unknown) {
    Value out = left;
    out.sure = false;
    out.low = -kFar;
    out.high = kFar;
    return out;
  }
  if ((sign == "/" || sign == "%") && right.is_number() && right.sure && right.low <= 0 &&
      right.high >= 0 &&
      (right.tainted || right.is_constant() || (right.real && right.low == 0 && right.high == 0)) &&
      (!right.real || left.kind != Value::Kind::pointer)) {
    const Node divisor = kind_of(node) == Kind::binary || kind_of(node) == Kind::assignment
                             ? node.field("right")
                             : node;
    if (kind_of(inner(divisor)) != Kind::number)
      report("c.division-by-zero", node, {{"divisor", std::string(text(divisor))}});
    return {};
  }
  if (!left.is_number() || !right.is_number() || left.real || right.real) {
    if (left.is_number() && right.is_number()) {
      Value out = left.real ? left : right;
      out.sure = false;
      out.tainted = false;
      return out;
    }
    Value out;
    return out;
  }
  Value out;
  out.kind = Value::Kind::number;
  out.bytes = std::max<std::uint8_t>({left.bytes, right.bytes, 4});
  out.is_signed = true;
  if ((!left.is_signed && left.bytes == out.bytes) ||
      (!right.is_signed && right.bytes == out.bytes))
    out.is_signed = false;
  out.sure = left.sure && right.sure;
  out.tainted = left.tainted || right.tainted;
  out.random = left.random || right.random;
  if (sign == "+" || sign == "-") {
    if (left.unit != right.unit) {
      // 1 byte beside a unit: neither.
      return {};
    }
    out.unit = left.unit;
    out.low = sign == "+" ? left.low + right.low : left.low - right.high;
    out.high = sign == "+" ? left.high + right.high : left.high - right.low;
  } else if (sign == "*") {
    if (left.unit != 0 && right.unit != 0) return {};
    out.unit = left.unit != 0 ? left.unit : right.unit;
    const auto small = [](Wide number) {
      return number < (kOne << 62) * 4 && number > -(kOne << 62) * 4;
    };
    if (!small(left.low) || !small(left.high) || !small(right.low) || !small(right.high)) return {};
    const long double biggest =
        std::max(static_cast<long double>(left.high), -static_cast<long double>(left.low)) *
        std::max(static_cast<long double>(right.high), -static_cast<long double>(right.low));
    if (biggest > 1.6e38L) return {};
    const auto products = std::to_array<Wide>({left.low * right.low, left.low * right.high,
                                               left.high * right.low, left.high * right.high});
    out.low = *std::ranges::min_element(products);
    out.high = *std::ranges::max_element(products);
    if (kind_of(node) == Kind::binary &&
        text(node.field("left")) == text(node.field("right"))) {  // A square.
      out.low = left.low <= 0 && left.high >= 0
                    ? Wide{0}
                    : std::min(left.low * left.low, left.high * left.high);
    }
  } else if (sign == "/") {
    if (right.unit != 0) {
      if (left.unit != right.unit) return {};
      out.unit = 0;
    } else {
      out.unit = left.unit;
    }
    if (right.low <= 0 && right.high >= 0) return {};
    const auto quotients = std::to_array<Wide>({left.low / right.low, left.low / right.high,
                                                left.high / right.low, left.high / right.high});
    out.low = *std::ranges::min_element(quotients);
    out.high = *std::ranges::max_element(quotients);
    out.sure = out.sure && right.is_constant();
  } else if (sign == "%") {
    if (left.unit != 0 || right.unit != 0) return {};
    if (left.is_constant() && right.is_constant()) {
      out.low = out.high = left.low % right.low;
      return out;
    }
    const Wide bound = std::max(right.high, -right.low) - 1;
    out.low = left.low < 0 ? std::max(-bound, left.low) : Wide{0};
    out.high = std::min(bound, std::max(left.high, Wide{0}));
    out.sure = out.sure && right.is_constant();
    return out;
  } else {
    return {};
  }
  if (out.unit != 0) return out;
  // In the type that it is computed in; what is counted up and down, in its own.
  Wide lowest = least(out.bytes, out.is_signed);
  Wide highest = most(out.bytes, out.is_signed);
  const bool in_place = kind_of(node) == Kind::update || kind_of(node) == Kind::assignment;
  if (in_place) {
    lowest = least(left.bytes, left.is_signed);
    highest = most(left.bytes, left.is_signed);
    out.bytes = left.bytes;
    out.is_signed = left.is_signed;
  }
  if (out.low < lowest || out.high > highest) {
    bool constants = false;  // Variables that hold what fits no more.
    if (left.is_constant() && right.is_constant()) {
      const Node operand =
          kind_of(node) == Kind::update ? node.field("argument") : node.field("left");
      constants = variable_in(operand) >= 0 &&
                  (out.is_signed || sign == "+" || sign == "-" || left.high == highest);
    }
    if (out.sure && (out.tainted || constants)) {
      const bool over = out.high > highest;
      report(
          over ? "c.integer-overflow" : "c.integer-underflow", node,
          {{"expression", std::string(text(node))}, {"value", written(over ? out.high : out.low)}});
    }
    Value lost;
    lost.bytes = out.bytes;
    lost.is_signed = out.is_signed;
    if (out.tainted && out.sure) {
      lost = Value::between(lowest, highest, out.bytes, out.is_signed);
      lost.tainted = true;
      lost.sure = false;
    }
    return lost;
  }
  return out;
}

Value Interpreter::binary(Node node, State& state) {
  const std::string_view sign = text(node.field("operator"));
  if (sign == "&&" || sign == "||" || sign == "and" || sign == "or") {
    spend(2 * (state.variables.size() + state.buffers.size()));
    auto [yes, no] = branch(node, std::move(state));
    state = std::move(yes);
    join(state, no);
    return {};
  }
  const Node left_node = node.field("left");
  const Node right_node = node.field("right");
  if (sign == "&" && kind_of(left_node) == Kind::parenthesized &&
      kind_of(inner(left_node)) == Kind::identifier && variable_named(text(inner(left_node))) < 0 &&
      variable_in(right_node) >= 0) {
    forget(variable_in(right_node), state);  // (Type) &variable, as the grammar reads it.
    return {};
  }
  const Value left = value(left_node, state);
  if (cpp_ && sign == ">>" && !left.is_number() && variable_in(right_node) >= 0) {
    forget(variable_in(right_node), state);  // A stream.
    return {};
  }
  const Value right = value(right_node, state);
  if (sign == "+" || sign == "-" || sign == "*" || sign == "/" || sign == "%")
    return arithmetic(sign, left, right, node, state);
  if (left.is_constant() && right.is_constant() && left.unit == 0 && right.unit == 0) {
    Value out = left;
    out.bytes = std::max<std::uint8_t>(left.bytes, 4);
    if (sign == "<<" && right.low >= 0 && right.low < 62 && left.low >= 0 &&
        left.low < (kOne << 60)) {
      out.low = out.high = left.low << static_cast<int>(right.low);
      if (out.high > most(out.bytes, out.is_signed)) return {};
      return out;
    }
    if (sign == ">>" && right.low >= 0 && right.low < 62 && left.low >= 0) {
      out.low = out.high = left.low >> static_cast<int>(right.low);
      return out;
    }
    if (sign == "&") {
      out.low = out.high = left.low & right.low;
      return out;
    }
    if (sign == "|") {
      out.low = out.high = left.low | right.low;
      return out;
    }
  }
  if (sign == "&" && (left.is_constant() || right.is_constant())) {
    const Value& mask = left.is_constant() ? left : right;
    const Value& other = left.is_constant() ? right : left;
    if (mask.low >= 0) {
      Value out = Value::between(0, mask.low, std::max<int>(mask.bytes, 4), true);
      out.tainted = other.tainted;
      out.sure = other.tainted;
      return out;
    }
  }
  if (!cpp_ || left.is_pointer() || right.is_pointer()) return {};
  // `stream << pointer` may keep nothing; other operators are unknown.
  return {};
}

Value Interpreter::cast(Node node, State& state) {
  const Node to = node.field("type");
  Node name;
  const Type type = types_.declared(types_.base(to), to.field("declarator"), name);
  const Node of = node.field("value");
  // (void)x says that x is not used.
  if (text(to) == "void" && variable_in(of) >= 0) return {};
  const Value given = value(of, state);
  if (type.pointer) {
    if (given.is_number() && given.is_constant() && given.low == 0) return Value::null_pointer();
    return given.is_pointer() ? given : Value{};
  }
  if (type.real && given.is_number()) {
    Value out = given;
    out.real = true;
    out.sure = given.sure && (given.tainted || (given.low == 0 && given.high == 0));
    return out;
  }
  if (!type.number) {
    escape(given, state);
    return given.is_pointer() ? Value{} : given;
  }
  if (given.is_pointer() && !given.is_null()) {
    escape(given, state);
    return unknown_of(type);
  }
  return fitted(given, type, of, node);
}

Value Interpreter::size_of(Node node, State& state) {
  Node of = node.field("type");
  Type type;
  if (of) {
    Node name;
    if (of.type() == "type_descriptor") {
      // A name in brackets may be a variable.
      const std::string_view written_text = text(of);
      if (const int index = variable_named(written_text); index >= 0) {
        const auto at = static_cast<std::size_t>(index);
        type = variables_[at].type;
        if (const Buffer* memory =
                buffer(at < state.variables.size() ? state.variables[at] : Value{}, state);
            memory != nullptr && variables_[at].array != Value::kNowhere) {
          if (memory->size < 0) return {};
          Value out = Value::of(memory->size, 8, false);
          out.unit = memory->unit;
          return out;
        }
      } else {
        type = types_.declared(types_.base(of), of.field("declarator"), name);
      }
    }
  } else {
    of = inner(node.field("value"));
    if (kind_of(of) == Kind::identifier) {
      const int index = variable_named(text(of));
      if (index < 0) {  // The grammar takes a type in brackets for a variable.
        const Type known =
            kind_of(node.field("value")) == Kind::parenthesized ? types_.named(text(of)) : Type{};
        if (!known.known && known.unit == 0) return {};
        Value out = Value::of(known.known ? known.bytes : 1, 8, false);
        out.unit = known.known ? 0 : known.unit;
        return out;
      }
      const auto at = static_cast<std::size_t>(index);
      if (variables_[at].array != Value::kNowhere) {
        const Buffer* memory =
            at < state.variables.size() ? buffer(state.variables[at], state) : nullptr;
        if (memory == nullptr || memory->size < 0) return {};
        Value out = Value::of(memory->size, 8, false);
        out.unit = memory->unit;
        return out;
      }
    }
    type = type_of(of, state);
  }
  if (type.array || type.reference) return {};
  Value out = Value::of(type.known ? type.bytes : 1, 8, false);
  out.unit = type.known ? 0 : type.unit;
  if (!type.known && type.unit == 0) return {};
  return out;
}

// As far as it is needed for sizes: of variables and what they point to.
Type Interpreter::type_of(Node node, State& state) {
  Type out;
  if (given_up_) return out;
  for (int depth = 0; depth < 40; ++depth) {
    node = inner(node);
    const Kind kind = kind_of(node);
    if (kind == Kind::identifier) {
      std::string_view name = text(node);
      int index = variable_named(name);
      if (const auto macro = macros_.find(name); index < 0 && macro != macros_.end())
        index = variable_named(macro->second);
      return index >= 0 ? variables_[static_cast<std::size_t>(index)].type : out;
    }
    if (kind == Kind::subscript || (kind == Kind::pointer && text(node.field("operator")) == "*")) {
      const Type of = type_of(node.field("argument"), state);
      if (!of.pointer && !of.array) return out;
      out.known = of.item_known;
      out.bytes = of.item_bytes;
      out.unit = of.item_unit;
      return out;
    }
    if (kind == Kind::cast) {
      Node name;
      const Node to = node.field("type");
      return types_.declared(types_.base(to), to.field("declarator"), name);
    }
    if (kind == Kind::binary || kind == Kind::assignment) {
      const Type left = type_of(node.field("left"), state);
      if (left.pointer || left.array) return left;
      node = node.field("right");
      continue;
    }
    if (kind == Kind::update) {
      node = node.field("argument");
      continue;
    }
    if (kind == Kind::string || kind == Kind::strings) {
      out.pointer = out.known = out.item_known = true;
      out.bytes = 8;
      out.item_bytes = 1;
    }
    return out;
  }
  return out;
}

// ---- Memory

Interpreter::Place Interpreter::place(Node node, State& state) {
  Place out;
  node = inner(node);
  if (++depth_ > kDepthMax) given_up_ = true;
  const Kind kind = given_up_ ? Kind::other : kind_of(node);
  if (kind == Kind::identifier) {
    out.variable = variable_named(text(node));
    if (out.variable < 0) {
      if (const auto macro = macros_.find(text(node)); macro != macros_.end())
        out.variable = variable_named(macro->second);
    }
  } else if (kind == Kind::subscript ||
             (kind == Kind::pointer && text(node.field("operator")) == "*")) {
    const Node base = node.field("argument");
    const Value pointer = value(base, state);
    const Type type = type_of(base, state);
    if (type.pointer || type.array) {
      out.item.known = type.item_known;
      out.item.bytes = type.item_bytes;
      out.item.unit = type.item_unit;
    }
    out.at = pointer;
    if (kind == Kind::subscript) {
      Node index = node.field("index");
      if (!index) index = node.field("indices").named_child(0);
      const Value by = value(index, state);
      if (pointer.is_pointer() && pointer.target != Value::kNowhere) {
        const int unit = out.item.known ? 0 : out.item.unit;
        if (by.is_number() && !by.real && by.unit == 0 && unit == pointer.unit &&
            (out.item.known || unit != 0)) {
          const Wide item = out.item.known ? out.item.bytes : 1;
          out.at.low += by.low * item;
          out.at.high += by.high * item;
          out.at.sure = pointer.sure && by.sure;
          out.at.tainted = by.tainted;
        } else {
          out.at.sure = false;
          out.at.low = -kFar;
          out.at.high = kFar;
        }
      }
    }
  } else if (kind == Kind::field) {
    const Node object = node.field("argument");
    if (text(node.field("operator")) == "->") {
      out.at = value(object, state);
      out.member = true;
    } else {
      out = place(object, state);
      out.whole = false;
      out.member = out.variable < 0;
      if (out.variable >= 0) {
        const auto at = static_cast<std::size_t>(out.variable);
        if (at < variables_.size() && variables_[at].type.pointer) out.variable = -1;
      }
    }
  } else if (kind == Kind::cast) {
    value(node, state);
  } else if (kind != Kind::other) {
    out.at = value(node, state);
    out.at.sure = false;
  }
  --depth_;
  return out;
}

// Whether a member's value is used, not perhaps its address.
bool Interpreter::is_read(Node node) const {
  const Node parent = node.parent();
  if (kind_of(parent) == Kind::binary) return !cpp_ || text(parent.field("operator")) != ">>";
  if (parent.type() != "argument_list") return false;
  const Node function = parent.parent().field("function");
  return kind_of(function) == Kind::identifier && !functions_.contains(text(function)) &&
         reads_arguments(text(function));
}

Value Interpreter::load(const Place& from, Node node, State& state) {
  if (state.dead) return {};
  if (from.variable >= 0) {
    const auto at = static_cast<std::size_t>(from.variable);
    if (at < state.variables.size() && !variables_[at].untracked) {
      Value& now = state.variables[at];
      if (now.kind == Value::Kind::uninitialized) {
        // A member may be an array: then its name is no read.
        if (from.whole || is_read(node))
          report("c.uninitialized", node, {{"name", std::string(text(node))}});
        now = {};
      }
    }
    return {};
  }
  if (!from.at.is_pointer()) return {};
  if (from.member && !(from.item.unit != 0 || from.item.known)) {
    dereference(from.at, node, state);
    const Buffer* memory = buffer(from.at, state);
    if (memory != nullptr && is_read(node) && memory->ready == 0 &&
        memory->life == Buffer::Life::live && from.at.low == 0) {
      report("c.uninitialized", node, {{"name", std::string(text(node))}});
      buffer(from.at, state)->ready = -1;
    }
    return {};
  }
  if (from.member && !is_read(node)) {
    dereference(from.at, node, state);
    if (Buffer* memory = buffer(from.at, state))
      memory->ready = memory->ready >= 0 ? -1 : memory->ready;
    return {};
  }
  if (from.item.known || from.item.unit != 0) {
    access(from.at, from.item.known ? from.item.bytes : 1, from.item.known ? 0 : from.item.unit,
           false, node, state);
  } else {
    dereference(from.at, node, state);
  }
  return {};
}

void Interpreter::dereference(const Value& pointer, Node node, State& state) {
  if (!pointer.is_pointer()) return;
  const std::string_view shown = text(node);
  if (pointer.is_null()) {
    report("c.null-dereference", node, {{"pointer", std::string(shown)}});
    state.dead = true;
    return;
  }
  const Buffer* memory = buffer(pointer, state);
  if (memory == nullptr) return;
  if (memory->life == Buffer::Life::freed) {
    report("c.use-after-free", node,
           {{"pointer", std::string(shown)}, {"line", std::to_string(memory->freed_line)}});
    buffer(pointer, state)->life = Buffer::Life::maybe;
    return;
  }
  if (pointer.null && pointer.unchecked) {
    report("c.unchecked-allocation", node,
           {{"pointer", std::string(shown)}, {"line", std::to_string(memory->site.first_line())}});
    for (Value& one : state.variables) {
      if (one.is_pointer() && one.target == pointer.target) one.null = one.unchecked = false;
    }
  }
}

void Interpreter::access(const Value& pointer, Wide size, int unit, bool write, Node node,
                         State& state) {
  dereference(pointer, node, state);
  if (state.dead) return;
  Buffer* memory = buffer(pointer, state);
  if (memory == nullptr || memory->life != Buffer::Life::live) return;
  const std::string shown(text(node));
  const bool comparable = memory->unit == unit && pointer.unit == unit;
  if (comparable && pointer.sure && pointer.low < 0) {
    report(write ? "c.buffer-underwrite" : "c.buffer-underread", node,
           {{"expression", shown}, {"offset", written(-pointer.low)}});
    return;
  }
  if (comparable && pointer.sure && memory->size >= 0 && pointer.high + size > memory->size) {
    report(write ? "c.buffer-overflow" : "c.buffer-overread", node,
           {{"expression", shown},
            {"size", written(memory->size)},
            {"used", written(std::min(pointer.high + size, Wide{1} << 64))}});
    return;
  }
  if (memory->ready < 0) return;
  if (!comparable || !pointer.sure) {
    memory->ready = write || memory->ready > 0 ? -1 : memory->ready;
    if (memory->ready != 0) return;
  }
  if (write) {
    if (pointer.low <= memory->ready) {
      memory->ready = std::max(memory->ready, pointer.high + size);
      if (memory->size >= 0 && memory->ready >= memory->size) memory->ready = -1;
    } else {
      memory->ready = -1;
    }
  } else if (memory->ready == 0 || (pointer.sure && comparable && pointer.high >= memory->ready)) {
    report("c.uninitialized", node, {{"name", shown}});
    memory->ready = -1;
  }
}

}  // namespace leyden::review::c
