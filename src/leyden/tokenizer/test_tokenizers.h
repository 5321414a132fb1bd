#pragma once

// For tests: the tokenizers that `./dev setup` brings, loaded once each.

#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "leyden/tokenizer/load.h"

namespace leyden::tokenizer {

// `file`: relative to the cache folder, such as "tokenizers/o200k_base.tiktoken".
inline const Tokenizer& test_tokenizer(const std::string& file) {
  static std::map<std::string, std::shared_ptr<const Tokenizer>> loaded;
  auto& tokenizer = loaded[file];
  if (!tokenizer) {
    auto result = load_tokenizer(std::filesystem::path(LEYDEN_CACHE_DIR) / file, file);
    if (!result) {
      ADD_FAILURE() << result.error().message << " (./dev setup brings it)";
      std::abort();
    }
    tokenizer = *result;
  }
  return *tokenizer;
}

inline constexpr const char* kTestTokenizers[] = {
    "tokenizers/cl100k_base.tiktoken",
    "tokenizers/o200k_base.tiktoken",
    "tokenizers/qwen2.5.json",
    "deps/llama-0.5.0/vocab/ggml-vocab-gpt-2.gguf",
    "deps/llama-0.5.0/vocab/ggml-vocab-llama-bpe.gguf",
    "deps/llama-0.5.0/vocab/ggml-vocab-qwen2.gguf"};

}  // namespace leyden::tokenizer
