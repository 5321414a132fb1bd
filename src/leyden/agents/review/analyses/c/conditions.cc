#include <algorithm>
#include <array>
#include <string_view>

#include "leyden/agents/review/analyses/c/interpreter.h"
#include "leyden/agents/review/code_shape.h"

namespace leyden::review::c {
namespace {

std::string_view opposite(std::string_view sign) {
  if (sign == "<") return ">=";
  if (sign == "<=") return ">";
  if (sign == ">") return "<=";
  if (sign == ">=") return "<";
  return sign == "==" ? "!=" : "==";
}
// The same seen from the right.
std::string_view mirrored(std::string_view sign) {
  if (sign == "<") return ">";
  if (sign == "<=") return ">=";
  if (sign == ">") return "<";
  if (sign == ">=") return "<=";
  return sign;
}
bool is_comparison(std::string_view sign) {
  return sign == "<" || sign == "<=" || sign == ">" || sign == ">=" || sign == "==" || sign == "!=";
}

// Asks whether there was input, not what it says.
bool is_reader(std::string_view name) {
  constexpr auto kReaders = std::to_array<std::string_view>(
      {"scanf", "fscanf", "sscanf", "fgets", "fread", "read", "recv", "recvfrom", "getline"});
  return std::ranges::find(kReaders, name) != kReaders.end();
}

// Whether some pair of the two numbers' values compares so.
bool can_hold(std::string_view sign, const Value& one, const Value& other) {
  if (sign == "<") return one.low < other.high;
  if (sign == "<=") return one.low <= other.high;
  if (sign == ">") return one.high > other.low;
  if (sign == ">=") return one.high >= other.low;
  if (sign == "==") return one.low <= other.high && other.low <= one.high;
  return !(one.is_constant() && other.is_constant() && one.low == other.low);
}

bool is_comparable(const Value& value) { return value.is_number() && value.sure && !value.real; }

bool is_zero(const Value& value) {
  return value.is_null() || (value.is_constant() && value.low == 0);
}

// What is left of a number of which the comparison holds.
void narrow(Value& now, std::string_view sign, const Value& other) {
  if (sign == "<") now.high = std::min(now.high, other.high - 1);
  if (sign == "<=" || sign == "==") now.high = std::min(now.high, other.high);
  if (sign == ">") now.low = std::max(now.low, other.low + 1);
  if (sign == ">=" || sign == "==") now.low = std::max(now.low, other.low);
  if (sign != "!=" || !other.is_constant()) return;
  if (now.low == other.low) ++now.low;
  if (now.high == other.low) --now.high;
}

}  // namespace

// The variable whose value the expression is, also when it has just got it.
int Interpreter::variable_in(Node node) const {
  for (int depth = 0; depth < 50; ++depth) {
    node = inner(node);
    const Kind kind = kind_of(node);
    if (kind == Kind::identifier) return variable_named(text(node));
    if (kind == Kind::assignment && text(node.field("operator")) == "=") {
      node = node.field("left");
    } else if (kind == Kind::cast) {
      node = node.field("value");
    } else {
      return -1;
    }
  }
  return -1;
}

Interpreter::Branches Interpreter::either(State state) {
  Branches out;
  out.yes = state;
  out.no = std::move(state);
  return out;
}

Interpreter::Branches Interpreter::branch(Node condition, State state) {
  if (++depth_ > kExpressionDepthMax) given_up_ = true;
  Branches out =
      given_up_ ? either(std::move(state)) : branch_of(inner(condition), std::move(state));
  --depth_;
  return out;
}

Interpreter::Branches Interpreter::branch_of(Node condition, State state) {
  const Kind kind = kind_of(condition);
  if (kind == Kind::binary) {
    const std::string_view sign = text(condition.field("operator"));
    if (sign == "&&" || sign == "and") return branch_of_and(condition, std::move(state));
    if (sign == "||" || sign == "or") return branch_of_or(condition, std::move(state));
    if (is_comparison(sign)) return compare(condition, sign, std::move(state));
  }
  if (kind == Kind::unary) {
    const std::string_view sign = text(condition.field("operator"));
    if (sign == "!" || sign == "not") {
      Branches out = branch(condition.field("argument"), std::move(state));
      std::swap(out.yes, out.no);
      return out;
    }
  }
  if (const Node hinted = behind_hint(condition)) return branch(hinted, std::move(state));
  return state.dead ? either(std::move(state)) : branch_of_value(condition, std::move(state));
}

Interpreter::Branches Interpreter::branch_of_and(Node condition, State state) {
  spend(state.variables.size() + state.buffers.size());
  Branches left = branch(condition.field("left"), std::move(state));
  Branches right = branch(condition.field("right"), std::move(left.yes));
  join(left.no, right.no);
  return {.yes = std::move(right.yes), .no = std::move(left.no)};
}

Interpreter::Branches Interpreter::branch_of_or(Node condition, State state) {
  spend(state.variables.size() + state.buffers.size());
  Branches left = branch(condition.field("left"), std::move(state));
  Branches right = branch(condition.field("right"), std::move(left.no));
  join(left.yes, right.yes);
  return {.yes = std::move(left.yes), .no = std::move(right.no)};
}

// likely(x == 0), BE(x == 0, 1): what a macro lets through; else null.
Node Interpreter::behind_hint(Node condition) const {
  if (kind_of(condition) != Kind::call) return {};
  if (kind_of(condition.field("function")) != Kind::identifier) return {};
  const Node list = condition.field("arguments");
  const Node first = inner(list.named_child(0));
  const Kind kind = kind_of(first);
  if (kind != Kind::binary && kind != Kind::unary) return {};
  const std::string_view sign = text(first.field("operator"));
  if (!is_comparison(sign) && sign != "!") return {};
  const std::uint32_t count = list.named_child_count();
  const bool expects = count == 2 && kind_of(list.named_child(1)) == Kind::number;
  return count == 1 || expects ? first : Node();
}

Interpreter::Branches Interpreter::branch_of_value(Node condition, State state) {
  const Value tested = value(condition, state);
  Branches out = either(std::move(state));
  const bool named = variable_in(condition) >= 0;
  if (is_comparable(tested) && tested.unit == 0) {
    out.yes.dead = tested.low == 0 && tested.high == 0;
    out.no.dead = tested.low > 0 || tested.high < 0;
    if (named) restrict_to(condition, "==", Value::of(0), out.no);
    return out;
  }
  if (!named) {
    doubt(condition, out.yes);
    doubt(condition, out.no);
    return out;
  }
  const Value zero = tested.is_pointer() ? Value::null_pointer() : Value::of(0);
  restrict_to(condition, "!=", zero, out.yes);
  restrict_to(condition, "==", zero, out.no);
  return out;
}

Interpreter::Branches Interpreter::compare(Node node, std::string_view sign, State state) {
  if (state.dead) return either(std::move(state));
  const Node left = node.field("left");
  const Node right = node.field("right");
  const Value one = value(left, state);
  const Value other = value(right, state);
  Branches out = either(std::move(state));
  if ((sign == "<" || sign == ">=") && other.is_constant() && other.low == 0)
    check_negative(node, sign == "<" ? "false" : "true");
  // Both known: one way only.
  if (is_comparable(one) && is_comparable(other) && one.unit == other.unit) {
    if (!can_hold(sign, one, other)) out.yes.dead = true;
    if (!can_hold(opposite(sign), one, other)) out.no.dead = true;
  }
  if (sign == "==") compare_pointers(one, other, out.yes, out.no);
  if (sign == "!=") compare_pointers(one, other, out.no, out.yes);
  if (variable_in(left) >= 0) {
    restrict_to(left, sign, other, out.yes);
    restrict_to(left, opposite(sign), other, out.no);
  }
  if (variable_in(right) >= 0) {
    restrict_to(right, mirrored(sign), one, out.yes);
    restrict_to(right, mirrored(opposite(sign)), one, out.no);
  }
  for (const Node side : {left, right}) {
    const Kind kind = kind_of(inner(side));
    if (kind == Kind::number || kind == Kind::null || kind == Kind::character) continue;
    if (variable_in(side) >= 0) continue;
    doubt(side, out.yes);
    doubt(side, out.no);
  }
  return out;
}

// No error is seen where the number can't be negative.
void Interpreter::check_negative(Node comparison, std::string_view answer) {
  const Node left = inner(comparison.field("left"));
  if (kind_of(inner(comparison.field("right"))) != Kind::number) return;
  if (kind_of(left) != Kind::identifier) return;
  const int index = variable_in(left);
  if (index < 0) return;
  const Type& type = variables_[static_cast<std::size_t>(index)].type;
  if (type.number && !type.is_signed && !type.reference)
    report("c.never-negative", comparison,
           {{"name", std::string(text(left))}, {"answer", std::string(answer)}});
}

void Interpreter::compare_pointers(const Value& one, const Value& other, State& equal,
                                   State& unequal) {
  if (!one.is_pointer() && !other.is_pointer()) return;
  if (is_zero(one) && is_zero(other)) unequal.dead = true;
  if ((one.is_pointer() && !one.null && is_zero(other)) ||
      (other.is_pointer() && !other.null && is_zero(one)))
    equal.dead = true;
}

// The variable in `operand` is such that the comparison holds.
void Interpreter::restrict_to(Node operand, std::string_view sign, const Value& other,
                              State& state) {
  if (state.dead) return;
  const int index = variable_in(operand);
  const auto at = static_cast<std::size_t>(index);
  if (index < 0 || at >= state.variables.size() || variables_[at].untracked) return;
  Value& now = state.variables[at];
  if (now.is_pointer()) {
    if (now.handle) {
      restrict_handle(now, sign, other, state);
    } else {
      restrict_pointer(now, sign, other, state);
    }
    return;
  }
  if (now.kind == Value::Kind::unknown && other.is_null() && sign == "==") {
    now = Value::null_pointer();
    return;
  }
  if (!now.is_number()) return;
  if (now.real) {
    now = {};
    return;
  }
  if (!is_comparable(other) || other.unit != now.unit) {
    // Compared with something unknown: whoever did that thought of it.
    if (now.tainted || !now.is_constant()) now = unknown_of(variables_[at].type);
    return;
  }
  narrow(now, sign, other);
  // A hole in the middle: what divides by it is safe.
  if (sign == "!=" && is_zero(other) && now.low < 0 && now.high > 0)
    now = unknown_of(variables_[at].type);
  if (now.is_number() && now.low > now.high) state.dead = true;
}

void Interpreter::fail(Value& pointer, State& state) {
  Buffer* target = buffer(pointer, state);
  if (target != nullptr && target->life == Buffer::Life::live) target->life = Buffer::Life::failed;
}

// Below 0 there is no file.
void Interpreter::restrict_handle(Value& now, std::string_view sign, const Value& other,
                                  State& state) {
  if (!other.is_constant()) return;
  const bool failed = sign == "<" ? other.low <= 0 : other.low < 0;
  if (!failed || (sign != "==" && sign != "<" && sign != "<=")) return;
  fail(now, state);
  now = {};
}

void Interpreter::restrict_pointer(Value& now, std::string_view sign, const Value& other,
                                   State& state) {
  const bool zero = is_zero(other);
  if (zero && sign == "!=") {
    if (now.is_null()) {
      state.dead = true;
    } else {
      now.null = now.unchecked = false;
    }
  } else if (zero && sign == "==") {
    if (!now.null) {
      state.dead = true;
      return;
    }
    fail(now, state);
    now = Value::null_pointer();
  } else {
    now.unchecked = false;
  }
}

// Input that a condition speaks of in a way that is not followed counts as looked at.
void Interpreter::doubt(Node condition, State& state) {
  if (state.dead) return;
  std::size_t call_end = 0;
  walk(condition, [&](Node node) {
    if (kind_of(node) == Kind::call) call_end = std::max(call_end, node.end());
    if (kind_of(node) == Kind::call && is_reader(text(node.field("function")))) return false;
    if (kind_of(node) != Kind::identifier) return true;
    const int index = variable_named(text(node));
    const auto at = static_cast<std::size_t>(index);
    if (index < 0 || at >= state.variables.size()) return true;
    Value& now = state.variables[at];
    if (now.is_number() && (now.tainted || !now.sure || now.real || node.begin() < call_end))
      now = unknown_of(variables_[at].type);
    if (now.is_pointer()) now.unchecked = false;
    return true;
  });
}

}  // namespace leyden::review::c
