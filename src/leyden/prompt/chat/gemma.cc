// Gemma 2 and 3: turns of user and model in alternation.
#include "leyden/prompt/chat/renderers.h"

namespace leyden::prompt {

namespace {

Rendered render_gemma(const Conversation& conversation, const RenderOptions& options,
                      bool folds_system) {
  if (auto good = check_places(conversation, "Gemma", {.tools = true, .tool_calls = true}); !good)
    return std::unexpected(good.error());
  const auto& messages = conversation.messages;
  PartWriter out({"<bos>", "<start_of_turn>", "<end_of_turn>"});
  out.markup("<bos>");
  std::size_t first = 0;
  std::string_view system;
  if (messages[0].role == Role::system) {
    if (!folds_system)
      return refuse(0, "Gemma 2 has no system role: put it in the first user message");
    auto content = content_of(conversation, 0);
    if (!content) return std::unexpected(content.error());
    system = *content;
    first = 1;
  }
  for (std::size_t i = first; i < messages.size(); ++i) {
    if ((messages[i].role == Role::user) != ((i - first) % 2 == 0)) {
      return refuse(i, fmt::format("Gemma's turns alternate, user first; this one is of the {}",
                                   name_of(messages[i].role)));
    }
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    out.markup("<start_of_turn>");
    out.text(messages[i].role == Role::assistant ? "model" : name_of(messages[i].role)).text("\n");
    if (i == 1 && first == 1)
      out.content(system).text("\n\n");  // The system's text opens the first turn.
    out.content(strip(*content)).markup("<end_of_turn>\n");
  }
  if (options.add_generation_prompt) out.markup("<start_of_turn>model\n");
  return out.take();
}

}  // namespace

Rendered render_gemma2(const Conversation& conversation, const RenderOptions& options) {
  return render_gemma(conversation, options, false);
}

Rendered render_gemma3(const Conversation& conversation, const RenderOptions& options) {
  return render_gemma(conversation, options, true);
}

}  // namespace leyden::prompt
