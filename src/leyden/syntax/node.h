#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <tree_sitter/api.h>

namespace leyden::syntax {

// A node of a tree: a few words that are copied freely, valid as long as the tree. A null node, which what is not there gives, has no type, no
// text and no children. Positions are bytes of the text that was parsed; lines count from 1.
class Node {
 public:
  Node() = default;
  explicit Node(TSNode node) : node_(node) {}

  explicit operator bool() const { return node_.id != nullptr; }
  bool operator==(const Node& other) const { return node_.id == other.node_.id; }
  [[nodiscard]] const void* id() const { return node_.id; }  // One for each node of a tree.
  [[nodiscard]] TSNode get() const { return node_; }

  // As the grammar names it.
  [[nodiscard]] std::string_view type() const { return *this ? ts_node_type(node_) : ""; }
  [[nodiscard]] std::uint16_t symbol() const { return *this ? ts_node_symbol(node_) : 0; }
  [[nodiscard]] bool is_named() const { return *this && ts_node_is_named(node_); }
  [[nodiscard]] bool has_error() const { return *this && ts_node_has_error(node_); }

  [[nodiscard]] std::size_t begin() const { return *this ? ts_node_start_byte(node_) : 0; }
  [[nodiscard]] std::size_t end() const { return *this ? ts_node_end_byte(node_) : 0; }
  [[nodiscard]] std::size_t first_line() const {
    return *this ? ts_node_start_point(node_).row + 1 : 0;
  }
  [[nodiscard]] std::size_t last_line() const {
    return *this ? ts_node_end_point(node_).row + 1 : 0;
  }
  [[nodiscard]] bool contains(Node inner) const {
    return begin() <= inner.begin() && inner.end() <= end();
  }
  // `source` is what the tree was parsed from.
  [[nodiscard]] std::string_view text(std::string_view source) const {
    return *this ? source.substr(begin(), end() - begin()) : std::string_view();
  }

  // Takes time by the depth.
  [[nodiscard]] Node parent() const { return *this ? Node(ts_node_parent(node_)) : Node(); }
  [[nodiscard]] std::uint32_t child_count() const { return *this ? ts_node_child_count(node_) : 0; }
  [[nodiscard]] Node child(std::uint32_t i) const {
    return *this ? Node(ts_node_child(node_, i)) : Node();
  }
  [[nodiscard]] std::uint32_t named_child_count() const {
    return *this ? ts_node_named_child_count(node_) : 0;
  }
  // Takes as long as `i` is large: who wants all asks for named_children().
  [[nodiscard]] Node named_child(std::uint32_t i) const {
    return *this ? Node(ts_node_named_child(node_, i)) : Node();
  }
  [[nodiscard]] std::vector<Node> named_children() const {
    std::vector<Node> out;
    if (!*this) return out;
    TSTreeCursor cursor = ts_tree_cursor_new(node_);
    for (bool more = ts_tree_cursor_goto_first_child(&cursor); more;
         more = ts_tree_cursor_goto_next_sibling(&cursor)) {
      const TSNode child = ts_tree_cursor_current_node(&cursor);
      if (ts_node_is_named(child)) out.emplace_back(child);
    }
    ts_tree_cursor_delete(&cursor);
    return out;
  }
  [[nodiscard]] Node field(std::string_view name) const {
    return *this ? Node(ts_node_child_by_field_name(node_, name.data(),
                                                    static_cast<std::uint32_t>(name.size())))
                 : Node();
  }
  [[nodiscard]] Node next() const {
    return *this ? Node(ts_node_next_named_sibling(node_)) : Node();
  }
  [[nodiscard]] Node previous() const {
    return *this ? Node(ts_node_prev_named_sibling(node_)) : Node();
  }

 private:
  TSNode node_{};
};

}  // namespace leyden::syntax
