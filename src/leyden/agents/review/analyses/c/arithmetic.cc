#include <algorithm>
#include <array>
#include <string>

#include "leyden/agents/review/analyses/c/interpreter.h"

namespace leyden::review::c {
namespace {

constexpr Wide kShiftedMax = Wide{1} << 60;

Value anywhere_in(const Value& pointer) {
  Value out = pointer;
  out.sure = false;
  out.low = -kFar;
  out.high = kFar;
  return out;
}

// A number of the type in which C computes with both.
Value in_common_type(const Value& left, const Value& right) {
  Value out;
  out.kind = Value::Kind::number;
  out.bytes = std::max<std::uint8_t>({left.bytes, right.bytes, 4});
  out.is_signed = !(!left.is_signed && left.bytes == out.bytes) &&
                  !(!right.is_signed && right.bytes == out.bytes);
  out.sure = left.sure && right.sure;
  out.tainted = left.tainted || right.tainted;
  out.random = left.random || right.random;
  return out;
}

Value sum(const Value& left, const Value& right) {
  if (left.unit != right.unit) return {};  // 1 byte beside a unit: neither.
  Value out = in_common_type(left, right);
  out.unit = left.unit;
  out.low = left.low + right.low;
  out.high = left.high + right.high;
  return out;
}

Value difference(const Value& left, const Value& right) {
  if (left.unit != right.unit) return {};
  Value out = in_common_type(left, right);
  out.unit = left.unit;
  out.low = left.low - right.high;
  out.high = left.high - right.low;
  return out;
}

// Whether no product of the two leaves what Wide holds.
bool can_be_multiplied(const Value& left, const Value& right) {
  constexpr Wide kFactorMax = (Wide{1} << 62) * 4;
  for (const Wide factor : {left.low, left.high, right.low, right.high}) {
    if (factor >= kFactorMax || factor <= -kFactorMax) return false;
  }
  const auto biggest = [](const Value& one) {
    return std::max(static_cast<long double>(one.high), -static_cast<long double>(one.low));
  };
  return biggest(left) * biggest(right) <= 1.6e38L;
}

Value product_of(const Value& left, const Value& right, bool square) {
  if ((left.unit != 0 && right.unit != 0) || !can_be_multiplied(left, right)) return {};
  Value out = in_common_type(left, right);
  out.unit = left.unit != 0 ? left.unit : right.unit;
  const auto products = std::to_array<Wide>(
      {left.low * right.low, left.low * right.high, left.high * right.low, left.high * right.high});
  out.low = std::ranges::min(products);
  out.high = std::ranges::max(products);
  if (square) {
    const bool around_zero = left.low <= 0 && left.high >= 0;
    out.low = around_zero ? Wide{0} : std::min(left.low * left.low, left.high * left.high);
  }
  return out;
}

Value quotient(const Value& left, const Value& right) {
  if (right.unit != 0 && left.unit != right.unit) return {};
  if (right.low <= 0 && right.high >= 0) return {};
  Value out = in_common_type(left, right);
  out.unit = right.unit != 0 ? 0 : left.unit;
  const auto quotients = std::to_array<Wide>(
      {left.low / right.low, left.low / right.high, left.high / right.low, left.high / right.high});
  out.low = std::ranges::min(quotients);
  out.high = std::ranges::max(quotients);
  out.sure = out.sure && right.is_constant();
  return out;
}

Value remainder(const Value& left, const Value& right) {
  if (left.unit != 0 || right.unit != 0) return {};
  Value out = in_common_type(left, right);
  if (left.is_constant() && right.is_constant()) {
    out.low = out.high = left.low % right.low;
    return out;
  }
  const Wide bound = std::max(right.high, -right.low) - 1;
  out.low = left.low < 0 ? std::max(-bound, left.low) : Wide{0};
  out.high = std::min(bound, std::max(left.high, Wide{0}));
  out.sure = out.sure && right.is_constant();
  return out;
}

bool can_be_zero(const Value& divisor, const Value& left) {
  if (!divisor.is_number() || !divisor.sure || divisor.low > 0 || divisor.high < 0) return false;
  if (divisor.real && left.is_pointer()) return false;
  const bool real_zero = divisor.real && divisor.low == 0 && divisor.high == 0;
  return divisor.tainted || divisor.is_constant() || real_zero;
}

// Of two constants; empty: not known.
Value of_bits(std::string_view sign, const Value& left, const Value& right) {
  Value out = left;
  out.bytes = std::max<std::uint8_t>(left.bytes, 4);
  const bool shifts = right.low >= 0 && right.low < 62 && left.low >= 0;
  if (sign == "<<" && shifts && left.low < kShiftedMax) {
    out.low = out.high = left.low << static_cast<int>(right.low);
    return out.high > most(out.bytes, out.is_signed) ? Value{} : out;
  }
  if (sign == ">>" && shifts) {
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
  return {};
}

Value masked(const Value& left, const Value& right) {
  if (!left.is_constant() && !right.is_constant()) return {};
  const Value& mask = left.is_constant() ? left : right;
  const Value& other = left.is_constant() ? right : left;
  if (mask.low < 0) return {};
  Value out = Value::between(0, mask.low, std::max<int>(mask.bytes, 4), true);
  out.tainted = out.sure = other.tainted;
  return out;
}

}  // namespace

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

// leyden:ignore common.complex-function a case a sign, and each as short as it gets
Value Interpreter::arithmetic(std::string_view sign, const Value& left, const Value& right,
                              Node node, State& state) {
  if (left.handle || right.handle) return {};
  const bool moves = sign == "+" || sign == "-";
  if (left.is_pointer() && right.is_number())
    return moves ? moved(left, right, sign == "+", node, state) : Value{};
  if (right.is_pointer() && left.is_number() && sign == "+")
    return moved(right, left, true, node, state);
  if (moves && left.is_pointer() && left.target != Value::kNowhere &&
      right.kind == Value::Kind::unknown)
    return anywhere_in(left);
  if ((sign == "/" || sign == "%") && can_be_zero(right, left)) {
    report_division(node);
    return {};
  }
  if (!left.is_number() || !right.is_number()) return {};
  if (left.real || right.real) {
    Value out = left.real ? left : right;
    out.sure = out.tainted = false;
    return out;
  }
  if (sign == "+") return in_range(sum(left, right), left, right, node);
  if (sign == "-") return in_range(difference(left, right), left, right, node);
  if (sign == "/") return in_range(quotient(left, right), left, right, node);
  if (sign == "%") return remainder(left, right);
  if (sign != "*") return {};
  const bool square =
      kind_of(node) == Kind::binary && text(node.field("left")) == text(node.field("right"));
  return in_range(product_of(left, right, square), left, right, node);
}

// Pointers move in their buffers.
Value Interpreter::moved(const Value& pointer, const Value& by, bool forward, Node node,
                         State& state) {
  const Type type = type_of(node, state);
  if (pointer.target == Value::kNowhere) return {};
  const int unit = type.item_known ? 0 : type.item_unit;
  const bool countable = type.item_known || unit != 0;
  if (!countable || by.real || by.unit != 0 || pointer.unit != unit) return anywhere_in(pointer);
  const Wide item = type.item_known ? type.item_bytes : 1;
  Value out = pointer;
  out.low += forward ? by.low * item : -by.high * item;
  out.high += forward ? by.high * item : -by.low * item;
  out.sure = pointer.sure && by.sure;
  out.tainted = by.tainted;
  return out;
}

void Interpreter::report_division(Node node) {
  const Kind kind = kind_of(node);
  const Node divisor =
      kind == Kind::binary || kind == Kind::assignment ? node.field("right") : node;
  if (kind_of(inner(divisor)) != Kind::number)
    report("c.division-by-zero", node, {{"divisor", std::string(text(divisor))}});
}

// In the type that it is computed in; what is counted up and down, in its own.
Value Interpreter::in_range(Value result, const Value& left, const Value& right, Node node) {
  if (!result.is_number() || result.unit != 0) return result;
  const Kind kind = kind_of(node);
  if (kind == Kind::update || kind == Kind::assignment) {
    result.bytes = left.bytes;
    result.is_signed = left.is_signed;
  }
  const Wide lowest = least(result.bytes, result.is_signed);
  const Wide highest = most(result.bytes, result.is_signed);
  if (result.low >= lowest && result.high <= highest) return result;
  const bool input = result.tainted && result.sure;
  const bool over = result.high > highest;
  if (input || (result.sure && is_known_to_leave(result, left, right, node)))
    report(over ? "c.integer-overflow" : "c.integer-underflow", node,
           {{"expression", std::string(text(node))},
            {"value", written(over ? result.high : result.low)}});
  Value lost;
  lost.bytes = result.bytes;
  lost.is_signed = result.is_signed;
  if (!input) return lost;
  lost = Value::between(lowest, highest, result.bytes, result.is_signed);
  lost.tainted = true;
  lost.sure = false;
  return lost;
}

// Whether a variable holds what fits no more: constants alone are meant to wrap.
bool Interpreter::is_known_to_leave(const Value& result, const Value& left, const Value& right,
                                    Node node) const {
  if (!left.is_constant() || !right.is_constant()) return false;
  const bool update = kind_of(node) == Kind::update;
  if (variable_in(node.field(update ? "argument" : "left")) < 0) return false;
  if (result.is_signed || left.high == most(result.bytes, result.is_signed)) return true;
  const std::string_view sign = text(node.field("operator"));
  return sign.starts_with('+') || sign.starts_with('-');
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
  if (left.is_constant() && right.is_constant() && left.unit == 0 && right.unit == 0)
    return of_bits(sign, left, right);
  return sign == "&" ? masked(left, right) : Value{};
}

Value Interpreter::negated(const Value& number) {
  if (!number.is_number() || number.unit != 0) return {};
  if (!number.real && number.is_constant() && !number.is_signed) return {};
  const bool lowest = number.low <= least(number.bytes, true);
  if (number.tainted && number.is_signed && number.sure && lowest) return {};
  Value out = number;
  out.low = -number.high;
  out.high = -number.low;
  out.bytes = std::max<std::uint8_t>(number.bytes, 4);
  return out;
}

// ---- What a variable takes

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
    if (!value.is_number()) return value;
    if (type.pointer && value.is_constant() && value.low == 0) return Value::null_pointer();
    if (!type.real) return {};
    value.real = true;
    if (value.low != 0 || value.high != 0) value.sure = value.sure && value.tainted;
    return value;
  }
  if (value.is_pointer() && value.handle) return value;
  if (value.is_null() && !value.real) return Value::of(0, type.bytes, type.is_signed);
  if (!value.is_number() || value.real) return unknown_of(type);
  if (value.unit == 0 && (value.low < type.least() || value.high > type.most())) {
    if (value.sure) report_misfit(value, type, right, whole);
    return cut_down(value, type);
  }
  value.bytes = static_cast<std::uint8_t>(type.bytes);
  value.is_signed = type.is_signed;
  return value;
}

