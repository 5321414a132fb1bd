#include "leyden/agents/review/analyses/c/kinds.h"

#include <array>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace leyden::review::c {
namespace {

using enum Kind;

constexpr auto kNames = std::to_array<std::pair<std::string_view, Kind>>({
    {"comment", comment},
    {"compound_statement", compound},
    {"declaration", declaration},
    {"expression_statement", expression_statement},
    {"if_statement", if_},
    {"else_clause", else_},
    {"while_statement", while_},
    {"do_statement", do_},
    {"for_statement", for_},
    {"for_range_loop", for_range},
    {"switch_statement", switch_},
    {"case_statement", case_},
    {"return_statement", return_},
    {"break_statement", break_},
    {"continue_statement", continue_},
    {"goto_statement", goto_},
    {"labeled_statement", label},
    {"try_statement", try_},
    {"throw_statement", throw_},
    {"throw_expression", throw_},
    {"preproc_if", preproc_if},
    {"preproc_ifdef", preproc_if},
    {"preproc_elif", preproc_else},
    {"preproc_elifdef", preproc_else},
    {"preproc_else", preproc_else},
    {"preproc_def", preproc_line},
    {"preproc_function_def", preproc_line},
    {"preproc_call", preproc_line},
    {"preproc_include", preproc_line},
    {"type_definition", type_definition},
    {"identifier", identifier},
    {"number_literal", number},
    {"char_literal", character},
    {"string_literal", string},
    {"concatenated_string", strings},
    {"null", null},
    {"nullptr", null},
    {"true", true_},
    {"false", false_},
    {"parenthesized_expression", parenthesized},
    {"comma_expression", comma},
    {"assignment_expression", assignment},
    {"update_expression", update},
    {"binary_expression", binary},
    {"unary_expression", unary},
    {"pointer_expression", pointer},
    {"subscript_expression", subscript},
    {"field_expression", Kind::field},
    {"call_expression", call},
    {"cast_expression", cast},
    {"sizeof_expression", sizeof_},
    {"conditional_expression", conditional},
    {"new_expression", new_},
    {"delete_expression", delete_},
    {"lambda_expression", lambda},
    {"initializer_list", initializer_list},
    {"compound_literal_expression", compound_literal},
    {"condition_clause", condition_clause},
    {"init_declarator", init_declarator},
    {"pointer_declarator", pointer_declarator},
    {"array_declarator", array_declarator},
    {"function_declarator", function_declarator},
    {"reference_declarator", reference_declarator},
    {"parenthesized_declarator", parenthesized_declarator},
    {"function_definition", function_definition},
    {"gnu_asm_expression", asm_},
});

std::vector<Kind> table_of(const TSLanguage* language) {
  const std::unordered_map<std::string_view, Kind> by_name(kNames.begin(), kNames.end());
  std::vector<Kind> out(ts_language_symbol_count(language), other);
  for (std::uint32_t symbol = 0; symbol < out.size(); ++symbol) {
    const auto id = static_cast<TSSymbol>(symbol);
    if (ts_language_symbol_type(language, id) != TSSymbolTypeRegular) continue;
    const auto found = by_name.find(ts_language_symbol_name(language, id));
    if (found != by_name.end()) out[symbol] = found->second;
  }
  return out;
}

// Two languages at most: made when a thread first meets them.
const std::vector<Kind>& table(const TSLanguage* language) {
  thread_local std::unordered_map<const TSLanguage*, std::vector<Kind>> tables;
  thread_local const TSLanguage* last = nullptr;
  thread_local const std::vector<Kind>* last_table = nullptr;
  if (language == last) return *last_table;
  auto [at, fresh] = tables.try_emplace(language);
  if (fresh) at->second = table_of(language);
  last = language;
  last_table = &at->second;
  return *last_table;
}

}  // namespace

Kind kind_of(syntax::Node node) {
  if (!node) return other;
  const std::vector<Kind>& kinds = table(ts_node_language(node.get()));
  const std::uint16_t symbol = node.symbol();
  return symbol < kinds.size() ? kinds[symbol] : other;
}

syntax::Node inner(syntax::Node node) {
  for (int depth = 0; depth < 100; ++depth) {
    const Kind kind = kind_of(node);
    if (kind == condition_clause && node.field("value")) {
      node = node.field("value");
    } else if (kind == parenthesized && node.named_child_count() == 1) {
      node = node.named_child(0);
    } else {
      break;
    }
  }
  return node;
}

}  // namespace leyden::review::c
