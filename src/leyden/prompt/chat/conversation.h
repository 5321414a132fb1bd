#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leyden::prompt {

enum class Role { system, developer, user, assistant, tool };

// As the templates and OpenAI's API write it.
[[nodiscard]] std::string_view name_of(Role role);

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // A JSON object as text.
};

struct Message {
  Role role = Role::user;
  std::optional<std::string> content;  // None is not the same as empty: some templates refuse none.
  std::optional<std::string> reasoning;  // What an assistant thought before `content`.
  std::vector<ToolCall> tool_calls;      // An assistant's.
  std::string tool_call_id;              // Of a tool's result: which call it answers.
  std::string name;                      // Of a tool's result: the tool.
};

struct Conversation {
  std::vector<Message> messages;
  std::vector<std::string>
      tools;  // JSON texts: {"type": "function", "function": {"name": …, "parameters": …}}
};

struct RenderOptions {
  bool add_generation_prompt = true;    // End where the assistant's answer begins.
  std::optional<bool> enable_thinking;  // Where the template knows it; else it changes nothing.
  // For templates that print the date. Passed in, so that the same conversation gives the same prompt.
  std::optional<std::chrono::year_month_day> date;
};

}  // namespace leyden::prompt
