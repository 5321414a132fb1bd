#include "leyden/agents/review/model/callers.h"

#include <algorithm>
#include <set>

#include "leyden/base/ascii.h"
#include "leyden/base/files.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/chunk_passage.h"
#include "leyden/retrieval/document_text.h"
#include "leyden/syntax/definitions.h"
#include "leyden/syntax/language.h"

namespace leyden::review {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::size_t kBytesMax = 256 << 20;  // Of all files together.
constexpr std::size_t kNameBytesMin = 3;      // `f(` stands everywhere.

// Functions that the lines touch, by the last part of their names, the longest first.
std::vector<std::string> changed_functions(const SourceFile& file,
                                           std::span<const LineSpan> changed) {
  if (file.tree() == nullptr) return {};
  std::set<std::string> names;
  for (const syntax::Definition& one : syntax::definitions(*file.tree(), file.text())) {
    if (one.kind != syntax::DefinitionKind::function && one.kind != syntax::DefinitionKind::method)
      continue;
    const bool touched = std::ranges::any_of(changed, [&](const LineSpan& span) {
      return span.first <= one.last_line && one.first_line <= span.last;
    });
    const std::string name = one.name.substr(one.name.find_last_of(":.") + 1);
    if (touched && name.size() >= kNameBytesMin) names.insert(name);
  }
  std::vector<std::string> out(names.begin(), names.end());
  std::ranges::sort(out, {},
                    [](const std::string& name) { return std::pair(-std::ssize(name), name); });
  return out;
}

// Where `name(` stands as a word of its own, at `from` or behind it.
std::size_t find_call(std::string_view text, std::string_view name, std::size_t from) {
  for (std::size_t at = text.find(name, from); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !is_word(text[at - 1])) && end < text.size() && text[end] == '(') return at;
  }
  return std::string_view::npos;
}

}  // namespace

void Callers::read_files() {
  read_ = true;
  std::size_t bytes = 0;
  for (const ReviewInput& input : files_) {
    auto text = read_file(input.file, kFileBytesMax);
    if (!text || retrieval::binary_reason(*text)) continue;
    bytes += text->size();
    if (bytes > kBytesMax) return;
    std::string valid = retrieval::document_text(*text);
    const syntax::Language language = syntax::detect_language(input.path, valid);
    texts_.push_back({.path = input.path, .text = std::move(valid), .language = language});
  }
}

std::vector<retrieval::Passage> Callers::of_change(const SourceFile& file,
                                                   std::span<const LineSpan> changed,
                                                   std::size_t passages_max,
                                                   std::size_t bytes_max) {
  std::vector<retrieval::Passage> out;
  const std::vector<std::string> names = changed_functions(file, changed);
  if (names.empty()) return out;
  if (!read_) read_files();
  for (const std::string& name : names) {
    for (const File& other : texts_) {
      if (other.language != file.language() || other.path == file.path()) continue;
      const std::size_t at = find_call(other.text, name, 0);
      if (at == std::string_view::npos) continue;
      const auto chunks = retrieval::chunk(other.path, other.text, {});
      const auto chunk = std::ranges::find_if(
          chunks, [&](const retrieval::Chunk& one) { return one.begin <= at && at < one.end; });
      if (chunk == chunks.end()) continue;
      retrieval::Passage passage = retrieval::passage_of(other.path, other.text, *chunk);
      const bool known =
          std::ranges::find(out, passage.content, &retrieval::Passage::content) != out.end();
      if (known || passage.text.size() > bytes_max) continue;
      bytes_max -= passage.text.size();
      out.push_back(std::move(passage));
      if (out.size() == passages_max) return out;
    }
  }
  return out;
}

}  // namespace leyden::review
