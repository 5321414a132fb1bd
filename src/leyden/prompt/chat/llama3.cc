// Llama 3, 3.1 (with 3.3, whose template is the same) and 3.2: turns of <|start_header_id|> and <|eot_id|>.
#include "leyden/prompt/chat/dates.h"
#include "leyden/prompt/chat/renderers.h"

namespace leyden::prompt {

namespace {

PartWriter llama_writer() {
  return PartWriter(
      {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"});
}

void write_header(PartWriter& out, std::string_view role) {
  out.markup("<|start_header_id|>").text(role).markup("<|end_header_id|>\n\n");
}

Rendered render_llama3_with(const Conversation& conversation, bool prompting) {
  if (auto good = check_places(conversation, "Llama 3", {.tools = true, .tool_calls = true}); !good)
    return std::unexpected(good.error());
  PartWriter out = llama_writer();
  out.markup("<|begin_of_text|>");
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    auto content = content_of(conversation, i);
    if (!content) return std::unexpected(content.error());
    write_header(out, name_of(conversation.messages[i].role));
    out.content(strip(*content)).markup("<|eot_id|>");
  }
  if (prompting) write_header(out, "assistant");
  return out.take();
}

// Tool definitions stand in the first user turn.
Result<void> write_tools(PartWriter& out, const Conversation& conversation) {
  auto tools = parse_tools(conversation);
  if (!tools) return std::unexpected(tools.error());
  out.text(
      "Given the following functions, please respond with a JSON for a function call with its "
      "proper "
      "arguments that best answers the given prompt.\n\nRespond in the format {\"name\": function "
      "name, \"parameters\": dictionary of argument name and its value}.Do not use variables.\n\n");
  for (const Json& tool : *tools) out.content(python_json(tool, 4)).text("\n\n");
  return {};
}

Result<void> write_call(PartWriter& out, const Conversation& conversation, std::size_t index) {
  const Message& message = conversation.messages[index];
  if (message.tool_calls.size() > 1)
    return refuse(index, "this model makes one tool call at a time: split them into messages");
  auto arguments = arguments_of(conversation, index, 0);
  if (!arguments) return std::unexpected(arguments.error());
  write_header(out, "assistant");
  out.text("{\"name\": \"").content(message.tool_calls[0].name).text("\", \"parameters\": ");
  out.content(*arguments).text("}").markup("<|eot_id|>");
  return {};
}

Rendered render_llama3_1_with(const Conversation& conversation, const RenderOptions& options,
                              const std::string& date) {
  if (auto good = check_places(conversation, "Llama 3.1", {}); !good)
    return std::unexpected(good.error());
  const auto& messages = conversation.messages;
  PartWriter out = llama_writer();
  out.markup("<|begin_of_text|>");
  write_header(out, "system");
  if (!conversation.tools.empty()) out.text("Environment: ipython\n");
  out.text("Cutting Knowledge Date: December 2023\nToday Date: ").text(date).text("\n\n");
  std::size_t next = 0;
  if (messages[0].role == Role::system) {
    auto system = content_of(conversation, next++);
    if (!system) return std::unexpected(system.error());
    out.content(strip(*system));
  }
  out.markup("<|eot_id|>");
  if (!conversation.tools.empty()) {
    if (next == messages.size()) {
      return fail(
          Errc::invalid_argument,
          "the tool definitions of Llama 3.1 stand in the first user message, and there is none");
    }
    write_header(out, "user");
    if (auto written = write_tools(out, conversation); !written)
      return std::unexpected(written.error());
    auto first = content_of(conversation, next++);
    if (!first) return std::unexpected(first.error());
    out.content(strip(*first)).markup("<|eot_id|>");
  }
  for (; next < messages.size(); ++next) {
    if (!messages[next].tool_calls.empty()) {
      if (auto written = write_call(out, conversation, next); !written)
        return std::unexpected(written.error());
      continue;
    }
    auto content = content_of(conversation, next);
    if (!content) return std::unexpected(content.error());
    if (messages[next].role == Role::tool) {
      write_header(out, "ipython");
      out.content(python_json_string(*content));
    } else {
      write_header(out, name_of(messages[next].role));
      out.content(strip(*content));
    }
    out.markup("<|eot_id|>");
  }
  if (options.add_generation_prompt) write_header(out, "assistant");
  return out.take();
}

}  // namespace

Rendered render_llama3(const Conversation& conversation, const RenderOptions& options) {
  return render_llama3_with(conversation, options.add_generation_prompt);
}

// An early template, which asks for an answer always.
Rendered render_llama3_prompting(const Conversation& conversation, const RenderOptions&) {
  return render_llama3_with(conversation, true);
}

Rendered render_llama3_1(const Conversation& conversation, const RenderOptions& options) {
  return render_llama3_1_with(conversation, options,
                              options.date ? day_month_year(*options.date) : "26 Jul 2024");
}

Rendered render_llama3_2(const Conversation& conversation, const RenderOptions& options) {
  if (!options.date) return fail_without_date("Llama 3.2");
  return render_llama3_1_with(conversation, options, day_month_year(*options.date));
}

}  // namespace leyden::prompt
