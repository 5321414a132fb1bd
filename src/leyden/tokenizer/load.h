#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "leyden/tokenizer/engine/isa.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// Reads what a tokenizer's file says and tells what kind it is by content, not by name: an image (magic bytes), GGUF (magic "GGUF"),
// Hugging Face tokenizer.json ('{'), tiktoken ranks (base64, space, rank per line; which pattern belongs
// to it is told by the file's SHA-256, so only the published ones load; two of them stand for a second encoding, which loads
// when `name` is "p50k_edit" or "o200k_harmony"), else a SentencePiece model.
//
// Errors: not_found; corrupt (truncated or malformed; says where); unsupported (names the component that we
// don't know: never a guess).
[[nodiscard]] Result<TokenizerSpec> load_spec(const std::filesystem::path& path, std::string name);

struct LoadOptions {
  engine::Isa isa = engine::best_isa();  // The IDs are the same for all.
};

// Errors: unsupported, corrupt: a part of the specification that can't be used; says which.
[[nodiscard]] Result<std::shared_ptr<const Tokenizer>> make_tokenizer(
    TokenizerSpec spec, const LoadOptions& options = {});

// Both; but of an image, only what it does not hold is made.
[[nodiscard]] Result<std::shared_ptr<const Tokenizer>> load_tokenizer(
    const std::filesystem::path& path, std::string name, const LoadOptions& options = {});

// What a GGUF says about itself besides its tokenizer. Strings are empty where the key is absent.
struct GgufSummary {
  std::string architecture;
  std::string name;
  std::string licence;
  std::string chat_template;
  std::uint64_t context_length = 0;  // 0 where absent.
};
[[nodiscard]] Result<GgufSummary> read_gguf_summary(const std::filesystem::path& path);

}  // namespace leyden::tokenizer
