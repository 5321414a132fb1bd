"""Functions in C++ in a correct and a buggy version, made for this: (name, ending, source with @@ where the versions differ, correct, buggy, whether the bug shows by itself: the
sanitizers see it)."""

PLANTED_CPP = [
    ("clamp_all", "h", """
#pragma once
#include <vector>

// Each number, no smaller than `low` and no larger than `high`.
inline std::vector<int> clamp_all(std::vector<int> numbers, int low, int high) {
  for (int& one : numbers) {
    if (one < low) one = low;
    @@
  }
  return numbers;
}
""", "if (one > high) one = high;", "if (one >= high) one = low;", False),
    ("word_count", "h", """
#pragma once
#include <map>
#include <string>

inline std::map<std::string, int> word_count(const std::string& text) {
  std::map<std::string, int> out;
  std::string word;
  for (const char c : text + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      @@
      word.clear();
    }
  }
  return out;
}
""", "++out[word];", "out[word] = 1;", False),
    ("is_leap", "h", """
#pragma once

inline bool is_leap(int year) {
  return @@;
}
""", "year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)", "year % 4 == 0 && year % 100 != 0", False),
    ("parse_flag", "h", """
#pragma once
#include <stdexcept>
#include <string_view>

namespace settings {

enum class Flag { off, on, automatic };

inline Flag parse_flag(std::string_view text) {
  if (text == "on" || text == "yes") return Flag::on;
  if (text == "off" @@) return Flag::off;
  if (text == "auto") return Flag::automatic;
  throw std::invalid_argument("no flag");
}

}  // namespace settings
""", '|| text == "no"', "", False),
    ("ring", "h", """
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

// Keeps the last few numbers.
class Ring {
 public:
  explicit Ring(unsigned short capacity) : capacity_(capacity) {}
  void push(int value) {
    if (capacity_ == 0) return;
    if (values_.size() == capacity_) values_.erase(@@);
    values_.push_back(value);
  }
  std::optional<int> oldest() const {
    if (values_.empty()) return std::nullopt;
    return values_.front();
  }
  std::size_t size() const { return values_.size(); }

 private:
  std::size_t capacity_;
  std::vector<int> values_;
};
""", "values_.begin()", "values_.end() - 1", False),
    ("account", "h", """
#pragma once
#include <stdexcept>

class Account {
 public:
  void deposit(int amount) {
    if (amount <= 0) throw std::invalid_argument("nothing to deposit");
    if (amount > 100000) throw std::invalid_argument("too much");
    balance_ += amount;
  }
  void withdraw(int amount) {
    if (@@) throw std::domain_error("not enough");
    if (amount < 0) throw std::invalid_argument("less than nothing");
    balance_ -= amount;
  }
  int balance() const { return balance_; }

 private:
  int balance_ = 0;
};
""", "amount > balance_", "amount >= balance_", False),
    ("middle", "h", """
#pragma once
#include <algorithm>
#include <array>

inline int middle(std::array<int, 3> three) {
  std::sort(three.begin(), three.end());
  return @@;
}
""", "three[1]", "three[0]", False),
    ("shift_left", "h", """
#pragma once
#include <string>
#include <vector>

// The first becomes the last.
inline void shift_left(std::vector<std::string>& names) {
  if (names.empty()) return;
  const std::string first = names.front();
  for (std::size_t i = 0; i + 1 < names.size(); ++i) names[i] = names[i + 1];
  @@
}
""", "names.back() = first;", "names.front() = first;", False),
    ("last_of", "h", """
#pragma once
#include <vector>

// 0 where there is none.
inline int last_of(const std::vector<int>& numbers) {
  if (numbers.empty()) return 0;
  return numbers[@@];
}
""", "numbers.size() - 1", "numbers.size()", True),
    ("price", "h", """
#pragma once

struct Item {
  int count;
  double price;
};

inline double total(const Item& item, bool member) {
  const double sum = item.count * item.price;
  return member @@ ? sum * 0.9 : sum;
}
""", "&& item.count >= 3", "&& item.count > 3", False),
    ("digits", "h", """
#pragma once
#include <string>

// The number in a base from 2 to 10; empty for another.
inline std::string digits(unsigned number, int base) {
  if (base < 2 || base > 10) return "";
  std::string out;
  do {
    out.insert(out.begin(), static_cast<char>('0' + number % base));
    number /= base;
  } while (@@);
  return out;
}
""", "number > 0", "number > 1", False),
    ("common", "h", """
#pragma once
#include <unordered_set>
#include <vector>

inline std::unordered_set<int> common(const std::vector<int>& a, const std::vector<int>& b) {
  const std::unordered_set<int> left(a.begin(), a.end());
  std::unordered_set<int> out;
  for (const int one : b) {
    if (left.count(one) @@ 0) out.insert(one);
  }
  return out;
}
""", ">", "==", False),
    ("seconds", "cc", """
#include <cstdio>
#include <string>
#include <utility>

namespace {

std::string two(int number) {
  return (number < @@ ? "0" : "") + std::to_string(number);
}

}  // namespace

std::pair<int, std::string> split_seconds(int seconds) {
  if (seconds < 0) seconds = 0;
  return {seconds / 3600, two(seconds / 60 % 60) + ":" + two(seconds % 60)};
}

int main() { return 0; }
""", "10", "9", False),
    ("queue_at", "h", """
#pragma once
#include <memory>

// The number above the least one, or nothing.
inline std::unique_ptr<int> above(int least, int number) {
  if (number @@ least) return nullptr;
  return std::make_unique<int>(number);
}
""", "<=", "<", False),
    ("robot", "h", """
#pragma once
#include <random>
#include <string>

// Draws two letters and three digits.
inline std::string robot_name() {
  static std::mt19937 dice(std::random_device{}());
  std::string name;
  for (int i = 0; i < 2; ++i) name += static_cast<char>('A' + dice() % 26);
  for (int i = 0; i < @@; ++i) name += static_cast<char>('0' + dice() % 10);
  return name;
}
""", "3", "4", False),
]
