#include "leyden/agents/qa/python/python_source.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

std::vector<Function> read(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::python, text);
  EXPECT_TRUE(tree);
  return python_functions(*tree, text);
}

Type parameter_type(std::string_view annotation) {
  const std::vector<Function> all = read(
      "class Point:\n    def __init__(self, x: int): pass\n    def length(self): return 1\ndef "
      "f(zz: " +
      std::string(annotation) + "): pass\n");
  return all.back().parameters.at(0).type;
}

Type type(Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}

TEST(PythonSource, Annotations) {
  EXPECT_EQ(parameter_type("int"), type(Kind::integer));
  EXPECT_EQ(parameter_type("'str'"), type(Kind::text));
  EXPECT_EQ(parameter_type("List[List[int]]"),
            type(Kind::list, {type(Kind::list, {type(Kind::integer)})}));
  EXPECT_EQ(parameter_type("typing.Sequence[float]"), type(Kind::list, {type(Kind::real)}));
  EXPECT_EQ(parameter_type("dict[str, list[bool]]"),
            type(Kind::map, {type(Kind::text), type(Kind::list, {type(Kind::boolean)})}));
  EXPECT_EQ(parameter_type("Optional[bytes]"), type(Kind::optional, {type(Kind::bytes)}));
  EXPECT_EQ(parameter_type("int | None"), type(Kind::optional, {type(Kind::integer)}));
  EXPECT_EQ(parameter_type("Union[int, str]"),
            type(Kind::any_of, {type(Kind::integer), type(Kind::text)}));
  EXPECT_EQ(parameter_type("tuple[int, str]"),
            type(Kind::tuple, {type(Kind::integer), type(Kind::text)}));
  EXPECT_EQ(parameter_type("tuple[int, ...]"), type(Kind::list, {type(Kind::integer)}));
  EXPECT_EQ(parameter_type("Point").name, "Point");
  EXPECT_EQ(parameter_type("Unheard[int]"), Type{});
}

TEST(PythonSource, TypesWithoutAnnotations) {
  const auto of = [](std::string_view body, std::string_view parameter) {
    return read("def f(" + std::string(parameter) + "):\n    " + std::string(body) + "\n")
        .at(0)
        .parameters.at(0)
        .type.kind;
  };
  EXPECT_EQ(of("return a.lower()", "a"), Kind::text);
  EXPECT_EQ(of("return a.items()", "a"), Kind::map);
  EXPECT_EQ(of("return sum(a)", "a"), Kind::list);
  EXPECT_EQ(of("return a % 2", "a"), Kind::integer);
  EXPECT_EQ(of("return 1", "a=2.5"), Kind::real);
  EXPECT_EQ(of("return 1", "a=True"), Kind::boolean);
  EXPECT_EQ(of("return text", "text"), Kind::text);
  EXPECT_EQ(of("return 1", "zzz"), Kind::unknown);
  EXPECT_EQ(of("return len(a)", "a"), Kind::any_of);
}

TEST(PythonSource, TypesByWhatOthersDoWithAParameter) {
  const std::vector<Function> all = read(R"(
import re

class Record:
    def __init__(self, number: int):
        self.number = number
    def is_root(self): return self.number == 0

def check(record): return record.is_root() or record.number > 9
def build(records): return sorted(one.number for one in records if check(one))
def clean(raw): return _strip(raw)
def _strip(what): return re.sub("[- ]", "", what)
def words(entries):
    for entry in entries:
        yield entry.split()
def first(entries): return entries[0].lower()
)");
  const auto type = [&](std::string_view name) {
    const auto found = std::ranges::find(all, name, &Function::name);
    return found == all.end() ? Type{} : found->parameters.at(0).type;
  };
  EXPECT_EQ(type("check").kind, Kind::object);
  EXPECT_EQ(type("check").name, "Record");
  EXPECT_EQ(type("clean").kind, Kind::text);
  for (const char* name : {"words", "first"}) {
    ASSERT_EQ(type(name).kind, Kind::list) << name;
    EXPECT_EQ(type(name).of[0].kind, Kind::text) << name;
  }
  const Type records = type("build");
  ASSERT_EQ(records.kind, Kind::any_of);
  EXPECT_TRUE(std::ranges::any_of(records.of, [](const Type& one) {
    return one.kind == Kind::list && one.of[0].kind == Kind::object;
  }));
}

