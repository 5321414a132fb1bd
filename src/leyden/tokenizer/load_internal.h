#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"
#include "leyden/tokenizer/byte_pair_model.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::tokenizer {

// One loader for each kind of file; load.cc chooses. `where` is the file's name, for messages.
[[nodiscard]] Result<std::shared_ptr<const Tokenizer>> load_tiktoken(std::string_view content,
                                                                     const std::string& where,
                                                                     std::string name);
[[nodiscard]] Result<std::shared_ptr<const Tokenizer>> load_huggingface(std::string_view content,
                                                                        const std::string& where,
                                                                        std::string name);
[[nodiscard]] Result<std::shared_ptr<const Tokenizer>> load_gguf(BytesView content,
                                                                 const std::string& where,
                                                                 std::string name);

// A merge as files write it: two tokens in byte-level characters. Fails when one of the three tokens is not in the
// vocabulary.
[[nodiscard]] Result<Merge> resolve_merge(const Vocabulary& vocabulary, std::string_view left,
                                          std::string_view right, std::uint32_t rank,
                                          const std::string& where);

}  // namespace leyden::tokenizer
