#include "leyden/agents/qa/go/go_text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/compiled/step_runs.h"
#include "leyden/agents/qa/go/go_channels.h"
#include "leyden/agents/qa/go/go_library.h"
#include "leyden/agents/qa/go/go_types.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

using Json = nlohmann::json;
using Kind = Value::Kind;

constexpr std::size_t kShownMax = 100;  // Of a call, in a message.

std::string go_quoted(std::string_view text, char mark = '"') {
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
    } else if (code < 0x20 || code == 0x7f) {
      out += fmt::format("\\x{:02x}", code);
    } else {
      out += c;
    }
  }
  return out + mark;
}

std::string real_literal(double value) {
  if (std::isnan(value)) return "math.NaN()";
  if (std::isinf(value)) return value < 0 ? "math.Inf(-1)" : "math.Inf(1)";
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

std::string character_literal(const std::string& text) {
  const auto code = static_cast<unsigned char>(text.empty() ? ' ' : text[0]);
  return code < 0x80 ? go_quoted(text.substr(0, 1), '\'') : std::to_string(code);
}

std::vector<std::string> literals(const Value& value, const Type& type) {
  std::vector<std::string> out;
  out.reserve(value.items.size());
  for (std::size_t i = 0; i < value.items.size(); ++i)
    out.push_back(go_literal(value.items[i], type.of[type.kind == Type::Kind::tuple ? i : 0]));
  return out;
}

std::string map_literal(const Value& value, const Type& type) {
  const bool is_record = type.kind == Type::Kind::record;
  std::vector<std::string> out;
  for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
    const std::string item =
        go_literal(value.items[i + 1], is_record ? type.of[i / 2] : type.of[1]);
    const std::string key =
        is_record ? value.items[i].text : go_literal(value.items[i], type.of[0]);
    out.push_back(fmt::format("{}: {}", key, item));
  }
  const std::string name =
      type.name.starts_with('*') ? "&" + type.name.substr(1) : type.name;  // Of an interface.
  return name + "{" + joined(out, ", ") + "}";
}

std::string text_literal(const std::string& text, const Type& type) {
  std::string out = go_quoted(text);
  if (const std::string_view made = go_made_of_text(type.name); !made.empty())
    return fmt::format(fmt::runtime(made), out);
  const bool plain = type.kind != Type::Kind::text || type.name == "string";
  return plain ? out : fmt::format("{}({})", type.name, out);
}

// A name that hides nothing that a test uses.
std::string variable(const std::string& name, const GoSource& source) {
  static const std::set<std::string> own = {"t", "got", "want", "err", "object"};
  const bool taken = own.contains(name) || source.names.contains(name) ||
                     source.imports.contains(name) || name.starts_with("got") ||
                     go_library_packages().contains(name);
  return taken ? name + "Arg" : name;
}

// In the head of an if a brace behind a type's name would begin its block.
std::string in_head(const std::string& text) {
  const bool safe = text.starts_with('[') || text.starts_with("map[") ||
                    text.find('{') == std::string::npos || text.starts_with('"');
  return safe ? text : "(" + text + ")";
}

// How a result is told from the one that is wanted: a condition that holds where it is wrong, and how a message shows both.
struct Check {
  std::string wrong;
  std::string shown;  // Format and arguments.
};

Check check_of(const std::string& kind, const std::string& text, const std::string& got) {
  if (kind == "nan") return {"!math.IsNaN(" + got + ")", "= %v, want NaN\", " + got};
  if (kind == "nil") return {got + " != nil", "= %v, want nil\", " + got};
  if (kind == "set") return {got + " == nil", "= nil\""};
  if (kind == "bool")
    return {(text == "true" ? "!" : "") + got, fmt::format("= %v, want {}\", {}", text, got)};
  if (kind == "error" && text.empty()) return {got + " != nil", "gives the error %v\", " + got};
  if (kind == "error")
    return {fmt::format("{0} == nil || {0}.Error() != {1}", got, text),
            fmt::format("gives the error %v, want %q\", {}, {}", got, text)};
  if (kind == "matches")
    return {fmt::format("!regexp.MustCompile({}).MatchString(string({}))",
                        go_quoted("^" + text + "$"), got),
            "= %q\", " + got};
  if (kind == "deep")
    return {fmt::format("want := {}; !reflect.DeepEqual({}, want)", in_head(text), got),
            fmt::format("= %#v, want %#v\", {}, want", got)};
  return {fmt::format("want := {}; {} != want", text, got),
          fmt::format("= %#v, want %#v\", {}, want", got)};
}

