// DeepSeek V3 and V3.1.
#include "leyden/prompt/chat/renderers.h"

namespace leyden::prompt {

namespace {

PartWriter deepseek_writer() {
  return PartWriter({"<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>",
                     "<｜Assistant｜>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>",
                     "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁outputs▁begin｜>",
                     "<｜tool▁outputs▁end｜>", "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>",
                     "<｜tool▁sep｜>"});
}

// All system messages, wherever they stand, come first.
Result<void> write_system(PartWriter& out, const Conversation& conversation) {
  out.markup("<｜begin▁of▁sentence｜>");
  bool first = true;
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    if (conversation.messages[i].role != Role::system) continue;
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    if (!first) out.text("\n\n");
    out.content(*content);
    first = false;
  }
  return {};
}

}  // namespace

Rendered render_deepseek_v3(const Conversation& conversation, const RenderOptions& options) {
  if (auto good =
          check_places(conversation, "DeepSeek V3", {.tools = true, .developer_role = true});
      !good)
    return std::unexpected(good.error());
  PartWriter out = deepseek_writer();
  if (auto written = write_system(out, conversation); !written)
    return std::unexpected(written.error());
  // The template never resets these two: the first call and the first result of all begin the lists.
  bool first_call = true;
  bool first_output = true;
  bool after_tool = false;
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    const Message& message = conversation.messages[i];
    if (message.role == Role::system) continue;
    if (!message.tool_calls.empty()) {
      if (message.role != Role::assistant || message.content) {
        return fail(
            Errc::unsupported,
            "message {}: DeepSeek V3's template shows tool calls only of an assistant's message "
            "without content: leave the content out",
            i + 1);
      }
      after_tool = false;
      for (const ToolCall& call : message.tool_calls) {
        if (first_call) out.markup("<｜Assistant｜><｜tool▁calls▁begin｜>");
        if (!first_call) out.text("\n");
        out.markup("<｜tool▁call▁begin｜>function<｜tool▁sep｜>").content(call.name);
        out.text("\n```json\n").content(call.arguments).markup("\n```<｜tool▁call▁end｜>");
        if (!first_call) out.markup("<｜tool▁calls▁end｜><｜end▁of▁sentence｜>");
        first_call = false;
      }
      continue;
    }
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    if (message.role == Role::user) {
      after_tool = false;
      out.markup("<｜User｜>").content(*content);
    } else if (message.role == Role::assistant) {
      out.markup(after_tool ? "<｜tool▁outputs▁end｜>" : "<｜Assistant｜>").content(*content);
      out.markup("<｜end▁of▁sentence｜>");
      after_tool = false;
    } else {
      after_tool = true;
      out.markup(first_output ? "<｜tool▁outputs▁begin｜>" : "\n");
      out.markup("<｜tool▁output▁begin｜>").content(*content).markup("<｜tool▁output▁end｜>");
      first_output = false;
    }
  }
  if (after_tool) {
    out.markup("<｜tool▁outputs▁end｜>");
  } else if (options.add_generation_prompt) {
    out.markup("<｜Assistant｜>");
  }
  return out.take();
}

Rendered render_deepseek_v3_1(const Conversation& conversation, const RenderOptions& options) {
  if (auto good =
          check_places(conversation, "DeepSeek V3.1", {.tools = true, .developer_role = true});
      !good)
    return std::unexpected(good.error());
  PartWriter out = deepseek_writer();
  if (auto written = write_system(out, conversation); !written)
    return std::unexpected(written.error());
  bool after_user = false;
  bool after_tool = false;
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    const Message& message = conversation.messages[i];
    if (message.role == Role::system) continue;
    if (message.role == Role::assistant && after_user) out.markup("<｜Assistant｜><think></think>");
    if (message.role == Role::assistant && !message.tool_calls.empty()) {
      after_user = after_tool = false;
      if (message.content) out.content(*message.content);
      out.markup("<｜tool▁calls▁begin｜>");
      for (std::size_t call = 0; call < message.tool_calls.size(); ++call) {
        auto arguments = arguments_of(conversation, i, call);
        if (!arguments) return std::unexpected(arguments.error());
        out.markup("<｜tool▁call▁begin｜>").content(message.tool_calls[call].name);
        out.markup("<｜tool▁sep｜>").content(*arguments).markup("<｜tool▁call▁end｜>");
      }
      out.markup("<｜tool▁calls▁end｜><｜end▁of▁sentence｜>");
      continue;
    }
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    if (message.role == Role::user) {
      after_user = true;
      after_tool = false;
      out.markup("<｜User｜>").content(*content);
    } else if (message.role == Role::assistant) {
      constexpr std::string_view kClose = "</think>";
      std::string_view said = *content;
      const std::size_t close = after_tool ? std::string_view::npos : said.find(kClose);
      if (close != std::string_view::npos) said.remove_prefix(close + kClose.size());
      out.content(said).markup("<｜end▁of▁sentence｜>");
      after_user = after_tool = false;
    } else {
      after_user = false;
      after_tool = true;
      out.markup("<｜tool▁output▁begin｜>").content(*content).markup("<｜tool▁output▁end｜>");
    }
  }
  if (options.add_generation_prompt && after_user) {
    out.markup("<｜Assistant｜>");
    out.text(options.enable_thinking == true ? "<think>" : "<think></think>");
  }
  return out.take();
}

}  // namespace leyden::prompt
