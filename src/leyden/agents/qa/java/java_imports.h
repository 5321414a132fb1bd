#pragma once

#include <set>
#include <string>

#include "leyden/agents/qa/java/java_source.h"

namespace leyden::qa {

// A file of the source's package: the body with simple names in the place of whole ones of the JDK, behind imports of these, of what the
// source imports and of `more` ("import static org.junit.jupiter.api.Assertions.*;").
[[nodiscard]] std::string java_file(std::string body, const JavaSource& source,
                                    const std::set<std::string>& more);

}  // namespace leyden::qa
