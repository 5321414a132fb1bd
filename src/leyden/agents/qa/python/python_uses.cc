#include "leyden/agents/qa/python/python_uses.h"

#include <algorithm>
#include <utility>

#include "leyden/agents/qa/python/python_literals.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Words = std::set<std::string_view>;

constexpr std::size_t kDepthMax = 200;
constexpr std::size_t kHandedOnMax = 3;
constexpr int kSure = 100;  // What is asked of it later is asked of what was read from it.

// Methods of str and of nothing else.
const Words& of_text() {
  static const Words kOfText = {
      "split",     "strip",     "lower",      "upper",    "replace",   "startswith", "endswith",
      "isdigit",   "isalpha",   "isupper",    "islower",  "encode",    "join",       "format",
      "lstrip",    "rstrip",    "splitlines", "isspace",  "isalnum",   "title",      "capitalize",
      "find",      "translate", "swapcase",   "casefold", "partition", "rpartition", "zfill",
      "isnumeric", "rjust",     "ljust"};
  return kOfText;
}

Node definition_of(Node statement) {
  return statement.type() == "decorated_definition" ? statement.field("definition") : statement;
}

Node member_named(Node block, std::string_view name, std::string_view text) {
  for (const Node one : block.named_children()) {
    const Node definition = definition_of(one);
    const std::string_view kind = definition.type();
    if ((kind == "function_definition" || kind == "class_definition") &&
        definition.field("name").text(text) == name)
      return definition;
  }
  return {};
}

Node around(Node node, std::string_view kind) {
  while (node && node.type() != kind) node = node.parent();
  return node;
}

// What stands before the parameters that a call passes: `self`, but where there is none.
bool has_receiver(Node method, std::string_view text) {
  const Node outer = method.parent();
  return outer.type() != "decorated_definition" || !outer.text(text).starts_with("@staticmethod");
}

struct Callee {
  Node function;
  std::size_t skipped = 0;  // Parameters that the call does not pass.
};

// The function of the file that a call runs: `f(…)`, `self.f(…)`, `C.f(…)`, `C(…)`.
Callee callee_of(Node call, std::string_view text) {
  std::string_view called = call.field("function").text(text);
  const std::size_t dot = called.find('.');
  Node of_class;
  if (dot != std::string_view::npos) {
    const std::string_view of = called.substr(0, dot);
    of_class = of == "self" || of == "cls" ? around(call, "class_definition")
                                           : member_named(around(call, "module"), of, text);
    if (of_class.type() != "class_definition") return {};
    const Node method = member_named(of_class.field("body"), called.substr(dot + 1), text);
    return {.function = method, .skipped = method && has_receiver(method, text) ? 1U : 0U};
  }
  for (Node block = call.parent(); block; block = block.parent()) {
    if (block.type() != "block" && block.type() != "module") continue;
    const Node found = member_named(block, called, text);
    if (found.type() == "class_definition")
      return {.function = member_named(found.field("body"), "__init__", text), .skipped = 1};
    if (found) return {.function = found};
  }
  return {};
}

}  // namespace

PythonUses::PythonUses(Node within, std::string_view name, std::string_view text,
                       std::size_t handed_on)
    : name_(name), text_(text), handed_on_(handed_on) {
  look(within, 0);
}

bool PythonUses::is_it(Node one) const {
  return (one.type() == "identifier" || one.type() == "attribute") && one.text(text_) == name_;
}

// One of the things that it holds: it[0], it.pop().
bool PythonUses::is_item(Node one) const {
  if (one.type() == "subscript") return is_it(one.field("value"));
  const Node called = one.field("function");
  return one.type() == "call" && called.type() == "attribute" && is_it(called.field("object")) &&
         called.field("attribute").text(text_) == "pop";
}

// `it`, `it or []`, `[] if it is None else it`.
bool PythonUses::stands_for_it(Node one) const {
  if (is_it(one)) return true;
  if (one.type() != "boolean_operator" && one.type() != "conditional_expression") return false;
  return std::ranges::any_of(one.named_children(), [&](Node part) { return is_it(part); });
}

