#include "leyden/agents/qa/python/python_source.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kLiteralsMax = 60;
constexpr std::size_t kLiteralBytesMax = 60;

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

// What an annotation says, as text: annotations may be strings, too.
Type annotation_type(std::string_view text, const std::set<std::string, std::less<>>& classes,
                     std::size_t depth = 0) {
  using Kind = Type::Kind;
  text = trimmed(text);
  if (depth > 8 || text.empty()) return {};
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front())
    return annotation_type(text.substr(1, text.size() - 2), classes, depth + 1);
  const auto alternatives = split_outside(text, '|');
  const auto any_of = [&](const std::vector<std::string_view>& parts) {
    Type out = type_of(Kind::any_of);
    bool may_be_none = false;
    for (const std::string_view part : parts) {
      Type one = annotation_type(part, classes, depth + 1);
      if (one.kind == Kind::none) {
        may_be_none = true;
      } else {
        out.of.push_back(std::move(one));
      }
    }
    if (out.of.size() == 1) {
      Type only = std::move(out.of[0]);
      out = std::move(only);
    }
    return may_be_none ? type_of(Kind::optional, {std::move(out)}) : out;
  };
  if (alternatives.size() > 1) return any_of(alternatives);
  std::string_view name = text;
  std::vector<std::string_view> inner;
  if (const std::size_t bracket = text.find('[');
      bracket != std::string_view::npos && text.back() == ']') {
    name = trimmed(text.substr(0, bracket));
    inner = split_outside(text.substr(bracket + 1, text.size() - bracket - 2), ',');
  }
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos)
    name = name.substr(dot + 1);
  const auto argument = [&](std::size_t i) {
    return i < inner.size() ? annotation_type(inner[i], classes, depth + 1) : Type{};
  };
  static const std::map<std::string_view, Kind> kPlain = {
      {"None", Kind::none},       {"bool", Kind::boolean}, {"int", Kind::integer},
      {"float", Kind::real},      {"complex", Kind::real}, {"str", Kind::text},
      {"Text", Kind::text},       {"AnyStr", Kind::text},  {"bytes", Kind::bytes},
      {"bytearray", Kind::bytes}, {"Number", Kind::real}};
  if (const auto plain = kPlain.find(name); plain != kPlain.end()) return type_of(plain->second);
  static const std::set<std::string_view> kLists = {"List",     "list",       "Sequence",
                                                    "Iterable", "Collection", "MutableSequence",
                                                    "Iterator", "deque",      "Deque"};
  static const std::set<std::string_view> kSets = {"Set",       "set",         "FrozenSet",
                                                   "frozenset", "AbstractSet", "MutableSet"};
  static const std::set<std::string_view> kMaps = {
      "Dict", "dict", "Mapping", "MutableMapping", "DefaultDict", "OrderedDict", "Counter"};
  if (kLists.contains(name)) return type_of(Kind::list, {argument(0)});
  if (kSets.contains(name)) return type_of(Kind::set, {argument(0)});
  if (kMaps.contains(name))
    return type_of(Kind::map,
                   {argument(0), name == "Counter" ? type_of(Kind::integer) : argument(1)});
  if (name == "Optional") return type_of(Kind::optional, {argument(0)});
  if (name == "Union") return any_of(inner);
  if (name == "Annotated" || name == "Final" || name == "Required" || name == "NotRequired" ||
      name == "ClassVar")
    return argument(0);
  if (name == "Tuple" || name == "tuple") {
    if (inner.size() == 2 && inner[1] == "...") return type_of(Kind::list, {argument(0)});
    Type out = type_of(Kind::tuple);
    for (std::size_t i = 0; i < inner.size(); ++i) out.of.push_back(argument(i));
    return out;
  }
  if (classes.contains(name)) return {.kind = Kind::object, .of = {}, .name = std::string(name)};
  return {};
}

std::optional<std::string> plain_string(std::string_view text) {
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
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || raw || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case '\\':
      case '\'':
      case '"':
        out += text[i];
        break;
      default:
        return std::nullopt;  // Rarer ones make no better inputs.
    }
  }
  return out;
}

