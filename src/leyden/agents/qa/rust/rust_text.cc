#include "leyden/agents/qa/rust/rust_text.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/compiled/step_runs.h"
#include "leyden/agents/qa/rust/rust_literals.h"
#include "leyden/agents/qa/rust/rust_types.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

using Json = nlohmann::json;

class TestWriter {
 public:
  TestWriter(const TestCase& one, const RustSource& source)
      : expected_(one.expected),
        input_(rust_fitted(one.input, source)),
        source_(source),
        callable_(source.callables[input_.function()]) {}

  std::vector<std::string> lines() {
    const bool fails = expected_.outcome == Observation::Outcome::error;
    if (!fails) claims_ = Json::parse(expected_.text, nullptr, false);
    make_object();
    const std::string call = call_of(input_.steps.back());
    if (fails) {
      put(call + ";");
      return std::move(lines_);
    }
    // A result that is looked at once stands where it is looked at.
    const auto of_result = std::ranges::count_if(claims_, [](const Json& claim) {
      const std::string subject = claim[0].get<std::string>();
      return subject.empty() || subject.starts_with('.');
    });
    const bool named = of_result > 1 || (of_result == 1 && claims_.size() > 1);
    if (named) put("let got = " + call + ";");
    if (of_result == 0) put((callable_.has_result ? "let _ = " : "") + call + ";");
    for (const Json& claim : claims_) {
      const std::string subject = claim[0].get<std::string>();
      const bool is_result = subject.empty() || subject.starts_with('.');
      put(check(claim[1].get<std::string>(),
                (is_result ? named ? "got" : call : std::string()) + subject,
                claim[2].get<std::string>()));
    }
    return std::move(lines_);
  }

 private:
  void put(std::string line) { lines_.push_back(std::move(line)); }

  static std::string check(const std::string& kind, const std::string& subject,
                           const std::string& text) {
    if (kind == "equal" && (text == "true" || text == "false"))
      return fmt::format("assert!({}{});", text == "true" ? "" : "!", subject);
    if (kind == "equal" && text.ends_with(".to_string()") && text.starts_with('"') &&
        text.find('"', 1) == text.size() - 13)
      return fmt::format("assert_eq!({}, {});", subject, text.substr(0, text.size() - 12));
    static constexpr std::string_view kBorrowed = "std::borrow::Cow::Borrowed(\"";
    if (kind == "equal" && text.starts_with(kBorrowed) && text.ends_with("\")"))
      return fmt::format("assert_eq!({}, {});", subject,
                         text.substr(kBorrowed.size() - 1, text.size() - kBorrowed.size()));
    if (kind == "equal") return fmt::format("assert_eq!({}, {});", subject, text);
    if (kind == "same") return fmt::format("assert!({} == {});", subject, text);
    if (kind == "debug")
      return fmt::format("assert_eq!(format!(\"{{:?}}\", {}), {});", subject, rust_quoted(text));
    if (kind == "shown")
      return fmt::format("assert_eq!({}.to_string(), {});", subject, rust_quoted(text));
    if (kind == "kinds")
      return fmt::format("assert_eq!(letter_kinds(&{}), {});", subject, rust_quoted(text));
    if (kind == "shown_kinds")
      return fmt::format("assert_eq!(letter_kinds(&{}.to_string()), {});", subject,
                         rust_quoted(text));
    return fmt::format("assert!({}.is_{}());", subject, kind);
  }

