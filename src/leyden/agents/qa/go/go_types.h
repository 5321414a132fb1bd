#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/go/go_stand_in.h"
#include "leyden/agents/qa/value.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// A type as a file declares it; nodes live as long as the file.
struct GoDeclaredType {
  syntax::Node type;
  std::string_view text;  // Of the file.
  bool is_generic = false;
};

// What the types of a package stand for. `Type::name` is the type as a test spells it. A rune is of kind `bytes`, arrays are tuples, pointers
// are optional, []byte and []rune are texts; so is what the library makes of a text (a reader). An interface is one of the structures that have its methods
// (`*Name` where the pointer has them), or an expression.
class GoTypes {
 public:
  // Without interfaces and the library's types where `plain`; `taken`: names that stand-ins can't have.
  explicit GoTypes(std::set<std::string> taken = {}, bool plain = false)
      : taken_(std::move(taken)), plain_(plain) {}

  void add(const std::string& name, GoDeclaredType type) { declared_[name] = type; }
  void add_choice(const std::string& type, std::string text) {
    choices_[type].push_back(std::move(text));
  }
  void add_method(const std::string& type, const std::string& method, bool by_pointer) {
    methods_[type][method] = by_pointer;
  }
  // A variable of the package that holds an error.
  void add_error(std::string name) { errors_.push_back(std::move(name)); }
  [[nodiscard]] bool is_interface(const std::string& name) const;
  // Whether the interface has that method.
  [[nodiscard]] bool wants(const std::string& interface, const std::string& method);
  // Type parameters stand for int. Unknown: no values are made for it.
  [[nodiscard]] Type type_of(syntax::Node node, std::string_view text,
                             const std::set<std::string>& parameters = {}, std::size_t depth = 0);
  [[nodiscard]] Type named(const std::string& name, std::size_t depth = 0);

  // Of all types that were asked for.
  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& used_choices() const {
    return used_choices_;
  }
  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& used_fields() const {
    return used_fields_;
  }
  // Types of the library whose values are made of texts.
  [[nodiscard]] const std::set<std::string>& used_texts() const { return used_texts_; }
  // By interface: types of the package that are passed for it.
  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& implementations() const {
    return implementations_;
  }
  // What the package's own integer types are made of: "byte" of type Action byte.
  [[nodiscard]] const std::map<std::string, std::string>& integers() const { return integers_; }
  // Types and functions of tests, by name.
  [[nodiscard]] const std::map<std::string, std::string>& helpers() const { return helpers_; }

 private:
  [[nodiscard]] Type choice(const std::string& name, std::vector<std::string> texts);
  [[nodiscard]] Type of_library(const std::string& name);
  [[nodiscard]] std::vector<std::string> own_errors();
  [[nodiscard]] std::optional<std::vector<GoMethod>> methods_of(const GoDeclaredType& declared,
                                                                std::size_t depth);
  [[nodiscard]] std::vector<GoPart> parts_of(syntax::Node node, std::string_view text,
                                             std::size_t depth);
  [[nodiscard]] Type interface(const std::string& name, const GoDeclaredType& declared,
                               std::size_t depth);
  void note_implementations(const std::string& name, const std::vector<GoMethod>& methods);
  [[nodiscard]] Type structure(const std::string& name, const GoDeclaredType& declared,
                               std::size_t depth);
  [[nodiscard]] Type list(syntax::Node node, std::string_view text,
                          const std::set<std::string>& parameters, std::size_t depth);
  [[nodiscard]] Type array(syntax::Node node, std::string_view text,
                           const std::set<std::string>& parameters, std::size_t depth);
  [[nodiscard]] Type channel(syntax::Node node, std::string_view text,
                             const std::set<std::string>& parameters, std::size_t depth);
  [[nodiscard]] Type callback(syntax::Node node, std::string_view text,
                              const std::set<std::string>& parameters, std::size_t depth);

  std::set<std::string> taken_;
  bool plain_;
  std::map<std::string, GoDeclaredType> declared_;
  std::map<std::string, std::vector<std::string>> choices_;
  std::map<std::string, std::map<std::string, bool>>
      methods_;  // Of each type; true: its pointer's.
  std::vector<std::string> errors_;
  std::optional<std::vector<std::string>> own_errors_;
  std::map<std::string, std::vector<std::string>> used_choices_;
  std::map<std::string, std::vector<std::string>> used_fields_;
  std::map<std::string, std::vector<std::string>> implementations_;
  std::map<std::string, std::vector<std::string>> stand_ins_;  // Expressions, by interface.
  std::map<std::string, std::string> helpers_;
  std::map<std::string, std::string> integers_;
  std::set<std::string> used_texts_;
  std::set<std::string>
      open_;  // Structures that are being read: a field of their kind stays as it is.
  std::multiset<std::string> interfaces_open_;
};

// Of a channel that is sent to only.
[[nodiscard]] Type go_sending_channel(const std::string& element);
[[nodiscard]] bool is_go_integer(const std::string& type);
// Least and largest value of an integer type.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> go_integer_range(const std::string& name);

}  // namespace leyden::qa
