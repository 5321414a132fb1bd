#pragma once

#include <vector>

#include "leyden/agents/qa/cpp/cpp_source.h"

namespace leyden::qa {

// Of a C file, as tests in C++ see it. `files` as cpp_source() takes them. Callable is what the headers declare; of a file without headers, what it does
// not keep to itself, by prototypes.
//
// Pointers say little in C. What is assumed of them: none is null; one that a length follows ("const int* values, size_t count") points
// at so many; any other points at one, or at a text that ends with NUL; where that is not likely the function is not called. A pointer to
// what only the library knows is an object, if a function makes one ("stack_new"): functions that take it first are its methods.
[[nodiscard]] CppSource c_source(const std::vector<CppFile>& files);

}  // namespace leyden::qa
