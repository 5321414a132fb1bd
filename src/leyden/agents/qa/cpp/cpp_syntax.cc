#include "leyden/agents/qa/cpp/cpp_syntax.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

// The word at `at`, which is moved behind it and the spaces that follow.
std::string_view next_word(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  while (at < text.size() && is_word(text[at])) ++at;
  const std::string_view out = text.substr(begin, at - begin);
  while (at < text.size() &&
         (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
    ++at;
  return out;
}

bool is_macro(std::string_view word) {
  return word.size() > 2 && std::ranges::all_of(word, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

void blank(std::string& text, std::size_t begin, std::size_t end) {
  std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
            text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
}

// Behind `PUBLIC(type) ` or `API ` at a line's begin: what has two words or a type's text before the name of a function.
void blank_before_function(std::string& text, std::size_t begin) {
  std::size_t at = begin;
  const std::string_view macro = next_word(text, at);
  if (!is_macro(macro) || at >= text.size()) return;
  const std::size_t open = begin + macro.size();
  std::size_t close = open;
  if (text[at] == '(') {
    close = text.find(')', at);
    const std::string_view type = std::string_view(text).substr(at + 1, close - at - 1);
    if (close == std::string::npos || type.empty() ||
        !std::ranges::all_of(type, [](char c) { return is_word(c) || c == ' ' || c == '*'; }))
      return;
    at = close + 1;
  } else if (at == open) {
    return;
  }
  std::size_t words = 0;
  while (at < text.size() && (is_word(text[at]) || text[at] == '*' || text[at] == ' ')) {
    if (is_word(text[at])) {
      ++words;
      next_word(text, at);
    } else {
      ++at;
    }
  }
  if (at >= text.size() || text[at] != '(' || words < (close == open ? 2 : 1)) return;
  blank(text, begin, close == open ? open : text.find('(', begin) + 1);
  if (close != open) text[close] = ' ';
}

}  // namespace

std::string without_export_macros(std::string text) {
  for (std::size_t line = 0; line < text.size(); line = text.find('\n', line) + 1) {
    blank_before_function(text, line);
    if (text.find('\n', line) == std::string::npos) break;
  }
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    const std::string_view first = next_word(text, at);
    if (first != "class" && first != "struct") continue;
    const std::size_t begin = at;
    std::size_t behind = at;
    const std::string_view macro = next_word(text, behind);
    if (!is_macro(macro) || next_word(text, behind).empty()) continue;
    if (text.substr(behind).starts_with("final")) next_word(text, behind);
    const bool defines = behind < text.size() && (text[behind] == '{' || text[behind] == ':');
    if (defines && !std::string_view(text).substr(behind).starts_with("::"))
      text.replace(begin, macro.size(), macro.size(), ' ');
    at = behind;
  }
  return text;
}

const ProbeSyntax& cpp_probe_syntax() {
  static const ProbeSyntax syntax{
      .hit = "leyden_hit({});",
      .condition = "leyden_if(!!({}),{},{})",
      .throws = "leyden_throws({});",
      .blocks = {"compound_statement"},
      .statements = {"expression_statement", "return_statement", "if_statement", "while_statement",
                     "for_statement", "for_range_loop", "do_statement", "switch_statement",
                     "throw_statement", "break_statement", "continue_statement", "try_statement",
                     "goto_statement", "co_return_statement"},
      .initialized = {"init_declarator"},
      .conditional = {"if_statement", "while_statement", "do_statement", "for_statement",
                      "conditional_expression"},
      .loops = {"for_range_loop"},
      .cases = {"case_statement"},
      .functions = {"function_definition"},
      .left_alone = {"static_assert_declaration", "template_parameter_list",
                     "template_argument_list", "preproc_def", "preproc_function_def",
                     "requires_clause", "decltype", "sizeof_expression", "noexcept",
                     "enumerator_list", "parameter_list", "field_initializer_list",
                     "array_declarator", "concept_definition", "alias_declaration"},
      .has_errors = true};
  return syntax;
}

}  // namespace leyden::qa
