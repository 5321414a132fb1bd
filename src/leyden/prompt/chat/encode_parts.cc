#include "leyden/prompt/chat/encode_parts.h"

#include <algorithm>
#include <iterator>

#include "leyden/prompt/join.h"

namespace leyden::prompt {

Result<EncodedParts> encode_parts(const tokenizer::Tokenizer& tokenizer,
                                  const std::vector<TemplatePart>& parts) {
  EncodedParts out;
  auto next = parts.begin();
  while (next != parts.end()) {
    if (next->special) {
      auto id = tokenizer.special_token(next->text);
      if (!id) {
        return fail(Errc::unsupported,
                    "the tokenizer {} has no token {}: it does not belong to this chat format",
                    tokenizer.name(), next->text);
      }
      out.ids.push_back(*id);
      ++next;
      continue;
    }
    const auto end = std::find_if(next, parts.end(), [](const auto& part) { return part.special; });
    std::vector<TokenIds> encoded;  // What the pieces look at.
    encoded.reserve(static_cast<std::size_t>(end - next));
    std::vector<Piece> pieces;
    const std::size_t begin = out.ids.size();
    const bool content = std::any_of(next, end, [](const auto& part) { return part.content; });
    for (; next != end; ++next)
      pieces.push_back(
          Piece::of(next->text, encoded.emplace_back(encode_text(tokenizer, next->text))));
    TokenIds joined = join(tokenizer, pieces).ids;
    out.ids.insert(out.ids.end(), joined.begin(), joined.end());
    if (content) out.content.push_back({.begin = begin, .end = out.ids.size()});
  }
  return out;
}

std::vector<TemplatePart> split_at_special(const tokenizer::Tokenizer& tokenizer,
                                           std::string_view text) {
  PartWriter out;
  const auto encoding =
      tokenizer.encode_with_offsets(text, {.special = tokenizer::SpecialPolicy::all()});
  std::size_t done = 0;
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    const tokenizer::Span span = encoding.spans[i];
    if (span.begin < done || span.end <= span.begin) continue;
    const std::string_view written = text.substr(span.begin, span.end - span.begin);
    if (!tokenizer.is_control(encoding.ids[i]) ||
        tokenizer.special_token(written) != encoding.ids[i])
      continue;
    out.text(text.substr(done, span.begin - done)).special(written);
    done = span.end;
  }
  out.text(text.substr(done));
  return out.take();
}

std::vector<TemplatePart> split_own_text(const tokenizer::Tokenizer& tokenizer,
                                         const std::vector<TemplatePart>& parts) {
  std::vector<TemplatePart> out;
  for (const TemplatePart& part : parts) {
    if (part.special || part.content) {
      out.push_back(part);
    } else {
      std::ranges::move(split_at_special(tokenizer, part.text), std::back_inserter(out));
    }
  }
  return out;
}

}  // namespace leyden::prompt
