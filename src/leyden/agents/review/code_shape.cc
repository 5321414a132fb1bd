#include "leyden/agents/review/code_shape.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "leyden/syntax/grammars.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;
using enum Shape;

struct Types {
  Shape shape;
  std::string_view types;  // Apart by spaces.
};

// What the grammars that there are call a shape. One list for all languages: no type means one shape here and another there, but for
// those below.
constexpr auto kTypes = std::to_array<Types>({
    {call,
     "call call_expression new_expression method_invocation object_creation_expression "
     "macro_invocation "
     "function_call_expression member_call_expression nullsafe_member_call_expression "
     "scoped_call_expression "
     "invocation_expression explicit_constructor_invocation"},
    {member,
     "attribute member_expression field_access field_expression selector_expression "
     "scoped_identifier "
     "qualified_identifier scope_resolution scoped_type_identifier member_access_expression "
     "nullsafe_member_access_expression scoped_property_access_expression "
     "class_constant_access_expression "
     "qualified_type qualified_name method_reference"},
    {name,
     "identifier constant variable_name type_identifier field_identifier property_identifier "
     "shorthand_property_identifier instance_variable class_variable global_variable this self "
     "super "
     "package_identifier name namespace_identifier predefined_type primitive_type"},
    {assignment,
     "assignment augmented_assignment named_expression variable_declarator assignment_expression "
     "augmented_assignment_expression init_declarator short_var_declaration assignment_statement "
     "var_spec const_spec "
     "let_declaration let_condition compound_assignment_expr const_item static_item "
     "operator_assignment const_element for_in_clause range_clause "
     "as_pattern resource property_element public_field_definition field_definition "
     "static_variable_declaration reference_assignment_expression"},
    {parameter,
     "typed_parameter default_parameter typed_default_parameter formal_parameter "
     "required_parameter optional_parameter "
     "parameter_declaration parameter simple_parameter property_promotion_parameter "
     "spread_parameter variadic_parameter variadic_parameter_declaration keyword_parameter "
     "splat_parameter hash_splat_parameter block_parameter"},
    {function,
     "function_definition lambda function_declaration function_expression arrow_function "
     "method_definition "
     "generator_function generator_function_declaration method_declaration constructor_declaration "
     "lambda_expression "
     "func_literal function_item closure_expression method singleton_method anonymous_function "
     "async_block local_function_statement "
     "compact_constructor_declaration do_block"},
    {loop,
     "for_statement while_statement do_statement for_in_statement enhanced_for_statement "
     "for_range_loop "
     "for_expression while_expression loop_expression for while until foreach_statement "
     "while_modifier until_modifier"},
    {comprehension,
     "list_comprehension set_comprehension dictionary_comprehension generator_expression"},
    {branch,
     "if_statement elif_clause else_clause match_statement case_clause try_statement except_clause "
     "finally_clause "
     "conditional_expression ternary_expression switch_statement switch_expression switch_case "
     "switch_default catch_clause "
     "if_expression match_expression match_arm if unless elsif else case when rescue ensure "
     "conditional begin "
     "case_statement switch_block_statement_group switch_rule expression_switch_statement "
     "type_switch_statement "
     "select_statement expression_case default_case communication_case type_case if_modifier "
     "unless_modifier "
     "else_if_clause default_statement match_block match_conditional_expression "
     "try_with_resources_statement rescue_modifier case_match in_clause"},
    {block,
     "block statement_block compound_statement body_statement declaration_list module program "
     "source_file translation_unit "
     "class_body colon_block then do constructor_body switch_block"},
    {string,
     "string string_literal raw_string_literal interpreted_string_literal encapsed_string "
     "template_string char_literal "
     "character_literal heredoc_body concatenated_string rune_literal string_fragment character "
     "verbatim_string_literal "
     "interpolated_string_expression nowdoc heredoc chained_string bare_string"},
    {number,
     "integer float number number_literal decimal_integer_literal hex_integer_literal "
     "octal_integer_literal "
     "binary_integer_literal decimal_floating_point_literal int_literal float_literal "
     "integer_literal real_literal negative_literal imaginary_literal rational complex "
     "hex_floating_point_literal"},
    {constant,
     "true false none null null_literal nil undefined boolean_literal boolean iota "
     "simple_symbol unit_expression class_literal"},
    {sequence,
     "list tuple dictionary set array object array_creation_expression array_initializer "
     "initializer_list hash "
     "composite_literal literal_value array_expression tuple_expression pair "
     "array_element_initializer literal_element keyed_element "
     "element_value_array_initializer expression_list string_array symbol_array"},
    {operation,
     "binary_operator boolean_operator not_operator unary_operator binary_expression "
     "unary_expression "
     "parenthesized_expression parenthesized_statements binary unary concatenation await "
     "await_expression cast_expression type_conversion_expression "
     "as_expression non_null_expression satisfies_expression type_cast_expression "
     "reference_expression pointer_expression "
     "subscript subscript_expression array_access index_expression element_reference "
     "slice_expression update_expression "
     "try_expression sequence_expression interpolation template_substitution argument "
     "spread_element list_splat "
     "dictionary_splat format_expression unary_op_expression cast_expression "
     "error_suppression_expression jsx_expression regex type_assertion type_assertion_expression "
     "variadic_argument variadic_unpacking splat_argument hash_splat_argument range "
     "range_expression"},
    {comparison, "comparison_operator instanceof_expression sizeof_expression"},
    {jump,
     "return_statement break_statement continue_statement raise_statement throw_statement "
     "return_expression "
     "break_expression continue_expression return break next redo retry goto_statement "
     "exit_statement throw_expression yield_statement"},
    {comment, "comment line_comment block_comment"},
    {class_,
     "class_definition class_declaration class interface_declaration enum_declaration "
     "record_declaration "
     "struct_specifier class_specifier union_specifier struct_item enum_item trait_item impl_item "
     "singleton_class "
     "trait_declaration type_declaration abstract_class_declaration interface_body"},
});

