#include "leyden/agents/qa/python/python_types.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "leyden/agents/qa/parameter_uses.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;
using Words = std::set<std::string_view>;

constexpr std::size_t kDepthMax = 200;
constexpr std::size_t kHandedOnMax = 3;
constexpr std::size_t kTypeDepthMax = 8;

Type type_of(Type::Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\t' ||
                           text.front() == '\r'))
    text.remove_prefix(1);
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\n' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

Type one_of(std::vector<std::string> texts) {
  Type out = type_of(Kind::expression);
  out.texts = std::move(texts);
  return out;
}

// Values of the standard library's types, as source text: the ends of years and months, leap days, midnight, zones, no and much.
const std::map<std::string_view, std::vector<std::string>>& standard_values() {
  static const std::map<std::string_view, std::vector<std::string>> kAll = {
      {"date",
       {"datetime.date(2024, 2, 29)", "datetime.date(1999, 12, 31)", "datetime.date(2000, 1, 1)",
        "datetime.date(2023, 7, 4)", "datetime.date(1, 1, 1)", "datetime.date(9999, 12, 31)"}},
      {"datetime",
       {"datetime.datetime(2024, 2, 29, 13, 5, 9)",
        "datetime.datetime(1999, 12, 31, 23, 59, 59, 999999)", "datetime.datetime(2000, 1, 1)",
        "datetime.datetime(2023, 7, 4, 12, 30, tzinfo=datetime.timezone.utc)",
        "datetime.datetime(2023, 3, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-5, "
        "minutes=-30)))",
        "datetime.datetime(1, 1, 1)"}},
      {"time",
       {"datetime.time(13, 5, 9)", "datetime.time(0, 0)", "datetime.time(23, 59, 59, 999999)",
        "datetime.time(8, 30, tzinfo=datetime.timezone.utc)"}},
      {"timedelta",
       {"datetime.timedelta(days=1, hours=2, minutes=3, seconds=4)", "datetime.timedelta(0)",
        "datetime.timedelta(days=-1, seconds=5)", "datetime.timedelta(weeks=60)",
        "datetime.timedelta(microseconds=1)", "datetime.timedelta(hours=36)"}},
      {"tzinfo",
       {"datetime.timezone.utc", "datetime.timezone(datetime.timedelta(hours=1))",
        "datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))"}},
      {"timezone",
       {"datetime.timezone.utc", "datetime.timezone(datetime.timedelta(hours=1))",
        "datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))"}},
      {"Decimal",
       {"decimal.Decimal(\"12.345\")", "decimal.Decimal(\"0\")", "decimal.Decimal(\"-1.5\")",
        "decimal.Decimal(\"1E+3\")", "decimal.Decimal(\"0.005\")"}},
      {"Fraction",
       {"fractions.Fraction(1, 3)", "fractions.Fraction(0)", "fractions.Fraction(-7, 2)",
        "fractions.Fraction(4)"}},
      {"UUID",
       {"uuid.UUID(\"12345678-1234-5678-1234-567812345678\")",
        "uuid.UUID(\"00000000-0000-0000-0000-000000000000\")"}},
      {"Callable",
       {"lambda *values: values[0] if values else None", "lambda *values: True",
        "lambda *values: len(values)", "str"}},
  };
  return kAll;
}

// The parts of a list that stand outside brackets and quotes.
std::vector<std::string_view> split_outside(std::string_view text, char at) {
  std::vector<std::string_view> out;
  std::size_t depth = 0;
  std::size_t begin = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '(' || c == '{') {
      ++depth;
    } else if (c == ']' || c == ')' || c == '}') {
      depth -= depth > 0 ? 1 : 0;
    } else if (c == at && depth == 0) {
      out.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  out.push_back(trimmed(text.substr(begin)));
  return out;
}

class Annotation {
 public:
  explicit Annotation(const PythonNames& names) : names_(names) {}