void Interpreter::report_misfit(const Value& value, const Type& type, Node right, Node whole) {
  if (type.bytes >= 4) return;
  const Wide highest = type.most();
  const bool over = value.high > highest;
  const std::string expression(text(inner(right)));
  // What no product of two values of the type reaches is no overflow of it.
  const bool near = !over || value.high <= 2 * highest * highest + 1;
  if (type.is_signed && near && (value.tainted || value.is_constant()) && has_arithmetic(right)) {
    report(over ? "c.integer-overflow" : "c.integer-underflow", right,
           {{"expression", expression}, {"value", written(over ? value.high : value.low)}});
    return;
  }
  if (value.bytes <= type.bytes) return;
  if (value.tainted && !value.random && value.high - value.low > 60000) {
    report("c.truncated-input", whole,
           {{"expression", expression}, {"bytes", std::to_string(type.bytes)}});
    return;
  }
  if (value.is_constant() && type.is_signed && value.high > 2 * highest + 1 &&
      kind_of(inner(right)) != Kind::number)
    report("c.truncated-constant", whole,
           {{"expression", expression}, {"value", written(value.high)}});
}

// What a type keeps of a number that it does not hold.
Value Interpreter::cut_down(const Value& value, const Type& type) {
  const Wide lowest = type.least();
  if (value.tainted && value.sure) {
    Value out = Value::between(lowest, type.most(), type.bytes, type.is_signed);
    out.tainted = true;
    return out;
  }
  if (!value.is_constant()) return unknown_of(type);
  const Wide span = type.most() - lowest + 1;
  Wide wrapped = (value.low - lowest) % span;
  if (wrapped < 0) wrapped += span;
  return Value::of(lowest + wrapped, type.bytes, type.is_signed);
}

}  // namespace leyden::review::c
