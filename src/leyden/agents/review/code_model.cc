#include "leyden/agents/review/code_model.h"

#include <algorithm>
#include <array>
#include <utility>

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

bool is_region(Shape shape) {
  return shape == Shape::function || shape == Shape::loop || shape == Shape::branch ||
         shape == Shape::block || shape == Shape::comprehension;
}

// What gives a value to a name or a key, beside assignments.
bool gives(std::string_view type) {
  constexpr auto kGivers = std::to_array<std::string_view>(
      {"keyword_argument", "pair", "field_initializer", "keyed_element",
       "array_element_initializer", "element_value_pair", "default_parameter",
       "typed_default_parameter"});
  return std::ranges::find(kGivers, type) != kGivers.end();
}

}  // namespace

CodeModel::CodeModel(const SourceFile& file, std::stop_token stop)
    : file_(file), stop_(std::move(stop)) {
  if (file.tree() != nullptr) read();
}

void CodeModel::read() {
  Reading reading;
  file_.walk_nodes([&](Node node) { return read_node(node, reading); });
  for (auto& [name, by_function] : bindings_) {
    for (auto& [function, bindings] : by_function) {
      std::ranges::sort(bindings, {},
                        [](const Binding& one) { return std::pair(one.at, one.target.begin()); });
    }
  }
}

// Whether what is in the node is read, too.
bool CodeModel::read_node(Node node, Reading& reading) {
  const Language language = file_.language();
  if (language == Language::ruby) read_heredoc(node, reading);
  const Shape shape = shape_of(language, node);
  enter_region(node, shape, reading);
  switch (shape) {
    case Shape::comment:
      comments_.push_back(node);
      return false;
    case Shape::string:
      strings_.push_back(node);
      return true;  // What is put into it.
    case Shape::call:
      read_call(node, reading);
      break;
    case Shape::member:
      read_member(node, reading);
      break;
    case Shape::name:
      if (!reading.called.contains(node.id())) uses_.push_back(node);
      break;
    case Shape::assignment:
    case Shape::loop:
      bind(node);
      break;
    default:
      break;
  }
  if (gives(node.type())) read_given(node);
  if (!is_import(node.type())) return true;
  read_import(node);
  return false;
}

void CodeModel::read_heredoc(Node node, Reading& reading) {
  if (node.type() == "heredoc_beginning") reading.heredocs.push_back(node);
  if (node.type() == "heredoc_body" && reading.heredocs_read < reading.heredocs.size())
    heredocs_.emplace(reading.heredocs[reading.heredocs_read++].id(), node);
}

void CodeModel::enter_region(Node node, Shape shape, Reading& reading) {
  std::vector<int>& open = reading.open;
  const auto is_over = [&](const Region& one) {
    return one.end <= node.begin() && one.node.end() <= node.begin();
  };
  while (!open.empty() && is_over(regions_[static_cast<std::size_t>(open.back())])) open.pop_back();
  if (!is_region(shape)) return;
  const int parent = open.empty() ? kNone : open.back();
  const int index = static_cast<int>(regions_.size());
  const int around = parent == kNone ? kNone : regions_[static_cast<std::size_t>(parent)].function;
  regions_.push_back({.shape = shape,
                      .node = node,
                      .begin = node.begin(),
                      .end = node.end(),
                      .parent = parent,
                      .function = shape == Shape::function ? index : around});
  open.push_back(index);
  if (shape != Shape::function) return;
  functions_.push_back(node);
  bind_parameters(node);
}

void CodeModel::read_call(Node node, Reading& reading) {
  calls_.push_back(node);
  const auto call = call_of(file_.language(), node, file_.text());
  if (call && call->function) reading.called.insert(call->function.id());
  if (call && call->name) reading.called.insert(call->name.id());
  bind_mutation(node);
}

void CodeModel::read_member(Node node, Reading& reading) {
  if (!reading.called.contains(node.id())) uses_.push_back(node);
  const auto member = member_of(file_.language(), node);
  if (!member) return;
  reading.called.insert(member->name.id());
  const Shape object = shape_of(file_.language(), member->object);
  if (object == Shape::name || object == Shape::member) reading.called.insert(member->object.id());
}

void CodeModel::read_given(Node node) {
  Node name = node.field("name") ? node.field("name") : node.field("key");
  Node value = node.field("value");
  if (!name && node.named_child_count() == 2) {
    name = node.named_child(0);
    value = node.named_child(1);
  }
  if (name && value) given_.push_back({.name = name, .value = value});
}

int CodeModel::region_at(std::size_t byte) const {
  auto at = std::ranges::upper_bound(regions_, byte, {}, &Region::begin);
  int index = static_cast<int>(at - regions_.begin()) - 1;
  while (index >= 0 && regions_[static_cast<std::size_t>(index)].end <= byte)
    index = regions_[static_cast<std::size_t>(index)].parent;
  return index;
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

}  // namespace leyden::review