  Type type(std::string_view text, std::size_t depth = 0) const {
    text = trimmed(text);
    if (depth > kTypeDepthMax || text.empty()) return {};
    if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
        text.back() == text.front())
      return type(text.substr(1, text.size() - 2), depth + 1);
    const auto alternatives = split_outside(text, '|');
    if (alternatives.size() > 1) return any_of(alternatives, depth);
    std::string_view name = text;
    std::vector<std::string_view> inner;
    if (const std::size_t bracket = text.find('[');
        bracket != std::string_view::npos && text.back() == ']') {
      name = trimmed(text.substr(0, bracket));
      inner = split_outside(text.substr(bracket + 1, text.size() - bracket - 2), ',');
    }
    if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos)
      name = name.substr(dot + 1);
    static const std::map<std::string_view, Kind> kPlain = {
        {"None", Kind::none},       {"bool", Kind::boolean}, {"int", Kind::integer},
        {"float", Kind::real},      {"complex", Kind::real}, {"str", Kind::text},
        {"Text", Kind::text},       {"AnyStr", Kind::text},  {"bytes", Kind::bytes},
        {"bytearray", Kind::bytes}, {"Number", Kind::real}};
    if (const auto plain = kPlain.find(name); plain != kPlain.end())
      return plain->second == Kind::real && names_.asks_whether_finite ? number()
                                                                       : type_of(plain->second);
    if (const auto alias = names_.aliases.find(name); alias != names_.aliases.end() && depth < 4)
      return type(alias->second, depth + 1);
    if (names_.classes.contains(name))
      return {.kind = Kind::object, .of = {}, .name = std::string(name)};
    if (const auto known = names_.enumerations.find(name); known != names_.enumerations.end())
      return one_of(known->second);
    if (const auto known = standard_values().find(name); known != standard_values().end())
      return one_of(known->second);
    if (name == "Literal") return one_of({inner.begin(), inner.end()});
    return of_others(name, inner, depth);
  }

  static Type number() {
    return type_of(Kind::any_of, {type_of(Kind::real), type_of(Kind::real), type_of(Kind::real),
                                  one_of({"float(\"inf\")", "float(\"-inf\")", "float(\"nan\")"})});
  }

 private:
  Type of_others(std::string_view name, const std::vector<std::string_view>& inner,
                 std::size_t depth) const {
    static const Words kLists = {"List",     "list",       "Sequence",
                                 "Iterable", "Collection", "MutableSequence",
                                 "Iterator", "deque",      "Deque"};
    static const Words kSets = {"Set",       "set",         "FrozenSet",
                                "frozenset", "AbstractSet", "MutableSet"};
    static const Words kMaps = {"Dict",        "dict",        "Mapping", "MutableMapping",
                                "DefaultDict", "OrderedDict", "Counter"};
    static const Words kQualifiers = {"Annotated", "Final", "Required", "NotRequired", "ClassVar"};
    const auto argument = [&](std::size_t i) {
      return i < inner.size() ? type(inner[i], depth + 1) : Type{};
    };
    if (kLists.contains(name)) return type_of(Kind::list, {argument(0)});
    if (kSets.contains(name)) return type_of(Kind::set, {argument(0)});
    if (kMaps.contains(name))
      return type_of(Kind::map,
                     {argument(0), name == "Counter" ? type_of(Kind::integer) : argument(1)});
    if (name == "Optional") return type_of(Kind::optional, {argument(0)});
    if (name == "Union") return any_of(inner, depth);
    if (kQualifiers.contains(name)) return argument(0);
    if (name != "Tuple" && name != "tuple") return {};
    if (inner.size() == 2 && inner[1] == "...") return type_of(Kind::list, {argument(0)});
    Type out = type_of(Kind::tuple);
    for (std::size_t i = 0; i < inner.size(); ++i) out.of.push_back(argument(i));
    return out;
  }

  Type any_of(const std::vector<std::string_view>& parts, std::size_t depth) const {
    Type out = type_of(Kind::any_of);
    bool may_be_none = false;
    for (const std::string_view part : parts) {
      Type one = type(part, depth + 1);
      if (one.kind == Kind::none) {
        may_be_none = true;
      } else {
        out.of.push_back(std::move(one));
      }
    }
    // What is known is enough.
    if (std::ranges::any_of(out.of, [](const Type& one) { return one.kind != Kind::unknown; }))
      std::erase_if(out.of, [](const Type& one) { return one.kind == Kind::unknown; });
    if (out.of.size() == 1) {
      Type only = std::move(out.of[0]);
      out = std::move(only);
    }
    return may_be_none ? type_of(Kind::optional, {std::move(out)}) : out;
  }

  const PythonNames& names_;
};

