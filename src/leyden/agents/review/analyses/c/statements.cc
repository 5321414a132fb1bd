#include <algorithm>

#include "leyden/agents/review/analyses/c/interpreter.h"

namespace leyden::review::c {
namespace {

constexpr int kDepthMax = 600;

}  // namespace

void Interpreter::statements(Node block, State& state, std::uint32_t first) {
  const std::size_t declared = declared_in_scope_.size();
  std::uint32_t at = 0;
  TSTreeCursor cursor = ts_tree_cursor_new(block.get());
  if (ts_tree_cursor_goto_first_child(&cursor)) {
    do {
      const Node child(ts_tree_cursor_current_node(&cursor));
      if (!child.is_named() || at++ < first) continue;
      statement(child, state);
    } while (!given_up_ && ts_tree_cursor_goto_next_sibling(&cursor));
  }
  ts_tree_cursor_delete(&cursor);
  while (declared_in_scope_.size() > declared) {
    scope_[declared_in_scope_.back()].pop_back();
    declared_in_scope_.pop_back();
  }
}

// leyden:ignore common.complex-function a case a kind of statement; the next to be taken apart
void Interpreter::statement(Node node, State& state) {
  if (!node || state.dead || !spend(1)) return;
  if (++depth_ > kDepthMax) given_up_ = true;
  switch (kind_of(node)) {
    case Kind::compound:
      statements(node, state);
      break;
    case Kind::declaration:
      declaration(node, state);
      break;
    case Kind::expression_statement:
      value(node.named_child(0), state);
      break;
    case Kind::if_:
      if_statement(node, state);
      break;
    case Kind::else_:
      statement(node.named_child(0), state);
      break;
    case Kind::while_:
    case Kind::do_:
    case Kind::for_:
    case Kind::for_range:
      loop(node, state);
      break;
    case Kind::switch_:
      switch_statement(node, state);
      break;
    case Kind::return_: {
      const Node result = node.named_child(0);
      if (result && kind_of(result) != Kind::comment) {
        const Value returned = value(result, state);
        if (const Buffer* memory = buffer(returned, state); memory != nullptr) {
          const bool local =
              memory->from == Buffer::From::stack || memory->from == Buffer::From::alloca_;
          if (local && returns_pointer_ && memory->life == Buffer::Life::live && !memory->escaped)
            report("c.return-of-local", result, {{"name", std::string(text(result))}});
          if (memory->life == Buffer::Life::freed)
            report("c.use-after-free", result,
                   {{"pointer", std::string(text(result))},
                    {"line", std::to_string(memory->freed_line)}});
        }
        escape(returned, state);
      }
      check_leaks(state, node);
      state.dead = true;
      break;
    }
    case Kind::break_:
      for (std::size_t i = jumps_.size(); i-- > 0;) {
        if (!jumps_[i]->breaks)
          jumps_[i]->breaks = State{.dead = true, .variables = {}, .buffers = {}};
        spend(state.variables.size() + state.buffers.size());
        join(*jumps_[i]->breaks, state);
        break;
      }
      state.dead = true;
      break;
    case Kind::continue_:
      for (std::size_t i = jumps_.size(); i-- > 0;) {
        if (!jumps_[i]->is_loop) continue;
        if (!jumps_[i]->continues)
          jumps_[i]->continues = State{.dead = true, .variables = {}, .buffers = {}};
        spend(state.variables.size() + state.buffers.size());
        join(*jumps_[i]->continues, state);
        break;
      }
      state.dead = true;
      break;
    case Kind::throw_:
      value(node.named_child(0), state);
      state.dead = true;
      break;
    case Kind::try_:
      try_statement(node, state);
      break;
    case Kind::preproc_if:
      preprocessor_if(node, state);
      break;
    case Kind::comment:
    case Kind::preproc_line:
    case Kind::type_definition:
      break;
    default:
      if (node.type().ends_with("_expression") || kind_of(node) != Kind::other) {
        value(node, state);
      }
      break;
  }
  --depth_;
}

void Interpreter::declaration(Node node, State& state) {
  bool is_static = false;
  for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
    const Node child = node.named_child(i);
    if (child.type() != "storage_class_specifier") continue;
    const std::string_view word = text(child);
    is_static = is_static || word == "static" || word == "extern" || word == "thread_local";
  }
  const Type base = types_.base(node);
  bool is_volatile = false;
  TSTreeCursor cursor = ts_tree_cursor_new(node.get());
  if (ts_tree_cursor_goto_first_child(&cursor)) {
    do {
      const Node child(ts_tree_cursor_current_node(&cursor));
      if (child.type() == "type_qualifier" && text(child) == "volatile") is_volatile = true;
      const char* name = ts_tree_cursor_current_field_name(&cursor);
      if (name == nullptr || std::string_view(name) != "declarator") continue;
      const std::size_t before = variables_.size();
      declare_one(base, child, is_static, state);
      if (is_volatile && variables_.size() > before) {
        variables_.back().untracked = true;
        state.variables[variables_.size() - 1] = {};
      }
    } while (ts_tree_cursor_goto_next_sibling(&cursor));
  }
  ts_tree_cursor_delete(&cursor);
}

