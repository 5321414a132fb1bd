#include "leyden/agents/review/code_model.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

constexpr std::size_t kStepsMax = 4'000;  // Of one trace.
constexpr std::size_t kNameBytesMax = 300;

bool is_region(Shape shape) {
  return shape == Shape::function || shape == Shape::loop || shape == Shape::branch ||
         shape == Shape::block || shape == Shape::comprehension;
}

bool is_import(std::string_view type) {
  return type == "import_statement" || type == "import_from_statement" ||
         type == "import_declaration" || type == "use_declaration" ||
         type == "namespace_use_declaration";
}

// Methods that put their arguments into their object.
bool is_mutator(std::string_view method) {
  constexpr auto kMutators = std::to_array<std::string_view>(
      {"append",      "push",    "add",     "extend",     "insert",  "put",       "update",
       "write",       "concat",  "unshift", "push_str",   "addAll",  "push_back", "emplace_back",
       "WriteString", "sprintf", "set",     "setdefault", "prepend", "<<"});
  return std::ranges::find(kMutators, method) != kMutators.end();
}

std::string dotted(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == ':' || c == '\\') {
      if (!out.empty() && !out.ends_with('.')) out += '.';
    } else if (c != ' ' && c != '\n') {
      out += c;
    }
  }
  return out;
}

std::string_view last_part(std::string_view name) {
  const std::size_t dot = name.find_last_of("./");
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

bool chooses(Node expression) {
  const std::string_view type = expression.type();
  return type == "conditional_expression" || type == "ternary_expression" || type == "conditional";
}

// a[b]
bool is_element(Node expression) {
  const std::string_view type = expression.type();
  return type == "subscript" || type == "subscript_expression" || type == "index_expression" ||
         type == "array_access" || type == "element_reference";
}

// Of what chooses: whether its child is what decides.
bool is_condition(Language language, Node expression, std::uint32_t child) {
  if (language == Language::python) return child == 1;
  return expression.field("condition") &&
         expression.named_child(child) == expression.field("condition");
}

// TABLE, as constants are named that stand in another file.
bool is_constants_name(Language language, std::string_view name) {
  if (language != Language::java && language != Language::javascript &&
      language != Language::typescript && language != Language::tsx && language != Language::php)
    return false;
  return name.size() > 1 && name[0] >= 'A' && name[0] <= 'Z' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'' || text.front() == '`'))
    return text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

CodeModel::CodeModel(const SourceFile& file) : file_(file) {
  if (file.tree() != nullptr) read(file.tree()->root());
}

void CodeModel::read(Node root) {
  const Language language = file_.language();
  std::vector<int> open;  // Regions around.
  std::unordered_set<const void*>
      called;                  // What calls call, and parts of members: no uses of their own.
  std::vector<Node> heredocs;  // Ruby's, of which the text comes later.
  std::size_t heredocs_read = 0;
  walk(root, [&](Node node) {
    if (language == Language::ruby) {
      if (node.type() == "heredoc_beginning") heredocs.push_back(node);
      if (node.type() == "heredoc_body" && heredocs_read < heredocs.size())
        heredocs_.emplace(heredocs[heredocs_read++].id(), node);
    }
    while (!open.empty() && regions_[static_cast<std::size_t>(open.back())].end <= node.begin() &&
           regions_[static_cast<std::size_t>(open.back())].node.end() <= node.begin())
      open.pop_back();
    const Shape shape = shape_of(language, node);
    if (is_region(shape)) {
      const int parent = open.empty() ? kNone : open.back();
      const int index = static_cast<int>(regions_.size());
      const int around =
          parent == kNone ? kNone : regions_[static_cast<std::size_t>(parent)].function;
      regions_.push_back({.shape = shape,
                          .node = node,
                          .begin = node.begin(),
                          .end = node.end(),
                          .parent = parent,
                          .function = shape == Shape::function ? index : around});
      open.push_back(index);
      if (shape == Shape::function) {
        functions_.push_back(node);
        bind_parameters(node);
      }
    }
    switch (shape) {
      case Shape::comment:
        comments_.push_back(node);
        return false;
      case Shape::string:
        strings_.push_back(node);
        return true;  // What is put into it.
      case Shape::call: {
        calls_.push_back(node);
        const auto call = call_of(language, node, file_.text());
        if (call && call->function) called.insert(call->function.id());
        if (call && call->name) called.insert(call->name.id());
        bind_mutation(node);
        break;
      }
      case Shape::member:
        if (!called.contains(node.id())) uses_.push_back(node);
        if (const auto member = member_of(language, node)) {
          called.insert(member->name.id());
          if (shape_of(language, member->object) == Shape::name ||
              shape_of(language, member->object) == Shape::member)
            called.insert(member->object.id());
        }
        break;
      case Shape::name:
        if (!called.contains(node.id())) uses_.push_back(node);
        break;
      default:
        break;
    }
    if (shape == Shape::assignment || shape == Shape::loop) bind(node);
    if (const std::string_view type = node.type();
        type == "keyword_argument" || type == "pair" || type == "field_initializer" ||
        type == "keyed_element" || type == "array_element_initializer" ||
        type == "element_value_pair" || type == "default_parameter" ||
        type == "typed_default_parameter") {
      Node name = node.field("name") ? node.field("name") : node.field("key");
      Node value = node.field("value");
      if (!name && node.named_child_count() == 2) {
        name = node.named_child(0);
        value = node.named_child(1);
      }
      if (name && value) given_.push_back({.name = name, .value = value});
    }
    if (is_import(node.type())) {
      read_import(node);
      return false;
    }
    return true;
  });
  for (auto& [name, by_function] : bindings_) {
    for (auto& [function, bindings] : by_function) {
      std::ranges::sort(bindings, {},
                        [](const Binding& one) { return std::pair(one.at, one.target.begin()); });
    }
  }
}

