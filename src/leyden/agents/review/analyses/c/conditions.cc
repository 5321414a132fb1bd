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

Interpreter::Branches Interpreter::branch(Node condition, State state) {
  condition = inner(condition);
  if (++depth_ > 200) given_up_ = true;
  Branches out;
  const Kind kind = kind_of(condition);
  const std::string_view sign = kind == Kind::binary || kind == Kind::unary
                                    ? text(condition.field("operator"))
                                    : std::string_view();
  if (given_up_) {
    out.yes = state;
    out.no = std::move(state);
  } else if (kind == Kind::unary && (sign == "!" || sign == "not")) {
    out = branch(condition.field("argument"), std::move(state));
    std::swap(out.yes, out.no);
  } else if (kind == Kind::binary && (sign == "&&" || sign == "and")) {
    spend(state.variables.size() + state.buffers.size());
    Branches left = branch(condition.field("left"), std::move(state));
    Branches right = branch(condition.field("right"), std::move(left.yes));
    out.yes = std::move(right.yes);
    out.no = std::move(left.no);
    join(out.no, right.no);
  } else if (kind == Kind::binary && (sign == "||" || sign == "or")) {
    spend(state.variables.size() + state.buffers.size());
    Branches left = branch(condition.field("left"), std::move(state));
    Branches right = branch(condition.field("right"), std::move(left.no));
    out.no = std::move(right.no);
    out.yes = std::move(left.yes);
    join(out.yes, right.yes);
  } else if (kind == Kind::binary && is_comparison(sign)) {
    compare(condition, sign, out, state);
  } else {
    // likely(x == 0), BE(x == 0, 1): what a macro lets through.
    const Node list = condition.field("arguments");
    const Node first = inner(list.named_child(0));
    const std::string_view of = kind_of(first) == Kind::binary || kind_of(first) == Kind::unary
                                    ? text(first.field("operator"))
                                    : std::string_view();
    const bool hint =
        kind == Kind::call && kind_of(condition.field("function")) == Kind::identifier &&
        (is_comparison(of) || of == "!") &&
        (list.named_child_count() == 1 ||
         (list.named_child_count() == 2 && kind_of(list.named_child(1)) == Kind::number));
    if (hint) {
      out = branch(first, std::move(state));
    } else if (!state.dead) {
      const Value tested = value(condition, state);
      if (tested.is_number() && !tested.real && tested.sure && tested.unit == 0) {
        out.yes = state;
        out.no = std::move(state);
        out.yes.dead = tested.low == 0 && tested.high == 0;
        out.no.dead = tested.low > 0 || tested.high < 0;
        if (variable_in(condition) >= 0) restrict_to(condition, "==", Value::of(0), out.no);
      } else {
        out.yes = state;
        out.no = std::move(state);
        if (variable_in(condition) >= 0) {
          const Value zero = tested.is_pointer() ? Value::null_pointer() : Value::of(0);
          restrict_to(condition, "!=", zero, out.yes);
          restrict_to(condition, "==", zero, out.no);
        } else {
          doubt(condition, out.yes);
          doubt(condition, out.no);
        }
      }
    } else {
      out.yes = state;
      out.no = std::move(state);
    }
  }
  --depth_;
  return out;
}