// leyden:ignore common.complex-function a case a kind of statement; the next to be taken apart
void Interpreter::declare_one(const Type& base, Node declarator, bool is_static, State& state) {
  Node given;
  Node shape = declarator;
  if (kind_of(declarator) == Kind::init_declarator) {
    given = declarator.field("value");
    shape = declarator.field("declarator");
  }
  Node name;
  const Type type = types_.declared(base, shape, name);
  if (!name) {
    // Perhaps a variable whose constructor gets what look like types: nothing is known of those from here on.
    if (kind_of(shape) == Kind::function_declarator) {
      walk(shape, [&](Node part) {
        const std::string_view word = part.type();
        if (word == "type_identifier" || word == "identifier") {
          if (const int used = variable_named(text(part)); used >= 0) forget(used, state);
        }
        return true;
      });
    }
    return;
  }
  Value initial;
  const Kind given_kind = kind_of(given);
  const bool braces = given_kind == Kind::initializer_list || given.type() == "argument_list";
  if (!type.array) {
    if (given && !braces) {
      initial = value(given, state);
    } else if (given && given.named_child_count() == 1 &&
               (type.number || type.pointer || type.real)) {
      initial = value(given.named_child(0), state);
    } else if (given) {
      for (std::uint32_t i = 0; i < given.named_child_count(); ++i)
        escape(value(given.named_child(i), state), state);
    }
  }
  const int index = declare(text(name), type);
  Variable& variable = variables_[static_cast<std::size_t>(index)];
  state.variables.resize(variables_.size());
  Value& now = state.variables[static_cast<std::size_t>(index)];
  if (captured_.contains(text(name)) || (is_static && !type.array)) variable.untracked = true;
  variable.is_static = is_static;
  if (type.array) {
    Node array = shape;
    while (array && kind_of(array) != Kind::array_declarator) array = array.field("declarator");
    initialize_array(index, array.field("size"), given, is_static, state);
    return;
  }
  if (given) {
    if (type.number || type.pointer || type.real || !type.known) {
      now = fitted(initial, type, given, declarator);
    }
    if (!type.number && !type.pointer && !type.real && !text(name).empty()) {
      // `auto p = ...` keeps what it got; an object may take over what it was given.
      if (type.single_class) {
        escape(initial, state);
        now = {};
      } else {
        now = initial;
      }
    }
    if (variable.untracked) {
      escape(now, state);
      now = {};
    }
    return;
  }
  if (variable.untracked) return;
  now = {};
  if (type.number || type.pointer || type.real || (type.single_class && !cpp_))
    now.kind = Value::Kind::uninitialized;
}

// leyden:ignore common.complex-function a case a kind of statement; the next to be taken apart
void Interpreter::initialize_array(int variable, Node size, Node given, bool is_static,
                                   State& state) {
  const auto index = static_cast<std::size_t>(variable);
  const Type type = variables_[index].type;
  const int target = buffer_at(size ? size : given, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(target)];
  memory.from = is_static ? Buffer::From::static_ : Buffer::From::stack;
  memory.unit = type.item_known ? 0 : type.item_unit;
  const Wide item = type.item_known ? type.item_bytes : 1;
  const bool countable = type.item_known || type.item_unit != 0;
  variables_[index].array = target;
  Value pointer;
  pointer.kind = Value::Kind::pointer;
  pointer.sure = true;
  pointer.target = target;
  pointer.unit = memory.unit;
  state.variables[index] = pointer;

  Value count;
  if (size) count = value(size, state);
  Buffer& made = state.buffers[static_cast<std::size_t>(target)];
  if (countable && count.is_constant() && count.unit == 0 && count.low > 0)
    made.size = count.low * item;
  const Kind kind = kind_of(given);
  if (given && (kind == Kind::string || kind == Kind::strings || kind == Kind::identifier)) {
    const Value from = value(given, state);
    const Buffer* literal = buffer(from, state);
    Buffer& again = state.buffers[static_cast<std::size_t>(target)];
    if (literal != nullptr && literal->length >= 0 && type.item_known && type.item_bytes == 1) {
      again.length = again.filled = literal->length;
      if (!size) again.size = literal->length + 1;
    }
  } else if (given && kind == Kind::initializer_list) {
    Wide elements = 0;
    for (std::uint32_t i = 0; i < given.named_child_count(); ++i) {
      const Node element = given.named_child(i);
      if (kind_of(element) == Kind::comment) continue;
      ++elements;
      if (element.type() == "initializer_pair") elements = -kFar;
      if (kind_of(element) == Kind::initializer_list) continue;
      escape(value(element, state), state);
    }
    Buffer& again = state.buffers[static_cast<std::size_t>(target)];
    if (!size && elements > 0 && countable && !given.has_error()) again.size = elements * item;
  } else if (!given && !is_static) {
    const bool plain = type.item_number || !cpp_;
    if (plain && countable && !captured_.contains(variables_[index].name)) made.ready = 0;
  }
  if (is_static || captured_.contains(variables_[index].name)) {
    Buffer& again = state.buffers[static_cast<std::size_t>(target)];
    again.escaped = true;
    again.forget_content();
  }
}

