#include "leyden/agents/qa/ruby/ruby_types.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "leyden/agents/qa/parameter_uses.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;
using Words = std::set<std::string_view>;

constexpr std::size_t kDepthMax = 200;
constexpr std::size_t kTypeDepthMax = 6;
constexpr std::size_t kSymbolsMax = 12;

Type type_of(Kind kind, std::vector<Type> of = {}, std::string name = {}) {
  return {.kind = kind, .of = std::move(of), .name = std::move(name)};
}

Type symbols(std::vector<std::string> texts) {
  Type out = type_of(Kind::expression);
  out.texts = std::move(texts);
  return out;
}

Type any_of(std::vector<Type> all) {
  std::vector<Type> others;
  bool may_be_nil = false;
  for (Type& one : all) {
    if (one.kind == Kind::none) {
      may_be_nil = true;
    } else {
      others.push_back(std::move(one));
    }
  }
  if (others.empty()) return type_of(may_be_nil ? Kind::none : Kind::unknown);
  Type out = others.size() == 1 ? std::move(others[0]) : type_of(Kind::any_of, std::move(others));
  return may_be_nil ? type_of(Kind::optional, {std::move(out)}) : out;
}

// How bodies use a parameter.
class Uses {
 public:
  Uses(std::string_view name, std::string_view text)
      : name_(name), kept_("@" + std::string(name)), text_(text) {}

  void look(Node node, std::size_t depth = 0) {
    if (depth > kDepthMax) return;
    const std::string_view kind = node.type();
    if (kind == "call") {
      note_call(node);
    } else if (kind == "element_reference") {
      note_element(node);
    } else if (kind == "binary") {
      note_operation(node);
    } else if (kind == "case" && is_it(node.field("value"))) {
      for (const Node one : node.named_children()) note_alternatives(one);
    }
    for (const Node child : node.named_children()) look(child, depth + 1);
  }

  [[nodiscard]] Type type() const {
    if (!keys_.empty()) {
      Type out = type_of(Kind::record, {}, "symbols");
      for (const std::string& key : keys_) {
        out.texts.push_back(key);
        out.of.push_back(ParameterUses{}.type(key));
      }
      return out;
    }
    if (!symbols_.empty()) return symbols({symbols_.begin(), symbols_.end()});
    return uses_.type(name_);
  }

 private:
  [[nodiscard]] bool is_it(Node one) const {
    return (one.type() == "identifier" && one.text(text_) == name_) ||
           (one.type() == "instance_variable" && one.text(text_) == kept_);
  }

  void note_call(Node node) {
    const Node receiver = node.field("receiver");
    const std::string_view method = node.field("method").text(text_);
    if (!is_it(receiver)) {
      note_argument(receiver, method, node.field("arguments"));
      return;
    }
    static const Words kOfText = {
        "upcase",        "downcase",   "capitalize", "chars",  "split",  "strip",     "gsub",
        "sub",           "tr",         "scan",       "match?", "match",  "each_char", "start_with?",
        "end_with?",     "bytes",      "ord",        "to_sym", "center", "ljust",     "rjust",
        "squeeze",       "codepoints", "each_line",  "lines",  "chomp",  "to_i",      "swapcase",
        "each_byte",     "tr_s",       "unpack",     "succ",   "hex",    "lstrip",    "rstrip",
        "delete_prefix", "casecmp",    "casecmp?",   "to_f",   "chop"};
    static const Words kOfMap = {"keys",     "values",   "each_pair",        "fetch",
                                 "key?",     "has_key?", "transform_values", "merge",
                                 "each_key", "dig",      "each_value",       "value?"};
    static const Words kOfList = {"each",
                                  "map",
                                  "select",
                                  "reject",
                                  "sum",
                                  "sort",
                                  "push",
                                  "pop",
                                  "first",
                                  "last",
                                  "min",
                                  "max",
                                  "inject",
                                  "reduce",
                                  "zip",
                                  "flatten",
                                  "uniq",
                                  "join",
                                  "any?",
                                  "all?",
                                  "find",
                                  "group_by",
                                  "each_slice",
                                  "shift",
                                  "unshift",
                                  "sort_by",
                                  "each_cons",
                                  "none?",
                                  "compact",
                                  "partition",
                                  "flat_map",
                                  "each_with_index",
                                  "each_with_object",
                                  "take",
                                  "drop",
                                  "tally",
                                  "combination",
                                  "permutation",
                                  "min_by",
                                  "max_by",
                                  "filter_map",
                                  "take_while",
                                  "count",
                                  "empty?",
                                  "size",
                                  "length",
                                  "reverse",
                                  "include?",
                                  "index",
                                  "filter",
                                  "concat",
                                  "rotate",
                                  "cycle",
                                  "find_index"};
    static const Words kOfNumber = {
        "times", "upto",     "downto",    "abs",       "even?",  "odd?", "zero?", "floor",
        "ceil",  "round",    "positive?", "negative?", "divmod", "gcd",  "pow",   "digits",
        "fdiv",  "integer?", "step",      "between?",  "lcm",    "pred", "to_s",  "clamp"};
    uses_.text += kOfText.contains(method) ? 2 : 0;
    uses_.map += kOfMap.contains(method) ? 1 : 0;
    uses_.sequence += kOfList.contains(method) ? 1 : 0;
    uses_.rows += method == "transpose" ? 1 : 0;
    uses_.number += kOfNumber.contains(method) ? 1 : 0;
  }

