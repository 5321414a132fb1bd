#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/value.h"
#include "leyden/syntax/node.h"

namespace leyden::qa {

// What a file defines that annotations may name.
struct PythonNames {
  std::set<std::string, std::less<>> classes;  // That a test can make.
  std::map<std::string, std::vector<std::string>, std::less<>>
      enumerations;  // With their members: "Color.RED".
};

// What an annotation means: `Optional[list[int]]`, `"Cart"`, `int | None`, `datetime.date`, `Literal["a", "b"]`. Unknown where it names what we
// can't make.
[[nodiscard]] Type python_annotation(std::string_view text, const PythonNames& names);

// The type of a parameter without an annotation: by its default, by what the body does with it, by its name. `text` is what the nodes are of.
[[nodiscard]] Type python_guess(std::string_view name, syntax::Node fallback, syntax::Node body,
                                std::string_view text);

}  // namespace leyden::qa
