#include "leyden/agents/qa/helpers.h"

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

std::vector<std::string> helpers_of(syntax::Language language, const std::string& text,
                                    std::vector<Function> callable) {
  const auto tree = syntax::parse(language, text);
  EXPECT_TRUE(tree);
  const std::size_t first = callable.size();
  add_helpers(*tree, text, callable);
  std::vector<std::string> out;
  for (std::size_t i = first; i < callable.size(); ++i) {
    EXPECT_FALSE(callable[i].uncallable.empty());
    out.push_back(callable[i].qualified_name());
  }
  return out;
}

TEST(Helpers, ArePrivateFunctionsConstructorsAndSetters) {
  const std::string text = R"(def _fill():
    def inner():
        return 1
    return inner()

@overload
def twice(x: int) -> int: ...
def twice(x):
    return 2 * x

class Tank:
    def __init__(self):
        self._level = 0
    @level.setter
    def level(self, level):
        self._level = level
)";
  const std::size_t begin = text.find("def twice(x):");
  Function twice{.name = "twice", .begin = begin, .end = text.find("class Tank")};
  EXPECT_EQ(helpers_of(syntax::Language::python, text, {twice}),
            (std::vector<std::string>{"_fill", "Tank.__init__", "Tank.level"}));
}

TEST(Helpers, OfJavaScriptAreWhatIsNotExported) {
  const std::string text =
      "const half = (x) => x / 2;\nfunction twice(x) {\n  return x * 2;\n}\n"
      "exports.quarter = (x) => half(half(x));\n";
  Function quarter{.name = "quarter", .begin = text.find("exports"), .end = text.size()};
  EXPECT_EQ(helpers_of(syntax::Language::javascript, text, {quarter}),
            (std::vector<std::string>{"half", "twice"}));
}

}  // namespace
}  // namespace leyden::qa
