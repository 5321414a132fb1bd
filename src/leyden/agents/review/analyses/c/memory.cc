#include <algorithm>
#include <string>

#include "leyden/agents/review/analyses/c/interpreter.h"

namespace leyden::review::c {

// ---- Places

Interpreter::Place Interpreter::place(Node node, State& state) {
  Place out;
  node = inner(node);
  if (++depth_ > kExpressionDepthMax) given_up_ = true;
  switch (given_up_ ? Kind::other : kind_of(node)) {
    case Kind::other:
      break;
    case Kind::identifier:
      out.variable = variable_or_macro(text(node));
      break;
    case Kind::subscript:
      out = element(node, state);
      break;
    case Kind::field:
      out = member(node, state);
      break;
    case Kind::cast:
      value(node, state);
      break;
    case Kind::pointer:
      if (text(node.field("operator")) == "*") {
        out = element(node, state);
        break;
      }
      [[fallthrough]];
    default:
      out.at = value(node, state);
      out.at.sure = false;
  }
  --depth_;
  return out;
}

int Interpreter::variable_or_macro(std::string_view name) const {
  const int index = variable_named(name);
  if (index >= 0) return index;
  const auto macro = macros_.find(name);
  return macro == macros_.end() ? -1 : variable_named(macro->second);
}

// *pointer, pointer[index]
Interpreter::Place Interpreter::element(Node node, State& state) {
  Place out;
  const Node base = node.field("argument");
  out.at = value(base, state);
  const Type type = type_of(base, state);
  if (type.pointer || type.array) {
    out.item.known = type.item_known;
    out.item.bytes = type.item_bytes;
    out.item.unit = type.item_unit;
  }
  if (kind_of(node) != Kind::subscript) return out;
  const Node index =
      node.field("index") ? node.field("index") : node.field("indices").named_child(0);
  const Value by = value(index, state);
  if (!out.at.is_pointer() || out.at.target == Value::kNowhere) return out;
  const int unit = out.item.known ? 0 : out.item.unit;
  const bool countable = out.item.known || unit != 0;
  if (!countable || !by.is_number() || by.real || by.unit != 0 || unit != out.at.unit) {
    out.at.sure = false;
    out.at.low = -kFar;
    out.at.high = kFar;
    return out;
  }
  const Wide item = out.item.known ? out.item.bytes : 1;
  out.at.low += by.low * item;
  out.at.high += by.high * item;
  out.at.sure = out.at.sure && by.sure;
  out.at.tainted = by.tainted;
  return out;
}

Interpreter::Place Interpreter::member(Node node, State& state) {
  Place out;
  const Node object = node.field("argument");
  if (text(node.field("operator")) == "->") {
    out.at = value(object, state);
    out.member = true;
    return out;
  }
  out = place(object, state);
  out.whole = false;
  out.member = out.variable < 0;
  if (out.variable < 0) return out;
  const auto at = static_cast<std::size_t>(out.variable);
  if (at < variables_.size() && variables_[at].type.pointer) out.variable = -1;
  return out;
}

// &argument
Value Interpreter::address_of(Node argument, State& state) {
  if (kind_of(argument) == Kind::identifier) return address_of_variable(argument, state);
  const Place place_of = place(argument, state);
  if (place_of.variable >= 0) forget(place_of.variable, state);
  if (place_of.variable < 0 && place_of.at.is_pointer() && !place_of.member) return place_of.at;
  escape(place_of.at, state);
  return {};
}

// Whoever has its address may change it: from here on it is not followed.
Value Interpreter::address_of_variable(Node name, State& state) {
  const int index = variable_named(text(name));
  const auto at = static_cast<std::size_t>(index);
  if (index < 0 || at >= state.variables.size()) return {};
  if (variables_[at].array != Value::kNowhere) return state.variables[at];
  escape(state.variables[at], state);
  state.variables[at] = {};
  variables_[at].untracked = true;
  const int target = buffer_at(name, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(target)];
  memory.from = variables_[at].is_static ? Buffer::From::static_ : Buffer::From::stack;
  const Type& type = variables_[at].type;
  if (type.known) memory.size = type.bytes;
  if (!type.known && type.unit != 0) {
    memory.size = 1;
    memory.unit = type.unit;
  }
  if (type.reference) {
    memory.escaped = true;
    memory.life = Buffer::Life::maybe;
    memory.size = -1;
  }
  return Value::pointer_to(target, memory.unit);
}

// ---- Reading

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
    load_variable(from, node, state);
    return {};
  }
  if (!from.at.is_pointer()) return {};
  const bool countable = from.item.known || from.item.unit != 0;
  if (countable && (!from.member || is_read(node))) {
    access_item(from, false, node, state);
    return {};
  }
  dereference(from.at, node, state);
  Buffer* memory = from.member ? buffer(from.at, state) : nullptr;
  if (memory == nullptr) return {};
  if (countable) {
    memory->ready = -1;
  } else if (is_read(node) && memory->ready == 0 && memory->life == Buffer::Life::live &&
             from.at.low == 0) {
    report("c.uninitialized", node, {{"name", std::string(text(node))}});
    memory->ready = -1;
  }
  return {};
}

