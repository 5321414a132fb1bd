#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "leyden/agents/qa/go/go_source.h"

namespace leyden::qa {

// The methods of each type that may change their object, as far as their bodies say it: they assign to it, hand it or a part of it on, or call
// one that does.
[[nodiscard]] std::map<std::string, std::set<std::string>> go_changing_methods(
    const std::vector<GoFile>& files);

}  // namespace leyden::qa
