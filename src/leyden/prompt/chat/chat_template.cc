#include "leyden/prompt/chat/chat_template.h"

namespace leyden::prompt {

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::open(JinjaSource source,
                                                         const tokenizer::Tokenizer& tokenizer) {
  if (source.text.empty()) return fail(Errc::unsupported, "the model has no chat template");
  if (const NativeFormat* native = find_native_format(source.text))
    return std::unique_ptr<ChatTemplate>(new ChatTemplate(native, std::nullopt, tokenizer));
  auto jinja = JinjaTemplate::parse(std::move(source));
  if (!jinja) return std::unexpected(jinja.error());
  return std::unique_ptr<ChatTemplate>(new ChatTemplate(nullptr, std::move(*jinja), tokenizer));
}

Result<std::vector<TemplatePart>> ChatTemplate::render(const Conversation& conversation,
                                                       const RenderOptions& options) {
  if (native_) return native_->render(conversation, options);
  const Digest key = digest_of(conversation, options);
  if (auto found = cache_.find(key)) return *found;
  auto rendered = jinja_->render(conversation, options, tokenizer_);
  if (rendered) cache_.keep(key, *rendered);
  return rendered;
}

}  // namespace leyden::prompt
