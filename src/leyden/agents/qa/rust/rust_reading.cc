#include "leyden/agents/qa/rust/rust_reading.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 300;

// What stands between the quotes, as bytes.
std::string unquoted(std::string_view text) {
  const std::size_t begin = text.find_first_of("\"'");
  const std::size_t end = text.find_last_of("\"'");
  std::string out;
  if (begin == std::string_view::npos || end <= begin) return out;
  const bool raw = text.starts_with('r') || text.starts_with("br");
  text = text.substr(begin + 1, end - begin - 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (raw || text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c == 'r' ? '\r' : c;
  }
  return out;
}

// "5" of "5u32".
std::string without_suffix(std::string text) {
  const std::size_t at = text.find_first_of("iuf");
  if (at != std::string::npos && !text.starts_with("0x")) text.erase(at);
  while (text.ends_with('_')) text.pop_back();
  return text;
}

void collect(Node node, std::string_view text, Literals& out, std::size_t depth) {
  const std::string_view type = node.type();
  if (depth > kDepthMax || type == "attribute_item") return;
  if (type == "integer_literal" || type == "float_literal") {
    const bool negative =
        node.parent().type() == "unary_expression" && node.parent().text(text).starts_with('-');
    add_number(without_suffix(std::string(node.text(text))), negative, out);
  } else if (type == "string_literal" || type == "raw_string_literal" || type == "char_literal") {
    std::string literal = unquoted(node.text(text));
    if (literal.size() <= kLiteralBytesMax) add_literal(out.texts, std::move(literal));
  } else if (type == "field_identifier") {  // What texts are split at.
    const std::string_view method = node.text(text);
    if (method == "split_whitespace") add_literal(out.texts, std::string(" "));
    if (method == "lines") add_literal(out.texts, std::string("\n"));
  } else {
    for (const Node child : node.named_children()) collect(child, text, out, depth + 1);
  }
}

void find_raises(Node node, std::string_view text,
                 std::vector<std::pair<std::size_t, std::size_t>>& out, std::size_t depth) {
  static constexpr std::array kMacros = {"panic",       "assert", "assert_eq",    "assert_ne",
                                         "unreachable", "todo",   "unimplemented"};
  if (depth > kDepthMax) return;
  const bool raises =
      (node.type() == "macro_invocation" &&
       std::ranges::find(kMacros, node.field("macro").text(text)) != kMacros.end()) ||
      (node.type() == "call_expression" &&
       node.field("function").field("field").text(text) == "expect");
  if (raises) out.emplace_back(node.first_line(), node.last_line());
  for (const Node child : node.named_children()) find_raises(child, text, out, depth + 1);
}

// Type parameters of a function, with what bounds them.
std::vector<std::pair<std::string, std::string>> type_parameters(Node function,
                                                                 std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Node one : function.field("type_parameters").named_children()) {
    if (one.type() != "type_parameter" && one.type() != "type_identifier") continue;
    out.emplace_back(one.field("name") ? one.field("name").text(text) : one.text(text),
                     one.field("bounds").text(text));
  }
  for (const Node clause : function.named_children()) {
    if (clause.type() != "where_clause") continue;
    for (const Node one : clause.named_children())
      for (auto& [name, bounds] : out)
        if (one.field("left").text(text) == name) bounds += one.field("bounds").text(text);
  }
  return out;
}

}  // namespace

bool has_rust_type_parameters(Node function, std::string_view text) {
  return !type_parameters(function, text).empty() ||
         function.field("parameters").text(text).find("impl ") != std::string_view::npos;
}

std::string rust_turbofish(Node function, std::string_view text,
                           const std::map<std::string, Type>& known) {
  const auto all = type_parameters(function, text);
  const std::string_view taken = function.field("parameters").text(text);
  std::vector<std::string> arguments;
  for (const auto& [name, bounds] : all) {
    const bool told = has_word(taken, name) || std::ranges::any_of(all, [&](const auto& other) {
                        return other.first != name && has_word(other.second, name);
                      });
    const auto stands = known.find(name);
    const bool unsaid = told || stands == known.end() || stands->second.name.empty();
    arguments.push_back(unsaid ? "_" : stands->second.name);
  }
  const bool any =
      std::ranges::any_of(arguments, [](const std::string& one) { return one != "_"; });
  return any ? "::<" + joined(arguments, ", ") + ">" : "";
}

void collect_rust_literals(Node node, std::string_view text, Literals& out) {
  collect(node, text, out, 0);
}

std::string rust_doc_of(Node node, std::string_view text) {
  std::string out;
  for (Node above = node.previous();
       above.type() == "line_comment" || above.type() == "attribute_item";
       above = above.previous()) {
    std::string_view one = trimmed(above.text(text));
    if (above.type() == "attribute_item" || !one.starts_with("///")) continue;
    one.remove_prefix(3);
    out = out.empty() ? std::string(trimmed(one)) : fmt::format("{}\n{}", trimmed(one), out);
  }
  return out;
}

void find_rust_raises(Node node, std::string_view text,
                      std::vector<std::pair<std::size_t, std::size_t>>& out) {
  find_raises(node, text, out, 0);
}

}  // namespace leyden::qa
