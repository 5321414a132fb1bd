#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// What a string literal says; nullopt: an f-string, or an escape that is rare.
[[nodiscard]] std::optional<std::string> python_string(std::string_view text);

// `data = json.loads(…)`, then `data["name"]`: texts that hold what is asked for, for this call.
[[nodiscard]] std::vector<std::string> python_json_texts(syntax::Node call, std::string_view text);

// Constants of code, with those of what the code names. `text` is what the nodes are of; both outlive it.
class PythonLiterals {
 public:
  explicit PythonLiterals(std::string_view text) : text_(text) {}

  // What a name stands for: a constant's value or a function; ".name" is a class's.
  void note(std::string name, syntax::Node node) { named_[std::move(name)] = node; }
  // Those of the node first, then those of the constants, functions and methods that it names.
  void read(syntax::Node node, Literals& out) const;

 private:
  struct Reading;
  void read(syntax::Node node, Reading& reading, std::size_t depth) const;
  void read_number(syntax::Node node, Literals& out) const;
  void read_call(syntax::Node call, Literals& out) const;
  void follow(const std::string& name, Reading& reading) const;

  std::string_view text_;
  std::map<std::string, syntax::Node> named_;
};

// The arguments of the calls of a function that its docstring shows behind ">>>".
[[nodiscard]] std::vector<std::vector<Value>> python_examples(const Function& function);

}  // namespace leyden::qa
