#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/function.h"
#include "leyden/agents/qa/rust/rust_crate.h"
#include "leyden/agents/qa/rust/rust_types.h"

namespace leyden::qa {

// What a method's object is made of.
struct RustClass {
  std::string spelled;  // "Stack<i32>"
  std::string maker;    // "Stack::<i32>::new"; empty: it is its construction's only value.
  std::string unwraps;  // ".unwrap()", where it may fail.
  std::vector<Parameter> construction;
  std::string uncallable;            // No object can be made.
  std::vector<std::string> members;  // What shows it: "len()", fields that are public.
};

// Where a trait is implemented.
struct RustImpl {
  syntax::Node impl;
  std::string_view text;  // Of the file.
  [[nodiscard]] bool defines(std::string_view function) const;
};

// What the files of a crate declare for each other. `crate` outlives it.
class RustDeclarations {
 public:
  explicit RustDeclarations(const RustCrate& crate);

  [[nodiscard]] const RustTypes& types() const { return types_; }
  [[nodiscard]] bool is_trait(const std::string& name) const { return traits_.contains(name); }
  // "shop::Cart" by what it is called: what others may name.
  [[nodiscard]] std::map<std::string, std::string>& paths() { return paths_; }
  [[nodiscard]] std::map<std::string, RustClass>& classes() { return classes_; }
  // How its objects are made, found out where nobody has asked yet.
  [[nodiscard]] RustClass& class_of(const std::string& name);

  // Of a trait of the crate, where values are made of what implements it; else nullptr.
  [[nodiscard]] const RustImpl* implementor(const std::string& trait) const;

  // Of an impl block: the type's name, and what type parameters and Self stand for.
  [[nodiscard]] static std::string class_name(syntax::Node impl, std::string_view text);
  [[nodiscard]] RustTypes::Known known_in(syntax::Node impl, std::string_view text) const;
  // Whose impl block it is. Unknown: no values are made for it.
  [[nodiscard]] Type implementing_type(syntax::Node impl, std::string_view text) const;
  // Type parameters of an item, by their bounds.
  void read_generics(syntax::Node item, std::string_view text, RustTypes::Known& known) const;

  // Parameters without `self`, and what stands behind each argument.
  struct Signature {
    std::vector<Parameter> parameters;
    std::vector<std::string> adapters;
    bool has_self = false;
    // Which parameter no values are made for; empty: they all have some.
    [[nodiscard]] std::string unknown() const;
  };
  [[nodiscard]] Signature signature_of(syntax::Node function, std::string_view text,
                                       const RustTypes::Known& known) const;

 private:
  void declare(syntax::Node items, std::string_view text, const std::string& module, bool is_open);
  void declare_type(syntax::Node item, std::string_view text, const std::string& name);
  void declare_import(std::string_view path, std::string_view text);
  void read_impls(syntax::Node items, std::string_view text,
                  void (RustDeclarations::*read)(syntax::Node impl, std::string_view text));
  void bind_generics(syntax::Node impl, std::string_view text);
  void note_implementor(syntax::Node impl, std::string_view text);
  void find_members(syntax::Node impl, std::string_view text);
  void add_member(const std::string& class_name, std::string member);
  void find_makers(syntax::Node items, std::string_view text, const std::string& module,
                   bool is_open);
  void add_maker(const std::string& name, syntax::Node function, std::string_view text,
                 const std::string& trait, const RustTypes::Known& known);
  void add_free_maker(syntax::Node function, std::string_view text, const std::string& path);
  bool offer_maker(const std::string& name, int rank, RustClass made, syntax::Node function,
                   std::string_view text, RustTypes::Known known);

  const RustCrate& crate_;
  RustTypes types_;
  std::set<std::string> traits_;
  std::map<std::string, RustImpl> implementors_;
  std::map<std::string, std::string> paths_;
  std::map<std::string, RustClass> classes_;
  std::map<std::string, int> ranks_;  // Of the makers so far.
};

[[nodiscard]] bool is_rust_public(syntax::Node item, std::string_view text);
// "Stack::<i32>::new" of "Stack<i32>" and "new".
[[nodiscard]] std::string rust_associated(std::string type, std::string_view function);

}  // namespace leyden::qa
