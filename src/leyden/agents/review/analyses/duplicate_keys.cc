#include "leyden/agents/review/analyses/duplicate_keys.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

using syntax::Node;

constexpr std::array<std::string_view, 4> kTables = {"dictionary", "object", "hash",
                                                     "array_creation_expression"};
constexpr std::array<std::string_view, 9> kConstants = {
    "string",          "integer",       "number",          "float",         "property_identifier",
    "hash_key_symbol", "simple_symbol", "encapsed_string", "string_literal"};

Node key_of(Node entry) {
  if (entry.type() == "pair") return entry.field("key");
  const bool with_key =
      entry.type() == "array_element_initializer" && entry.named_child_count() == 2;
  return with_key ? entry.named_child(0) : Node();
}

// What the key is, however it is quoted; empty: not known here.
std::string_view constant(const CodeModel& model, Node key) {
  if (!key || std::ranges::find(kConstants, key.type()) == kConstants.end()) return {};
  for (std::uint32_t i = 0; i < key.named_child_count(); ++i) {
    const std::string_view part = key.named_child(i).type();
    if (!part.starts_with("string_") && !part.starts_with("escape"))
      return {};  // A value is put in.
  }
  const std::string_view text = model.text(key);
  const bool quoted = text.size() > 2 && (text[0] == '"' || text[0] == '\'') && text[1] != text[0];
  // A symbol and a string are two keys, and so are 1 and "1" but in JavaScript.
  const bool same_as_bare = key.type() == "string" && key.parent().parent().type() == "object";
  return quoted && same_as_bare ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

void find_duplicate_keys(const CodeModel& model, const Rule&, const ReportHit& report) {
  if (model.file().tree() == nullptr) return;
  model.file().walk_nodes([&](Node table) {
    if (std::ranges::find(kTables, table.type()) == kTables.end()) return true;
    std::unordered_map<std::string_view, Node> seen;
    for (const Node entry : table.named_children()) {
      const Node key = key_of(entry);
      const std::string_view text = constant(model, key);
      if (text.empty()) continue;
      const auto [first, is_new] = seen.emplace(text, key);
      if (is_new) continue;
      report({.begin = key.begin(),
              .end = key.end(),
              .names = {{"key", std::string(text)},
                        {"line", std::to_string(first->second.first_line())}}});
    }
    return true;
  });
}

}  // namespace leyden::review
