#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "leyden/agents/review/code_shape.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/syntax/pattern.h"

namespace leyden::review {

// What one pass over a file's tree finds out for all rules: what is imported as what, which names get which values where, what stands in which
// function and loop. Answers are within a function, with the file's own globals and imports; other files are not looked at.
// Confined to one thread; refers to the file, which outlives it.
class CodeModel {
 public:
  explicit CodeModel(const SourceFile& file, std::stop_token stop = {});

  [[nodiscard]] const SourceFile& file() const { return file_; }
  // Whoever takes long looks here, and ends early.
  [[nodiscard]] bool stopped() const { return stop_.stop_requested(); }
  [[nodiscard]] syntax::Language language() const { return file_.language(); }
  [[nodiscard]] std::string_view text(syntax::Node node) const { return node.text(file_.text()); }

  // All calls, in the order of the text.
  [[nodiscard]] const std::vector<syntax::Node>& calls() const { return calls_; }
  // Names and members that are no part of a longer member and not what a call calls, in the order of the text.
  [[nodiscard]] const std::vector<syntax::Node>& uses() const { return uses_; }
  [[nodiscard]] const std::vector<syntax::Node>& functions() const { return functions_; }
  [[nodiscard]] const std::vector<syntax::Node>& strings() const { return strings_; }
  [[nodiscard]] const std::vector<syntax::Node>& comments() const { return comments_; }
  // What is given to names, keyword arguments and keys of literals, in the order of the text.
  struct Given {
    syntax::Node name;
    syntax::Node value;
  };
  [[nodiscard]] const std::vector<Given>& given() const { return given_; }
  struct Parameter {
    std::string_view name;
    std::string type;  // Dotted; empty: none is declared.
    syntax::Node node;
  };
  [[nodiscard]] std::vector<Parameter> parameters() const;
  // Whether the name stands for an import, under another name perhaps.
  [[nodiscard]] bool is_imported(std::string_view name) const { return imports_.contains(name); }

  // The dotted name of what an expression stands for, imports and local names followed: "subprocess.run" for `sp.run` after
  // `import subprocess as sp`; "sqlite3.connect().cursor" for `c.cursor` after `c = sqlite3.connect(f)`; of a typed variable the type: "java.sql.Statement.execute".
  // Packages keep their own spelling ("os/exec.Command"), "::" and "\" become ".". '?' for what has no name.
  [[nodiscard]] std::string qualified(syntax::Node expression) const;
  // Of what a call calls: as qualified().
  [[nodiscard]] std::string callee(const Call& call) const;
  // Whether the file imports the module, or a part of it.
  [[nodiscard]] bool imports(std::string_view module) const;

  // Whether the expression's value is written in this file: literals and what is made of them only, names followed.
  [[nodiscard]] bool is_constant(syntax::Node expression) const;
  // The string that it is, where it is a literal or a name for one.
  [[nodiscard]] std::optional<std::string_view> constant_string(syntax::Node expression) const;

  [[nodiscard]] bool in_loop(
      syntax::Node node) const;  // Of the same function; what a loop runs over is not in it.
  [[nodiscard]] bool in_async(syntax::Node node) const;
  [[nodiscard]] syntax::Node function_around(syntax::Node node) const;  // Null at top level.
  // Of the outermost function around; of the file at top level.
  [[nodiscard]] std::string_view text_around(std::size_t byte) const;

  // What may flow into an expression: `sources` is where it begins, `cleaners` is what lets nothing through.
  struct Flow {
    std::unordered_set<const void*> sources;  // Nodes' IDs.
    std::unordered_set<const void*> cleaners;
  };
  // The source that reaches the expression; a null node where none does. Flow runs along assignments that stand before the use in the same
  // function (or anywhere in it, when a loop is around both), through operations, calls and containers, not through
  // comparisons. An assignment that is sure to run ends what the name held before; so does a test that leaves only values of a
  // list of the program's own (`if name not in NAMES: return`). Which entry of a table is taken (`table[name]`) is no flow.
  [[nodiscard]] syntax::Node source_of(syntax::Node expression, const Flow& flow) const;

