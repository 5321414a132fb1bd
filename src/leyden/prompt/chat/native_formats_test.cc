#include "leyden/prompt/chat/native_formats.h"

#include <gtest/gtest.h>

#include "leyden/base/files.h"

namespace leyden::prompt {
namespace {

using std::chrono::year_month_day;

constexpr year_month_day kDate{std::chrono::year(2026), std::chrono::November,
                               std::chrono::day(26)};

const NativeFormat& format(std::string_view name) {
  const NativeFormat* found = native_format_named(name);
  if (found == nullptr) ADD_FAILURE() << name;
  return *found;
}

Message said(Role role, std::string content) {
  return {.role = role, .content = std::move(content)};
}

// With what the format has a place for: system message, tool definition, call, result.
Conversation conversation_for(std::string_view name) {
  const bool has_tools = name.starts_with("qwen") || name == "llama3.1" || name == "llama3.2" ||
                         name == "mistral-nemo" || name == "gpt-oss";
  Conversation conversation;
  if (name != "gemma2") conversation.messages.push_back(said(Role::system, "Be brief."));
  conversation.messages.push_back(said(Role::user, " Hi \u3000"));
  if (has_tools || name.starts_with("deepseek")) {
    Message call{.role = Role::assistant};
    if (name == "qwen3") call.content = "";
    call.tool_calls = {{.id = "call00001", .name = "add", .arguments = R"({"a":1.50})"}};
    conversation.messages.push_back(call);
    Message result = said(Role::tool, "2");
    result.tool_call_id = "call00001";
    conversation.messages.push_back(result);
  }
  Message answer = said(Role::assistant, "Two.");
  answer.reasoning = "1+1";
  conversation.messages.push_back(answer);
  conversation.messages.push_back(said(Role::user, "<|im_end|><|eot_id|>"));
  if (has_tools) {
    conversation.tools = {
        R"({"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}}})"};
  }
  return conversation;
}

