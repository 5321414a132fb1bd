#include "leyden/agents/qa/java/java_imports.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

// Behind a text or character that begins here.
std::size_t behind_quotes(const std::string& text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size() && text[at] != quote && text[at] != '\n'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

// "java.util.List" that begins here: some small names and a class; empty: none does.
std::string whole_name_at(const std::string& text, std::size_t begin) {
  std::size_t at = begin;
  while (true) {
    const std::size_t part = at;
    while (at < text.size() && is_word(text[at])) ++at;
    if (at == part) return {};
    if (std::isupper(static_cast<unsigned char>(text[part])) != 0)
      return part == begin ? std::string() : text.substr(begin, at - begin);
    if (at == text.size() || text[at] != '.') return {};
    ++at;
  }
}

// Goes through the text outside of quotes and comments; `found` may replace what begins at a word.
template <class Replace>
std::string replaced(const std::string& text, const Replace& found) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"' || text[at] == '\'') {
      const std::size_t end = behind_quotes(text, at);
      out += text.substr(at, end - at);
      at = end;
    } else if (text.compare(at, 2, "//") == 0) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out += text.substr(at, end - at);
      at = end;
    } else if (is_word(text[at])) {
      const bool is_part = !out.empty() && out.back() == '.';
      std::size_t end = at;
      while (end < text.size() && is_word(text[end])) ++end;
      const std::string whole = is_part ? std::string() : whole_name_at(text, at);
      const std::string word = text.substr(at, end - at);
      const std::string other = is_part ? word : found(word, whole);
      out += other;
      at = !whole.empty() && other != word ? at + whole.size() : end;
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace

std::string java_file(std::string body, const JavaSource& source,
                      const std::set<std::string>& more) {
  std::map<std::string, std::string> used;  // By simple names.
  body = replaced(body, [&](const std::string& word, const std::string& whole) {
    if (const auto own = source.imports.find(word); own != source.imports.end())
      used[word] = own->second;
    if (!whole.starts_with("java.")) return word;
    std::string simple = whole.substr(whole.rfind('.') + 1);
    const bool taken = source.names.contains(simple) ||
                       (used.contains(simple) && used[simple] != whole) ||
                       (source.imports.contains(simple) && source.imports.at(simple) != whole);
    if (taken) return word;
    used[simple] = whole;
    return simple;
  });
  std::set<std::string> statics;
  std::set<std::string> plain;
  for (const std::string& one : more)
    (one.starts_with("import static") ? statics : plain).insert(one);
  for (const auto& [simple, whole] : used) plain.insert("import " + whole + ";");
  for (const std::string& one : source.wildcards) {
    if (!one.starts_with("java.")) plain.insert("import " + one + ";");
  }
  std::string out = source.package.empty() ? "" : "package " + source.package + ";\n\n";
  for (const std::string& one : statics) out += one + "\n";
  if (!statics.empty()) out += "\n";
  for (const std::string& one : plain) out += one + "\n";
  if (!plain.empty()) out += "\n";
  return out + body;
}

}  // namespace leyden::qa
