#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"

namespace leyden::retrieval {

using Vector = std::vector<float>;

// Some models read a question otherwise than what may answer it.
enum class TextRole { passage, query };

// Texts as vectors whose inner product says how near their meanings are. Thread-safe.
class Embedder {
 public:
  virtual ~Embedder() = default;

  // Names the space: the model, its version and how texts are prepared for it. Vectors of different spaces are never compared; an
  // index makes those of another space anew.
  [[nodiscard]] virtual const std::string& space() const = 0;
  [[nodiscard]] virtual std::size_t dimensions() const = 0;

  // How much its ranking counts where it is fused with that of words, which counts 1. Less for a model that often errs.
  [[nodiscard]] virtual double ranking_weight() const { return 1; }

  // A vector of length 1 for each text, in their order; all zeros for a text that has no meaning to the model. What is too long for
  // the model is read up to its limit. Errors: unavailable, timed_out, overloaded, corrupt, unsupported.
  [[nodiscard]] virtual Result<std::vector<Vector>> embed(std::span<const std::string_view> texts,
                                                          TextRole role, Deadline deadline) = 0;
};

// Passages that an update gives an embedder at once, and how long it waits for them: one that is slow makes the update slow, one that
// hangs ends it.
inline constexpr std::size_t kEmbeddedAtOnce = 64;
inline constexpr std::chrono::seconds kEmbedTimeout{60};

// A passage as every store gives it to an embedder: where it stands, then what it says.
[[nodiscard]] std::string embedded_text(std::string_view document, std::string_view context,
                                        std::string_view text);

}  // namespace leyden::retrieval
