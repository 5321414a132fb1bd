#include <algorithm>
#include <array>
#include <cctype>

#include "leyden/agents/review/code_model.h"
#include "leyden/base/ascii.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

// Only join or convert what they get.
constexpr auto kPure = std::to_array<std::string_view>(
    {"join", "format", "str", "int", "len", "strip", "lower", "upper", "replace", "String",
     "encode", "concat", "trim", "getBytes", "toCharArray"});
constexpr auto kFormat = std::to_array<std::string_view>(
    {"format", "Sprintf", "sprintf", "vsprintf", "concat", "formatted", "Sprint", "append", "join",
     "Join", "Concat", "implode", "replace", "str_replace"});
// Give the text of their object, and
constexpr auto kSame = std::to_array<std::string_view>(
    {"toString", "to_string", "to_s", "String", "trim", "strip", "as_str", "clone", "as_bytes",
     "into", "to_owned", "unwrap", "intern", "toLowerCase", "squish", "chomp", "stripIndent"});
// of their first argument.
constexpr auto kWraps = std::to_array<std::string_view>(
    {"StringBuilder", "StringBuffer", "String", "Buffer.from", "trim", "str", "strval"});

bool has_two_sides(std::string_view type) {
  return type == "binary_expression" || type == "binary" || type == "binary_operator" ||
         type == "concatenation";
}

bool joins(std::string_view sign) {
  return sign == "+" || sign == "." || sign == "%" || sign == "<<" || sign.empty();
}

bool is_or(std::string_view sign) {
  return sign == "||" || sign == "??" || sign == "or" || sign == "?:";
}

// TABLE, as constants are named that stand in another file.
bool is_constants_name(Language language, std::string_view name) {
  if (language != Language::java && language != Language::javascript &&
      language != Language::typescript && language != Language::tsx && language != Language::php)
    return false;
  return name.size() > 1 && name[0] >= 'A' && name[0] <= 'Z' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

}  // namespace

// ---- Constants

// Where the grammar has no node of its own for it.
bool CodeModel::is_comparison(Node expression) const {
  const std::string_view type = expression.type();
  if (type != "binary_expression" && type != "binary" && type != "binary_operator") return false;
  constexpr auto kSigns = std::to_array<std::string_view>(
      {"==", "!=", "<", ">", "<=", ">=", "===", "!==", "instanceof", "in"});
  return is_one_of(text(expression.field("operator")), kSigns);
}

bool CodeModel::is_constant(Node expression) const { return is_constant(expression, nullptr, 0); }

bool CodeModel::is_harmless(Node expression, const Flow& flow) const {
  return is_constant(expression, &flow, 0);
}

bool CodeModel::is_constant(Node expression, const Flow* flow, int depth) const {
  if (!expression || depth > kDepthMax) return false;
  if (flow != nullptr && flow->cleaners.contains(expression.id())) return true;
  if (const Node body = heredoc_of(expression)) return is_constant(body, flow, depth + 1);
  if (flow != nullptr && is_comparison(expression)) return true;
  if (chooses(expression)) return is_constant_choice(expression, flow, depth);
  switch (shape_of(file_.language(), expression)) {
    case Shape::number:
    case Shape::constant:
      return true;
    case Shape::string:
    case Shape::sequence:
    case Shape::operation:
    case Shape::comparison:
      return is_constant_whole(expression, flow, depth);
    case Shape::name:
      return is_constant_name(expression, flow, depth);
    case Shape::member: {
      const auto member = member_of(file_.language(), expression);
      return flow != nullptr && member && is_constants_name(file_.language(), text(member->name));
    }
    case Shape::call:
      return is_constant_call(expression, flow, depth);
    default:
      return false;
  }
}

// a ? "b" : "c" is one of two constants, whatever decides.
bool CodeModel::is_constant_choice(Node expression, const Flow* flow, int depth) const {
  for (std::uint32_t i = 0; i < expression.named_child_count(); ++i) {
    if (is_condition(file_.language(), expression, i)) continue;
    if (!is_constant(expression.named_child(i), flow, depth + 1)) return false;
  }
  return true;
}

