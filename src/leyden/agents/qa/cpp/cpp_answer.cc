#include "leyden/agents/qa/cpp/cpp_answer.h"

#include <algorithm>
#include <string>

#include "leyden/agents/qa/compiled/model_answer.h"
#include "leyden/agents/qa/cpp/cpp_text.h"

namespace leyden::qa {
Result<std::vector<SourceTest>> cpp_tests_in(std::string_view answer) {
  const std::string_view code = code_in(answer);
  SourceTest shared;
  std::vector<SourceTest> out;
  std::string rest;
  std::size_t at = 0;
  for (const CppPlacedTest& one : cpp_placed_tests(code)) {
    rest += code.substr(at, one.begin - at);
    at = one.end;
    out.push_back({.name = one.name,
                   .text = std::string(code.substr(one.begin, one.end - one.begin)),
                   .imports = {},
                   .support = {}});
  }
  if (out.empty()) return fail(Errc::invalid_argument, "there is no TEST(Suite, Name) in it");
  for (std::size_t begin = 0; begin < rest.size();) {
    const std::size_t end = std::min(rest.find('\n', begin), rest.size());
    const std::string line = rest.substr(begin, end - begin);
    if (line.starts_with("#include")) {
      shared.imports.push_back(line);
    } else if (!line.empty() || !shared.support.empty()) {
      shared.support += line + "\n";
    }
    begin = end + 1;
  }
  while (shared.support.ends_with('\n')) shared.support.pop_back();
  for (SourceTest& one : out) {
    one.imports = shared.imports;
    one.support = shared.support;
  }
  return out;
}

}  // namespace leyden::qa
