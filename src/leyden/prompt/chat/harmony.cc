// gpt-oss: OpenAI's Harmony format.
#include "leyden/prompt/chat/dates.h"
#include "leyden/prompt/chat/harmony_types.h"
#include "leyden/prompt/chat/renderers.h"

namespace leyden::prompt {

namespace {

constexpr std::string_view kAnalysis = "<|start|>assistant<|channel|>analysis<|message|>";
constexpr std::string_view kFinal = "<|start|>assistant<|channel|>final<|message|>";

Result<void> write_developer(PartWriter& out, const Conversation& conversation,
                             std::string_view instructions) {
  auto tools = parse_tools(conversation);
  if (!tools) return std::unexpected(tools.error());
  if (instructions.empty() && tools->empty()) return {};
  out.markup("<|start|>developer<|message|>");
  if (!instructions.empty()) out.text("# Instructions\n\n").content(instructions).text("\n\n");
  if (!tools->empty()) {
    out.text("# Tools\n\n## functions\n\nnamespace functions {\n\n");
    for (std::size_t i = 0; i < tools->size(); ++i) {
      auto written = harmony_tool((*tools)[i]);
      if (!written) {
        return fail(written.error().code, "tool definition {}: {}", i + 1, written.error().message);
      }
      out.content(*written);
    }
    out.text("} // namespace functions");
  }
  out.markup("<|end|>");
  return {};
}

// The template refuses a message in which the marks of a channel were left.
Result<void> check_channels(const std::optional<std::string>& text, std::size_t index) {
  if (text && (text->contains("<|channel|>analysis<|message|>") ||
               text->contains("<|channel|>final<|message|>"))) {
    return refuse(index,
                  "holds <|channel|> marks: give what stands before <|end|> as reasoning, the rest "
                  "as content");
  }
  return {};
}

Result<void> write_call(PartWriter& out, const Conversation& conversation, std::size_t index,
                        bool answered_later) {
  const Message& message = conversation.messages[index];
  const std::string_view content = message.content ? *message.content : std::string_view();
  const std::string_view reasoning = message.reasoning ? *message.reasoning : std::string_view();
  if (!content.empty() && !reasoning.empty()) {
    return refuse(index,
                  "has tool calls, content and reasoning: give content or reasoning, not both");
  }
  // The thoughts before a call are kept until the model has given its final answer.
  const std::string_view thought = content.empty() ? reasoning : content;
  if (!thought.empty() && !answered_later) out.markup(kAnalysis).content(thought).markup("<|end|>");
  if (message.tool_calls.size() > 1)
    return refuse(index, "gpt-oss makes one tool call in a message: split them into messages");
  auto arguments = arguments_of(conversation, index, 0);
  if (!arguments) return std::unexpected(arguments.error());
  out.markup("<|start|>assistant to=functions.").content(message.tool_calls[0].name);
  out.markup("<|channel|>commentary json<|message|>").content(*arguments).markup("<|call|>");
  return {};
}

}  // namespace

// leyden:ignore common.complex-function stands beside the template that it follows, in its order
Rendered render_harmony(const Conversation& conversation, const RenderOptions& options) {
  if (auto good = check_places(conversation, "gpt-oss", {}); !good)
    return std::unexpected(good.error());
  if (!options.date) return fail_without_date("gpt-oss");
  const auto& messages = conversation.messages;
  PartWriter out({"<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|call|>", "<|return|>"});
  out.markup(
      "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
      "Knowledge cutoff: 2024-06\nCurrent date: ");
  out.text(iso_date(*options.date));
  out.text(
      "\n\nReasoning: medium\n\n# Valid channels: analysis, commentary, final. Channel must be "
      "included "
      "for every message.");
  if (!conversation.tools.empty())
    out.text("\nCalls to these tools must go to the commentary channel: 'functions'.");
  out.markup("<|end|>");

  std::size_t first = 0;
  std::string_view instructions;
  if (messages[0].role == Role::system || messages[0].role == Role::developer) {
    auto content = content_of(conversation, first++);
    if (!content) return std::unexpected(content.error());
    instructions = *content;
  }
  if (auto written = write_developer(out, conversation, instructions); !written)
    return std::unexpected(written.error());

  std::size_t last_answer =
      0;  // One past the last message in which the assistant answers and calls nothing.
  for (std::size_t i = first; i < messages.size(); ++i) {
    if (messages[i].role == Role::assistant && messages[i].tool_calls.empty()) last_answer = i + 1;
  }
  std::optional<std::string_view> called;  // The tool whose result comes next.
  for (std::size_t i = first; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (message.role == Role::system || message.role == Role::developer) {
      return fail(
          Errc::unsupported,
          "message {}: gpt-oss's template has a place for instructions at the beginning only",
          i + 1);
    }
    if (message.role == Role::assistant) {
      for (const auto* text : {&message.content, &message.reasoning})
        if (auto good = check_channels(*text, i); !good) return std::unexpected(good.error());
      if (!message.tool_calls.empty()) {
        if (auto written = write_call(out, conversation, i, last_answer > i + 1); !written)
          return std::unexpected(written.error());
        called = message.tool_calls[0].name;
        continue;
      }
    }
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    if (message.role == Role::assistant) {
      // Thoughts of an answer are shown in training only: where nothing follows and no answer is asked for.
      const bool ends = i + 1 == messages.size() && !options.add_generation_prompt;
      if (ends && message.reasoning)
        out.markup(kAnalysis).content(*message.reasoning).markup("<|end|>");
      out.markup(kFinal).content(*content).markup(ends ? "<|return|>" : "<|end|>");
      if (!ends) called.reset();
    } else if (message.role == Role::tool) {
      if (!called) return refuse(i, "is a tool's result, and no message before it calls a tool");
      out.markup("<|start|>functions.").content(*called);
      out.markup(" to=assistant<|channel|>commentary<|message|>")
          .content(python_json_string(*content));
      out.markup("<|end|>");
    } else {
      out.markup("<|start|>user<|message|>").content(*content).markup("<|end|>");
    }
  }
  if (options.add_generation_prompt) out.markup("<|start|>assistant");
  return out.take();
}

}  // namespace leyden::prompt