  void make_object() {
    const Function& function = source_.functions[input_.function()];
    if (!function.needs_object()) return;
    const RustClass& of = source_.classes.at(function.class_name);
    std::vector<std::string> arguments;
    arguments.reserve(input_.construction.size());
    for (std::size_t i = 0; i < input_.construction.size(); ++i)
      arguments.push_back(
          rust_literal(input_.construction[i], function.construction[i].type, source_));
    std::string made = of.maker.empty()
                           ? joined(arguments, ", ")
                           : fmt::format("{}({}){}", of.maker, joined(arguments, ", "), of.unwraps);
    put(fmt::format("let {}object = {};", changed_from(0) ? "mut " : "", made));
    for (std::size_t i = 0; i + 1 < input_.steps.size(); ++i) {
      if (const std::size_t count = steps_alike(input_, i, source_.functions);
          count >= kLoopMin && can_loop(input_.steps[i].function)) {
        put_loop(std::span(input_.steps).subspan(i, count));
        i += count - 1;
        continue;
      }
      const RustCallable& callable = source_.callables[input_.steps[i].function];
      const std::string call = call_of(input_.steps[i]);
      if (callable.consumes_object && callable.gives_object) {
        put(fmt::format("let {}object = {};", changed_from(i + 1) ? "mut " : "", call));
      } else {
        put((callable.has_result ? "let _ = " : "") + call + ";");
      }
    }
  }

  // Whether steps of that function may stand in a loop.
  bool can_loop(std::size_t function) const {
    return !source_.callables[function].consumes_object &&
           std::ranges::none_of(source_.functions[function].parameters, [](const Parameter& one) {
             return one.type.name.find("&mut ") != std::string::npos ||
                    one.type.name.find("dyn ") != std::string::npos;
           });
  }

  void put_loop(std::span<const Step> steps) {
    const RustCallable& callable = source_.callables[steps.front().function];
    const std::string ignored = callable.has_result ? "let _ = " : "";
    if (are_equal(steps)) {
      put(fmt::format("for _ in 0..{} {{", steps.size()));
      put(fmt::format("    {}{};", ignored, call_of(steps.front())));
    } else {
      const Parameter& parameter = source_.functions[steps.front().function].parameters[0];
      std::vector<std::string> values;
      for (const Step& one : steps)
        values.push_back(rust_literal(one.arguments[0], parameter.type, source_,
                                      callable.typed_literals && values.empty()));
      put(fmt::format("for {} in [{}] {{", parameter.name, joined(values, ", ")));
      put(fmt::format("    {}object.{}({}{}){};", ignored, callable.call, parameter.name,
                      callable.adapters[0], callable.collects));
    }
    put("}");
  }

  // Whether a step changes the object that is there before it, until another takes its place.
  bool changed_from(std::size_t step) const {
    for (std::size_t i = step; i < input_.steps.size(); ++i) {
      const RustCallable& callable = source_.callables[input_.steps[i].function];
      if (callable.changes_object) return true;
      if (callable.consumes_object) return false;
    }
    return false;
  }

  // What an argument that may change refers to has a name.
  std::string call_of(const Step& step) {
    const Function& function = source_.functions[step.function];
    const RustCallable& callable = source_.callables[step.function];
    std::vector<std::string> arguments;
    std::string object = function.needs_object() ? "object." : "";
    for (std::size_t i = 0; i < step.arguments.size(); ++i) {
      const Parameter& parameter = function.parameters[i];
      const bool is_object = i == 0 && callable.on_first;
      if (is_object && !parameter.type.name.starts_with("&mut ")) {
        object = rust_receiver(step.arguments[i], parameter.type, source_) + ".";
        continue;
      }
      std::string text =
          rust_literal(step.arguments[i], parameter.type, source_, callable.typed_literals);
      if (parameter.type.name.starts_with("&mut ")) {
        std::string value = text.substr(5);
        if (value.starts_with('[')) value.insert(0, "vec!");
        const std::string name = &step == &input_.steps.back()
                                     ? parameter.name
                                     : fmt::format("{}{}", parameter.name, lines_.size());
        put(fmt::format("let mut {} = {};", name, value));
        text = "&mut " + name;
        if (is_object) object = name + ".";
        if (is_object) continue;
      }
      arguments.push_back(text + callable.adapters[i]);
    }
    return fmt::format("{}{}({}){}", object, callable.call, joined(arguments, ", "),
                       callable.collects);
  }