void PythonUses::look(Node node, std::size_t depth) {
  if (depth > kDepthMax) return;
  const std::string_view kind = node.type();
  if (kind == "attribute" && is_it(node.field("object"))) {
    note_attribute(node);
  } else if (kind == "attribute" && is_item(node.field("object"))) {
    item_attributes_.insert(node.field("attribute").text(text_));
    uses_.texts += of_text().contains(node.field("attribute").text(text_)) ? 1 : 0;
  } else if (kind == "subscript" && is_it(node.field("value"))) {
    ++uses_.sequence;
    if (node.parent().type() == "subscript") ++uses_.rows;
    if (node.field("subscript").type() == "string") ++uses_.map;
  } else if (kind == "call") {
    note_call(node);
  } else if (kind == "for_statement" || kind == "for_in_clause") {
    if (is_it(node.field("right"))) note_loop(node);
  } else if (kind == "assignment") {
    if (node.field("left").type() == "attribute" && stands_for_it(node.field("right")))
      note_kept(node.field("left"));
  } else if (kind == "comparison_operator") {
    note_comparison(node);
  } else if (kind == "binary_operator") {
    note_operation(node);
  }
  for (const Node child : node.named_children()) look(child, depth + 1);
}

void PythonUses::add(const PythonUses& there) {
  uses_.add(there.counts());
  attributes_.insert(there.attributes_.begin(), there.attributes_.end());
  methods_.insert(there.methods_.begin(), there.methods_.end());
  item_attributes_.insert(there.item_attributes_.begin(), there.item_attributes_.end());
  texts_.insert(texts_.end(), there.texts_.begin(), there.texts_.end());
  if (!called_with_) called_with_ = there.called_with_;
  if (!item_called_with_) item_called_with_ = there.item_called_with_;
}

void PythonUses::add_items(const PythonUses& of_item) {
  uses_.texts += of_item.counts().text > 0 ? 1 : 0;
  item_attributes_.insert(of_item.attributes_.begin(), of_item.attributes_.end());
  if (!item_called_with_) item_called_with_ = of_item.called_with_;
}

// Where what it holds has a name, that is used as something.
void PythonUses::note_loop(Node loop) {
  ++uses_.sequence;
  const Node item = loop.field("left");
  const Node within = loop.type() == "for_in_clause" ? loop.parent() : loop.field("body");
  if (item.type() != "identifier" || handed_on_ >= kHandedOnMax) return;
  add_items(PythonUses(within, item.text(text_), text_, handed_on_ + 1));
}

// `self.field = it`: what the class does with the field.
void PythonUses::note_kept(Node field) {
  const Node of_class = around(field, "class_definition");
  if (field.field("object").text(text_) != "self" || !of_class || handed_on_ >= kHandedOnMax)
    return;
  add(PythonUses(of_class.field("body"), field.text(text_), text_, handed_on_ + 1));
}

// `self.field.append(it)`: what the class does with the field's items.
void PythonUses::note_collected(Node call) {
  static const Words kCollects = {"append", "add", "appendleft", "insert"};
  const Node called = call.field("function");
  const Node field = called.field("object");
  const Node of_class = around(call, "class_definition");
  const std::vector<Node> arguments = call.field("arguments").named_children();
  if (called.type() != "attribute" || !kCollects.contains(called.field("attribute").text(text_)) ||
      !field.text(text_).starts_with("self.") || !of_class || handed_on_ >= kHandedOnMax ||
      arguments.empty() || !is_it(arguments.back()))
    return;
  const PythonUses all(of_class.field("body"), field.text(text_), text_, handed_on_ + 1);
  attributes_.insert(all.item_attributes_.begin(), all.item_attributes_.end());
  uses_.text += all.uses_.texts;
  uses_.number += all.uses_.number;  // `sum(self.field)`
  if (!called_with_) called_with_ = all.item_called_with_;
}

// What another function of the file does with it.
void PythonUses::note_handed_on(Node call) {
  const std::vector<Node> arguments = call.field("arguments").named_children();
  const auto place = std::ranges::find_if(arguments, [&](Node one) { return is_it(one); });
  if (place == arguments.end() || handed_on_ >= kHandedOnMax) return;
  const Callee callee = callee_of(call, text_);
  if (!callee.function) return;
  const auto number = static_cast<std::size_t>(place - arguments.begin()) + callee.skipped;
  Node parameter =
      callee.function.field("parameters").named_child(static_cast<std::uint32_t>(number));
  if (parameter && parameter.type() != "identifier") parameter = parameter.named_child(0);
  if (!parameter) return;
  add(PythonUses(callee.function.field("body"), parameter.text(text_), text_, handed_on_ + 1));
}

