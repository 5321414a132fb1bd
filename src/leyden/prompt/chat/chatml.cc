// SmolLM2, Qwen 2.5 and Qwen 3: turns between <|im_start|> and <|im_end|>.
#include "leyden/prompt/chat/renderers.h"

namespace leyden::prompt {

namespace {

PartWriter chatml_writer() { return PartWriter({"<|im_start|>", "<|im_end|>"}); }

void write_turn(PartWriter& out, Role role, std::string_view content) {
  out.markup("<|im_start|>").text(name_of(role)).text("\n").content(content);
  out.markup("<|im_end|>\n");
}

constexpr std::string_view kToolsBefore =
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are "
    "provided "
    "with function signatures within <tools></tools> XML tags:\n<tools>";

// `open` and `close`: the braces that the template shows, which Qwen 2.5 Coder's doubles.
std::string tools_after(std::string_view open, std::string_view close) {
  return fmt::format(
      "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
      "within <tool_call></tool_call> XML tags:\n<tool_call>\n{}\"name\": <function-name>, "
      "\"arguments\": <args-json-object>{}\n</tool_call><|im_end|>\n",
      open, close);
}

Result<void> write_tools(PartWriter& out, const Conversation& conversation) {
  auto tools = parse_tools(conversation);
  if (!tools) return std::unexpected(tools.error());
  out.markup(kToolsBefore);
  for (const Json& tool : *tools) out.text("\n").content(python_json(tool));
  return {};
}

Result<void> write_call(PartWriter& out, const Conversation& conversation, std::size_t index,
                        std::size_t call) {
  auto arguments = arguments_of(conversation, index, call);
  if (!arguments) return std::unexpected(arguments.error());
  out.markup("<tool_call>\n{\"name\": \"")
      .content(conversation.messages[index].tool_calls[call].name);
  out.text("\", \"arguments\": ").content(*arguments).text("}\n</tool_call>");
  return {};
}

// Results of tools in a row are one turn of the user's.
void write_tool_result(PartWriter& out, const Conversation& conversation, std::size_t index,
                       std::string_view content) {
  const auto& messages = conversation.messages;
  if (index == 0 || messages[index - 1].role != Role::tool) out.markup("<|im_start|>user");
  out.text("\n<tool_response>\n").content(content).text("\n</tool_response>");
  if (index + 1 == messages.size() || messages[index + 1].role != Role::tool)
    out.markup("<|im_end|>\n");
}

Rendered render_qwen2_5_with(const Conversation& conversation, const RenderOptions& options,
                             std::string_view open, std::string_view close) {
  if (auto good = check_places(conversation, "Qwen 2.5", {.developer_role = true}); !good)
    return std::unexpected(good.error());
  const auto& messages = conversation.messages;
  PartWriter out = chatml_writer();
  out.markup("<|im_start|>system\n");
  if (messages[0].role == Role::system) {
    auto system = content_of(conversation, 0);
    if (!system) return std::unexpected(system.error());
    out.content(*system);
  } else {
    out.text("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.");
  }
  if (conversation.tools.empty()) {
    out.markup("<|im_end|>\n");
  } else {
    out.text("\n\n");
    if (auto written = write_tools(out, conversation); !written)
      return std::unexpected(written.error());
    out.markup(tools_after(open, close));
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (i == 0 && message.role == Role::system) continue;
    if (message.role == Role::assistant && !message.tool_calls.empty()) {
      out.markup("<|im_start|>assistant");
      if (message.content && !message.content->empty()) out.text("\n").content(*message.content);
      for (std::size_t call = 0; call < message.tool_calls.size(); ++call) {
        out.text("\n");
        if (auto written = write_call(out, conversation, i, call); !written)
          return std::unexpected(written.error());
      }
      out.markup("<|im_end|>\n");
      continue;
    }
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    if (message.role == Role::tool) {
      write_tool_result(out, conversation, i, *content);
    } else {
      write_turn(out, message.role, *content);
    }
  }
  if (options.add_generation_prompt) out.markup("<|im_start|>assistant\n");
  return out.take();
}

// What a Qwen 3 assistant thought and said.
struct Thought {
  std::string_view reasoning;
  std::string_view content;
};

Thought thought_of(const Message& message) {
  constexpr std::string_view kOpen = "<think>";
  constexpr std::string_view kClose = "</think>";
  std::string_view said = *message.content;
  if (message.reasoning) return {.reasoning = *message.reasoning, .content = said};
  const std::size_t close = said.find(kClose);
  if (close == std::string_view::npos) return {.reasoning = {}, .content = said};
  std::string_view thought = strip_right(said.substr(0, close), "\n");
  if (auto open = thought.rfind(kOpen); open != std::string_view::npos)
    thought.remove_prefix(open + kOpen.size());
  return {.reasoning = strip_left(thought, "\n"),
          .content = strip_left(said.substr(said.rfind(kClose) + kClose.size()), "\n")};
}

// Thoughts are shown after the last message that a user wrote, and not a tool.
std::size_t last_query(const Conversation& conversation) {
  const auto& messages = conversation.messages;
  for (std::size_t i = messages.size(); i-- > 0;) {
    const std::string_view content =
        messages[i].content ? *messages[i].content : std::string_view();
    if (messages[i].role == Role::user &&
        !(content.starts_with("<tool_response>") && content.ends_with("</tool_response>")))
      return i;
  }
  return messages.size() - 1;
}

}  // namespace

Rendered render_smollm2(const Conversation& conversation, const RenderOptions& options) {
  if (auto good = check_places(conversation, "SmolLM2", {.tools = true, .tool_calls = true}); !good)
    return std::unexpected(good.error());
  PartWriter out = chatml_writer();
  if (conversation.messages[0].role != Role::system) {
    out.markup(
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
        "Face<|im_end|>\n");
  }
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    write_turn(out, conversation.messages[i].role, *content);
  }
  if (options.add_generation_prompt) out.markup("<|im_start|>assistant\n");
  return out.take();
}

