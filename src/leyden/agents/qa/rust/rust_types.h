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

// A struct or an enum as a file declares it; nodes live as long as the file.
struct RustDeclared {
  syntax::Node item;
  std::string_view text;              // Of the file.
  std::vector<std::string> generics;  // Type parameters,
  std::vector<Type> arguments;        // and what each stands for.
  std::size_t lifetimes = 0;
  bool is_open = false;  // A struct all of whose fields are public.
};

// What types stand for. `Type::name` is the type as a test spells it, without lifetimes: "&str", "Vec<(i32, char)>". A char is of kind `bytes`,
// arrays are tuples, lists of u8 are texts, what stands behind a reference has the kind of what it refers to.
class RustTypes {
 public:
  void add(const std::string& name, RustDeclared declared) {
    declared_[name] = std::move(declared);
  }
  // type Grid = Vec<Vec<char>>;
  void add_alias(const std::string& name, syntax::Node type, std::string_view text) {
    aliases_[name] = {type, text};
  }
  // The files' names of what is the standard library's: "Duration" of "std::time::Duration".
  void add_import(std::string_view text, const std::string& name, std::string path) {
    imports_[text.data()].emplace(name, std::move(path));
  }
  // What stands for all that implement a trait of the crate.
  void add_implementor(const std::string& trait, const Type& type) {
    implementors_.try_emplace(trait, type);
  }
  [[nodiscard]] RustDeclared* declared(const std::string& name);
  // An object of that class is made by a function with these parameters.
  void add_maker(const std::string& name, std::vector<Type> parameters) {
    makers_[name] = std::move(parameters);
  }
  [[nodiscard]] const RustDeclared* declared(const std::string& name) const;

  using Known = std::map<std::string, Type>;  // Type parameters, and Self.
  // Unknown: no values are made for it.
  [[nodiscard]] Type type_of(syntax::Node node, std::string_view text, const Known& known = {},
                             std::size_t depth = 0) const;
  [[nodiscard]] Type named(const std::string& name, std::size_t depth = 0) const;
  // What a type parameter with these bounds stands for.
  [[nodiscard]] Type bounded(const std::vector<syntax::Node>& bounds, std::string_view text,
                             const Known& known = {}) const;
  // "Stack<i32>" of "Stack".
  [[nodiscard]] std::string spelled(const std::string& name) const;
  // The same for the head of an impl: "Token<'static>".
  [[nodiscard]] std::string spelled_for_good(const std::string& name) const;

 private:
  [[nodiscard]] Type of_standard(syntax::Node node, std::string_view text) const;
  [[nodiscard]] Type of_stream(syntax::Node bound, const std::string& name,
                               std::string_view text) const;
  [[nodiscard]] Type holder(const std::string& name, Type inner) const;
  [[nodiscard]] Type structure(const std::string& name, const RustDeclared& declared,
                               std::size_t depth) const;
  [[nodiscard]] Type fields(const std::string& name, syntax::Node body, std::string_view text,
                            const Known& known, std::size_t depth) const;
  [[nodiscard]] Type choice(const std::string& name, const RustDeclared& declared,
                            std::size_t depth) const;
  [[nodiscard]] Type generic(syntax::Node node, std::string_view text, const Known& known,
                             std::size_t depth) const;
  [[nodiscard]] Type behind_reference(syntax::Node node, std::string_view text, const Known& known,
                                      std::size_t depth) const;
  [[nodiscard]] Type callback(syntax::Node node, std::string_view text, const Known& known) const;

  std::map<std::string, RustDeclared> declared_;
  std::map<std::string, std::pair<syntax::Node, std::string_view>> aliases_;
  std::map<const char*, std::map<std::string, std::string, std::less<>>> imports_;  // By file.
  std::map<std::string, Type> implementors_;
  std::map<std::string, std::vector<Type>> makers_;
  mutable std::set<std::string> open_;  // Being read: what holds itself has no values.
};

// The last part of a path: "Cart" of "shop::Cart".
[[nodiscard]] std::string rust_last_name(std::string_view path);

// Least and largest value of an integer type.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> rust_integer_range(const std::string& name);

}  // namespace leyden::qa
