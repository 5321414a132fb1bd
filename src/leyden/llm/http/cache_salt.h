#pragma once

#include <string>
#include <string_view>

#include "leyden/base/digest.h"

namespace leyden::llm {

// What keeps the prefix caches of tenants apart on a server that several share, so that none can tell by the time to the first token what
// another has asked: 128 bits of a keyed BLAKE2b over tenant and model, each with its length, in hex. The same for the same tenant on all
// machines that share `key`; nobody without it can make or guess one.
[[nodiscard]] std::string cache_salt(const Secret& key, std::string_view tenant,
                                     std::string_view model);

}  // namespace leyden::llm
