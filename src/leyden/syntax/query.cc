#include "leyden/syntax/query.h"

#include <algorithm>
#include <span>

#include <tree_sitter/api.h>

#include "leyden/syntax/grammars.h"

namespace leyden::syntax {
namespace {

std::string_view why(TSQueryError error) {
  switch (error) {
    case TSQueryErrorNodeType:
      return "no such node";
    case TSQueryErrorField:
      return "no such field";
    case TSQueryErrorCapture:
      return "no such capture";
    case TSQueryErrorStructure:
      return "a pattern that the grammar makes impossible";
    default:
      return "wrong syntax";
  }
}

}  // namespace

void Query::Deleter::operator()(TSQuery* query) const { ts_query_delete(query); }

Result<Query> Query::compile(Language language, std::string_view source) {
  const TSLanguage* grammar = grammar_of(language);
  if (grammar == nullptr)
    return fail(Errc::unsupported, "there is no parser for {}", to_string(language));
  std::uint32_t at = 0;
  TSQueryError error = TSQueryErrorNone;
  TSQuery* compiled =
      ts_query_new(grammar, source.data(), static_cast<std::uint32_t>(source.size()), &at, &error);
  if (compiled == nullptr) {
    const auto line = 1 + std::ranges::count(source.substr(0, at), '\n');
    return fail(Errc::invalid_argument, "the query for {} is wrong at line {}, byte {}: {}",
                to_string(language), line, at, why(error));
  }
  Query query(compiled, language);
  if (auto read = query.read_predicates(); !read) return std::unexpected(read.error());
  return query;
}

Result<void> Query::read_predicates() {
  auto string_of = [&](std::uint32_t id) {
    std::uint32_t size = 0;
    const char* string = ts_query_string_value_for_id(query_.get(), id, &size);
    return std::string_view(string, size);
  };
  predicates_.resize(ts_query_pattern_count(query_.get()));
  for (std::uint32_t pattern = 0; pattern < predicates_.size(); ++pattern) {
    std::uint32_t count = 0;
    const TSQueryPredicateStep* steps =
        ts_query_predicates_for_pattern(query_.get(), pattern, &count);
    std::span<const TSQueryPredicateStep> rest(steps, count);
    while (!rest.empty()) {
      const auto end =
          std::ranges::find(rest, TSQueryPredicateStepTypeDone, &TSQueryPredicateStep::type);
      const auto parts = rest.first(static_cast<std::size_t>(end - rest.begin()));
      rest = rest.subspan(parts.size() + 1);
      std::string_view name = string_of(parts[0].value_id);
      Predicate predicate{.relation = {},
                          .negated = name.starts_with("not-"),
                          .left = 0,
                          .right = {},
                          .pattern = {}};
      if (predicate.negated) name.remove_prefix(4);
      const bool one = name == "eq?" || name == "match?";  // To compare with; otherwise any number.
      if (name == "eq?" || name == "any-of?") {
        predicate.relation = Relation::equals;
      } else if (name == "match?") {
        predicate.relation = Relation::matches;
      } else if (name == "has-ancestor?") {
        predicate.relation = Relation::has_ancestor;
      } else if (name == "has-parent?") {
        predicate.relation = Relation::has_parent;
      } else {
        return fail(Errc::unsupported, "a query's predicate #{} is not one that is known", name);
      }
      if (parts.size() < 3 || (one && parts.size() != 3) ||
          parts[1].type != TSQueryPredicateStepTypeCapture) {
        return fail(Errc::invalid_argument,
                    "a query's predicate #{} takes a capture and what to compare it with", name);
      }
      predicate.left = parts[1].value_id;
      for (const TSQueryPredicateStep& part : parts.subspan(2)) {
        if (part.type == TSQueryPredicateStepTypeCapture)
          predicate.right.push_back({.is_capture = true, .capture = part.value_id, .string = {}});
        else
          predicate.right.push_back({.string = std::string(string_of(part.value_id))});
      }
      if (predicate.relation == Relation::matches) {
        auto compiled = Pattern::compile(predicate.right[0].string);
        if (!compiled) return std::unexpected(compiled.error());
        predicate.pattern = std::make_shared<const Pattern>(*std::move(compiled));
      }
      predicates_[pattern].push_back(std::move(predicate));
    }
  }
  return {};
}

std::size_t Query::pattern_begin(std::size_t pattern) const {
  return ts_query_start_byte_for_pattern(query_.get(), static_cast<std::uint32_t>(pattern));
}

Node Match::operator[](std::string_view name) const {
  const auto found = std::ranges::find(captures, name, &Capture::name);
  return found == captures.end() ? Node() : found->node;
}

bool Query::holds(const Predicate& predicate, std::span<const TSQueryCapture> captures,
                  std::string_view text) {
  // What is not there (an optional part of the pattern) equals nothing, as in tree-sitter's own bindings: the predicate holds.
  const auto node_of = [&](std::uint32_t index) {
    const auto found = std::ranges::find(captures, index, &TSQueryCapture::index);
    return found == captures.end() ? Node() : Node(found->node);
  };
  const Node left = node_of(predicate.left);
  if (!left) return true;
  const auto is_type = [&](Node node) {
    return std::ranges::any_of(
        predicate.right, [&](const Operand& operand) { return operand.string == node.type(); });
  };
  bool is_so = false;
  switch (predicate.relation) {
    case Relation::equals:
      is_so = std::ranges::any_of(predicate.right, [&](const Operand& operand) {
        return left.text(text) == (operand.is_capture ? node_of(operand.capture).text(text)
                                                      : std::string_view(operand.string));
      });
      break;
    case Relation::matches:
      is_so = predicate.pattern->find(left.text(text)).has_value();
      break;
    case Relation::has_parent:
      is_so = is_type(left.parent());
      break;
    case Relation::has_ancestor:
      for (Node around = left.parent(); around && !is_so; around = around.parent())
        is_so = is_type(around);
      break;
  }
  return is_so != predicate.negated;
}

Matches Query::run(const Tree& tree, std::string_view text, std::size_t matches_max,
                   std::stop_token stop) const {
  Matches out;
  if (tree.language() != language_) return out;
  std::unique_ptr<TSQueryCursor, decltype(&ts_query_cursor_delete)> cursor(ts_query_cursor_new(),
                                                                           ts_query_cursor_delete);
  // Of matches that are being tried at one time: without it a hostile text makes them many.
  ts_query_cursor_set_match_limit(cursor.get(), 256);
  const TSQueryCursorOptions options{
      .payload = &stop, .progress_callback = [](TSQueryCursorState* state) {
        return static_cast<const std::stop_token*>(state->payload)->stop_requested();
      }};
  ts_query_cursor_exec_with_options(cursor.get(), query_.get(), ts_tree_root_node(tree.get()),
                                    &options);
  TSQueryMatch match;
  while (ts_query_cursor_next_match(cursor.get(), &match)) {
    const std::span captures(match.captures, match.capture_count);
    if (!std::ranges::all_of(predicates_[match.pattern_index], [&](const Predicate& predicate) {
          return holds(predicate, captures, text);
        }))
      continue;
    if (out.matches.size() == matches_max) {
      out.complete = false;
      return out;
    }
    Match& found = out.matches.emplace_back(Match{.pattern = match.pattern_index, .captures = {}});
    for (const TSQueryCapture& capture : captures) {
      std::uint32_t size = 0;
      const char* name = ts_query_capture_name_for_id(query_.get(), capture.index, &size);
      found.captures.push_back({.name = std::string_view(name, size), .node = Node(capture.node)});
    }
  }
  out.complete = !ts_query_cursor_did_exceed_match_limit(cursor.get()) && !stop.stop_requested();
  return out;
}

}  // namespace leyden::syntax