class TestWriter {
 public:
  TestWriter(const TestCase& one, const GoSource& source)
      : expected_(one.expected), input_(go_fitted(one.input, source)), source_(source) {}

  std::vector<std::string> lines() {
    make_object();
    const std::string call = call_of(input_.steps.back(), true);
    shown_ = call.size() > kShownMax ? source_.functions[input_.function()].name : call;
    std::string escaped;
    for (const char c : go_quoted(shown_)) escaped += c == '%' ? "%%" : std::string(1, c);
    shown_ = escaped.substr(0, escaped.size() - 1);
    if (expected_.outcome == Observation::Outcome::error) {
      add_panic(call);
    } else {
      add_value(call);
    }
    return std::move(lines_);
  }

 private:
  void put(std::string line) { lines_.push_back(std::move(line)); }

  void make_object() {
    const Function& function = source_.functions[input_.function()];
    if (!function.needs_object()) return;
    const GoCallable& callable = source_.callables[input_.function()];
    std::vector<std::string> arguments;
    arguments.reserve(input_.construction.size());
    for (std::size_t i = 0; i < input_.construction.size(); ++i)
      arguments.push_back(go_literal(input_.construction[i], function.construction[i].type));
    if (!callable.maker.empty()) {
      put(fmt::format(
          "object{} := {}({})", callable.maker_may_fail ? ", _" : "", callable.maker,
          joined(arguments, ", ") + (callable.maker_rest && !arguments.empty() ? "..." : "")));
    } else if (function.construction.size() == 1 && function.construction[0].name == "value") {
      put(fmt::format("object := {}({})", callable.object, arguments[0]));
    } else {
      std::vector<std::string> fields;
      fields.reserve(arguments.size());
      for (std::size_t i = 0; i < arguments.size(); ++i)
        fields.push_back(function.construction[i].name + ": " + arguments[i]);
      put(fmt::format("object := &{}{{{}}}", callable.object, joined(fields, ", ")));
    }
    for (std::size_t i = 0; i + 1 < input_.steps.size(); ++i) {
      const std::size_t count = steps_alike(input_, i, source_.functions);
      if (count >= kLoopMin && !source_.callables[input_.steps[i].function].takes_rest) {
        put_loop(std::span(input_.steps).subspan(i, count));
        i += count - 1;
      } else {
        put(call_of(input_.steps[i], false));
      }
    }
  }

  void put_loop(std::span<const Step> steps) {
    const Step& first = steps.front();
    if (are_equal(steps)) {
      put(fmt::format("for i := 0; i < {}; i++ {{", steps.size()));
      put("\t" + call_of(first, false));
    } else {
      const Parameter& parameter = source_.functions[first.function].parameters[0];
      const std::string name = variable(parameter.name, source_);
      std::vector<std::string> values;
      for (const Step& one : steps) values.push_back(go_literal(one.arguments[0], parameter.type));
      put(fmt::format("for _, {} := range []{}{{{}}} {{", name, parameter.type.name,
                      joined(values, ", ")));
      put(fmt::format("\tobject.{}({})", source_.callables[first.function].call, name));
    }
    put("}");
  }

