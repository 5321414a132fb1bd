#include "leyden/llm/http/cache_salt.h"

namespace leyden::llm {

std::string cache_salt(const Secret& key, std::string_view tenant, std::string_view model) {
  return Hasher(key)
      .field("leyden cache_salt 1")
      .field(tenant)
      .field(model)
      .finish()
      .hex()
      .substr(0, 32);
}

}  // namespace leyden::llm
