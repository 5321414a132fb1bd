#pragma once

#include <cstddef>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/template_part.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::prompt {

// Tokens [begin, end) of a prompt.
struct ContentRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  friend bool operator==(const ContentRange&, const ContentRange&) = default;
};

struct EncodedParts {
  TokenIds ids;
  // Where text of others stands: the stretches between special tokens that hold content, with the template's own words in them.
  std::vector<ContentRange> content;
};

// The IDs of a rendered conversation: a special token is its ID; what stands between two of them is encoded as one text in which
// nothing is a control token (encode_text). Errors: unsupported, for a special token that the tokenizer lacks.
[[nodiscard]] Result<EncodedParts> encode_parts(const tokenizer::Tokenizer& tokenizer,
                                                const std::vector<TemplatePart>& parts);

// A template's own text, cut at the tokenizer's control tokens, as the tokenizer itself finds them: its special tokens, and marks such as
// <think>, <tool_call> and <｜User｜>, whatever the vocabulary calls them. No part is content.
[[nodiscard]] std::vector<TemplatePart> split_at_special(const tokenizer::Tokenizer& tokenizer,
                                                         std::string_view text);

// The same for the parts that are neither special nor content.
[[nodiscard]] std::vector<TemplatePart> split_own_text(const tokenizer::Tokenizer& tokenizer,
                                                       const std::vector<TemplatePart>& parts);

}  // namespace leyden::prompt
