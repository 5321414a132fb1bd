#include <algorithm>
#include <string>
#include <utility>

#include "leyden/agents/review/analyses/c/function_models.h"

namespace leyden::review::c {
namespace {

using From = Buffer::From;

constexpr Wide kLongWait = 1'000'000;  // Seconds, or microseconds.

}  // namespace

Value Interpreter::call_shell(const LibraryCall& call, State& state) {
  const Value command = argument(call, 0, state);
  arguments(call, 1, state);
  if (is_tainted_text(command, state)) report_argument("c.command-from-input", call, 0);
  return call.model.from == From::file ? new_file(call.node, state) : Value{};
}

Value Interpreter::call_program(const LibraryCall& call, State& state) {
  std::size_t tainted = call.count();
  for (std::size_t i = 0; i < call.count(); ++i) {
    if (is_tainted_text(argument(call, i, state), state)) tainted = std::min(tainted, i);
  }
  if (tainted < call.count()) report_argument("c.command-from-input", call, tainted);
  return {};
}

Value Interpreter::call_open_path(const LibraryCall& call, State& state) {
  const std::size_t at = call.model.at;
  for (std::size_t i = 0; i < call.count(); ++i) {
    const Value given = argument(call, i, state);
    if (i == at && is_tainted_text(given, state)) report_argument("c.path-from-input", call, i);
    if (i == 2 && call.name == "freopen") escape(given, state);
  }
  if (call.model.from == From::file) return new_file(call.node, state);
  // Other functions are called `open`, too: POSIX's has flags.
  const bool has_flags =
      call.count() > at + 1 && text(call.arguments[at + 1]).find("O_") != std::string_view::npos;
  if (!has_flags && call.name != "creat") return {};
  Value out = allocation(From::handle, {}, call.node, state);
  out.null = out.handle = true;
  return out;
}

Value Interpreter::call_open_file(const LibraryCall& call, State& state) {
  arguments(call, 0, state);
  return new_file(call.node, state);
}

Value Interpreter::call_set_environment(const LibraryCall& call, State& state) {
  const std::size_t at = std::min(call.model.at, call.count() - 1);
  const Value given = argument(call, at, state);
  if (is_foreign_text(given, state)) report_argument("c.environment-from-input", call, at);
  escape(given, state);
  return {};
}

Value Interpreter::call_wait(const LibraryCall& call, State& state) {
  const Value time = argument(call, 0, state);
  if (time.is_number() && time.tainted && time.sure && time.high > kLongWait)
    report_argument("c.wait-from-input", call, 0);
  return {};
}

Value Interpreter::call_assert(const LibraryCall& call, State& state) {
  const Node claim = inner(call.arguments[0]);
  const int about = variable_in(kind_of(claim) == Kind::binary ? claim.field("left") : claim);
  const auto at = static_cast<std::size_t>(about);
  Value now;
  if (about >= 0 && at < state.variables.size()) now = state.variables[at];
  const bool input = now.is_number() && now.tainted && now.sure && !now.random;
  Branches ways = branch(call.arguments[0], std::move(state));
  if (input && !ways.no.dead)
    report("c.assert-of-input", call.node, {{"condition", std::string(text(claim))}});
  state = std::move(ways.yes);
  return {};
}

}  // namespace leyden::review::c
