#include "leyden/syntax/pattern.h"

#include <cstdint>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace leyden::syntax {
namespace {

constexpr std::uint32_t kMatchLimit = 1'000'000;  // Of PCRE2's internal steps for one call.

std::string_view as_view(const PCRE2_UCHAR* text) { return reinterpret_cast<const char*>(text); }

// One for each thread: making them takes longer than most searches.
struct Scratch {
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context{
      pcre2_match_context_create(nullptr), pcre2_match_context_free};
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data{
      pcre2_match_data_create(16, nullptr), pcre2_match_data_free};
  Scratch() { pcre2_set_match_limit(context.get(), kMatchLimit); }
};

Scratch& scratch() {
  thread_local Scratch one;
  return one;
}

}  // namespace

void Pattern::Deleter::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }

Result<Pattern> Pattern::compile(std::string_view expression) {
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                    PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &at, nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR why[128];
    pcre2_get_error_message(error, why, sizeof(why));
    return fail(Errc::invalid_argument, "the expression is wrong at byte {}: {}", at, as_view(why));
  }
  Pattern pattern(code);
  const int group = pcre2_substring_number_from_name(code, reinterpret_cast<PCRE2_SPTR>("value"));
  pattern.value_group_ = group > 0 && group < 16 ? group : 0;
  return pattern;
}

std::optional<PatternMatch> Pattern::find(std::string_view text, std::size_t from) const {
  if (from > text.size()) return std::nullopt;
  // Most rules' patterns meet no file of their language. Where it can't, it is interpreted.
  std::call_once(*machine_code_, [&] { pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE); });
  Scratch& scratch_space = scratch();
  const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                from, 0, scratch_space.data.get(), scratch_space.context.get());
  if (found < 0) return std::nullopt;
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(scratch_space.data.get());
  PatternMatch match{
      .begin = ends[0], .end = ends[1], .value_begin = ends[0], .value_end = ends[1]};
  const auto group = static_cast<std::size_t>(value_group_);
  if (group > 0 && found > value_group_ && ends[2 * group] != PCRE2_UNSET) {
    match.value_begin = ends[2 * group];
    match.value_end = ends[2 * group + 1];
  }
  return match;
}

}  // namespace leyden::syntax