// Where a type means something else in one language.
Shape corrected(Language language, std::string_view type, Shape shape) {
  if (language == Language::ruby && type == "self") return name;
  if (language == Language::ruby && type == "constant") return name;
  if (language == Language::ruby && type == "block")
    return function;  // `{ |x| ... }` behind a call.
  if (language == Language::ruby && type == "class") return class_;
  if (language == Language::ruby && type == "module") return class_;
  if (language == Language::php && type == "program") return block;
  if (language == Language::java && type == "lambda_expression") return function;
  if (language == Language::go && type == "type_declaration") return class_;
  return shape;
}

// By the name of a node's type; where two lists have it, the first counts.
std::unordered_map<std::string_view, Shape> shapes_by_name() {
  std::unordered_map<std::string_view, Shape> out;
  for (const Types& each : kTypes) {
    for (std::string_view rest = each.types; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      out.emplace(rest.substr(0, end), each.shape);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

const std::vector<Shape>& shapes(Language language) {
  static const auto all = [] {
    const auto by_name = shapes_by_name();
    std::array<std::vector<Shape>, 64> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto one = static_cast<Language>(i);
      const TSLanguage* grammar = syntax::has_grammar(one) ? syntax::grammar_of(one) : nullptr;
      if (grammar == nullptr) continue;
      out[i].resize(ts_language_symbol_count(grammar));
      for (std::uint32_t symbol = 0; symbol < out[i].size(); ++symbol) {
        const auto id = static_cast<TSSymbol>(symbol);
        if (ts_language_symbol_type(grammar, id) != TSSymbolTypeRegular) continue;
        const std::string_view type = ts_language_symbol_name(grammar, id);
        if (const auto found = by_name.find(type); found != by_name.end())
          out[i][symbol] = corrected(one, type, found->second);
      }
    }
    return out;
  }();
  return all[static_cast<std::size_t>(language)];
}

Node first_of(Node node, std::initializer_list<std::string_view> fields) {
  for (const std::string_view field : fields) {
    if (const Node found = node.field(field)) return found;
  }
  return {};
}

bool is_comment(Node node) { return node.type().ends_with("comment"); }

// The bracketed list of a call's arguments, and what a block or a bare value is.
void add_arguments(Language language, Node list, std::string_view text,
                   std::vector<Argument>& out) {
  if (!list) return;
  const std::string_view list_type = list.type();
  if (list_type == "generator_expression" || list_type == "template_string") {
    out.push_back({.name = {}, .value = list});  // f(x for x in y), f`x`.
    return;
  }
  for (std::uint32_t i = 0; i < list.named_child_count(); ++i) {
    Node argument = list.named_child(i);
    if (is_comment(argument)) continue;
    const std::string_view type = argument.type();
    if (type == "keyword_argument") {
      out.push_back({.name = argument.field("name").text(text), .value = argument.field("value")});
    } else if (type == "pair" && language == Language::ruby) {
      std::string_view key = argument.field("key").text(text);
      while (key.starts_with(':')) key.remove_prefix(1);
      while (key.ends_with(':')) key.remove_suffix(1);
      out.push_back({.name = key, .value = argument.field("value")});
    } else if (type == "argument") {  // PHP's and C#'s.
      const Node label = argument.field("name");
      const std::uint32_t count = argument.named_child_count();
      out.push_back({.name = label.text(text),
                     .value = count == 0 ? argument : argument.named_child(count - 1)});
    } else {
      out.push_back({.name = {}, .value = argument});
    }
  }
}

// Names and members in a pattern: `a, (b, *c)`, `[x, y]`, `{a, b: c}`, C's `*p[4]`.
void add_targets(Language language, Node pattern, std::vector<Node>& out) {
  for (int depth = 0; pattern && depth < 16; ++depth) {
    const Shape shape = shape_of(language, pattern);
    const std::string_view type = pattern.type();
    if (shape == name || shape == member || type == "shorthand_property_identifier_pattern" ||
        type == "variable_name") {
      out.push_back(pattern);
      return;
    }
    if (type == "subscript" || type == "subscript_expression" || type == "element_reference" ||
        type == "index_expression" || type == "array_access") {
      // A part of it: what holds it gets the value, too.
      pattern = first_of(pattern, {"value", "object", "array", "argument", "operand"});
      if (!pattern) return;
      continue;
    }
    if (const Node inner = pattern.field("declarator")) {
      pattern = inner;
      continue;
    }
    if (type == "assignment_pattern" || type == "object_assignment_pattern") {
      pattern = pattern.field("left");  // What stands behind the '=' is a default.
      continue;
    }
    if (type == "pair_pattern" || type == "keyed_element") {
      pattern = pattern.field("value");
      continue;
    }
    for (std::uint32_t i = 0; i < pattern.named_child_count() && i < 64; ++i) {
      const Node child = pattern.named_child(i);
      if (!is_comment(child) && child.type() != "type_annotation")
        add_targets(language, child, out);
    }
    return;
  }
}

// Whether a part of a string literal is only text: nothing is put in.
bool is_string_part(Node part) {
  const std::string_view type = part.type();
  if (type == "heredoc_body" || type == "nowdoc_body") {
    for (std::uint32_t i = 0; i < part.named_child_count(); ++i) {
      if (!is_string_part(part.named_child(i))) return false;
    }
    return true;
  }
  return type.ends_with("_content") || type.ends_with("_fragment") || type.ends_with("_start") ||
         type.ends_with("_end") || type.starts_with("escape_") || type == "character" ||
         type == "raw_string_delimiter" || type == "literal_suffix" || type == "nowdoc_string" ||
         type == "heredoc_beginning" || is_comment(part);
}

bool is_list(Node node) {
  const std::string_view type = node.type();
  return type == "expression_list" || type == "tuple" || type == "pattern_list" ||
         type == "left_assignment_list" || type == "right_assignment_list" ||
         type == "tuple_pattern";
}

}  // namespace

std::vector<std::string_view> shape_types() {
  std::vector<std::string_view> out;
  for (const Types& each : kTypes) {
    for (std::size_t at = 0; at < each.types.size();) {
      const std::size_t end = std::min(each.types.find(' ', at), each.types.size());
      if (end > at) out.push_back(each.types.substr(at, end - at));
      at = end + 1;
    }
  }
  return out;
}

Shape shape_of(Language language, Node node) {
  const std::vector<Shape>& table = shapes(language);
  const std::uint16_t symbol = node.symbol();
  return node && symbol < table.size() ? table[symbol] : other;
}

std::optional<Call> call_of(Language language, Node node, std::string_view text) {
  if (shape_of(language, node) != call) return std::nullopt;
  Call out;
  const std::string_view type = node.type();
  out.is_constructor = type == "new_expression" || type == "object_creation_expression";
  out.function = first_of(node, {"function", "constructor", "macro", "type"});
  if (!out.function) {
    out.object = first_of(node, {"object", "receiver", "scope"});
    out.name = first_of(node, {"name", "method"});
    // PHP's `new X(...)`: the class is a child without a name.
    if (!out.name && out.is_constructor) {
      for (std::uint32_t i = 0; i < node.named_child_count() && !out.function; ++i) {
        if (const Node child = node.named_child(i);
            child.type() != "arguments" && !is_comment(child))
          out.function = child;
      }
    }
  }
  Node arguments = node.field("arguments");
  for (std::uint32_t i = 0; !arguments && i < node.named_child_count(); ++i) {
    const std::string_view child = node.named_child(i).type();
    if (child == "arguments" || child == "argument_list" || child == "token_tree")
      arguments = node.named_child(i);
  }
  add_arguments(language, arguments, text, out.arguments);
  return out;
}

std::optional<Member> member_of(Language language, Node node) {
  if (shape_of(language, node) != member) return std::nullopt;
  Member out{.object = first_of(node, {"object", "value", "operand", "argument", "path", "scope",
                                       "expression", "package"}),
             .name = first_of(node, {"attribute", "property", "field", "name"})};
  if (!out.name && node.named_child_count() > 0) {  // Without fields: the last child.
    out.name = node.named_child(node.named_child_count() - 1);
    if (!out.object && node.named_child_count() > 1) out.object = node.named_child(0);
  }
  return out;
}

namespace {

struct Sides {
  Node left;
  Node right;
};

// What is given a value, and the value.
Sides sides_of(Language language, Node node) {
  const std::string_view type = node.type();
  if (type == "as_pattern")  // `with open(f) as g`, `except E as e`.
    return {.left = node.field("alias"), .right = node.named_child(0)};
  if (type == "foreach_statement" && node.named_child_count() > 1)
    return {.left = node.named_child(1), .right = node.named_child(0)};
  if (type == "for_expression" || (type == "for" && language == Language::ruby))
    return {.left = node.field("pattern"), .right = node.field("value")};
  Sides out{.left = first_of(node, {"left", "pattern", "name", "declarator", "alias"}),
            .right = first_of(node, {"right", "value"})};
  if (out.left) return out;
  if (shape_of(language, node) == parameter) out.left = node.named_child(0);
  if (type == "const_element") out = {.left = node.named_child(0), .right = node.named_child(1)};
  return out;
}

// "+=", not "=".
bool adds_to(Node node) {
  const std::string_view type = node.type();
  return type == "augmented_assignment" || type == "augmented_assignment_expression" ||
         type == "operator_assignment" || type == "compound_assignment_expr" ||
         node.field("operator").type().size() > 1;
}

Node declared_type(Node node) {
  const std::string_view type = node.type();
  const Node declared = node.field("type");
  const bool of_parent =
      type == "variable_declarator" || type == "init_declarator" || type == "property_element";
  return declared || !of_parent ? declared : node.parent().field("type");
}

// Go's `var a, b = 1, 2`: names are fields that repeat. Empty where it is one name.
std::vector<Assignment> assignments_of_spec(Node node, Node right, Node declared) {
  std::vector<Assignment> out;
  std::vector<Node> names;
  for (std::uint32_t i = 0; i < node.child_count(); ++i) {
    const char* field = ts_node_field_name_for_child(node.get(), i);
    if (field != nullptr && std::string_view(field) == "name" && node.child(i).is_named())
      names.push_back(node.child(i));
  }
  if (names.size() < 2) return out;
  const bool each = right && right.named_child_count() == names.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.push_back({.targets = {names[i]},
                   .value = each ? right.named_child(static_cast<std::uint32_t>(i)) : right,
                   .type = declared,
                   .adds = false,
                   .taken_apart = !each && right});
  }
  return out;
}

}  // namespace

