#pragma once

#include <string>
#include <string_view>

namespace leyden::qa {

// A Go source that asks leydenNow() for the time (leyden_probes.go), which another day can be told, where it calls time.Now, time.Since and time.Until. Lines stay where
// they are. Go asks the kernel itself, so that no preloaded library can do it.
[[nodiscard]] std::string go_with_movable_clock(std::string_view text);

}  // namespace leyden::qa