  const Observation& expected_;
  Input input_;
  const RustSource& source_;
  const RustCallable& callable_;
  Json claims_ = Json::array();
  std::vector<std::string> lines_;
};

// What stands outside of texts, and is not a part of a path or an object.
std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1U : 0U;
    } else if (is_word(text[i])) {
      const std::size_t begin = i;
      while (i < text.size() && is_word(text[i])) ++i;
      const char before = begin == 0 ? ' ' : text[begin - 1];
      if (before != '.' && before != ':') out.emplace(text.substr(begin, i - begin));
      --i;
    }
  }
  return out;
}

// The end of the text or character that begins there; the same place: none does.
std::size_t end_of_text(std::string_view text, std::size_t i) {
  if (text.substr(i, 3) == "'\"'") return i + 3;
  if (text[i] != '"') return i;
  for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1U : 0U;
  return std::min(i + 1, text.size());
}

// The path of a type or constant of the standard library that begins there: "std::time::UNIX_EPOCH".
std::string_view std_path_at(std::string_view text, std::size_t i) {
  const bool begins = i == 0 || (!is_word(text[i - 1]) && text[i - 1] != ':');
  if (!begins || text.substr(i, 5) != "std::") return {};
  std::size_t end = i;
  while (end < text.size() && std::isupper(static_cast<unsigned char>(text[end])) == 0) {
    std::size_t next = end;
    while (next < text.size() && is_word(text[next])) ++next;
    if (text.substr(next, 2) != "::") return {};
    end = next + 2;
  }
  while (end < text.size() && is_word(text[end])) ++end;
  return text.substr(i, end - i);
}

// "Duration" of "std::time::Duration" outside of texts, imported, where nothing else is called so.
std::string shortened(std::string_view text, const RustSource& source,
                      std::set<std::string>& imports) {
  std::map<std::string, std::string> known = source.paths;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::string path(std_path_at(text, i));
    if (path.empty()) {
      const std::size_t end = std::max(i + 1, end_of_text(text, i));
      out += text.substr(i, end - i);
      i = end;
      continue;
    }
    const std::string name = rust_last_name(path);
    const bool is_free = known.try_emplace(name, path).first->second == path;
    if (is_free) imports.insert(path);
    out += is_free ? name : path;
    i += path.size();
  }
  return out;
}

// use a::{b, c}; of "a::b" and "a::c".
std::string use_declarations(const std::set<std::string>& paths) {
  std::map<std::string, std::vector<std::string>> by_module;
  for (const std::string& one : paths) {
    const std::size_t at = one.rfind("::");
    by_module[at == std::string::npos ? "" : one.substr(0, at)].push_back(
        at == std::string::npos ? one : one.substr(at + 2));
  }
  std::string out;
  for (const auto& [module, names] : by_module) {
    if (module.empty()) {
      for (const std::string& one : names) out += "use " + one + ";\n";
    } else {
      out += names.size() == 1 ? fmt::format("use {}::{};\n", module, names[0])
                               : fmt::format("use {}::{{{}}};\n", module, joined(names, ", "));
    }
  }
  return out;
}

std::set<std::string> imports_of(std::string_view body, std::span<const TestCase> cases,
                                 const RustSource& source) {
  static constexpr const char* kCollections[] = {"BTreeMap", "BTreeSet", "HashMap", "HashSet",
                                                 "VecDeque"};
  std::set<std::string> out;
  const std::set<std::string> words = words_of(body);
  for (const auto& [name, path] : source.paths) {
    if (words.contains(name)) out.insert(rust_import(name, path));
  }
  for (const char* one : kCollections) {
    if (words.contains(one) && !source.paths.contains(one))
      out.insert(std::string("std::collections::") + one);
  }
  for (const TestCase& one : cases) {
    for (const Step& step : one.input.steps) {
      if (const std::string& trait = source.callables[step.function].trait; !trait.empty())
        out.insert(trait);
    }
  }
  return out;
}

