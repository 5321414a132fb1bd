#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/value.h"

namespace leyden::qa {

// What a function that is passed takes and gives, as it is written: "int (*)(int a)", or of std::function "int(int)".
struct CppSignature {
  std::string result;
  std::vector<std::string> parameters;  // Types, without names.
};
// Empty `result`: the text is none of a function.
[[nodiscard]] CppSignature cpp_signature(std::string_view text);

// Lambdas without captures that can be passed for it: predicates, sums, and for those that give nothing what prints its arguments. `result` and `parameters` are the signature's types as far
// as they are known. No lambdas: nothing can be given back.
[[nodiscard]] std::vector<std::string> cpp_lambdas(const CppSignature& signature,
                                                   const Type& result,
                                                   const std::vector<Type>& parameters);

}  // namespace leyden::qa
