#include "leyden/agents/review/fingerprint.h"

#include <map>
#include <string>
#include <utility>

#include "leyden/base/digest.h"
#include "leyden/syntax/definitions.h"

namespace leyden::review {
namespace {

// Blanks between words are one; those between marks are none: `f( a )` is `f(a)`.
std::string without_blanks(std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (static_cast<unsigned char>(c) & 0x80U) != 0;
  };
  std::string out;
  bool blank = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      blank = true;
      continue;
    }
    if (blank && !out.empty() && is_word(out.back()) && is_word(c)) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

}  // namespace

void add_fingerprints(const SourceFile& file, std::vector<Finding>& findings) {
  if (findings.empty()) return;
  std::vector<syntax::Definition> outline;
  if (file.tree() != nullptr) outline = syntax::definitions(*file.tree(), file.text());
  const auto place_of = [&](std::size_t byte) {
    std::string place;
    for (const syntax::Definition& definition : outline) {
      if (definition.begin > byte) break;
      if (byte < definition.end) place += definition.name + "/";
    }
    return place;
  };
  std::map<std::string, std::uint64_t> seen;
  for (Finding& finding : findings) {
    const std::string_view text =
        std::string_view(file.text())
            .substr(finding.range.begin, finding.range.end - finding.range.begin);
    const std::string place = place_of(finding.range.begin);
    const std::string normal = without_blanks(text);
    const std::uint64_t before = seen[finding.rule + "\n" + place + "\n" + normal]++;
    finding.fingerprint = Hasher()
                              .field(finding.rule)
                              .field(place)
                              .field(normal)
                              .field(before)
                              .finish()
                              .hex()
                              .substr(0, 32);
  }
}

}  // namespace leyden::review
