#include "leyden/prompt/chat/turn_frame.h"

#include <algorithm>
#include <array>

#include "leyden/prompt/chat/python_text.h"

namespace leyden::prompt {
namespace {

// Messages of three turns: user, assistant, user, assistant, user.
using Words = std::array<std::string, 5>;

const std::array<Words, 2>& tried_words() {
  static const std::array<Words, 2> kTried = {
      Words{"[a.md | Jars]\nWords of the first message.\n\n    Indented.\nQuestion: First, why?",
            "Words of the first answer.", "[b.md]\nWords of the second message.\nQuestion: When?",
            "Words of the second answer.", "[c.md]\nWords of the third message.\nQuestion: How?"},
      Words{"Question: \"one\" & <b>{{ 1 }}</b> \\ 'x' \U0001F3FA?", "- 1\n\n- {\"one\": [1]}",
            "Question: \"two\" & {% two %} [INSTEAD] # two?", "- 2\n\n```\ntwo  two\n```",
            "Question: \"three\" \u00FC\u0301 | three?"}};
  return kTried;
}

std::vector<TemplatePart>::const_iterator first_special(const std::vector<TemplatePart>& parts) {
  return std::ranges::find(parts, true, &TemplatePart::special);
}

std::unexpected<Error> frames_by_words() {
  return fail(Errc::unsupported,
              "the model's chat template writes turns otherwise by what their messages say: choose "
              "another model");
}

// Where an answer is the last of all, its end differs with gpt-oss. Empty: it is not marked.
std::string stop_token(const TurnRenderer& renderer, const Words& words) {
  const auto parts = renderer.render(std::span(words).first(2), false);
  if (!parts) return {};
  const auto around = split_around(*parts, words[1], "the assistant's");
  if (!around) return {};
  const auto stop = first_special(around->after);
  return stop == around->after.end() ? std::string() : stop->text;
}

Result<ChatFrame> first_frame_with(const TurnRenderer& renderer, const Words& words) {
  const auto parts = renderer.render(std::span(words).first(1));
  if (!parts) return std::unexpected(parts.error());
  auto around = split_around(*parts, words[0], "the user's");
  if (!around) return std::unexpected(around.error());
  ChatFrame frame{
      .before = std::move(around->before), .after = std::move(around->after), .stop_tokens = {}};
  if (std::string stop = stop_token(renderer, words); !stop.empty())
    frame.stop_tokens.push_back(std::move(stop));
  return frame;
}

// The turn that `words` end with: what follows the last answer.
Result<NextTurn> next_turn_with(const TurnRenderer& renderer, std::span<const std::string> words) {
  const auto parts = renderer.render(words);
  if (!parts) return std::unexpected(parts.error());
  const auto asked = split_around(*parts, words[words.size() - 3], "the user's");
  if (!asked) return std::unexpected(asked.error());
  const auto answered = split_around(asked->after, words[words.size() - 2], "the assistant's");
  if (!answered) return std::unexpected(answered.error());
  auto around = split_around(answered->after, words.back(), "the user's");
  if (!around) return std::unexpected(around.error());
  const auto end = first_special(around->before);
  if (end == around->before.end()) {
    return fail(Errc::unsupported,
                "the model has no chat format with an end token: a session needs one to tell where "
                "an answer ends; choose a model for conversations");
  }
  return NextTurn{.end = end->text,
                  .frame = {.before = {end + 1, around->before.cend()},
                            .after = std::move(around->after),
                            .stop_tokens = {}},
                  .opening = answered->before};
}

}  // namespace

Result<TurnRenderer> TurnRenderer::make(ChatTemplate& chat, std::string system,
                                        std::chrono::year_month_day date) {
  TurnRenderer renderer(chat, std::move(system), date);
  const std::string_view said = strip(renderer.system_);
  const auto as_system = renderer.render(std::span(tried_words()[0]).first(1));
  if (as_system && rendered_text(*as_system).contains(said)) return renderer;
  renderer.folds_system_ = true;
  const auto folded = renderer.render(std::span(tried_words()[0]).first(1));
  if (folded) return renderer;
  return std::unexpected(as_system ? folded.error() : as_system.error());
}

Result<std::vector<TemplatePart>> TurnRenderer::render(std::span<const std::string> said,
                                                       bool add_generation_prompt) const {
  Conversation conversation;
  const bool has_system = !strip(system_).empty();
  if (has_system && !folds_system_)
    conversation.messages.push_back({.role = Role::system, .content = system_});
  for (std::size_t i = 0; i < said.size(); ++i) {
    const bool opens = i == 0 && has_system && folds_system_;
    conversation.messages.push_back({.role = i % 2 == 0 ? Role::user : Role::assistant,
                                     .content = opens ? system_ + "\n\n" + said[i] : said[i]});
  }
  return chat_->render(conversation,
                       {.add_generation_prompt = add_generation_prompt, .date = date_});
}

Result<ChatFrame> first_frame(const TurnRenderer& renderer) {
  auto frame = first_frame_with(renderer, tried_words()[0]);
  if (!frame) return frame;
  const auto again = first_frame_with(renderer, tried_words()[1]);
  if (!again) return again;
  if (*again != *frame) return frames_by_words();
  return frame;
}

Result<NextTurn> next_turn(const TurnRenderer& renderer) {
  std::optional<NextTurn> next;
  for (const Words& words : tried_words()) {
    for (const std::size_t count : {3U, 5U}) {
      auto found = next_turn_with(renderer, std::span(words).first(count));
      if (!found) return found;
      // How the first answer was opened: the frame before it may differ from those of later turns.
      if (next && count == 5) found->opening = next->opening;
      if (next && *next != *found) return frames_by_words();
      next = *std::move(found);
    }
  }
  std::string stop = stop_token(renderer, tried_words()[0]);
  next->frame.stop_tokens.push_back(stop.empty() ? next->end : std::move(stop));
  return *std::move(next);
}

Result<Around> split_around(const std::vector<TemplatePart>& parts, std::string_view words,
                            std::string_view whose) {
  Around around;
  bool found = false;
  for (const TemplatePart& part : parts) {
    std::vector<TemplatePart>& side = found ? around.after : around.before;
    const std::size_t at = part.special ? std::string::npos : part.text.find(words);
    if (at == std::string::npos) {
      side.push_back(part);
      continue;
    }
    const std::size_t behind = at + words.size();
    if (found || part.text.find(words, behind) != std::string::npos) {
      return fail(Errc::unsupported,
                  "the model's chat template writes {} message twice: choose another model", whose);
    }
    found = true;
    if (at > 0) side.push_back({.text = part.text.substr(0, at), .content = part.content});
    if (behind < part.text.size())
      around.after.push_back({.text = part.text.substr(behind), .content = part.content});
  }
  if (found) return around;
  return fail(Errc::unsupported,
              "the model's chat template does not write {} message as it is: choose another model",
              whose);
}

}  // namespace leyden::prompt
