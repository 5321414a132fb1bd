#pragma once

#include "leyden/syntax/language.h"

struct TSLanguage;

namespace leyden::syntax {

// The tables of the language's parser, made by tree-sitter out of its grammar; nullptr where there is none. Inside this module.
[[nodiscard]] const TSLanguage* grammar_of(Language language);

}  // namespace leyden::syntax
