#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

struct Parameter {
  std::string name;
  Type type;
  bool annotated =
      false;  // The source says the type; else it is a guess from name, default and use.
  bool has_default = false;
  bool by_name_only = false;
  bool may_be_named = false;            // Others before it may be left out.
  bool takes_rest = false;              // All arguments from here on, as a list.
  std::vector<std::string> compared{};  // Texts that its function compares it with.
};

// Constants of the source: what its conditions compare with.
struct Literals {
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> texts;
};

// Something that a test can call. Positions are bytes of the source; lines count from 1.
struct Function {
  enum class Kind : std::uint8_t { function, method, static_method, property };
  Kind kind = Kind::function;
  std::string name;
  std::string class_name;  // Of a method; empty: a function of the module.
  std::vector<Parameter> parameters;
  std::vector<std::string> bases{};     // Classes of the file whose methods its class has, too.
  std::vector<Parameter> construction;  // What a method's object is made with.
  bool makes_object = false;  // It is its class's constructor: static, and gives the object.
  Type result;                // Unknown where the source does not say it.
  std::string doc;
  Literals literals;
  std::vector<std::vector<Value>> examples;  // Arguments that its docs pass.
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first_line = 1;
  std::size_t last_line = 1;
  bool is_async = false;    // Gives something to await.
  bool only_reads = false;  // A method that leaves its object as it was.
  // Why no test calls it: it is a helper of others, say, which are to reach it. Empty: one does.
  std::string uncallable{};
  bool is_last_resort =
      false;  // An uncallable one that is called after all where no other reaches it.

  [[nodiscard]] bool needs_object() const { return kind == Kind::method || kind == Kind::property; }
  [[nodiscard]] std::string qualified_name() const {
    return class_name.empty() ? name : class_name + "." + name;
  }
};

// One call and what comes before it. For a method an object is made, earlier steps are called on it, the last one is observed.
struct Step {
  std::size_t function = 0;  // Of the module's functions.
  std::vector<Value> arguments;
  // On which of the objects that the construction holds, from 1 in the order in which they begin; 0: on the object that is made.
  std::size_t receiver = 0;
  bool operator==(const Step&) const = default;
};
// How far a language's tests tell what comes before the last call.
struct Stories {
  bool are_long = false;      // A step that comes again and again is said once, in a loop.
  bool name_objects = false;  // Those that a constructor is given have names: steps may be of them.
};
struct Input {
  std::vector<Value> construction;
  std::vector<Step> steps;  // At least one.
  bool operator==(const Input&) const = default;
  [[nodiscard]] std::size_t function() const { return steps.back().function; }
};

}  // namespace leyden::qa
