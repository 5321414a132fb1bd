#include "leyden/agents/qa/javascript/javascript_uses.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "leyden/agents/qa/javascript/javascript_literals.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Words = std::set<std::string_view>;

constexpr std::size_t kDepthMax = 200;
constexpr std::size_t kPlacesMax = 12;  // Where it is looked for, with where it is handed on to.
constexpr std::size_t kMembersMax = 40;

const Words& methods_of_text() {
  static const Words kAll = {
      "split",     "trim",    "toLowerCase", "toUpperCase", "replace",       "startsWith",
      "endsWith",  "charAt",  "charCodeAt",  "padStart",    "padEnd",        "repeat",
      "substring", "substr",  "match",       "replaceAll",  "localeCompare", "codePointAt",
      "trimStart", "trimEnd", "normalize",   "search",      "matchAll"};
  return kAll;
}

class Looker {
 public:
  explicit Looker(const JavascriptScope& scope) : scope_(scope) {}

  JavascriptUses look_from(Node where, std::string_view what) {
    hand_on(where, std::string(what));
    for (std::size_t i = 0; i < todo_.size() && i < kPlacesMax; ++i) {
      name_ = todo_[i].second;
      where_ = todo_[i].first;
      look(where_, 0);
    }
    return std::move(uses_);
  }

 private:
  [[nodiscard]] std::string_view text(Node node) const { return node.text(scope_.text); }

  void hand_on(Node where, std::string name) {
    if (where && std::ranges::find(todo_, std::pair(where, name)) == todo_.end())
      todo_.emplace_back(where, std::move(name));
  }