std::optional<std::int64_t> whole_number(std::string text) {
  std::erase(text, '_');
  int base = 10;
  std::size_t at = 0;
  if (text.size() > 2 && text[0] == '0') {
    const char kind = text[1];
    base = kind == 'x' || kind == 'X'   ? 16
           : kind == 'b' || kind == 'B' ? 2
           : kind == 'o' || kind == 'O' ? 8
                                        : 10;
    at = base == 10 ? 0 : 2;
  }
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), out, base);
  if (error != std::errc{} || end != text.data() + text.size() || out > (std::int64_t{1} << 53))
    return std::nullopt;
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Function> read(Node root) {
    for (const Node child : root.named_children()) {
      const Node definition = inner_definition(child);
      if (definition.type() == "class_definition")
        classes_.insert(std::string(definition.field("name").text(text_)));
      if (child.type() == "expression_statement") note_constant(child);
    }
    for (const Node child : root.named_children()) read_definition(child, "");
    return std::move(out_);
  }

 private:
  static Node inner_definition(Node node) {
    return node.type() == "decorated_definition" ? node.field("definition") : node;
  }

  // Constants of the module are compared with in its functions.
  void note_constant(Node statement) {
    const Node assignment = statement.named_child(0);
    if (assignment.type() == "assignment")
      constants_[std::string(assignment.field("left").text(text_))] = assignment.field("right");
  }

  void read_definition(Node outer, const std::string& class_name) {
    const Node node = inner_definition(outer);
    if (node.type() == "class_definition" && class_name.empty()) {
      read_class(node);
    } else if (node.type() == "function_definition") {
      read_function(outer, node, class_name);
    }
  }

  void read_class(Node node) {
    const std::string name(node.field("name").text(text_));
    if (name.starts_with('_') || name.starts_with("Test") || node.has_error()) return;
    const std::string_view bases = node.field("superclasses").text(text_);
    // Made by others, or by nobody.
    for (const std::string_view one : {"Protocol", "ABC", "Enum", "IntEnum", "Flag", "NamedTuple",
                                       "TypedDict", "TestCase", "Exception", "Error"}) {
      if (bases.find(one) != std::string_view::npos) return;
    }
    const std::size_t first = out_.size();
    std::vector<Parameter> construction;
    const Node body = node.field("body");
    const bool dataclass =
        node.parent().type() == "decorated_definition" &&
        node.parent().text(text_).substr(0, 200).find("dataclass") != std::string_view::npos;
    for (const Node child : body.named_children()) {
      const Node definition = inner_definition(child);
      if (definition.type() == "function_definition" &&
          definition.field("name").text(text_) == "__init__") {
        construction = parameters_of(definition, true);
      } else if (dataclass && child.type() == "expression_statement" &&
                 child.named_child(0).type() == "assignment") {
        const Node field = child.named_child(0);
        if (!field.field("type") || field.field("left").type() != "identifier") continue;
        construction.push_back({.name = std::string(field.field("left").text(text_)),
                                .type = annotation_type(field.field("type").text(text_), classes_),
                                .annotated = true,
                                .has_default = bool(field.field("right"))});
      }
    }
    for (const Node child : body.named_children()) read_definition(child, name);
    for (std::size_t i = first; i < out_.size(); ++i) {
      if (out_[i].needs_object()) out_[i].construction = construction;
    }
  }

  void read_function(Node outer, Node node, const std::string& class_name) {
    Function out;
    out.name = node.field("name").text(text_);
    if (node.has_error() || out.name.starts_with("test_")) return;
    static const std::set<std::string_view> kOperators = {
        "__len__",  "__getitem__", "__contains__", "__add__",  "__sub__",     "__mul__",
        "__eq__",   "__lt__",      "__le__",       "__call__", "__str__",     "__repr__",
        "__iter__", "__bool__",    "__neg__",      "__abs__",  "__truediv__", "__mod__",
        "__hash__", "__setitem__", "__delitem__"};
    if (out.name.starts_with('_') && !(kOperators.contains(out.name) && !class_name.empty()))
      return;
    out.class_name = class_name;
    if (!class_name.empty()) {
      out.kind = Function::Kind::method;
      for (const Node child : outer.named_children()) {
        if (child.type() != "decorator") continue;
        const std::string_view decorator = child.text(text_);
        if (decorator.starts_with("@staticmethod") || decorator.starts_with("@classmethod"))
          out.kind = Function::Kind::static_method;
        if (decorator.find("property") != std::string_view::npos)
          out.kind = Function::Kind::property;
        if (decorator.find("abstractmethod") != std::string_view::npos ||
            decorator.find("overload") != std::string_view::npos ||
            decorator.find(".setter") != std::string_view::npos ||
            decorator.find(".deleter") != std::string_view::npos)
          return;
      }
    } else if (outer.text(text_).starts_with("@overload") ||
               outer.text(text_).starts_with("@typing.overload")) {
      return;
    }
    const bool has_self =
        !class_name.empty() && !(out.kind == Function::Kind::static_method &&
                                 outer.text(text_).find("@staticmethod") != std::string_view::npos);
    out.parameters = parameters_of(node, has_self);
    if (const Node result = node.field("return_type"))
      out.result = annotation_type(result.text(text_), classes_);
    const Node body = node.field("body");
    if (const Node first = body.named_child(0);
        first.type() == "expression_statement" && first.named_child(0).type() == "string")
      out.doc = plain_string(first.named_child(0).text(text_)).value_or("");
    read_literals(node, out.literals);
    read_doc_literals(out.doc, out.literals);
    out.begin = outer.begin();
    out.end = outer.end();
    out.first_line = outer.first_line();
    out.last_line = outer.last_line();
    out_.push_back(std::move(out));
  }

  std::vector<Parameter> parameters_of(Node function, bool skip_first) {
    std::vector<Parameter> out;
    bool by_name_only = false;
    bool first = skip_first;
    for (const Node node : function.field("parameters").named_children()) {
      const std::string_view kind = node.type();
      if (kind == "keyword_separator" || kind == "list_splat_pattern") {
        by_name_only = true;
        continue;
      }
      if (kind == "dictionary_splat_pattern" || kind == "positional_separator" || kind == "comment")
        continue;
      if (std::exchange(first, false)) continue;
      Parameter parameter{.name = {}, .type = {}, .by_name_only = by_name_only};
      Node name = node;
      Node fallback;
      if (kind == "typed_parameter") {
        name = node.named_child(0);
        if (name.type() == "list_splat_pattern") by_name_only = true;
        if (name.type() != "identifier") continue;
      } else if (kind == "default_parameter" || kind == "typed_default_parameter") {
        name = node.field("name");
        fallback = node.field("value");
        parameter.has_default = true;
      }
      parameter.name = name.text(text_);
      if (const Node type = node.field("type")) {
        parameter.type = annotation_type(type.text(text_), classes_);
        parameter.annotated = parameter.type.kind != Type::Kind::unknown;
      }
      if (parameter.type.kind == Type::Kind::unknown)
        parameter.type = guessed_type(parameter.name, fallback, function);
      out.push_back(std::move(parameter));
    }
    return out;
  }

  // What the default is, what the body does with it, what it is called.
  Type guessed_type(const std::string& name, Node fallback, Node function) {
    using Kind = Type::Kind;
    const std::string_view kind = fallback.type();
    if (kind == "integer") return type_of(Kind::integer);
    if (kind == "float") return type_of(Kind::real);
    if (kind == "string") return type_of(Kind::text);
    if (kind == "true" || kind == "false") return type_of(Kind::boolean);
    if (kind == "list") return type_of(Kind::list, {type_of(Kind::integer)});
    if (kind == "dictionary")
      return type_of(Kind::map, {type_of(Kind::text), type_of(Kind::integer)});
    Uses uses;
    look(function.field("body"), name, uses, 0);
    if (uses.text > 0 && uses.text >= uses.map) return type_of(Kind::text);
    if (uses.map > 0) return type_of(Kind::map, {type_of(Kind::text), type_of(Kind::integer)});
    if (uses.rows > 0) return type_of(Kind::list, {type_of(Kind::list, {type_of(Kind::integer)})});
    static const std::set<std::string_view> kTexts = {
        "s",        "text",   "string", "name",    "word",   "line",  "path",
        "pattern",  "prefix", "suffix", "message", "msg",    "title", "char",
        "sentence", "phrase", "key",    "str",     "strand", "isbn",  "value_string"};
    static const std::set<std::string_view> kNumbers = {
        "n",     "m",      "k",     "i",    "j",      "x",     "y",      "a",      "b",
        "num",   "number", "count", "size", "index",  "limit", "width",  "height", "length",
        "year",  "month",  "day",   "hour", "minute", "age",   "score",  "amount", "price",
        "start", "stop",   "end",   "base", "digits", "row",   "column", "hours",  "minutes"};
    if (uses.sequence > 0) {
      if (kTexts.contains(name)) return type_of(Kind::text);
      return type_of(
          Kind::list,
          {kTexts.contains(std::string_view(name).substr(0, name.empty() ? 0 : name.size() - 1))
               ? type_of(Kind::text)
               : type_of(Kind::integer)});
    }
    if (uses.number > 0) return type_of(uses.division > 0 ? Kind::real : Kind::integer);
    if (kTexts.contains(name)) return type_of(Kind::text);
    if (kNumbers.contains(name)) return type_of(Kind::integer);
    if (name.starts_with("is_") || name.starts_with("has_") || name == "reverse" ||
        name == "verbose" || name == "flag")
      return type_of(Kind::boolean);
    if (name.ends_with("s") && name.size() > 3)
      return type_of(Kind::list, {type_of(Kind::integer)});
    return {};
  }

  struct Uses {
    int text = 0;
    int map = 0;
    int sequence = 0;
    int rows = 0;
    int number = 0;
    int division = 0;
  };

  void look(Node node, const std::string& name, Uses& uses, std::size_t depth) {
    if (depth > 200) return;
    const auto is_it = [&](Node one) {
      return one.type() == "identifier" && one.text(text_) == name;
    };
    const std::string_view kind = node.type();
    if (kind == "attribute" && is_it(node.field("object"))) {
      static const std::set<std::string_view> kOfText = {
          "split",    "strip",     "lower",      "upper",   "replace",    "startswith",
          "endswith", "isdigit",   "isalpha",    "isupper", "islower",    "encode",
          "join",     "format",    "lstrip",     "rstrip",  "splitlines", "isspace",
          "isalnum",  "title",     "capitalize", "find",    "translate",  "swapcase",
          "casefold", "partition", "rpartition", "zfill",   "isnumeric",  "rjust",
          "ljust"};
      static const std::set<std::string_view> kOfMap = {"items", "keys",       "values",
                                                        "get",   "setdefault", "update"};
      static const std::set<std::string_view> kOfList = {
          "append", "sort", "extend", "insert", "reverse", "index", "count", "pop", "remove"};
      const std::string_view attribute = node.field("attribute").text(text_);
      uses.text += kOfText.contains(attribute) ? 1 : 0;
      uses.map += kOfMap.contains(attribute) ? 1 : 0;
      uses.sequence += kOfList.contains(attribute) ? 1 : 0;
    } else if (kind == "subscript" && is_it(node.field("value"))) {
      ++uses.sequence;
      if (node.parent().type() == "subscript") ++uses.rows;
      if (node.field("subscript").type() == "string") ++uses.map;
    } else if (kind == "call") {
      const std::string_view called = node.field("function").text(text_);
      const Node arguments = node.field("arguments");
      if (is_it(arguments.named_child(0))) {
        if (called == "len" || called == "sorted" || called == "sum" || called == "max" ||
            called == "min" || called == "enumerate" || called == "list" || called == "set" ||
            called == "reversed" || called == "zip" || called == "any" || called == "all" ||
            called == "Counter")
          ++uses.sequence;
        if (called == "range" || called == "abs" || called == "round" ||
            called.starts_with("math."))
          ++uses.number;
        if (called == "ord" || called.starts_with("re.")) ++uses.text;
        if (called == "isinstance") {
          const std::string_view asked = arguments.named_child(1).text(text_);
          if (asked == "str") ++uses.text;
          if (asked == "dict") ++uses.map;
          if (asked == "list" || asked == "tuple") ++uses.sequence;
          if (asked == "int" || asked == "float") ++uses.number;
        }
      }
      if (called.starts_with("re.") && is_it(arguments.named_child(1))) ++uses.text;
    } else if (kind == "for_statement" || kind == "for_in_clause") {
      if (is_it(node.field("right"))) ++uses.sequence;
    } else if (kind == "comparison_operator") {
      for (const Node child : node.named_children()) {
        if (!is_it(child)) continue;
        for (const Node other : node.named_children()) {
          uses.number += other.type() == "integer" || other.type() == "float" ||
                                 other.type() == "unary_operator"
                             ? 1
                             : 0;
          uses.text += other.type() == "string" ? 1 : 0;
        }
        const std::string_view whole = node.text(text_);
        if (is_it(node.named_child(1)) && (whole.find(" in ") != std::string_view::npos))
          ++uses.sequence;
      }
    } else if (kind == "binary_operator") {
      const std::string_view sign = node.field("operator").text(text_);
      const bool left = is_it(node.field("left"));
      const bool right = is_it(node.field("right"));
      if (left || right) {
        const Node other = left ? node.field("right") : node.field("left");
        if (other.type() == "string") {
          if (sign == "+") ++uses.text;
        } else if (sign == "-" || sign == "*" || sign == "//" || sign == "/" || sign == "**" ||
                   sign == "<<" || sign == ">>" || sign == "&" || (sign == "%" && left) ||
                   (sign == "+" && (other.type() == "integer" || other.type() == "float"))) {
          ++uses.number;
          if (sign == "/") ++uses.division;
        }
      }
    }
    for (const Node child : node.named_children()) look(child, name, uses, depth + 1);
  }

  // Texts and numbers of the docstring's examples: what people pass.
  static void read_doc_literals(std::string_view doc, Literals& out) {
    for (std::size_t i = 0; i < doc.size(); ++i) {
      const char c = doc[i];
      const bool starts = i == 0 || !is_word(doc[i - 1]);
      if ((c == '"' || c == '\'') && starts) {
        const std::size_t end = doc.find(c, i + 1);
        const std::size_t line = doc.find('\n', i + 1);
        if (end == std::string_view::npos || end > line || end - i > kLiteralBytesMax) continue;
        if (end > i + 1) add(out.texts, std::string(doc.substr(i + 1, end - i - 1)));
        i = end;
      } else if (c >= '0' && c <= '9' && starts) {
        std::size_t end = i;
        while (end < doc.size() && is_word(doc[end])) ++end;
        if (const auto value = whole_number(std::string(doc.substr(i, end - i))))
          add(out.integers, *value);
        i = end - 1;
      }
    }
  }
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  template <class T>
  static void add(std::vector<T>& all, T value) {
    if (all.size() < kLiteralsMax && std::ranges::find(all, value) == all.end())
      all.push_back(std::move(value));
  }

  void read_literals(Node node, Literals& out, std::size_t depth = 0) {
    if (depth > 200) return;
    const std::string_view kind = node.type();
    const std::string text(node.text(text_));
    if (kind == "integer") {
      if (const auto value = whole_number(text)) add(out.integers, *value);
    } else if (kind == "float") {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc{} && end == text.data() + text.size()) add(out.reals, value);
    } else if (kind == "unary_operator" && node.named_child(0).type() == "integer" &&
               text.starts_with('-')) {
      if (const auto value = whole_number(std::string(node.named_child(0).text(text_))))
        add(out.integers, -*value);
    } else if (kind == "string") {
      const auto value = plain_string(text);
      const bool is_doc = node.parent().type() == "expression_statement";
      if (value && !is_doc && !value->empty() && value->size() <= kLiteralBytesMax)
        add(out.texts, *value);
      if (value) return;
    } else if (kind == "identifier") {
      if (const auto constant = constants_.find(text);
          constant != constants_.end() && depth < 150) {
        const Node value = constant->second;
        constants_.erase(constant);  // Once, and never into itself.
        read_literals(value, out, depth + 1);
        constants_[text] = value;
      }
    }
    for (const Node child : node.named_children()) read_literals(child, out, depth + 1);
  }

  std::string_view text_;
  std::set<std::string, std::less<>> classes_;
  std::map<std::string, Node> constants_;
  std::vector<Function> out_;
};

}  // namespace