  // Arguments that the call changes have names.
  std::string call_of(const Step& step, bool is_last) {
    const Function& function = source_.functions[step.function];
    const GoCallable& callable = source_.callables[step.function];
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < step.arguments.size(); ++i) {
      const Parameter& parameter = function.parameters[i];
      std::string text = go_literal(step.arguments[i], parameter.type);
      if (is_last && expected_.changed.contains(parameter.name)) {
        const std::string name = variable(parameter.name, source_);
        put(fmt::format("{} := {}", name, text));
        text = name;
      }
      if (callable.takes_rest && i + 1 == step.arguments.size()) text += "...";
      arguments.push_back(std::move(text));
    }
    return fmt::format("{}{}({})", function.needs_object() ? "object." : "", callable.call,
                       joined(arguments, ", "));
  }

  void add_panic(const std::string& call) {
    put("defer func() {");
    put(fmt::format("\tif got := recover(); fmt.Sprint(got) != {} {{", go_quoted(expected_.error)));
    put(fmt::format("\t\tt.Errorf({} panics with %v, want %q\", got, {})", shown_,
                    go_quoted(expected_.error)));
    put("\t}");
    put("}()");
    put(call);
  }

  void add_check(const Check& check, const std::string& what) {
    put(fmt::format("if {} {{", check.wrong));
    put(fmt::format("\tt.Errorf({} {})", what, check.shown));
    put("}");
  }

  void add_value(const std::string& call) {
    const Json claims = Json::parse(expected_.text, nullptr, false);
    std::vector<std::string> names;
    bool any = false;
    for (std::size_t i = 0; i < claims.size(); ++i) {
      const std::string kind = claims[i][0].get<std::string>();
      std::string name = kind == "error"     ? "err"
                         : claims.size() > 2 ? fmt::format("got{}", i + 1)
                                             : "got";
      if (std::ranges::find(names, name) != names.end()) name += std::to_string(i + 1);
      if (kind == "any") name = "_";
      any = any || name != "_";
      names.push_back(std::move(name));
    }
    put(any ? fmt::format("{} := {}", joined(names, ", "), call) : call);
    for (std::size_t i = 0; i < claims.size(); ++i) {
      if (names[i] != "_")
        add_check(
            check_of(claims[i][0].get<std::string>(), claims[i][1].get<std::string>(), names[i]),
            shown_);
    }
    for (const auto& [name, text] : expected_.changed) add_changed(name, text);
  }

  // What the call leaves in its object or an argument; of a buffer the text.
  void add_changed(const std::string& name, const std::string& text) {
    const bool is_object = name == "object";
    std::string used = is_object ? name : variable(name, source_);
    if (text.starts_with('"')) {
      used += ".String()";
      add_check({fmt::format("want := {}; {} != want", text, used),
                 fmt::format("%q, want %q\", {}, want", used)},
                shown_ + " leaves " + used);
      return;
    }
    if (const std::string element = channel_of(name); !element.empty()) {
      std::string sent = "sent" + used;
      sent[4] = static_cast<char>(std::toupper(static_cast<unsigned char>(sent[4])));
      put(fmt::format("{} := {}({})", sent, go_channel(element).drained, used));
      add_check({fmt::format("want := {}; !reflect.DeepEqual({}, want)", in_head(text), sent),
                 fmt::format("%#v, want %#v\", {}, want", sent)},
                shown_ + " sends");
      return;
    }
    const GoCallable& callable = source_.callables[input_.function()];
    const bool is_value =
        is_object && ((callable.maker.empty() && text.find('&') != 0) || !callable.maker_points ||
                      source_.fields.find(callable.object) == source_.fields.end());
    const std::string got = is_value && text.starts_with('&') ? "&" + used : used;
    add_check({fmt::format("want := {}; !reflect.DeepEqual({}, want)", in_head(text), got),
               fmt::format("%#v, want %#v\", {}, want", used)},
              shown_ + " leaves " + used);
  }

  // What an argument that is a channel takes; empty: it is none.
  std::string channel_of(const std::string& name) const {
    for (const Parameter& one : source_.functions[input_.function()].parameters) {
      if (one.name == name) return std::string(go_channel_element(one.type.name));
    }
    return {};
  }

  const Observation& expected_;
  Input input_;
  const GoSource& source_;
  std::vector<std::string> lines_;
  std::string shown_;  // A literal without its closing quote.
};

