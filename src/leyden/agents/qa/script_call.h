#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// An input as statements: what the arguments are, what is done before, and the call.
struct ScriptCall {
  std::vector<std::pair<std::string, std::string>> arguments;  // Names and literals.
  std::vector<std::string> setup;
  std::string receiver;     // The variable that holds the object; empty: there is none.
  std::string call;         // With the arguments' names.
  std::string inline_call;  // With their literals in place.
};

// How a language writes an input.
class CallWriter {
 public:
  virtual ~CallWriter() = default;

  [[nodiscard]] ScriptCall call_of(const Input& input,
                                   const std::vector<Function>& functions) const;
  // The call that a test says, `lines` get what stands before it: arguments have names where the call changes them, the object where it
  // is asked for afterwards.
  [[nodiscard]] std::string stated(const TestCase& test, const std::vector<Function>& functions,
                                   std::vector<std::string>& lines) const;

  [[nodiscard]] virtual std::string literal(const Value& value) const = 0;
  // `arguments` in the function's order.
  [[nodiscard]] virtual std::string call_text(const Function& function, const std::string& receiver,
                                              const std::vector<std::string>& arguments) const = 0;
  // `Cart.new(1)`, for the method's object.
  [[nodiscard]] virtual std::string made(const Function& method,
                                         const std::vector<std::string>& construction) const = 0;
  // The variable for an argument or an object: `$total`.
  [[nodiscard]] virtual std::string variable(const std::string& name) const = 0;
  // What the variable of an object is called.
  [[nodiscard]] virtual std::string object_name(const std::string& class_name) const = 0;
  [[nodiscard]] virtual bool is_keyword(const std::string& variable) const = 0;
  // `a = 1`, with what a statement ends with; and any other statement.
  [[nodiscard]] std::string assignment(const std::string& variable,
                                       const std::string& value) const {
    return statement(variable + " = " + value);
  }
  [[nodiscard]] virtual std::string statement(const std::string& text) const = 0;

 protected:
  [[nodiscard]] std::vector<std::string> literals(const std::vector<Value>& values) const;
};

}  // namespace leyden::qa
