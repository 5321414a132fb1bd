#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

#include "policy.h"

namespace leyden::bench {

// Keys in an order, the newest first, and their bytes.
struct Order {
  std::list<std::uint32_t> keys;
  std::size_t bytes = 0;
};

// What most policies keep of a key.
struct Item {
  Order* in = nullptr;  // Null: not there.
  std::list<std::uint32_t>::iterator at;
  std::size_t bytes = 0;
  unsigned reads = 0;
};

// Items by key and their moves from order to order.
class Items {
 public:
  Item& operator[](std::uint32_t key) {
    if (key >= items_.size()) items_.resize(key + 1);
    return items_[key];
  }
  void insert(std::uint32_t key, std::size_t bytes, Order& to) {
    Item& item = (*this)[key];
    to.keys.push_front(key);
    to.bytes += bytes;
    item = {.in = &to, .at = to.keys.begin(), .bytes = bytes};
  }
  void remove(std::uint32_t key) {
    Item& item = (*this)[key];
    item.in->bytes -= item.bytes;
    item.in->keys.erase(item.at);
    item.in = nullptr;
  }
  // To the front of it.
  void move(std::uint32_t key, Order& to) {
    Item& item = (*this)[key];
    item.in->bytes -= item.bytes;
    to.bytes += item.bytes;
    to.keys.splice(to.keys.begin(), item.in->keys, item.at);
    item.in = &to;
  }

 private:
  std::vector<Item> items_;
};

}  // namespace leyden::bench
