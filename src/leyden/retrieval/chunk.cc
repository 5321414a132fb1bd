#include "leyden/retrieval/chunk.h"

#include <algorithm>
#include <utility>

#include "leyden/retrieval/chunk_atoms.h"
#include "leyden/retrieval/chunk_cut.h"
#include "leyden/retrieval/chunk_structure.h"
#include "leyden/syntax/language.h"

namespace leyden::retrieval {
namespace {

// Of how texts are cut. To be raised when the rules change, or a grammar does.
constexpr int kVersion = 2;

constexpr std::string_view kBetweenTitles = " > ";
constexpr std::size_t kContextBytes = 400;

std::size_t quarter_of_bytes(std::string_view text) { return (text.size() + 3) / 4; }

// Titles of the sections that hold all of [begin, end) and begin before it, the outermost first; outer ones go where they are too many.
std::string context_of(const std::vector<Section>& sections, std::optional<std::size_t> last_begun,
                       std::size_t begin, std::size_t end) {
  std::string context;
  for (auto i = last_begun; i; i = sections[*i].parent) {
    const Section& section = sections[*i];
    if (section.begin >= begin || section.end < end || section.title.empty()) continue;
    if (context.empty()) {
      context = section.title;
      continue;
    }
    if (context.size() + section.title.size() + kBetweenTitles.size() > kContextBytes) break;
    context.insert(0, section.title + std::string(kBetweenTitles));
  }
  return context;
}

// Where the range's text ends, but for what only closes what it or others have opened: "}  // namespace".
std::size_t content_end(std::string_view text, const std::vector<Atom>& atoms, AtomRange range) {
  std::size_t last = range.last - 1;
  while (last > range.first) {
    const std::size_t at = text.find_first_not_of(" \t", atoms[last].begin);
    if (text[at] != '}' && text[at] != ')' && text[at] != ']') break;
    --last;
  }
  return text.find_last_not_of(" \t\r\n\f\v", atoms[last].end - 1) + 1;
}

// The first of the atoms at the end of the range before, but not all of it, that are whole lines of at most so many tokens together.
std::size_t overlap_before(const std::vector<Atom>& atoms, AtomRange previous, std::size_t tokens) {
  std::size_t first = previous.last;
  std::size_t used = 0;
  for (std::size_t i = previous.last; i > previous.first + 1; --i) {
    const Atom& atom = atoms[i - 1];
    used += atom.tokens + atom.gap_tokens;
    const bool whole_line = atom.begins_line && (i == atoms.size() || atoms[i].begins_line);
    if (!whole_line || used > tokens) break;
    first = i - 1;
  }
  return first;
}

std::vector<Section> structure_of(syntax::Language language, std::string_view text,
                                  std::vector<Atom>& atoms) {
  if (language == syntax::Language::text) return structure_of_text(atoms);
  if (syntax::is_prose(language)) return structure_of_markup(language, text, atoms);
  return structure_of_code(language, text, atoms);
}

}  // namespace

Result<void> ChunkOptions::check() const {
  constexpr std::size_t kLeast = 16;
  if (target_tokens < kLeast)
    return fail(Errc::invalid_argument, "target_tokens is {}: at least {}", target_tokens, kLeast);
  if (max_tokens < target_tokens) {
    return fail(Errc::invalid_argument, "max_tokens ({}) is below target_tokens ({})", max_tokens,
                target_tokens);
  }
  if (overlap_tokens > target_tokens / 2) {
    return fail(Errc::invalid_argument, "overlap_tokens ({}) is above half of target_tokens ({})",
                overlap_tokens, target_tokens);
  }
  return {};
}

std::string ChunkOptions::name() const {
  return fmt::format("{} {}/{}/{} {}", kVersion, target_tokens, max_tokens, overlap_tokens,
                     count_tokens ? tokenizer_name : "bytes/4");
}

std::vector<Chunk> chunk(std::string_view path, std::string_view text,
                         const ChunkOptions& options) {
  const TokenCounter count = options.count_tokens ? options.count_tokens : quarter_of_bytes;
  const std::size_t tokens_max = options.max_tokens - options.overlap_tokens;
  std::vector<Atom> atoms = atoms_of(text, count, tokens_max);
  const std::vector<Section> sections =
      structure_of(syntax::detect_language(path, text), text, atoms);
  const std::vector<AtomRange> ranges =
      cut(atoms,
          {.target_tokens = std::min(options.target_tokens, tokens_max), .max_tokens = tokens_max});

  std::vector<Chunk> chunks;
  chunks.reserve(ranges.size());
  std::optional<std::size_t> last_begun;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::size_t begin = atoms[ranges[i].first].begin;
    const Atom& last = atoms[ranges[i].last - 1];
    for (std::size_t next = last_begun ? *last_begun + 1 : 0;
         next < sections.size() && sections[next].begin < begin; ++next) {
      last_begun = next;
    }
    const std::size_t first =
        i == 0 ? ranges[i].first : overlap_before(atoms, ranges[i - 1], options.overlap_tokens);
    chunks.push_back(
        {.begin = atoms[first].begin,
         .end = last.end,
         .first_line = atoms[first].line,
         .last_line = last.line,
         .context = context_of(sections, last_begun, begin, content_end(text, atoms, ranges[i]))});
  }
  return chunks;
}

}  // namespace leyden::retrieval
