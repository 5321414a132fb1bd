#include "leyden/tokenizer/regex/regex.h"
#include "leyden/base/utf8.h"

#include <string>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "leyden/tokenizer/regex/translate.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// Steps of one search. Patterns of tokenizers need some dozens; what needs more is out to harm.
constexpr std::uint32_t kMatchLimit = 10'000'000;
constexpr std::uint32_t kHeapLimitKib = 64 * 1024;

// What a thread needs to match: nothing of it outlives a call, so all patterns share it.
struct Workspace {
  Owned<pcre2_match_context> context{pcre2_match_context_create(nullptr)};
  Owned<pcre2_jit_stack> stack{pcre2_jit_stack_create(32 * 1024, 8 * 1024 * 1024, nullptr)};
  Owned<pcre2_match_data> data{pcre2_match_data_create(1, nullptr)};
  Workspace() {
    pcre2_set_match_limit(context.get(), kMatchLimit);
    pcre2_set_heap_limit(context.get(), kHeapLimitKib);
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

Workspace& workspace() {
  thread_local Workspace each;
  return each;
}

}  // namespace

struct Regex::Compiled {
  Owned<pcre2_code> code;
};

Regex::Regex() = default;
Regex::~Regex() = default;

Result<std::unique_ptr<Regex>> Regex::make(std::string_view pattern, bool is_regex) {
  std::unique_ptr<Regex> regex(new Regex);
  if (pattern.empty()) return fail(Errc::unsupported, "an empty pattern is not supported");
  if (!is_regex) {
    regex->literal_ = pattern;
    return regex;
  }
  auto translated = translate_pattern(pattern);
  if (!translated) return std::unexpected(translated.error());
  Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  regex->compiled_ = std::make_unique<Compiled>();
  regex->compiled_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated->data()),
                                             translated->size(), PCRE2_UTF, &error, &offset,
                                             context.get()));
  if (!regex->compiled_->code) {
    char message[160] = {};
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof(message));
    return fail(Errc::unsupported, "the pattern {:.200} can't be used: {}", utf8::one_line(pattern),
                message);
  }
  // Without JIT (another processor) the interpreter gives the same matches.
  pcre2_jit_compile(regex->compiled_->code.get(), PCRE2_JIT_COMPLETE);
  return regex;
}

std::optional<Regex::Match> Regex::find(std::string_view text, std::size_t from) const {
  if (!compiled_) {
    std::size_t found = text.find(literal_, from);
    if (found == std::string_view::npos) return std::nullopt;
    return Match{found, found + literal_.size()};
  }
  Workspace& work = workspace();
  auto run = [&](std::uint32_t options) {
    return pcre2_match(compiled_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                       text.size(), from, options, work.data.get(), work.context.get());
  };
  int count = run(PCRE2_NO_UTF_CHECK);
  // The interpreter keeps its state on the heap, where there is more room.
  if (count == PCRE2_ERROR_JIT_STACKLIMIT) count = run(PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT);
  if (count < 0) return std::nullopt;
  const PCRE2_SIZE* where = pcre2_get_ovector_pointer(work.data.get());
  return Match{where[0], where[1]};
}

std::optional<Regex::Match> Regex::Matches::next() {
  while (from_ <= text_.size()) {
    auto match = regex_->find(text_, from_);
    if (!match) return std::nullopt;
    if (match->begin == match->end && last_end_ == match->end) {
      if (from_ == text_.size()) return std::nullopt;
      from_ += classed_char(text_, from_).size;
      continue;
    }
    from_ = match->end;
    last_end_ = match->end;
    return match;
  }
  return std::nullopt;
}

}  // namespace leyden::tokenizer
