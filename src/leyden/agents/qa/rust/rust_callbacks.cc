#include "leyden/agents/qa/rust/rust_callbacks.h"

#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

bool is_whole_number(std::string_view type) {
  return type == "usize" || type == "isize" ||
         (type.size() > 1 && (type[0] == 'i' || type[0] == 'u') &&
          type.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

// Callbacks of one argument by what it is and what they give.
std::vector<std::string> unary_callbacks(const std::string& takes, const std::string& gives) {
  static const std::map<std::pair<std::string, std::string>, std::vector<std::string>> all = {
      {{"number", "bool"}, {"{x} > 1{part}", "{x} == 0{part}"}},
      {{"number", "number"}, {"{x} + 1{part}"}},
      {{"char", "bool"}, {"{x} == 'a'", "{x} > 'a'"}},
      {{"char", "char"}, {"x.to_ascii_uppercase()"}},
      {{"number", "String"}, {"x.to_string()"}},
      {{"String", "String"}, {"x.to_uppercase()"}},
      {{"String", "usize"}, {"x.len()"}},
      {{"[i32]", "i32"}, {"x.iter().sum::<i32>()"}},
      {{"&str", "bool"}, {"x.len() > 1", "x.is_empty()"}},
      {{"&str", "usize"}, {"x.len()"}},
      {{"&str", "String"}, {"x.to_uppercase()"}}};
  const bool refers = takes.starts_with('&') && takes != "&str";
  const std::string plain = refers ? takes.substr(1) : takes;
  const bool number = is_whole_number(plain) || plain == "f64";
  const auto found =
      all.find({number ? "number" : plain, number && gives == plain ? "number" : gives});
  std::vector<std::string> out;
  if (found == all.end()) return out;
  for (const std::string& body : found->second)
    out.push_back(fmt::format("|x: {}| ", takes) +
                  fmt::format(fmt::runtime(body), fmt::arg("x", refers ? "*x" : "x"),
                              fmt::arg("part", plain == "f64" ? ".0" : "")));
  return out;
}

}  // namespace

std::vector<std::string> rust_callbacks(const std::vector<std::string>& takes,
                                        const std::string& gives) {
  if (gives == "()")
    return {"|" + joined(std::vector<std::string>(takes.size(), "_"), ", ") + "| {}"};
  if (takes.empty()) {
    const std::string given = is_whole_number(gives) ? "7"
                              : gives == "String"    ? "\"made\".to_string()"
                              : gives == "bool"      ? "true"
                                                     : "";
    return given.empty() ? std::vector<std::string>{} : std::vector<std::string>{"|| " + given};
  }
  if (takes.size() == 1) return unary_callbacks(takes[0], gives);
  if (takes.size() != 2 || takes[0] != takes[1]) return {};
  const std::string head = fmt::format("|x: {0}, y: {0}| ", takes[0]);
  if (gives == "bool") return {head + "x < y"};
  if (gives == "std::cmp::Ordering" && takes[0].starts_with('&')) return {head + "x.cmp(y)"};
  if (gives != takes[0] || !is_whole_number(gives)) return {};
  return {head + (gives.starts_with('i') ? "x - y" : "x.max(y)")};
}

}  // namespace leyden::qa
