// Property: whatever the bytes and the language, a parse ends; definitions lie within the text and within their parents, in order; chunks
// are in order, hold all that is not whitespace, are no longer than allowed, cut no character in two, and say where they stand in one line.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "leyden/base/utf8.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/syntax/definitions.h"
#include "leyden/syntax/parser.h"

namespace {

using namespace leyden;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_definitions(syntax::Language language, std::string_view text) {
  auto tree = syntax::parse(language, text);
  if (!tree) return;
  const auto all = syntax::definitions(*tree, text);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const syntax::Definition& each = all[i];
    check(each.begin <= each.name_begin && each.name_begin <= each.end);
    check(each.end <= text.size());
    check(each.first_line <= each.last_line);
    check(each.signature.size() <= syntax::kSignatureBytes && utf8::is_valid(each.signature));
    check(i == 0 || all[i - 1].begin <= each.begin);
    if (!each.parent) continue;
    const syntax::Definition& parent = all[*each.parent];
    check(*each.parent < i && parent.begin <= each.begin && each.end <= parent.end);
    check(each.depth == parent.depth + 1);
  }
}

void check_chunks(std::string_view path, std::string_view text,
                  const retrieval::ChunkOptions& options) {
  auto only_space = [&](std::size_t begin, std::size_t end) {
    return text.substr(begin, end - begin).find_first_not_of(" \t\r\n\f\v") ==
           std::string_view::npos;
  };
  std::size_t at = 0;
  std::size_t begin_before = 0;
  for (const retrieval::Chunk& part : retrieval::chunk(path, text, options)) {
    if (part.begin < at)
      check(options.overlap_tokens >= at - part.begin && part.begin > begin_before);
    else
      check(only_space(at, part.begin));
    check(part.begin < part.end && part.end <= text.size());
    check(part.end - part.begin <= options.max_tokens);
    check(utf8::is_valid(text.substr(part.begin, part.end - part.begin)));
    check(utf8::is_valid(part.context) && part.context.find('\n') == std::string::npos);
    begin_before = part.begin;
    at = part.end;
  }
  check(only_space(at, text.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr auto kPaths = std::to_array<std::string_view>(
      {"a.sh", "a.c", "a.cc", "a.cs", "a.go", "a.java", "a.js", "a.php", "a.py", "a.rb", "a.rs",
       "a.ts", "a.tsx", "a.md", "a.rst", "a.adoc", "a.txt", "a.yaml", "a"});
  if (size == 0) return 0;
  const std::string_view path = kPaths[data[0] % kPaths.size()];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_definitions(syntax::detect_language(path, bytes), bytes);
  // The index replaces what is ill-formed before it cuts.
  const std::string text = utf8::replace_invalid(bytes);
  retrieval::ChunkOptions options{.target_tokens = 40, .max_tokens = 100, .overlap_tokens = 0};
  options.overlap_tokens = data[0] % 2 == 0 ? 0 : 16;
  options.count_tokens = [](std::string_view piece) { return piece.size(); };
  check_chunks(path, text, options);
  return 0;
}
