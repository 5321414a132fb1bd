#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/parameter_uses.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// How Python code uses a variable or field: in the node itself, in the functions and constructors of the file that it is handed to, and, where a method keeps it in
// a field, in all of the class. `text` is what the nodes are of, and outlives it.
class PythonUses {
 public:
  // `name`: "cells", "self.cells".
  PythonUses(syntax::Node within, std::string_view name, std::string_view text,
             std::size_t handed_on = 0);

  [[nodiscard]] const ParameterUses& counts() const { return uses_; }
  // The types that isinstance() asks for, as they are written.
  [[nodiscard]] const std::vector<std::string_view>& asked() const { return asked_; }
  // What is asked of it, and of what it holds: methods and fields.
  [[nodiscard]] const std::set<std::string_view>& attributes() const { return attributes_; }
  [[nodiscard]] const std::set<std::string_view>& item_attributes() const {
    return item_attributes_;
  }
  // Of the attributes those that are called.
  [[nodiscard]] const std::set<std::string_view>& methods() const { return methods_; }
  // Texts that it is compared with, and JSON of what it is asked for.
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
  // It is called, with so many arguments.
  [[nodiscard]] std::optional<std::size_t> called_with() const { return called_with_; }

 private:
  [[nodiscard]] bool is_it(syntax::Node one) const;
  [[nodiscard]] bool is_item(syntax::Node one) const;
  [[nodiscard]] bool stands_for_it(syntax::Node one) const;
  void look(syntax::Node node, std::size_t depth);
  void add(const PythonUses& there);
  void add_items(const PythonUses& of_item);
  void note_loop(syntax::Node loop);
  void note_kept(syntax::Node field);
  void note_collected(syntax::Node call);
  void note_handed_on(syntax::Node call);
  void note_attribute(syntax::Node access);
  void note_call(syntax::Node call);
  void note_function_argument(std::string_view called, syntax::Node arguments);
  void note_question(syntax::Node types);
  void note_comparison(syntax::Node node);
  void note_operation(syntax::Node node);

  std::string_view name_;
  std::string_view text_;
  std::size_t handed_on_;  // How many functions lie between.
  ParameterUses uses_;
  std::vector<std::string_view> asked_;
  std::set<std::string_view> attributes_;
  std::set<std::string_view> item_attributes_;
  std::set<std::string_view> methods_;
  std::vector<std::string> texts_;
  std::optional<std::size_t> called_with_;
  std::optional<std::size_t> item_called_with_;
};

}  // namespace leyden::qa
