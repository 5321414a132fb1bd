#pragma once

#include <optional>
#include <span>
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
struct FunctionModel;
struct LibraryCall;

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
  void report(std::string_view analysis, Node node, Names names, Node replaced = {});
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
  static Branches either(State state);
  Branches branch_of(Node condition, State state);
  Branches branch_of_and(Node condition, State state);
  Branches branch_of_or(Node condition, State state);
  Branches branch_of_value(Node condition, State state);
  [[nodiscard]] Node behind_hint(Node condition) const;
  Branches compare(Node node, std::string_view sign, State state);
  void check_negative(Node comparison, std::string_view answer);
  static void compare_pointers(const Value& one, const Value& other, State& equal, State& unequal);
  void restrict_to(Node operand, std::string_view sign, const Value& other, State& state);
  void restrict_handle(Value& now, std::string_view sign, const Value& other, State& state);
  void restrict_pointer(Value& now, std::string_view sign, const Value& other, State& state);
  void fail(Value& pointer, State& state);
  void doubt(Node condition, State& state);
  [[nodiscard]] int variable_in(Node node) const;

  // ---- expressions.cc
  static constexpr int kExpressionDepthMax = 200;
  Value value(Node node, State& state);
  Value value_of_kind(Kind kind, Node node, State& state);
  Value value_of_operation(Kind kind, Node node, State& state);
  Value identifier(Node node, State& state);
  Value unary(Node node, State& state);
  Value conditional(Node node, State& state);
  void give_away(Node node, State& state);
  Value assign(Node node, State& state);
  Value cast(Node node, State& state);
  Value size_of(Node node, State& state);
  Value size_of_descriptor(Node descriptor, State& state);
  Value size_of_array(std::size_t variable, State& state);
  Type type_of(Node node, State& state);

  // ---- constants.cc
  [[nodiscard]] Value number(std::string_view digits) const;
  [[nodiscard]] static Value character(std::string_view written_text);
  Value constant_named(std::string_view name, State& state);
  Value literal_of_macro(std::string_view body);
  Value string(Node node);
  Buffer& new_literal();
  [[nodiscard]] Wide length_of(Node node) const;

  // ---- arithmetic.cc
  Value update(Node node, State& state);
  Value binary(Node node, State& state);
  Value arithmetic(std::string_view sign, const Value& left, const Value& right, Node node,
                   State& state);
  Value moved(const Value& pointer, const Value& by, bool forward, Node node, State& state);
  void report_division(Node node);
  Value in_range(Value result, const Value& left, const Value& right, Node node);
  [[nodiscard]] bool is_known_to_leave(const Value& result, const Value& left, const Value& right,
                                       Node node) const;
  [[nodiscard]] static Value negated(const Value& number);
  [[nodiscard]] bool has_arithmetic(Node node) const;
  Value fitted(Value value, const Type& type, Node right, Node whole);
  void report_misfit(const Value& value, const Type& type, Node right, Node whole);
  [[nodiscard]] static Value cut_down(const Value& value, const Type& type);

  // ---- memory.cc
  Place place(Node node, State& state);
  [[nodiscard]] int variable_or_macro(std::string_view name) const;
  Place element(Node node, State& state);
  Place member(Node node, State& state);
  Value address_of(Node argument, State& state);
  Value address_of_variable(Node name, State& state);
  [[nodiscard]] bool is_read(Node node) const;
  Value load(const Place& place, Node node, State& state);
  void load_variable(const Place& from, Node node, State& state);
  void store(const Place& place, const Value& given, Node right, Node whole, State& state);
  void store_variable(const Place& to, const Value& given, Node right, Node whole, State& state);
  static void store_character(Buffer& memory, Wide index, const Value& given);
  void dereference(const Value& pointer, Node node, State& state);
  struct Access {
    Wide size = 0;
    int unit = 0;
    bool write = false;
  };
  void access_item(const Place& place, bool write, Node node, State& state);
  void access(const Value& pointer, const Access& what, Node node, State& state);
  bool report_outside(const Value& pointer, const Access& what, const Buffer& memory, Node node);

  // ---- calls.cc
  [[nodiscard]] bool may_be_macro(std::string_view name) const;
  // A call of this name reads its arguments, as functions do; a macro might write them.
  [[nodiscard]] bool reads_arguments(std::string_view name) const;
  Value call(Node node, State& state);
  Value named_cast(Node node, Node function, Node argument, State& state);
  void method_call(Node node, Node function, const std::vector<Node>& arguments, State& state);
  std::optional<Value> library_call(std::string_view name, const std::vector<Node>& arguments,
                                    Node node, State& state);
  void check_size_of_pointer(const LibraryCall& call);
  Value argument(const LibraryCall& call, std::size_t at, State& state);
  void arguments(const LibraryCall& call, std::size_t first, State& state);
  void report_argument(std::string_view analysis, const LibraryCall& call, std::size_t at);
  void report_format(const LibraryCall& call);
  Value call_end(const LibraryCall& call, State& state);

  // ---- unknown_calls.cc
  void unknown_call(std::string_view name, const std::vector<Node>& arguments, State& state);
  void pass_element(Node argument, State& state);
  bool pass_variable(std::string_view name, Node argument, State& state);
  void pass_value(Node argument, State& state);

  // ---- function_models.cc
  // In the order in which they are tried; empty: nothing is known of the name.
  [[nodiscard]] static std::span<const FunctionModel> models_of(std::string_view name);

  // ---- allocation.cc
  Value allocation(Buffer::From from, const Value& size, Node node, State& state);
  Value new_file(Node node, State& state);
  Value allocated(const LibraryCall& call, const Value& size, State& state);
  void check_allocation_size(const LibraryCall& call, const Value& size, Node size_node);
  Value product(const Value& one, const Value& other, Node node, State& state);
  Value duplicated(const LibraryCall& call, bool whole, State& state);
  void release(std::string_view name, Buffer::From how, Node argument, Node node, State& state);
  bool size_is_sound(const Value& size, Node node, std::string_view name);
  bool is_huge_input(const Value& size, Node node, std::string_view name);
  Value new_expression(Node node, State& state);
  struct NewShape {
    bool is_array = false;
    bool pointers = false;
    Value count = Value::of(1);
  };
  NewShape shape_of_new(Node declarator, State& state);
  void count_elements(Node length, NewShape& out, State& state);
  std::optional<Value> placed(Node node, const Type& item, bool is_array, State& state);
  void delete_expression(Node node, State& state);
  Value call_allocate(const LibraryCall& call, State& state);
  Value call_allocate_array(const LibraryCall& call, State& state);
  Value call_allocate_on_stack(const LibraryCall& call, State& state);
  Value call_reallocate(const LibraryCall& call, State& state);
  Value call_duplicate(const LibraryCall& call, State& state);
  Value call_duplicate_part(const LibraryCall& call, State& state);
  Value call_release(const LibraryCall& call, State& state);

  // ---- library_text.cc
  struct Copy {
    const Value& to;
    const Value& from;
    const Value& size;
    bool stops_at_end = true;  // Of the text that it copies.
  };
  void copy(const Copy& what, Node node, State& state);
  bool copy_fits(const Value& pointer, const Value& size, bool write, Node node, State& state);
  void copy_text(const Value& to, const Value& from, bool appends, Node node, State& state);
  Value copy_sized(const LibraryCall& call, bool stops_at_end, State& state);
  void check_appendable(const Value& to, Node node, State& state);
  Value call_copy(const LibraryCall& call, State& state);
  Value call_copy_part(const LibraryCall& call, State& state);
  Value call_fill(const LibraryCall& call, State& state);
  Value call_copy_text(const LibraryCall& call, State& state);
  Value call_copy_text_to_end(const LibraryCall& call, State& state);
  Value call_append_text(const LibraryCall& call, State& state);
  Value call_append_part(const LibraryCall& call, State& state);
  Value call_length(const LibraryCall& call, State& state);
  Value call_look(const LibraryCall& call, State& state);
  struct Formatted {
    Value first;
    Value second;
  };
  Formatted format_arguments(const LibraryCall& call, State& state);
  Value call_format(const LibraryCall& call, State& state);
  Value call_format_into(const LibraryCall& call, State& state);

  // ---- library_input.cc
  void fill_from_input(const Value& pointer, State& state);
  void input_into(Node argument, State& state);
  void input_into_variable(std::size_t variable, State& state);
  void forget_pointed(Node argument, State& state);
  [[nodiscard]] bool is_tainted_text(const Value& pointer, State& state);
  // Who starts the program sets its environment: that is no input.
  [[nodiscard]] bool is_foreign_text(const Value& pointer, State& state);
  Value call_read_line(const LibraryCall& call, State& state);
  Value call_receive(const LibraryCall& call, State& state);
  Value call_read_items(const LibraryCall& call, State& state);
  Value call_read_unbounded(const LibraryCall& call, State& state);
  Value call_environment(const LibraryCall& call, State& state);
  Value call_scan(const LibraryCall& call, State& state);
  Value call_whole_number(const LibraryCall& call, State& state);
  Value call_real_number(const LibraryCall& call, State& state);

  // ---- library_system.cc
  Value call_shell(const LibraryCall& call, State& state);
  Value call_program(const LibraryCall& call, State& state);
  Value call_open_path(const LibraryCall& call, State& state);
  Value call_open_file(const LibraryCall& call, State& state);
  Value call_set_environment(const LibraryCall& call, State& state);
  Value call_wait(const LibraryCall& call, State& state);
  Value call_assert(const LibraryCall& call, State& state);

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
