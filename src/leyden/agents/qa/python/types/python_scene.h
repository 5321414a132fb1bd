#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/function.h"
#include "leyden/base/result.h"

namespace leyden::qa {

// What the strategies of the types need of Python's toolchain. All of it outlives a call that it is given to.
struct PythonScene {
  const std::vector<Function>& functions;
  const std::vector<std::size_t>& wanted;
  std::string module;       // "package.module"
  std::string module_stem;  // "module"
  std::string path_line;    // python_text.h
  // Runs a driver in the sandbox.
  std::function<Result<std::vector<nlohmann::json>>(const char* driver, nlohmann::json request)>
      ask;
};

// The file's first lines: its docstring, imports of `modules`, the path, and of the module what `wanted` functions need.
[[nodiscard]] std::string python_file_head(const PythonScene& scene, const std::string& docstring,
                                           const std::vector<std::string>& modules);

}  // namespace leyden::qa
