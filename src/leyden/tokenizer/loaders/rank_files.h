#pragma once

#include <string_view>
#include <vector>

#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer {

// A published tiktoken rank file, and what its publisher's source says about it: the file holds tokens only.
struct RankFile {
  std::string_view sha256;
  std::string_view name;
  std::string_view pattern;
  std::string_view begin_of_text;  // The special token that a text begins with; empty: none.
  bool by_name_only = false;  // Shares its file with another that is meant where no name is given.
};

// nullptr when the file is not known.
[[nodiscard]] const RankFile* find_rank_file(std::string_view sha256, std::string_view name);

[[nodiscard]] std::vector<AddedToken> special_tokens(const RankFile& file);

}  // namespace leyden::tokenizer
