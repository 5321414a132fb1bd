#pragma once

#include <vector>

#include "leyden/base/checkup.h"
#include "leyden/cache/stores/redis/redis_look.h"
#include "leyden/net/endpoint.h"

namespace leyden::cache {

// Looks at one server that stores values: what it says of itself, and what reading, writing and hearing erasures do, in a bucket that
// it serves. Adds what it finds, also that nobody is there.
void check_redis_server(const RedisLook& look, const net::Endpoint& endpoint, unsigned bucket,
                        std::vector<Finding>& all);

}  // namespace leyden::cache
