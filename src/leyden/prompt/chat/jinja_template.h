#pragma once

#include <memory>
#include <string>
#include <vector>

#include "leyden/base/result.h"
#include "leyden/prompt/chat/conversation.h"
#include "leyden/prompt/chat/template_part.h"
#include "leyden/tokenizer/tokenizer.h"

namespace leyden::prompt {

struct JinjaSource {
  std::string text;
  std::string bos_token;  // What the template sees as `bos_token` and `eos_token`.
  std::string eos_token;
  friend bool operator==(const JinjaSource&, const JinjaSource&) = default;
};

// A model's own chat template, run by llama.cpp's Jinja engine (MIT). All that throws there becomes an Error here.
//
// Content stays content: the engine knows which text of its output came from the messages, and special tokens' names within
// content, tool definitions and arguments are broken by a private-use character while the template runs, which is taken
// out of its output afterwards. The template runs a second time without it: should the texts differ, it acts on such names, and
// that is an error. What it leaves open: a name that the template itself puts together out of pieces of content, and an assistant's own <think>
// and </think>, which templates act on.
//
// Where the engine and Python differ and we can't tell, docs/chat-formats.md says so.
//
// A template is foreign input: its size and nesting are bounded, and a run's time, recursion and output, which are looked at
// at each turn of a loop and each call of a macro. What is not bounded is one expression: 'a' * 1000000000 takes its memory.
//
// Thread-safe.
class JinjaTemplate {
 public:
  // Errors: unsupported, for what is no template that the engine can read.
  [[nodiscard]] static Result<JinjaTemplate> parse(JinjaSource source);
  ~JinjaTemplate();
  JinjaTemplate(JinjaTemplate&&) noexcept;
  JinjaTemplate& operator=(JinjaTemplate&&) noexcept;

  // The parts' special tokens are those of `tokenizer`. Errors: invalid_argument, when the template refuses the conversation
  // (its own words are in the message) or for JSON that is none; unsupported, for a template that acts on the names of special
  // tokens in content; timed_out.
  [[nodiscard]] Result<std::vector<TemplatePart>> render(
      const Conversation& conversation, const RenderOptions& options,
      const tokenizer::Tokenizer& tokenizer) const;

 private:
  struct State;
  explicit JinjaTemplate(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leyden::prompt
