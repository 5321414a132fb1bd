#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/doc_example.h"
#include "leyden/agents/qa/toolchain.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

// How a test gets at a function or class.
struct JavascriptExport {
  enum class Way : std::uint8_t { named, by_default, whole };  // `whole`: module.exports itself.
  Way way = Way::named;
  std::string name;  // Of `named`.
  bool operator==(const JavascriptExport&) const = default;
};

struct JavascriptSource {
  bool is_esm = false;  // It imports or exports as ES modules do.
  std::vector<Function> functions;
  std::map<std::string, JavascriptExport>
      exports;  // Of functions and classes, by their names here.
  // Functions that give objects of classes which a test can't make, by the class.
  std::map<std::string, std::string> makers;
  std::vector<DocExample> examples;  // `add(1, 2) // => 3`, or the comment in the next line.
  std::vector<std::string> hidden;   // Fields that TypeScript calls private or protected.
};

// What a test can call in a JavaScript or TypeScript file: the functions and classes that it exports, by ES modules' `export`, `module.exports` or
// `exports`, and public methods, getters and static methods of the classes. Types come from TypeScript's annotations, interfaces and aliases, or from
// JSDoc; where there are none, from defaults, names and what the body does with a parameter.
[[nodiscard]] JavascriptSource javascript_source(const syntax::Tree& tree, std::string_view text);

// What a statement's test is called, if it is a call of test() or it() with a name.
[[nodiscard]] std::optional<std::string> javascript_test_name(syntax::Node statement,
                                                              std::string_view text);

// Whether a text uses a name otherwise than as a property.
[[nodiscard]] bool uses_name(std::string_view text, std::string_view name);

}  // namespace leyden::qa
