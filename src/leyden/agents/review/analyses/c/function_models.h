#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "leyden/agents/review/analyses/c/interpreter.h"

namespace leyden::review::c {

struct LibraryCall {
  const FunctionModel& model;
  std::string_view name;
  const std::vector<Node>& arguments;
  Node node;

  [[nodiscard]] std::size_t count() const { return arguments.size(); }
};

// What is known of a function of the C library: what it does with its arguments, and the facts that differ among functions that do the same.
struct FunctionModel {
  static constexpr std::size_t kAny = 1'000'000;
  static constexpr std::size_t kNone = kAny;

  std::string_view name;
  std::size_t least = 0;  // Of arguments; with fewer or more it is another function.
  std::size_t most = kAny;
  Value (Interpreter::*run)(const LibraryCall& call, State& state) = nullptr;
  std::size_t at = 0;  // The argument that it is about: a path, a format, a variable's value.
  std::size_t sized_by = kNone;  // The argument that is the size of what the first points to.
  Buffer::From from{};           // What it makes or releases.
  bool macro = false;  // Systems name it differently: its name in capitals is a macro for it.
  bool looks = false;  // Whoever asks it about a text has looked at that.
  bool finds = false;  // It gives a pointer into its first argument, or null.
  bool uninitialized = false;  // Of memory that it makes.
  bool is_signed = true;       // Of the number that it gives.
  int bytes = 8;
};

}  // namespace leyden::review::c
