#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/review/code_model.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

// Methods that put their arguments into their object.
bool is_mutator(std::string_view method) {
  constexpr auto kMutators = std::to_array<std::string_view>(
      {"append",      "push",    "add",     "extend",     "insert",  "put",       "update",
       "write",       "concat",  "unshift", "push_str",   "addAll",  "push_back", "emplace_back",
       "WriteString", "sprintf", "set",     "setdefault", "prepend", "<<"});
  return std::ranges::find(kMutators, method) != kMutators.end();
}

}  // namespace

std::string CodeModel::key(Node target) const {
  std::string_view name = text(target);
  if (name.size() > kNameBytesMax) return {};
  return std::string(name);
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

// Of object.name(...), however the language writes it.
CodeModel::Method CodeModel::method_of(const Call& call) const {
  if (const auto member = member_of(file_.language(), call.function))
    return {.object = member->object, .name = member->name};
  return {.object = call.object, .name = call.name};
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
  const Method method = method_of(*call);
  return std::ranges::find(kEach, text(method.name)) == kEach.end() ? Node() : method.object;
}

// list.append(x): the list holds x as well.
void CodeModel::bind_mutation(Node node) {
  const auto call = call_of(file_.language(), node, file_.text());
  if (!call || call->arguments.empty()) return;
  const Method method = method_of(*call);
  if (!method.object || !is_mutator(text(method.name))) return;
  const std::string name = key(method.object);
  if (name.empty()) return;
  const int region = region_at(node.begin());
  const int function =
      region == kNone ? kNone : regions_[static_cast<std::size_t>(region)].function;
  bindings_[name][function].push_back({.at = node.end(),
                                       .region = region,
                                       .function = function,
                                       .value = node,
                                       .type = {},
                                       .target = method.object,
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

}  // namespace leyden::review
