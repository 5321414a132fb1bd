#include <algorithm>
#include <array>

#include "leyden/agents/review/code_model.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

constexpr std::size_t kStepsMax = 4'000;  // Of one trace.
constexpr int kFlowDepthMax = 200;
constexpr std::uint32_t kPartsMax = 500;

bool is_entry_of_table(std::string_view type) {
  return type == "subscript" || type == "element_reference" || type == "subscript_expression";
}

bool holds_nothing(Shape shape) {
  return shape == Shape::comparison || shape == Shape::number || shape == Shape::constant ||
         shape == Shape::function || shape == Shape::comment;
}

// A name carries nothing, but what it is a member of does.
bool is_name_of_part(Language language, Shape shape, Node expression, Node child) {
  if (shape == Shape::call && shape_of(language, child) == Shape::name &&
      (child == expression.field("function") || child == expression.field("name") ||
       child == expression.field("method")))
    return true;
  if (shape == Shape::member && child == expression.field("attribute")) return true;
  return child.type() == "property_identifier" || child.type() == "field_identifier";
}

}  // namespace

Node CodeModel::source_of(Node expression, const Flow& flow) const {
  if (flow.sources.empty()) return {};
  Trace trace{.flow = flow, .seen = {}, .steps = 0};
  return source_of(expression, trace, 0);
}

Node CodeModel::source_of(Node expression, Trace& trace, int depth) const {
  if (!expression || depth > kFlowDepthMax || ++trace.steps > kStepsMax) return {};
  if (trace.flow.cleaners.contains(expression.id())) return {};
  const Shape shape = shape_of(file_.language(), expression);
  const bool is_entry = is_entry_of_table(expression.type());
  if ((is_entry || shape == Shape::name || shape == Shape::member) && is_guarded(expression))
    return {};
  if (trace.flow.sources.contains(expression.id())) return expression;
  // Which entry is taken does not change what the entries hold.
  if (is_entry) return source_of(expression.named_child(0), trace, depth + 1);
  if (const Node body = heredoc_of(expression)) return source_of(body, trace, depth + 1);
  for (const std::string_view name : names_in_format(expression)) {
    if (const Node source = source_of_name(name, expression, trace, depth)) return source;
  }
  if (holds_nothing(shape) || is_comparison(expression)) return {};
  if (shape == Shape::name || shape == Shape::member) {
    const Node source = source_of_name(text(expression), expression, trace, depth);
    if (source || shape == Shape::name)
      return source;  // Else a member of something that is tainted.
  }
  if (const auto defaults = defaults_of_lookup(expression)) {
    for (const Node value : *defaults) {
      if (const Node source = source_of(value, trace, depth + 1)) return source;
    }
    return {};
  }
  return source_of_parts(shape, expression, trace, depth);
}

std::optional<std::vector<Node>> CodeModel::defaults_of_lookup(Node expression) const {
  const Language language = file_.language();
  if (shape_of(language, expression) != Shape::call) return std::nullopt;
  const auto call = call_of(language, expression, file_.text());
  if (!call) return std::nullopt;
  const auto [object, method] = method_of(*call);
  if (!object || (text(method) != "get" && text(method) != "fetch")) return std::nullopt;
  if (shape_of(language, object) != Shape::name || !is_constant(object)) return std::nullopt;
  std::vector<Node> out;
  for (std::size_t i = 1; i < call->arguments.size(); ++i) out.push_back(call->arguments[i].value);
  return out;
}

Node CodeModel::source_of_name(std::string_view name, Node use, Trace& trace, int depth) const {
  for (const Binding* one : reaching(name, use.begin())) {
    if (!trace.seen.insert(one).second) continue;
    if (trace.flow.cleaners.contains(one->target.id())) continue;
    if (trace.flow.sources.contains(one->target.id())) return one->target;
    if (one->value == use) continue;
    if (const Node source = source_of(one->value, trace, depth + 1)) return source;
  }
  return {};
}

Node CodeModel::source_of_parts(Shape shape, Node expression, Trace& trace, int depth) const {
  const Language language = file_.language();
  const bool choice = chooses(expression);
  const bool looks_up = is_element(expression);
  for (std::uint32_t i = 0; i < expression.named_child_count() && i < kPartsMax; ++i) {
    const Node child = expression.named_child(i);
    if (choice && is_condition(language, expression, i)) continue;
    if (looks_up && i > 0) break;  // What a table holds is not what it is asked for by.
    if (is_name_of_part(language, shape, expression, child)) continue;
    const Node value = child.type() == "keyword_argument" ? child.field("value") : child;
    if (const Node source = source_of(value, trace, depth + 1)) return source;
  }
  return {};
}

}  // namespace leyden::review
