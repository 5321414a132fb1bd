#pragma once

#include "leyden/base/digest.h"
#include "leyden/cli/settings.h"
#include "leyden/llm/http/http_model_options.h"

namespace leyden::cli {

// How the settings want model servers reached. `secret` makes the salts that keep tenants' prefix caches apart.
[[nodiscard]] llm::HttpModelOptions model_server_options(const Settings& settings,
                                                         const Secret& secret);

}  // namespace leyden::cli