  // Whether nobody from outside decides what it is: a constant, what a cleaner gives, what is named as a constant of another file is (Tables.USERS), and
  // what is made of these only.
  [[nodiscard]] bool is_harmless(syntax::Node expression, const Flow& flow) const;
  // Whether it is text that is put together here from a text that is written in the file and a value that is not harmless: `"a" + b`,
  // "a {b}", format("a %s", b); names followed.
  // With a pattern, the text of what it is put together from has that.
  [[nodiscard]] bool is_built(syntax::Node expression, const Flow& flow,
                              const syntax::Pattern* pattern = nullptr) const;

  // What several rules ask of a file, computed for the first of them: one value of each type.
  template <class T, class Make>
  const T& shared(Make&& make) const {
    std::shared_ptr<void>& value = shared_[std::type_index(typeid(T))];
    if (!value) value = std::make_shared<T>(make());
    return *static_cast<const T*>(value.get());
  }

 private:
  static constexpr int kNone = -1;
  static constexpr int kDepthMax = 24;
  static constexpr std::size_t kNameBytesMax = 300;

  struct Region {  // A function, a loop, a branch or a block; ordered by `begin`, one in another.
    Shape shape{};
    syntax::Node node;
    std::size_t begin = 0;
    std::size_t end = 0;
    int parent = kNone;
    int function = kNone;  // The innermost function around or at it.
  };
  struct Binding {
    std::size_t at = 0;  // Behind it the value is there.
    int region = kNone;  // Innermost around.
    int function = kNone;
    syntax::Node value;  // Null: a parameter, or declared only.
    syntax::Node type;
    syntax::Node target;
    bool adds = false;  // What was there before stays a part.
    bool parameter = false;
    bool taken_apart = false;  // Several names get parts of the value.
  };

  // ---- code_model.cc
  struct Reading {
    std::vector<int> open;  // Regions around.
    std::unordered_set<const void*>
        called;  // What calls call, and parts of members: no uses of their own.
    std::vector<syntax::Node> heredocs;  // Ruby's, of which the text comes later.
    std::size_t heredocs_read = 0;
  };
  void read();
  bool read_node(syntax::Node node, Reading& reading);
  void read_heredoc(syntax::Node node, Reading& reading);
  void enter_region(syntax::Node node, Shape shape, Reading& reading);
  void read_call(syntax::Node node, Reading& reading);
  void read_member(syntax::Node node, Reading& reading);
  void read_given(syntax::Node node);
  [[nodiscard]] int region_at(std::size_t byte) const;

  // ---- code_imports.cc
  [[nodiscard]] static bool is_import(std::string_view type);
  void read_import(syntax::Node node);
  void import_python(syntax::Node node);
  void import_javascript(syntax::Node node);
  void import_java(syntax::Node node);
  void import_go(syntax::Node node);
  [[nodiscard]] static std::string_view package_name(std::string_view path);
  void import_rust(syntax::Node part, const std::string& before);
  void import_php(syntax::Node node);
  void add_import(std::string_view alias, std::string name);
  void add_require(syntax::Node declarator);

  // ---- code_bindings.cc
  struct Method {
    syntax::Node object;
    syntax::Node name;
  };
  [[nodiscard]] Method method_of(const Call& call) const;
  void bind(syntax::Node node);
  void bind_parameters(syntax::Node list);
  void bind_mutation(syntax::Node call_node);
  [[nodiscard]] std::string key(syntax::Node target) const;
  // Those that may give the name its value at `byte`; the last that is sure to run cuts off the ones before.
  [[nodiscard]] std::vector<const Binding*> reaching(std::string_view name, std::size_t byte) const;
  [[nodiscard]] const Binding* only_binding(std::string_view name, std::size_t byte) const;
  [[nodiscard]] syntax::Node collection_of(syntax::Node function) const;

  // ---- code_names.cc
  [[nodiscard]] static std::string dotted(std::string_view name);
  [[nodiscard]] static std::string_view last_part(std::string_view name);
  [[nodiscard]] std::string qualified(syntax::Node expression, int depth) const;
  [[nodiscard]] std::string qualified_name(syntax::Node expression, int depth) const;
  [[nodiscard]] std::string qualified_value(const Binding& bound, int depth) const;
  [[nodiscard]] std::string qualified_member(syntax::Node expression, int depth) const;
  [[nodiscard]] const Binding* own_member(syntax::Node expression, const Member& member) const;
  [[nodiscard]] std::string qualified_call(syntax::Node expression, int depth) const;
  [[nodiscard]] std::string qualified_operation(syntax::Node expression, int depth) const;
  [[nodiscard]] std::string qualified_type(syntax::Node expression, int depth) const;
  [[nodiscard]] std::string callee(const Call& call, int depth) const;

