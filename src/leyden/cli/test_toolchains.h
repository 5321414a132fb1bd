#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string_view>

#include "leyden/agents/qa/toolchain.h"
#include "leyden/base/result.h"
#include "leyden/cli/test_flags.h"
#include "leyden/sandbox/sandbox.h"
#include "leyden/syntax/language.h"

namespace leyden::cli {

// What the file is to its project: a header without a word that only C++ has may be C++ still, where there is no C beside it.
[[nodiscard]] syntax::Language test_language(const std::filesystem::path& file,
                                             std::string_view text);

// The toolchain of a file in this language. Errors: its own; unsupported (there is none).
[[nodiscard]] Result<std::unique_ptr<qa::Toolchain>> open_toolchain(
    const TestFlags& flags, const std::filesystem::path& file, syntax::Language language,
    const sandbox::Sandbox& sandbox, std::stop_token stop);

}  // namespace leyden::cli
