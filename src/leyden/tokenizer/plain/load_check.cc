#include "leyden/tokenizer/plain/load_check.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/load.h"
#include "leyden/tokenizer/plain/agreement.h"

namespace leyden::tokenizer::plain {
namespace {

[[noreturn]] void give_up(std::string_view what) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void check_error(const Error& error) {
  auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (error.message.empty()) give_up("an error without a message");
  if (error.message.size() > 500) give_up("a message of more than 500 bytes: " + error.message);
  if (std::ranges::any_of(error.message, is_control))
    give_up("a control character in " + as_literal(error.message));
  if (!utf8::is_valid(error.message)) give_up("ill-formed UTF-8 in " + as_literal(error.message));
  if (error.code == Errc::internal) give_up("a bug of ours: " + error.message);
}

constexpr std::string_view kProbes[] = {
    "",
    " ",
    "a b  ab\n\nhello hell \u2581ab<s>c \xFF\xE4\xB8 1234 \u4E2D\u6587 I'M \u017F e\u0301 "
    "\r\n\tword word. <sep><l>  <r> N",
    "aaaaaaaabbbbbbbbabababab\u2581\u2581\u2581b",
};

void check_probes(const Subject& subject) {
  for (std::string_view probe : kProbes) {
    EncodeOptions options;
    for (bool special : {false, true}) {
      options.special = special ? SpecialPolicy::all() : SpecialPolicy::none();
      options.add_special_tokens = special;
      if (auto wrong = disagreement_on_text(subject, probe, options)) give_up(*wrong);
    }
    if (auto wrong = disagreement_on_cuts(subject, probe)) give_up(*wrong);
  }
}

}  // namespace

void check_loaded(const Result<TokenizerSpec>& loaded) {
  if (!loaded) return check_error(loaded.error());
  auto tokenizer = make_tokenizer(*loaded);
  if (!tokenizer) return check_error(tokenizer.error());
  try {
    PlainTokenizer oracle(*loaded);
    check_probes({**tokenizer, oracle, *loaded});
  } catch (const std::runtime_error&) {
    // A regular expression on which the oracle has no opinion, or that takes it too long.
  }
}

}  // namespace leyden::tokenizer::plain