void Interpreter::load_variable(const Place& from, Node node, State& state) {
  const auto at = static_cast<std::size_t>(from.variable);
  if (at >= state.variables.size() || variables_[at].untracked) return;
  Value& now = state.variables[at];
  if (now.kind != Value::Kind::uninitialized) return;
  // A member may be an array: then its name is no read.
  if (from.whole || is_read(node))
    report("c.uninitialized", node, {{"name", std::string(text(node))}});
  now = {};
}

// ---- Writing

void Interpreter::store(const Place& to, const Value& given, Node right, Node whole, State& state) {
  if (state.dead) return;
  if (to.variable >= 0) {
    store_variable(to, given, right, whole, state);
    return;
  }
  escape(given, state);
  if (!to.at.is_pointer()) return;
  if (!to.item.known && to.item.unit == 0) {
    dereference(to.at, whole, state);
    if (Buffer* memory = buffer(to.at, state)) memory->forget_content();
    return;
  }
  access_item(to, true, whole, state);
  if (to.member) return;
  Buffer* memory = buffer(to.at, state);
  if (memory == nullptr || memory->from == Buffer::From::literal) return;
  if (to.item.known && to.item.bytes == 1 && to.at.sure && to.at.low == to.at.high &&
      to.at.unit == 0) {
    store_character(*memory, to.at.low, given);
  } else {
    memory->length = -1;
    memory->filled = 0;
  }
}

void Interpreter::store_variable(const Place& to, const Value& given, Node right, Node whole,
                                 State& state) {
  const auto at = static_cast<std::size_t>(to.variable);
  if (at >= state.variables.size()) return;
  const bool is_array = variables_[at].array != Value::kNowhere;
  if (!to.whole || variables_[at].untracked) {
    escape(given, state);
    if (!is_array) state.variables[at] = unknown_of(variables_[at].type);
    return;
  }
  if (is_array) return;
  const Type& type = variables_[at].type;
  Value fit = right ? fitted(given, type, right, whole) : given;
  if (!right && fit.is_number() && type.number &&
      (fit.low < type.least() || fit.high > type.most()))
    fit = unknown_of(type);
  if (!type.number && !type.pointer && !type.real && type.single_class && given.is_pointer()) {
    escape(given, state);
    fit = {};
  }
  state.variables[at] = fit;
}

// Texts: where the end is put.
void Interpreter::store_character(Buffer& memory, Wide index, const Value& given) {
  if (given.is_constant() && given.low == 0) {
    const bool first_end = memory.length < 0 ? memory.filled >= index : index <= memory.length;
    if (first_end) memory.length = memory.filled = index;
    return;
  }
  if (memory.length == index) memory.length = -1;
  if (given.is_number() && (given.low > 0 || given.high < 0)) return;  // Not the end.
  memory.filled = std::min(memory.filled, index);
  if (memory.length > index) memory.length = -1;
}

// ---- What is wrong with it

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

void Interpreter::access_item(const Place& place, bool write, Node node, State& state) {
  if (place.item.known) {
    access(place.at, {.size = place.item.bytes, .unit = 0, .write = write}, node, state);
  } else {
    access(place.at, {.size = 1, .unit = place.item.unit, .write = write}, node, state);
  }
}

// Bytes [offset, offset + size) of what the pointer points to are used.
void Interpreter::access(const Value& pointer, const Access& what, Node node, State& state) {
  dereference(pointer, node, state);
  if (state.dead) return;
  Buffer* memory = buffer(pointer, state);
  if (memory == nullptr || memory->life != Buffer::Life::live) return;
  const bool known = pointer.sure && memory->unit == what.unit && pointer.unit == what.unit;
  if (known && report_outside(pointer, what, *memory, node)) return;
  if (memory->ready < 0) return;
  if (!known) {
    if (what.write || memory->ready > 0) memory->ready = -1;
    if (memory->ready != 0) return;
  }
  if (what.write) {
    const Wide ready = std::max(memory->ready, pointer.high + what.size);
    const bool all = memory->size >= 0 && ready >= memory->size;
    memory->ready = pointer.low <= memory->ready && !all ? ready : Wide{-1};
  } else if (memory->ready == 0 || pointer.high >= memory->ready) {
    report("c.uninitialized", node, {{"name", std::string(text(node))}});
    memory->ready = -1;
  }
}

bool Interpreter::report_outside(const Value& pointer, const Access& what, const Buffer& memory,
                                 Node node) {
  const std::string shown(text(node));
  if (pointer.low < 0) {
    report(what.write ? "c.buffer-underwrite" : "c.buffer-underread", node,
           {{"expression", shown}, {"offset", written(-pointer.low)}});
    return true;
  }
  const Wide used = pointer.high + what.size;
  if (memory.size < 0 || used <= memory.size) return false;
  report(what.write ? "c.buffer-overflow" : "c.buffer-overread", node,
         {{"expression", shown},
          {"size", written(memory.size)},
          {"used", written(std::min(used, Wide{1} << 64))}});
  return true;
}

}  // namespace leyden::review::c
