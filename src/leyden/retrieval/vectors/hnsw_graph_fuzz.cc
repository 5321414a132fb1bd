// Property: whatever a graph's file holds, its checksum being right, it is refused or safe to search and to add to.
#include <cstdlib>
#include <cstring>
#include <string>

#include <xxhash.h>

#include "leyden/retrieval/vectors/hnsw_graph.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leyden;
  constexpr std::size_t kDimensions = 8;
  std::string file(reinterpret_cast<const char*>(data), size);
  const XXH64_hash_t sum = XXH3_64bits(file.data(), file.size());
  file.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  auto graph = retrieval::HnswGraph::parse(as_bytes(file), "0123456789abcdef", kDimensions,
                                           {.links = 2, .ef_construction = 8, .ef_search = 8});
  if (!graph) return 0;
  const std::vector<float> query(kDimensions, 0.5F);
  const auto hits = (*graph)->search(query, 5, [](std::int64_t) { return true; });
  if (hits.size() > (*graph)->size()) std::abort();
  Bytes code(retrieval::code_bytes(kDimensions));
  retrieval::encode_vector(query, code.data());
  (void)(*graph)->add((*graph)->last_id() + 1, code);
  return 0;
}
