#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "leyden/syntax/node.h"

namespace leyden::review::c {

// Wide enough for the sum and the product of any two numbers of C that are met.
__extension__ using Wide = __int128;
inline constexpr Wide kFar = Wide{1} << 100;  // Beyond every bound.

// A type as far as values go.
struct Type {
  bool known = false;   // `bytes` is what sizeof gives.
  bool number = false;  // An integer.
  bool real = false;
  bool pointer = false;
  bool reference = false;
  bool array = false;
  bool is_signed = true;
  bool single_class = false;  // Of a name that this file does not explain.
  int bytes = 0;
  int unit = 0;        // Where `bytes` is not known: sizes are counted in it. 0: bytes.
  int item_bytes = 0;  // Of a pointer or an array: its elements.
  int item_unit = 0;
  bool item_known = false;
  bool item_number = false;  // Or a pointer: without a constructor.

  [[nodiscard]] Wide least() const;
  [[nodiscard]] Wide most() const;
};

// What is known of a value. Nothing: unknown.
struct Value {
  enum class Kind : std::uint8_t { unknown, uninitialized, number, pointer };
  Kind kind = Kind::unknown;
  bool sure = false;     // Of a number or an offset: some run reaches both ends.
  bool tainted = false;  // It is what input says.
  bool random = false;   // Of what is tainted: chance says it.
  bool real = false;
  bool is_signed = true;
  bool null = false;       // Of a pointer: it may be null,
  bool unchecked = false;  // and nobody looked.
  bool moved = false;      // A loop has moved it.
  bool handle = false;     // It is a number, and names an open file.
  std::uint8_t bytes = 4;  // Of a number's type.
  int unit = 0;
  int target = kNowhere;  // A buffer, or a literal from kLiteral down.
  Wide low = 0;           // Of a number; of a pointer the offset in its target, in `unit`.
  Wide high = 0;

  static constexpr int kNowhere = -1;
  static constexpr int kLiteral = -2;

  [[nodiscard]] bool is_number() const { return kind == Kind::number; }
  [[nodiscard]] bool is_pointer() const { return kind == Kind::pointer; }
  [[nodiscard]] bool is_constant() const { return is_number() && sure && low == high && !real; }
  [[nodiscard]] bool is_null() const { return is_pointer() && null && target == kNowhere; }
  static Value of(Wide number, int bytes = 4, bool is_signed = true);
  static Value between(Wide low, Wide high, int bytes, bool is_signed);
  static Value null_pointer();
  static Value pointer_to(int target, int unit = 0);
};

// Memory, or a file, that a pointer may point to.
struct Buffer {
  enum class From : std::uint8_t {
    stack,
    alloca_,
    static_,
    literal,
    malloc_,
    new_,
    new_array,
    file,
    handle
  };
  enum class Life : std::uint8_t {
    none,    // Not made here.
    failed,  // The allocation gave nothing.
    live,
    freed,
    maybe,
  };
  From from{};
  Life life = Life::none;
  bool escaped = false;  // Others may hold or free it.
  bool tainted = false;  // It holds input.
  int unit = 0;
  Wide size = -1;    // In `unit`; -1: not known.
  Wide ready = -1;   // So much from the front is initialized; -1: perhaps all.
  Wide length = -1;  // Of the text in it.
  Wide filled = 0;   // So much from the front is not '\0'.
  std::uint32_t freed_line = 0;
  syntax::Node site;

  [[nodiscard]] bool is_owned() const { return from >= From::malloc_; }
  void forget_content() {
    ready = length = -1;
    filled = 0;
  }
};

// What holds at a place of a function.
struct State {
  bool dead = false;  // No run comes here.
  std::vector<Value> variables;
  std::vector<Buffer> buffers;
};

// What a number of so many bytes holds.
[[nodiscard]] Wide least(int bytes, bool is_signed);
[[nodiscard]] Wide most(int bytes, bool is_signed);
[[nodiscard]] std::string written(Wide number);

// What holds where both may have come.
void join(State& into, const State& other);
[[nodiscard]] Value joined(const Value& one, const Value& other);

}  // namespace leyden::review::c
