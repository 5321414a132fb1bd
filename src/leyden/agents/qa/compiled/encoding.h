#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// Values for a language with fixed types. InputMaker's integers have no width and its lists no fixed length: here they get what the type says.

// Least and largest value of an integer type, by the name that the language's reader gave it.
using IntegerRange = std::function<std::pair<std::int64_t, std::int64_t>(const std::string& name)>;

// Numbers within their range (a negative one for an unsigned type loses its sign), characters of one letter, tuples with all items, expressions
// among those that are there. What has no value becomes one: a null where there is none is `none` only for an optional type.
[[nodiscard]] Value fitted(const Value& value, const Type& type, const IntegerRange& range);
[[nodiscard]] Input fitted(const Input& input, std::span<const Function> functions,
                           const IntegerRange& range);

// Which of a choice's records and expressions a value is.
[[nodiscard]] std::size_t alternative_of(const Value& value, const Type& type);

// One letter for the kind, then what belongs to it: i-5 r0x1p+3 b1 s3:abc l2 i1 i2 n. An expression is its place in its type's texts;
// records and objects are lists of what they are made of; before one of several records and expressions stands its place.
[[nodiscard]] std::string encoded(const Value& value, const Type& type);
// The construction's arguments, if the function needs an object, the number of steps with the number of the function of each and its arguments.
// Each argument list begins with its length.
[[nodiscard]] std::string encoded(const Input& input, std::span<const Function> functions);

}  // namespace leyden::qa
