#include "leyden/prompt/chat_format.h"

#include <utility>

namespace leyden::prompt {

Result<ChatFormat> detect_chat_format(std::string_view jinja_template) {
  if (jinja_template.empty()) return ChatFormat::plain;
  if (jinja_template.contains("<|im_start|>")) return ChatFormat::chatml;
  if (jinja_template.contains("<|start_header_id|>")) return ChatFormat::llama3;
  return fail(Errc::unsupported,
              "the model's chat template has none of the marks that Leyden knows (<|im_start|>, "
              "<|start_header_id|>): choose another model");
}

ChatFormat guess_chat_format(const tokenizer::Tokenizer& tokenizer) {
  if (tokenizer.special_token("<|im_start|>")) return ChatFormat::chatml;
  if (tokenizer.special_token("<|start_header_id|>")) return ChatFormat::llama3;
  return ChatFormat::plain;
}

ChatFrame chat_frame(ChatFormat format, std::string_view system) {
  auto text = [](std::string value) {
    return TemplatePart{.text = std::move(value), .special = false};
  };
  auto special = [](std::string value) {
    return TemplatePart{.text = std::move(value), .special = true};
  };
  std::string said(system);
  switch (format) {
    case ChatFormat::chatml:
      return {.before = {special("<|im_start|>"), text("system\n" + said), special("<|im_end|>"),
                         text("\n"), special("<|im_start|>"), text("user\n")},
              .after = {special("<|im_end|>"), text("\n"), special("<|im_start|>"),
                        text("assistant\n")},
              .stop_tokens = {"<|im_end|>"}};
    case ChatFormat::llama3: {
      auto header = [&](std::vector<TemplatePart>& parts, std::string role) {
        parts.push_back(special("<|start_header_id|>"));
        parts.push_back(text(std::move(role)));
        parts.push_back(special("<|end_header_id|>"));
      };
      ChatFrame frame;
      frame.before.push_back(special("<|begin_of_text|>"));
      header(frame.before, "system");
      frame.before.push_back(text("\n\n" + said));
      frame.before.push_back(special("<|eot_id|>"));
      header(frame.before, "user");
      frame.before.push_back(text("\n\n"));
      frame.after.push_back(special("<|eot_id|>"));
      header(frame.after, "assistant");
      frame.after.push_back(text("\n\n"));
      frame.stop_tokens = {"<|eot_id|>"};
      return frame;
    }
    case ChatFormat::plain:
      return {.before = {text(said + "\n")}, .after = {text("\nAnswer:")}, .stop_tokens = {}};
  }
  std::unreachable();
}

}  // namespace leyden::prompt
