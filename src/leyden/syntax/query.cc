#include "leyden/syntax/query.h"

#include <algorithm>
#include <optional>
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
      const std::string_view name = string_of(parts[0].value_id);
      const bool any = name == "any-of?" || name == "not-any-of?";
      if (!any && name != "eq?" && name != "not-eq?")
        return fail(Errc::unsupported, "a query's predicate #{} is not one that is known", name);
      if (parts.size() < 3 || (!any && parts.size() != 3) ||
          parts[1].type != TSQueryPredicateStepTypeCapture) {
        return fail(Errc::invalid_argument,
                    "a query's predicate #{} takes a capture and what to compare it with", name);
      }
      Predicate predicate{
          .negated = name.starts_with("not-"), .left = parts[1].value_id, .right = {}};
      for (const TSQueryPredicateStep& part : parts.subspan(2)) {
        if (part.type == TSQueryPredicateStepTypeCapture)
          predicate.right.push_back({.is_capture = true, .capture = part.value_id, .string = {}});
        else
          predicate.right.push_back({.string = std::string(string_of(part.value_id))});
      }
      predicates_[pattern].push_back(std::move(predicate));
    }
  }
  return {};
}

Matches Query::run(const Tree& tree, std::string_view text, std::size_t matches_max) const {
  Matches out;
  if (tree.language() != language_) return out;
  std::unique_ptr<TSQueryCursor, decltype(&ts_query_cursor_delete)> cursor(ts_query_cursor_new(),
                                                                           ts_query_cursor_delete);
  // Of matches that are being tried at one time: without it a hostile text makes them many.
  ts_query_cursor_set_match_limit(cursor.get(), 4096);
  ts_query_cursor_exec(cursor.get(), query_.get(), ts_tree_root_node(tree.get()));
  TSQueryMatch match;
  while (ts_query_cursor_next_match(cursor.get(), &match)) {
    const std::span captures(match.captures, match.capture_count);
    // What is not there (an optional part of the pattern) equals nothing, as in tree-sitter's own bindings: the predicate holds.
    auto text_of = [&](std::uint32_t index) -> std::optional<std::string_view> {
      const auto found = std::ranges::find(captures, index, &TSQueryCapture::index);
      if (found == captures.end()) return std::nullopt;
      const std::uint32_t begin = ts_node_start_byte(found->node);
      return text.substr(begin, ts_node_end_byte(found->node) - begin);
    };
    auto holds = [&](const Predicate& predicate) {
      const auto left = text_of(predicate.left);
      if (!left) return true;
      const bool equal = std::ranges::any_of(predicate.right, [&](const Operand& operand) {
        return operand.is_capture ? text_of(operand.capture) == left : operand.string == *left;
      });
      return equal != predicate.negated;
    };
    if (!std::ranges::all_of(predicates_[match.pattern_index], holds)) continue;
    if (out.matches.size() == matches_max) {
      out.complete = false;
      return out;
    }
    Match& found = out.matches.emplace_back(Match{.pattern = match.pattern_index, .captures = {}});
    for (const TSQueryCapture& capture : captures) {
      std::uint32_t size = 0;
      const char* name = ts_query_capture_name_for_id(query_.get(), capture.index, &size);
      found.captures.push_back({.name = std::string_view(name, size),
                                .begin = ts_node_start_byte(capture.node),
                                .end = ts_node_end_byte(capture.node),
                                .first_line = ts_node_start_point(capture.node).row + 1,
                                .last_line = ts_node_end_point(capture.node).row + 1});
    }
  }
  out.complete = !ts_query_cursor_did_exceed_match_limit(cursor.get());
  return out;
}

}  // namespace leyden::syntax
