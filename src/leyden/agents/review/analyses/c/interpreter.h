#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "leyden/agents/review/analyses/c/defects.h"
#include "leyden/agents/review/analyses/c/kinds.h"
#include "leyden/agents/review/analyses/c/state.h"
#include "leyden/agents/review/analyses/c/types.h"

namespace leyden::review::c {

using syntax::Node;

// One function at a time. Every statement is run once, a loop's body for all its rounds together: what the body changes is forgotten in front of
// it, but for what it only counts. What is not understood is unknown, and of the unknown nothing is said.
class Interpreter {
 public:
  explicit Interpreter(const CodeModel& model);
  void run(Node function);
  [[nodiscard]] std::vector<Defect> take() { return std::move(defects_); }

 private:
  struct Variable {
    std::string_view name;
    Type type;
    bool untracked = false;  // Others may change it.
    bool is_static = false;
    int array = Value::kNowhere;  // The buffer that it is.
  };
  // What can be assigned: a variable, or a part of a buffer.
  struct Place {
    int variable = -1;
    bool whole = true;  // Of the variable, not a member of it.
    Value at;           // A pointer.
    Type item;          // What is there.
    bool member = false;
  };
  struct Branches {
    State yes;
    State no;
  };
  struct Jumps {  // Out of a loop or switch.
    std::optional<State> breaks;
    std::optional<State> continues;
    bool is_loop = true;
    bool counts = false;  // A break makes that the counter may not reach its end.
  };
  using Names = std::vector<std::pair<std::string, std::string>>;

  // ---- interpreter.cc
  [[nodiscard]] std::string_view text(Node node) const { return node.text(text_); }
  void read_file(Node root);
  void report(std::string_view analysis, Node node, Names names);
  bool spend(std::size_t cost);  // Whether there is any left.
  [[nodiscard]] int variable_named(std::string_view name) const;
  int declare(std::string_view name, const Type& type);
  int buffer_at(Node site, State& state);
  [[nodiscard]] Buffer* buffer(const Value& pointer, State& state);
  void escape(const Value& value, State& state);
  void forget(int variable, State& state);
  void check_leaks(State& state, Node at);
  [[nodiscard]] static Value unknown_of(const Type& type);

  // ---- statements.cc
  void statement(Node node, State& state);
  void statements(Node block, State& state, std::uint32_t first = 0);
  void declaration(Node node, State& state);
  void declare_one(const Type& base, Node declarator, bool is_static, State& state);
  void initialize_array(int variable, Node size, Node value, bool is_static, State& state);
  void if_statement(Node node, State& state);
  void switch_statement(Node node, State& state);
  void preprocessor_if(Node node, State& state);
  void try_statement(Node node, State& state);

  // ---- loops.cc
  struct Change {
    int times = 0;
    Wide step = 0;  // Of `times` ++, --, += and -=, when all have one direction.
    bool counted = true;
  };
  struct Changes {
    std::unordered_map<int, Change> variables;
    std::unordered_map<int, int> mentioned;  // How often, and
    std::unordered_map<int, int> filled;     // how often as what gets an element.
    std::unordered_set<int> passed;          // To calls that may do anything to what they point to.
    bool leaves = false;                     // By break, return, goto or an exception.
  };
  [[nodiscard]] Changes changes_in(Node loop);
  void loop(Node node, State& state);
  // `counter`: the variable that the condition bounds, where it alone says how often the loop runs.
  void forget_changes(const Changes& changes, int counter, State& state);

  // ---- conditions.cc
  Branches branch(Node condition, State state);
  void compare(Node node, std::string_view sign, Branches& out, State& state);
  void restrict_to(Node operand, std::string_view sign, const Value& other, State& state);
  void doubt(Node condition, State& state);
  [[nodiscard]] int variable_in(Node node) const;

  // ---- expressions.cc
  Value value(Node node, State& state);
  Value identifier(Node node, State& state);
  Value number(std::string_view digits) const;
  Value constant_named(std::string_view name, State& state);
  Value string(Node node, State& state);
  Value assign(Node node, State& state);
  void store(const Place& place, Value value, Node right, Node whole, State& state);
  Value update(Node node, State& state);
  Value binary(Node node, State& state);
  Value arithmetic(std::string_view sign, const Value& left, const Value& right, Node node,
                   State& state);
  Value fitted(Value value, const Type& type, Node right, Node whole);
  Value cast(Node node, State& state);
  Value size_of(Node node, State& state);
  Value new_expression(Node node, State& state);
  void delete_expression(Node node, State& state);
  Place place(Node node, State& state);
  Value load(const Place& place, Node node, State& state);
  Type type_of(Node node, State& state);
  // Bytes [offset, offset + size) of what the pointer points to are used.
  void access(const Value& pointer, Wide size, int unit, bool write, Node node, State& state);
  [[nodiscard]] bool may_be_macro(std::string_view name) const;
  [[nodiscard]] bool is_read(Node node) const;
  // A call of this name reads its arguments, as functions do; a macro might write them.
  [[nodiscard]] bool reads_arguments(std::string_view name) const;
  void dereference(const Value& pointer, Node node, State& state);
  [[nodiscard]] bool has_arithmetic(Node node) const;

  // ---- library.cc
  Value call(Node node, State& state);
  Value known_call(std::string_view name, const std::vector<Node>& arguments, Node node,
                   State& state, bool& known);
  Value allocation(Buffer::From from, const Value& size, Node node, State& state);
  void release(std::string_view name, Buffer::From how, Node argument, Node node, State& state);
  void unknown_call(std::string_view name, Node function, const std::vector<Node>& arguments,
                    State& state);
  void copy(const Value& to, const Value& from, const Value& size, Node node, State& state,
            std::string_view name, bool stops_at_end);
  void copy_text(const Value& to, const Value& from, bool appends, Node node, State& state,
                 std::string_view name);
  bool size_is_sound(const Value& size, Node node, std::string_view name);
  void fill_from_input(const Value& pointer, State& state);
  void input_into(Node argument, State& state);
  void scan(std::string_view name, const std::vector<Node>& arguments, std::size_t format,
            State& state);
  [[nodiscard]] bool is_tainted_text(const Value& pointer, State& state);

  const CodeModel& model_;
  std::string_view text_;
  bool cpp_;
  Types types_;
  std::unordered_map<std::string_view, std::string_view> macros_;  // Without parameters.
  std::unordered_set<std::string_view> function_macros_;
  std::unordered_map<std::string_view, Node> file_constants_;
  std::unordered_set<std::string_view> functions_;  // That the file defines.
  std::vector<Defect> defects_;

  // Of the function at hand.
  std::vector<Variable> variables_;
  std::unordered_map<std::string_view, std::vector<int>> scope_;
  std::unordered_set<std::string_view> captured_;  // By lambdas: not followed.
  std::unordered_map<const void*, int> sites_;
  std::vector<Buffer> literals_;
  std::unordered_map<const void*, int> literal_sites_;
  std::vector<Jumps*> jumps_;
  std::vector<std::string_view> declared_in_scope_;
  std::size_t budget_ = 0;
  int depth_ = 0;
  bool given_up_ = false;
  bool quiet_ = false;  // Values are asked for, nothing is reported.
  bool is_main_ = false;
  bool returns_pointer_ = false;
};

}  // namespace leyden::review::c
