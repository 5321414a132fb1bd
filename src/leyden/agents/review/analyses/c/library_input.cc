#include <string>
#include <utility>

#include "leyden/agents/review/analyses/c/function_models.h"

namespace leyden::review::c {
namespace {

using From = Buffer::From;

// Goes through the conversions of a scanf format.
class Conversions {
 public:
  explicit Conversions(std::string_view format) : format_(format) {}

  // Whether the next one takes whatever comes: what has a width is bounded, and %n counts.
  bool next_is_unbounded() {
    for (at_ = format_.find('%', at_); at_ != std::string_view::npos;
         at_ = format_.find('%', at_)) {
      const std::size_t end = format_.find_first_not_of("0123456789hlLqjzt'm", at_ + 1);
      if (end == std::string_view::npos) break;
      const std::size_t begin = std::exchange(at_, end + 1);
      const char letter = format_[end];
      if (letter == '%' || letter == '*') continue;
      if (letter == 's' || letter == '[') return true;
      return letter != 'n' && format_.find_first_of("0123456789", begin + 1) > end;
    }
    return true;
  }

 private:
  std::string_view format_;
  std::size_t at_ = 0;
};

Value any_of(const Type& type) {
  if (type.real) {
    Value out = Value::between(-kFar, kFar, 8, true);
    out.real = true;
    return out;
  }
  return Value::between(type.least(), type.most(), type.bytes, type.is_signed);
}

}  // namespace

bool Interpreter::is_tainted_text(const Value& pointer, State& state) {
  const Buffer* memory = buffer(pointer, state);
  return memory != nullptr && memory->tainted;
}

bool Interpreter::is_foreign_text(const Value& pointer, State& state) {
  const Buffer* memory = buffer(pointer, state);
  return memory != nullptr && memory->tainted && memory->from != From::static_;
}

void Interpreter::fill_from_input(const Value& pointer, State& state) {
  Buffer* memory = buffer(pointer, state);
  if (memory == nullptr || memory->from == From::literal) return;
  memory->forget_content();
  memory->tainted = true;
}

// ---- What fills memory

Value Interpreter::call_read_line(const LibraryCall& call, State& state) {
  Value to = argument(call, 0, state);
  const Value size = argument(call, 1, state);
  argument(call, 2, state);
  if (size_is_sound(size, call.arguments[1], call.name)) copy({to, {}, size}, call.node, state);
  fill_from_input(to, state);
  to.null = true;
  return to;
}

Value Interpreter::call_receive(const LibraryCall& call, State& state) {
  argument(call, 0, state);
  const Value to = argument(call, 1, state);
  const Value size = argument(call, 2, state);
  for (std::size_t i = 3; i < call.count(); ++i) forget_pointed(call.arguments[i], state);
  if (size_is_sound(size, call.arguments[2], call.name)) copy({to, {}, size}, call.node, state);
  fill_from_input(to, state);
  return {};
}

// Of &variable: the variable.
void Interpreter::forget_pointed(Node argument, State& state) {
  argument = inner(argument);
  if (kind_of(argument) == Kind::pointer) forget(variable_in(argument.field("argument")), state);
}

Value Interpreter::call_read_items(const LibraryCall& call, State& state) {
  const Value to = argument(call, 0, state);
  const Value one = argument(call, 1, state);
  const Value times = argument(call, 2, state);
  argument(call, 3, state);
  copy({to, {}, product(one, times, call.node, state)}, call.node, state);
  fill_from_input(to, state);
  return {};
}

Value Interpreter::call_read_unbounded(const LibraryCall& call, State& state) {
  const Value to = argument(call, 0, state);
  fill_from_input(to, state);
  return to;
}

Value Interpreter::call_environment(const LibraryCall& call, State& state) {
  argument(call, 0, state);
  Value out = allocation(From::static_, {}, call.node, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(out.target)];
  memory.tainted = true;
  memory.forget_content();
  out.null = true;
  return out;
}

// ---- What reads values

Value Interpreter::call_scan(const LibraryCall& call, State& state) {
  const std::size_t format = call.model.at;
  const bool from_text = call.name == "sscanf";
  bool input = !from_text;
  for (std::size_t i = 0; i < format && i < call.count(); ++i) {
    const Value from = argument(call, i, state);
    if (from_text && is_tainted_text(from, state)) input = true;
  }
  argument(call, format, state);
  Conversions conversions(format < call.count() ? text(call.arguments[format])
                                                : std::string_view());
  for (std::size_t i = format + 1; i < call.count(); ++i) {
    if (conversions.next_is_unbounded() && input) {
      input_into(call.arguments[i], state);
      continue;
    }
    const Node argument = inner(call.arguments[i]);
    const int index =
        kind_of(argument) == Kind::pointer ? variable_in(argument.field("argument")) : -1;
    if (index >= 0) {
      forget(index, state);
    } else {
      escape(value(argument, state), state);
    }
  }
  return {};
}

// Values that a call's format has read into its arguments.
void Interpreter::input_into(Node argument, State& state) {
  argument = inner(argument);
  if (kind_of(argument) == Kind::cast) argument = inner(argument.field("value"));
  if (kind_of(argument) != Kind::pointer || text(argument.field("operator")) != "&") {
    fill_from_input(value(argument, state), state);
    return;
  }
  const Node target = inner(argument.field("argument"));
  const int index = variable_in(target);
  const auto at = static_cast<std::size_t>(index);
  if (index >= 0 && kind_of(target) == Kind::identifier && at < state.variables.size()) {
    input_into_variable(at, state);
  } else {
    value(argument, state);
  }
}

void Interpreter::input_into_variable(std::size_t variable, State& state) {
  const Type& type = variables_[variable].type;
  if (variables_[variable].untracked || type.pointer || type.array) return;
  Value in = type.number || type.real ? any_of(type) : unknown_of(type);
  in.tainted = in.is_number();
  state.variables[variable] = in;
}

Value Interpreter::call_whole_number(const LibraryCall& call, State& state) {
  const Value from = argument(call, 0, state);
  for (std::size_t i = 1; i < call.count(); ++i) {
    if (kind_of(inner(call.arguments[i])) == Kind::pointer) {
      forget_pointed(call.arguments[i], state);
    } else {
      argument(call, i, state);
    }
  }
  Type type;
  type.number = true;
  type.bytes = call.model.bytes;
  type.is_signed = call.model.is_signed;
  if (!is_foreign_text(from, state)) return unknown_of(type);
  Value out = any_of(type);
  out.tainted = true;
  return out;
}

Value Interpreter::call_real_number(const LibraryCall& call, State& state) {
  const Value from = argument(call, 0, state);
  if (call.count() > 1) forget(variable_in(inner(call.arguments[1]).field("argument")), state);
  if (!is_tainted_text(from, state)) return {};
  Type type;
  type.real = true;
  Value out = any_of(type);
  out.tainted = true;
  return out;
}

}  // namespace leyden::review::c
