#pragma once

#include <vector>

#include "leyden/base/checkup.h"
#include "leyden/base/clock.h"
#include "leyden/base/deadline.h"
#include "leyden/cache/stores/redis/redis_options.h"

namespace leyden::cache {

// Looks at the server, the Sentinels and their master, or all masters of the cluster that the options name, as the store would use them:
// reachable, version, topology, memory, policy, persistence, encryption, rights, erasures heard, latency, clocks, clients. Changes no
// setting; writes a few values under the prefix that it removes again and that go within a minute by themselves. A server that is not
// there is a finding. Does not wait past `deadline`, but for a look-up of a host name that the system is doing then.
//
// `encode_us_per_kib`: what tokenizing takes here for each KiB of text, to compare a read with; 0: not known.
[[nodiscard]] std::vector<Finding> check_redis(const RedisStoreOptions& options, const Clock& clock,
                                               Deadline deadline, double encode_us_per_kib = 0);

}  // namespace leyden::cache
