#include "leyden/agents/qa/python/python_literals.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/literals.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kExamplesMax = 20;
constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kKeysMax = 6;
constexpr std::size_t kTreeDepthMax = 200;
constexpr std::size_t kTextBytesMax = 160;
constexpr std::size_t kFollowedMax = 40;  // Whose literals count as a function's own.

std::optional<Value> number(Node node, std::string_view text) {
  const std::string written(node.text(text));
  if (node.type() == "integer") {
    const auto whole = whole_number(written);
    return whole ? std::optional(Value::of(*whole)) : std::nullopt;
  }
  double real = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), real);
  if (error != std::errc{} || end != written.data() + written.size()) return std::nullopt;
  return Value::of(real);
}

std::optional<Value> literal(Node node, std::string_view text, std::size_t depth);

std::optional<Value> container(Node node, std::string_view text, Value::Kind kind,
                               std::size_t depth) {
  Value out{.kind = kind, .text = {}, .items = {}};
  for (const Node child : node.named_children()) {
    if (child.type() == "comment") continue;
    if (kind == Value::Kind::map) {
      if (child.type() != "pair") return std::nullopt;
      auto key = literal(child.field("key"), text, depth + 1);
      auto value = literal(child.field("value"), text, depth + 1);
      if (!key || !value) return std::nullopt;
      out.items.push_back(*std::move(key));
      out.items.push_back(*std::move(value));
    } else {
      auto item = literal(child, text, depth + 1);
      if (!item) return std::nullopt;
      out.items.push_back(*std::move(item));
    }
  }
  return out;
}

std::optional<Value> literal(Node node, std::string_view text, std::size_t depth) {
  if (!node || depth > kDepthMax) return std::nullopt;
  const std::string_view type = node.type();
  if (type == "integer" || type == "float") return number(node, text);
  if (type == "none") return Value::none();
  if (type == "true" || type == "false") return Value::boolean(type == "true");
  if (type == "string") {
    const std::string_view written = node.text(text);
    const std::string_view prefix = written.substr(0, written.find_first_of("\"'"));
    if (prefix.find_first_of("bB") != std::string_view::npos) return std::nullopt;
    auto said = python_string(written);
    return said ? std::optional(Value::of(*std::move(said))) : std::nullopt;
  }
  if (type == "unary_operator" && node.text(text).starts_with('-')) {
    auto out = number(node.named_child(0), text);
    if (!out) return std::nullopt;
    out->integer = -out->integer;
    out->real = -out->real;
    return out;
  }
  if (type == "list") return container(node, text, Value::Kind::list, depth);
  if (type == "tuple") return container(node, text, Value::Kind::tuple, depth);
  if (type == "set") return container(node, text, Value::Kind::set, depth);
  if (type == "dictionary") return container(node, text, Value::Kind::map, depth);
  return std::nullopt;
}

// As inputs have them. nullopt: not only literals, or more than an input can say.
std::optional<std::vector<Value>> arguments_of(Node call, std::string_view text,
                                               const Function& function) {
  std::vector<std::optional<Value>> given(function.parameters.size());
  std::size_t position = 0;
  for (const Node argument : call.field("arguments").named_children()) {
    if (argument.type() == "keyword_argument") {
      const std::string_view name = argument.field("name").text(text);
      for (std::size_t i = 0; i < given.size(); ++i) {
        if (function.parameters[i].name == name)
          given[i] = literal(argument.field("value"), text, 0);
      }
    } else if (position < given.size() && function.parameters[position].takes_rest) {
      auto value = literal(argument, text, 0);
      if (!value) return std::nullopt;
      if (!given[position]) given[position] = Value::list({});
      given[position]->items.push_back(*std::move(value));
    } else if (position < given.size()) {
      given[position++] = literal(argument, text, 0);
    } else {
      return std::nullopt;
    }
  }
  std::vector<Value> out;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i]) {
      out.push_back(*std::move(given[i]));
    } else if (!function.parameters[i].has_default) {
      return std::nullopt;
    } else {
      out.push_back(Value::omitted());
    }
  }
  while (!out.empty() && out.back().is_omitted()) out.pop_back();
  return out;
}

void find_calls(Node node, std::string_view text, const Function& function,
                std::vector<std::vector<Value>>& out) {
  if (node.type() == "call") {
    const Node called = node.field("function");
    const Node name = called.type() == "attribute" ? called.field("attribute") : called;
    if (name.text(text) == function.name) {
      if (auto arguments = arguments_of(node, text, function)) out.push_back(*std::move(arguments));
    }
  }
  for (const Node child : node.named_children()) find_calls(child, text, function, out);
}

// Objects with all of the keys, and with one that holds a list.
std::vector<std::string> json_texts(const std::vector<std::string>& keys) {
  std::vector<std::string> out;
  if (keys.empty()) return out;
  for (const std::size_t first : {0U, 1U}) {
    for (const bool ends_with_number : {false, true}) {
      nlohmann::ordered_json object;
      for (std::size_t i = 0; i < keys.size(); ++i)
        object[keys[i]] = (i + first) % 2 == 0 ? "a" : "b";
      if (ends_with_number) object[keys.back()] = 2;
      out.push_back(object.dump());
    }
  }
  for (const std::string& key : keys)
    out.push_back(nlohmann::ordered_json{{key, {"a", "b"}}}.dump());
  return out;
}

}  // namespace

