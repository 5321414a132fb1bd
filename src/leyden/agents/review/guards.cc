// What code_model.h says of values that were looked up in a list of the program's own before they are used.
#include <algorithm>
#include <array>

#include "leyden/agents/review/code_model.h"
#include "leyden/syntax/pattern.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

constexpr std::size_t kOperandsMax = 16;

Node without_brackets(Node node) {
  for (int i = 0; i < 8 && (node.type() == "parenthesized_expression" ||
                            node.type() == "parenthesized_statements");
       ++i)
    node = node.named_child(0);
  return node;
}

// Python's `a if condition else b` has no fields.
Node condition_of(Node branch) {
  if (branch.type() == "conditional_expression" && !branch.field("condition"))
    return branch.named_child(1);
  return branch.field("condition");
}

// Whether the name is one of a list that a person wrote.
bool is_list_name(std::string_view name) {
  static const auto pattern = syntax::Pattern::compile(
      R"((?:^|[._@:])_?[A-Z][A-Z0-9_]{2,}$|(?i)allow|white_?list|permitted|supported|valid|known|choices)");
  return pattern && name.size() < 200 && pattern->find(name).has_value();
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \n\t");
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(" \n\t") - begin + 1);
}

// Whether a whole text that the expression matches is of letters and marks that it names.
bool is_narrow(std::string_view expression, bool is_whole) {
  if (!is_whole && !expression.ends_with('$') && !expression.ends_with("\\Z")) return false;
  for (std::size_t at = expression.find('.'); at != std::string_view::npos;
       at = expression.find('.', at + 1)) {
    const std::size_t open = expression.rfind('[', at);
    const std::size_t close = expression.rfind(']', at);
    const bool in_class =
        open != std::string_view::npos && (close == std::string_view::npos || close < open);
    const bool plain = at > 0 && expression[at - 1] == '\\';
    if (!in_class && !plain) return false;
  }
  return !expression.contains("[^") && !expression.contains("\\S") && !expression.contains("\\W");
}

}  // namespace

// The value that the condition compares with a list, or with a constant; `negated`: it holds when the value is none of them.
std::string_view CodeModel::tested(Node condition, bool negated, int depth) const {
  condition = without_brackets(condition);
  if (!condition || depth > kDepthMax) return {};
  const std::string_view type = condition.type();
  if (type == "not_operator" || type == "unary" || type == "unary_expression") {
    if (!is_one_of(text(condition.child(0)), {"not", "!"})) return {};
    return tested(condition.named_child(condition.named_child_count() - 1), !negated, depth + 1);
  }
  if (type == "comparison_operator" || type == "binary_expression" || type == "binary" ||
      type == "boolean_operator")
    return tested_by_sign(condition, negated, depth);
  return negated ? std::string_view() : tested_by_call(condition);
}

std::string_view CodeModel::tested_by_sign(Node condition, bool negated, int depth) const {
  if (condition.named_child_count() != 2) return {};
  const Node left = condition.named_child(0);
  const Node right = condition.named_child(1);
  const std::string_view sign =
      without_blanks(std::string_view(file_.text()).substr(left.end(), right.begin() - left.end()));
  const bool is_and = is_one_of(sign, {"and", "&&"});
  if (is_and || is_one_of(sign, {"or", "||"})) {
    // Each of what "and" joins holds; of what "or" joins, each is wrong where all is.
    if (is_and == negated) return {};
    const std::string_view one = tested(left, negated, depth + 1);
    return one.empty() ? tested(right, negated, depth + 1) : one;
  }
  if (sign == (negated ? "not in" : "in") && file_.language() == Language::python)
    return is_list(right) ? text(left) : std::string_view();
  if (sign == (negated ? "is" : "is not") && right.type() == "none")  // re.match(...) is None
    return tested(left, false, depth + 1);
  if (sign != (negated ? "!=" : "==") && sign != (negated ? "!==" : "===")) return {};
  if (is_constant(right) == is_constant(left)) return {};
  return is_constant(right) ? text(left) : text(right);
}

