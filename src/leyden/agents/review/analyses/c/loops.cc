#include <algorithm>

#include "leyden/agents/review/analyses/c/interpreter.h"
#include "leyden/agents/review/code_shape.h"

namespace leyden::review::c {

Interpreter::Changes Interpreter::changes_in(Node loop) {
  Changes out;
  std::size_t nodes = 0;
  const auto changed = [&](Node target, Wide step) {
    target = inner(target);
    if (kind_of(target) != Kind::identifier) return;
    const int index = variable_named(text(target));
    if (index < 0) return;
    Change& change = out.variables[index];
    ++change.times;
    if (step == 0 || (change.step < 0) != (step < 0)) {
      if (change.times > 1 || step == 0) change.counted = false;
    }
    if (change.times == 1) change.step = step;
  };
  // What stands in front of the first round is no change.
  const Node before = loop.field("initializer");
  // leyden:ignore common.complex-function follows one loop from its head to its end; the next to be taken apart
  walk(loop, [&](Node node) {
    ++nodes;
    if (kind_of(node) == Kind::identifier) {
      if (const int index = variable_named(text(node)); index >= 0) ++out.mentioned[index];
    }
    if (before && node == before) return false;
    switch (kind_of(node)) {
      case Kind::assignment: {
        const std::string_view sign = text(node.field("operator"));
        const Node left = inner(node.field("left"));
        const Node right = inner(node.field("right"));
        Wide step = 0;
        if (sign == "+=" || sign == "-=") {
          const Value by = kind_of(right) == Kind::number ? number(text(right)) : Value{};
          if (by.is_constant()) step = sign == "+=" ? by.low : -by.low;
        }
        changed(left, step);
        Node base = left;
        for (int i = 0; i < 20 && (kind_of(base) == Kind::subscript ||
                                   kind_of(base) == Kind::field || kind_of(base) == Kind::pointer);
             ++i)
          base = inner(base.field("argument"));
        if (base != left && variable_in(base) >= 0) ++out.filled[variable_in(base)];
        if (kind_of(left) == Kind::field && text(left.field("operator")) == ".")
          changed(left.field("argument"), 0);
        break;
      }
      case Kind::update:
        changed(node.field("argument"), text(node.field("operator")) == "++" ? 1 : -1);
        break;
      case Kind::pointer:
        if (text(node.field("operator")) == "&") changed(node.field("argument"), 0);
        break;
      case Kind::init_declarator:
        break;
      case Kind::delete_:
      case Kind::call: {
        const Node list = kind_of(node) == Kind::call ? node.field("arguments") : node;
        for (std::uint32_t i = 0; i < list.named_child_count(); ++i) {
          Node argument = inner(list.named_child(i));
          if (kind_of(argument) == Kind::cast) argument = inner(argument.field("value"));
          if (kind_of(argument) != Kind::identifier) continue;
          const int index = variable_named(text(argument));
          if (index < 0) continue;
          out.passed.insert(index);
          if (may_be_macro(text(node.field("function")))) changed(argument, 0);
        }
        break;
      }
      case Kind::binary:
        if (text(node.field("operator")) == ">>" && cpp_) changed(node.field("right"), 0);
        if (text(node.field("operator")) == "&" &&
            kind_of(node.field("left")) == Kind::parenthesized)
          changed(node.field("right"), 0);
        break;
      case Kind::break_:
      case Kind::return_:
      case Kind::throw_:
        out.leaves = true;
        break;
      case Kind::lambda:
        return false;
      default:
        break;
    }
    return true;
  });
  spend(nodes * 4);
  return out;
}

// In front of a loop: what holds whatever round it is.
// leyden:ignore common.complex-function follows one loop from its head to its end; the next to be taken apart
void Interpreter::forget_changes(const Changes& changes, int counter, State& state) {
  for (const auto& [index, change] : changes.variables) {
    const auto at = static_cast<std::size_t>(index);
    if (at >= state.variables.size()) continue;
    Value& now = state.variables[at];
    if (now.kind == Value::Kind::unknown) continue;
    const bool one_step = change.counted && change.times >= 1 && change.step != 0;
    if (one_step && (now.is_number() || now.is_pointer()) && !now.real &&
        !variables_[at].untracked) {
      (change.step > 0 ? now.high : now.low) = change.step > 0 ? kFar : -kFar;
      const Wide most = now.is_number() && now.bytes < 16 ? (Wide{1} << (now.bytes * 8)) : kFar;
      if (now.is_number()) {
        now.high = std::min(now.high, most);
        now.low = std::max(now.low, now.is_signed ? -most : Wide{0});
      }
      now.sure = now.sure && index == counter && change.times == 1 &&
                 (change.step == 1 || change.step == -1) && now.is_number();
      if (now.is_pointer()) {
        now.moved = true;
        now.sure = false;
      }
      continue;
    }
    if (now.is_pointer()) {
      Buffer* target = buffer(now, state);
      if (target != nullptr && target->is_owned()) target->escaped = true;
    }
    now = {};
  }
  // What one round reads another may have written.
  for (const auto& [index, times] : changes.filled) {
    const auto at = static_cast<std::size_t>(index);
    const auto mentioned = changes.mentioned.find(index);
    if (at >= state.variables.size() || mentioned == changes.mentioned.end() ||
        mentioned->second <= times)
      continue;
    if (Buffer* target = buffer(state.variables[at], state)) target->ready = -1;
  }
  for (const int index : changes.passed) {
    const auto at = static_cast<std::size_t>(index);
    if (at >= state.variables.size()) continue;
    if (Buffer* target = buffer(state.variables[at], state);
        target != nullptr && target->is_owned()) {
      target->escaped = true;
      target->life = Buffer::Life::maybe;
    }
    if (cpp_ && variables_[at].array == Value::kNowhere && state.variables[at].is_number())
      state.variables[at] = {};
    if (state.variables[at].kind == Value::Kind::uninitialized || state.variables[at].is_null())
      state.variables[at] = {};
  }
  for (Buffer& one : state.buffers) {
    if (one.life == Buffer::Life::none) continue;
    one.length = -1;
    one.filled = 0;
  }
}

// leyden:ignore common.long-function follows one loop from its head to its end; the next to be taken apart
// leyden:ignore common.complex-function follows one loop from its head to its end; the next to be taken apart
void Interpreter::loop(Node node, State& state) {
  const Kind kind = kind_of(node);
  const std::size_t declared = declared_in_scope_.size();
  const auto leave_scope = [&] {
    while (declared_in_scope_.size() > declared) {
      scope_[declared_in_scope_.back()].pop_back();
      declared_in_scope_.pop_back();
    }
  };
  if (const Node initializer = node.field("initializer"); initializer && kind != Kind::for_range) {
    if (kind_of(initializer) == Kind::declaration) {
      declaration(initializer, state);
    } else {
      value(initializer, state);
    }
  }
  const Node condition = inner(node.field("condition"));
  const Node body = node.field("body");
  spend(3 * (state.variables.size() + state.buffers.size()));
  Jumps jumps;

  // do { } while (0) is a block that can be left.
  const auto always = [&](Node test) {
    if (!test) return kind == Kind::for_;
    const std::string_view word = text(test);
    return word == "1" || word == "true" || word == "TRUE";
  };
  const std::string_view word = text(condition);
  if (kind == Kind::do_ && (word == "0" || word == "false" || word == "FALSE")) {
    jumps_.push_back(&jumps);
    statement(body, state);
    jumps_.pop_back();
    if (jumps.continues) join(state, *jumps.continues);
    if (jumps.breaks) join(state, *jumps.breaks);
    return;
  }
  // A loop without end whose body ends in a jump out is one, too.
  if (kind != Kind::do_ && always(condition) && kind_of(body) == Kind::compound &&
      body.named_child_count() > 0 && !node.field("update")) {
    Node last = body.named_child(body.named_child_count() - 1);
    while (kind_of(last) == Kind::comment) last = last.previous();
    const bool jumps_out = kind_of(last) == Kind::break_ || kind_of(last) == Kind::return_;
    bool again = false;
    if (jumps_out) {
      walk(body, [&](Node part) {
        again = again || kind_of(part) == Kind::continue_;
        return !again;
      });
    }
    if (jumps_out && !again) {
      jumps_.push_back(&jumps);
      statement(body, state);
      jumps_.pop_back();
      state.dead = true;
      if (jumps.breaks) join(state, *jumps.breaks);
      leave_scope();
      return;
    }
  }

  const Changes changes = changes_in(node);
  const bool plain = kind_of(condition) == Kind::binary;
  int counter = -1;
  if (plain && !changes.leaves) {
    for (const std::string_view side : {"right", "left"}) {
      const int index = variable_in(condition.field(side));
      if (index >= 0 && changes.variables.contains(index)) counter = index;
    }
  }
  State head = state;
  forget_changes(changes, counter, head);
  std::vector<Wide> starts;
  if (kind == Kind::for_range) {
    const Type base = types_.base(node);
    Node name;
    const Type type = types_.declared(base, node.field("declarator"), name);
    escape(value(node.field("right"), head), head);
    if (name) {
      declare(text(name), type);
      head.variables.resize(variables_.size());
    } else {
      walk(node.field("declarator"), [&](Node part) {
        if (kind_of(part) == Kind::identifier) {
          declare(text(part), {});
          head.variables.resize(variables_.size());
          head.variables.back() = {};
        }
        return true;
      });
      head.variables.resize(variables_.size());
    }
  }

  State after;
  after.dead = true;
  jumps_.push_back(&jumps);
  if (kind == Kind::do_) {
    statement(body, head);
    jumps_.pop_back();
    if (jumps.continues) join(head, *jumps.continues);
    if (!head.dead) after = branch(condition, std::move(head)).no;
  } else if (kind == Kind::for_range || !condition || always(condition)) {
    const bool endless = kind != Kind::for_range;
    if (!endless) after = head;
    statement(body, head);
    jumps_.pop_back();
    if (jumps.continues) join(head, *jumps.continues);
    if (const Node update = node.field("update"); update && !head.dead) value(update, head);
    if (!endless && !head.dead) {
      // What the rounds did to memory.
      join(after, head);
    }
  } else {
    // Whether the first round is sure to run: the state in front of it says so.
    quiet_ = true;
    bool runs = false;
    {
      const bool was = quiet_;
      State first = state;
      first.variables.resize(variables_.size());
      runs = branch(condition, std::move(first)).no.dead;
      quiet_ = was;
    }
    quiet_ = false;
    // A round for each number up to one that came in.
    if (plain) {
      const Node bound = inner(condition.field("right"));
      const int limit = variable_in(bound);
      const auto at = static_cast<std::size_t>(limit);
      if (limit >= 0 && variable_in(condition.field("left")) >= 0 && counter >= 0 &&
          changes.variables.contains(counter) && !changes.variables.contains(limit) &&
          at < head.variables.size()) {
        const Value& most = head.variables[at];
        if (most.is_number() && most.tainted && most.sure && most.high >= (Wide{1} << 30))
          report("c.loop-from-input", condition, {{"bound", std::string(text(bound))}});
      }
    }
    Branches ways = branch(condition, std::move(head));
    after = std::move(ways.no);
    State& round = ways.yes;
    if (const auto at = static_cast<std::size_t>(counter);
        counter >= 0 && at < round.variables.size() && round.variables[at].is_number()) {
      // Not bounded after all.
      Value& now = round.variables[at];
      const Type& type = variables_[at].type;
      if (now.high >= type.most() || now.low <= type.least() - (type.is_signed ? 0 : 1))
        now.sure = false;
    }
    statement(body, round);
    jumps_.pop_back();
    if (jumps.continues) join(round, *jumps.continues);
    if (const Node update = node.field("update"); update && !round.dead) {
      quiet_ = true;  // One step beyond is what ends the loop.
      value(update, round);
      quiet_ = false;
    }
    if (!round.dead && !after.dead) {
      std::vector<Value> values = after.variables;
      if (runs) {
        after.buffers = round.buffers;
      } else {
        join(after, round);
      }
      after.variables = std::move(values);
      // The counter stands where the condition first fails.
      for (const auto& [index, change] : changes.variables) {
        const auto at = static_cast<std::size_t>(index);
        if (at >= after.variables.size()) continue;
        Value& now = after.variables[at];
        if (!now.is_number() || !now.sure) continue;
        if (runs && change.step == 1) {
          now.high = now.low;
        } else if (runs && change.step == -1) {
          now.low = now.high;
        } else {
          now = {};
        }
      }
      // What the body gave values before every use still has some value: only those that were known before the loop were forgotten.
      for (std::size_t i = 0; i < after.variables.size() && i < round.variables.size(); ++i) {
        if (after.variables[i].kind == Value::Kind::uninitialized &&
            round.variables[i].kind != Value::Kind::uninitialized)
          after.variables[i] = {};
      }
    }
  }
  if (jumps.breaks) join(after, *jumps.breaks);
  after.variables.resize(variables_.size());
  state = std::move(after);
  leave_scope();
}

}  // namespace leyden::review::c