bool uses(std::string_view text, const std::string& package) {
  const std::string mark = package + ".";
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_text && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"' && !(i > 0 && text[i - 1] == '\'')) {
      in_text = !in_text;
    } else if (!in_text && text.substr(i, mark.size()) == mark &&
               (i == 0 || (!is_word(text[i - 1]) && text[i - 1] != '.'))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string go_literal(const Value& value, const Type& type) {
  if (type.kind == Type::Kind::optional && value.kind != Kind::none)
    return "&" + go_literal(value, type.of[0]);
  if (type.kind == Type::Kind::any_of &&
      (value.kind == Kind::map || value.kind == Kind::expression))
    return go_literal(value, type.of[alternative_of(value, type)]);
  switch (value.kind) {
    case Kind::none:
      return "nil";
    case Kind::boolean:
      return value.integer != 0 ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real:
      return real_literal(value.real);
    case Kind::text:
      return text_literal(value.text, type);
    case Kind::bytes:
      return character_literal(value.text);
    case Kind::list:
    case Kind::set:
    case Kind::tuple:
      if (const std::string_view of = go_channel_element(type.name); !of.empty())
        return go_channel(std::string(of)).filled + "(" + joined(literals(value, type), ", ") + ")";
      return type.name + "{" + joined(literals(value, type), ", ") + "}";
    case Kind::map:
      return map_literal(value, type);
    case Kind::object:
    case Kind::expression:
      break;
  }
  return value.text;
}

Input go_fitted(const Input& input, const GoSource& source) {
  return fitted(input, source.functions, [&](const std::string& name) {
    const auto own = source.integers.find(name);
    return go_integer_range(own == source.integers.end() ? name : own->second);
  });
}

std::string go_imports(std::string_view body, const GoSource& source,
                       const std::set<std::string>& more) {
  std::map<std::string, std::string> known = go_library_packages();
  for (const auto& [name, path] : source.imports) known[name] = path;
  std::set<std::string> lines = {"\"testing\""};
  for (const std::string& one : more) {
    const std::string path = one.substr(1, one.size() - 2);
    known.try_emplace(path.substr(path.rfind('/') + 1), path);
  }
  for (const auto& [name, path] : known) {
    if (!uses(body, name)) continue;
    const bool plain = path == name || path.ends_with("/" + name);
    lines.insert(plain ? fmt::format("\"{}\"", path) : fmt::format("{} \"{}\"", name, path));
  }
  std::string out = "import (\n";
  for (const std::string& one : lines) out += "\t" + one + "\n";
  return out + ")\n";
}

namespace {

// Types and functions of tests that the text uses, and these among each other.
std::string helpers_of(const std::string& body, const GoSource& source) {
  std::string out;
  std::set<std::string> there;
  for (bool again = true; again;) {
    again = false;
    for (const auto& [name, text] : source.helpers) {
      const std::string all = body + out;
      if (there.contains(name) || (all.find("&" + name + "{") == std::string::npos &&
                                   all.find(name + "(") == std::string::npos))
        continue;
      again = there.insert(name).second;
      out += "\n" + text;
    }
  }
  return out;
}

// A method without a result, of a type with others that give one and only read.
bool is_told_by_others(const GoSource& source, std::size_t method) {
  if (source.callables[method].results > 0) return false;
  for (std::size_t i = 0; i < source.functions.size(); ++i) {
    const Function& other = source.functions[i];
    if (other.class_name == source.functions[method].class_name && other.only_reads &&
        other.uncallable.empty() && source.callables[i].results > 0)
      return true;
  }
  return false;
}

// "reflect.TypeOf((*Shape)(nil)).Elem()"
std::string reflected(const std::string& type) {
  return fmt::format("reflect.TypeOf((*{})(nil)).Elem()", type);
}

// A variable of the probe: what it knows of types.
std::string table(const std::string& name, const std::string& of,
                  const std::map<std::string, std::vector<std::string>>& all,
                  const std::function<std::string(const std::string&)>& item) {
  std::string out = fmt::format("\nvar {} = map[reflect.Type]{}{{\n", name, of);
  for (const auto& [type, texts] : all) {
    std::vector<std::string> items;
    for (const std::string& one : texts) items.push_back(item(one));
    out += fmt::format("\t{}: {{{}}},\n", reflected(type), joined(items, ", "));
  }
  return out + "}\n";
}

// A text as Go writes it.
std::string said(const std::string& text) { return go_quoted(text); }

std::string tables(const GoSource& source) {
  std::string out =
      table("leydenChoices", "[]func() interface{}", source.choices,
            [](const std::string& one) { return "func() interface{} { return " + one + " }"; });
  out += table("leydenNames", "[]string", source.choices, said);
  out += table("leydenFields", "[]string", source.fields, said);
  out += table("leydenImplementations", "[]reflect.Type", source.implementations, reflected);
  out += "\nvar leydenMadeOfText = map[reflect.Type]func(string) interface{}{\n";
  for (const std::string& type : source.texts)
    out += fmt::format("\t{}: func(text string) interface{{}} {{ return {} }},\n", reflected(type),
                       fmt::format(fmt::runtime(go_made_of_text(type)), "text"));
  out += "}\n";
  for (const auto& [name, text] : source.helpers) out += "\n" + text;
  return out;
}

}  // namespace

std::string go_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                         const GoSource& source, const std::string& about) {
  std::string body;
  std::set<std::string> supports;
  std::set<std::string> imports;
  for (const SourceTest& one : written) {
    body += support_once(one, supports);
    body += "\n" + one.text + "\n";
    imports.insert(one.imports.begin(), one.imports.end());
  }
  for (const TestCase& one : cases) {
    body += fmt::format("\nfunc {}(t *testing.T) {{\n", one.name);
    for (const std::string& line : TestWriter(one, source).lines()) body += "\t" + line + "\n";
    body += "}\n";
  }
  body += helpers_of(body, source);
  return fmt::format(
             "package {}\n\n// Tests of {}, made by `leyden test`.{}\n\n", source.package, about,
             cases.empty() ? ""
                           : " They say what it does today: read them before you trust them.") +
         go_imports(body, source, imports) + body;
}

