#include "leyden/llm/http/http_model_options.h"

#include <utility>

namespace leyden::llm {

using namespace std::chrono_literals;

Result<void> HttpModelOptions::check() const {
  const auto wrong = [](std::string_view what) {
    return fail(Errc::invalid_argument, "model servers: {}", what);
  };
  if (urls.empty()) return wrong("no URL");
  if (urls.size() > 256) return wrong("more than 256 URLs");
  for (const auto& [name, time] :
       {std::pair{"connect_timeout", connect_timeout}, std::pair{"idle_timeout", idle_timeout},
        std::pair{"first_byte_timeout", first_byte_timeout},
        std::pair{"check_timeout", check_timeout}, std::pair{"check_every", check_every}}) {
    if (time < 1ms || time > 24h) return wrong(fmt::format("{}: 1 ms to a day", name));
  }
  if (retry.attempts_max < 1 || retry.attempts_max > 100)
    return wrong("retry.attempts_max: 1 to 100");
  if (connections_max < 1 || connections_max > 65'536) return wrong("connections_max: 1 to 65536");
  if (waiting_max > 1'000'000) return wrong("waiting_max: 0 to 1000000");
  return {};
}

}  // namespace leyden::llm