std::string_view CodeModel::tested_by_call(Node condition) const {
  const auto call = call_of(file_.language(), condition, file_.text());
  if (!call) return {};
  const auto [object, method] = method_of(*call);
  const std::string_view name = text(method);
  if (call->arguments.empty()) {
    // Nothing but letters and digits.
    const bool narrow = is_one_of(
        name, {"isdigit", "isalnum", "isalpha", "isdecimal", "isnumeric", "isidentifier"});
    return object && narrow ? text(object) : std::string_view();
  }
  const std::string_view first = text(call->arguments[0].value);
  if (file_.language() == Language::python && call->arguments.size() >= 2 &&
      is_one_of(callee(*call), {"re.match", "re.fullmatch"})) {
    const auto pattern = constant_string(call->arguments[0].value);
    return pattern && is_narrow(*pattern, name == "fullmatch") ? text(call->arguments[1].value)
                                                               : std::string_view();
  }
  if (!object) return {};
  if (is_list_name(text(object)) && is_one_of(name, {"match", "fullmatch"})) return first;
  return is_one_of(name, {"include?", "key?", "member?", "includes", "has"}) && is_list(object)
             ? first
             : std::string_view();
}

bool CodeModel::is_list(Node node) const { return is_constant(node) || is_list_name(text(node)); }

// Where each value is known to be one of a list: the branch that a test leads to, and what stands behind one that leaves otherwise.
CodeModel::Guards CodeModel::read_guards() const {
  Guards out;
  const auto leaves = [&](Node body, std::string_view value) {
    const auto is_jump = [&](Node last) {
      if (last.type() == "expression_statement") last = last.named_child(0);
      if (shape_of(file_.language(), last) == Shape::jump) return true;
      const auto call = call_of(file_.language(), last, file_.text());
      if (last.type() == "identifier") return text(last) == "raise";
      if (!call) return false;
      const Node name = call->name ? call->name : call->function;
      return is_one_of(text(name), {"abort", "flask.abort", "sys.exit", "exit", "raise", "fail",
                                    "head", "redirect_to", "render", "halt"});
    };
    const std::uint32_t count = body.named_child_count();
    const bool is_block = shape_of(file_.language(), body) == Shape::block;
    if (is_jump(is_block && count > 0 ? body.named_child(count - 1) : body)) return true;
    for (std::uint32_t i = 0; i < count && i < kOperandsMax; ++i) {
      Node one = body.named_child(i);
      if (one.type() == "expression_statement") one = one.named_child(0);
      if (text(one.field("left")) == value && is_constant(one.field("right"))) return true;
    }
    return false;
  };
  for (const Region& region : regions_) {
    const Node branch = region.node;
    const std::string_view type = branch.type();
    if (region.shape != Shape::branch) continue;
    const bool modifier = type.ends_with("_modifier");
    const bool turned = type.starts_with("unless");
    if (!turned && !type.starts_with("if") &&
        !is_one_of(type, {"elif_clause", "elsif", "conditional_expression", "ternary_expression",
                          "conditional"}))
      continue;
    const Node condition = condition_of(branch);
    Node then = modifier ? branch.field("body") : branch.field("consequence");
    Node otherwise = branch.field("alternative");
    if (type == "conditional_expression" && !then) {
      then = branch.named_child(0);
      otherwise = branch.named_child(2);
    }
    if (const std::string_view value = tested(condition, turned, 0); !value.empty() && then)
      out[std::string(value)].emplace_back(then.begin(), then.end());
    const std::string_view value = tested(condition, !turned, 0);
    if (value.empty()) continue;
    if (otherwise) {
      out[std::string(value)].emplace_back(otherwise.begin(), otherwise.end());
    } else if (region.parent != kNone && type != "elif_clause" && type != "elsif" &&
               leaves(then, value)) {
      out[std::string(value)].emplace_back(branch.end(),
                                           regions_[static_cast<std::size_t>(region.parent)].end);
    }
  }
  return out;
}

bool CodeModel::is_guarded(Node expression) const {
  const auto& guards = shared<Guards>([&] { return read_guards(); });
  if (guards.empty()) return false;
  const auto found = guards.find(std::string(text(expression)));
  if (found == guards.end()) return false;
  const std::size_t at = expression.begin();
  return std::ranges::any_of(found->second, [&](const auto& range) {
    if (at < range.first || at >= range.second) return false;
    const auto names = bindings_.find(found->first);
    if (names == bindings_.end()) return true;
    // What it is given in between was not tested.
    return std::ranges::none_of(names->second, [&](const auto& of_function) {
      return std::ranges::any_of(of_function.second, [&](const Binding& one) {
        return one.at > range.first && one.at <= at;
      });
    });
  });
}

}  // namespace leyden::review