std::vector<Function> python_functions(const syntax::Tree& tree, std::string_view text) {
  return Reader(text).read(tree.root());
}

std::vector<DocExample> doc_examples(std::string_view doc) {
  std::vector<DocExample> out;
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin <= doc.size();) {
    std::size_t end = doc.find('\n', begin);
    if (end == std::string_view::npos) end = doc.size();
    lines.push_back(trimmed(doc.substr(begin, end - begin)));
    begin = end + 1;
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with(">>> ")) continue;
    DocExample one{.call = std::string(lines[i].substr(4)), .expected = {}};
    std::size_t next = i + 1;
    for (; next < lines.size() && lines[next].starts_with("... "); ++next)
      one.call += "\n" + std::string(lines[next].substr(4));
    for (; next < lines.size() && !lines[next].empty() && !lines[next].starts_with(">>>"); ++next) {
      one.expected += (one.expected.empty() ? "" : "\n") + std::string(lines[next]);
    }
    out.push_back(std::move(one));
  }
  return out;
}

namespace {

bool uses_word(std::string_view text, std::string_view word) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end])))
      return true;
  }
  return false;
}

// The text of a test without the assertions of its body that it has had before.
std::string without_repeats(Node definition, std::string_view code, Node whole) {
  std::string out;
  std::set<std::string_view> seen;
  std::size_t from = whole.begin();
  for (const Node statement : definition.field("body").named_children()) {
    if (statement.type() != "assert_statement" || seen.insert(statement.text(code)).second)
      continue;
    std::size_t begin = statement.begin();
    while (begin > from && (code[begin - 1] == ' ' || code[begin - 1] == '\t')) --begin;
    if (begin > from && code[begin - 1] == '\n') --begin;
    out += code.substr(from, begin - from);
    from = statement.end();
  }
  return std::string(trimmed(out + std::string(code.substr(from, whole.end() - from))));
}

}  // namespace

