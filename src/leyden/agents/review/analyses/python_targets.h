#pragma once

#include <vector>

#include "leyden/syntax/node.h"

namespace leyden::review {

// A name that Python code gives a value to: by itself, or as one of several that a value is taken apart into or a loop goes through.
struct Target {
  syntax::Node name;
  bool is_part = false;
};

// The names in what stands left of an assignment or behind `for`: (a, (b, *c)) are three.
void add_targets(syntax::Node target, bool is_part, std::vector<Target>& out);

// What this statement or clause gives a value to: assignments, loops, `except ... as`.
void add_targets_of(syntax::Node statement, std::vector<Target>& out);

}  // namespace leyden::review