void Interpreter::if_statement(Node node, State& state) {
  const std::size_t declared = declared_in_scope_.size();
  const Node condition = node.field("condition");
  if (const Node initializer = condition.field("initializer")) statement(initializer, state);
  spend(2 * (state.variables.size() + state.buffers.size()));
  auto [yes, no] = branch(inner(condition), std::move(state));
  statement(node.field("consequence"), yes);
  if (const Node other = node.field("alternative")) statement(other, no);
  const bool both = !yes.dead && !no.dead;
  state = std::move(yes);
  join(state, no);
  // Whoever asks and goes on either way may have seen to it in a way that is not understood: with a function that does not come back.
  if (both) doubt(condition, state);
  while (declared_in_scope_.size() > declared) {
    scope_[declared_in_scope_.back()].pop_back();
    declared_in_scope_.pop_back();
  }
}

void Interpreter::switch_statement(Node node, State& state) {
  const Node condition = inner(node.field("condition"));
  const Value chosen = value(condition, state);
  Jumps jumps{.breaks = {}, .continues = {}, .is_loop = false};
  jumps_.push_back(&jumps);
  const State entry = state;
  State now;
  now.dead = true;
  bool has_default = false;
  bool certain = false;
  const std::size_t declared = declared_in_scope_.size();
  const Node body = node.field("body");
  for (std::uint32_t i = 0; i < body.named_child_count() && !given_up_; ++i) {
    const Node one = body.named_child(i);
    if (kind_of(one) != Kind::case_) {
      if (kind_of(one) == Kind::preproc_if) given_up_ = true;
      if (!now.dead || kind_of(one) == Kind::declaration) statement(one, now);
      continue;
    }
    const Node label = one.field("value");
    bool possible = true;
    if (label) {
      quiet_ = true;
      State scratch = entry;
      const Value wanted = value(label, scratch);
      quiet_ = false;
      if (chosen.is_constant() && wanted.is_constant()) {
        possible = chosen.low == wanted.low;
        certain = certain || possible;
      }
    } else {
      has_default = true;
      possible = !certain;
    }
    spend(2 * (entry.variables.size() + entry.buffers.size()));
    State come = entry;
    if (!possible) come.dead = true;
    come.variables.resize(std::max(come.variables.size(), now.variables.size()));
    join(now, come);
    std::uint32_t skip = label ? 1 : 0;
    if (label) {  // Comments may stand in front of the value.
      for (std::uint32_t c = 0; c < one.named_child_count(); ++c) {
        if (one.named_child(c) == label) skip = c + 1;
      }
    }
    for (std::uint32_t c = skip; c < one.named_child_count() && !given_up_; ++c)
      statement(one.named_child(c), now);
  }
  while (declared_in_scope_.size() > declared) {
    scope_[declared_in_scope_.back()].pop_back();
    declared_in_scope_.pop_back();
  }
  jumps_.pop_back();
  if (!has_default && !certain) join(now, entry);
  if (jumps.breaks) join(now, *jumps.breaks);
  state = std::move(now);
  if (!state.dead && !chosen.is_constant()) doubt(condition, state);
}

// Which lines are compiled is not known: either.
void Interpreter::preprocessor_if(Node node, State& state) {
  State other = state;
  spend(state.variables.size() + state.buffers.size());
  const Node alternative = node.field("alternative");
  const Node condition = node.field("condition") ? node.field("condition") : node.field("name");
  for (std::uint32_t i = 0; i < node.named_child_count() && !given_up_; ++i) {
    const Node child = node.named_child(i);
    if (child == alternative || child == condition) continue;
    statement(child, state);
  }
  if (kind_of(alternative) == Kind::preproc_if || alternative.type() == "preproc_elif" ||
      alternative.type() == "preproc_elifdef") {
    preprocessor_if(alternative, other);
  } else {
    for (std::uint32_t i = 0; i < alternative.named_child_count() && !given_up_; ++i)
      statement(alternative.named_child(i), other);
  }
  // Names of both are in scope behind; a loop that begins in one is no tree.
  other.variables.resize(std::max(other.variables.size(), state.variables.size()));
  state.variables.resize(other.variables.size());
  join(state, other);
}

void Interpreter::try_statement(Node node, State& state) {
  const Changes changes = changes_in(node);
  State caught = state;
  statement(node.field("body"), state);
  forget_changes(changes, -1, caught);
  for (Buffer& one : caught.buffers) one.escaped = true;
  for (std::uint32_t i = 0; i < node.named_child_count() && !given_up_; ++i) {
    const Node clause = node.named_child(i);
    if (clause.type() != "catch_clause") continue;
    State handled = caught;
    spend(handled.variables.size() + handled.buffers.size());
    const std::size_t declared = declared_in_scope_.size();
    statement(clause.field("body"), handled);
    while (declared_in_scope_.size() > declared) {
      scope_[declared_in_scope_.back()].pop_back();
      declared_in_scope_.pop_back();
    }
    join(state, handled);
  }
}

}  // namespace leyden::review::c
