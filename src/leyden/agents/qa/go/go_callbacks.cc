#include "leyden/agents/qa/go/go_callbacks.h"

#include <fmt/format.h>

#include "leyden/agents/qa/go/go_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kVariants = 8;

bool is_number(const std::string& type) { return is_go_integer(type) || type == "float64"; }

// What a callback of x, or of x and y of one type, returns.
std::vector<std::string> returned(const std::vector<std::string>& takes, const std::string& gives) {
  if (takes.empty()) {
    if (is_number(gives)) return {"7"};
    if (gives == "bool") return {"true"};
    if (gives == "string") return {"\"made\""};
    return {};
  }
  const bool number = is_number(takes[0]);
  if (takes.size() == 2 && takes[0] == takes[1] && (number || takes[0] == "string")) {
    if (gives == "bool") return {"x < y"};
    if (gives == takes[0]) return {number ? "x - 2*y" : "x + y"};
  }
  if (takes.size() != 1) return {};
  if (number && gives == "bool") return {"x > 1", "x < 0"};
  if (number && gives == takes[0]) return {"2*x + 1"};
  if (takes[0] == "string" && gives == "bool") return {"len(x) > 1", "x == \"\""};
  if (takes[0] == "string" && gives == "string") return {"x + \"!\""};
  if ((takes[0] == "string" || takes[0].starts_with("[]")) && gives == "int") return {"len(x)"};
  return {};
}

std::vector<std::string> texts_of(const std::vector<std::string>& takes, const GoGiven& given) {
  if (!given.texts.empty()) return given.texts;
  std::vector<std::string> out = returned(takes, given.type);
  return out.empty() ? returned({}, given.type) : out;
}

}  // namespace

std::vector<std::string> go_callbacks(const std::vector<std::string>& takes,
                                      const std::vector<GoGiven>& gives) {
  std::vector<std::string> named;
  named.reserve(takes.size());
  for (std::size_t i = 0; i < takes.size(); ++i)
    named.push_back(fmt::format("{} {}",
                                gives.empty() ? "_"
                                : i < 2       ? std::string(1, "xy"[i])
                                              : fmt::format("x{}", i + 1),
                                takes[i]));
  std::vector<std::string> types;
  std::vector<std::vector<std::string>> returns;
  for (const GoGiven& one : gives) {
    types.push_back(one.type);
    returns.push_back(texts_of(takes, one));
    if (returns.back().empty()) return {};
  }
  const std::string all = joined(types, ", ");
  const std::string head = fmt::format("func({}){}", joined(named, ", "),
                                       types.empty()       ? ""
                                       : types.size() == 1 ? " " + all
                                                           : " (" + all + ")");
  if (gives.empty()) return {head + " {}"};
  std::vector<std::string> plain;
  plain.reserve(returns.size());
  for (const auto& texts : returns) plain.push_back(texts.front());
  std::vector<std::string> out;
  const auto add = [&](const std::vector<std::string>& items) {
    if (out.size() < kVariants)
      out.push_back(fmt::format("{} {{ return {} }}", head, joined(items, ", ")));
  };
  add(plain);
  // Each result otherwise, while the others stay.
  for (std::size_t i = returns.size(); i-- > 0;) {
    for (std::size_t k = 1; k < returns[i].size(); ++k) {
      std::vector<std::string> items = plain;
      items[i] = returns[i][k];
      add(items);
    }
  }
  return out;
}

}  // namespace leyden::qa