void PythonUses::note_attribute(Node access) {
  static const Words kOfMap = {"items", "keys", "values", "get", "setdefault", "update"};
  static const Words kOfList = {"append", "sort",  "extend", "insert", "reverse",
                                "index",  "count", "pop",    "remove"};
  const std::string_view attribute = access.field("attribute").text(text_);
  attributes_.insert(attribute);
  if (access.parent().type() == "call" && access.parent().field("function") == access)
    methods_.insert(attribute);
  uses_.text += of_text().contains(attribute) ? 1 : 0;
  uses_.map += kOfMap.contains(attribute) ? 1 : 0;
  uses_.sequence += kOfList.contains(attribute) ? 1 : 0;
}

void PythonUses::note_call(Node call) {
  static const Words kOfSequences = {"len", "sorted",   "sum", "max", "min", "enumerate", "list",
                                     "set", "reversed", "zip", "any", "all", "Counter"};
  static const Words kOfNumbers = {"range", "abs", "round"};
  const std::string_view called = call.field("function").text(text_);
  const Node arguments = call.field("arguments");
  if (is_it(call.field("function"))) called_with_ = arguments.named_children().size();
  note_handed_on(call);
  note_collected(call);
  note_function_argument(called, arguments);
  if (called.starts_with("re.") &&
      (is_it(arguments.named_child(1)) || is_it(arguments.named_child(2))))
    ++uses_.text;
  if (!is_it(arguments.named_child(0))) return;
  if (kOfSequences.contains(called)) ++uses_.sequence;
  if (called == "sum") ++uses_.number;  // What it holds.
  if (kOfNumbers.contains(called) || called.starts_with("math.")) ++uses_.number;
  if (called == "ord" || called.starts_with("re.")) ++uses_.text;
  if (called == "json.loads") {
    uses_.text += kSure;
    for (std::string& one : python_json_texts(call, text_)) texts_.push_back(std::move(one));
  }
  if (called == "isinstance") note_question(arguments.named_child(1));
}

// Where functions are taken: `map(it, …)`, `sorted(…, key=it)`.
void PythonUses::note_function_argument(std::string_view called, Node arguments) {
  static const Words kOfOne = {"map", "filter", "takewhile", "dropwhile"};
  if (is_it(arguments.named_child(0)) && kOfOne.contains(called)) called_with_ = 1;
  if (is_it(arguments.named_child(0)) && (called == "reduce" || called == "functools.reduce"))
    called_with_ = 2;
  for (const Node one : arguments.named_children()) {
    if (one.type() == "keyword_argument" && one.field("name").text(text_) == "key" &&
        is_it(one.field("value")))
      called_with_ = 1;
  }
}

void PythonUses::note_question(Node types) {
  if (types.type() == "tuple") {
    for (const Node one : types.named_children()) asked_.push_back(one.text(text_));
  } else {
    asked_.push_back(types.text(text_));
  }
  const std::string_view asked = types.text(text_);
  uses_.text += asked == "str" ? 1 : 0;
  uses_.map += asked == "dict" ? 1 : 0;
  uses_.sequence += asked == "list" || asked == "tuple" ? 1 : 0;
  uses_.number += asked == "int" || asked == "float" ? 1 : 0;
}

void PythonUses::note_comparison(Node node) {
  static const Words kNumbers = {"integer", "float", "unary_operator"};
  const std::vector<Node> sides = node.named_children();
  if (std::ranges::none_of(sides, [&](Node side) { return is_it(side); })) return;
  for (const Node other : sides) {
    uses_.number += kNumbers.contains(other.type()) ? 1 : 0;
    uses_.text += other.type() == "string" ? 1 : 0;
    if (auto said = python_string(other.text(text_)); said && other.type() == "string")
      texts_.push_back(*std::move(said));
  }
  if (is_it(node.named_child(1)) && node.text(text_).find(" in ") != std::string_view::npos)
    ++uses_.sequence;
}

void PythonUses::note_operation(Node node) {
  static const Words kOfNumbers = {"-", "*", "//", "/", "**", "<<", ">>", "&"};
  const std::string_view sign = node.field("operator").text(text_);
  const bool left = is_it(node.field("left"));
  if (!left && !is_it(node.field("right"))) return;
  const std::string_view other = node.field(left ? "right" : "left").type();
  if (other == "string") {
    uses_.text += sign == "+" ? 1 : 0;
  } else if (kOfNumbers.contains(sign) || (sign == "%" && left) ||
             (sign == "+" && (other == "integer" || other == "float"))) {
    ++uses_.number;
    uses_.division += sign == "/" ? 1 : 0;
  }
}

}  // namespace leyden::qa
