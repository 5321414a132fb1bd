#pragma once

#include <string>
#include <vector>

#include "leyden/cli/settings.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::cli {

// Tokenizers whose IDs the cache may hold. Remembered, because a passage's blocks can be named only with their fingerprints.
struct KnownTokenizer {
  Digest fingerprint;
  std::string name;
};

// A file for each in the data folder. What can't be written is left out: a `tenant` erasure finds its blocks all the same.
void remember_tokenizer(const Settings& settings, const tokenizer::Tokenizer& tokenizer);
[[nodiscard]] std::vector<KnownTokenizer> known_tokenizers(const Settings& settings);

}  // namespace leyden::cli
