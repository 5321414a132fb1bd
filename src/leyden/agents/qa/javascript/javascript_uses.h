#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/javascript/javascript_scope.h"

namespace leyden::qa {

// What the file does with a value: how often as what, and what it is asked for.
struct JavascriptUses {
  // A name or pattern, and where it is used.
  struct Place {
    syntax::Node pattern;
    syntax::Node scope;
  };
  struct Field {
    std::string name;
    syntax::Node key{};  // Where it is asked for,
    Place local{};       // Where it is taken out of the value by a pattern; else null.
    syntax::Node fallback{};
  };

  int text = 0;
  int map = 0;
  int own_map = 0;  // Map and Set, by their methods.
  int sequence = 0;
  int rows = 0;
  int number = 0;
  int division = 0;
  int called = 0;
  int date = 0;
  int expression = 0;  // A regular one.
  int boolean = 0;
  int truth = 0;           // In conditions.
  int one_or_several = 0;  // [].concat(it)
  int items = 0;           // it[i]
  bool may_be_missing = false;
  std::size_t called_with = 0;
  std::vector<Field> fields;
  std::vector<Place> elements;
  std::vector<Place> tuples;         // Patterns that take it apart by place.
  std::set<std::string_view> asked;  // Its fields and methods, all of them.
  std::vector<std::string> members;  // What it is compared with or looked up by, as source text.

  void note_field(Field field);
};

// What an object's pattern takes out of it: `{ a, b: c, d = 1 }`.
[[nodiscard]] std::vector<JavascriptUses::Field> javascript_fields(
    const JavascriptUses::Place& object, std::string_view text);

// Of what `what` names where it stands in `where`, and wherever it is handed on to: other names, fields of `this`, functions of the file. `what`: "rows",
// "rows[]" (an element of it), "this.rows", "options.name".
[[nodiscard]] JavascriptUses javascript_uses(const JavascriptScope& scope, syntax::Node where,
                                             std::string_view what);

}  // namespace leyden::qa