// For texts that are another at each call.
constexpr std::string_view kLetterKinds = R"(
/// Which letters are large, small, digits: "AA00" of "XY42".
fn letter_kinds(text: &str) -> String {
    text.chars()
        .map(|one| match one {
            'A'..='Z' => 'A',
            'a'..='z' => 'a',
            '0'..='9' => '0',
            other => other,
        })
        .collect()
}
)";

std::string inclusion(const RustCrate& crate) {
  if (crate.is_library) return {};
  const std::filesystem::path folder = crate.test_path().parent_path();
  return fmt::format("#[path = \"{}\"]\nmod {};\n",
                     crate.target.lexically_relative(folder.empty() ? "." : folder).string(),
                     crate.name);
}

}  // namespace

Input rust_fitted(const Input& input, const RustSource& source) {
  Input out = fitted(input, source.functions, rust_integer_range);
  const Step last = std::move(out.steps.back());
  out.steps.pop_back();
  std::erase_if(out.steps,
                [&](const Step& one) { return source.callables[one.function].is_last_step; });
  // A builder that is told the same again and again is told once.
  const auto again = std::ranges::unique(out.steps, [&](const Step& one, const Step& next) {
    return one == next && source.callables[one.function].consumes_object;
  });
  out.steps.erase(again.begin(), again.end());
  out.steps.push_back(last);
  return out;
}

std::string rust_without_inclusion(std::string text, const RustCrate& crate) {
  const std::string line = inclusion(crate);
  if (const std::size_t at = text.find(line); !line.empty() && at != std::string::npos)
    text.replace(at, line.size(), "\n\n");
  return text;
}

std::string rust_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                           const RustSource& source, const RustCrate& crate) {
  std::string body;
  std::set<std::string> supports;
  std::set<std::string> imports;
  for (const SourceTest& one : written) {
    body += support_once(one, supports);
    body += "\n" + one.text + "\n";
    imports.insert(one.imports.begin(), one.imports.end());
  }
  std::string made;
  for (const TestCase& one : cases) {
    made += "\n#[test]\n";
    if (one.expected.outcome == Observation::Outcome::error)
      made += one.expected.error.empty() ? "#[should_panic]\n"
                                         : fmt::format("#[should_panic(expected = {})]\n",
                                                       rust_quoted(one.expected.error));
    made += fmt::format("fn {}() {{\n", one.name);
    for (const std::string& line : TestWriter(one, source).lines()) made += "    " + line + "\n";
    made += "}\n";
  }
  if (made.find("letter_kinds(") != std::string::npos) body += kLetterKinds;
  body += shortened(made, source, imports);
  imports.merge(imports_of(body, cases, source));
  std::string head = fmt::format(
      "//! Tests of {}, made by `leyden test`.{}\n\n", crate.target.generic_string(),
      cases.empty() ? "" : " They say what it does today: read them before you trust them.");
  if (crate.is_library && crate.edition == "2015") head += "extern crate " + crate.name + ";\n\n";
  const std::string included = inclusion(crate);
  return head + included + (included.empty() ? "" : "\n") + use_declarations(imports) + body;
}

std::vector<PlacedTest> rust_placed_tests(std::string_view text) {
  std::vector<PlacedTest> out;
  auto tree = syntax::parse(syntax::Language::rust, text);
  if (!tree) return out;
  for (const syntax::Node node : tree->root().named_children()) {
    if (node.type() != "function_item" || !rust_is_test(node, text)) continue;
    syntax::Node first = node;
    while (first.previous().type() == "attribute_item") first = first.previous();
    out.push_back({.name = std::string(node.field("name").text(text)),
                   .begin = first.begin(),
                   .end = node.end(),
                   .first_line = first.first_line(),
                   .last_line = node.last_line()});
  }
  return out;
}

}  // namespace leyden::qa
