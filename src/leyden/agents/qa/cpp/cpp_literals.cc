#include "leyden/agents/qa/cpp/cpp_literals.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 300;
constexpr std::size_t kLiteralsMax = 60;

// What the source says between two quotes, as bytes.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c == 'r' ? '\r' : c;
  }
  return out;
}

template <class T>
void add(std::vector<T>& all, T one) {
  if (all.size() < kLiteralsMax) add_new(all, std::move(one));
}

void add_number(std::string text, Literals& out) {
  std::erase(text, '\'');
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  if (!is_hex && text.find_first_of(".eE") != std::string::npos) {
    double value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc())
      add(out.reals, value);
    return;
  }
  std::int64_t value = 0;
  const char* begin = text.data() + (is_hex ? 2 : 0);
  if (std::from_chars(begin, text.data() + text.size(), value, is_hex ? 16 : 10).ec == std::errc())
    add(out.integers, value);
}

void collect_literals(Node node, std::string_view text, Literals& out, std::size_t depth = 0) {
  if (depth > kDepthMax || node.type() == "preproc_include") return;
  if (node.type() == "number_literal") add_number(std::string(node.text(text)), out);
  if (node.type() == "string_literal" || node.type() == "char_literal") {
    const std::string_view all = node.text(text);
    const std::size_t begin = all.find_first_of("\"'") + 1;
    if (all.size() > begin) add(out.texts, unescaped(all.substr(begin, all.size() - begin - 1)));
    return;
  }
  for (const Node child : node.named_children()) collect_literals(child, text, out, depth + 1);
}

// What stands outside of functions.
void collect_shared(Node node, std::string_view text, Literals& out, std::size_t depth = 0) {
  if (depth > kDepthMax || node.type() == "function_definition") return;
  if (node.type() == "declaration" || node.type() == "field_declaration") {
    collect_literals(node, text, out);
    return;
  }
  for (const Node child : node.named_children()) collect_shared(child, text, out, depth + 1);
}

bool is_source_of_chance(std::string_view name) {
  static constexpr std::string_view all[] = {"rand",
                                             "random",
                                             "rand_r",
                                             "drand48",
                                             "random_device",
                                             "mt19937",
                                             "mt19937_64",
                                             "minstd_rand",
                                             "minstd_rand0",
                                             "random_engine",
                                             "clock",
                                             "time",
                                             "now",
                                             "gettimeofday",
                                             "clock_gettime",
                                             "getpid",
                                             "default_random_engine"};
  return std::ranges::find(all, name) != std::end(all);
}

bool may_vary(Node node, std::string_view text, bool in_body, std::size_t depth = 0) {
  if (depth > kDepthMax) return false;
  const std::string_view type = node.type();
  if ((type == "identifier" || type == "type_identifier") && is_source_of_chance(node.text(text)))
    return true;
  const std::string_view said = node.text(text);
  if (in_body && type == "declaration" && said.starts_with("static ") &&
      !said.starts_with("static const"))
    return true;
  const bool inside = in_body || type == "compound_statement";
  return std::ranges::any_of(node.named_children(),
                             [&](Node child) { return may_vary(child, text, inside, depth + 1); });
}

}  // namespace

bool cpp_varies(const CppFile& file) { return may_vary(file.tree.root(), file.text, false); }

Literals cpp_literals(Node node, std::string_view text) {
  Literals out;
  collect_literals(node, text, out);
  return out;
}

void share_cpp_literals(const std::vector<CppFile>& files, std::vector<Function>& functions) {
  Literals shared;
  for (const CppFile& file : files) collect_shared(file.tree.root(), file.text, shared);
  const auto take = [](const Literals& from, Literals& into) {
    for (const std::int64_t one : from.integers) add(into.integers, one);
    for (const double one : from.reals) add(into.reals, one);
    for (const std::string& one : from.texts) add(into.texts, one);
  };
  for (const Function& one : functions) {
    if (!one.uncallable.empty()) take(one.literals, shared);
  }
  for (Function& one : functions) take(shared, one.literals);
}

}  // namespace leyden::qa
