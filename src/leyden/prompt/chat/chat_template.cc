#include "leyden/prompt/chat/chat_template.h"

#include <algorithm>
#include <span>

#include "leyden/prompt/chat/encode_parts.h"

namespace leyden::prompt {

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::open(JinjaSource source,
                                                         const tokenizer::Tokenizer& tokenizer) {
  if (source.text.empty()) return fail(Errc::unsupported, "the model has no chat template");
  if (const NativeFormat* native = find_native_format(source.text)) return of(*native, tokenizer);
  constexpr std::size_t kDigits = 12;
  std::string format = "jinja:" + template_digest(source.text).substr(0, kDigits);
  auto jinja = JinjaTemplate::parse(std::move(source));
  if (!jinja) return std::unexpected(jinja.error());
  return std::unique_ptr<ChatTemplate>(
      new ChatTemplate(std::move(format), nullptr, std::move(*jinja), tokenizer));
}

std::unique_ptr<ChatTemplate> ChatTemplate::of(const NativeFormat& native,
                                               const tokenizer::Tokenizer& tokenizer) {
  return std::unique_ptr<ChatTemplate>(
      new ChatTemplate(std::string(native.name), &native, std::nullopt, tokenizer));
}

std::unique_ptr<ChatTemplate> ChatTemplate::guess(const tokenizer::Tokenizer& tokenizer) {
  struct Sign {
    std::vector<std::string_view> marks;  // All of them.
    std::string_view format;
  };
  // Of the formats with the same marks the one that also suits the others' models: Qwen 3's drops old reasoning where there is any, and
  // Llama 3's says nothing of dates.
  static const Sign kSigns[] = {{{"<|im_start|>", "<|im_end|>"}, "qwen3"},
                                {{"<|start_header_id|>", "<|eot_id|>"}, "llama3"},
                                {{"<start_of_turn>", "<end_of_turn>"}, "gemma3"},
                                {{"[INST]", "[/INST]"}, "mistral-nemo"},
                                {{"<｜User｜>", "<｜Assistant｜>"}, "deepseek-v3"},
                                {{"<|start|>", "<|message|>", "<|channel|>"}, "gpt-oss"}};
  for (const auto& [marks, format] : kSigns) {
    if (std::ranges::all_of(marks, [&](std::string_view mark) {
          return tokenizer.special_token(mark).has_value();
        }))
      return of(*native_format_named(format), tokenizer);
  }
  return nullptr;
}

Result<std::vector<TemplatePart>> ChatTemplate::render(const Conversation& conversation,
                                                       const RenderOptions& options) {
  if (native_) {
    auto rendered = native_->render(conversation, options);
    if (!rendered) return rendered;
    return split_own_text(tokenizer_, *rendered);
  }
  const Digest key = digest_of(conversation, options);
  if (auto found = cache_.find(key)) return *found;
  auto rendered = jinja_->render(conversation, options, tokenizer_);
  if (rendered) cache_.keep(key, *rendered);
  return rendered;
}

}  // namespace leyden::prompt
