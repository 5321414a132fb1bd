#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "leyden/base/result.h"

namespace leyden::sandbox {

// A file descriptor and its owner. Moves.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  [[nodiscard]] int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor reading;  // Does not block.
  Descriptor writing;
};

// All descriptors of these functions close on exec, and errors are unavailable.
[[nodiscard]] Result<Pipe> make_pipe();
// A file without a name, holding `content`, that nobody can change; open for reading at its start.
[[nodiscard]] Result<Descriptor> sealed_file(std::string_view name, std::string_view content);
// The same file, with an offset of its own.
[[nodiscard]] Result<Descriptor> reopened(const Descriptor& file);
[[nodiscard]] Result<Descriptor> open_for_reading(const char* path);
[[nodiscard]] std::string reason(int error);

}  // namespace leyden::sandbox