// How a function's body uses one of its parameters.
class Uses {
 public:
  Uses(Node body, std::string_view name, std::string_view text, std::size_t handed_on = 0)
      : name_(name), text_(text), handed_on_(handed_on) {
    look(body, 0);
  }
  [[nodiscard]] const ParameterUses& counts() const { return uses_; }
  // The types that isinstance() asks for, as they are written.
  [[nodiscard]] const std::vector<std::string_view>& asked() const { return asked_; }
  // What is asked of it, and of what it holds: methods and fields.
  [[nodiscard]] const std::set<std::string_view>& attributes() const { return attributes_; }
  [[nodiscard]] const std::set<std::string_view>& item_attributes() const {
    return item_attributes_;
  }

 private:
  [[nodiscard]] bool is_it(Node one) const {
    return one.type() == "identifier" && one.text(text_) == name_;
  }

  void look(Node node, std::size_t depth) {
    if (depth > kDepthMax) return;
    const std::string_view kind = node.type();
    if (kind == "attribute" && is_it(node.field("object"))) {
      note_attribute(node.field("attribute").text(text_));
    } else if (kind == "attribute" && is_item(node.field("object"))) {
      item_attributes_.insert(node.field("attribute").text(text_));
      uses_.texts += of_text().contains(node.field("attribute").text(text_)) ? 1 : 0;
    } else if (kind == "subscript" && is_it(node.field("value"))) {
      ++uses_.sequence;
      if (node.parent().type() == "subscript") ++uses_.rows;
      if (node.field("subscript").type() == "string") ++uses_.map;
    } else if (kind == "call") {
      note_call(node.field("function").text(text_), node.field("arguments"));
      note_handed_on(node);
    } else if (kind == "for_statement" || kind == "for_in_clause") {
      if (is_it(node.field("right"))) note_loop(node);
    } else if (kind == "comparison_operator") {
      note_comparison(node);
    } else if (kind == "binary_operator") {
      note_operation(node);
    }
    for (const Node child : node.named_children()) look(child, depth + 1);
  }

  // One of the things that it holds: it[0], it.pop().
  [[nodiscard]] bool is_item(Node one) const {
    if (one.type() == "subscript") return is_it(one.field("value"));
    const Node called = one.field("function");
    return one.type() == "call" && called.type() == "attribute" && is_it(called.field("object")) &&
           called.field("attribute").text(text_) == "pop";
  }

  // Where what it holds has a name, that is used as something.
  void note_loop(Node loop) {
    ++uses_.sequence;
    const Node item = loop.field("left");
    const Node within = loop.type() == "for_in_clause" ? loop.parent() : loop.field("body");
    if (item.type() != "identifier" || handed_on_ >= kHandedOnMax) return;
    const Uses of_item(within, item.text(text_), text_, handed_on_ + 1);
    uses_.texts += of_item.counts().text > 0 ? 1 : 0;
    item_attributes_.insert(of_item.attributes_.begin(), of_item.attributes_.end());
  }

