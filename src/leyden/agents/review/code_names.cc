#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/review/code_model.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

// Around a value that they leave what it is.
constexpr auto kWrappers = std::to_array<std::string_view>(
    {"parenthesized_expression", "await", "await_expression", "non_null_expression",
     "reference_expression", "try_expression", "pointer_expression", "as_expression",
     "satisfies_expression"});
constexpr auto kTypes = std::to_array<std::string_view>(
    {"generic_type", "template_type", "template_function", "pointer_type", "reference_type",
     "optional_type", "named_type", "generic_function", "type", "type_annotation",
     "nullable_type"});

bool is_inferred(std::string_view type) { return type == "var" || type == "auto" || type == "let"; }

}  // namespace

std::string CodeModel::dotted(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == ':' || c == '\\') {
      if (!out.empty() && !out.ends_with('.')) out += '.';
    } else if (c != ' ' && c != '\n') {
      out += c;
    }
  }
  return out;
}

std::string_view CodeModel::last_part(std::string_view name) {
  const std::size_t dot = name.find_last_of("./");
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

std::string CodeModel::qualified(Node expression) const { return qualified(expression, 0); }

std::string CodeModel::qualified(Node expression, int depth) const {
  if (!expression || depth > kDepthMax) return "?";
  switch (shape_of(file_.language(), expression)) {
    case Shape::name:
      return qualified_name(expression, depth);
    case Shape::member:
      return qualified_member(expression, depth);
    case Shape::call:
      return qualified_call(expression, depth);
    case Shape::string:
      return "str";
    case Shape::operation:
      return qualified_operation(expression, depth);
    default:
      return qualified_type(expression, depth);
  }
}

std::string CodeModel::qualified_name(Node expression, int depth) const {
  const std::string_view name = text(expression);
  const Binding* bound = only_binding(name, expression.begin());
  if (bound != nullptr && bound->target != expression) {
    if (bound->type && !is_inferred(text(bound->type))) return qualified(bound->type, depth + 1);
    if (!bound->taken_apart) {
      std::string value = qualified_value(*bound, depth);
      return value.empty() ? std::string(name) : value;
    }
    if (!imports_.contains(name)) return std::string(name);
  }
  const auto imported = imports_.find(name);
  return imported == imports_.end() ? dotted(name) : imported->second;
}

// Of what a name was given; empty: that has no name.
std::string CodeModel::qualified_value(const Binding& bound, int depth) const {
  if (!bound.value) return {};
  std::string value = qualified(bound.value, depth + 1);
  return value.starts_with('?') || value.size() > kNameBytesMax ? std::string() : value;
}

std::string CodeModel::qualified_member(Node expression, int depth) const {
  const auto member = member_of(file_.language(), expression);
  if (!member || !member->name) return "?";
  std::string name(text(member->name));
  if (!member->object) return name;
  if (const Binding* own = own_member(expression, *member)) {
    if (own->type) return qualified(own->type, depth + 1);
    if (std::string value = qualified_value(*own, depth); !value.empty()) return value;
  }
  const std::string object = qualified(member->object, depth + 1);
  return object.size() > kNameBytesMax ? "?" : object + "." + name;
}

// self.session: what it was given anywhere in the file, where that is one thing.
const CodeModel::Binding* CodeModel::own_member(Node expression, const Member& member) const {
  const std::string_view object = text(member.object);
  if (object != "self" && object != "this" && object != "$this") return nullptr;
  auto found = bindings_.find(std::string(text(expression)));
  if (found == bindings_.end())
    found = bindings_.find((object == "$this" ? "$" : "") + std::string(text(member.name)));
  if (found == bindings_.end()) return nullptr;
  const auto global = found->second.find(kNone);
  if (global == found->second.end() || global->second.size() != 1) return nullptr;
  const Binding& only = global->second[0];
  return only.target == expression ? nullptr : &only;
}

std::string CodeModel::qualified_call(Node expression, int depth) const {
  const Language language = file_.language();
  const auto call = call_of(language, expression, file_.text());
  if (!call) return "?";
  if (text(call->function) == "require" && call->arguments.size() == 1) {
    if (const auto module = string_value(language, call->arguments[0].value, file_.text()))
      return std::string(module->starts_with("node:") ? module->substr(5) : *module);
  }
  std::string name = callee(*call, depth + 1);
  // Ruby's `a.b` is a call, and reads like a member.
  const bool like_member = language == Language::ruby && call->arguments.empty();
  return call->is_constructor || like_member ? name : name + "()";
}

std::string CodeModel::qualified_operation(Node expression, int depth) const {
  const std::string_view type = expression.type();
  if (is_one_of(type, kWrappers)) return qualified(expression.named_child(0), depth + 1);
  if (is_element(expression)) return qualified(expression.named_child(0), depth + 1) + "[]";
  if (type == "unary_expression" || type == "type_conversion_expression") {  // Go's &x.
    if (const Node operand = expression.field("operand")) return qualified(operand, depth + 1);
  }
  return "?";
}

// Types with what they are given: List<String>, *http.Request, ?Foo.
std::string CodeModel::qualified_type(Node expression, int depth) const {
  if (expression.type() == "dotted_name") return dotted(text(expression));
  if (!is_one_of(expression.type(), kTypes)) return "?";
  if (expression.named_child_count() == 0) return dotted(text(expression));
  for (const char* part : {"name", "type", "function"}) {
    if (const Node inner = expression.field(part)) return qualified(inner, depth + 1);
  }
  return qualified(expression.named_child(0), depth + 1);
}

std::string CodeModel::callee(const Call& call) const { return callee(call, 0); }

std::string CodeModel::callee(const Call& call, int depth) const {
  if (call.function) return qualified(call.function, depth);
  const std::string name(text(call.name));
  if (!call.object) {
    if (const auto imported = imports_.find(name); imported != imports_.end())
      return imported->second;
    return dotted(name);
  }
  const std::string object = qualified(call.object, depth + 1);
  return object.size() > kNameBytesMax ? "?" : object + "." + name;
}

}  // namespace leyden::review
