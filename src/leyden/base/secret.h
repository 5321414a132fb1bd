#pragma once

#include <filesystem>

#include "leyden/base/digest.h"
#include "leyden/base/result.h"

namespace leyden {

// The 32 bytes in `path`, made at first use (mode 0600) from the system's random source. Safe when several
// processes start at once: all get the same secret. A file of another size is `corrupt`: it is not replaced,
// because a new secret is a new namespace and would orphan every stored name.
[[nodiscard]] Result<Secret> load_or_create_secret(const std::filesystem::path& path);

}  // namespace leyden
