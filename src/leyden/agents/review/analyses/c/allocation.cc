#include <algorithm>
#include <string>
#include <utility>

#include "leyden/agents/review/analyses/c/function_models.h"

namespace leyden::review::c {
namespace {

using From = Buffer::From;

constexpr Wide kHuge = Wide{1} << 26;  // Bytes, or elements, that nobody asks for.

std::string_view makers_of(From from) {
  switch (from) {
    case From::malloc_:
      return "malloc, calloc, realloc or strdup";
    case From::new_:
      return "new";
    case From::new_array:
      return "new[]";
    default:
      return "a function that opens files";
  }
}

std::string_view place_of(From from) {
  if (from == From::literal) return "a literal";
  return from == From::static_ ? "static memory" : "on the stack";
}

}  // namespace

Value Interpreter::allocation(From from, const Value& size, Node node, State& state) {
  const int target = buffer_at(node, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(target)];
  memory.from = from;
  if (size.is_constant() && size.low >= 0) {
    memory.size = size.low;
    memory.unit = size.unit;
    memory.ready = 0;
  } else if (size.is_number() && size.unit != 0) {
    memory.unit = size.unit;
  }
  Value out;
  out.kind = Value::Kind::pointer;
  out.sure = true;
  out.target = target;
  out.unit = memory.unit;
  return out;
}

bool Interpreter::size_is_sound(const Value& size, Node node, std::string_view name) {
  if (!size.is_number() || !size.sure || size.real) return true;
  if (size.low < 0 && (size.tainted || size.is_constant())) {
    report("c.negative-size", node,
           {{"call", std::string(name)}, {"size", std::string(text(node))}});
    return false;
  }
  return true;
}

// Whether it is input that nothing bounds.
bool Interpreter::is_huge_input(const Value& size, Node node, std::string_view name) {
  return size_is_sound(size, node, name) && size.is_number() && size.tainted && size.sure &&
         size.high > kHuge;
}

// ---- malloc and free

Value Interpreter::new_file(Node node, State& state) {
  Value out = allocation(From::file, {}, node, state);
  out.null = out.unchecked = true;
  return out;
}

Value Interpreter::product(const Value& one, const Value& other, Node node, State& state) {
  const bool countable =
      one.is_constant() && other.is_constant() && (one.unit == 0 || other.unit == 0);
  return countable ? arithmetic("*", one, other, node, state) : Value{};
}

Value Interpreter::allocated(const LibraryCall& call, const Value& size, State& state) {
  Value out = allocation(From::malloc_, size, call.node, state);
  if (!call.model.uninitialized) state.buffers[static_cast<std::size_t>(out.target)].ready = -1;
  out.null = out.unchecked = true;
  return out;
}

void Interpreter::check_allocation_size(const LibraryCall& call, const Value& size,
                                        Node size_node) {
  if (is_huge_input(size, size_node, call.name))
    report("c.allocation-from-input", size_node,
           {{"call", std::string(call.name)}, {"size", std::string(text(size_node))}});
}

Value Interpreter::call_allocate(const LibraryCall& call, State& state) {
  const Value size = argument(call, 0, state);
  check_allocation_size(call, size, call.arguments[0]);
  return allocated(call, size, state);
}

Value Interpreter::call_allocate_array(const LibraryCall& call, State& state) {
  const std::size_t first = call.count() >= 3 ? 1 : 0;  // reallocarray's follow the pointer.
  const Value one = argument(call, first, state);
  const Value other = argument(call, first + 1, state);
  const Value size = product(one, other, call.node, state);
  check_allocation_size(call, size, call.arguments[0]);
  return allocated(call, size, state);
}

Value Interpreter::call_reallocate(const LibraryCall& call, State& state) {
  const Value old = argument(call, 0, state);
  const Value size = argument(call, 1, state);
  check_allocation_size(call, size, call.arguments[std::min<std::size_t>(1, call.count() - 1)]);
  if (Buffer* before = buffer(old, state); before != nullptr) {
    if (before->life == Buffer::Life::freed)
      report("c.use-after-free", call.node,
             {{"pointer", std::string(text(call.arguments[0]))},
              {"line", std::to_string(before->freed_line)}});
    if (before->from != From::literal) before->life = Buffer::Life::maybe;
  }
  return allocated(call, size, state);
}

Value Interpreter::call_allocate_on_stack(const LibraryCall& call, State& state) {
  return allocation(From::alloca_, argument(call, 0, state), call.node, state);
}

Value Interpreter::call_duplicate(const LibraryCall& call, State& state) {
  return duplicated(call, true, state);
}

Value Interpreter::call_duplicate_part(const LibraryCall& call, State& state) {
  return duplicated(call, false, state);
}

Value Interpreter::duplicated(const LibraryCall& call, bool whole, State& state) {
  const Value given = argument(call, 0, state);
  dereference(given, call.node, state);
  const Buffer* source = buffer(given, state);
  const bool tainted = source != nullptr && source->tainted;
  Value size;
  if (whole && source != nullptr && source->length >= 0 && given.low == 0 && given.high == 0)
    size = Value::of(source->length + 1, 8, false);
  Value out = allocation(From::malloc_, size, call.node, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(out.target)];
  memory.tainted = tainted;
  memory.ready = -1;
  memory.length = size.is_number() ? size.low - 1 : Wide{-1};
  memory.filled = std::max(memory.length, Wide{0});
  out.null = out.unchecked = true;
  return out;
}

Value Interpreter::call_release(const LibraryCall& call, State& state) {
  release(call.name, call.model.from, call.arguments[0], call.node, state);
  return {};
}

void Interpreter::release(std::string_view name, From how, Node argument, Node node, State& state) {
  const Value pointer = value(argument, state);
  Buffer* memory = buffer(pointer, state);
  if (memory == nullptr) return;
  const std::string shown(text(argument));
  const bool file = how == From::file || how == From::handle;
  if (memory->life == Buffer::Life::freed) {
    report(file ? "c.double-close" : "c.double-free", node,
           {{"pointer", shown},
            {"line", std::to_string(memory->freed_line)},
            {"call", std::string(name)}});
    return;
  }
  const bool live = memory->life == Buffer::Life::live;
  if (file && live && pointer.null && pointer.unchecked) dereference(pointer, node, state);
  if (memory->life == Buffer::Life::maybe && memory->from != From::stack) return;
  if (!file && !memory->is_owned()) {
    if (live)
      report("c.free-not-heap", node,
             {{"pointer", shown},
              {"call", std::string(name)},
              {"memory", std::string(place_of(memory->from))}});
    return;
  }
  if (how == From::handle && memory->from != how) return;
  if (memory->from != how && !memory->escaped) {
    report("c.mismatched-release", node,
           {{"pointer", shown},
            {"call", std::string(name)},
            {"from", std::string(makers_of(memory->from))},
            {"line", std::to_string(memory->site.first_line())}});
  } else if (pointer.moved || (pointer.sure && pointer.low > 0)) {
    report("c.free-inside", node, {{"pointer", shown}, {"call", std::string(name)}});
  }
  memory->life = memory->escaped ? Buffer::Life::maybe : Buffer::Life::freed;
  memory->freed_line = static_cast<std::uint32_t>(node.first_line());
}

// ---- new and delete

Value Interpreter::new_expression(Node node, State& state) {
  const Node arguments = node.field("arguments");
  Type item = types_.named(text(node.field("type")));
  const NewShape shape = shape_of_new(node.field("declarator"), state);
  if (node.field("type").type() == "sized_type_specifier") item = types_.base(node);
  if (shape.pointers) {
    item = {};
    item.known = item.pointer = true;
    item.bytes = 8;
  }
  for (std::uint32_t i = 0; i < arguments.named_child_count(); ++i)
    escape(value(arguments.named_child(i), state), state);
  if (const auto there = placed(node, item, shape.is_array, state)) return *there;
  Value size;
  if (shape.count.is_constant() && shape.count.unit == 0 && (item.known || item.unit != 0)) {
    size = Value::of(shape.count.low * (item.known ? item.bytes : 1), 8, false);
    size.unit = item.known ? 0 : item.unit;
  }
  Value out = allocation(shape.is_array ? From::new_array : From::new_, size, node, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(out.target)];
  if (!item.known || arguments) memory.ready = -1;
  if (!item.known && item.unit != 0 && !size.is_number()) {
    memory.unit = item.unit;
    out.unit = item.unit;
  }
  // An object may be handed on by its own constructor.
  if (!item.known && arguments && arguments.named_child_count() > 0) memory.escaped = true;
  out.null = false;
  return out;
}

Interpreter::NewShape Interpreter::shape_of_new(Node declarator, State& state) {
  NewShape out;
  for (Node part = declarator; part;) {
    if (part.type() == "new_declarator") {
      count_elements(part.field("length"), out, state);
    } else {
      out.pointers = true;
    }
    Node next = part.field("declarator");
    for (std::uint32_t i = 0; !part.field("declarator") && i < part.named_child_count(); ++i) {
      if (part.named_child(i).type() == "new_declarator") next = part.named_child(i);
    }
    part = next;
  }
  return out;
}

// Of an array of arrays the number is not known.
void Interpreter::count_elements(Node length, NewShape& out, State& state) {
  const bool first = !std::exchange(out.is_array, true);
  const Value times = value(length, state);
  out.count = first ? times : Value{};
  if (first && is_huge_input(times, length, "new"))
    report("c.allocation-from-input", length,
           {{"call", "new"}, {"size", std::string(text(length))}});
}

// new (memory) Type; empty: nothing is said of a place.
std::optional<Value> Interpreter::placed(Node node, const Type& item, bool is_array, State& state) {
  const Node placement = node.field("placement");
  if (!placement) return std::nullopt;
  Value where;
  for (std::uint32_t i = 0; i < placement.named_child_count(); ++i) {
    if (text(placement.named_child(i)).ends_with("nothrow")) return std::nullopt;
    where = value(placement.named_child(i), state);
  }
  Buffer* memory = placement.named_child_count() == 1 ? buffer(where, state) : nullptr;
  if (memory == nullptr) {
    escape(where, state);
    return Value{};
  }
  if (!is_array && item.known && item.bytes > 0 && memory->life == Buffer::Life::live &&
      memory->size >= 0 && memory->unit == 0 && where.sure &&
      where.high + item.bytes > memory->size)
    report("c.buffer-overflow", node,
           {{"expression", std::string(text(node))},
            {"size", std::to_string(static_cast<long long>(memory->size))},
            {"used", std::to_string(static_cast<long long>(where.high + item.bytes))}});
  memory->forget_content();
  return where;
}

void Interpreter::delete_expression(Node node, State& state) {
  const Node operand = node.named_child(node.named_child_count() - 1);
  bool array = false;
  for (std::uint32_t i = 0; i < node.child_count(); ++i)
    array = array || node.child(i).type() == "[";
  release(array ? "delete[]" : "delete", array ? Buffer::From::new_array : Buffer::From::new_,
          operand, node, state);
}

}  // namespace leyden::review::c