  void note_argument(Node receiver, std::string_view method, Node arguments) {
    if (!is_it(arguments.named_child(0))) return;
    static const Words kOfNumbers = {"upto", "downto", "Rational", "sqrt",       "first",    "take",
                                     "drop", "step",   "rotate",   "each_slice", "each_cons"};
    uses_.number += kOfNumbers.contains(method) || receiver.text(text_) == "Math" ? 1 : 0;
    uses_.text += method == "Integer" || method == "Float" || method == "match?" ? 1 : 0;
  }

  void note_element(Node node) {
    const Node object = node.field("object");
    if (!is_it(object)) return;
    const Node place = node.named_child(1);
    if (place.type() == "simple_symbol") {
      keys_.insert(std::string(place.text(text_).substr(1)));
    } else if (place.type() == "string") {
      ++uses_.map;
    } else {
      ++uses_.sequence;
      if (node.parent().type() == "element_reference" && node.parent().field("object") == node)
        ++uses_.rows;
    }
  }

  void note_alternatives(Node when) {
    if (when.type() != "when") return;
    for (const Node pattern : when.named_children()) {
      if (pattern.type() == "pattern") note_other(pattern.named_child(0));
    }
  }

  // What it is compared with.
  void note_other(Node other) {
    const std::string_view kind = other.type();
    uses_.number += kind == "integer" || kind == "float" || kind == "unary" ||
                            (kind == "range" && other.named_child(0).type() == "integer")
                        ? 1
                        : 0;
    uses_.text += kind == "string" || kind == "regex" ? 1 : 0;
    if (kind == "simple_symbol" && symbols_.size() < kSymbolsMax)
      symbols_.insert(std::string(other.text(text_)));
  }

  void note_operation(Node node) {
    const std::string_view sign = node.field("operator").type();
    const bool left = is_it(node.field("left"));
    if (!left && !is_it(node.field("right"))) return;
    const Node other = node.field(left ? "right" : "left");
    static const Words kOfNumbers = {"-", "*", "/", "**", "<", ">", "<=", ">=", "&", ">>"};
    if (sign == "==" || sign == "!=" || sign == "===" || sign == "=~") {
      note_other(other);
    } else if (other.type() == "string") {
      uses_.text += sign == "+" ? 1 : 0;
    } else if (sign == "<<") {
      uses_.sequence += left ? 1 : 0;
    } else if (kOfNumbers.contains(sign) || (sign == "%" && left) ||
               (sign == "+" && (other.type() == "integer" || other.type() == "float"))) {
      ++uses_.number;
      if (other.type() == "float") ++uses_.division;
    }
  }

  std::string_view name_;
  std::string kept_;
  std::string_view text_;
  ParameterUses uses_;
  std::set<std::string> symbols_;
  std::set<std::string> keys_;
};

Type type_of_default(Node fallback, std::string_view text) {
  const std::string_view kind = fallback.type();
  if (kind == "integer") return type_of(Kind::integer);
  if (kind == "float") return type_of(Kind::real);
  if (kind == "string") return type_of(Kind::text);
  if (kind == "true" || kind == "false") return type_of(Kind::boolean);
  if (kind == "simple_symbol") return symbols({std::string(fallback.text(text))});
  return {};
}

}  // namespace

