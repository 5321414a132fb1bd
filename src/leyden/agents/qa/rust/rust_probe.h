#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "leyden/agents/qa/rust/rust_source.h"

namespace leyden::qa {

// What leyden_driver.rs and leyden_values.rs need to know of the crate: a module of their program.
struct RustProbe {
  std::string text;
  std::vector<std::size_t> lines;  // Of each function; 0: it is not in it.
  std::map<std::size_t, std::string> type_lines;
  std::map<std::size_t, std::string> class_lines;  // That make objects.
  std::map<std::size_t, std::pair<std::string, std::string>>
      member_lines;  // A class, and what shows it; empty: nothing can.
};
[[nodiscard]] RustProbe rust_probe(const RustSource& source, const RustCrate& crate,
                                   std::size_t probes);

}  // namespace leyden::qa
