#include "leyden/agents/review/analyses/unused_names.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/analyses/python_targets.h"
#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

using Words = std::set<std::string_view>;

// Words of a text: what a string may name.
void add_words(std::string_view text, Words& out) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || static_cast<unsigned char>(c) >= 0x80;
    if (part) continue;
    if (i > begin) out.insert(text.substr(begin, i - begin));
    begin = i + 1;
  }
}

bool in_try_or_branch(Node node) {
  for (Node up = node.parent(); up; up = up.parent()) {
    const std::string_view type = up.type();
    if (type == "try_statement" || type == "if_statement" || type == "except_clause") return true;
  }
  return false;
}

}  // namespace

void find_unused_imports(const CodeModel& model, const Rule&, const ReportHit& report) {
  if (model.language() != Language::python || model.file().tree() == nullptr) return;
  struct Import {
    std::string_view name;
    Node node;
  };
  std::vector<Import> imports;
  Words used;
  model.file().walk_nodes([&](Node node) {
    const std::string_view type = node.type();
    if (type == "future_import_statement") return false;
    if (type == "import_statement" || type == "import_from_statement") {
      // Tried, or only where something holds: there for what it does, or for others to take.
      if (in_try_or_branch(node)) return false;
      for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
        const Node child = node.named_child(i);
        if (child == node.field("module_name")) continue;
        if (child.type() == "aliased_import") {
          const Node alias = child.field("alias");
          // `import a as a` says that it is for others.
          if (model.text(alias) != model.text(child.field("name")))
            imports.push_back({.name = model.text(alias), .node = child});
        } else if (child.type() == "dotted_name") {
          const std::string_view whole = model.text(child);
          imports.push_back({.name = whole.substr(0, whole.find('.')), .node = child});
        }
      }
      return false;
    }
    if (type == "identifier") used.insert(model.text(node));
    if (type == "string_content" || type == "string") {
      if (node.end() - node.begin() < 2000) add_words(model.text(node), used);
    }
    if (type == "comment" && model.text(node).find("type:") != std::string_view::npos)
      add_words(model.text(node), used);
    return true;
  });
  for (const Import& one : imports) {
    if (used.contains(one.name) || one.name.starts_with('_')) continue;
    report({.begin = one.node.begin(),
            .end = one.node.end(),
            .names = {{"name", std::string(model.text(one.node))}}});
  }
}

namespace {

bool reads_everything(std::string_view name) {
  return name == "locals" || name == "eval" || name == "exec" || name == "vars";
}

class UnusedVariables {
 public:
  UnusedVariables(const CodeModel& model, Node function) : model_(model) {
    model.file().walk_below(function.field("body"), [&](Node node) {
      const std::string_view type = node.type();
      if (type == "identifier") {
        const std::string_view text = model.text(node);
        ++named_[text];
        dynamic_ = dynamic_ || reads_everything(text);
      }
      if (type == "global_statement" || type == "nonlocal_statement" ||
          type == "class_definition") {
        add_elsewhere(node);  // A class's body gives its members values.
        return false;
      }
      if (model.function_around(node) == function) {
        std::vector<Target> here;
        add_targets_of(node, here);
        for (const Target& one : here) given_[model.text(one.name)].push_back(one);
      }
      return true;
    });
  }

  // Those that nothing reads, by name.
  [[nodiscard]] std::vector<Target> unused() const {
    std::vector<Target> out;
    if (dynamic_) return out;
    for (const auto& [name, places] : given_) {
      if (!name.starts_with('_') && name != "unused" && named_.at(name) <= places.size())
        out.push_back(places[0]);
    }
    return out;
  }

 private:
  void add_elsewhere(Node node) {
    model_.file().walk_below(node, [&](Node inner) {
      if (inner.type() == "identifier") named_[model_.text(inner)] += 1000;
      return true;
    });
  }

  const CodeModel& model_;
  std::map<std::string_view, std::vector<Target>> given_;
  std::map<std::string_view, std::size_t> named_;  // How often at all.
  bool dynamic_ = false;                           // locals(), eval: all may be read.
};

struct UnusedTargets {
  std::vector<Target> all;
};

void find_unused(const CodeModel& model, bool parts, const ReportHit& report) {
  if (model.language() != Language::python) return;
  const auto& unused = model.shared<UnusedTargets>([&] {
    UnusedTargets out;
    for (const Node function : model.functions()) {
      if (function.type() != "function_definition" || !function.field("body")) continue;
      const auto of_this = UnusedVariables(model, function).unused();
      out.all.insert(out.all.end(), of_this.begin(), of_this.end());
    }
    return out;
  });
  for (const Target& one : unused.all) {
    if (one.is_part != parts) continue;
    report({.begin = one.name.begin(),
            .end = one.name.end(),
            .names = {{"name", std::string(model.text(one.name))}}});
  }
}

}  // namespace

void find_unused_variables(const CodeModel& model, const Rule&, const ReportHit& report) {
  find_unused(model, false, report);
}

void find_unused_parts(const CodeModel& model, const Rule&, const ReportHit& report) {
  find_unused(model, true, report);
}

}  // namespace leyden::review
