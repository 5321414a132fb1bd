// Property: whatever the bytes and the language, operators end, and a child differs from its parents, has no syntax error that its parent has not, and is theirs where
// nothing may change.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>

#include "leyden/agents/evolve/operators/operators.h"
#include "leyden/agents/evolve/operators/rewrites.h"
#include "leyden/base/utf8.h"

namespace {

using namespace leyden;
using syntax::Language;

constexpr int kTries = 6;

void check(bool holds, std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "line %u does not hold\n", static_cast<unsigned>(where.line()));
  std::abort();
}

void check_child(const evolve::Program& parent, const std::string& code) {
  check(code != parent.text());
  auto child = evolve::Program::parse(parent.language(), code);
  check(child.has_value());
  check(parent.has_errors() || !child->has_errors());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr Language kLanguages[] = {
      Language::c,          Language::cpp,        Language::go,     Language::java,
      Language::javascript, Language::php,        Language::python, Language::ruby,
      Language::rust,       Language::typescript, Language::bash};
  if (size < 3) return 0;
  const Language language = kLanguages[data[0] % std::size(kLanguages)];
  const std::string text =
      utf8::replace_invalid(std::string_view(reinterpret_cast<const char*>(data) + 2, size - 2));
  // Two programs: what stands before and behind a byte of the input's choice.
  const std::size_t middle = text.size() * data[1] / 256;
  auto parent = evolve::Program::parse(language, text);
  auto other = evolve::Program::parse(language, text.substr(0, middle));
  if (!parent || !other) return 0;
  evolve::Random random(data[1]);
  const evolve::NumericSearch numbers;
  const std::string evidence = "program.x:" + std::to_string(1 + data[1] % 8) + ": it failed";
  for (std::size_t which = 0; which < evolve::kOperators; ++which) {
    for (int i = 0; i < kTries; ++i) {
      const auto child = evolve::apply_operator(
          static_cast<evolve::Operator>(which),
          {.parent = *parent, .other = &*other, .evidence = evidence, .file = "program.x"}, numbers,
          random);
      if (child) check_child(*parent, child->code);
    }
  }
  for (const evolve::Rewrite& rewrite : evolve::rewrites_of(*parent)) {
    if (const auto code = evolve::applied(*parent, rewrite)) check_child(*parent, *code);
  }
  return 0;
}
