#include "leyden/agents/qa/php/php_types.h"

#include <algorithm>
#include <utility>

#include "leyden/agents/qa/parameter_uses.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;
using Words = std::set<std::string_view>;

constexpr std::size_t kDepthMax = 200;
constexpr std::size_t kTypeDepthMax = 6;

Type type_of(Kind kind, std::vector<Type> of = {}, std::string name = {}) {
  return {.kind = kind, .of = std::move(of), .name = std::move(name)};
}

Type expressions(std::vector<std::string> texts) {
  Type out = type_of(Kind::expression);
  out.texts = std::move(texts);
  return out;
}

Type callback() {
  return expressions({"fn ($x) => $x", "fn ($x) => $x > 1", "fn ($x, $y = 0) => $x <=> $y",
                      "fn (...$all) => count($all)", "fn ($x) => true", "fn ($x) => false"});
}

Type any_of(std::vector<Type> all) {
  std::vector<Type> others;
  bool may_be_null = false;
  for (Type& one : all) {
    if (one.kind == Kind::none) {
      may_be_null = true;
    } else if (one.kind != Kind::unknown) {
      others.push_back(std::move(one));
    }
  }
  if (others.empty()) return type_of(may_be_null ? Kind::none : Kind::unknown);
  Type out = others.size() == 1 ? std::move(others[0]) : type_of(Kind::any_of, std::move(others));
  return may_be_null ? type_of(Kind::optional, {std::move(out)}) : out;
}

// Where an arrow would stand too: `a: int, b?: string`.
Type shape(std::string_view fields, const PhpNames& names, std::string_view own,
           std::size_t depth) {
  Type out = type_of(Kind::record);
  std::size_t number = 0;
  for (const std::string_view field : parts_of(fields, ',')) {
    const std::size_t colon = field.find(':');
    std::string name(trimmed(field.substr(0, colon == std::string_view::npos ? 0 : colon)));
    if (name.empty()) name = std::to_string(number++);
    Type type = php_type(colon == std::string_view::npos ? field : field.substr(colon + 1), names,
                         own, depth + 1);
    if (name.ends_with('?')) {
      name.pop_back();
      type = type_of(Kind::optional, {std::move(type)});
    }
    out.texts.push_back(std::move(name));
    out.of.push_back(std::move(type));
  }
  return out;
}

Type plain_type(std::string_view name, const PhpNames& names) {
  static const std::map<std::string_view, Kind> kKinds = {{"int", Kind::integer},
                                                          {"integer", Kind::integer},
                                                          {"positive-int", Kind::integer},
                                                          {"float", Kind::real},
                                                          {"double", Kind::real},
                                                          {"bool", Kind::boolean},
                                                          {"boolean", Kind::boolean},
                                                          {"true", Kind::boolean},
                                                          {"false", Kind::boolean},
                                                          {"string", Kind::text},
                                                          {"non-empty-string", Kind::text},
                                                          {"numeric-string", Kind::text},
                                                          {"null", Kind::none},
                                                          {"void", Kind::none},
                                                          {"class-string", Kind::text}};
  if (const auto known = kKinds.find(name); known != kKinds.end()) return type_of(known->second);
  if (name == "array" || name == "iterable" || name == "list" || name == "Traversable")
    return type_of(Kind::list, {type_of(Kind::integer)});
  if (name == "callable" || name == "Closure") return callback();
  if (name.starts_with("DateTime"))
    return expressions({"new \\DateTimeImmutable('2024-02-29 12:30:00')",
                        "new \\DateTimeImmutable('1999-12-31')",
                        "new \\DateTimeImmutable('2011-04-25 00:00:01')"});
  if (const auto known = names.enums.find(name); known != names.enums.end())
    return expressions(known->second);
  if (names.classes.contains(name)) return type_of(Kind::object, {}, std::string(name));
  return {};
}

// How bodies use a parameter.
class Uses {
 public:
  Uses(std::string_view name, std::string_view text)
      : name_("$" + std::string(name)), kept_("$this->" + std::string(name)), text_(text) {}

