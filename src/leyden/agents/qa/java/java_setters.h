#pragma once

#include <cstddef>

#include "leyden/agents/qa/java/java_types.h"

namespace leyden::qa {

// Of a class that is made of nothing and filled by setters (JavaBeans 1.01, section 8.3): the maker takes what the setters take, and calls a method that fills the object.
// Setters are the class's own and those of the project's classes that it extends; one whose type has no values is not called. Without any the maker stays as it is.
void fill_by_setters(const JavaDeclared& declared, const JavaBindings& bindings, std::size_t depth,
                     JavaTypes& types, JavaMaker& maker);

}  // namespace leyden::qa