Rendered render_qwen2_5(const Conversation& conversation, const RenderOptions& options) {
  return render_qwen2_5_with(conversation, options, "{", "}");
}

Rendered render_qwen2_5_coder(const Conversation& conversation, const RenderOptions& options) {
  return render_qwen2_5_with(conversation, options, "{{", "}}");
}

Rendered render_qwen3(const Conversation& conversation, const RenderOptions& options) {
  if (auto good = check_places(conversation, "Qwen 3", {.developer_role = true}); !good)
    return std::unexpected(good.error());
  const auto& messages = conversation.messages;
  PartWriter out = chatml_writer();
  if (!conversation.tools.empty()) {
    out.markup("<|im_start|>system\n");
    if (messages[0].role == Role::system) {
      auto system = content_of(conversation, 0);
      if (!system) return std::unexpected(system.error());
      out.content(*system).text("\n\n");
    }
    if (auto written = write_tools(out, conversation); !written)
      return std::unexpected(written.error());
    out.markup(tools_after("{", "}"));
  }
  const std::size_t query = last_query(conversation);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    if (message.role == Role::tool) {
      write_tool_result(out, conversation, i, *content);
      continue;
    }
    if (message.role != Role::assistant) {
      if (i > 0 || message.role == Role::user || conversation.tools.empty())
        write_turn(out, message.role, *content);
      continue;
    }
    const Thought thought = thought_of(message);
    out.markup("<|im_start|>assistant\n");
    if (i > query && (i + 1 == messages.size() || !thought.reasoning.empty())) {
      out.text("<think>\n").content(strip_right(strip_left(thought.reasoning, "\n"), "\n"));
      out.text("\n</think>\n\n").content(strip_left(thought.content, "\n"));
    } else {
      out.content(thought.content);
    }
    for (std::size_t call = 0; call < message.tool_calls.size(); ++call) {
      if (call > 0 || !thought.content.empty()) out.text("\n");
      if (auto written = write_call(out, conversation, i, call); !written)
        return std::unexpected(written.error());
    }
    out.markup("<|im_end|>\n");
  }
  if (options.add_generation_prompt) {
    out.markup("<|im_start|>assistant\n");
    if (options.enable_thinking == false) out.text("<think>\n\n</think>\n\n");
  }
  return out.take();
}

}  // namespace leyden::prompt
