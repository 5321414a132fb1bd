// Leyden's side of chat_parity.py: renders conversations, one JSON object a line, and prints one answer a line.
//   {"load": {"tokenizer": FILE, "format": NAME}}              a native format
//   {"load": {"tokenizer": FILE, "template": TEXT, "bos": TEXT, "eos": TEXT}}    the template itself, by the Jinja engine
//   {"messages": […], "tools": […], "add_generation_prompt": true, "enable_thinking": false, "date": [2026, 11, 26]}
// Messages are as in OpenAI's API; each tool and the arguments of a call are JSON texts. Answers: {"parts": [[text, kind], …], "ids": […],
// "plain_ids": […], "controls": 3} or {"error": …}. plain_ids are join_plain()'s; controls: how many of the IDs are control tokens.
#include <algorithm>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "leyden/prompt/chat/chat_template.h"
#include "leyden/prompt/chat/encode_parts.h"
#include "leyden/prompt/join.h"
#include "leyden/tokenizer/load.h"

namespace {

using nlohmann::json;
using namespace leyden;
using namespace leyden::prompt;

Role role_named(const std::string& name) {
  for (Role role : {Role::system, Role::developer, Role::user, Role::assistant, Role::tool})
    if (name_of(role) == name) return role;
  throw std::runtime_error("no role: " + name);
}

Conversation conversation_from(const json& request) {
  Conversation conversation;
  for (const json& given : request.at("messages")) {
    Message message;
    message.role = role_named(given.at("role"));
    if (given.contains("content")) message.content = given["content"];
    if (given.contains("reasoning_content")) message.reasoning = given["reasoning_content"];
    message.tool_call_id = given.value("tool_call_id", "");
    message.name = given.value("name", "");
    for (const json& call : given.value("tool_calls", json::array())) {
      message.tool_calls.push_back({.id = call.value("id", ""),
                                    .name = call.at("function").at("name"),
                                    .arguments = call.at("function").at("arguments")});
    }
    conversation.messages.push_back(std::move(message));
  }
  for (const json& tool : request.value("tools", json::array())) conversation.tools.push_back(tool);
  return conversation;
}

RenderOptions options_from(const json& request) {
  RenderOptions options;
  options.add_generation_prompt = request.value("add_generation_prompt", true);
  if (request.contains("enable_thinking")) options.enable_thinking = request["enable_thinking"];
  if (request.contains("date")) {
    const json& date = request["date"];
    options.date = std::chrono::year_month_day(std::chrono::year(date[0]),
                                               std::chrono::month(date[1].get<unsigned>()),
                                               std::chrono::day(date[2].get<unsigned>()));
  }
  return options;
}

struct Loaded {
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;
  std::unique_ptr<ChatTemplate> native;
  std::optional<JinjaTemplate> jinja;
};

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

Loaded load(const json& given) {
  Loaded loaded;
  const std::string file = given.at("tokenizer");
  loaded.tokenizer = must(tokenizer::load_tokenizer(file, file));
  if (given.contains("template")) {
    loaded.jinja = must(JinjaTemplate::parse(
        {.text = given["template"], .bos_token = given["bos"], .eos_token = given["eos"]}));
  } else {
    const NativeFormat* native = native_format_named(given.at("format").get<std::string>());
    if (native == nullptr) throw std::runtime_error("no such format");
    loaded.native = ChatTemplate::of(*native, *loaded.tokenizer);
  }
  return loaded;
}

TokenIds plain_ids(const tokenizer::Tokenizer& tokenizer, const std::vector<TemplatePart>& parts) {
  std::vector<TokenIds> marks;
  marks.reserve(parts.size());
  std::vector<Piece> pieces;
  for (const TemplatePart& part : parts) {
    if (!part.special) {
      pieces.push_back(Piece::of(part.text, {}));
      continue;
    }
    marks.push_back({tokenizer.special_token(part.text).value()});
    pieces.push_back({.text = {}, .ids = marks.back(), .special = true});
  }
  return join_plain(tokenizer, pieces);
}

json answer(const Loaded& loaded, const json& request) {
  const Conversation conversation = conversation_from(request);
  const RenderOptions options = options_from(request);
  auto parts = must(loaded.native ? loaded.native->render(conversation, options)
                                  : loaded.jinja->render(conversation, options, *loaded.tokenizer));
  json out;
  for (const TemplatePart& part : parts)
    out["parts"].push_back({part.text, part.special   ? "special"
                                       : part.content ? "content"
                                                      : "text"});
  out["ids"] = must(encode_parts(*loaded.tokenizer, parts)).ids;
  out["plain_ids"] = plain_ids(*loaded.tokenizer, parts);
  out["controls"] = std::ranges::count_if(
      out["ids"], [&](const json& id) { return loaded.tokenizer->is_control(id.get<TokenId>()); });
  return out;
}

}  // namespace

int main() {
  Loaded loaded;
  for (std::string line; std::getline(std::cin, line);) {
    json out;
    try {
      const json request = json::parse(line);
      if (request.contains("load")) {
        loaded = load(request["load"]);
        out["vocabulary"] = loaded.tokenizer->vocabulary_size();
      } else {
        out = answer(loaded, request);
      }
    } catch (const std::exception& error) {
      out = {{"error", error.what()}};
    }
    std::cout << out.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
}