  // `f(it)` and `self.f(it)`: what another function of the file does with it.
  void note_handed_on(Node call) {
    const std::vector<Node> arguments = call.field("arguments").named_children();
    const auto place = std::ranges::find_if(arguments, [&](Node one) { return is_it(one); });
    if (place == arguments.end() || handed_on_ >= kHandedOnMax) return;
    std::string_view called = call.field("function").text(text_);
    const bool is_method = called.starts_with("self.") || called.starts_with("cls.");
    if (is_method) called.remove_prefix(called.find('.') + 1);
    const Node function = function_named(call, called);
    const auto number = static_cast<std::uint32_t>(place - arguments.begin()) + (is_method ? 1 : 0);
    Node parameter = function.field("parameters").named_child(number);
    if (parameter && parameter.type() != "identifier") parameter = parameter.named_child(0);
    if (!parameter) return;
    const Uses there(function.field("body"), parameter.text(text_), text_, handed_on_ + 1);
    uses_.add(there.counts());
    attributes_.insert(there.attributes_.begin(), there.attributes_.end());
    item_attributes_.insert(there.item_attributes_.begin(), there.item_attributes_.end());
  }

  // In the classes and functions around a node, or at the top.
  [[nodiscard]] Node function_named(Node from, std::string_view name) const {
    for (Node around = from.parent(); around; around = around.parent()) {
      if (around.type() != "block" && around.type() != "module") continue;
      for (Node one : around.named_children()) {
        if (one.type() == "decorated_definition") one = one.field("definition");
        if (one.type() == "function_definition" && one.field("name").text(text_) == name)
          return one;
      }
    }
    return {};
  }

  // Methods of str and of nothing else.
  static const Words& of_text() {
    static const Words kOfText = {
        "split",     "strip",     "lower",      "upper",    "replace",   "startswith", "endswith",
        "isdigit",   "isalpha",   "isupper",    "islower",  "encode",    "join",       "format",
        "lstrip",    "rstrip",    "splitlines", "isspace",  "isalnum",   "title",      "capitalize",
        "find",      "translate", "swapcase",   "casefold", "partition", "rpartition", "zfill",
        "isnumeric", "rjust",     "ljust"};
    return kOfText;
  }

  void note_attribute(std::string_view attribute) {
    static const Words kOfMap = {"items", "keys", "values", "get", "setdefault", "update"};
    static const Words kOfList = {"append", "sort",  "extend", "insert", "reverse",
                                  "index",  "count", "pop",    "remove"};
    attributes_.insert(attribute);
    uses_.text += of_text().contains(attribute) ? 1 : 0;
    uses_.map += kOfMap.contains(attribute) ? 1 : 0;
    uses_.sequence += kOfList.contains(attribute) ? 1 : 0;
  }

