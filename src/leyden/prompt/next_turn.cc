#include "leyden/prompt/next_turn.h"

#include <algorithm>
#include <ranges>
#include <string>

#include "leyden/prompt/join.h"

namespace leyden::prompt {

Result<NextTurn> next_turn(ChatFormat format, const tokenizer::Tokenizer& tokenizer) {
  NextTurn next{.frame = chat_frame(format, {})};
  if (next.frame.stop_tokens.empty()) {
    return fail(Errc::unsupported,
                "the model has no chat format with an end token: a session needs one to tell where "
                "an answer ends; choose a model for conversations");
  }
  const std::string& end = next.frame.stop_tokens.front();
  const auto id = tokenizer.special_token(end);
  // The system message ends as an answer does: what follows it opens the user's.
  std::vector<TemplatePart>& parts = next.frame.before;
  const auto ends = std::ranges::find_if(
      parts | std::views::reverse,
      [&](const TemplatePart& part) { return part.special && part.text == end; });
  if (!id || ends == parts.rend()) {
    return fail(Errc::unsupported,
                "sessions are not known for this chat format with the tokenizer {}: choose another "
                "model",
                tokenizer.name());
  }
  next.end = *id;
  parts.erase(parts.begin(), ends.base());
  return next;
}

Result<std::optional<TokenIds>> without_reasoning(const tokenizer::Tokenizer& tokenizer,
                                                  const ChatFrame& frame, TokenIdsView prompt,
                                                  TokenIdsView response) {
  constexpr std::string_view kEnd = "</think>";
  auto answer = tokenizer.decode(response);
  if (!answer) return std::unexpected(answer.error());
  const std::size_t at = answer->rfind(kEnd);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = answer->find_first_not_of('\n', at + kEnd.size());
  const std::string kept = begin == std::string::npos ? "" : answer->substr(begin);

  // The text that opens the answer may join with its beginning: both are put there anew.
  const std::string opening =
      frame.after.empty() || frame.after.back().special ? "" : frame.after.back().text;
  const TokenIds opening_ids = tokenizer.encode(opening);
  if (prompt.size() < opening_ids.size() ||
      !std::ranges::equal(prompt.last(opening_ids.size()), opening_ids))
    return fail(Errc::internal, "a turn's prompt does not end where the answer begins");
  TokenIds ids(prompt.begin(), prompt.end() - static_cast<std::ptrdiff_t>(opening_ids.size()));
  const TokenIds kept_ids = tokenizer.encode(kept);
  const Piece pieces[] = {Piece::of(opening, opening_ids), Piece::of(kept, kept_ids)};
  const Joined joined = join(tokenizer, pieces);
  ids.insert(ids.end(), joined.ids.begin(), joined.ids.end());
  return ids;
}

}  // namespace leyden::prompt
