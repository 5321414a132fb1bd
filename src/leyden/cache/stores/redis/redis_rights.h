#pragma once

#include <functional>
#include <vector>

#include "leyden/base/checkup.h"
#include "leyden/cache/stores/redis/redis_keys.h"
#include "leyden/cache/stores/redis/redis_options.h"
#include "leyden/net/resp.h"

namespace leyden::cache {

// Sends commands to the server that is looked at; one reply each.
using AskRedis = std::function<Result<std::vector<net::RespValue>>(net::RespRequest)>;

// A name that nobody else uses, in a bucket.
[[nodiscard]] BlockKey probe_key(unsigned bucket);

// Whether the user may do all that the store does: by ACL DRYRUN where that is allowed, else each command is tried on keys of `bucket`
// that nobody uses. What that writes goes within a minute even if it can't be removed. Error: the connection's.
[[nodiscard]] Result<void> check_rights(const AskRedis& ask, const RedisStoreOptions& options,
                                        unsigned bucket, Findings& out);

}  // namespace leyden::cache
