#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/cli/model_catalogue.h"

namespace leyden::cli {

struct ModelStoreOptions {
  std::filesystem::path folder;  // Made at first use.
  std::vector<CatalogueModel> catalogue = model_catalogue();
  // Fetches packages by name; "download", its options and a requirements file are added. Which
  // index it asks is its own configuration.
  std::vector<std::string> pip = {"python3", "-m", "pip"};
  std::size_t parallel_downloads = 4;
  [[nodiscard]] Result<void> check() const;  // Names the first field out of range.
};

struct ModelEntry {
  std::string name;
  std::string display_name;
  std::string licence;
  std::uint64_t bytes = 0;
  std::uint64_t download_bytes = 0;
  std::uint64_t context_tokens = 0;
  bool installed = false;
  ModelUse use = ModelUse::generation;
  std::filesystem::path path;  // Where it is, or will be.
};

// Of bytes to download; never falls. `label` says what is being done, for a person. Called on
// get()'s thread.
using ModelProgress =
    std::function<void(std::uint64_t done, std::uint64_t total, std::string_view label)>;

struct EmbeddingModelFiles {
  std::filesystem::path weights;
  std::filesystem::path tokenizer;
};

// Model files in one folder, whole and checked or not there. Thread-safe, and several processes may
// share the folder: there is one lock file for each model, `.lock-<name>`, which stays.
class ModelStore {
 public:
  [[nodiscard]] static Result<ModelStore> open(ModelStoreOptions options);

  // The catalogue, with what is installed (told by the file's size).
  [[nodiscard]] std::vector<ModelEntry> list() const;

  struct GetOptions {
    bool verify = false;  // Hash a file that is there; a wrong one is fetched again.
  };
  // The file, fetched first when it is not there. Needs about the model's size and a few parts of
  // disk. Another get() of the same model is waited for. A failed or cancelled one leaves nothing
  // behind; what a killed one left, the next removes. Errors: not_found (not in the catalogue),
  // cancelled, corrupt (hashes), unavailable (network, disk, no pip: one line).
  [[nodiscard]] Result<std::filesystem::path> get(std::string_view name, GetOptions options,
                                                  const ModelProgress& progress,
                                                  const std::stop_token& stop) const;

  // Errors: not_found when it is unknown or not installed, unavailable.
  [[nodiscard]] Result<void> remove(std::string_view name) const;

  // A name of the catalogue, or else the path of any GGUF file. Fetches nothing.
  // Errors: not_found, invalid_argument (it makes embeddings); the message says what to do.
  [[nodiscard]] Result<std::filesystem::path> resolve(std::string_view name_or_path) const;
  // A name of the catalogue that makes embeddings. Errors: not_found; the message says what to do.
  [[nodiscard]] Result<EmbeddingModelFiles> resolve_embedding(std::string_view name) const;

 private:
  explicit ModelStore(ModelStoreOptions options) : options_(std::move(options)) {}
  [[nodiscard]] const CatalogueModel* find(std::string_view name) const;
  [[nodiscard]] Error unknown(std::string_view name) const;
  [[nodiscard]] std::filesystem::path path_of(const CatalogueModel& model) const;
  [[nodiscard]] bool installed(const CatalogueModel& model) const;
  [[nodiscard]] Result<bool> has_right_hashes(const CatalogueModel& model,
                                              const std::stop_token& stop) const;

  ModelStoreOptions options_;
};

}  // namespace leyden::cli
