#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leyden::tokenizer::engine {

// Sets of instructions for which the kernel is compiled. All give the same answers.
enum class Isa : std::uint8_t { plain, avx2, avx512 };

// The best that this processor has.
[[nodiscard]] Isa best_isa();

// "plain", "avx2", "avx512".
[[nodiscard]] std::string_view isa_name(Isa isa);
// nullopt for another name, and for instructions that this processor lacks.
[[nodiscard]] std::optional<Isa> isa_of(std::string_view name);

}  // namespace leyden::tokenizer::engine
