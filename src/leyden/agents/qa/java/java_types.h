#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/java/java_source.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// What type parameters stand for.
using JavaBindings = std::map<std::string, Type>;

// A class, record, enum or interface of the project; nodes live as long as the file.
struct JavaDeclared {
  syntax::Node node;
  std::string_view text;   // Of the file.
  std::string name;        // "Shop.Item"
  bool is_hidden = false;  // Private, or within one that is.
  bool is_inner = false;   // Needs an object of the class around it.
};

// What the types of a package stand for. `Type::name` is the type as Java spells it, the JDK's with its package: java.util.List<Integer>. A char is of kind
// `bytes`, arrays and collections are lists, objects are records of what their constructor takes.
class JavaTypes {
 public:
  void add(const JavaDeclared& declared);
  void add_import(const std::string& name, const std::string& path) { imports_[name] = path; }

  // Unknown: no values are made for it.
  [[nodiscard]] Type type_of(syntax::Node node, std::string_view text,
                             const JavaBindings& bindings = {}, std::size_t depth = 0);
  // Of a class of the project, whose own type parameters stand for `arguments`, else for Integer.
  [[nodiscard]] Type named(const std::string& name, const std::vector<Type>& arguments = {},
                           std::size_t depth = 0);
  // Of a list of type parameters: what bounds them, else Integer.
  void bind(syntax::Node type_parameters, std::string_view text, JavaBindings& out);
  // As a class literal has it: "int[]", "java.util.List", "Shop.Item"; Object where nothing else is known.
  [[nodiscard]] std::string erased(syntax::Node node, std::string_view text) const;
  [[nodiscard]] std::vector<Parameter> parameters_of(syntax::Node list, std::string_view text,
                                                     const JavaBindings& bindings, bool& takes_rest,
                                                     std::size_t depth = 0);
  [[nodiscard]] const JavaDeclared* find(const std::string& name) const;
  [[nodiscard]] std::string type_arguments(const JavaDeclared& declared) const;

  // Of all types that were asked for.
  [[nodiscard]] const std::map<std::string, JavaMaker>& makers() const { return makers_; }

 private:
  [[nodiscard]] Type generic(syntax::Node node, std::string_view text, const JavaBindings& bindings,
                             std::size_t depth);
  [[nodiscard]] Type enumeration(const JavaDeclared& declared) const;
  [[nodiscard]] Type object(const JavaDeclared& declared, const std::vector<Type>& arguments,
                            std::size_t depth);
  [[nodiscard]] std::optional<JavaMaker> maker_of(const JavaDeclared& declared,
                                                  const JavaBindings& bindings,
                                                  const std::string& arguments, std::size_t depth);
  [[nodiscard]] const JavaDeclared* implementation_of(const JavaDeclared& declared) const;

  std::map<std::string, JavaDeclared> declared_;  // By their whole names,
  std::map<std::string, std::string> whole_;      // these by simple ones.
  std::map<std::string, std::string> imports_;
  std::map<std::string, JavaMaker> makers_;
  std::set<std::string> open_;  // Classes that are being read: one that needs itself can't be made.
};

// Least and largest value of an integer type.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> java_integer_range(const std::string& name);
// "Integer" of "int".
[[nodiscard]] std::string java_box(const std::string& name);
[[nodiscard]] bool declares_exceptions(syntax::Node node);
[[nodiscard]] bool has_modifier(syntax::Node node, std::string_view text, std::string_view word);

}  // namespace leyden::qa