Result<std::vector<SourceTest>> python_tests_in(std::string_view answer, std::string_view module,
                                                const std::vector<Function>& functions) {
  std::string_view code = answer;
  if (const std::size_t fence = answer.find("```"); fence != std::string_view::npos) {
    const std::size_t begin = answer.find('\n', fence);
    if (begin == std::string_view::npos)
      return fail(Errc::invalid_argument, "the answer has no code");
    code = answer.substr(begin + 1);
    code = code.substr(0, code.find("```"));  // An answer that was cut off has no second one.
  }
  if (trimmed(code).empty()) return fail(Errc::invalid_argument, "the answer is empty");
  auto tree = syntax::parse(syntax::Language::python, code);
  if (!tree) return std::unexpected(tree.error());
  std::vector<SourceTest> out;
  std::vector<std::string> imports;
  std::string support;
  std::string broken;
  for (const Node node : tree->root().named_children()) {
    const std::string text(trimmed(code.substr(node.begin(), node.end() - node.begin())));
    const std::string_view type = node.type();
    const Node definition = type == "decorated_definition" ? node.field("definition") : node;
    if (node.has_error() || type == "ERROR") {
      broken = text.substr(0, text.find('\n'));
    } else if (type == "import_statement" || type == "import_from_statement") {
      imports.push_back(text);
    } else if (definition.type() == "function_definition" &&
               definition.field("name").text(code).starts_with("test")) {
      out.push_back({.name = std::string(definition.field("name").text(code)),
                     .text = without_repeats(definition, code, node),
                     .imports = {},
                     .support = {}});
    } else if (type == "function_definition" || type == "decorated_definition" ||
               type == "class_definition" ||
               (type == "expression_statement" && node.named_child(0).type() == "assignment")) {
      support += (support.empty() ? "" : "\n\n") + text;
    }
  }
  if (out.empty()) {
    if (!broken.empty())
      return fail(Errc::invalid_argument, "the answer does not parse, at: {}",
                  broken.substr(0, 120));
    return fail(Errc::invalid_argument, "the answer has no function whose name begins with test");
  }
  for (SourceTest& one : out) {
    one.imports = imports;
    one.support = support;
    const std::string all = one.support + "\n" + one.text;
    const auto imported = [&](std::string_view name) {
      return std::ranges::any_of(one.imports,
                                 [&](const std::string& line) { return uses_word(line, name); });
    };
    if (uses_word(all, "pytest") && !imported("pytest")) one.imports.emplace_back("import pytest");
    for (const Function& function : functions) {
      const std::string& name = function.class_name.empty() ? function.name : function.class_name;
      if (uses_word(all, name) && !imported(name))
        one.imports.push_back(fmt::format("from {} import {}", module, name));
    }
  }
  return out;
}

}  // namespace leyden::qa
