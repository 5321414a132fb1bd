// Property: whatever the bytes and the language, reading a source ends; functions and mutants lie within it, a probed source keeps its lines, and what
// a model wrote is taken apart into tests of one name each, or refused.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/agents/qa/compiled/probes.h"
#include "leyden/agents/qa/compiled/schemata.h"
#include "leyden/agents/qa/cpp/c_source.h"
#include "leyden/agents/qa/cpp/cpp_answer.h"
#include "leyden/agents/qa/cpp/cpp_source.h"
#include "leyden/agents/qa/cpp/cpp_syntax.h"
#include "leyden/agents/qa/go/go_answer.h"
#include "leyden/agents/qa/go/go_source.h"
#include "leyden/agents/qa/go/go_syntax.h"
#include "leyden/agents/qa/java/java_answer.h"
#include "leyden/agents/qa/java/java_source.h"
#include "leyden/agents/qa/java/java_syntax.h"
#include "leyden/agents/qa/javascript/javascript_answer.h"
#include "leyden/agents/qa/javascript/javascript_source.h"
#include "leyden/agents/qa/javascript/javascript_strip.h"
#include "leyden/agents/qa/php/php_source.h"
#include "leyden/agents/qa/php/php_text.h"
#include "leyden/agents/qa/python/python_answer.h"
#include "leyden/agents/qa/python/python_source.h"
#include "leyden/agents/qa/ruby/ruby_source.h"
#include "leyden/agents/qa/ruby/ruby_text.h"
#include "leyden/agents/qa/rust/rust_answer.h"
#include "leyden/agents/qa/rust/rust_source.h"
#include "leyden/agents/qa/rust/rust_syntax.h"
#include "leyden/agents/qa/skeleton.h"
#include "leyden/base/utf8.h"
#include "leyden/syntax/parser.h"

namespace {

using namespace leyden;
using syntax::Language;

constexpr std::size_t kMutantsOfFunction = 20;

void check(bool holds, std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "line %u does not hold\n", static_cast<unsigned>(where.line()));
  std::abort();
}

// A file as a language's reader takes it.
template <class File>
std::vector<File> only(std::string path, std::string_view text, syntax::Tree tree) {
  std::vector<File> out;
  out.push_back({std::move(path), std::string(text), std::move(tree)});
  return out;
}

std::vector<qa::Function> functions_of(Language language, std::string_view text,
                                       syntax::Tree tree) {
  switch (language) {
    case Language::c:
      return qa::c_source(only<qa::CppFile>("a.c", text, std::move(tree))).functions;
    case Language::cpp:
      return qa::cpp_source(only<qa::CppFile>("a.cc", text, std::move(tree))).functions;
    case Language::go:
      return qa::go_source(only<qa::GoFile>("a.go", text, std::move(tree))).functions;
    case Language::java:
      return qa::java_source(only<qa::JavaFile>("A.java", text, std::move(tree))).functions;
    case Language::javascript:
    case Language::typescript:
      return qa::javascript_source(tree, text).functions;
    case Language::php:
      return qa::php_source(tree, text).functions;
    case Language::python:
      return qa::python_functions(tree, text);
    case Language::ruby:
      return qa::ruby_source(tree, text).functions;
    case Language::rust: {
      qa::RustCrate crate{.name = "a", .target = "a.rs", .library = "a.rs"};
      crate.files.push_back({.path = "a.rs",
                             .text = std::string(text),
                             .tree = std::move(tree),
                             .module = "a",
                             .is_public = true});
      return qa::rust_source(crate).functions;
    }
    default:
      return {};
  }
}

void check_functions(Language language, std::string_view text) {
  auto tree = syntax::parse(language, text);
  auto again = syntax::parse(language, text);
  if (!tree || !again) return;
  const std::vector<qa::Function> functions = functions_of(language, text, *std::move(again));
  for (const qa::Function& one : functions) {
    check(one.begin <= one.end && one.end <= text.size());
    check(one.first_line <= one.last_line);
  }
  for (const qa::Mutant& one : qa::mutants_of(*tree, text, functions, kMutantsOfFunction)) {
    check(one.begin <= one.end && one.end <= text.size());
    check(one.function < functions.size());
    check(text.substr(one.begin, one.end - one.begin) != one.text);
  }
  if (language == Language::python) std::ignore = qa::python_depends_on_hashes(*tree, text);
  if (language == Language::typescript) std::ignore = qa::javascript_of_typescript(text);
}

void check_probes(Language language, std::string_view text) {
  const qa::ProbeSyntax* syntax = nullptr;
  if (language == Language::c || language == Language::cpp) syntax = &qa::cpp_probe_syntax();
  if (language == Language::go) syntax = &qa::go_probe_syntax();
  if (language == Language::java) syntax = &qa::java_probe_syntax();
  if (language == Language::rust) syntax = &qa::rust_probe_syntax();
  auto tree = syntax::parse(language, text);
  if (syntax == nullptr || !tree) return;
  const std::string probed = qa::probed_source(*tree, text, *syntax).text;
  check(std::ranges::count(probed, '\n') >= std::ranges::count(text, '\n'));
}

void check_answer(Language language, std::string_view text) {
  Result<std::vector<qa::SourceTest>> tests;
  switch (language) {
    case Language::c:
    case Language::cpp:
      tests = qa::cpp_tests_in(text);
      break;
    case Language::go:
      tests = qa::go_tests_in(text);
      break;
    case Language::java:
      tests = qa::java_tests_in(text);
      break;
    case Language::javascript:
    case Language::typescript:
      tests = qa::javascript_tests_in(text);
      break;
    case Language::php:
      tests = qa::php_tests_in(text);
      break;
    case Language::python:
      tests = qa::python_tests_in(text, "a", {});
      break;
    case Language::ruby:
      tests = qa::ruby_tests_in(text);
      break;
    case Language::rust:
      tests = qa::rust_tests_in(text);
      break;
    default:
      return;
  }
  if (!tests) return check(!tests.error().message.empty());
  check(!tests->empty());
  for (const qa::SourceTest& one : *tests) check(!one.name.empty() && !one.text.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::pair<Language, const char*> kLanguages[] = {
      {Language::c, "a.c"},          {Language::cpp, "a.cc"},        {Language::go, "a.go"},
      {Language::java, "A.java"},    {Language::javascript, "a.js"}, {Language::php, "a.php"},
      {Language::python, "a.py"},    {Language::ruby, "a.rb"},       {Language::rust, "a.rs"},
      {Language::typescript, "a.ts"}};
  if (size == 0) return 0;
  const auto& [language, path] = kLanguages[data[0] % std::size(kLanguages)];
  // Files that are not UTF-8 are refused before.
  const std::string text =
      utf8::replace_invalid(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  check_functions(language, text);
  check_probes(language, text);
  check_answer(language, text);
  std::ignore = qa::test_skeleton(path, language, text);
  return 0;
}
