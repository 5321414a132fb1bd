#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

// Names that a type may use: aliases, interfaces and typedefs by their definition as text, classes by themselves.
struct JavascriptNames {
  // An object or array of the file's top, as far as it is made of plain values, as source text.
  struct Constant {
    std::vector<std::string> keys;
    std::vector<std::string> values;
  };
  std::map<std::string, std::string, std::less<>> types;
  std::map<std::string, bool, std::less<>> classes;  // That a test can make.
  std::map<std::string, std::vector<std::string>, std::less<>> enumerations;  // What a test passes.
  std::map<std::string, Constant, std::less<>> constants;
};

// What a type of TypeScript or JSDoc is for the making of values: `number[]`, `Map<string, number>`, `{a: number, b?: string}`,
// `"asc" | "desc"`, `keyof typeof SIZES`, `Pair[0]`, `(a: number) => boolean`, `{?number}`, `Array.<string>`. Unknown where it says nothing.
[[nodiscard]] Type javascript_type(std::string_view text, const JavascriptNames& names,
                                   std::size_t depth = 0);

// Callbacks of so many parameters that a test can pass.
[[nodiscard]] Type javascript_callback(std::size_t parameters, std::string_view result = {});

// Lists and objects of numbers hold whole ones, mostly.
[[nodiscard]] Type javascript_mostly_whole(Type type);

// `number` where nothing says that only whole ones come.
[[nodiscard]] Type javascript_number(bool may_be_broken);

}  // namespace leyden::qa
