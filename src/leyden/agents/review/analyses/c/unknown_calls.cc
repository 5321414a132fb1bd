#include <string>

#include "leyden/agents/review/analyses/c/interpreter.h"

namespace leyden::review::c {

// A function of which nothing is known: it may keep, change and free what it can reach.
void Interpreter::unknown_call(std::string_view name, const std::vector<Node>& arguments,
                               State& state) {
  if (may_be_macro(name)) {  // It may know the names of variables.
    for (Value& one : state.variables) {
      if (one.kind == Value::Kind::uninitialized) one = {};
    }
  }
  for (const Node written_argument : arguments) {
    const Node argument = inner(written_argument);
    const Kind kind = kind_of(argument);
    if ((kind == Kind::subscript || kind == Kind::field) && !reads_arguments(name))
      pass_element(argument, state);
    if (kind == Kind::pointer && text(argument.field("operator")) == "&" &&
        kind_of(inner(argument.field("argument"))) == Kind::identifier) {
      forget(variable_in(argument.field("argument")), state);
      continue;
    }
    if (kind == Kind::identifier && pass_variable(name, argument, state)) continue;
    pass_value(argument, state);
  }
}

// array[i] and object.member may be arrays: then the function gets their address.
void Interpreter::pass_element(Node argument, State& state) {
  const auto is_part = [](Kind kind) { return kind == Kind::subscript || kind == Kind::field; };
  Node base = argument;
  for (int i = 0; i < 20 && is_part(kind_of(base)); ++i) base = inner(base.field("argument"));
  const int index = variable_in(base);
  const auto at = static_cast<std::size_t>(index);
  if (index < 0 || at >= state.variables.size()) return;
  Value& now = state.variables[at];
  if (Buffer* memory = buffer(now, state); memory != nullptr) memory->ready = -1;
  if (now.kind == Value::Kind::uninitialized && kind_of(argument) == Kind::field) now = {};
}

// Whether that is all: the variable's value is not looked at.
bool Interpreter::pass_variable(std::string_view name, Node argument, State& state) {
  const int index = variable_named(text(argument));
  const auto at = static_cast<std::size_t>(index);
  if (index < 0 || at >= state.variables.size()) return false;
  const bool macro = may_be_macro(name);
  const Type& type = variables_[at].type;
  const bool plain = type.number || type.real || type.pointer;
  const Value now = state.variables[at];
  // What looks like a call of a function may be a macro that gives the variable its value: not one that prints it.
  const bool given =
      now.kind == Value::Kind::uninitialized && (macro || !plain || !reads_arguments(name));
  if (given || (now.is_null() && !reads_arguments(name))) {
    state.variables[at] = {};
    return true;
  }
  if ((macro || cpp_) && now.is_number() && !now.is_constant())
    state.variables[at] = unknown_of(type);
  if (!macro || variables_[at].array != Value::kNowhere) return false;
  forget(index, state);
  return true;
}

void Interpreter::pass_value(Node argument, State& state) {
  const Value given = value(argument, state);
  if (Buffer* memory = buffer(given, state)) {
    if (memory->life == Buffer::Life::freed) {
      report(
          "c.use-after-free", argument,
          {{"pointer", std::string(text(argument))}, {"line", std::to_string(memory->freed_line)}});
      memory->life = Buffer::Life::maybe;
    }
    if (memory->ready == 0 && memory->life == Buffer::Life::live) memory->ready = -1;
    escape(given, state);
  }
  if (!given.is_pointer()) return;
  for (Value& one : state.variables) {
    if (one.is_pointer() && one.target == given.target) one.unchecked = false;
  }
}

}  // namespace leyden::review::c