TEST(PythonSource, WhatATestCanCall) {
  const std::vector<Function> all = read(R"(
LIMIT = 4096

def plain(a, *rest, b=2, **more): return a if a < LIMIT else "a\nb"
def _hidden(): pass
def test_it(): pass
async def wait(x: int) -> int: return x

class Shape(ABC):
    def area(self): ...

class Box:
    """A box."""
    def __init__(self, width: int, depth: int = 1): self.width = width
    def __len__(self): return self.width
    def grow(self, by: int) -> None:
        """Wider."""
        def inner(): pass
        self.width += by
    @property
    def size(self) -> int: return self.width
    @size.setter
    def size(self, value): self.width = value
    @staticmethod
    def unit() -> "Box": return Box(1)
    @classmethod
    def of(cls, width: int): return cls(width)
)");
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Function& one : all) names.push_back(one.qualified_name());
  EXPECT_EQ(names,
            (std::vector<std::string>{"plain", "_hidden", "wait", "Box.__init__", "Box.__len__",
                                      "Box.grow", "Box.size", "Box.size=", "Box.unit", "Box.of"}));
  EXPECT_EQ(all[0].parameters.size(), 3);
  EXPECT_TRUE(all[0].parameters[1].takes_rest);
  EXPECT_TRUE(all[0].parameters[2].by_name_only && all[0].parameters[2].has_default);
  EXPECT_TRUE(all[1].is_last_resort && !all[1].uncallable.empty());
  EXPECT_EQ(all[0].literals.integers, (std::vector<std::int64_t>{2, 4096}));
  EXPECT_EQ(all[0].literals.texts, (std::vector<std::string>{"a\nb"}));
  EXPECT_TRUE(all[3].makes_object && all[3].parameters.size() == 2);
  EXPECT_EQ(all[5].construction.size(), 2);
  EXPECT_EQ(all[5].doc, "Wider.");
  EXPECT_EQ(all[6].kind, Function::Kind::property);
  EXPECT_EQ(all[7].kind, Function::Kind::method);
  EXPECT_EQ(all[8].kind, Function::Kind::static_method);
  EXPECT_EQ(all[9].parameters.size(), 1);
}

TEST(PythonSource, TextsThatAParameterIsComparedWithAreItsOwn) {
  const std::vector<Function> all = read(R"(
def post(url: str, payload=None):
    if url == "/add" or "/users" == url:
        data = json.loads(payload)
        return data["user"], data["amount"], "other"
)");
  EXPECT_EQ(all.at(0).parameters.at(0).type.texts, (std::vector<std::string>{"/add", "/users"}));
  const Type& payload = all.at(0).parameters.at(1).type;
  EXPECT_EQ(payload.kind, Kind::text);
  ASSERT_FALSE(payload.texts.empty());
  EXPECT_EQ(payload.texts.front(), R"({"user":"a","amount":"b"})");
}

TEST(PythonSource, WhatAConstructorKeepsIsWhatTheClassUsesItAs) {
  const std::vector<Function> all = read(R"(
class Cell:
    LIMIT = 77
    def __init__(self, start):
        self.start = start or "none"
        self.watchers = []
    def watch(self, watcher): self.watchers.append(watcher)
    def tell(self):
        for one in self.watchers: one(self.start.lower(), self.LIMIT)

class Named(Cell):
    pass

class Board:
    def __init__(self, cells, rule):
        self.cells = cells
        self.rule = rule
    def ask(self): return [self.rule(cell.start) for cell in self.cells if cell.tell()]

def show(lines): return Text.of(lines)

class Text:
    @staticmethod
    def of(lines): return lines.splitlines()
)");
  const auto named = [&](std::string_view name) {
    return *std::ranges::find_if(all,
                                 [&](const Function& one) { return one.qualified_name() == name; });
  };
  EXPECT_EQ(named("Cell.__init__").parameters.at(0).type.kind, Kind::text);
  EXPECT_EQ(named("Cell.watch").parameters.at(0).type.kind, Kind::expression);  // A function.
  EXPECT_EQ(named("Cell.tell").literals.integers, (std::vector<std::int64_t>{77}));
  const Function inherited = named("Named.__init__");
  EXPECT_TRUE(inherited.makes_object && !inherited.uncallable.empty());
  EXPECT_EQ(inherited.construction.size(), 1);
  EXPECT_EQ(inherited.bases, (std::vector<std::string>{"Cell"}));
  const Function board = named("Board.__init__");
  ASSERT_EQ(board.parameters.at(0).type.kind, Kind::any_of);
  EXPECT_EQ(board.parameters.at(0).type.of.back().of.at(0).name, "Named");
  EXPECT_EQ(board.parameters.at(1).type.kind, Kind::expression);
  EXPECT_EQ(named("show").parameters.at(0).type.kind, Kind::text);
  EXPECT_EQ(named("Text.of").literals.texts, (std::vector<std::string>{"\n"}));
}

