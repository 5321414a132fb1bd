#pragma once

#include <expected>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace leyden {

// What a caller can decide on. The message is for a person: it names the bad value and what to do, and
// never holds document text or token IDs.
enum class Errc {
  invalid_argument,  // The caller's value is wrong; trying again does not help.
  not_found,         // The named thing does not exist.
  unsupported,       // Understood, but not something that this build or this file can do.
  unavailable,       // The world is not ready: a file can't be opened, a server does not answer.
  timed_out,
  overloaded,  // A bound was reached: try later.
  cancelled,   // The caller asked for it.
  corrupt,     // Bytes that are not what their header says.
  internal,    // A bug of ours.
};

struct Error {
  Errc code{};
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

// return fail(Errc::not_found, "no such file: {}", path);
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(Errc code, fmt::format_string<Args...> format,
                                          Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace leyden
