#pragma once

#include <map>
#include <string>
#include <vector>

#include "leyden/agents/qa/suspected_defect.h"

namespace leyden::qa {

// Tests of another type than unit, as a strategy of that type makes them; they have not been run yet.
struct TypedTest {
  std::string name;
  std::size_t function = 0;
  std::string note;  // What it holds on to: "grows as n^1.0 (linear)".
};
struct TypedTests {
  std::vector<TypedTest> tests;
  std::string file_name;                    // In the folder of Toolchain::test_path().
  std::string text;                         // Of the file with all of them.
  std::map<std::string, std::string> data;  // Files beside it, by name: a baseline.
  std::vector<SuspectedDefect> suspected;
  std::vector<std::string> untested;  // "f: why".
};

}  // namespace leyden::qa
