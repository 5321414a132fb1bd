#include "leyden/tokenizer/spec.h"

#include <bit>
#include <type_traits>

#include "leyden/tokenizer/spec_writer.h"

namespace leyden::tokenizer {
namespace {

// Fixed widths: what was hashed once must be hashed so for ever.
struct FingerprintFormat {
  static_assert(std::has_unique_object_representations_v<SpecMerge> &&
                std::endian::native == std::endian::little);
  static void number(std::string& out, std::uint64_t value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  static void merges(std::string& out, const std::vector<SpecMerge>& merges) {
    out.append(reinterpret_cast<const char*>(merges.data()), merges.size() * sizeof(SpecMerge));
  }
};

}  // namespace

Digest fingerprint(const TokenizerSpec& spec) {
  // One buffer, hashed once: a field for each of 150,000 tokens would take longer than the rest of loading.
  SpecWriter<FingerprintFormat> writer;
  writer(std::string_view("tokenizer 2"), spec);
  return Hasher().field(writer.content()).finish();
}

}  // namespace leyden::tokenizer
