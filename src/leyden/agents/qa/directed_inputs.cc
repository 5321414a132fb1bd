#include "leyden/agents/qa/directed_inputs.h"

#include <algorithm>

namespace leyden::qa {
namespace {

constexpr std::size_t kPlacesMax = 12;  // Of one text in another.

void add_texts(Value& value, std::vector<std::string*>& out) {
  if (value.kind == Value::Kind::text) out.push_back(&value.text);
  for (Value& item : value.items) add_texts(item, out);
}

std::vector<std::string*> texts_of(Input& input) {
  std::vector<std::string*> out;
  for (Step& step : input.steps) {
    for (Value& value : step.arguments) add_texts(value, out);
  }
  for (Value& value : input.construction) add_texts(value, out);
  return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::vector<std::size_t> places_of(const std::string& part, const std::string& text) {
  std::vector<std::size_t> out;
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  for (auto at = text.begin(); out.size() < kPlacesMax; ++at) {
    at = std::search(at, text.end(), part.begin(), part.end(), same);
    if (at == text.end()) break;
    out.push_back(static_cast<std::size_t>(at - text.begin()));
  }
  return out;
}

}  // namespace

std::vector<Input> directed_inputs(const Input& input, std::span<const Comparison> comparisons,
                                   std::size_t count_max) {
  std::vector<Input> out;
  for (const auto& [seen, wanted] : comparisons) {
    if (seen.empty()) continue;
    Input copy = input;
    for (std::string* text : texts_of(copy)) {
      const std::string original = *text;
      for (const std::size_t at : places_of(seen, original)) {
        if (out.size() == count_max) return out;
        text->replace(at, seen.size(), wanted);
        if (std::ranges::find(out, copy) == out.end()) out.push_back(copy);
        *text = original;
      }
    }
  }
  return out;
}

bool holds_text(const Input& input) {
  Input copy = input;
  return !texts_of(copy).empty();
}

}  // namespace leyden::qa