std::vector<Assignment> assignments_of(Language language, Node node) {
  const Shape shape = shape_of(language, node);
  if (shape != assignment && shape != parameter && shape != loop) return {};
  auto [left, right] = sides_of(language, node);
  if (!left) return {};
  const bool adds = adds_to(node);
  const Node declared = declared_type(node);
  if (node.type() == "var_spec" || node.type() == "const_spec") {
    if (auto several = assignments_of_spec(node, right, declared); !several.empty()) return several;
  }
  if (is_list(left) && right && is_list(right) &&
      left.named_child_count() == right.named_child_count()) {
    std::vector<Assignment> out;
    for (std::uint32_t i = 0; i < left.named_child_count(); ++i) {
      Assignment& one = out.emplace_back(
          Assignment{.targets = {}, .value = right.named_child(i), .type = declared, .adds = adds});
      add_targets(language, left.named_child(i), one.targets);
    }
    return out;
  }
  if (right && right.type() == "expression_list" && right.named_child_count() == 1)
    right = right.named_child(0);
  Assignment one{.targets = {}, .value = right, .type = declared, .adds = adds};
  add_targets(language, left, one.targets);
  if (one.targets.empty()) return {};
  one.taken_apart = one.targets.size() > 1 || left.type().ends_with("_pattern");
  return {std::move(one)};
}

