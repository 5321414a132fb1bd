#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "leyden/agents/qa/compiled/schemata.h"
#include "leyden/agents/qa/function.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

struct GoFile {
  std::string name;  // "cart.go"
  std::string text;
  syntax::Tree tree;
};

// What Go needs to know of a function beyond qa::Function.
struct GoCallable {
  std::string call;             // "Total", "Map[int, string]"; of a method its name.
  std::string object;           // A method's type, without a star.
  bool by_pointer = false;      // The method changes its object.
  bool takes_rest = false;      // The last parameter is variadic.
  std::string maker;            // "NewCart"; empty: a literal makes the object.
  bool maker_rest = false;      // As takes_rest.
  bool maker_points = true;     // It gives a pointer.
  bool maker_may_fail = false;  // It gives an error, too.
  std::size_t results = 0;
};

struct GoSource {
  std::string package;
  std::vector<Function> functions;
  std::vector<GoCallable> callables;                        // Beside each.
  std::vector<BodySpan> bodies;                             // Of functions, in the target.
  std::map<std::string, std::vector<std::string>> choices;  // Expressions of a type that has few.
  std::map<std::string, std::vector<std::string>>
      fields;  // Of a structure: those that are given values.
  std::map<std::string, std::vector<std::string>>
      implementations;                          // Of an interface: types that are passed for it.
  std::set<std::string> texts;                  // Types of the library that are made of texts.
  std::map<std::string, std::string> integers;  // Of its own types: what they are made of.
  std::map<std::string, std::string> helpers;   // Declarations by the name that a test uses.
  std::map<std::string, std::string> imports;   // Paths by what they are called.
  std::set<std::string> names;                  // Of all that the package declares.
};

// `files` are the package's, without tests, the target last; the rest as GoTypes says.
[[nodiscard]] GoSource go_source(const std::vector<GoFile>& files,
                                 const std::set<std::string>& taken = {}, bool plain = false);

}  // namespace leyden::qa