  void look(Node node, std::size_t depth = 0) {
    if (depth > kDepthMax) return;
    const std::string_view kind = node.type();
    if (kind == "function_call_expression") {
      note_call(node.field("function").text(text_), node.field("arguments"));
    } else if (kind == "subscript_expression" && is_it(node.named_child(0))) {
      note_element(node);
    } else if (kind == "foreach_statement" && is_it(node.named_child(0))) {
      ++uses_.sequence;
      rows_of_ = node.named_child(1).text(text_);
    } else if (kind == "foreach_statement" && !rows_of_.empty() &&
               node.named_child(0).text(text_) == rows_of_) {
      ++uses_.rows;
    } else if (kind == "binary_expression") {
      note_operation(node);
    } else if ((kind == "switch_statement" || kind == "match_expression") &&
               is_it(node.field("condition").named_child(0))) {
      note_alternatives(node.field("body"), 0);
    }
    for (const Node child : node.named_children()) look(child, depth + 1);
  }

  [[nodiscard]] Type type() const {
    if (calls_ > 0) return callback();
    if (!keys_.empty()) {
      Type out = type_of(Kind::record);
      for (const std::string& key : keys_) {
        out.texts.push_back(key);
        out.of.push_back(ParameterUses{}.type(key));
      }
      return out;
    }
    return uses_.type(std::string_view(name_).substr(1));
  }

 private:
  [[nodiscard]] bool is_it(Node one) const {
    if (one.type() == "argument") one = one.named_child(0);
    return (one.type() == "variable_name" && one.text(text_) == name_) ||
           (one.type() == "member_access_expression" && one.text(text_) == kept_);
  }

  void note_call(std::string_view called, Node arguments) {
    static const Words kOfText = {
        "strlen",        "str_split",      "strtolower",  "strtoupper",    "trim",
        "substr",        "ucfirst",        "strrev",      "mb_strlen",     "mb_substr",
        "mb_str_split",  "str_contains",   "strpos",      "ord",           "str_starts_with",
        "str_ends_with", "ctype_digit",    "ctype_alpha", "ctype_upper",   "preg_split",
        "strtr",         "ucwords",        "lcfirst",     "str_pad",       "str_repeat",
        "substr_count",  "rtrim",          "ltrim",       "mb_strtolower", "mb_strtoupper",
        "count_chars",   "str_word_count", "nl2br"};
    static const Words kOfList = {"count",        "array_map",
                                  "array_filter", "array_sum",
                                  "sort",         "max",
                                  "min",          "array_values",
                                  "array_unique", "array_reverse",
                                  "usort",        "array_slice",
                                  "array_shift",  "array_pop",
                                  "array_push",   "array_reduce",
                                  "in_array",     "implode",
                                  "join",         "array_merge",
                                  "rsort",        "array_product",
                                  "end",          "reset",
                                  "array_chunk",  "array_count_values",
                                  "array_search"};
    static const Words kOfMap = {"array_keys", "array_key_exists", "ksort",
                                 "asort",      "array_flip",       "arsort"};
    static const Words kOfNumber = {"sqrt",  "abs", "floor", "ceil",   "round", "intdiv",
                                    "range", "pow", "fmod",  "decbin", "chr",   "is_numeric"};
    if (called == name_) ++calls_;
    const std::vector<Node> all = arguments.named_children();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!is_it(all[i])) continue;
      const bool subject = called.starts_with("preg_") || called == "explode";
      if (called == "usort" && i == 1) ++calls_;
      if (i == 0 && kOfText.contains(called)) uses_.text += 2;
      if ((subject && i == 1) || ((called == "str_replace" || called == "preg_replace") && i == 2))
        uses_.text += 2;
      if (kOfList.contains(called)) ++uses_.sequence;
      if (kOfMap.contains(called)) ++uses_.map;
      if (kOfNumber.contains(called)) ++uses_.number;
    }
  }

  void note_element(Node node) {
    const Node place = node.named_child(1);
    if (place.type() == "string" || place.type() == "encapsed_string") {
      std::string key(place.text(text_));
      if (key.size() > 2) keys_.insert(key.substr(1, key.size() - 2));
      return;
    }
    ++uses_.sequence;
    if (node.parent().type() == "subscript_expression" && node.parent().named_child(0) == node)
      ++uses_.rows;
  }

  void note_alternatives(Node node, std::size_t depth) {
    if (depth > 2) return;
    for (const Node child : node.named_children()) {
      if (child.type() == "case_statement") note_other(child.field("value"));
      if (child.type() == "match_conditional_expression") {
        for (const Node one : child.field("conditional_expressions").named_children())
          note_other(one);
      }
    }
  }

  void note_other(Node other) {
    const std::string_view kind = other.type();
    uses_.number += kind == "integer" || kind == "float" || kind == "unary_op_expression" ? 1 : 0;
    uses_.text += kind == "string" || kind == "encapsed_string" ? 1 : 0;
  }

  void note_operation(Node node) {
    const std::string_view sign = node.field("operator").type();
    const bool left = is_it(node.field("left"));
    if (!left && !is_it(node.field("right"))) return;
    const Node other = node.field(left ? "right" : "left");
    static const Words kOfNumbers = {"-", "*", "/", "**", "<", ">", "<=", ">=", "&", "%", "+"};
    if (sign == "==" || sign == "!=" || sign == "===" || sign == "!==") {
      note_other(other);
    } else if (kOfNumbers.contains(sign)) {
      ++uses_.number;
      if (other.type() == "float") ++uses_.division;
    }
  }

  std::string name_;
  std::string kept_;
  std::string_view text_;
  std::string_view rows_of_;
  ParameterUses uses_;
  int calls_ = 0;
  std::set<std::string> keys_;
};

