#include "leyden/agents/qa/go/go_clock.h"

#include <vector>

#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Node;

// What takes the place of a function of the package time; empty: it is none that looks at the wall clock.
std::string_view moved(std::string_view function) {
  if (function == "time.Now") return "leydenNow";
  if (function == "time.Since") return "leydenNow().Sub";
  if (function == "time.Until") return "-leydenNow().Sub";
  return {};
}

// Those that are called, in the order of the text.
void collect_called(Node node, std::string_view text, std::vector<Node>& out) {
  const Node called = node.type() == "call_expression" ? node.field("function") : Node();
  if (called && !moved(called.text(text)).empty()) out.push_back(called);
  for (const Node child : node.named_children()) collect_called(child, text, out);
}

}  // namespace

std::string go_with_movable_clock(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::go, text);
  std::vector<Node> called;
  if (tree) collect_called(tree->root(), text, called);
  if (called.empty()) return std::string(text);
  std::string out;
  std::size_t at = 0;
  for (const Node node : called) {
    out += text.substr(at, node.begin() - at);
    out += moved(node.text(text));
    at = node.end();
  }
  out += text.substr(at);
  return out + "\nvar _ = time.Now\n";  // The import is used.
}

}  // namespace leyden::qa
