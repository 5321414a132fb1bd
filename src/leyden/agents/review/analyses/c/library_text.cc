#include <algorithm>
#include <string>

#include "leyden/agents/review/analyses/c/function_models.h"

namespace leyden::review::c {
namespace {

using From = Buffer::From;

bool at_front(const Value& pointer) { return pointer.low == 0 && pointer.high == 0; }

bool is_bounded(const Value& size) {
  return size.is_number() && size.sure && !size.real && size.low >= 0;
}

}  // namespace

// ---- Copies

void Interpreter::copy(const Copy& what, Node node, State& state) {
  const auto& [to, from, size, stops_at_end] = what;
  if (size.is_constant() && size.low == 0) return;  // Null may stand for nothing.
  dereference(to, node, state);
  if (!state.dead) dereference(from, node, state);
  if (state.dead) return;
  if (copy_fits(to, size, true, node, state) && (!stops_at_end || (from.sure && from.low < 0)))
    copy_fits(from, size, false, node, state);
  const Buffer* source = buffer(from, state);
  Buffer* target = buffer(to, state);
  if (target == nullptr || target->from == From::literal) return;
  target->tainted = target->tainted || (source != nullptr && source->tainted);
  target->ready = -1;
  const bool whole = source != nullptr && source->length >= 0 && is_bounded(size) &&
                     at_front(from) && size.low > source->length;
  target->length = whole && at_front(to) ? source->length : Wide{-1};
  target->filled = std::max(target->length, Wide{0});
}

bool Interpreter::copy_fits(const Value& pointer, const Value& size, bool write, Node node,
                            State& state) {
  const Buffer* memory = buffer(pointer, state);
  if (memory == nullptr || memory->life != Buffer::Life::live || !pointer.sure) return true;
  const bool bounded = is_bounded(size);
  if (pointer.low < 0 && (!bounded || size.high > 0)) {
    report(write ? "c.buffer-underwrite" : "c.buffer-underread", node,
           {{"expression", std::string(text(node))},
            {"offset", std::to_string(static_cast<long long>(-pointer.low))}});
    return false;
  }
  const bool comparable =
      bounded && memory->size >= 0 && pointer.unit == memory->unit && size.unit == memory->unit;
  if (!comparable || pointer.high + size.high <= memory->size) return true;
  const Wide used = std::min(pointer.high + size.high, Wide{1} << 62);
  report(write ? "c.buffer-overflow" : "c.buffer-overread", node,
         {{"expression", std::string(text(node))},
          {"size", std::to_string(static_cast<long long>(memory->size))},
          {"used", std::to_string(static_cast<long long>(used))}});
  return false;
}

Value Interpreter::copy_sized(const LibraryCall& call, bool stops_at_end, State& state) {
  const Value to = argument(call, 0, state);
  const Value from = argument(call, 1, state);
  const Value size = argument(call, 2, state);
  if (size_is_sound(size, call.arguments[2], call.name))
    copy({to, from, size, stops_at_end}, call.node, state);
  return to;
}

Value Interpreter::call_copy(const LibraryCall& call, State& state) {
  return copy_sized(call, false, state);
}

Value Interpreter::call_copy_part(const LibraryCall& call, State& state) {
  return copy_sized(call, true, state);
}

Value Interpreter::call_fill(const LibraryCall& call, State& state) {
  const std::size_t sized_by = call.model.sized_by;
  const Value to = argument(call, 0, state);
  const Value with = sized_by == 1 ? Value::of(0) : argument(call, 1, state);  // bzero's is 0.
  const Value size = argument(call, sized_by, state);
  const Node size_node = call.arguments[std::min(sized_by, call.count() - 1)];
  if (size_is_sound(size, size_node, call.name)) copy({to, {}, size}, call.node, state);
  Buffer* memory = buffer(to, state);
  if (memory == nullptr || memory->from == From::literal || !at_front(to) || !with.is_constant() ||
      !size.is_constant())
    return to;
  memory->tainted = false;
  if (with.low == 0 && size.high > 0) {
    memory->length = memory->filled = 0;
  } else if (size.unit == 0) {
    memory->length = -1;
    memory->filled = size.low;
  }
  return to;
}

// ---- Texts

// strcpy and strcat: the source's text, and its end.
void Interpreter::copy_text(const Value& to, const Value& from, bool appends, Node node,
                            State& state) {
  const Buffer* source = buffer(from, state);
  const Buffer* target = buffer(to, state);
  Wide before = 0;
  if (appends) before = target != nullptr && to.low == 0 ? target->length : Wide{-1};
  // What comes from outside has any length: only a source without bound is one.
  Value size;
  if (before >= 0 && source != nullptr && source->length >= 0 && from.sure && from.low >= 0 &&
      from.low <= source->length && from.unit == 0)
    size = Value::of(before + source->length - from.low + 1, 8, false);
  if (appends) check_appendable(to, node, state);
  copy({to, from, size}, node, state);
  Buffer* memory = buffer(to, state);
  if (memory == nullptr || memory->from == From::literal || !at_front(to)) return;
  memory->length = size.is_number() ? size.low - 1 : Wide{-1};
  memory->filled = std::max(memory->length, Wide{0});
}

void Interpreter::check_appendable(const Value& to, Node node, State& state) {
  const Buffer* target = buffer(to, state);
  if (target != nullptr && target->ready == 0 && target->life == Buffer::Life::live)
    report("c.uninitialized", node, {{"name", std::string(text(node))}});
}

Value Interpreter::call_copy_text(const LibraryCall& call, State& state) {
  const Value to = argument(call, 0, state);
  copy_text(to, argument(call, 1, state), false, call.node, state);
  return to;
}

Value Interpreter::call_copy_text_to_end(const LibraryCall& call, State& state) {
  call_copy_text(call, state);
  return {};
}

Value Interpreter::call_append_text(const LibraryCall& call, State& state) {
  const Value to = argument(call, 0, state);
  copy_text(to, argument(call, 1, state), true, call.node, state);
  return to;
}

Value Interpreter::call_append_part(const LibraryCall& call, State& state) {
  const Value to = argument(call, 0, state);
  const Value from = argument(call, 1, state);
  const Value most = argument(call, 2, state);
  check_appendable(to, call.node, state);
  if (!size_is_sound(most, call.arguments[2], call.name)) return to;
  const Buffer* source = buffer(from, state);
  const Buffer* target = buffer(to, state);
  Value size;
  if (source != nullptr && target != nullptr && source->length >= 0 && target->length >= 0 &&
      most.is_constant() && most.unit == 0 && to.low == 0 && at_front(from))
    size = Value::of(target->length + std::min(source->length, most.low) + 1, 8, false);
  copy({to, from, size}, call.node, state);
  if (Buffer* memory = buffer(to, state);
      memory != nullptr && memory->from != From::literal && at_front(to))
    memory->length = size.is_number() ? size.low - 1 : Wide{-1};
  return to;
}

Value Interpreter::call_length(const LibraryCall& call, State& state) {
  const Value given = argument(call, 0, state);
  dereference(given, call.node, state);
  const Buffer* memory = buffer(given, state);
  if (memory != nullptr && memory->length >= 0 && given.sure && given.low >= 0 &&
      given.low <= memory->length && given.low == given.high)
    return Value::of(memory->length - given.low, 8, false);
  Value out;
  out.bytes = 8;
  out.is_signed = false;
  return out;
}

Value Interpreter::call_look(const LibraryCall& call, State& state) {
  Value first;
  for (std::size_t i = 0; i < call.count(); ++i) {
    const Value given = argument(call, i, state);
    if (i == 0) first = given;
    Buffer* memory = buffer(given, state);
    if (memory == nullptr && !given.is_null()) continue;
    if (memory != nullptr) {
      dereference(given, call.arguments[i], state);
      if (call.model.looks && memory->from != From::literal) memory->tainted = false;
    }
    if (state.dead) return {};
  }
  if (!call.model.finds || !first.is_pointer() || first.target == Value::kNowhere) return {};
  first.null = true;
  first.unchecked = false;
  first.sure = false;
  first.high = kFar;
  return first;
}

// ---- Formats

// A format that stands alone is a text to print; what follows it, or a va_list, was meant for it.
void Interpreter::report_format(const LibraryCall& call) {
  const std::size_t at = call.model.at;
  const bool alone = at + 1 == call.count() && !call.name.starts_with('v');
  report("c.format-from-input", call.node,
         {{"call", std::string(call.name)}, {"argument", std::string(text(call.arguments[at]))}},
         alone ? call.arguments[at] : Node());
}

// Evaluates them all.
Interpreter::Formatted Interpreter::format_arguments(const LibraryCall& call, State& state) {
  Formatted out;
  for (std::size_t i = 0; i < call.count(); ++i) {
    const Value given = argument(call, i, state);
    if (i == 0) out.first = given;
    if (i == 1) out.second = given;
    if (i == call.model.at) {
      if (is_tainted_text(given, state)) report_format(call);
      continue;
    }
    if (const Buffer* memory = buffer(given, state);
        memory != nullptr && memory->life == Buffer::Life::freed)
      dereference(given, call.arguments[i], state);
  }
  return out;
}

Value Interpreter::call_format(const LibraryCall& call, State& state) {
  format_arguments(call, state);
  return {};
}

// sprintf and its like; where a size is given, it is the second argument.
Value Interpreter::call_format_into(const LibraryCall& call, State& state) {
  const auto [to, limit] = format_arguments(call, state);
  copy({to, {}, call.model.at == 2 ? limit : Value{}}, call.node, state);
  Buffer* memory = buffer(to, state);
  if (memory == nullptr || memory->from == From::literal) return {};
  for (std::size_t i = call.model.at + 1; i < call.count(); ++i) {
    const int index = variable_in(call.arguments[i]);
    const auto at = static_cast<std::size_t>(index);
    if (index >= 0 && at < state.variables.size() && is_tainted_text(state.variables[at], state))
      memory->tainted = true;
  }
  return {};
}

}  // namespace leyden::review::c
