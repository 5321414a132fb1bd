#include "leyden/cache/stores/redis/redis_calls.h"

#include <utility>

namespace leyden::cache {
namespace {

using net::RespValue;

// Not this write only: when another one goes well it is over.
bool refuses_all_writes(const RespValue& error) {
  for (const char* each : {"READONLY", "OOM", "MISCONF", "NOREPLICAS"}) {
    if (error.is_error(each)) return true;
  }
  return false;
}

// What went wrong with a unit, whether on the way or on the server.
std::optional<Error> error_of(const RedisUnit& unit) {
  if (unit.error) return unit.error;
  const RespValue* error = first_error(unit.replies);
  if (error == nullptr) return std::nullopt;
  return Error{Errc::unavailable, "the server says " + error->message()};
}

}  // namespace

std::optional<Error> RedisCalls::run(std::string_view what, std::span<RedisUnit> units,
                                     Deadline deadline, bool idempotent) {
  client_.run(units, deadline, idempotent);
  for (const RedisUnit& unit : units) {
    auto error = error_of(unit);
    if (!error) continue;
    const RespValue* said = first_error(unit.replies);
    if (said != nullptr && (!unit.error || said->is_error("READONLY"))) {
      const std::string_view refused = refuses_all_writes(*said) ? kWriting : what;
      refusals_.with(
          [&](Refusals& all) { all.insert_or_assign(std::string(refused), error->message); });
    }
    return error;
  }
  refusals_.with([&](Refusals& all) {
    if (const auto at = all.find(what); at != all.end()) all.erase(at);
  });
  return std::nullopt;
}

std::string RedisCalls::refused() const {
  std::string out;
  refusals_.with([&](const Refusals& all) {
    for (const auto& [what, why] : all)
      out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", what, why);
  });
  return out;
}

}  // namespace leyden::cache
