#include "leyden/prompt/turn_format.h"

#include <algorithm>
#include <array>

#include "leyden/prompt/chat/encode_parts.h"

namespace leyden::prompt {
namespace {

constexpr std::string_view kPlain = "plain";
constexpr std::string_view kThinkEnd = "</think>";
// Stand for the users' words where an answer is looked at.
const std::string kAsked = "The question before the answer.";
const std::string kAskedNext = "The question behind the answer.";

bool has_suffix(TokenIdsView ids, TokenIdsView suffix) {
  return ids.size() >= suffix.size() && std::ranges::equal(ids.last(suffix.size()), suffix);
}

}  // namespace

Result<std::shared_ptr<const TurnFormat>> TurnFormat::open(const std::optional<JinjaSource>& shown,
                                                           const tokenizer::Tokenizer& tokenizer,
                                                           const std::string& system,
                                                           std::chrono::year_month_day date) {
  std::shared_ptr<TurnFormat> format(new TurnFormat(tokenizer));
  if (!shown) {
    format->chat_ = ChatTemplate::guess(tokenizer);
  } else if (!shown->text.empty()) {
    auto chat = ChatTemplate::open(*shown, tokenizer);
    if (!chat) return std::unexpected(chat.error());
    format->chat_ = *std::move(chat);
  }
  if (!format->chat_) {
    format->name_ = kPlain;
    format->first_ = {
        .before = {{.text = system + "\n"}}, .after = {{.text = "\nAnswer:"}}, .stop_tokens = {}};
    format->next_ = fail(Errc::unsupported,
                         "the model has no chat format: a session needs one to tell where an "
                         "answer ends; choose a model for conversations");
    return format;
  }
  format->name_ = format->chat_->format();
  auto renderer = TurnRenderer::make(*format->chat_, system, date);
  if (!renderer) return std::unexpected(renderer.error());
  format->renderer_ = *std::move(renderer);
  auto first = first_frame(*format->renderer_);
  if (!first) return std::unexpected(first.error());
  format->first_ = *std::move(first);
  format->next_ = next_turn(*format->renderer_);
  if (!format->next_) return format;
  const auto end = encode_parts(tokenizer, {{.text = format->next_->end, .special = true}});
  if (!end) {
    format->next_ = std::unexpected(end.error());
    return format;
  }
  format->end_ = end->ids.front();
  format->reasoning_ = format->find_reasoning();
  return format;
}

bool TurnFormat::continues(std::string_view name) const {
  if (name == name_) return true;
  if (!next_) return false;
  struct OldFormat {
    std::string_view name;
    std::string_view end;
    std::string_view before;
    std::string_view after;
  };
  constexpr std::array kOld = {
      OldFormat{"chatml", "<|im_end|>", "\n<|im_start|>user\n",
                "<|im_end|>\n<|im_start|>assistant\n"},
      OldFormat{"llama3", "<|eot_id|>", "<|start_header_id|>user<|end_header_id|>\n\n",
                "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"}};
  return std::ranges::any_of(kOld, [&](const OldFormat& old) {
    return old.name == name && old.end == next_->end &&
           old.before == rendered_text(next_->frame.before) &&
           old.after == rendered_text(next_->frame.after);
  });
}

TurnFormat::Reasoning TurnFormat::find_reasoning() {
  constexpr std::string_view kThought = "Words of reasoning.";
  constexpr std::string_view kSaid = "Words behind it.";
  const auto written = write_answer(fmt::format("<think>\n{}\n</think>\n\n{}", kThought, kSaid));
  if (!written) return Reasoning::unknown;
  const std::string text = rendered_text(*written);
  // Cut off at a special token only: text would have joined with the user's words.
  const bool cuts = !first_.after.empty() && first_.after.front().special;
  if (!text.contains(kThought)) {
    return cuts && text.contains(kSaid) ? Reasoning::before_think_end : Reasoning::unknown;
  }
  // Where an earlier answer is opened with more than the model is given to begin with, the model writes the rest itself, and what it
  // writes before that is its reasoning.
  const std::string opening = rendered_text(next_->opening);
  const std::string given = rendered_text(first_.after);
  if (!opening.starts_with(given) || opening.size() == given.size()) return Reasoning::kept;
  channel_ = opening.substr(given.size());
  return cuts && next_->opening.back().special ? Reasoning::before_channel : Reasoning::unknown;
}

Result<std::vector<TemplatePart>> TurnFormat::write_answer(const std::string& answer) const {
  const std::array<std::string, 3> said = {kAsked, answer, kAskedNext};
  const auto parts = renderer_->render(said);
  if (!parts) return std::unexpected(parts.error());
  const auto asked = split_around(*parts, kAsked, "the user's");
  if (!asked) return std::unexpected(asked.error());
  auto next = split_around(asked->after, kAskedNext, "the user's");
  if (!next) return std::unexpected(next.error());
  return std::move(next->before);
}

Result<void> TurnFormat::check_reasoning() const {
  if (reasoning_ != Reasoning::unknown) return {};
  return fail(
      Errc::unsupported,
      "it is not known how the chat format {} drops the reasoning of earlier turns: keep it "
      "as it was sampled",
      name_);
}

Result<std::optional<TokenIds>> TurnFormat::without_reasoning(TokenIdsView prompt,
                                                              TokenIdsView response) const {
  if (!next_) return std::unexpected(next_.error());
  if (auto known = check_reasoning(); !known) return std::unexpected(known.error());
  if (reasoning_ == Reasoning::kept) return std::nullopt;
  auto answer = tokenizer_->decode(response);
  if (!answer) return std::unexpected(answer.error());
  if (reasoning_ == Reasoning::before_think_end) {
    if (!answer->contains(kThinkEnd)) return std::nullopt;
  } else {
    const std::size_t at = answer->rfind(channel_);
    if (at == std::string::npos || at == 0) return std::nullopt;
    answer->erase(0, at + channel_.size());
  }

  const auto parts = write_answer(*answer);
  if (!parts) return std::unexpected(parts.error());
  std::vector<TemplatePart> behind = {{.text = next_->end, .special = true}};
  behind.insert(behind.end(), next_->frame.before.begin(), next_->frame.before.end());
  const auto written = encode_parts(*tokenizer_, *parts);
  if (!written) return std::unexpected(written.error());
  const auto behind_ids = encode_parts(*tokenizer_, behind);
  if (!behind_ids) return std::unexpected(behind_ids.error());
  if (!has_suffix(written->ids, behind_ids->ids))
    return fail(Errc::internal, "an earlier answer does not end as the frame does");
  const TokenIdsView kept =
      TokenIdsView(written->ids).first(written->ids.size() - behind_ids->ids.size());

  for (const ChatFrame* frame : {&next_->frame, &first_}) {
    const auto given = encode_parts(*tokenizer_, frame->after);
    if (!given) return std::unexpected(given.error());
    if (!has_suffix(prompt, given->ids)) continue;
    TokenIds ids(prompt.begin(), prompt.end() - static_cast<std::ptrdiff_t>(given->ids.size()));
    ids.insert(ids.end(), kept.begin(), kept.end());
    return ids;
  }
  return fail(Errc::internal, "a turn's prompt does not end where the answer begins");
}

}  // namespace leyden::prompt
