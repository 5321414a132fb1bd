#include "leyden/agents/qa/skeleton.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"
#include "leyden/syntax/definitions.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Definition;
using syntax::DefinitionKind;
using syntax::Language;

// How a language's skeletons look. "{stem}" is the file's name, "{Suite}" that as a class's, "{name}" a test's, "{wish}" what is to be written, "{space}" the package
// or namespace.
struct Form {
  std::string_view path;
  std::string_view head;
  std::string_view test;
  std::string_view foot;
  std::string_view name;    // "{snake}", "{camel}", "{Pascal}".
  std::string_view escape;  // What a text in `wish` has a backslash before.
};

const Form* form_of(Language language) {
  static const Form kPython{"test_{stem}.py",
                            "\"\"\"Tests of {stem} that are to be written.\"\"\"\nimport pytest\n",
                            "\n\ndef {name}():\n    pytest.skip(\"{wish}\")\n",
                            "",
                            "test_{snake}",
                            "\"\\"};
  static const Form kJavascript{"{stem}.test.mjs",
                                "import test from \"node:test\";\n",
                                "\ntest.todo(\"{wish}\");\n",
                                "",
                                "{camel}",
                                "\"\\"};
  static const Form kTypescript{"{stem}.test.mts",
                                "import test from \"node:test\";\n",
                                "\ntest.todo(\"{wish}\");\n",
                                "",
                                "{camel}",
                                "\"\\"};
  static const Form kC{"test_{stem}.c",
                       "#include <stdio.h>\n",
                       "\nstatic void {name}(void) {\n  puts(\"{wish}\");\n}\n",
                       "\nint main(void) {\n{calls}  return 0;\n}\n",
                       "test_{snake}",
                       "\"\\"};
  static const Form kCpp{"{stem}_test.cc",
                         "#include <gtest/gtest.h>\n",
                         "\nTEST({Suite}, {name}) {\n  GTEST_SKIP() << \"{wish}\";\n}\n",
                         "",
                         "{Pascal}",
                         "\"\\"};
  static const Form kGo{"{stem}_test.go",
                        "package {space}\n\nimport \"testing\"\n",
                        "\nfunc {name}(t *testing.T) {\n\tt.Skip(\"{wish}\")\n}\n",
                        "",
                        "Test{Pascal}",
                        "\"\\"};
  static const Form kJava{"{Suite}Test.java",
                          "{space}import org.junit.jupiter.api.Disabled;\nimport "
                          "org.junit.jupiter.api.Test;\n\nclass {Suite}Test {\n",
                          "    @Test\n    @Disabled(\"{wish}\")\n    void {name}() {\n    }\n\n",
                          "}\n",
                          "{camel}",
                          "\"\\"};
  static const Form kRust{
      "{stem}_test.rs", "",    "#[test]\n#[ignore = \"{wish}\"]\nfn {name}() {}\n\n", "",
      "test_{snake}",   "\"\\"};
  static const Form kRuby{"test_{stem}.rb",
                          "require \"minitest/autorun\"\n\nclass {Suite}Test < Minitest::Test\n",
                          "  def {name}\n    skip '{wish}'\n  end\n\n",
                          "end\n",
                          "test_{snake}",
                          "'\\"};
  static const Form kPhp{
      "{Suite}Test.php",
      "<?php\n\ndeclare(strict_types=1);\n\nuse PHPUnit\\Framework\\TestCase;\n\n"
      "final class {Suite}Test extends TestCase\n{\n",
      "    public function {name}(): void\n    {\n        "
      "self::markTestIncomplete('{wish}');\n    }\n\n",
      "}\n",
      "test{Pascal}",
      "'\\"};
  switch (language) {
    case Language::python:
      return &kPython;
    case Language::javascript:
      return &kJavascript;
    case Language::typescript:
    case Language::tsx:
      return &kTypescript;
    case Language::c:
      return &kC;
    case Language::cpp:
      return &kCpp;
    case Language::go:
      return &kGo;
    case Language::java:
      return &kJava;
    case Language::rust:
      return &kRust;
    case Language::ruby:
      return &kRuby;
    case Language::php:
      return &kPhp;
    default:
      return nullptr;
  }
}

using Words = std::vector<std::pair<std::string_view, std::string>>;

std::string filled(std::string_view form, const Words& words) {
  std::string out;
  for (std::size_t i = 0; i < form.size();) {
    const auto word = std::ranges::find_if(words, [&](const auto& one) {
      return form[i] == '{' && form.substr(i + 1).starts_with(one.first) &&
             form.substr(i + 1 + one.first.size()).starts_with('}');
    });
    if (word == words.end()) {
      out += form[i++];
    } else {
      out += word->second;
      i += word->first.size() + 2;
    }
  }
  return out;
}

