#include "leyden/agents/qa/cpp/cpp_answer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "leyden/agents/qa/cpp/cpp_text.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
Result<std::vector<SourceTest>> cpp_tests_in(std::string_view answer) {
  const std::string_view code = code_of(answer);
  SourceTest shared;
  SplitTests split = split_tests(code, cpp_placed_tests(code));
  std::vector<SourceTest> out = std::move(split.tests);
  const std::string& rest = split.between;
  if (out.empty()) return fail(Errc::invalid_argument, "there is no TEST(Suite, Name) in it");
  for (std::size_t begin = 0; begin < rest.size();) {
    const std::size_t end = std::min(rest.find('\n', begin), rest.size());
    const std::string line = rest.substr(begin, end - begin);
    if (line.starts_with("#include")) {
      shared.imports.push_back(line);
    } else if (!line.empty() || (!shared.support.empty() && !shared.support.ends_with("\n\n"))) {
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
