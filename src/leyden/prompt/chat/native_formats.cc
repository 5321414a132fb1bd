#include "leyden/prompt/chat/native_formats.h"

#include <algorithm>

#include "leyden/base/digest.h"
#include "leyden/prompt/chat/renderers.h"

namespace leyden::prompt {

std::span<const NativeFormat> native_formats() {
  static constexpr NativeFormat kFormats[] = {
      {"smollm2", "92009d5b51ffb792ed8976bf8aace73b174515aea5320adf27e89d8faced84c6",
       render_smollm2},
      {"qwen2.5", "2bc1219209b62c405e96790c1ad5905e3f301d793b376397d0e7c440f3fff6f5",
       render_qwen2_5},
      {"qwen2.5-coder", "4349042c71d3ebf2a09b8cb9029b7bf222cebe7f6568aa21feac5f5f4c251cf4",
       render_qwen2_5_coder},
      {"qwen3", "394e98679222da37bcb2b83e739a7c232b48ff1bb1aa5fae83cdffeefb5abce6", render_qwen3},
      {"llama3", "cb27f0e8be0a5e36eabd0aa341f0974a738851408fde23cd57e6055348c3e3d7", render_llama3},
      {"llama3-prompting", "4b31dcb1ca175f2ea9edb9c1faf5146aaa2e4db2ef34d278439f9bf6d9cb2db9",
       render_llama3_prompting},
      {"llama3.1", "12f2d7f1de3ff99e4112aa4ff941d0965a1da452fd0ded40d9ccaac7eeb87b64",
       render_llama3_1},
      {"llama3.2", "a1ae2a42459f1460648980bc04af72ff09b6fc83808f121719bfdccd36557830",
       render_llama3_2},
      {"gemma2", "589508accbcf5211a1b1537e8e075f23d153a210c77ee225febadf17009e1def", render_gemma2},
      {"gemma3", "725d144f3c8979186984bfe51e241690e81860f74823527df009690d55313136", render_gemma3},
      {"mistral-nemo", "409d8ffa8e4420615c8a7251b33d518dbe789f2344058a6364cde90eee8085c0",
       render_mistral_nemo},
      {"deepseek-v3", "93dc4416c13bbb3fa10f90fcf81131c980406e90e0f589fd533a7464d8c05465",
       render_deepseek_v3},
      {"deepseek-v3.1", "5d70ae3a4acd1181c47ba7959d1ac6f55313f14f2503ea6c18fc63ed043c0898",
       render_deepseek_v3_1},
      {"gpt-oss", "d582eb739eda0652113ab9a6cc2267f7819e358b20edad0add41f2743ab6f01c",
       render_harmony},
  };
  return kFormats;
}

std::string template_digest(std::string_view jinja_template) {
  // Jinja drops one line break at a template's end, and files differ in it.
  if (jinja_template.ends_with('\n')) jinja_template.remove_suffix(1);
  return Hasher().field(jinja_template).finish().hex();
}

const NativeFormat* find_native_format(std::string_view jinja_template) {
  auto found = std::ranges::find(native_formats(), template_digest(jinja_template),
                                 &NativeFormat::template_digest);
  return found == native_formats().end() ? nullptr : &*found;
}

const NativeFormat* native_format_named(std::string_view name) {
  auto found = std::ranges::find(native_formats(), name, &NativeFormat::name);
  return found == native_formats().end() ? nullptr : &*found;
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::developer:
      return "developer";
    case Role::user:
      return "user";
    case Role::assistant:
      return "assistant";
    case Role::tool:
      return "tool";
  }
  std::unreachable();
}

Result<std::string_view> content_of(const Conversation& conversation, std::size_t index) {
  const Message& message = conversation.messages[index];
  if (!message.content) return refuse(index, "has no content: give an empty text if that is meant");
  return std::string_view(*message.content);
}

Result<std::string> arguments_of(const Conversation& conversation, std::size_t index,
                                 std::size_t call) {
  auto arguments =
      parse_json(conversation.messages[index].tool_calls[call].arguments,
                 fmt::format("message {}: arguments of tool call {}:", index + 1, call + 1));
  if (!arguments) return std::unexpected(arguments.error());
  return python_json(*arguments);
}

Result<std::vector<Json>> parse_tools(const Conversation& conversation) {
  std::vector<Json> tools;
  for (const std::string& text : conversation.tools) {
    auto tool = parse_json(text, fmt::format("tool definition {}:", tools.size() + 1));
    if (!tool) return std::unexpected(tool.error());
    if (!tool->is_object())
      return fail(Errc::invalid_argument, "tool definition {} is no JSON object", tools.size() + 1);
    tools.push_back(std::move(*tool));
  }
  return tools;
}

Result<void> check_places(const Conversation& conversation, std::string_view format, Lacks lacks) {
  if (conversation.messages.empty())
    return fail(Errc::invalid_argument, "the conversation has no messages");
  if (lacks.tools && !conversation.tools.empty()) {
    return fail(
        Errc::unsupported,
        "the chat format {} has no place for tool definitions: say in the system message what the "
        "tools are",
        format);
  }
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    const Message& message = conversation.messages[i];
    const std::string_view problem = lacks.tool_calls && !message.tool_calls.empty() ? "tool calls"
                                     : lacks.developer_role && message.role == Role::developer
                                         ? "the role developer"
                                         : "";
    if (!problem.empty()) {
      return fail(Errc::unsupported, "message {}: the chat format {} has no place for {}", i + 1,
                  format, problem);
    }
  }
  return {};
}

}  // namespace leyden::prompt