TEST(PythonSource, ValuesOfTheStandardLibraryAndOfSets) {
  const Type date = parameter_type("datetime.date");
  EXPECT_EQ(date.kind, Kind::expression);
  EXPECT_TRUE(date.texts.at(0).starts_with("datetime.date("));
  EXPECT_EQ(parameter_type("Decimal | None").of.at(0).kind, Kind::expression);
  EXPECT_EQ(parameter_type("Literal['a', 2]").texts, (std::vector<std::string>{"'a'", "2"}));
  const std::vector<Function> all = read(
      "class Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n    _ignore_ = []\ndef f(color: Color): "
      "pass\n");
  EXPECT_EQ(all.at(0).parameters.at(0).type.texts,
            (std::vector<std::string>{"Color.RED", "Color.BLUE"}));
}

TEST(PythonSource, WhatTheDocstringPassesIsAnExample) {
  const std::vector<Function> all = read(R"(
def join(parts: list, mark="-", *, upper=False):
    """Joins.

    >>> join(["a", "b"])
    'a-b'
    >>> text.strip(join(["a", None, (-1, 2.5)], mark=", "))
    >>> join(["a"], upper=True)
    >>> join(parts)
    >>> joined(["a"])
    """
)");
  const auto text = [](const char* said) { return Value::of(std::string(said)); };
  Value pair = Value::list({Value::of(std::int64_t{-1}), Value::of(2.5)});
  pair.kind = Value::Kind::tuple;
  const std::vector<std::vector<Value>> expected{
      {Value::list({text("a"), text("b")})},
      {Value::list({text("a"), Value::none(), pair}), text(", ")},
      {Value::list({text("a")}), Value::omitted(), Value::boolean(true)}};
  EXPECT_EQ(all.at(0).examples, expected);
}

TEST(PythonSource, WhatAParameterIsByAliasesQuestionsAndImports) {
  const std::vector<Function> all = read(R"(
from decimal import Decimal
Mode = Literal["fast", "exact"]
def f(mode: Mode, other, plain):
    if isinstance(other, (Decimal, str)): return 1

class Span:
    def __init__(self, size=0): self.size = size
    def __add__(self, other): return Span(self.size + other.size)
def _fill(name): pass
_fill("person")
)");
  EXPECT_EQ(all.at(0).parameters.at(0).type.texts,
            (std::vector<std::string>{"\"fast\"", "\"exact\""}));
  const Type& other = all.at(0).parameters.at(1).type;
  ASSERT_EQ(other.kind, Kind::any_of);
  EXPECT_EQ(other.of.back().kind, Kind::text);
  EXPECT_EQ(all.at(0).parameters.at(2).type.kind, Kind::any_of);     // It may be a Decimal.
  EXPECT_EQ(all.at(2).parameters.at(0).type.of.at(0).name, "Span");  // Behind its constructor.
  for (const Function& one : all) EXPECT_EQ(one.literals.texts.back(), "person");
}

TEST(PythonSource, WhatMayDependOnHashes) {
  const auto depends = [](const char* text) {
    return python_depends_on_hashes(*syntax::parse(syntax::Language::python, text), text);
  };
  for (const char* text : {"a = {1, 2}", "a = set(b)", "from .x import y", "import numpy as np",
                           "def f(a): return hash(a)"})
    EXPECT_TRUE(depends(text)) << text;
  for (const char* text : {"a = {1: 2}", "import re, math", "from typing import Set"})
    EXPECT_FALSE(depends(text)) << text;
}

TEST(PythonSource, WhatDoesNotParseIsLeftOut) {
  EXPECT_TRUE(read("def f(:\n  return (\n").empty());
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("\xff\xfe\x01").empty());
}

}  // namespace
}  // namespace leyden::qa