Type ruby_core_type(std::string_view name) {
  static const Words kInteger = {"Integer", "Numeric", "Fixnum", "Bignum"};
  static const Words kReal = {"Float", "Rational", "BigDecimal"};
  if (kInteger.contains(name)) return type_of(Kind::integer);
  if (kReal.contains(name)) return type_of(Kind::real);
  if (name == "String") return type_of(Kind::text);
  if (name == "Array" || name == "Enumerable") return type_of(Kind::list, {type_of(Kind::integer)});
  if (name == "Hash") return type_of(Kind::map, {type_of(Kind::text), type_of(Kind::integer)});
  if (name == "Symbol") return symbols({":a", ":b"});
  return {};
}

// leyden:ignore common.complex-function a case a type
Type ruby_type(std::string_view text, const RubyClasses& classes, std::size_t depth) {
  text = trimmed(text);
  if (depth > kTypeDepthMax || text.empty()) return {};
  if (const auto parts = parts_of(text, ','); parts.size() > 1) {
    std::vector<Type> all;
    all.reserve(parts.size());
    for (const std::string_view part : parts) all.push_back(ruby_type(part, classes, depth + 1));
    const bool all_symbols =
        std::ranges::all_of(all, [](const Type& one) { return one.kind == Kind::expression; });
    if (!all_symbols) return any_of(std::move(all));
    std::vector<std::string> texts;
    texts.reserve(all.size());
    for (Type& one : all) texts.push_back(std::move(one.texts.at(0)));
    return symbols(std::move(texts));
  }
  static const Words kFlags = {"Boolean", "Bool", "true", "false", "TrueClass", "FalseClass"};
  if (text == "nil" || text == "void" || text == "NilClass") return type_of(Kind::none);
  if (kFlags.contains(text)) return type_of(Kind::boolean);
  if (text.starts_with(':')) return symbols({std::string(text)});
  const std::size_t open = text.find_first_of("<({");
  const std::string_view name = trimmed(text.substr(0, open));
  if (classes.contains(name)) return type_of(Kind::object, {}, std::string(name));
  if (open == std::string_view::npos) return ruby_core_type(name);
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  if (text[open] == '{' && (name.empty() || name == "Hash")) {
    const std::size_t arrow = inner.find("=>");
    if (arrow == std::string_view::npos) return ruby_core_type("Hash");
    Type key = trimmed(inner.substr(0, arrow)) == "Symbol"
                   ? symbols({":a", ":b", ":c"})
                   : ruby_type(inner.substr(0, arrow), classes, depth + 1);
    return type_of(Kind::map,
                   {std::move(key), ruby_type(inner.substr(arrow + 2), classes, depth + 1)});
  }
  if (text[open] == '(') {
    Type out = type_of(Kind::tuple);
    for (const std::string_view part : parts_of(inner, ','))
      out.of.push_back(ruby_type(part, classes, depth + 1));
    return out;
  }
  if (name == "Array" || name == "Enumerable")
    return type_of(Kind::list, {ruby_type(inner, classes, depth + 1)});
  if (name == "Set") return type_of(Kind::set, {ruby_type(inner, classes, depth + 1)});
  if (name == "Hash") {
    const auto parts = parts_of(inner, ',');
    if (parts.size() == 2)
      return type_of(Kind::map, {ruby_type(parts[0], classes, depth + 1),
                                 ruby_type(parts[1], classes, depth + 1)});
  }
  return {};
}

RubyDoc ruby_doc(std::string_view comment) {
  RubyDoc out;
  for (std::size_t at = comment.find('@'); at != std::string_view::npos;
       at = comment.find('@', at + 1)) {
    std::string_view rest = comment.substr(at + 1);
    rest = rest.substr(0, rest.find('\n'));
    const bool parameter = rest.starts_with("param ");
    if (!parameter && !rest.starts_with("return ")) continue;
    rest = trimmed(rest.substr(rest.find(' ')));
    std::string type;
    const std::size_t open = rest.find('[');
    const std::size_t close = rest.find(']', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) continue;
    type = rest.substr(open + 1, close - open - 1);
    if (!parameter) {
      out.result = type;
      continue;
    }
    // The name stands before the type or behind it.
    const std::string_view near = trimmed(open > 0 ? rest.substr(0, open) : rest.substr(close + 1));
    const std::string_view name = near.substr(0, near.find_first_of(" \t"));
    out.parameters.emplace(std::string(name), std::move(type));
  }
  return out;
}

Type ruby_guess(std::string_view name, Node fallback, Node scope, std::string_view text) {
  if (Type out = type_of_default(fallback, text); out.kind != Kind::unknown) return out;
  Uses uses(name, text);
  uses.look(scope);
  return uses.type();
}

}  // namespace leyden::qa
