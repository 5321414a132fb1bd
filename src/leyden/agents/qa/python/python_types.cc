#include "leyden/agents/qa/python/python_types.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "leyden/agents/qa/python/python_uses.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;
using Words = std::set<std::string_view>;

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
        ("datetime.datetime(2023, 3, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-5, "
         "minutes=-30)))"),
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

// Classes of the file that have all of these.
std::vector<std::string> classes_with(const std::set<std::string_view>& attributes,
                                      const PythonNames& names) {
  std::vector<std::string> out;
  for (const auto& [name, has] : names.attributes) {
    if (!attributes.empty() && std::ranges::includes(has, attributes)) out.push_back(name);
  }
  return out;
}

// Functions that a test can pass, for calls with so many arguments. What `print` is called with shows.
Type callable(std::size_t argument_count) {
  switch (argument_count) {
    case 0:
      return one_of({"lambda: 1", "lambda: \"a\"", "lambda: None"});
    case 1:
      return one_of({"lambda value: value", "str", "lambda value: value + 1", "sum", "len",
                     "lambda value: value % 2 == 1", "print"});
    case 2:
      return one_of({"lambda left, right: left + right", "lambda left, right: left - right", "max",
                     "lambda left, right: left < right", "print"});
    default:
      return one_of({"lambda *values: values[0]", "lambda *values: len(values)", "max", "print"});
  }
}

// An object that is only known by what is asked of it: an open file, or a stand-in whose methods answer with some value.
Type stand_in(const PythonUses& uses) {
  static const Words kOfFiles = {"read", "readline", "readlines", "write",    "writelines", "seek",
                                 "tell", "close",    "flush",     "truncate", "getvalue"};
  if (std::ranges::includes(kOfFiles, uses.attributes()))
    return one_of(
        {"io.StringIO(\"one\\ntwo\\n\")", "io.BytesIO(b\"one\\ntwo\\n\")", "io.StringIO()"});
  static constexpr const char* kAnswers[] = {"b\"abc\"", "3", "\"abc\""};
  Type out = one_of({});
  for (const std::size_t step : {0U, 1U}) {  // All the same answer, or each another one.
    for (std::size_t first = 0; first < std::size(kAnswers); ++first) {
      std::string text = "SimpleNamespace(";
      std::size_t number = first;
      for (const std::string_view one : uses.attributes()) {
        if (one.starts_with("__")) continue;
        text += fmt::format("{}{}={}{}", number == first ? "" : ", ", one,
                            uses.methods().contains(one) ? "lambda *_, **__: " : "",
                            kAnswers[(first + (number - first) * step) % std::size(kAnswers)]);
        ++number;
      }
      out.texts.push_back(text + ")");
    }
  }
  return out;
}

std::string_view class_around(Node node, std::string_view text) {
  while (node && node.type() != "class_definition") node = node.parent();
  return node.field("name").text(text);
}

bool is_called_function(std::string_view name) {
  static const Words kAll = {"callback",  "func",    "function", "fn",
                             "predicate", "handler", "listener"};
  return kAll.contains(name);
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

// What a parameter may be, by its uses.
class Guess {
 public:
  Guess(const PythonUses& uses, const Type& used, const PythonNames& names)
      : uses_(uses),
        used_(used),
        names_(names),
        is_known_(used.kind != Kind::unknown),
        is_number_(used.kind == Kind::real || used.kind == Kind::integer) {}

  Type among_all(std::string_view own_class) {
    add(is_number_ && names_.asks_whether_finite ? Annotation::number() : used_);
    // Rows of numbers, or of characters.
    if (uses_.counts().rows > 0 && used_.kind == Kind::list)
      add(type_of(Kind::list, {type_of(Kind::text)}));
    for (const std::string_view one : uses_.asked()) add(python_annotation(one, names_));
    const std::vector<std::string> fitting = classes_with(uses_.attributes(), names_);
    for (const std::string& one : fitting) add(python_annotation(one, names_));
    for (const std::string& one : classes_with(uses_.item_attributes(), names_)) {
      Type item = python_annotation(one, names_);
      if (item.kind != Kind::unknown) add(type_of(Kind::list, {std::move(item)}));
    }
    add_imported();
    if (is_known_ || !uses_.asked().empty()) return std::move(out_);
    // Mostly it is none of these.
    if (fitting.empty()) out_.of.insert(out_.of.begin(), out_.of.size(), Type{});
    // Only its own class has what it passes on: what is wrapped is another thing.
    const bool is_wrapped = fitting.size() == 1 && fitting.front() == own_class;
    if ((fitting.empty() || is_wrapped) && !uses_.attributes().empty()) add(stand_in(uses_));
    return std::move(out_);
  }

 private:
  void add(Type one) {
    if (one.kind != Kind::unknown && std::ranges::find(out_.of, one) == out_.of.end())
      out_.of.push_back(std::move(one));
  }
  void add_imported() {
    if (is_number_ ? !uses_.asked().empty() : is_known_ || !out_.of.empty()) return;
    for (const std::string& one : names_.imported) {
      if (!is_number_ || one == "Decimal" || one == "Fraction") add(python_annotation(one, names_));
    }
  }

  const PythonUses& uses_;
  const Type& used_;
  const PythonNames& names_;
  bool is_known_;
  bool is_number_;
  Type out_ = type_of(Kind::any_of);
};

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
  const PythonUses uses(body, name, text);
  if (uses.called_with()) return callable(*uses.called_with());
  Type used = uses.counts().type(name);
  if (used.kind == Kind::text) used.texts = uses.texts();
  if (used.kind == Kind::unknown && uses.attributes().empty() && is_called_function(name))
    return callable(1);
  Type out = Guess(uses, used, names).among_all(class_around(body, text));
  if (out.of.size() < 2) return out.of.empty() ? used : Type(out.of.front());
  return out;
}

std::vector<std::string> python_compared_texts(std::string_view name, Node body,
                                               std::string_view text) {
  return PythonUses(body, name, text).texts();
}

}  // namespace leyden::qa
