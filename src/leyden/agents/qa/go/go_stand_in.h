#pragma once

#include <set>
#include <string>
#include <vector>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

struct GoPart {
  std::string text;  // The type as the source has it: "[]string", "...int".
  Type type;         // Unknown: no values are made of it.
};

struct GoMethod {
  std::string name;
  std::vector<GoPart> takes;
  std::vector<GoPart> gives;
  std::string head;  // Of one of the library: as it stands there, with its body.
  std::string body;
};

// A type for tests with the methods that an interface wants: it notes what it is asked, answers with plain values, or with its error where it has one.
struct GoStandIn {
  std::string name;
  std::string text;                 // Its declaration.
  std::vector<std::string> values;  // Expressions that give one: it answers; it fails.
};
// `errors` are expressions of errors that it may have; `taken` are names that it can't have.
[[nodiscard]] GoStandIn go_stand_in(const std::string& interface,
                                    const std::vector<GoMethod>& methods,
                                    const std::vector<std::string>& errors,
                                    const std::set<std::string>& taken);

// A literal of a type that says something: 2, "ab", Point{X: 2, Y: 3}; empty: none is known. `number` counts, so that parts differ.
[[nodiscard]] std::string go_sample(const Type& type, std::size_t& number);

}  // namespace leyden::qa