GoProbe go_probe(const GoSource& source, const std::string& path) {
  GoProbe out;
  std::string body = fmt::format(
      "\nconst leydenPackage, leydenPath = {}, {}\n\nvar leydenCallables = "
      "map[int]leydenCallable{{\n",
      go_quoted(source.package), go_quoted(source.package == "main" ? "main" : path));
  std::vector<std::size_t> lines(source.functions.size());
  for (std::size_t i = 0; i < source.functions.size(); ++i) {
    const Function& function = source.functions[i];
    const GoCallable& callable = source.callables[i];
    if (!function.uncallable.empty()) continue;
    std::vector<std::string> names;
    names.reserve(function.parameters.size());
    for (const Parameter& one : function.parameters) names.push_back(go_quoted(one.name));
    const std::string star = callable.by_pointer ? "*" : "";
    const std::string called = function.needs_object()
                                   ? fmt::format("({}{}).{}", star, callable.object, callable.call)
                                   : callable.call;
    std::string object;
    if (function.needs_object()) {
      object = callable.maker.empty()
                   ? fmt::format(", object: reflect.TypeOf((*{})(nil)).Elem()", callable.object)
                   : fmt::format(", maker: reflect.ValueOf({})", callable.maker);
      if (callable.by_pointer) object += ", pointer: true";
      if (is_told_by_others(source, i)) object += ", told: true";
    }
    lines[i] = static_cast<std::size_t>(std::ranges::count(body, '\n')) + 1;
    body += fmt::format("\t{}: {{function: reflect.ValueOf({}), names: []string{{{}}}{}}},\n", i,
                        called, joined(names, ", "), object);
  }
  body += "}\n" + tables(source);
  std::string head = fmt::format("package {}\n\n{}", source.package, go_imports(body, source, {}));
  // It has no tests.
  if (const std::size_t at = head.find("\t\"testing\"\n"); at != std::string::npos)
    head.erase(at, std::string_view("\t\"testing\"\n").size());
  const auto before = static_cast<std::size_t>(std::ranges::count(head, '\n'));
  for (std::size_t& line : lines) line += line == 0 ? 0 : before;
  out.text = head + body;
  out.lines = std::move(lines);
  return out;
}

std::vector<PlacedTest> go_placed_tests(std::string_view text) {
  std::vector<PlacedTest> out;
  auto tree = syntax::parse(syntax::Language::go, text);
  if (!tree) return out;
  for (const syntax::Node node : tree->root().named_children()) {
    const std::string_view name = node.field("name").text(text);
    if (node.type() != "function_declaration" || !name.starts_with("Test") || name == "TestMain")
      continue;
    out.push_back({.name = std::string(name),
                   .begin = node.begin(),
                   .end = node.end(),
                   .first_line = node.first_line(),
                   .last_line = node.last_line()});
  }
  return out;
}

}  // namespace leyden::qa
