#include "leyden/agents/review/analyses/c/state.h"

#include <algorithm>

namespace leyden::review::c {

Wide least(int bytes, bool is_signed) { return is_signed ? -(Wide{1} << (bytes * 8 - 1)) : 0; }
Wide most(int bytes, bool is_signed) { return (Wide{1} << (bytes * 8 - (is_signed ? 1 : 0))) - 1; }
Wide Type::least() const { return c::least(bytes, is_signed); }
Wide Type::most() const { return c::most(bytes, is_signed); }

std::string written(Wide number) {
  if (number == 0) return "0";
  const bool negative = number < 0;
  if (negative) number = -number;
  std::string out;
  for (; number > 0; number /= 10)
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
  return negative ? "-" + out : out;
}

Value Value::of(Wide number, int bytes, bool is_signed) {
  return between(number, number, bytes, is_signed);
}

Value Value::between(Wide low, Wide high, int bytes, bool is_signed) {
  Value out;
  out.kind = Kind::number;
  out.sure = true;
  out.low = low;
  out.high = high;
  out.bytes = static_cast<std::uint8_t>(bytes);
  out.is_signed = is_signed;
  return out;
}

Value Value::null_pointer() {
  Value out;
  out.kind = Kind::pointer;
  out.null = true;
  out.sure = true;
  return out;
}

Value Value::pointer_to(int target, int unit) {
  Value out;
  out.kind = Kind::pointer;
  out.sure = true;
  out.target = target;
  out.unit = unit;
  return out;
}

// leyden:ignore common.complex-function one line for each part of a value
Value joined(const Value& one, const Value& other) {
  using Kind = Value::Kind;
  if (one.kind != other.kind || one.kind == Kind::unknown) return {};
  if (one.kind == Kind::uninitialized) return one;
  Value out = one;
  if (one.is_number()) {
    if (one.unit != other.unit || one.real != other.real) return {};
    const bool same = one.low == other.low && one.high == other.high;
    out.low = std::min(one.low, other.low);
    out.high = std::max(one.high, other.high);
    out.tainted = one.tainted || other.tainted;
    out.random = one.random || other.random;
    // Which of two constants it is may hang together with what else differs: only input is free to be anything.
    out.sure = one.sure && other.sure && (same || out.tainted);
    return out;
  }
  out.null = one.null || other.null;
  out.unchecked = one.unchecked || other.unchecked;
  if (one.is_null() || other.is_null()) {
    if (one.is_null() && other.is_null()) return out;
    out = one.is_null() ? other : one;
    out.null = true;
    return out;
  }
  if (one.target != other.target || one.unit != other.unit) return {};
  out.moved = one.moved || other.moved;
  out.sure = one.sure && other.sure && one.low == other.low && one.high == other.high;
  out.low = std::min(one.low, other.low);
  out.high = std::max(one.high, other.high);
  return out;
}

namespace {

void join(Buffer& into, const Buffer& other) {
  using Life = Buffer::Life;
  if (into.life == Life::none && other.life == Life::none) return;
  if (into.life != other.life) {
    const Life a = std::min(into.life, other.life);
    const Life b = std::max(into.life, other.life);
    // Where there is nothing there is nothing to free either.
    const Life life = a == Life::failed && b != Life::maybe ? b : Life::maybe;
    if (into.life == Life::none || into.life == Life::failed) {
      const bool escaped = into.escaped;
      into = other;
      into.escaped = into.escaped || escaped;
    }
    into.life = life;
    into.escaped = into.escaped || other.escaped;
    return;
  }
  into.escaped = into.escaped || other.escaped;
  into.tainted = into.tainted || other.tainted;
  if (into.size != other.size || into.unit != other.unit) into.size = -1;
  if (into.ready != other.ready) into.ready = -1;
  if (into.length != other.length) into.length = -1;
  into.filled = std::min(into.filled, other.filled);
}

}  // namespace

void join(State& into, const State& other) {
  if (other.dead) return;
  if (into.dead) {
    into = other;
    return;
  }
  into.variables.resize(std::max(into.variables.size(), other.variables.size()));
  into.buffers.resize(std::max(into.buffers.size(), other.buffers.size()));
  const auto lose = [&](const Value& before, const Value& now) {
    if (!before.is_pointer() || before.target < 0 || now.target == before.target) return;
    if (static_cast<std::size_t>(before.target) < into.buffers.size())
      into.buffers[static_cast<std::size_t>(before.target)].escaped = true;
  };
  for (std::size_t i = 0; i < into.variables.size() && i < other.variables.size(); ++i) {
    const Value now = joined(into.variables[i], other.variables[i]);
    lose(into.variables[i], now);
    lose(other.variables[i], now);
  }
  for (std::size_t i = 0; i < into.variables.size(); ++i) {
    into.variables[i] =
        i < other.variables.size() ? joined(into.variables[i], other.variables[i]) : Value{};
  }
  into.buffers.resize(std::max(into.buffers.size(), other.buffers.size()));
  for (std::size_t i = 0; i < into.buffers.size(); ++i)
    join(into.buffers[i], i < other.buffers.size() ? other.buffers[i] : Buffer{});
}

}  // namespace leyden::review::c