// By transformers 5.24.0 (tests/reference/chat_templates.py).
const std::map<std::string, std::string>& expected_texts() {
  static const std::map<std::string, std::string> texts = {
      {"smollm2", R"~(<|im_start|>system
Be brief.<|im_end|>
<|im_start|>user
 Hi 　<|im_end|>
<|im_start|>assistant
Two.<|im_end|>
<|im_start|>user
<|im_end|><|eot_id|><|im_end|>
<|im_start|>assistant
)~"},
      {"qwen2.5", R"~(<|im_start|>system
Be brief.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
<|im_start|>user
 Hi 　<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "add", "arguments": {"a": 1.5}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
2
</tool_response><|im_end|>
<|im_start|>assistant
Two.<|im_end|>
<|im_start|>user
<|im_end|><|eot_id|><|im_end|>
<|im_start|>assistant
)~"},
      {"qwen2.5-coder", R"~(<|im_start|>system
Be brief.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call><|im_end|>
<|im_start|>user
 Hi 　<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "add", "arguments": {"a": 1.5}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
2
</tool_response><|im_end|>
<|im_start|>assistant
Two.<|im_end|>
<|im_start|>user
<|im_end|><|eot_id|><|im_end|>
<|im_start|>assistant
)~"},
      {"qwen3", R"~(<|im_start|>system
Be brief.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
<|im_start|>user
 Hi 　<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "add", "arguments": {"a": 1.5}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
2
</tool_response><|im_end|>
<|im_start|>assistant
Two.<|im_end|>
<|im_start|>user
<|im_end|><|eot_id|><|im_end|>
<|im_start|>assistant
<think>

</think>

)~"},
      {"llama3-prompting", R"~(<|begin_of_text|><|start_header_id|>system<|end_header_id|>

Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>

Two.<|eot_id|><|start_header_id|>user<|end_header_id|>

<|im_end|><|eot_id|><|eot_id|><|start_header_id|>assistant<|end_header_id|>

)~"},
      {"llama3", R"~(<|begin_of_text|><|start_header_id|>system<|end_header_id|>

Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>

Two.<|eot_id|><|start_header_id|>user<|end_header_id|>

<|im_end|><|eot_id|><|eot_id|><|start_header_id|>assistant<|end_header_id|>

)~"},
      {"llama3.1", R"~(<|begin_of_text|><|start_header_id|>system<|end_header_id|>

Environment: ipython
Cutting Knowledge Date: December 2023
Today Date: 26 Nov 2026

Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.

Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.

{
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds.",
        "parameters": {
            "type": "object",
            "properties": {
                "a": {
                    "type": "number"
                }
            },
            "required": [
                "a"
            ]
        }
    }
}

Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>

{"name": "add", "parameters": {"a": 1.5}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

"2"<|eot_id|><|start_header_id|>assistant<|end_header_id|>

Two.<|eot_id|><|start_header_id|>user<|end_header_id|>

<|im_end|><|eot_id|><|eot_id|><|start_header_id|>assistant<|end_header_id|>

)~"},
      {"llama3.2", R"~(<|begin_of_text|><|start_header_id|>system<|end_header_id|>

Environment: ipython
Cutting Knowledge Date: December 2023
Today Date: 26 Nov 2026

Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.

Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.

{
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds.",
        "parameters": {
            "type": "object",
            "properties": {
                "a": {
                    "type": "number"
                }
            },
            "required": [
                "a"
            ]
        }
    }
}

Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>

{"name": "add", "parameters": {"a": 1.5}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

"2"<|eot_id|><|start_header_id|>assistant<|end_header_id|>

Two.<|eot_id|><|start_header_id|>user<|end_header_id|>

<|im_end|><|eot_id|><|eot_id|><|start_header_id|>assistant<|end_header_id|>

)~"},
      {"gemma2", R"~(<bos><start_of_turn>user
Hi<end_of_turn>
<start_of_turn>model
Two.<end_of_turn>
<start_of_turn>user
<|im_end|><|eot_id|><end_of_turn>
<start_of_turn>model
)~"},
      {"gemma3", R"~(<bos><start_of_turn>user
Be brief.

Hi<end_of_turn>
<start_of_turn>model
Two.<end_of_turn>
<start_of_turn>user
<|im_end|><|eot_id|><end_of_turn>
<start_of_turn>model
)~"},
      {"mistral-nemo",
       R"~(<s>[INST] Hi 　[/INST][TOOL_CALLS][{"name": "add", "arguments": {"a": 1.5}, "id": "call00001"}]</s>[TOOL_RESULTS]{"content": 2, "call_id": "call00001"}[/TOOL_RESULTS]Two.</s>[AVAILABLE_TOOLS][{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}}][/AVAILABLE_TOOLS][INST]Be brief.

<|im_end|><|eot_id|>[/INST])~"},
      {"deepseek-v3",
       R"~(<｜begin▁of▁sentence｜>Be brief.<｜User｜> Hi 　<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>add
```json
{"a":1.50}
```<｜tool▁call▁end｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>2<｜tool▁output▁end｜><｜tool▁outputs▁end｜>Two.<｜end▁of▁sentence｜><｜User｜><|im_end|><|eot_id|><｜Assistant｜>)~"},
      {"deepseek-v3.1",
       R"~(<｜begin▁of▁sentence｜>Be brief.<｜User｜> Hi 　<｜Assistant｜><think></think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{"a": 1.5}<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜><｜tool▁output▁begin｜>2<｜tool▁output▁end｜>Two.<｜end▁of▁sentence｜><｜User｜><|im_end|><|eot_id|><｜Assistant｜><think></think>)~"},
      {"gpt-oss",
       R"~(<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.
Knowledge cutoff: 2024-06
Current date: 2026-11-26

Reasoning: medium

# Valid channels: analysis, commentary, final. Channel must be included for every message.
Calls to these tools must go to the commentary channel: 'functions'.<|end|><|start|>developer<|message|># Instructions

Be brief.

# Tools

## functions

namespace functions {

// Adds.
type add = (_: {
a: number,
}) => any;

} // namespace functions<|end|><|start|>user<|message|> Hi 　<|end|><|start|>assistant to=functions.add<|channel|>commentary json<|message|>{"a": 1.5}<|call|><|start|>functions.add to=assistant<|channel|>commentary<|message|>"2"<|end|><|start|>assistant<|channel|>final<|message|>Two.<|end|><|start|>user<|message|><|im_end|><|eot_id|><|end|><|start|>assistant)~"},
  };
  return texts;
}

TEST(NativeFormats, GiveTheTextOfTheReference) {
  for (const NativeFormat& native : native_formats()) {
    RenderOptions options{.date = kDate};
    if (native.name == "qwen3" || native.name == "deepseek-v3.1") options.enable_thinking = false;
    auto parts = native.render(conversation_for(native.name), options);
    ASSERT_TRUE(parts) << native.name << ": " << parts.error().message;
    EXPECT_EQ(rendered_text(*parts), expected_texts().at(std::string(native.name))) << native.name;
  }
}

TEST(NativeFormats, NamesOfSpecialTokensInContentAreContent) {
  for (const NativeFormat& native : native_formats()) {
    auto parts = native.render(conversation_for(native.name), {.date = kDate});
    ASSERT_TRUE(parts) << native.name;
    bool found = false;
    for (const TemplatePart& part : *parts)
      found = found || (part.content && part.text == "<|im_end|><|eot_id|>");
    EXPECT_TRUE(found) << native.name;
  }
}

TEST(NativeFormats, AreFoundByTheExactTemplate) {
  const std::string folder = LEYDEN_CACHE_DIR "/deps/llama-jinja-0.5.0/models/templates/";
  for (auto [file, name] :
       {std::pair("Qwen-Qwen2.5-7B-Instruct", "qwen2.5"), std::pair("Qwen-Qwen3-0.6B", "qwen3"),
        std::pair("meta-llama-Llama-3.1-8B-Instruct", "llama3.1"),
        std::pair("meta-llama-Llama-3.3-70B-Instruct", "llama3.1"),
        std::pair("meta-llama-Llama-3.2-3B-Instruct", "llama3.2"),
        std::pair("google-gemma-2-2b-it", "gemma2"),
        std::pair("mistralai-Mistral-Nemo-Instruct-2407", "mistral-nemo"),
        std::pair("deepseek-ai-DeepSeek-V3.1", "deepseek-v3.1"),
        std::pair("openai-gpt-oss-120b", "gpt-oss")}) {
    auto text = read_file(folder + file + ".jinja");
    ASSERT_TRUE(text) << file;
    const NativeFormat* found = find_native_format(*text);
    ASSERT_NE(found, nullptr) << file;
    EXPECT_EQ(found->name, name);
    EXPECT_EQ(find_native_format(*text + " "), nullptr);
  }
}

TEST(NativeFormats, RefuseInWords) {
  auto error = [](std::string_view name, const Conversation& conversation) {
    auto parts = format(name).render(conversation, {.date = kDate});
    return parts ? Error{Errc::internal, "rendered"} : parts.error();
  };
  const Message user = said(Role::user, "U");
  const Message assistant = said(Role::assistant, "A");
  Message call{.role = Role::assistant};
  call.tool_calls = {{.id = "short", .name = "f", .arguments = "{}"}};

  EXPECT_EQ(error("qwen3", {}).code, Errc::invalid_argument);
  EXPECT_EQ(error("gemma3", {.messages = {user, user}}).message,
            "message 2: Gemma's turns alternate, user first; this one is of the user");
  EXPECT_EQ(error("gemma2", {.messages = {said(Role::system, "S"), user}}).message,
            "message 1: Gemma 2 has no system role: put it in the first user message");
  EXPECT_EQ(error("gemma3", {.messages = {user}, .tools = {"{}"}}).code, Errc::unsupported);
  EXPECT_EQ(error("qwen2.5", {.messages = {user}, .tools = {"{"}}).message,
            "tool definition 1: is not JSON from byte 2 on");
  EXPECT_EQ(error("mistral-nemo", {.messages = {user, call}}).message,
            "message 2: Mistral's tool call IDs have 9 characters");
  EXPECT_EQ(error("mistral-nemo", {.messages = {assistant}}).message,
            "message 1: Mistral's turns alternate, user first; this one is of the assistant");
  EXPECT_EQ(error("gpt-oss", {.messages = {said(Role::tool, "T")}}).message,
            "message 1: is a tool's result, and no message before it calls a tool");
  EXPECT_EQ(error("qwen3", {.messages = {call}}).message,
            "message 1: has no content: give an empty text if that is meant");
  EXPECT_EQ(error("qwen2.5", {.messages = {said(Role::developer, "D")}}).code, Errc::unsupported);
  call.tool_calls.push_back(call.tool_calls[0]);
  EXPECT_EQ(error("llama3.1", {.messages = {user, call}}).code, Errc::invalid_argument);
  call.tool_calls = {{.id = "", .name = "f", .arguments = "not JSON"}};
  EXPECT_EQ(error("llama3.1", {.messages = {user, call}}).message,
            "message 2: arguments of tool call 1: is not JSON from byte 2 on");
  EXPECT_FALSE(
      format("gpt-oss").render({.messages = {user}}, {}));  // Prints the date, and none is given.
}

}  // namespace
}  // namespace leyden::prompt
