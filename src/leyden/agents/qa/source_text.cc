#include "leyden/agents/qa/source_text.h"

#include <fmt/format.h>

namespace leyden::qa {

std::string joined(const std::vector<std::string>& parts, std::string_view by) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += by;
    out += part;
  }
  return out;
}

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

std::string with_word_replaced(std::string_view text, std::string_view word, std::string_view by) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(word); !word.empty() && found != std::string_view::npos;
       found = text.find(word, found + word.size())) {
    const std::size_t end = found + word.size();
    if ((found > 0 && is_word(text[found - 1])) || (end < text.size() && is_word(text[end])))
      continue;
    out.append(text, at, found - at).append(by);
    at = end;
  }
  return out.append(text.substr(at));
}

std::string snake_case(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && i > 0 && name[i - 1] != '_' &&
        !(name[i - 1] >= 'A' && name[i - 1] <= 'Z' &&
          (i + 1 == name.size() || (name[i + 1] >= 'A' && name[i + 1] <= 'Z'))))
      out += '_';
    out += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  while (!out.empty() && out.front() == '_') out.erase(0, 1);
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

std::string pascal_case(std::string_view name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \n\t\r";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::vector<std::string_view> parts_of(std::string_view text, char by) {
  std::vector<std::string_view> out;
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool arrow = c == '>' && i > 0 && text[i - 1] == '=';
    if (c == '(' || c == '[' || c == '{' || c == '<') ++depth;
    if ((c == ')' || c == ']' || c == '}' || (c == '>' && !arrow)) && depth > 0) --depth;
    if (c != by || depth > 0) continue;
    out.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  out.push_back(trimmed(text.substr(begin)));
  return out;
}

std::string_view code_of(std::string_view answer) {
  const std::size_t fence = answer.find("```");
  if (fence == std::string_view::npos) return answer;
  const std::size_t begin = answer.find('\n', fence);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = answer.find("```", begin);
  return answer.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1);
}

}  // namespace leyden::qa
