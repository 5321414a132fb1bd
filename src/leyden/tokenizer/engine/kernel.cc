#include "leyden/tokenizer/engine/kernel.h"

namespace leyden::tokenizer::engine {

extern const Kernel kPlainKernel;
#if defined(__x86_64__)
extern const Kernel kAvx2Kernel;
extern const Kernel kAvx512Kernel;
#endif

Isa best_isa() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2"))
    return Isa::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return Isa::avx2;
#endif
  return Isa::plain;
}

std::string_view isa_name(Isa isa) {
  constexpr std::string_view kNames[] = {"plain", "avx2", "avx512"};
  return kNames[static_cast<int>(isa)];
}

std::optional<Isa> isa_of(std::string_view name) {
  for (Isa isa : {Isa::plain, Isa::avx2, Isa::avx512}) {
    if (isa <= best_isa() && name == isa_name(isa)) return isa;
  }
  return std::nullopt;
}

const Kernel& kernel_of(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return kAvx512Kernel;
  if (isa == Isa::avx2) return kAvx2Kernel;
#endif
  (void)isa;
  return kPlainKernel;
}

}  // namespace leyden::tokenizer::engine