// ---- Imports

void CodeModel::add_import(std::string_view alias, std::string name) {
  modules_.insert(name);
  if (!alias.empty() && alias != name)
    imports_.insert_or_assign(std::string(alias), std::move(name));
}

void CodeModel::read_import(Node node) {
  const std::string_view type = node.type();
  const auto child_of_type = [&](Node parent, std::string_view wanted) {
    for (std::uint32_t i = 0; i < parent.named_child_count(); ++i) {
      if (parent.named_child(i).type() == wanted) return parent.named_child(i);
    }
    return Node();
  };
  switch (file_.language()) {
    case Language::python: {
      std::string module;
      if (type == "import_from_statement") {
        module = text(node.field("module_name"));
        modules_.insert(module);
      }
      for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
        const Node child = node.named_child(i);
        if (child == node.field("module_name")) continue;
        const Node name = child.type() == "aliased_import" ? child.field("name") : child;
        const Node alias = child.field("alias");
        if (name.type() != "dotted_name") continue;
        const std::string full =
            module.empty() ? std::string(text(name)) : module + "." + std::string(text(name));
        if (alias) {
          add_import(text(alias), full);
        } else if (module.empty()) {
          add_import({}, full);
        } else {
          add_import(text(name), full);
        }
      }
      return;
    }
    case Language::javascript:
    case Language::typescript:
    case Language::tsx: {
      std::string module(unquoted(text(node.field("source"))));
      if (module.starts_with("node:")) module.erase(0, 5);
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
      return;
    }
    case Language::java: {
      const Node name = node.named_child(0);
      const std::string full(text(name));
      if (child_of_type(node, "asterisk")) {
        modules_.insert(full);
      } else {
        add_import(last_part(full), full);
      }
      return;
    }
    case Language::go:
      walk(node, [&](Node spec) {
        if (spec.type() != "import_spec") return true;
        const std::string path(unquoted(text(spec.field("path"))));
        const Node alias = spec.field("name");
        std::string_view last = last_part(path);
        if (last.starts_with('v') && last.size() <= 3 && last.size() < path.size()) {
          last = last_part(std::string_view(path).substr(0, path.size() - last.size() - 1));
        } else if (const std::size_t dot = path.rfind("/"); dot != std::string::npos) {
          last = std::string_view(path).substr(dot + 1);
          last = last.substr(0, last.find('.'));  // yaml.v2
        }
        modules_.insert(path);
        imports_.insert_or_assign(std::string(alias ? text(alias) : last), path);
        return false;
      });
      return;
    case Language::rust: {
      // use a::{b, c as d}; e::*
      const auto take = [&](const auto& self, Node part, const std::string& before) -> void {
        const std::string_view kind = part.type();
        if (kind == "use_as_clause") {
          add_import(text(part.field("alias")), before + dotted(text(part.field("path"))));
        } else if (kind == "scoped_use_list") {
          const Node path = part.field("path");
          self(self, part.field("list"), path ? before + dotted(text(path)) + "." : before);
        } else if (kind == "use_list") {
          for (std::uint32_t i = 0; i < part.named_child_count() && i < 200; ++i)
            self(self, part.named_child(i), before);
        } else if (kind == "identifier" || kind == "scoped_identifier") {
          const std::string full = before + dotted(text(part));
          add_import(last_part(full), full);
        } else if (kind == "use_wildcard") {
          modules_.insert(before + dotted(text(part.named_child(0))));
        }
      };
      take(take, node.field("argument"), "");
      return;
    }
    case Language::php:
      walk(node, [&](Node clause) {
        if (clause.type() != "namespace_use_clause") return true;
        const Node name = clause.named_child(0);
        const Node alias = clause.field("alias");
        const std::string full = dotted(text(name));
        const std::string_view given = alias ? text(alias) : last_part(full);
        add_import(given, full);
        return false;
      });
      return;
    default:
      return;
  }
}

bool CodeModel::imports(std::string_view module) const {
  const auto at = modules_.lower_bound(module);
  return at != modules_.end() &&
         (*at == module || (at->starts_with(module) && at->size() > module.size() &&
                            ((*at)[module.size()] == '.' || (*at)[module.size()] == '/')));
}

// ---- Bindings

std::string CodeModel::key(Node target) const {
  std::string_view name = text(target);
  if (name.size() > kNameBytesMax) return {};
  return std::string(name);
}

int CodeModel::region_at(std::size_t byte) const {
  auto at = std::ranges::upper_bound(regions_, byte, {}, &Region::begin);
  int index = static_cast<int>(at - regions_.begin()) - 1;
  while (index >= 0 && regions_[static_cast<std::size_t>(index)].end <= byte)
    index = regions_[static_cast<std::size_t>(index)].parent;
  return index;
}