bool CodeModel::is_constant_whole(Node expression, const Flow* flow, int depth) const {
  if (expression.type() == "subscript" || expression.type() == "subscript_expression")
    return is_constant(expression.named_child(0), flow, depth + 1);
  for (const Node child : expression.named_children()) {
    const Shape shape = shape_of(file_.language(), child);
    const bool is_part = shape != Shape::other && shape != Shape::comment &&
                         child.type() != std::string_view("string_fragment");
    if (is_part && !is_constant(child, flow, depth + 1)) return false;
  }
  return names_in_format(expression).empty();
}

bool CodeModel::is_constant_name(Node expression, const Flow* flow, int depth) const {
  const auto all = reaching(text(expression), expression.begin());
  if (all.empty()) return flow != nullptr && is_constants_name(file_.language(), text(expression));
  return std::ranges::all_of(all, [&](const Binding* one) {
    if (flow != nullptr && flow->cleaners.contains(one->target.id())) return true;
    return !one->parameter && one->value && !one->value.contains(expression) &&
           is_constant(one->value, flow, depth + 1);
  });
}

// Of constants, by something that only joins or converts them.
bool CodeModel::is_constant_call(Node expression, const Flow* flow, int depth) const {
  const auto call = call_of(file_.language(), expression, file_.text());
  if (!call || !is_one_of(last_part(callee(*call)), kPure)) return false;
  const Node object = method_of(*call).object;
  if (object && text(object) != "String" && !is_constant(object, flow, depth + 1)) return false;
  return std::ranges::all_of(call->arguments, [&](const Argument& argument) {
    return is_constant(argument.value, flow, depth + 1);
  });
}

std::optional<std::string_view> CodeModel::constant_string(Node expression) const {
  for (int depth = 0; expression && depth < 8; ++depth) {
    if (const Node body = heredoc_of(expression)) expression = body;
    if (const auto value = string_value(file_.language(), expression, file_.text())) return value;
    if (expression.type() == "parenthesized_expression") {
      expression = expression.named_child(0);
      continue;
    }
    if (shape_of(file_.language(), expression) != Shape::name) return std::nullopt;
    const Binding* bound = only_binding(text(expression), expression.begin());
    if (bound == nullptr || bound->value.contains(expression)) return std::nullopt;
    expression = bound->value;
  }
  return std::nullopt;
}

Node CodeModel::heredoc_of(Node expression) const {
  const auto found = heredocs_.find(expression.id());
  return found == heredocs_.end() ? Node() : found->second;
}

// Rust's `format!("{name}")`: what is put in stands within the string.
std::vector<std::string_view> CodeModel::names_in_format(Node literal) const {
  std::vector<std::string_view> out;
  if (file_.language() != Language::rust || literal.parent().type() != "token_tree") return out;
  const std::string_view whole = text(literal);
  for (std::size_t at = whole.find('{'); at != std::string_view::npos; at = whole.find('{', at)) {
    const std::size_t begin = ++at;
    if (begin < whole.size() && whole[begin] == '{') {  // "{{" is a brace.
      ++at;
      continue;
    }
    while (at < whole.size() && is_word(whole[at])) ++at;
    if (at > begin && std::isdigit(static_cast<unsigned char>(whole[begin])) == 0)
      out.push_back(whole.substr(begin, at - begin));
  }
  return out;
}

// ---- Texts that are put together

bool CodeModel::is_built(Node expression, const Flow& flow, const syntax::Pattern* pattern) const {
  Building building{.flow = flow, .seen = {}};
  if (!is_built(expression, building, 0)) return false;
  if (pattern == nullptr) return true;
  std::string texts;
  Seen seen;
  add_texts(expression, seen, texts);
  return pattern->find(texts).has_value();
}

// The strings in an expression and in what its names were given.
void CodeModel::add_texts(Node expression, Seen& seen, std::string& out) const {
  constexpr std::size_t kTextsMax = 20'000;
  const Language language = file_.language();
  walk(expression, [&](Node node) {
    if (out.size() > kTextsMax) return false;
    const Node body = heredoc_of(node);
    const Shape shape = shape_of(language, node);
    if (body || shape == Shape::string) {
      out += text(body ? body : node);
      out += '\n';
    } else if (shape == Shape::name || shape == Shape::member) {
      for (const Binding* one : reaching(text(node), node.begin())) {
        if (one->value && one->value != node && seen.insert(one).second)
          add_texts(one->value, seen, out);
      }
    }
    return true;
  });
}

