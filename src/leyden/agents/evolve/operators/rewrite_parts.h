#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/evolve/operators/rewrites.h"

namespace leyden::evolve {

// What the kinds of rewrites are made of: for rewrites.cc and the files of its kinds only.

void add_loop_rewrites(const Program& program, std::vector<Rewrite>& out);
void add_container_rewrites(const Program& program, std::vector<Rewrite>& out);
void add_memoisations(const Program& program, std::vector<Rewrite>& out);

// Each named node, outer ones first.
void for_each_node(const Program& program, const std::function<void(syntax::Node)>& visit);
void for_each_node_in(syntax::Node root, const std::function<void(syntax::Node)>& visit);

[[nodiscard]] Edit replacing(syntax::Node node, std::string text);
// A line of its own before the statement.
[[nodiscard]] Edit line_before(const Program& program, syntax::Node statement,
                               std::string_view line);
// `line` ("#include <map>", "import functools") before the first thing of the file that may change; no edit where the text has it.
void add_head_line(const Program& program, std::string_view line, std::vector<Edit>& edits);
// `stem`, or with a number, so that the text does not have it yet.
[[nodiscard]] std::string fresh_name(const Program& program, std::string_view stem);
[[nodiscard]] bool is_loop(syntax::Node node);

}  // namespace leyden::evolve
