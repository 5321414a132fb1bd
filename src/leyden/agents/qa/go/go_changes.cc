#include "leyden/agents/qa/go/go_changes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "leyden/agents/qa/go/go_syntax.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 300;

// What a call of these is given stays as it is.
bool leaves_alone(std::string_view called) {
  static constexpr std::array kBuiltins = {"len", "cap", "append", "string", "int", "float64"};
  static constexpr std::array kPackages = {"fmt.",  "strings.", "strconv.",
                                           "math.", "errors.",  "unicode."};
  return std::ranges::find(kBuiltins, called) != kBuiltins.end() ||
         std::ranges::any_of(kPackages,
                             [&](std::string_view one) { return called.starts_with(one); });
}

// One method: what it does to what its receiver's name stands for.
class Body {
 public:
  Body(Node body, std::string_view text, std::string_view receiver)
      : text_(text), receiver_(receiver) {
    walk(body, 0);
  }
  bool changes = false;
  std::set<std::string> calls;  // Methods of the same object.

 private:
  // "c" of c.items[i].name
  [[nodiscard]] bool is_of_receiver(Node node) const {
    for (std::size_t depth = 0; node && depth < kDepthMax; ++depth) {
      if (node.type() == "identifier") return node.text(text_) == receiver_;
      if (node.named_child_count() == 0) return false;
      node = node.named_child(0);
    }
    return false;
  }

  void walk(Node node, std::size_t depth) {
    if (changes || depth > kDepthMax) return;
    const std::string_view type = node.type();
    if (type == "assignment_statement" || type == "inc_statement" || type == "dec_statement") {
      const Node left = type == "assignment_statement" ? node.field("left") : node;
      for (const Node one : left.named_children())
        changes = changes || (one.type() != "identifier" && is_of_receiver(one));
    }
    if (type == "unary_expression" && node.text(text_).starts_with('&') && is_of_receiver(node))
      changes = true;
    if (type == "send_statement" && is_of_receiver(node)) changes = true;
    if (type == "call_expression") read_call(node);
    for (const Node child : node.named_children()) walk(child, depth + 1);
  }

  void read_call(Node call) {
    const Node called = call.field("function");
    const std::string_view name = called.text(text_);
    if (called.type() == "selector_expression" && is_of_receiver(called)) {
      const Node operand = called.field("operand");
      if (operand.type() == "identifier") {
        calls.emplace(called.field("field").text(text_));
      } else {
        changes = true;  // What a part of it does is not known.
      }
    }
    if (leaves_alone(name)) return;
    for (const Node one : call.field("arguments").named_children())
      changes = changes || is_of_receiver(one);
  }

  std::string_view text_;
  std::string_view receiver_;
};

}  // namespace

std::map<std::string, std::set<std::string>> go_changing_methods(const std::vector<GoFile>& files) {
  std::map<std::string, std::set<std::string>> out;
  std::map<std::string, std::map<std::string, std::set<std::string>>> calls;
  for (const GoFile& file : files) {
    for (const Node node : file.tree.root().named_children()) {
      if (node.type() != "method_declaration") continue;
      const GoReceiver receiver = go_receiver(node, file.text);
      const std::string of(receiver.type.text(file.text));
      const std::string name(node.field("name").text(file.text));
      const Body body(node.field("body"), file.text, receiver.name);
      if (body.changes) out[of].insert(name);
      calls[of][name] = body.calls;
    }
  }
  for (auto& [of, methods] : calls) {
    std::set<std::string>& changing = out[of];
    for (bool again = true; again;) {
      again = false;
      for (const auto& [name, called] : methods) {
        const bool changes = std::ranges::any_of(called, [&](const std::string& one) {
          return changing.contains(one) || !methods.contains(one);
        });
        again = (changes && changing.insert(name).second) || again;
      }
    }
  }
  return out;
}

}  // namespace leyden::qa