  [[nodiscard]] bool is_it(Node one) const { return is(one, name_); }
  [[nodiscard]] bool is(Node one, std::string_view name) const {
    one = bare_javascript(one);
    if (name.ends_with("[]"))
      return one.type() == "subscript_expression" && one.field("index").type() != "string" &&
             is(one.field("object"), name.substr(0, name.size() - 2));
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos)
      return (one.type() == "identifier" || one.type() == "this") && text(one) == name;
    if (!is(one.field("object"), name.substr(0, dot))) return false;
    const std::string_view field = name.substr(dot + 1);
    if (one.type() == "member_expression") return text(one.field("property")) == field;
    const std::string_view index = text(one.field("index"));
    return one.type() == "subscript_expression" && one.field("index").type() == "string" &&
           index.substr(1, index.size() - 2) == field;
  }

  void look(Node node, std::size_t depth) {
    static const std::map<std::string_view, void (Looker::*)(Node)> kNotes = {
        {"member_expression", &Looker::note_property},
        {"subscript_expression", &Looker::note_subscript},
        {"call_expression", &Looker::note_call},
        {"new_expression", &Looker::note_call},
        {"for_in_statement", &Looker::note_loop},
        {"spread_element", &Looker::note_spread},
        {"unary_expression", &Looker::note_unary},
        {"update_expression", &Looker::note_unary},
        {"binary_expression", &Looker::note_operation},
        {"augmented_assignment_expression", &Looker::note_augmented},
        {"variable_declarator", &Looker::note_name},
        {"assignment_expression", &Looker::note_name},
        {"if_statement", &Looker::note_condition},
        {"ternary_expression", &Looker::note_condition},
        {"switch_statement", &Looker::note_switch}};
    if (depth > kDepthMax) return;
    if (const auto note = kNotes.find(node.type()); note != kNotes.end())
      (this->*note->second)(node);
    for (const Node child : node.named_children()) look(child, depth + 1);
  }

  void note_spread(Node node) {
    if (is_it(node.named_child(0)) && node.parent().type() != "object") ++uses_.sequence;
  }
  void note_augmented(Node node) {
    if (is_it(node.field("right")) && text(node.field("operator")) != "+=") ++uses_.number;
  }
  void note_condition(Node node) { uses_.truth += is_it(node.field("condition")) ? 1 : 0; }
  void note_switch(Node node) {
    if (!is_it(node.field("value"))) return;
    for (const Node one : node.field("body").named_children()) note_member(one.field("value"));
  }

  void note_property(Node node) {
    if (!is_it(node.field("object"))) return;
    const std::string_view property = text(node.field("property"));
    static const Words kOfList = {
        "push",    "sort", "map",       "filter",  "reduce", "forEach",  "some",
        "every",   "find", "findIndex", "pop",     "shift",  "unshift",  "splice",
        "reverse", "join", "flat",      "flatMap", "fill",   "findLast", "reduceRight"};
    static const Words kOfBoth = {"length", "slice",       "indexOf", "includes",
                                  "concat", "lastIndexOf", "at"};
    static const Words kOfNumber = {"toFixed", "toPrecision"};
    static const Words kOfMap = {"has", "get", "set", "entries", "keys"};
    static const Words kOfDate = {"getTime", "toISOString", "getMonth", "getDay", "getDate"};
    static const Words kNothing = {"toString", "valueOf", "hasOwnProperty", "constructor", "then"};
    uses_.asked.insert(property);
    if (text(node).find("?.") != std::string_view::npos) uses_.may_be_missing = true;
    if (methods_of_text().contains(property)) {
      ++uses_.text;
    } else if (kOfList.contains(property)) {
      ++uses_.sequence;
      note_element(node, property);
    } else if (kOfBoth.contains(property)) {
      ++uses_.sequence;
    } else if (kOfNumber.contains(property)) {
      ++uses_.number;
      ++uses_.division;
    } else if (kOfMap.contains(property)) {
      ++uses_.own_map;
    } else if (property.starts_with("getFull") || property.starts_with("getUTC") ||
               kOfDate.contains(property)) {
      ++uses_.date;
    } else if (property == "test" || property == "exec" || property == "lastIndex") {
      ++uses_.expression;
    } else if (property == "call" || property == "apply") {
      ++uses_.called;
    } else if (!kNothing.contains(property)) {
      uses_.note_field({.name = std::string(property)});
    }
  }

  // rows.map((row) => row.price): what a row is shows in the arrow function.
  void note_element(Node member, std::string_view method) {
    const Node call = member.parent();
    if (call.type() != "call_expression") return;
    const Node callback = call.field("arguments").named_child(0);
    if (!is_javascript_function(callback)) return;
    std::vector<Node> parameters = callback.field("parameters").named_children();
    if (const Node only = callback.field("parameter")) parameters = {only};
    const std::size_t place = method.starts_with("reduce") ? 1 : 0;
    if (place < parameters.size())
      uses_.elements.push_back(
          {.pattern = javascript_pattern(parameters[place]), .scope = callback.field("body")});
  }

  void note_subscript(Node node) {
    const Node object = node.field("object");
    const Node index = node.field("index");
    if (is_it(object)) {
      if (index.type() == "string") {
        ++uses_.map;
        const std::string_view key = text(index);
        uses_.note_field({.name = std::string(key.substr(1, key.size() - 2))});
      } else if (text(index) == "key") {
        ++uses_.map;
      } else {
        ++uses_.sequence;
        ++uses_.items;
        const Node around = node.parent();
        uses_.rows +=
            around.type() == "subscript_expression" && around.field("object") == node ? 1 : 0;
      }
    } else if (is_it(index)) {
      note_looked_up(object);
    }
  }

  // TABLE[it], NAMES.indexOf(it): what the constant holds.
  void note_looked_up(Node object) {
    const auto constant = scope_.constants.find(text(bare_javascript(object)));
    if (constant == scope_.constants.end()) return;
    const Node value = bare_javascript(constant->second);
    for (const Node one : value.named_children()) {
      if (value.type() == "object" && one.type() == "pair") {
        const Node key = one.field("key");
        if (key.type() == "property_identifier") {
          note_member("\"" + std::string(text(key)) + "\"");
        } else {
          note_member(key);
        }
      } else if (value.type() == "array") {
        note_member(one);
      }
    }
  }
  void note_member(Node value) {
    if (value.type() == "string" || value.type() == "number") note_member(std::string(text(value)));
  }
  void note_member(std::string member) {
    member = javascript_double_quoted(member);
    if (uses_.members.size() < kMembersMax &&
        std::ranges::find(uses_.members, member) == uses_.members.end())
      uses_.members.push_back(std::move(member));
  }

  void note_loop(Node loop) {
    if (!is_it(without_default(loop.field("right")))) return;
    if (text(loop.field("operator")) == "in") {
      ++uses_.map;
      return;
    }
    ++uses_.sequence;
    uses_.elements.push_back({.pattern = loop.field("left"), .scope = loop.field("body")});
  }

  void note_unary(Node node) {
    if (!is_it(node.field("argument"))) return;
    const std::string_view sign = text(node.field("operator"));
    if (sign == "!") {
      ++uses_.truth;
      const Node around = node.parent().parent();
      if (around.type() == "if_statement") uses_.may_be_missing = true;
    } else if (sign == "typeof") {
      const std::string_view whole = text(node.parent());
      const auto asks = [&](std::string_view type) {
        const std::size_t at = whole.find(type);
        return at != std::string_view::npos && at > 0 &&
               (whole[at - 1] == '"' || whole[at - 1] == '\'');
      };
      uses_.text += asks("string") ? 1 : 0;
      uses_.number += asks("number") ? 1 : 0;
      uses_.boolean += asks("boolean") ? 1 : 0;
      uses_.called += asks("function") ? 1 : 0;
      uses_.may_be_missing = uses_.may_be_missing || asks("undefined");
    } else {
      ++uses_.number;
    }
  }

  void note_operation(Node node) {
    const std::string_view sign = text(node.field("operator"));
    const bool left = is_it(node.field("left"));
    if (!left && !is_it(node.field("right"))) return;
    const Node other = bare_javascript(node.field(left ? "right" : "left"));
    if (sign == "&&" || sign == "||" || sign == "??") {
      uses_.truth += left || sign == "&&" ? 1 : 0;
      uses_.may_be_missing = uses_.may_be_missing || (left && sign != "&&");
    } else if (sign == "in") {
      uses_.map += left ? 0 : 1;
      if (left) note_looked_up(other);
    } else if (sign == "instanceof") {
      if (left) note_class(text(other));
    } else {
      note_arithmetic(sign, left, other);
    }
  }

  void note_class(std::string_view name) {
    uses_.date += name == "Date" ? 1 : 0;
    uses_.own_map += name == "Map" ? 1 : 0;
    uses_.sequence += name == "Array" ? 1 : 0;
    uses_.expression += name == "RegExp" ? 1 : 0;
  }

  // And comparisons.
  void note_arithmetic(std::string_view sign, bool left, Node other) {
    static const Words kArithmetic = {"-", "*", "/", "%", "**", "<<", ">>", "&", "|", "^"};
    const bool is_number = other.type() == "number" || other.type() == "unary_expression";
    if (other.type() == "string") {
      ++uses_.text;
      if (sign != "+") note_member(other);
    }
    if (kArithmetic.contains(sign) || is_number) ++uses_.number;
    if (sign == "/" && left) ++uses_.division;
    if (sign == "===" && text(other) == "undefined") uses_.may_be_missing = true;
  }

  // `it || {}`
  [[nodiscard]] Node without_default(Node value) const {
    value = bare_javascript(value);
    const std::string_view sign = text(value.field("operator"));
    const bool has_default = value.type() == "binary_expression" && (sign == "||" || sign == "??");
    return has_default ? value.field("left") : value;
  }

  // What stands behind the part of the name that a value is: ".name" of "options.name" for `options`.
  [[nodiscard]] std::optional<std::string> rest_behind(Node value) const {
    for (std::size_t end = name_.size(); end != std::string::npos && end > 0;) {
      if (is(value, std::string_view(name_).substr(0, end))) return name_.substr(end);
      const std::size_t dot = name_.rfind('.', end - 1);
      const std::size_t item = name_.rfind("[]", end - 1);
      end = dot == std::string::npos ? item : item == std::string::npos ? dot : std::max(dot, item);
    }
    return std::nullopt;
  }

  // `other = it`, `other = it || {}`, `this.other = it`, `const { a, b } = it`.
  void note_name(Node node) {
    const bool declares = node.type() == "variable_declarator";
    const Node name = node.field(declares ? "name" : "left");
    const auto rest = rest_behind(without_default(node.field(declares ? "value" : "right")));
    if (!rest) return;
    if (name.type() == "identifier") {
      if (std::string(text(name)) + *rest != name_)
        hand_on(where_, std::string(text(name)) + *rest);
    } else if (name.type() == "member_expression" && name.field("object").type() == "this") {
      hand_on(javascript_class_around(name), std::string(text(name)) + *rest);
    } else if (rest->empty()) {
      note_pattern({.pattern = name, .scope = where_});
    }
  }

  void note_pattern(const JavascriptUses::Place& place) {
    if (place.pattern.type() == "array_pattern") {
      ++uses_.sequence;
      uses_.tuples.push_back(place);
    }
    for (JavascriptUses::Field& field : javascript_fields(place, scope_.text)) {
      uses_.asked.insert(text(field.key));
      uses_.note_field(std::move(field));
    }
  }

  void note_call(Node node) {
    const Node function = node.field(node.type() == "new_expression" ? "constructor" : "function");
    const std::vector<Node> arguments = node.field("arguments").named_children();
    if (is_it(function)) {
      ++uses_.called;
      uses_.called_with = std::max(uses_.called_with, arguments.size());
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Node argument = without_default(arguments[i]);
      if (const auto rest = rest_behind(argument)) {
        if (rest->empty()) note_argument(text(function), function);
        note_handed_on(node, text(function), i, *rest);
      } else if (arguments[i].type() == "object") {
        for (const Node one : arguments[i].named_children()) {
          const Node value = one.type() == "pair" ? one.field("value") : one;
          if (is_it(value) || (one.type() == "shorthand_property_identifier" && text(one) == name_))
            note_handed_on(node, text(function), i,
                           "." + std::string(text(one.type() == "pair" ? one.field("key") : one)));
        }
      }
    }
  }

  void note_argument(std::string_view called, Node function) {
    static const Words kOfNumbers = {"Number.isInteger", "Number.isFinite", "isNaN",
                                     "Number.isNaN"};
    if (called.starts_with("Math.") || kOfNumbers.contains(called)) {
      ++uses_.number;
      if (called != "Number.isInteger" && called != "Math.abs") ++uses_.division;
    } else if (called.starts_with("Object.")) {
      ++uses_.map;
    } else if (called == "parseInt" || called == "parseFloat" || called == "JSON.parse" ||
               called.ends_with(".test") || called.ends_with(".exec")) {
      ++uses_.text;
    } else if (called == "Array.isArray" || called == "Array.from") {
      ++uses_.sequence;
    } else if (called.ends_with("].concat")) {
      ++uses_.one_or_several;
    } else if (called.ends_with(".indexOf") || called.ends_with(".includes") ||
               called.ends_with(".has")) {
      note_looked_up(function.field("object"));
    }
  }

  // f(it), f({ field: it }): what another function of the file does with it. `rest`: what is asked of its parameter, "", ".field".
  void note_handed_on(Node call, std::string_view called, std::size_t place,
                      const std::string& rest) {
    const Node function = scope_.called(call, called);
    std::vector<Node> parameters = function.field("parameters").named_children();
    if (const Node only = function.field("parameter")) parameters = {only};
    if (place >= parameters.size()) return;
    const Node pattern = javascript_pattern(parameters[place]);
    const Node body = function.field("body");
    if (pattern.type() == "identifier") {
      hand_on(body, std::string(text(pattern)) + rest);
    } else if (rest.empty()) {
      note_pattern({.pattern = pattern, .scope = body});
    }
    for (const JavascriptUses::Field& field :
         javascript_fields({.pattern = pattern, .scope = body}, scope_.text)) {
      if (rest == "." + field.name) hand_on(body, std::string(text(field.local.pattern)));
    }
  }

  const JavascriptScope& scope_;
  std::string name_;
  Node where_;
  std::vector<std::pair<Node, std::string>> todo_;
  JavascriptUses uses_;
};

}  // namespace

