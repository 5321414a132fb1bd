// Property: any bytes, read as a GGUF file, give a specification or an error, without a crash, in memory and time bounded
// by their number; what is said and made of them is right (load_check.h).
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "leyden/tokenizer/loaders/loaders.h"
#include "leyden/tokenizer/plain/load_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leyden;
  tokenizer::plain::check_loaded(tokenizer::read_gguf_tokenizer(
      BytesView(reinterpret_cast<const std::byte*>(data), size), "fuzz", "fuzz"));
  return 0;
}