struct PythonLiterals::Reading {
  Literals& out;
  std::vector<Node> todo;
  std::set<std::string> seen;
};

void PythonLiterals::read(Node node, Literals& out) const {
  Reading reading{.out = out, .todo = {node}, .seen = {}};
  for (std::size_t i = 0; i < reading.todo.size() && i < kFollowedMax; ++i)
    read(reading.todo[i], reading, 0);
}

void PythonLiterals::read(Node node, Reading& reading, std::size_t depth) const {
  if (depth > kTreeDepthMax) return;
  const std::string_view kind = node.type();
  if (kind == "integer" || kind == "float" || kind == "unary_operator") {
    read_number(node, reading.out);
  } else if (kind == "string") {
    const auto value = python_string(node.text(text_));
    const bool is_doc = node.parent().type() == "expression_statement";
    if (value && !is_doc && !value->empty() && value->size() <= kTextBytesMax)
      add_literal(reading.out.texts, *value);
    if (value) return;
  } else if (kind == "identifier") {
    follow(std::string(node.text(text_)), reading);
  } else if (kind == "attribute") {
    const std::string_view of = node.field("object").text(text_);
    if (of == "self" || of == "cls" || (!of.empty() && of[0] >= 'A' && of[0] <= 'Z'))
      follow("." + std::string(node.field("attribute").text(text_)), reading);
  } else if (kind == "call") {
    read_call(node, reading.out);
  }
  for (const Node child : node.named_children()) read(child, reading, depth + 1);
}

void PythonLiterals::read_number(Node node, Literals& out) const {
  const std::string text(node.text(text_));
  if (node.type() == "integer") {
    if (const auto value = whole_number(text)) add_literal(out.integers, *value);
  } else if (node.type() == "float") {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) add_literal(out.reals, value);
  } else if (node.named_child(0).type() == "integer" && text.starts_with('-')) {
    if (const auto value = whole_number(std::string(node.named_child(0).text(text_))))
      add_literal(out.integers, -*value);
  }
}

// What texts are parted by without saying it.
void PythonLiterals::read_call(Node call, Literals& out) const {
  const std::string_view method = call.field("function").field("attribute").text(text_);
  const bool plain = call.field("arguments").named_child_count() == 0;
  if (method == "splitlines") add_literal(out.texts, std::string("\n"));
  if (method == "split" && plain) add_literal(out.texts, std::string(" "));
}

void PythonLiterals::follow(const std::string& name, Reading& reading) const {
  if (!reading.seen.insert(name).second) return;
  if (const auto known = named_.find(name); known != named_.end())
    reading.todo.push_back(known->second);
}

std::vector<std::string> python_json_texts(Node call, std::string_view text) {
  const Node assignment = call.parent();
  Node function = assignment;
  while (function && function.type() != "function_definition") function = function.parent();
  if (assignment.type() != "assignment" || !function) return {};
  const std::string_view name = assignment.field("left").text(text);
  std::vector<std::string> keys;
  std::vector<Node> todo{function};
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Node node = todo[i];
    if (node.type() == "subscript" && node.field("value").text(text) == name) {
      const auto key = python_string(node.field("subscript").text(text));
      if (key && keys.size() < kKeysMax && std::ranges::find(keys, *key) == keys.end())
        keys.push_back(*key);
    }
    for (const Node child : node.named_children()) todo.push_back(child);
  }
  return json_texts(keys);
}

std::optional<std::string> python_string(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const std::size_t quote = text.find_first_of("\"'");
  if (quote == std::string_view::npos || quote > 2) return std::nullopt;
  const std::string_view prefix = text.substr(0, quote);
  if (prefix.find_first_of("fF") != std::string_view::npos) return std::nullopt;
  const bool raw = prefix.find_first_of("rR") != std::string_view::npos;
  const std::size_t marks =
      text.substr(quote).starts_with("\"\"\"") || text.substr(quote).starts_with("'''") ? 3 : 1;
  if (text.size() < quote + 2 * marks) return std::nullopt;
  text = text.substr(quote + marks, text.size() - quote - 2 * marks);
  if (raw) return std::string(text);
  return unescaped(text, "'\"");
}

std::vector<std::vector<Value>> python_examples(const Function& function) {
  std::vector<std::vector<Value>> out;
  const std::string_view doc = function.doc;
  for (std::size_t at = doc.find(">>> "); at != std::string_view::npos && out.size() < kExamplesMax;
       at = doc.find(">>> ", at + 1)) {
    const std::string_view line = doc.substr(at + 4, doc.find('\n', at) - at - 4);
    if (line.find(function.name) == std::string_view::npos) continue;
    if (const auto tree = syntax::parse(syntax::Language::python, line))
      find_calls(tree->root(), line, function, out);
  }
  return out;
}

}  // namespace leyden::qa
