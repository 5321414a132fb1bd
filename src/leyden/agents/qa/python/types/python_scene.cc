#include "leyden/agents/qa/python/types/python_scene.h"

#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {

std::string python_file_head(const PythonScene& scene, const std::string& docstring,
                             const std::vector<std::string>& modules) {
  std::set<std::string> imports(modules.begin(), modules.end());
  if (!scene.path_line.empty()) imports.insert({"pathlib", "sys"});
  std::set<std::string> names;
  for (const std::size_t i : scene.wanted) {
    const Function& one = scene.functions[i];
    names.insert(one.class_name.empty() ? one.name : one.class_name);
  }
  std::string out = "\"\"\"" + docstring + "\"\"\"\n";
  for (const std::string& one : imports) out += "import " + one + "\n";
  if (!scene.path_line.empty()) out += "\n" + scene.path_line + "\n";
  return out + fmt::format("\nfrom {} import {}\n", scene.module,
                           joined({names.begin(), names.end()}, ", "));
}

}  // namespace leyden::qa
