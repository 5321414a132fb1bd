#include "leyden/prompt/chat/render_cache.h"

namespace leyden::prompt {

namespace {

std::size_t size_of(const std::vector<TemplatePart>& parts) {
  std::size_t bytes = 256;  // Of the entry itself, about.
  for (const TemplatePart& part : parts) bytes += sizeof part + part.text.size();
  return bytes;
}

}  // namespace

Digest digest_of(const Conversation& conversation, const RenderOptions& options) {
  Hasher hasher;
  auto optional = [&](const std::optional<std::string>& text) {
    hasher.field(std::uint64_t{text.has_value()}).field(text ? *text : std::string_view());
  };
  hasher.field(std::uint64_t{options.add_generation_prompt});
  hasher.field(std::uint64_t{options.enable_thinking ? 1U + *options.enable_thinking : 0U});
  hasher.field(options.date ? static_cast<std::uint64_t>(
                                  std::chrono::sys_days(*options.date).time_since_epoch().count())
                            : UINT64_MAX);
  hasher.field(std::uint64_t{conversation.tools.size()});
  for (const std::string& tool : conversation.tools) hasher.field(tool);
  for (const Message& message : conversation.messages) {
    hasher.field(static_cast<std::uint64_t>(message.role));
    optional(message.content);
    optional(message.reasoning);
    hasher.field(message.tool_call_id).field(message.name);
    hasher.field(std::uint64_t{message.tool_calls.size()});
    for (const ToolCall& call : message.tool_calls)
      hasher.field(call.id).field(call.name).field(call.arguments);
  }
  return hasher.finish();
}

std::optional<std::vector<TemplatePart>> RenderCache::find(const Digest& key) {
  return entries_.with([&](Entries& entries) -> std::optional<std::vector<TemplatePart>> {
    auto found = entries.parts.find(key);
    if (found == entries.parts.end()) return std::nullopt;
    return found->second;
  });
}

void RenderCache::keep(const Digest& key, const std::vector<TemplatePart>& parts) {
  const std::size_t bytes = size_of(parts);
  if (bytes > kCapacityBytes) return;
  entries_.with([&](Entries& entries) {
    if (!entries.parts.emplace(key, parts).second) return;
    entries.order.push_back(key);
    entries.bytes += bytes;
    while (entries.bytes > kCapacityBytes) {
      auto oldest = entries.parts.find(entries.order.front());
      entries.bytes -= size_of(oldest->second);
      entries.parts.erase(oldest);
      entries.order.pop_front();
    }
  });
}

}  // namespace leyden::prompt