std::optional<std::string_view> string_value(Language language, Node node, std::string_view text) {
  if (shape_of(language, node) != string) return std::nullopt;
  for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
    if (!is_string_part(node.named_child(i))) return std::nullopt;
  }
  const std::string_view type = node.type();
  if (type == "heredoc" || type == "nowdoc") {  // PHP's; between the lines of its marks.
    for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
      const Node body = node.named_child(i);
      if (body.type().ends_with("_body")) return body.text(text);
    }
  }
  std::string_view value = node.text(text);
  if (node.type() == "heredoc_body" || node.type() == "string_fragment") return value;
  // A prefix of letters and '#': Python's r"", Rust's r#""#, C++'s u8R"".
  const std::size_t quote = value.find_first_of("\"'`");
  if (quote == std::string_view::npos || quote > 4) return value;
  value.remove_prefix(quote);
  for (const std::string_view fence : {"\"\"\"", "'''", "\"", "'", "`"}) {
    if (value.size() >= 2 * fence.size() && value.starts_with(fence)) {
      const std::size_t end = value.rfind(fence);
      return value.substr(fence.size(), end - fence.size());
    }
  }
  return value;
}

bool is_element(Node expression) {
  return is_one_of(expression.type(), {"subscript", "subscript_expression", "element_reference",
                                       "index_expression", "array_access"});
}

bool chooses(Node expression) {
  const std::string_view type = expression.type();
  return type == "conditional_expression" || type == "ternary_expression" || type == "conditional";
}

bool is_condition(Language language, Node expression, std::uint32_t child) {
  if (language == Language::python) return child == 1;
  return expression.field("condition") &&
         expression.named_child(child) == expression.field("condition");
}

}  // namespace leyden::review