void JavascriptUses::note_field(Field field) {
  const auto known = std::ranges::find(fields, field.name, &Field::name);
  if (known == fields.end()) {
    fields.push_back(std::move(field));
  } else if (!known->local.pattern && field.local.pattern) {
    *known = std::move(field);
  }
}

std::vector<JavascriptUses::Field> javascript_fields(const JavascriptUses::Place& object,
                                                     std::string_view text) {
  std::vector<JavascriptUses::Field> out;
  if (object.pattern.type() != "object_pattern") return out;
  for (const Node one : object.pattern.named_children()) {
    Node key = one;
    Node local = one;
    Node fallback;
    if (one.type() == "object_assignment_pattern") {
      key = local = one.field("left");
      fallback = one.field("right");
    } else if (one.type() == "pair_pattern") {
      key = one.field("key");
      local = javascript_pattern(one.field("value"));
      fallback = one.field("value").field("right");
    } else if (one.type() != "shorthand_property_identifier_pattern") {
      continue;
    }
    out.push_back({.name = std::string(key.text(text)),
                   .key = key,
                   .local = {.pattern = local, .scope = object.scope},
                   .fallback = fallback});
  }
  return out;
}

JavascriptUses javascript_uses(const JavascriptScope& scope, Node where, std::string_view what) {
  return Looker(scope).look_from(where, what);
}

}  // namespace leyden::qa
