#include "leyden/agents/qa/rust/rust_text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/rust/rust_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Json = nlohmann::json;
using Kind = Value::Kind;

std::string escaped(std::string_view text, char mark, bool as_bytes) {
  std::string out(1, mark);
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == mark || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7f || (as_bytes && code >= 0x80)) {
      out += fmt::format("\\x{:02x}", code);
    } else {
      out += c;
    }
  }
  return out + mark;
}

std::string real_literal(double value, const std::string& type) {
  const std::string kind = type.ends_with("f32") ? "f32" : "f64";
  if (std::isnan(value)) return kind + "::NAN";
  if (std::isinf(value)) return kind + (value < 0 ? "::NEG_INFINITY" : "::INFINITY");
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

// A byte is one of the first 256 characters.
std::string character_literal(const std::string& text) {
  const auto code = static_cast<unsigned char>(text.empty() ? ' ' : text[0]);
  return code < 0x80 ? escaped(text.substr(0, 1), '\'', false) : fmt::format("'\\u{{{:x}}}'", code);
}

std::string text_literal(const std::string& text, const std::string& type) {
  if (type == "&str") return rust_quoted(text);
  if (type == "&[u8]") return "b" + escaped(text, '"', true);
  if (type.ends_with("[u8]") || type.ends_with("Vec<u8>"))
    return "b" + escaped(text, '"', true) + ".to_vec()";
  return rust_quoted(text) + ".to_string()";
}

class LiteralWriter {
 public:
  LiteralWriter(const RustSource& source, bool typed) : source_(source), typed_(typed) {}

  std::string write(const Value& value, const Type& type) const {
    const std::string& name = type.name;
    if (name.starts_with('&') && name != "&str" && name != "&[u8]") {
      if (typed_ && name.starts_with("&[") && value.items.empty()) return "&[] as " + name;
      Type behind = type;
      behind.name = name.substr(name.starts_with("&mut ") ? 5 : 1);
      return (name.starts_with("&mut ") ? "&mut " : "&") + write(value, behind);
    }
    if (type.kind == Type::Kind::optional)
      return value.kind == Kind::none ? none(type) : "Some(" + write(value, type.of[0]) + ")";
    return by_kind(value, type);
  }

 private:
  std::string by_kind(const Value& value, const Type& type) const {
    const std::string& name = type.name;
    switch (value.kind) {
      case Kind::none:
        return "()";
      case Kind::boolean:
        return value.integer != 0 ? "true" : "false";
      case Kind::integer:
        return std::to_string(value.integer) + (typed_ && name != "i32" ? name : "");
      case Kind::real:
        return real_literal(value.real, name);
      case Kind::text:
        return text_literal(value.text, name);
      case Kind::bytes:
        return character_literal(value.text);
      case Kind::list:
      case Kind::set:
      case Kind::tuple:
        return list(value, type);
      case Kind::map:
        return type.kind == Type::Kind::any_of ? write(value, type.of[alternative_of(value, type)])
               : type.kind == Type::Kind::record ? record(value, type)
                                                 : map(value, type);
      case Kind::object:
        return object(value, type);
      case Kind::expression:
        break;
    }
    return value.text;
  }

  std::string none(const Type& type) const {
    return typed_ ? "None::<" + type.of[0].name + ">" : "None";
  }

  std::vector<std::string> items(const Value& value, const Type& type) const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < value.items.size(); ++i)
      out.push_back(write(value.items[i], type.of[type.kind == Type::Kind::tuple ? i : 0]));
    return out;
  }

  std::string list(const Value& value, const Type& type) const {
    const std::string inner = joined(items(value, type), ", ");
    const std::string& name = type.name;
    if (name.starts_with('(')) return "(" + inner + (value.items.size() == 1 ? ",)" : ")");
    if (name.starts_with("Vec<"))
      return inner.empty() && typed_ ? "Vec::<" + type.of[0].name + ">::new()"
                                     : "vec![" + inner + "]";
    if (name.starts_with('['))
      return inner.empty() && typed_ ? "Vec::<" + type.of[0].name + ">::new()" : "[" + inner + "]";
    const std::string kind = name.substr(0, name.find('<'));
    return inner.empty() ? kind + "::new()" : fmt::format("{}::from([{}])", kind, inner);
  }

  std::string map(const Value& value, const Type& type) const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i + 1 < value.items.size(); i += 2)
      out.push_back(fmt::format("({}, {})", write(value.items[i], type.of[0]),
                                write(value.items[i + 1], type.of[1])));
    const std::string kind = type.name.substr(0, type.name.find('<'));
    return out.empty() ? kind + "::new()" : fmt::format("{}::from([{}])", kind, joined(out, ", "));
  }

  std::string record(const Value& value, const Type& type) const {
    const bool is_tuple = !type.texts.empty() && type.texts[0] == "0";
    std::vector<std::string> out;
    for (std::size_t i = 0; i < type.of.size(); ++i)
      out.push_back((is_tuple ? "" : type.texts[i] + ": ") +
                    write(value.items[2 * i + 1], type.of[i]));
    return is_tuple ? fmt::format("{}({})", type.name, joined(out, ", "))
                    : fmt::format("{} {{ {} }}", type.name, joined(out, ", "));
  }

  std::string object(const Value& value, const Type& type) const {
    const auto of = source_.classes.find(type.name.substr(0, type.name.find('<')));
    if (of == source_.classes.end()) return value.text;
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < value.items.size(); ++i)
      arguments.push_back(write(value.items[i], type.of[i]));
    return fmt::format("{}({}){}", of->second.maker, joined(arguments, ", "), of->second.unwraps);
  }

  const RustSource& source_;
  bool typed_;
};

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
    if (kind == "equal") return fmt::format("assert_eq!({}, {});", subject, text);
    if (kind == "same") return fmt::format("assert!({} == {});", subject, text);
    if (kind == "debug")
      return fmt::format("assert_eq!(format!(\"{{:?}}\", {}), {});", subject, rust_quoted(text));
    if (kind == "shown")
      return fmt::format("assert_eq!({}.to_string(), {});", subject, rust_quoted(text));
    return fmt::format("assert!({}.is_{}());", subject, kind);
  }

  void make_object() {
    const Function& function = source_.functions[input_.function()];
    if (!function.needs_object()) return;
    const RustClass& of = source_.classes.at(function.class_name);
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < input_.construction.size(); ++i)
      arguments.push_back(
          rust_literal(input_.construction[i], function.construction[i].type, source_));
    std::string made = of.maker.empty()
                           ? joined(arguments, ", ")
                           : fmt::format("{}({}){}", of.maker, joined(arguments, ", "), of.unwraps);
    put(fmt::format("let {}object = {};", changed_from(0) ? "mut " : "", made));
    for (std::size_t i = 0; i + 1 < input_.steps.size(); ++i) {
      const RustCallable& callable = source_.callables[input_.steps[i].function];
      const std::string call = call_of(input_.steps[i]);
      if (callable.consumes_object && callable.gives_object) {
        put(fmt::format("let {}object = {};", changed_from(i + 1) ? "mut " : "", call));
      } else {
        put((callable.has_result ? "let _ = " : "") + call + ";");
      }
    }
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
    for (std::size_t i = 0; i < step.arguments.size(); ++i) {
      const Parameter& parameter = function.parameters[i];
      std::string text =
          rust_literal(step.arguments[i], parameter.type, source_, callable.typed_literals);
      if (parameter.type.name.starts_with("&mut ")) {
        std::string value = text.substr(5);
        if (value.starts_with('[')) value = "vec!" + value;
        const std::string name = &step == &input_.steps.back()
                                     ? parameter.name
                                     : fmt::format("{}{}", parameter.name, lines_.size());
        put(fmt::format("let mut {} = {};", name, value));
        text = "&mut " + name;
      }
      arguments.push_back(text + callable.adapters[i]);
    }
    return fmt::format("{}{}({}){}", function.needs_object() ? "object." : "", callable.call,
                       joined(arguments, ", "), callable.collects);
  }

  const Observation& expected_;
  Input input_;
  const RustSource& source_;
  const RustCallable& callable_;
  Json claims_ = Json::array();
  std::vector<std::string> lines_;
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

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
    if (words.contains(name)) out.insert(path);
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

std::string inclusion(const RustCrate& crate) {
  if (crate.is_library) return {};
  const std::filesystem::path folder = crate.test_path().parent_path();
  return fmt::format("#[path = \"{}\"]\nmod {};\n",
                     crate.target.lexically_relative(folder.empty() ? "." : folder).string(),
                     crate.name);
}

}  // namespace

std::string rust_quoted(std::string_view text) { return escaped(text, '"', false); }

std::string rust_literal(const Value& value, const Type& type, const RustSource& source,
                         bool typed) {
  return LiteralWriter(source, typed).write(value, type);
}

Input rust_fitted(const Input& input, const RustSource& source) {
  return fitted(input, source.functions, rust_integer_range);
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
  for (const TestCase& one : cases) {
    body += "\n#[test]\n";
    if (one.expected.outcome == Observation::Outcome::error)
      body += one.expected.error.empty() ? "#[should_panic]\n"
                                         : fmt::format("#[should_panic(expected = {})]\n",
                                                       rust_quoted(one.expected.error));
    body += fmt::format("fn {}() {{\n", one.name);
    for (const std::string& line : TestWriter(one, source).lines()) body += "    " + line + "\n";
    body += "}\n";
  }
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
