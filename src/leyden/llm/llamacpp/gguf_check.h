#pragma once

#include <filesystem>

#include "leyden/base/result.h"

namespace leyden::llm::llamacpp {

// Whether the file is a whole GGUF with weights: llama.cpp maps it, and a page that is not there
// would kill the process. Reads the header only (milliseconds). Errors: not_found, unavailable,
// corrupt, unsupported (no weights, or split files).
[[nodiscard]] Result<void> check_gguf(const std::filesystem::path& path);

}  // namespace leyden::llm::llamacpp