  // ---- code_texts.cc
  using Seen = std::set<const Binding*>;
  // With a flow: is_harmless().
  [[nodiscard]] bool is_constant(syntax::Node expression, const Flow* flow, int depth) const;
  [[nodiscard]] bool is_constant_choice(syntax::Node expression, const Flow* flow, int depth) const;
  [[nodiscard]] bool is_constant_whole(syntax::Node expression, const Flow* flow, int depth) const;
  [[nodiscard]] bool is_constant_name(syntax::Node expression, const Flow* flow, int depth) const;
  [[nodiscard]] bool is_constant_call(syntax::Node expression, const Flow* flow, int depth) const;
  [[nodiscard]] bool is_comparison(syntax::Node expression) const;
  [[nodiscard]] bool has_text(syntax::Node part) const;
  struct Building {
    const Flow& flow;
    Seen seen;
  };
  [[nodiscard]] bool is_built(syntax::Node expression, Building& building, int depth) const;
  [[nodiscard]] bool is_built_operation(syntax::Node expression, Building& building,
                                        int depth) const;
  [[nodiscard]] bool is_built_name(syntax::Node expression, Building& building, int depth) const;
  [[nodiscard]] bool adds_what_varies(const Binding& binding, const Flow& flow) const;
  [[nodiscard]] bool is_built_call(syntax::Node expression, Building& building, int depth) const;
  [[nodiscard]] bool formats_what_varies(syntax::Node expression, const Call& call,
                                         syntax::Node object, const Flow& flow) const;
  void add_texts(syntax::Node expression, Seen& seen, std::string& out) const;
  [[nodiscard]] syntax::Node heredoc_of(syntax::Node expression) const;
  [[nodiscard]] std::vector<std::string_view> names_in_format(syntax::Node literal) const;

  // ---- code_flow.cc
  struct Trace {
    const Flow& flow;
    Seen seen;
    std::size_t steps = 0;
  };
  [[nodiscard]] syntax::Node source_of(syntax::Node expression, Trace& trace, int depth) const;
  [[nodiscard]] syntax::Node source_of_name(std::string_view name, syntax::Node use, Trace& trace,
                                            int depth) const;
  [[nodiscard]] syntax::Node source_of_parts(Shape shape, syntax::Node expression, Trace& trace,
                                             int depth) const;
  // What `TABLE.get(name, other)` takes from a table that the program wrote: the call's arguments behind the first.
  [[nodiscard]] std::optional<std::vector<syntax::Node>> defaults_of_lookup(
      syntax::Node expression) const;

  // ---- guards.cc
  // Where a value, by its text, is known to be one of a list: bytes from and to.
  using Guards = std::unordered_map<std::string, std::vector<std::pair<std::size_t, std::size_t>>>;
  [[nodiscard]] Guards read_guards() const;
  [[nodiscard]] std::string_view tested(syntax::Node condition, bool negated, int depth) const;
  [[nodiscard]] std::string_view tested_by_sign(syntax::Node condition, bool negated,
                                                int depth) const;
  [[nodiscard]] std::string_view tested_by_call(syntax::Node condition) const;
  [[nodiscard]] bool is_list(syntax::Node node) const;
  [[nodiscard]] bool is_guarded(syntax::Node expression) const;

  const SourceFile& file_;
  std::stop_token stop_;
  std::vector<Region> regions_;
  std::unordered_map<std::string, std::map<int, std::vector<Binding>>>
      bindings_;  // By name and function.
  std::map<std::string, std::string, std::less<>> imports_;
  std::set<std::string, std::less<>> modules_;
  std::vector<syntax::Node> calls_;
  std::vector<syntax::Node> uses_;
  std::vector<syntax::Node> functions_;
  std::vector<syntax::Node> strings_;
  std::vector<syntax::Node> comments_;
  std::vector<Given> given_;
  std::unordered_map<const void*, syntax::Node> heredocs_;  // Their text, by where they begin.
  mutable std::map<std::type_index, std::shared_ptr<void>> shared_;
};

}  // namespace leyden::review