  void note_call(std::string_view called, Node arguments) {
    static const Words kOfSequences = {"len", "sorted",   "sum", "max", "min", "enumerate", "list",
                                       "set", "reversed", "zip", "any", "all", "Counter"};
    static const Words kOfNumbers = {"range", "abs", "round"};
    if (called.starts_with("re.") &&
        (is_it(arguments.named_child(1)) || is_it(arguments.named_child(2))))
      ++uses_.text;
    if (!is_it(arguments.named_child(0))) return;
    if (kOfSequences.contains(called)) ++uses_.sequence;
    if (called == "sum") ++uses_.number;  // What it holds.
    if (kOfNumbers.contains(called) || called.starts_with("math.")) ++uses_.number;
    if (called == "ord" || called.starts_with("re.")) ++uses_.text;
    if (called != "isinstance") return;
    const Node types = arguments.named_child(1);
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

  void note_comparison(Node node) {
    static const Words kNumbers = {"integer", "float", "unary_operator"};
    const std::vector<Node> sides = node.named_children();
    if (std::ranges::none_of(sides, [&](Node side) { return is_it(side); })) return;
    for (const Node other : sides) {
      uses_.number += kNumbers.contains(other.type()) ? 1 : 0;
      uses_.text += other.type() == "string" ? 1 : 0;
    }
    if (is_it(node.named_child(1)) && node.text(text_).find(" in ") != std::string_view::npos)
      ++uses_.sequence;
  }

  void note_operation(Node node) {
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

  std::string_view name_;
  std::string_view text_;
  std::size_t handed_on_;  // How many functions lie between.
  ParameterUses uses_;
  std::vector<std::string_view> asked_;
  std::set<std::string_view> attributes_;
  std::set<std::string_view> item_attributes_;
};

// Classes of the file that have all of these.
std::vector<std::string> classes_with(const std::set<std::string_view>& attributes,
                                      const PythonNames& names) {
  std::vector<std::string> out;
  for (const auto& [name, has] : names.attributes) {
    if (!attributes.empty() && std::ranges::includes(has, attributes)) out.push_back(name);
  }
  return out;
}

Type type_of_default(std::string_view kind) {
  if (kind == "integer") return type_of(Kind::integer);
  if (kind == "float") return type_of(Kind::real);
  if (kind == "string") return type_of(Kind::text);
  if (kind == "true" || kind == "false") return type_of(Kind::boolean);
  if (kind == "list") return type_of(Kind::list, {type_of(Kind::integer)});
  if (kind == "dictionary")
    return type_of(Kind::map, {type_of(Kind::text), type_of(Kind::integer)});
  return {};
}

}  // namespace

Type python_annotation(std::string_view text, const PythonNames& names) {
  return Annotation(names).type(text);
}

std::vector<std::string_view> python_types_of_import(std::string_view module) {
  static const std::map<std::string_view, std::vector<std::string_view>> kAll = {
      {"datetime", {"date", "datetime", "time", "timedelta"}},
      {"datetime.date", {"date"}},
      {"datetime.datetime", {"datetime"}},
      {"datetime.time", {"time"}},
      {"datetime.timedelta", {"timedelta"}},
      {"datetime.tzinfo", {"tzinfo"}},
      {"datetime.timezone", {"timezone"}},
      {"decimal", {"Decimal"}},
      {"decimal.Decimal", {"Decimal"}},
      {"fractions", {"Fraction"}},
      {"fractions.Fraction", {"Fraction"}},
      {"uuid", {"UUID"}},
      {"uuid.UUID", {"UUID"}}};
  const auto known = kAll.find(module);
  return known == kAll.end() ? std::vector<std::string_view>() : known->second;
}

Type python_guess(std::string_view name, Node fallback, Node body, std::string_view text,
                  const PythonNames& names) {
  if (Type out = type_of_default(fallback.type()); out.kind != Kind::unknown) return out;
  const Uses uses(body, name, text);
  const Type used = uses.counts().type(name);
  Type out = type_of(Kind::any_of);
  const auto add = [&](Type one) {
    if (one.kind != Kind::unknown && std::ranges::find(out.of, one) == out.of.end())
      out.of.push_back(std::move(one));
  };
  const bool is_number = used.kind == Kind::real || used.kind == Kind::integer;
  add(is_number && names.asks_whether_finite ? Annotation::number() : used);
  for (const std::string_view one : uses.asked()) add(python_annotation(one, names));
  const std::vector<std::string> fitting = classes_with(uses.attributes(), names);
  for (const std::string& one : fitting) add(python_annotation(one, names));
  for (const std::string& one : classes_with(uses.item_attributes(), names)) {
    Type item = python_annotation(one, names);
    if (item.kind != Kind::unknown) add(type_of(Kind::list, {std::move(item)}));
  }
  if ((used.kind == Kind::unknown && out.of.empty()) || (is_number && uses.asked().empty())) {
    for (const std::string& one : names.imported) {
      if (!is_number || one == "Decimal" || one == "Fraction") add(python_annotation(one, names));
    }
  }
  if (used.kind == Kind::unknown) {
    // Mostly it is none of these.
    if (!out.of.empty() && uses.asked().empty() && fitting.empty())
      out.of.insert(out.of.begin(), out.of.size(), Type{});
  }
  if (out.of.size() < 2) return out.of.empty() ? used : Type(out.of.front());
  return out;
}

}  // namespace leyden::qa
