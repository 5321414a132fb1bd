#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "leyden/agents/qa/function.h"
#include "leyden/agents/qa/javascript/javascript_scope.h"

namespace leyden::qa {

// What quotes hold, without escapes; nullopt: it takes more than that to say it.
[[nodiscard]] std::optional<std::string> javascript_string(std::string_view quoted);

// As tests quote texts: "a" of 'a'. What is no text stays.
[[nodiscard]] std::string javascript_double_quoted(std::string_view literal);

// Numbers, texts and what regular expressions match: those of the function first, then those of the constants, functions and methods that it names.
[[nodiscard]] Literals javascript_literals(syntax::Node function, const JavascriptScope& scope);

// Texts and numbers of a comment's examples: what people pass.
void read_javascript_doc_literals(std::string_view doc, Literals& out);

}  // namespace leyden::qa