void CodeModel::bind(Node node) {
  if (node.type() == "variable_declarator") add_require(node);
  const int region = regions_.empty() ? kNone : region_at(node.begin());
  const int function =
      region == kNone ? kNone : regions_[static_cast<std::size_t>(region)].function;
  for (Assignment& one : assignments_of(file_.language(), node)) {
    const bool apart = one.taken_apart;
    for (const Node target : one.targets) {
      const std::string name = key(target);
      if (name.empty()) continue;
      const bool of_object = name.starts_with("self.") || name.starts_with("this.") ||
                             name.starts_with("@") || name.starts_with("$this->");
      if (one.value && !apart && !one.adds) given_.push_back({.name = target, .value = one.value});
      const int owner = of_object ? kNone : function;
      const bool at_once = shape_of(file_.language(), node) == Shape::loop;
      bindings_[name][owner].push_back(
          {.at = at_once ? target.end() : node.end(),
           .region = region,
           .function = owner,
           .value = one.value,
           .type = one.type,
           .target = target,
           .adds = one.adds || target.end() - target.begin() != name.size(),
           .parameter = false,
           .taken_apart = apart});
    }
  }
}

// const {exec: run} = require("child_process")
void CodeModel::add_require(Node declarator) {
  const auto call = call_of(file_.language(), declarator.field("value"), file_.text());
  if (!call || text(call->function) != "require" || call->arguments.size() != 1) return;
  const auto module = string_value(file_.language(), call->arguments[0].value, file_.text());
  if (!module) return;
  std::string name(*module);
  if (name.starts_with("node:")) name.erase(0, 5);
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

std::vector<CodeModel::Parameter> CodeModel::parameters() const {
  std::vector<Parameter> out;
  for (const auto& [name, by_function] : bindings_) {
    for (const auto& [function, bindings] : by_function) {
      for (const Binding& one : bindings) {
        if (one.parameter)
          out.push_back({.name = name,
                         .type = one.type ? qualified(one.type) : std::string(),
                         .node = one.target});
      }
    }
  }
  return out;
}

void CodeModel::bind_parameters(Node function) {
  Node list = function.field("parameters");
  if (!list) list = function.field("parameter");
  if (!list) {  // C's are within the declarator.
    for (Node inner = function.field("declarator"); inner && !list;
         inner = inner.field("declarator"))
      list = inner.field("parameters");
  }
  if (!list) return;
  const int region = static_cast<int>(regions_.size()) - 1;
  const Node over = collection_of(function);
  // A default is a value that it may have.
  const auto add = [&](Node name, Node type, Node value = {}) {
    const std::string bound = key(name);
    if (!bound.empty())
      bindings_[bound][region].push_back({.at = name.end(),
                                          .region = region,
                                          .function = region,
                                          .value = over ? over : value,
                                          .type = type,
                                          .target = name,
                                          .adds = false,
                                          .parameter = true,
                                          .taken_apart = static_cast<bool>(over)});
  };
  const Language language = file_.language();
  if (shape_of(language, list) == Shape::name) return add(list, {});
  for (std::uint32_t i = 0; i < list.named_child_count() && i < 100; ++i) {
    const Node parameter = list.named_child(i);
    const Shape shape = shape_of(language, parameter);
    if (shape == Shape::name) {
      add(parameter, {});
      continue;
    }
    Node type = parameter.field("type");
    if (type.type() == "type_annotation" || type.type() == "type") type = type.named_child(0);
    bool any = false;
    if (shape == Shape::parameter) {
      for (const Assignment& one : assignments_of(language, parameter)) {
        for (const Node target : one.targets) {
          const bool is_text = shape_of(language, one.value) == Shape::string;
          add(target, type, is_text ? one.value : Node());
          any = true;
          // TypeScript's and PHP's constructors declare members so.
          const std::string_view first = parameter.named_child(0).type();
          if (type && (first == "accessibility_modifier" || first == "visibility_modifier")) {
            const std::string_view name = text(target);
            const std::string member = language == Language::php
                                           ? "$this->" + std::string(name.substr(1))
                                           : "this." + std::string(name);
            bindings_[member][kNone].push_back({.at = target.end(),
                                                .region = kNone,
                                                .function = kNone,
                                                .value = {},
                                                .type = type,
                                                .target = target});
          }
        }
      }
    }
    if (any) continue;
    walk(parameter, [&](Node inner) {
      if (shape_of(language, inner) == Shape::name ||
          inner.type() == "shorthand_property_identifier_pattern")
        add(inner, type);
      return true;
    });
  }
}

// Of a function that is given to a method of a collection and called with its elements: the collection.
Node CodeModel::collection_of(Node function) const {
  constexpr auto kEach = std::to_array<std::string_view>(
      {"forEach",         "map",        "filter",   "flatMap",   "reduce",  "then",      "each",
       "each_with_index", "find",       "some",     "every",     "select",  "reject",    "collect",
       "for_each",        "filter_map", "and_then", "ifPresent", "map_err", "each_pair", "flat_map",
       "unwrap_or_else",  "try",        "tap"});
  const Language language = file_.language();
  Node call_node = function.parent();
  if (call_node.type() == "arguments" || call_node.type() == "argument_list")
    call_node = call_node.parent();
  const auto call = call_of(language, call_node, file_.text());
  if (!call) return {};
  Node object = call->object;
  Node method = call->name;
  if (const auto member = member_of(language, call->function)) {
    object = member->object;
    method = member->name;
  }
  return std::ranges::find(kEach, text(method)) == kEach.end() ? Node() : object;
}

// list.append(x): the list holds x as well.
void CodeModel::bind_mutation(Node node) {
  const auto call = call_of(file_.language(), node, file_.text());
  if (!call || call->arguments.empty()) return;
  Node object = call->object;
  Node method = call->name;
  if (const auto member = member_of(file_.language(), call->function)) {
    object = member->object;
    method = member->name;
  }
  if (!object || !is_mutator(text(method))) return;
  const std::string name = key(object);
  if (name.empty()) return;
  const int region = region_at(node.begin());
  const int function =
      region == kNone ? kNone : regions_[static_cast<std::size_t>(region)].function;
  bindings_[name][function].push_back({.at = node.end(),
                                       .region = region,
                                       .function = function,
                                       .value = node,
                                       .type = {},
                                       .target = object,
                                       .adds = true,
                                       .parameter = false,
                                       .taken_apart = true});
}

std::vector<const CodeModel::Binding*> CodeModel::reaching(std::string_view name,
                                                           std::size_t byte) const {
  const auto found = bindings_.find(std::string(name));
  if (found == bindings_.end()) return {};
  const int here = region_at(byte);
  const int function = here == kNone ? kNone : regions_[static_cast<std::size_t>(here)].function;
  // The outermost loop of this function that is around the use: what it assigns behind the use comes before it, too.
  std::size_t loop_end = 0;
  for (int region = here; region != kNone;
       region = regions_[static_cast<std::size_t>(region)].parent) {
    const Region& one = regions_[static_cast<std::size_t>(region)];
    if (one.function != function) break;
    if (one.shape == Shape::loop) loop_end = one.end;
    if (one.shape == Shape::function) break;
  }
  std::vector<const Binding*> out;
  static const std::vector<Binding> kNothing;
  for (int scope = function;;) {
    const auto in_scope = found->second.find(scope);
    const auto& bindings = in_scope == found->second.end() ? kNothing : in_scope->second;
    const std::size_t last_at = scope == function ? std::max(byte, loop_end) : SIZE_MAX;
    const auto end = std::ranges::upper_bound(bindings, last_at, {}, &Binding::at);
    for (auto at = static_cast<std::size_t>(end - bindings.begin()); at-- > 0;) {
      const Binding& one = bindings[at];
      const bool before = one.at <= byte;
      out.push_back(&one);
      // It runs in any case before the use when the block it is in is around the use.
      const bool sure =
          before && !one.adds &&
          (one.region == kNone || (regions_[static_cast<std::size_t>(one.region)].begin <= byte &&
                                   byte < regions_[static_cast<std::size_t>(one.region)].end));
      if (sure && scope == function) return out;
    }
    if (!out.empty() || scope == kNone) return out;
    const int parent = regions_[static_cast<std::size_t>(scope)].parent;
    scope = parent == kNone ? kNone : regions_[static_cast<std::size_t>(parent)].function;
  }
}

const CodeModel::Binding* CodeModel::only_binding(std::string_view name, std::size_t byte) const {
  const auto all = reaching(name, byte);
  const Binding* only = nullptr;
  for (const Binding* one : all) {
    if (one->adds) continue;
    if (only != nullptr) return nullptr;
    only = one;
  }
  return only;
}

// ---- Names

std::string CodeModel::qualified(Node expression) const { return qualified(expression, 0); }

std::string CodeModel::qualified(Node expression, int depth) const {
  if (!expression || depth > kDepthMax) return "?";
  const Language language = file_.language();
  const std::string_view type = expression.type();
  switch (shape_of(language, expression)) {
    case Shape::name: {
      const std::string_view name = text(expression);
      if (const Binding* bound = only_binding(name, expression.begin());
          bound != nullptr && bound->target != expression) {
        if (bound->type && text(bound->type) != "var" && text(bound->type) != "auto" &&
            text(bound->type) != "let")
          return qualified(bound->type, depth + 1);
        if (bound->value && !bound->taken_apart) {
          std::string value = qualified(bound->value, depth + 1);
          if (!value.starts_with('?') && value.size() <= kNameBytesMax) return value;
        }
        if (!bound->taken_apart || !imports_.contains(name)) return std::string(name);
      }
      if (const auto imported = imports_.find(name); imported != imports_.end())
        return imported->second;
      return dotted(name);
    }
    case Shape::member: {
      const auto member = member_of(language, expression);
      if (!member || !member->name) return "?";
      if (!member->object) return std::string(text(member->name));
      // self.session: what it was given anywhere in the file.
      if (const auto object = text(member->object);
          object == "self" || object == "this" || object == "$this") {
        auto found = bindings_.find(std::string(text(expression)));
        if (found == bindings_.end())
          found = bindings_.find((object == "$this" ? "$" : "") + std::string(text(member->name)));
        const auto global =
            found == bindings_.end() ? decltype(found->second.end()){} : found->second.find(kNone);
        if (found != bindings_.end() && global != found->second.end() &&
            global->second.size() == 1 && global->second[0].target != expression) {
          const Binding& one = global->second[0];
          if (one.type) return qualified(one.type, depth + 1);
          if (one.value) {
            std::string value = qualified(one.value, depth + 1);
            if (!value.starts_with('?') && value.size() <= kNameBytesMax) return value;
          }
        }
      }
      std::string object = qualified(member->object, depth + 1);
      if (object.size() > kNameBytesMax) return "?";
      return object + "." + std::string(text(member->name));
    }
    case Shape::call: {
      const auto call = call_of(language, expression, file_.text());
      if (!call) return "?";
      if (text(call->function) == "require" && call->arguments.size() == 1) {
        if (const auto module = string_value(language, call->arguments[0].value, file_.text()))
          return std::string(module->starts_with("node:") ? module->substr(5) : *module);
      }
      std::string name = callee(*call, depth + 1);
      // Ruby's `a.b` is a call, and reads like a member.
      const bool like_member = language == Language::ruby && call->arguments.empty();
      return call->is_constructor || like_member ? name : name + "()";
    }
    case Shape::string:
      return "str";
    case Shape::operation:
      if (type == "parenthesized_expression" || type == "await" || type == "await_expression" ||
          type == "non_null_expression" || type == "reference_expression" ||
          type == "try_expression" || type == "pointer_expression")
        return qualified(expression.named_child(0), depth + 1);
      if (type == "as_expression" || type == "satisfies_expression")
        return qualified(expression.named_child(0), depth + 1);
      if (type == "subscript" || type == "subscript_expression" || type == "element_reference" ||
          type == "index_expression" || type == "array_access") {
        std::string object = qualified(expression.named_child(0), depth + 1);
        return object + "[]";
      }
      if (type == "unary_expression" || type == "type_conversion_expression") {  // Go's &x.
        if (const Node operand = expression.field("operand")) return qualified(operand, depth + 1);
      }
      return "?";
    default:
      break;
  }
  // Types with what they are given: List<String>, *http.Request, ?Foo.
  if (type == "generic_type" || type == "template_type" || type == "template_function" ||
      type == "pointer_type" || type == "reference_type" || type == "optional_type" ||
      type == "named_type" || type == "generic_function" || type == "type" ||
      type == "type_annotation" || type == "nullable_type" || type == "dotted_name") {
    if (type == "dotted_name" || expression.named_child_count() == 0)
      return dotted(text(expression));
    Node inner = expression.field("name");
    if (!inner) inner = expression.field("type");
    if (!inner) inner = expression.field("function");
    if (!inner) inner = expression.named_child(0);
    return qualified(inner, depth + 1);
  }
  return "?";
}

std::string CodeModel::callee(const Call& call) const { return callee(call, 0); }

std::string CodeModel::callee(const Call& call, int depth) const {
  if (call.function) return qualified(call.function, depth);
  const std::string name(text(call.name));
  if (!call.object) {
    if (const auto imported = imports_.find(name); imported != imports_.end())
      return imported->second;
    return dotted(name);
  }
  const std::string object = qualified(call.object, depth + 1);
  return object.size() > kNameBytesMax ? "?" : object + "." + name;
}

// ---- Constants

// Where the grammar has no node of its own for it.
bool CodeModel::is_comparison(Node expression) const {
  const std::string_view type = expression.type();
  if (type != "binary_expression" && type != "binary" && type != "binary_operator") return false;
  constexpr auto kSigns = std::to_array<std::string_view>(
      {"==", "!=", "<", ">", "<=", ">=", "===", "!==", "instanceof", "in"});
  return std::ranges::find(kSigns, text(expression.field("operator"))) != kSigns.end();
}

bool CodeModel::is_constant(Node expression) const { return is_constant(expression, nullptr, 0); }

bool CodeModel::is_harmless(Node expression, const Flow& flow) const {
  return is_constant(expression, &flow, 0);
}

// With a flow: is_harmless().
bool CodeModel::is_constant(Node expression, const Flow* flow, int depth) const {
  if (!expression || depth > kDepthMax) return false;
  const Language language = file_.language();
  if (flow != nullptr && flow->cleaners.contains(expression.id())) return true;
  if (const Node body = heredoc_of(expression)) return is_constant(body, flow, depth + 1);
  if (flow != nullptr && is_comparison(expression)) return true;
  // a ? "b" : "c" is one of two constants, whatever decides.
  if (chooses(expression)) {
    for (std::uint32_t i = 0; i < expression.named_child_count(); ++i) {
      const Node child = expression.named_child(i);
      if (!is_condition(language, expression, i) && !is_constant(child, flow, depth + 1))
        return false;
    }
    return true;
  }
  switch (shape_of(language, expression)) {
    case Shape::number:
    case Shape::constant:
      return true;
    case Shape::string:
    case Shape::sequence:
    case Shape::operation:
    case Shape::comparison: {
      if (expression.type() == "subscript" || expression.type() == "subscript_expression")
        return is_constant(expression.named_child(0), flow, depth + 1);
      for (std::uint32_t i = 0; i < expression.named_child_count(); ++i) {
        const Node child = expression.named_child(i);
        const std::string_view type = child.type();
        const Shape shape = shape_of(language, child);
        const bool is_part =
            shape != Shape::other && shape != Shape::comment && type != "string_fragment";
        if (is_part && !is_constant(child, flow, depth + 1)) return false;
      }
      return names_in_format(expression).empty();
    }
    case Shape::name: {
      const auto all = reaching(text(expression), expression.begin());
      if (all.empty()) return flow != nullptr && is_constants_name(language, text(expression));
      return std::ranges::all_of(all, [&](const Binding* one) {
        if (flow != nullptr && flow->cleaners.contains(one->target.id())) return true;
        return !one->parameter && one->value && !one->value.contains(expression) &&
               is_constant(one->value, flow, depth + 1);
      });
    }
    case Shape::member: {
      const auto member = member_of(language, expression);
      return flow != nullptr && member && is_constants_name(language, text(member->name));
    }
    case Shape::call: {
      // Of constants, by something that only joins or converts them.
      const auto call = call_of(language, expression, file_.text());
      if (!call) return false;
      const std::string name = callee(*call);
      const std::string_view last = last_part(name);
      constexpr auto kPure = std::to_array<std::string_view>(
          {"join", "format", "str", "int", "len", "strip", "lower", "upper", "replace", "String",
           "encode", "concat", "trim", "getBytes", "toCharArray"});
      if (std::ranges::find(kPure, last) == kPure.end()) return false;
      Node object = call->object;
      if (const auto member = member_of(language, call->function)) object = member->object;
      if (object && text(object) != "String" && !is_constant(object, flow, depth + 1)) return false;
      return std::ranges::all_of(call->arguments, [&](const Argument& argument) {
        return is_constant(argument.value, flow, depth + 1);
      });
    }
    default:
      return false;
  }
}

Node CodeModel::heredoc_of(Node expression) const {
  const auto found = heredocs_.find(expression.id());
  return found == heredocs_.end() ? Node() : found->second;
}

// Rust's `format!("{name}")`: what is put in stands within the string.
std::vector<std::string_view> CodeModel::names_in_format(Node literal) const {
  std::vector<std::string_view> out;
  if (file_.language() != Language::rust || literal.parent().type() != "token_tree") return out;
  const std::string_view whole = text(literal);
  for (std::size_t at = whole.find('{'); at != std::string_view::npos; at = whole.find('{', at)) {
    const std::size_t begin = ++at;
    if (begin < whole.size() && whole[begin] == '{') {  // "{{" is a brace.
      ++at;
      continue;
    }
    while (at < whole.size() &&
           (std::isalnum(static_cast<unsigned char>(whole[at])) != 0 || whole[at] == '_'))
      ++at;
    if (at > begin && std::isdigit(static_cast<unsigned char>(whole[begin])) == 0)
      out.push_back(whole.substr(begin, at - begin));
  }
  return out;
}

bool CodeModel::is_built(Node expression, const Flow& flow, const syntax::Pattern* pattern) const {
  std::set<const Binding*> seen;
  if (!is_built(expression, flow, seen, 0)) return false;
  if (pattern == nullptr) return true;
  std::string texts;
  seen.clear();
  add_texts(expression, seen, texts);
  return pattern->find(texts).has_value();
}

// The strings in an expression and in what its names were given.
void CodeModel::add_texts(Node expression, std::set<const Binding*>& seen, std::string& out) const {
  constexpr std::size_t kTextsMax = 20'000;
  const Language language = file_.language();
  walk(expression, [&](Node node) {
    if (out.size() > kTextsMax) return false;
    const Node body = heredoc_of(node);
    const Shape shape = shape_of(language, node);
    if (body || shape == Shape::string) {
      out += text(body ? body : node);
      out += '\n';
    } else if (shape == Shape::name || shape == Shape::member) {
      for (const Binding* one : reaching(text(node), node.begin())) {
        if (one->value && one->value != node && seen.insert(one).second)
          add_texts(one->value, seen, out);
      }
    }
    return true;
  });
}

bool CodeModel::is_built(Node expression, const Flow& flow, std::set<const Binding*>& seen,
                         int depth) const {
  if (!expression || depth > kDepthMax) return false;
  const Language language = file_.language();
  if (flow.cleaners.contains(expression.id())) return false;
  if (const Node body = heredoc_of(expression)) return is_built(body, flow, seen, depth + 1);
  const std::string_view type = expression.type();
  const auto has_text = [&](Node part) {
    if (!part) return false;
    if (const auto value = constant_string(part)) return !value->empty();
    bool found = false;
    walk(part, [&](Node inner) {
      const auto value = string_value(language, inner, file_.text());
      found = found || (value && !value->empty()) || inner.type() == "string_content";
      return !found && shape_of(language, inner) != Shape::call;
    });
    return found;
  };
  switch (shape_of(language, expression)) {
    case Shape::string:
      return !is_harmless(expression, flow);
    case Shape::operation: {
      if (type == "binary_expression" || type == "binary" || type == "binary_operator" ||
          type == "concatenation") {
        const std::string_view sign = text(expression.field("operator"));
        if (sign == "+" || sign == "." || sign == "%" || sign == "<<" || sign.empty()) {
          if (has_text(expression)) return !is_harmless(expression, flow);
          return is_built(expression.field("left"), flow, seen, depth + 1) ||
                 is_built(expression.field("right"), flow, seen, depth + 1);
        }
        if (sign != "||" && sign != "??" && sign != "or" && sign != "?:") return false;
      }
      if (type.starts_with("subscript") || type == "element_reference") return false;
      for (std::uint32_t i = 0; i < expression.named_child_count() && i < 8; ++i) {
        if (is_built(expression.named_child(i), flow, seen, depth + 1)) return true;
      }
      return false;
    }
    case Shape::branch:  // a ? b : c
      return is_built(expression.field("consequence"), flow, seen, depth + 1) ||
             is_built(expression.field("alternative"), flow, seen, depth + 1) ||
             is_built(expression.field("body"), flow, seen, depth + 1);
    case Shape::name:
    case Shape::member:
      for (const Binding* one : reaching(text(expression), expression.begin())) {
        if (!seen.insert(one).second || flow.cleaners.contains(one->target.id())) continue;
        if (one->value == expression || (one->taken_apart && !one->adds)) continue;
        if (one->adds && one->value) {
          const auto call = call_of(language, one->value, file_.text());
          if (call && one->taken_apart
                  ? !std::ranges::all_of(
                        call->arguments,
                        [&](const Argument& argument) { return is_harmless(argument.value, flow); })
                  : !is_harmless(one->value, flow))
            return true;
        } else if (is_built(one->value, flow, seen, depth + 1)) {
          return true;
        }
      }
      return false;
    case Shape::call: {
      const auto call = call_of(language, expression, file_.text());
      if (!call) return false;
      Node object = call->object;
      Node method = call->name;
      if (const auto member = member_of(language, call->function)) {
        object = member->object;
        method = member->name;
      }
      const std::string_view name = method ? text(method) : text(call->function);
      constexpr auto kFormat = std::to_array<std::string_view>(
          {"format", "Sprintf", "sprintf", "vsprintf", "concat", "formatted", "Sprint", "append",
           "join", "Join", "Concat", "implode", "replace", "str_replace"});
      if (std::ranges::find(kFormat, name) != kFormat.end()) {
        const bool text_in =
            has_text(object) || std::ranges::any_of(call->arguments, [&](const Argument& one) {
              return has_text(one.value);
            });
        if (text_in && !is_harmless(expression, flow)) {
          const bool some = std::ranges::any_of(
              call->arguments, [&](const Argument& one) { return !is_harmless(one.value, flow); });
          if (some) return true;
        }
        return object && is_built(object, flow, seen, depth + 1);
      }
      constexpr auto kSame = std::to_array<std::string_view>(
          {"toString", "to_string", "to_s", "String", "trim", "strip", "as_str", "clone",
           "as_bytes", "into", "to_owned", "unwrap", "intern", "toLowerCase", "squish", "chomp",
           "stripIndent"});
      if (std::ranges::find(kSame, name) != kSame.end() && object)
        return is_built(object, flow, seen, depth + 1);
      constexpr auto kWraps = std::to_array<std::string_view>(
          {"StringBuilder", "StringBuffer", "String", "Buffer.from", "trim", "str", "strval"});
      if ((std::ranges::find(kWraps, name) != kWraps.end() ||
           type == "type_conversion_expression") &&
          !call->arguments.empty())
        return is_built(call->arguments[0].value, flow, seen, depth + 1);
      return false;
    }
    default:
      return false;
  }
}

std::optional<std::string_view> CodeModel::constant_string(Node expression) const {
  for (int depth = 0; expression && depth < 8; ++depth) {
    if (const Node body = heredoc_of(expression)) expression = body;
    if (const auto value = string_value(file_.language(), expression, file_.text())) return value;
    if (expression.type() == "parenthesized_expression") {
      expression = expression.named_child(0);
      continue;
    }
    if (shape_of(file_.language(), expression) != Shape::name) return std::nullopt;
    const Binding* bound = only_binding(text(expression), expression.begin());
    if (bound == nullptr || bound->value.contains(expression)) return std::nullopt;
    expression = bound->value;
  }
  return std::nullopt;
}

// ---- What is around

bool CodeModel::in_loop(Node node) const {
  for (int region = region_at(node.begin()); region != kNone;
       region = regions_[static_cast<std::size_t>(region)].parent) {
    const Region& one = regions_[static_cast<std::size_t>(region)];
    if (one.shape == Shape::function && one.node != node) return false;
    if (one.shape != Shape::loop && one.shape != Shape::comprehension) continue;
    if (one.node == node) continue;
    // What the loop runs over is evaluated once; its condition and body each time.
    const Node over = one.node.field("right") ? one.node.field("right") : one.node.field("value");
    const Node start = one.node.field("initializer");
    if ((over && over.contains(node)) || (start && start.contains(node))) continue;
    return true;
  }
  return false;
}

Node CodeModel::function_around(Node node) const {
  int region = region_at(node.begin());
  while (region != kNone && (regions_[static_cast<std::size_t>(region)].shape != Shape::function ||
                             regions_[static_cast<std::size_t>(region)].node == node))
    region = regions_[static_cast<std::size_t>(region)].parent;
  return region == kNone ? Node() : regions_[static_cast<std::size_t>(region)].node;
}

std::string_view CodeModel::text_around(std::size_t byte) const {
  Node function;
  for (int region = region_at(byte); region != kNone;
       region = regions_[static_cast<std::size_t>(region)].parent) {
    if (regions_[static_cast<std::size_t>(region)].shape == Shape::function)
      function = regions_[static_cast<std::size_t>(region)].node;
  }
  return function ? text(function) : std::string_view(file_.text());
}

bool CodeModel::in_async(Node node) const {
  const Node function = function_around(node);
  for (std::uint32_t i = 0; i < function.child_count() && i < 4; ++i) {
    const std::string_view word = text(function.child(i));
    if (word == "async" || word.starts_with("async ")) return true;
    if (function.child(i).type() == "function_modifiers" &&
        word.find("async") != std::string_view::npos)
      return true;
  }
  return false;
}

// ---- Flow

Node CodeModel::source_of(Node expression, const Flow& flow) const {
  if (flow.sources.empty()) return {};
  Trace trace{.flow = flow, .seen = {}, .steps = 0};
  return source_of(expression, trace, 0);
}

Node CodeModel::source_of(Node expression, Trace& trace, int depth) const {
  if (!expression || depth > 200 || ++trace.steps > kStepsMax) return {};
  if (trace.flow.cleaners.contains(expression.id())) return {};
  const Language language = file_.language();
  const bool is_entry = expression.type() == "subscript" ||
                        expression.type() == "element_reference" ||
                        expression.type() == "subscript_expression";
  if ((is_entry || shape_of(language, expression) == Shape::name ||
       shape_of(language, expression) == Shape::member) &&
      is_guarded(expression))
    return {};
  if (trace.flow.sources.contains(expression.id())) return expression;
  // Which entry is taken does not change what the entries hold.
  if (is_entry) return source_of(expression.named_child(0), trace, depth + 1);
  if (const Node body = heredoc_of(expression)) return source_of(body, trace, depth + 1);
  for (const std::string_view name : names_in_format(expression)) {
    for (const Binding* one : reaching(name, expression.begin())) {
      if (!trace.seen.insert(one).second) continue;
      if (trace.flow.cleaners.contains(one->target.id())) continue;
      if (trace.flow.sources.contains(one->target.id())) return one->target;
      if (const Node source = source_of(one->value, trace, depth + 1)) return source;
    }
  }
  const Shape shape = shape_of(language, expression);
  switch (shape) {
    case Shape::comparison:
    case Shape::number:
    case Shape::constant:
    case Shape::function:
    case Shape::comment:
      return {};
    case Shape::member:
    case Shape::name: {
      for (const Binding* one : reaching(text(expression), expression.begin())) {
        if (!trace.seen.insert(one).second) continue;
        if (trace.flow.cleaners.contains(one->target.id())) continue;
        if (trace.flow.sources.contains(one->target.id())) return one->target;
        if (one->value && one->value != expression) {
          if (const Node source = source_of(one->value, trace, depth + 1)) return source;
        }
      }
      if (shape == Shape::name) return {};
      break;  // A member of something that is tainted.
    }
    case Shape::operation:
      if (is_comparison(expression)) return {};
      break;
    default:
      break;
  }
  if (shape == Shape::call) {
    // An entry of a table that the program wrote: `TABLE.get(name, other)`.
    const auto call = call_of(language, expression, file_.text());
    Node object = call ? call->object : Node();
    Node method = call ? call->name : Node();
    if (const auto member = call ? member_of(language, call->function) : std::nullopt) {
      object = member->object;
      method = member->name;
    }
    if (object && (text(method) == "get" || text(method) == "fetch") &&
        shape_of(language, object) == Shape::name && is_constant(object)) {
      for (std::size_t i = 1; i < call->arguments.size(); ++i) {
        if (const Node source = source_of(call->arguments[i].value, trace, depth + 1))
          return source;
      }
      return {};
    }
  }
  const bool choice = chooses(expression);
  const bool looks_up = is_element(expression);
  for (std::uint32_t i = 0; i < expression.named_child_count() && i < 500; ++i) {
    const Node child = expression.named_child(i);
    if (choice && is_condition(language, expression, i)) continue;
    // What a table holds is not what it is asked for by.
    if (looks_up && i > 0) break;
    // A call's own name carries nothing, but what it is a method of does.
    if (shape == Shape::call && shape_of(language, child) == Shape::name &&
        (child == expression.field("function") || child == expression.field("name") ||
         child == expression.field("method")))
      continue;
    if (shape == Shape::member && child == expression.field("attribute")) continue;
    if (child.type() == "property_identifier" || child.type() == "field_identifier") continue;
    if (child.type() == "keyword_argument") {
      if (const Node source = source_of(child.field("value"), trace, depth + 1)) return source;
      continue;
    }
    if (const Node source = source_of(child, trace, depth + 1)) return source;
  }
  return {};
}

}  // namespace leyden::review
