#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/review/code_model.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'' || text.front() == '`'))
    return text.substr(1, text.size() - 2);
  return text;
}

Node child_of_type(Node parent, std::string_view wanted) {
  for (std::uint32_t i = 0; i < parent.named_child_count(); ++i) {
    if (parent.named_child(i).type() == wanted) return parent.named_child(i);
  }
  return {};
}

// Node's own modules may say so.
std::string node_module(std::string_view name) {
  return std::string(name.starts_with("node:") ? name.substr(5) : name);
}

}  // namespace

bool CodeModel::is_import(std::string_view type) {
  return type == "import_statement" || type == "import_from_statement" ||
         type == "import_declaration" || type == "use_declaration" ||
         type == "namespace_use_declaration";
}

void CodeModel::add_import(std::string_view alias, std::string name) {
  modules_.insert(name);
  if (!alias.empty() && alias != name)
    imports_.insert_or_assign(std::string(alias), std::move(name));
}

void CodeModel::read_import(Node node) {
  switch (file_.language()) {
    case Language::python:
      return import_python(node);
    case Language::javascript:
    case Language::typescript:
    case Language::tsx:
      return import_javascript(node);
    case Language::java:
      return import_java(node);
    case Language::go:
      return import_go(node);
    case Language::rust:
      return import_rust(node.field("argument"), "");
    case Language::php:
      return import_php(node);
    default:
      return;
  }
}

void CodeModel::import_python(Node node) {
  std::string module;
  if (node.type() == "import_from_statement") {
    module = text(node.field("module_name"));
    modules_.insert(module);
  }
  for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
    const Node child = node.named_child(i);
    if (child == node.field("module_name")) continue;
    const Node name = child.type() == "aliased_import" ? child.field("name") : child;
    if (name.type() != "dotted_name") continue;
    const Node alias = child.field("alias");
    if (module.empty()) {
      add_import(text(alias), std::string(text(name)));
    } else {
      add_import(text(alias ? alias : name), module + "." + std::string(text(name)));
    }
  }
}

void CodeModel::import_javascript(Node node) {
  const std::string module = node_module(unquoted(text(node.field("source"))));
  modules_.insert(module);
  const Node clause = child_of_type(node, "import_clause");
  for (std::uint32_t i = 0; i < clause.named_child_count(); ++i) {
    const Node child = clause.named_child(i);
    if (child.type() == "identifier") add_import(text(child), module);
    if (child.type() == "namespace_import") add_import(text(child.named_child(0)), module);
    if (child.type() != "named_imports") continue;
    for (std::uint32_t j = 0; j < child.named_child_count(); ++j) {
      const Node one = child.named_child(j);
      const Node alias = one.field("alias") ? one.field("alias") : one.field("name");
      add_import(text(alias), module + "." + std::string(text(one.field("name"))));
    }
  }
}

// const {exec: run} = require("child_process")
void CodeModel::add_require(Node declarator) {
  const auto call = call_of(file_.language(), declarator.field("value"), file_.text());
  if (!call || text(call->function) != "require" || call->arguments.size() != 1) return;
  const auto module = string_value(file_.language(), call->arguments[0].value, file_.text());
  if (!module) return;
  const std::string name = node_module(*module);
  modules_.insert(name);
  const Node pattern = declarator.field("name");
  if (pattern.type() == "identifier") imports_.insert_or_assign(std::string(text(pattern)), name);
  if (pattern.type() != "object_pattern") return;
  for (std::uint32_t i = 0; i < pattern.named_child_count(); ++i) {
    const Node one = pattern.named_child(i);
    if (one.type() == "shorthand_property_identifier_pattern")
      add_import(text(one), name + "." + std::string(text(one)));
    if (one.type() == "pair_pattern")
      add_import(text(one.field("value")), name + "." + std::string(text(one.field("key"))));
  }
}

void CodeModel::import_java(Node node) {
  const std::string full(text(node.named_child(0)));
  if (child_of_type(node, "asterisk")) {
    modules_.insert(full);
  } else {
    add_import(last_part(full), full);
  }
}

// What a Go package is called where it is imported: the last part of its path, its version left out.
std::string_view CodeModel::package_name(std::string_view path) {
  const std::string_view last = last_part(path);
  if (last.starts_with('v') && last.size() <= 3 && last.size() < path.size())
    return last_part(path.substr(0, path.size() - last.size() - 1));
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return last;
  const std::string_view name = path.substr(slash + 1);
  return name.substr(0, name.find('.'));  // yaml.v2
}

void CodeModel::import_go(Node node) {
  walk(node, [&](Node spec) {
    if (spec.type() != "import_spec") return true;
    const std::string path(unquoted(text(spec.field("path"))));
    const Node alias = spec.field("name");
    modules_.insert(path);
    imports_.insert_or_assign(std::string(alias ? text(alias) : package_name(path)), path);
    return false;
  });
}

// use a::{b, c as d}; e::*
void CodeModel::import_rust(Node part, const std::string& before) {
  const std::string_view kind = part.type();
  if (kind == "use_as_clause") {
    add_import(text(part.field("alias")), before + dotted(text(part.field("path"))));
  } else if (kind == "scoped_use_list") {
    const Node path = part.field("path");
    import_rust(part.field("list"), path ? before + dotted(text(path)) + "." : before);
  } else if (kind == "use_list") {
    for (std::uint32_t i = 0; i < part.named_child_count() && i < 200; ++i)
      import_rust(part.named_child(i), before);
  } else if (kind == "identifier" || kind == "scoped_identifier") {
    const std::string full = before + dotted(text(part));
    add_import(last_part(full), full);
  } else if (kind == "use_wildcard") {
    modules_.insert(before + dotted(text(part.named_child(0))));
  }
}

void CodeModel::import_php(Node node) {
  walk(node, [&](Node clause) {
    if (clause.type() != "namespace_use_clause") return true;
    const Node alias = clause.field("alias");
    const std::string full = dotted(text(clause.named_child(0)));
    add_import(alias ? text(alias) : last_part(full), full);
    return false;
  });
}

bool CodeModel::imports(std::string_view module) const {
  const auto at = modules_.lower_bound(module);
  return at != modules_.end() &&
         (*at == module || (at->starts_with(module) && at->size() > module.size() &&
                            ((*at)[module.size()] == '.' || (*at)[module.size()] == '/')));
}

}  // namespace leyden::review
