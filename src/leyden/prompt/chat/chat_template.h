#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/conversation.h"
#include "leyden/prompt/chat/jinja_template.h"
#include "leyden/prompt/chat/native_formats.h"
#include "leyden/prompt/chat/render_cache.h"
#include "leyden/prompt/chat/template_part.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::prompt {

// How a model wants its conversations written: natively where its template is known by its exact text, else by the template
// itself, whose answers are kept by the digest of all that went in.
// Thread-safe. `tokenizer` must outlive it.
class ChatTemplate {
 public:
  // Errors: as JinjaTemplate::parse(); unsupported for an empty template.
  [[nodiscard]] static Result<std::unique_ptr<ChatTemplate>> open(
      JinjaSource source, const tokenizer::Tokenizer& tokenizer);

  [[nodiscard]] static std::unique_ptr<ChatTemplate> of(const NativeFormat& native,
                                                        const tokenizer::Tokenizer& tokenizer);
  // Where a server does not show its template: the native format that the tokenizer's special tokens speak for; null when none does.
  [[nodiscard]] static std::unique_ptr<ChatTemplate> guess(const tokenizer::Tokenizer& tokenizer);

  // The native format's name, or "jinja:" and the first 12 hexadecimal digits of the template's digest (as NativeFormat's).
  [[nodiscard]] const std::string& format() const { return format_; }

  // The template's own text is cut at the tokenizer's control tokens, as the reference encodes it; content never is.
  // Errors: as NativeFormat::render and JinjaTemplate::render().
  [[nodiscard]] Result<std::vector<TemplatePart>> render(const Conversation& conversation,
                                                         const RenderOptions& options);

 private:
  ChatTemplate(std::string format, const NativeFormat* native, std::optional<JinjaTemplate> jinja,
               const tokenizer::Tokenizer& tokenizer)
      : format_(std::move(format)),
        native_(native),
        jinja_(std::move(jinja)),
        tokenizer_(tokenizer) {}

  std::string format_;
  const NativeFormat* native_;
  std::optional<JinjaTemplate> jinja_;  // Where native_ is not.
  const tokenizer::Tokenizer& tokenizer_;
  RenderCache cache_;
};

}  // namespace leyden::prompt
