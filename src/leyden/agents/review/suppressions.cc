#include "leyden/agents/review/suppressions.h"

#include <algorithm>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

constexpr std::string_view kMark = "leyden:ignore";

std::string_view word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(end);
  return out;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

Suppression read(std::string_view text, std::string_view today) {
  Suppression out;
  for (const std::string_view end : {"*/", "-->", "#}"}) {
    if (const std::size_t at = text.find(end); at != std::string_view::npos)
      text = text.substr(0, at);
  }
  std::string_view rules = word(text);
  while (!rules.empty()) {
    const std::size_t comma = std::min(rules.find(','), rules.size());
    if (comma > 0) out.rules.emplace_back(rules.substr(0, comma));
    rules.remove_prefix(std::min(comma + 1, rules.size()));
  }
  std::string_view rest = text;
  if (const std::string_view next = word(rest); next.starts_with("until=")) {
    out.until = next.substr(6);
    text = rest;
  }
  const std::size_t begin = text.find_first_not_of(" \t-:");
  if (begin != std::string_view::npos) out.reason = text.substr(begin);
  while (!out.reason.empty() && (out.reason.back() == ' ' || out.reason.back() == '\r'))
    out.reason.pop_back();
  if (out.rules.empty()) {
    out.problem = "it names no rule";
  } else if (out.reason.empty()) {
    out.problem = "it gives no reason";
  } else if (!out.until.empty() &&
             (out.until.size() != 10 || out.until[4] != '-' || out.until[7] != '-')) {
    out.problem = "until is no date like 2027-01-31";
  } else if (!out.until.empty() && out.until < today) {
    out.problem = "it was good until " + out.until;
  }
  return out;
}

}  // namespace

std::vector<Suppression> find_suppressions(const SourceFile& file, std::string_view today) {
  std::vector<Suppression> out;
  const std::string_view text = file.text();
  std::vector<std::pair<std::size_t, std::size_t>> comments;  // Where there is a tree, only there.
  if (text.find(kMark) == std::string_view::npos) return out;
  if (file.tree() != nullptr) {
    file.walk_nodes([&](syntax::Node node) {
      if (shape_of(file.language(), node) != Shape::comment) return true;
      comments.emplace_back(node.begin(), node.end());
      return false;
    });
  }
  for (std::size_t at = text.find(kMark); at != std::string_view::npos;
       at = text.find(kMark, at + 1)) {
    const bool in_comment = std::ranges::any_of(
        comments, [&](const auto& comment) { return comment.first <= at && at < comment.second; });
    if (file.tree() != nullptr && !in_comment) continue;
    if (at > 0 && text[at - 1] == '`') continue;  // It is spoken of.
    const std::size_t line = file.line_of(at);
    const std::string_view content = file.line(line);
    const std::size_t column = at - file.line_begin(line);
    Suppression one = read(content.substr(column + kMark.size()), today);
    one.line = line;
    one.in_comment = in_comment;
    one.applies = line;
    // Alone on its line: for the next that is neither blank nor a comment.
    const std::string_view before = content.substr(0, column);
    const bool alone = before.find_first_not_of(" \t#/*-<!;%\"'") == std::string_view::npos;
    while (alone && one.applies < file.line_count()) {
      ++one.applies;
      const std::string_view next = file.line(one.applies);
      if (is_blank(next)) continue;
      const std::size_t begin = file.line_begin(one.applies) + next.find_first_not_of(" \t");
      if (std::ranges::none_of(comments, [&](const auto& comment) {
            return comment.first <= begin && begin < comment.second;
          }))
        break;
    }
    out.push_back(std::move(one));
  }
  return out;
}

const Suppression* suppression_of(const Finding& finding, std::vector<Suppression>& suppressions) {
  for (Suppression& one : suppressions) {
    if (!one.problem.empty() || one.applies != finding.range.first_line) continue;
    if (std::ranges::any_of(one.rules, [&](const std::string& rule) {
          return rule == finding.rule ||
                 (rule.ends_with(".*") &&
                  finding.rule.starts_with(rule.substr(0, rule.size() - 1)));
        })) {
      one.used = true;
      return &one;
    }
  }
  return nullptr;
}

}  // namespace leyden::review
