#include <utility>

#include "leyden/agents/review/analyses/c/interpreter.h"

namespace leyden::review::c {
namespace {

constexpr std::uint32_t kPartsMax = 2'000;

Value size_in(Wide size, int unit) {
  Value out = Value::of(size, 8, false);
  out.unit = unit;
  return out;
}

Value size_of_type(const Type& type) {
  if (type.known) return size_in(type.bytes, 0);
  return type.unit == 0 ? Value{} : size_in(1, type.unit);
}

}  // namespace

Value Interpreter::value(Node node, State& state) {
  node = inner(node);
  if (!node || state.dead || !spend(1)) return {};
  if (++depth_ > kExpressionDepthMax) given_up_ = true;
  const Value out = given_up_ ? Value{} : value_of_kind(kind_of(node), node, state);
  --depth_;
  return out;
}

Value Interpreter::value_of_kind(Kind kind, Node node, State& state) {
  switch (kind) {
    case Kind::identifier:
      return identifier(node, state);
    case Kind::number:
      return number(text(node));
    case Kind::character:
      return character(text(node));
    case Kind::string:
    case Kind::strings:
      return string(node);
    case Kind::null:
      return Value::null_pointer();
    case Kind::true_:
      return Value::of(1);
    case Kind::false_:
      return Value::of(0);
    case Kind::lambda:
    case Kind::comment:
      return {};
    default:
      return value_of_operation(kind, node, state);
  }
}

Value Interpreter::value_of_operation(Kind kind, Node node, State& state) {
  switch (kind) {
    case Kind::comma:
      value(node.field("left"), state);
      return value(node.field("right"), state);
    case Kind::assignment:
      return assign(node, state);
    case Kind::update:
      return update(node, state);
    case Kind::binary:
      return binary(node, state);
    case Kind::unary:
      return unary(node, state);
    case Kind::pointer:
      if (text(node.field("operator")) == "&")
        return address_of(inner(node.field("argument")), state);
      return load(place(node, state), node, state);
    case Kind::subscript:
    case Kind::field:
      return load(place(node, state), node, state);
    case Kind::call:
      return call(node, state);
    case Kind::cast:
      return cast(node, state);
    case Kind::sizeof_:
      return size_of(node, state);
    case Kind::conditional:
      return conditional(node, state);
    case Kind::new_:
      return new_expression(node, state);
    case Kind::delete_:
      delete_expression(node, state);
      return {};
    default:
      give_away(node, state);
      return {};
  }
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

Value Interpreter::unary(Node node, State& state) {
  const std::string_view sign = text(node.field("operator"));
  const Value of = value(node.field("argument"), state);
  if (sign == "-") return negated(of);
  return sign == "+" ? of : Value{};
}

Value Interpreter::conditional(Node node, State& state) {
  spend(2 * (state.variables.size() + state.buffers.size()));
  auto [yes, no] = branch(node.field("condition"), std::move(state));
  const Node then = node.field("consequence");
  const Value one = then ? value(then, yes) : Value{};
  const Value other = value(node.field("alternative"), no);
  Value out = yes.dead ? other : one;
  if (!yes.dead && !no.dead) {
    out = joined(one, other);
    if (!out.is_pointer()) {
      escape(one, yes);
      escape(other, no);
    }
  }
  state = std::move(yes);
  join(state, no);
  return out;
}

// What is in it may go anywhere.
void Interpreter::give_away(Node node, State& state) {
  for (std::uint32_t i = 0; i < node.named_child_count() && i < kPartsMax; ++i) {
    const Node child = node.named_child(i);
    if (child.type() == "type_descriptor") continue;
    if (const int index = variable_in(child); index >= 0) {
      forget(index, state);
    } else {
      escape(value(child, state), state);
    }
  }
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

// ---- Sizes

Value Interpreter::size_of(Node node, State& state) {
  if (const Node type = node.field("type")) return size_of_descriptor(type, state);
  const Node of = inner(node.field("value"));
  Type type;
  if (kind_of(of) == Kind::identifier) {
    const int index = variable_named(text(of));
    if (index < 0) {  // The grammar takes a type in brackets for a variable.
      const bool in_brackets = kind_of(node.field("value")) == Kind::parenthesized;
      return size_of_type(in_brackets ? types_.named(text(of)) : Type{});
    }
    if (variables_[static_cast<std::size_t>(index)].array != Value::kNowhere)
      return size_of_array(static_cast<std::size_t>(index), state);
  }
  type = type_of(of, state);
  return type.array || type.reference ? Value{} : size_of_type(type);
}

Value Interpreter::size_of_descriptor(Node descriptor, State& state) {
  if (descriptor.type() != "type_descriptor") return {};
  Type type;
  if (const int index = variable_named(text(descriptor)); index >= 0) {  // A variable in brackets.
    const auto at = static_cast<std::size_t>(index);
    if (variables_[at].array != Value::kNowhere && at < state.variables.size() &&
        buffer(state.variables[at], state) != nullptr)
      return size_of_array(at, state);
    type = variables_[at].type;
  } else {
    Node name;
    type = types_.declared(types_.base(descriptor), descriptor.field("declarator"), name);
  }
  return type.array || type.reference ? Value{} : size_of_type(type);
}

Value Interpreter::size_of_array(std::size_t variable, State& state) {
  if (variable >= state.variables.size()) return {};
  const Buffer* memory = buffer(state.variables[variable], state);
  if (memory == nullptr || memory->size < 0) return {};
  return size_in(memory->size, memory->unit);
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

}  // namespace leyden::review::c
