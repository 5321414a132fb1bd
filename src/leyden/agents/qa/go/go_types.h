#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
// are optional, []byte and []rune are texts.
class GoTypes {
 public:
  void add(const std::string& name, GoDeclaredType type) { declared_[name] = type; }
  void add_choice(const std::string& type, std::string text) {
    choices_[type].push_back(std::move(text));
  }
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

 private:
  [[nodiscard]] Type structure(const std::string& name, const GoDeclaredType& declared,
                               std::size_t depth);
  [[nodiscard]] Type list(syntax::Node node, std::string_view text,
                          const std::set<std::string>& parameters, std::size_t depth);
  [[nodiscard]] Type array(syntax::Node node, std::string_view text,
                           const std::set<std::string>& parameters, std::size_t depth);
  [[nodiscard]] Type callback(syntax::Node node, std::string_view text,
                              const std::set<std::string>& parameters, std::size_t depth);

  std::map<std::string, GoDeclaredType> declared_;
  std::map<std::string, std::vector<std::string>> choices_;
  std::map<std::string, std::vector<std::string>> used_choices_;
  std::map<std::string, std::vector<std::string>> used_fields_;
  std::set<std::string>
      open_;  // Structures that are being read: a field of their kind stays as it is.
};

// Least and largest value of an integer type.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> go_integer_range(const std::string& name);

}  // namespace leyden::qa