std::string escaped(std::string_view text, std::string_view signs) {
  std::string out;
  for (const char c : text) {
    if (signs.find(c) != std::string_view::npos) out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

// "find_2" of "find#2", "operator_eq_eq" of "operator==": letters, digits and underscores of ASCII.
std::string identifier(std::string_view name) {
  static constexpr std::pair<char, std::string_view> kSigns[] = {
      {'=', "eq"},    {'<', "less"},   {'>', "greater"}, {'+', "plus"},
      {'-', "minus"}, {'*', "times"},  {'/', "by"},      {'!', "not"},
      {'?', "asks"},  {'[', "at"},     {'(', "call"},    {'&', "and"},
      {'|', "or"},    {'%', "modulo"}, {'^', "xor"},     {'~', "destroyed"}};
  std::string out;
  for (const char c : name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const auto sign = std::ranges::find(kSigns, c, &std::pair<char, std::string_view>::first);
    if (word) {
      out += c;
    } else if (sign != std::end(kSigns)) {
      out += fmt::format("{}{}_", out.empty() || out.ends_with('_') ? "" : "_", sign->second);
    } else if (!out.empty() && !out.ends_with('_')) {
      out += '_';
    }
  }
  while (out.ends_with('_')) out.pop_back();
  if (out.empty() || (out[0] >= '0' && out[0] <= '9')) out.insert(0, "f_");
  return out;
}

std::string with_small_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

// Of Go's `func (c *Cache[K]) Get(...)`: "Cache".
std::string receiver_of(std::string_view signature) {
  if (!signature.starts_with("func (")) return {};
  std::string_view inside = signature.substr(6, signature.find(')') - 6);
  if (const std::size_t bracket = inside.find('['); bracket != std::string_view::npos)
    inside = inside.substr(0, bracket);
  const std::size_t at = inside.find_last_of(" *");
  return std::string(at == std::string_view::npos ? inside : inside.substr(at + 1));
}

// The classes around it: "Outer.Inner" as words.
std::string around(const Definition& one, const std::vector<Definition>& all, Language language) {
  if (language == Language::go) return receiver_of(one.signature);
  std::string out;
  for (auto parent = one.parent; parent; parent = all[*parent].parent) {
    const Definition& outer = all[*parent];
    if (outer.kind == DefinitionKind::namespace_ || outer.kind == DefinitionKind::module ||
        outer.kind == DefinitionKind::impl)
      continue;
    out = out.empty() ? outer.name : fmt::format("{}.{}", outer.name, out);
  }
  return out;
}

bool is_wanted(const Definition& one, const std::vector<Definition>& all, Language language) {
  if (one.kind != DefinitionKind::function && one.kind != DefinitionKind::method) return false;
  if (one.name.empty() || one.name.starts_with("test_") || one.name.starts_with("~")) return false;
  if (one.name.starts_with('_') || one.name.starts_with('#')) return false;
  if (language == Language::java || language == Language::php || language == Language::typescript ||
      language == Language::tsx) {
    for (const std::string_view word : {"private ", "protected "}) {
      if (one.signature.find(word) != std::string::npos) return false;
    }
  }
  // What is nested in a function is reached through that.
  return !one.parent || (all[*one.parent].kind != DefinitionKind::function &&
                         all[*one.parent].kind != DefinitionKind::method);
}

// Go's package, and Java's as the line that says it.
std::string space_of(Language language, std::string_view text) {
  if (language != Language::go && language != Language::java) return {};
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string_view line = trimmed(text.substr(at, text.find('\n', at) - at));
    if (line.starts_with("package ")) {
      if (language == Language::java) return std::string(line) + "\n\n";
      const std::string_view name = line.substr(8);
      return std::string(name.substr(0, name.find_first_of(" \t/")));
    }
    if (text.find('\n', at) == std::string_view::npos) break;
  }
  return language == Language::go ? "main" : "";
}

}  // namespace

Result<Skeleton> test_skeleton(const std::string& path, Language language, std::string_view text) {
  const Form* form = form_of(language);
  if (form == nullptr)
    return fail(Errc::unsupported, "{} is {}: there are no tests of that", path,
                to_string(language));
  const auto tree = syntax::parse(language, text);
  if (!tree) return std::unexpected(tree.error());
  const std::filesystem::path file(path);
  const std::string stem = file.stem().string();
  const std::string suite = pascal_case(identifier(stem));
  Words words{{"stem", stem}, {"Suite", suite}, {"space", space_of(language, text)}};
  Skeleton out;
  std::string tests;
  std::string calls;
  std::set<std::string> taken;
  const std::vector<Definition> all = syntax::definitions(*tree, text);
  for (const Definition& one : all) {
    if (!is_wanted(one, all, language)) continue;
    const std::string owner = around(one, all, language);
    const std::string function = owner.empty() ? one.name : owner + "." + one.name;
    const std::string plain = identifier(function);
    std::string base = filled(form->name, {{"snake", snake_case(plain)},
                                           {"Pascal", pascal_case(plain)},
                                           {"camel", with_small_first(pascal_case(plain))}});
    std::string name = base;
    for (std::size_t k = 2; !taken.insert(name).second; ++k) name = fmt::format("{}_{}", base, k);
    Words own = words;
    own.emplace_back("name", name);
    own.emplace_back("wish", escaped("to be written: " + one.signature, form->escape));
    tests += filled(form->test, own);
    calls += "  " + name + "();\n";
    out.tests.push_back({.name = std::move(name), .function = function});
  }
  if (out.tests.empty())
    return fail(Errc::invalid_argument, "{} has no function that a test could call", path);
  words.emplace_back("calls", std::move(calls));
  if (tests.ends_with("\n\n")) tests.pop_back();
  out.path = (file.parent_path() / filled(form->path, words)).string();
  out.text = filled(form->head, words) + tests + filled(form->foot, words);
  return out;
}

}  // namespace leyden::qa