bool CodeModel::is_built(Node expression, Building& building, int depth) const {
  if (!expression || depth > kDepthMax) return false;
  if (building.flow.cleaners.contains(expression.id())) return false;
  if (const Node body = heredoc_of(expression)) return is_built(body, building, depth + 1);
  switch (shape_of(file_.language(), expression)) {
    case Shape::string:
      return !is_harmless(expression, building.flow);
    case Shape::operation:
      return is_built_operation(expression, building, depth);
    case Shape::branch:  // a ? b : c
      return is_built(expression.field("consequence"), building, depth + 1) ||
             is_built(expression.field("alternative"), building, depth + 1) ||
             is_built(expression.field("body"), building, depth + 1);
    case Shape::name:
    case Shape::member:
      return is_built_name(expression, building, depth);
    case Shape::call:
      return is_built_call(expression, building, depth);
    default:
      return false;
  }
}

bool CodeModel::has_text(Node part) const {
  if (!part) return false;
  if (const auto value = constant_string(part)) return !value->empty();
  bool found = false;
  walk(part, [&](Node inner) {
    const auto value = string_value(file_.language(), inner, file_.text());
    found = found || (value && !value->empty()) || inner.type() == "string_content";
    return !found && shape_of(file_.language(), inner) != Shape::call;
  });
  return found;
}

bool CodeModel::is_built_operation(Node expression, Building& building, int depth) const {
  const std::string_view type = expression.type();
  if (has_two_sides(type)) {
    const std::string_view sign = text(expression.field("operator"));
    if (joins(sign)) {
      if (has_text(expression)) return !is_harmless(expression, building.flow);
      return is_built(expression.field("left"), building, depth + 1) ||
             is_built(expression.field("right"), building, depth + 1);
    }
    if (!is_or(sign)) return false;
  }
  if (type.starts_with("subscript") || type == "element_reference") return false;
  for (std::uint32_t i = 0; i < expression.named_child_count() && i < 8; ++i) {
    if (is_built(expression.named_child(i), building, depth + 1)) return true;
  }
  return false;
}

bool CodeModel::is_built_name(Node expression, Building& building, int depth) const {
  for (const Binding* one : reaching(text(expression), expression.begin())) {
    if (!building.seen.insert(one).second || building.flow.cleaners.contains(one->target.id()))
      continue;
    if (one->value == expression) continue;
    if (one->taken_apart && !one->adds) continue;
    const bool built = one->adds && one->value ? adds_what_varies(*one, building.flow)
                                               : is_built(one->value, building, depth + 1);
    if (built) return true;
  }
  return false;
}

// text += value, text.append(value)
bool CodeModel::adds_what_varies(const Binding& binding, const Flow& flow) const {
  const auto call = call_of(file_.language(), binding.value, file_.text());
  if (!call || !binding.taken_apart) return !is_harmless(binding.value, flow);
  return !std::ranges::all_of(
      call->arguments, [&](const Argument& argument) { return is_harmless(argument.value, flow); });
}

bool CodeModel::is_built_call(Node expression, Building& building, int depth) const {
  const auto call = call_of(file_.language(), expression, file_.text());
  if (!call) return false;
  const auto [object, method] = method_of(*call);
  const std::string_view name = method ? text(method) : text(call->function);
  if (is_one_of(name, kFormat)) {
    if (formats_what_varies(expression, *call, object, building.flow)) return true;
    return object && is_built(object, building, depth + 1);
  }
  if (object && is_one_of(name, kSame)) return is_built(object, building, depth + 1);
  const bool wraps = is_one_of(name, kWraps) || expression.type() == "type_conversion_expression";
  return wraps && !call->arguments.empty() &&
         is_built(call->arguments[0].value, building, depth + 1);
}

bool CodeModel::formats_what_varies(Node expression, const Call& call, Node object,
                                    const Flow& flow) const {
  const auto text_in = [&](const Argument& one) { return has_text(one.value); };
  const auto varies = [&](const Argument& one) { return !is_harmless(one.value, flow); };
  return (has_text(object) || std::ranges::any_of(call.arguments, text_in)) &&
         !is_harmless(expression, flow) && std::ranges::any_of(call.arguments, varies);
}

}  // namespace leyden::review
