#pragma once

#include <string_view>

namespace leyden::sandbox {

// The executable made of sandbox_init.c, which this library carries.
[[nodiscard]] std::string_view init_image();

}  // namespace leyden::sandbox