void Interpreter::compare(Node node, std::string_view sign, Branches& out, State& state) {
  const Node left = node.field("left");
  const Node right = node.field("right");
  if (state.dead) {
    out.yes = state;
    out.no = std::move(state);
    return;
  }
  const Value one = value(left, state);
  const Value other = value(right, state);
  out.yes = state;
  out.no = std::move(state);
  // No error is seen where the number can't be negative.
  if ((sign == "<" || sign == ">=") && other.is_constant() && other.low == 0 &&
      kind_of(inner(right)) == Kind::number) {
    const int index = variable_in(left);
    const auto at = static_cast<std::size_t>(index);
    if (index >= 0 && kind_of(inner(left)) == Kind::identifier && variables_[at].type.number &&
        !variables_[at].type.is_signed && !variables_[at].type.reference)
      report(
          "c.never-negative", node,
          {{"name", std::string(text(inner(left)))}, {"answer", sign == "<" ? "false" : "true"}});
  }
  // Both known: one way only.
  if (one.is_number() && other.is_number() && one.sure && other.sure && !one.real && !other.real &&
      one.unit == other.unit) {
    const auto can = [&](std::string_view s) {
      if (s == "<") return one.low < other.high;
      if (s == "<=") return one.low <= other.high;
      if (s == ">") return one.high > other.low;
      if (s == ">=") return one.high >= other.low;
      if (s == "==") return one.low <= other.high && other.low <= one.high;
      return !(one.is_constant() && other.is_constant() && one.low == other.low);
    };
    if (!can(sign)) out.yes.dead = true;
    if (!can(opposite(sign))) out.no.dead = true;
  }
  const auto known_null = [](const Value& v) {
    return v.is_null() || (v.is_constant() && v.low == 0);
  };
  if ((sign == "==" || sign == "!=") && (one.is_pointer() || other.is_pointer())) {
    State& equal = sign == "==" ? out.yes : out.no;
    State& unequal = sign == "==" ? out.no : out.yes;
    if (known_null(one) && known_null(other)) unequal.dead = true;
    if ((one.is_pointer() && !one.null && known_null(other)) ||
        (other.is_pointer() && !other.null && known_null(one)))
      equal.dead = true;
  }
  bool direct = false;
  if (variable_in(left) >= 0) {
    restrict_to(left, sign, other, out.yes);
    restrict_to(left, opposite(sign), other, out.no);
    direct = true;
  }
  if (variable_in(right) >= 0) {
    restrict_to(right, mirrored(sign), one, out.yes);
    restrict_to(right, mirrored(opposite(sign)), one, out.no);
    direct = true;
  }
  for (const Node side : {left, right}) {
    if (variable_in(side) >= 0) continue;
    const Kind kind = kind_of(inner(side));
    if (kind == Kind::number || kind == Kind::null || kind == Kind::character) continue;
    doubt(side, out.yes);
    doubt(side, out.no);
  }
  (void)direct;
}

// The variable in `operand` is such that the comparison holds.
void Interpreter::restrict_to(Node operand, std::string_view sign, const Value& other,
                              State& state) {
  if (state.dead) return;
  const int index = variable_in(operand);
  const auto at = static_cast<std::size_t>(index);
  if (index < 0 || at >= state.variables.size() || variables_[at].untracked) return;
  Value& now = state.variables[at];
  if (now.is_pointer() && now.handle) {
    if (!other.is_constant()) return;
    const bool failed = (sign == "==" && other.low < 0) || (sign == "<" && other.low <= 0) ||
                        (sign == "<=" && other.low < 0);
    if (!failed) return;
    if (Buffer* target = buffer(now, state);
        target != nullptr && target->life == Buffer::Life::live)
      target->life = Buffer::Life::failed;
    now = {};
    return;
  }
  if (now.is_pointer()) {
    const bool zero = other.is_null() || (other.is_constant() && other.low == 0);
    if (zero && sign == "!=") {
      if (now.is_null()) {
        state.dead = true;
        return;
      }
      now.null = now.unchecked = false;
    } else if (zero && sign == "==") {
      if (!now.null) {
        state.dead = true;
        return;
      }
      if (Buffer* target = buffer(now, state);
          target != nullptr && target->life == Buffer::Life::live)
        target->life = Buffer::Life::failed;
      now = Value::null_pointer();
    } else {
      now.unchecked = false;
    }
    return;
  }
  if (now.kind == Value::Kind::unknown && (other.is_null()) && sign == "==") {
    now = Value::null_pointer();
    return;
  }
  const bool handle = other.is_constant() && now.is_pointer();
  (void)handle;
  if (!now.is_number()) return;
  if (now.real) {
    now = {};
    return;
  }
  if (!other.is_number() || !other.sure || other.real || other.unit != now.unit) {
    // Compared with something unknown: whoever did that thought of it.
    if (now.tainted || !now.is_constant()) {
      const bool lower_only = other.is_number() && false;
      if (!lower_only) now = unknown_of(variables_[at].type);
    }
    return;
  }
  if (sign == "<") now.high = std::min(now.high, other.high - 1);
  if (sign == "<=") now.high = std::min(now.high, other.high);
  if (sign == ">") now.low = std::max(now.low, other.low + 1);
  if (sign == ">=") now.low = std::max(now.low, other.low);
  if (sign == "==") {
    now.low = std::max(now.low, other.low);
    now.high = std::min(now.high, other.high);
  }
  if (sign == "!=" && other.is_constant()) {
    if (now.low == other.low) ++now.low;
    if (now.high == other.low) --now.high;
    // A hole in the middle: what divides by it is safe.
    if (other.low == 0 && now.low < 0 && now.high > 0) now = unknown_of(variables_[at].type);
  }
  if (now.is_number() && now.low > now.high) state.dead = true;
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
