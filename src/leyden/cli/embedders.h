#pragma once

#include <memory>
#include <string>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/cli/settings.h"
#include "leyden/net/io_thread.h"
#include "leyden/retrieval/embedder.h"

namespace leyden::cli {

struct OpenedEmbedder {
  std::unique_ptr<net::IoThread> thread;          // Of one over HTTP; outlives it.
  std::unique_ptr<retrieval::Embedder> embedder;  // Null: there is none.
  std::string why_none;                           // One line that says how to get one.
};

// What [embedding] asks for. Nothing asked for is no error: words are enough. Errors: invalid_argument (both are asked for), not_found (the
// model is not installed), and those of the server.
[[nodiscard]] Result<OpenedEmbedder> open_embedder(const Settings& settings, Deadline deadline);

// The same, within 5 s, for who can do without: what went wrong is why there is none.
[[nodiscard]] OpenedEmbedder embedder_or_why_none(const Settings& settings);

}  // namespace leyden::cli
