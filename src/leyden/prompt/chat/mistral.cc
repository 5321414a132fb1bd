// Mistral Nemo (2407), whose control tokens are those of Mistral's version 3.
#include <algorithm>

#include "leyden/prompt/chat/renderers.h"

namespace leyden::prompt {

namespace {

constexpr std::string_view kIdRule = "Mistral's tool call IDs have 9 characters";

Result<void> write_tools(PartWriter& out, const Conversation& conversation) {
  auto tools = parse_tools(conversation);
  if (!tools) return std::unexpected(tools.error());
  out.markup("[AVAILABLE_TOOLS][");
  for (std::size_t i = 0; i < tools->size(); ++i) {
    const auto function = (*tools)[i].find("function");
    if (function == (*tools)[i].end() || !function->is_object())
      return fail(Errc::invalid_argument, "tool definition {} has no \"function\"", i + 1);
    if (i > 0) out.text(", ");
    out.text("{\"type\": \"function\", \"function\": {");
    std::string fields;
    for (const auto& [key, value] : function->items()) {
      if (key == "return") continue;
      if (!fields.empty()) fields += ", ";
      // The template does not escape what is in these quotes.
      fields += value.is_string() ? fmt::format("\"{}\": \"{}\"", key, value.get<std::string>())
                                  : fmt::format("\"{}\": {}", key, python_json(value));
    }
    out.content(fields).text("}}");
  }
  out.text("]").markup("[/AVAILABLE_TOOLS]");
  return {};
}

Result<void> write_calls(PartWriter& out, const Conversation& conversation, std::size_t index) {
  const Message& message = conversation.messages[index];
  out.markup("[TOOL_CALLS][");
  for (std::size_t call = 0; call < message.tool_calls.size(); ++call) {
    const ToolCall& tool_call = message.tool_calls[call];
    auto arguments = arguments_of(conversation, index, call);
    if (!arguments) return std::unexpected(arguments.error());
    if (python_length(tool_call.id) != 9) return refuse(index, kIdRule);
    if (call > 0) out.text(", ");
    out.text("{\"name\": ").content(python_json_string(tool_call.name));
    out.text(", \"arguments\": ").content(*arguments);
    out.text(", \"id\": \"").content(tool_call.id).text("\"}");
  }
  out.text("]").markup("</s>");
  return {};
}

// Turns of user and assistant alternate; tool calls and results do not count.
Result<void> check_turns(const Conversation& conversation, std::size_t first) {
  bool users_turn = true;
  for (std::size_t i = first; i < conversation.messages.size(); ++i) {
    const Message& message = conversation.messages[i];
    if (message.role == Role::tool || !message.tool_calls.empty()) continue;
    if ((message.role == Role::user) != users_turn) {
      return refuse(i, fmt::format("Mistral's turns alternate, user first; this one is of the {}",
                                   name_of(message.role)));
    }
    users_turn = !users_turn;
  }
  return {};
}

}  // namespace

Rendered render_mistral_nemo(const Conversation& conversation, const RenderOptions&) {
  if (auto good = check_places(conversation, "Mistral Nemo", {}); !good)
    return std::unexpected(good.error());
  const auto& messages = conversation.messages;
  const std::size_t first = messages[0].role == Role::system ? 1 : 0;
  if (auto good = check_turns(conversation, first); !good) return std::unexpected(good.error());
  const auto last_user =
      std::ranges::find(messages.rbegin(), messages.rend(), Role::user, &Message::role);
  PartWriter out({"<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
                  "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"});
  out.markup("<s>");
  for (std::size_t i = first; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (message.role != Role::user && !message.tool_calls.empty()) {
      if (auto written = write_calls(out, conversation, i); !written)
        return std::unexpected(written.error());
      continue;
    }
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    if (message.role == Role::user) {
      // The template compares messages, not places: the tools stand before each that equals the last.
      if (!conversation.tools.empty() && *content == last_user->content) {
        if (auto written = write_tools(out, conversation); !written)
          return std::unexpected(written.error());
      }
      out.markup("[INST]");
      if (first == 1 && i + 1 == messages.size()) {
        auto system = content_of(conversation, 0);
        if (!system) return std::unexpected(system.error());
        out.content(*system).text("\n\n");
      }
      out.content(*content).markup("[/INST]");
    } else if (message.role == Role::assistant) {
      out.content(*content).markup("</s>");
    } else if (message.role == Role::tool) {
      if (python_length(message.tool_call_id) != 9) return refuse(i, kIdRule);
      out.markup("[TOOL_RESULTS]{\"content\": ").content(*content).text(", \"call_id\": \"");
      out.content(message.tool_call_id).markup("\"}[/TOOL_RESULTS]");
    } else {
      return refuse(i, "Mistral takes a system message in the first place only");
    }
  }
  return out.take();
}

}  // namespace leyden::prompt
