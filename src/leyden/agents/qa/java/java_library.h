#pragma once

#include <optional>
#include <string>
#include <vector>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

// Types of Java itself and of the JDK that values are made for, by their simple names: "int", "List", "Predicate". nullopt: there is none.
[[nodiscard]] std::optional<Type> java_library_type(const std::string& name,
                                                    const std::vector<Type>& arguments);
// "java.util.List" of "List"; empty: unknown.
[[nodiscard]] std::string java_library_name(const std::string& name);
// How a collection is made of a list, with a place for it: "new java.util.ArrayList<>({})"; empty: the list is as good.
[[nodiscard]] std::string java_collection_of(const std::string& type);
// How what holds a text is made of it, with a place for that: "new StringBuilder({})"; "{}" of a String.
[[nodiscard]] std::string java_holder_of(const std::string& type);

}  // namespace leyden::qa
