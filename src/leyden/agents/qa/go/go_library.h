#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace leyden::qa {

// What a test can pass for a type of Go's standard library.

// How a value is made of a text, with {} where the literal stands: "strings.NewReader({})" for io.Reader; empty: not of a text.
[[nodiscard]] std::string_view go_made_of_text(const std::string& type);
// Expressions that give one: "&bytes.Buffer{}" for io.Writer.
[[nodiscard]] const std::vector<std::string>& go_library_values(const std::string& type);
// The methods of an interface as another may embed it: heads and what a stand-in does there, `stub` being the stand-in.
struct GoLibraryMethod {
  std::string name;
  std::string head;  // "Close() error"
  std::string body;  // "return stub.err"
};
[[nodiscard]] const std::vector<GoLibraryMethod>& go_library_methods(const std::string& interface);
// Paths of the packages that all of these name, by name.
[[nodiscard]] const std::map<std::string, std::string>& go_library_packages();

}  // namespace leyden::qa