Type type_of_default(std::string_view kind) {
  if (kind == "integer") return type_of(Kind::integer);
  if (kind == "float") return type_of(Kind::real);
  if (kind == "string" || kind == "encapsed_string") return type_of(Kind::text);
  if (kind == "boolean") return type_of(Kind::boolean);
  return {};
}

}  // namespace

Type php_type(std::string_view text, const PhpNames& names, std::string_view own,
              std::size_t depth) {
  text = trimmed(text);
  if (depth > kTypeDepthMax || text.empty()) return {};
  if (const auto parts = parts_of(text, '|'); parts.size() > 1) {
    std::vector<Type> all;
    all.reserve(parts.size());
    for (const std::string_view part : parts) all.push_back(php_type(part, names, own, depth + 1));
    return any_of(std::move(all));
  }
  if (text.starts_with('?'))
    return type_of(Kind::optional, {php_type(text.substr(1), names, own, depth + 1)});
  if (text.starts_with('(') && text.ends_with(')'))
    return php_type(text.substr(1, text.size() - 2), names, own, depth + 1);
  if (text.ends_with("[]"))
    return type_of(Kind::list, {php_type(text.substr(0, text.size() - 2), names, own, depth + 1)});
  const std::size_t open = text.find_first_of("<{(");
  std::string_view name = text.substr(0, open);
  name = name.substr(name.find_last_of('\\') + 1);
  if (name == "self" || name == "static") name = own;
  if (open == std::string_view::npos) return plain_type(name, names);
  if (text.back() != '>' && text.back() != '}') return plain_type(name, names);
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  if (text[open] == '{') return shape(inner, names, own, depth);
  const auto parts = parts_of(inner, ',');
  if (parts.size() == 2) {
    Type key = php_type(parts[0], names, own, depth + 1);
    Type of = php_type(parts[1], names, own, depth + 1);
    return key.kind == Kind::text ? type_of(Kind::map, {std::move(key), std::move(of)})
                                  : type_of(Kind::list, {std::move(of)});
  }
  if (name == "int") return type_of(Kind::integer);
  return type_of(Kind::list, {php_type(parts[0], names, own, depth + 1)});
}

PhpDoc php_doc(std::string_view comment) {
  PhpDoc out;
  for (std::size_t at = comment.find('@'); at != std::string_view::npos;
       at = comment.find('@', at + 1)) {
    std::string_view rest = comment.substr(at + 1);
    rest = rest.substr(0, rest.find('\n'));
    const bool parameter = rest.starts_with("param ");
    if (!parameter && !rest.starts_with("return ")) continue;
    rest = trimmed(rest.substr(rest.find(' ')));
    const std::string_view type = parts_of(rest, ' ').front();
    if (!parameter) {
      out.result = type;
      continue;
    }
    const std::size_t name = rest.find('$');
    if (name == std::string_view::npos || name == 0) continue;
    const std::string_view behind = rest.substr(name + 1);
    out.parameters.emplace(std::string(behind.substr(0, behind.find_first_of(" \t*,."))),
                           std::string(type));
  }
  return out;
}

Type php_guess(std::string_view name, Node fallback, Node scope, std::string_view text) {
  if (Type out = type_of_default(fallback.type()); out.kind != Kind::unknown) return out;
  Uses uses(name, text);
  uses.look(scope);
  return uses.type();
}

}  // namespace leyden::qa
