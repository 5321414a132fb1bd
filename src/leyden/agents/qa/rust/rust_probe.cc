#include "leyden/agents/qa/rust/rust_probe.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/rust/rust_literals.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

// A value that is read out of a request, and how it is passed.
struct ReadArgument {
  std::string statement;
  std::string passed;
};

ReadArgument read_argument(const std::string& variable, const Type& type) {
  const std::string& name = type.name;
  if (name.find("dyn ") != std::string::npos) {
    std::string choices;
    for (std::size_t i = 0; i < type.texts.size(); ++i)
      choices += fmt::format("{} => Box::new({}), ",
                             i + 1 == type.texts.size() ? "_" : std::to_string(i), type.texts[i]);
    std::string plain = name.substr(name.find("dyn "));
    if (name.starts_with("Box<")) plain.pop_back();
    const std::string passed = name.starts_with("&mut ") ? "&mut *" + variable
                               : name.starts_with('&')   ? "&*" + variable
                                                         : variable;
    return {fmt::format("let mut {}: Box<{}> = match leyden_input.count() {{ {}}};", variable,
                        plain, choices),
            passed};
  }
  if (name.starts_with("&mut ")) {
    std::string kept = name.substr(5);
    if (kept.starts_with('[') && type.kind != Kind::tuple)
      kept = "Vec<" + kept.substr(1, kept.size() - 2) + ">";
    return {fmt::format("let mut {}: {} = Read::read(leyden_input);", variable, kept),
            "&mut " + variable};
  }
  return {fmt::format("let {}: {} = Read::read(leyden_input);", variable, name), variable};
}

// All of a list, behind its length.
struct ReadArguments {
  std::string statements = "leyden_input.count();";
  std::vector<std::string> each;

  std::string passed() const { return joined(each, ", "); }
};

ReadArguments read_arguments(const std::vector<Type>& types,
                             const std::vector<std::string>& adapters) {
  ReadArguments out;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const ReadArgument one = read_argument(fmt::format("leyden_{}", i), types[i]);
    out.statements += " " + one.statement;
    out.each.push_back(one.passed + (i < adapters.size() ? adapters[i] : ""));
  }
  return out;
}

std::vector<Type> types_of(const std::vector<Parameter>& parameters) {
  std::vector<Type> out;
  out.reserve(parameters.size());
  for (const Parameter& one : parameters) out.push_back(one.type);
  return out;
}

class ProbeWriter {
 public:
  ProbeWriter(const RustSource& source, const RustCrate& crate) : source_(source), crate_(crate) {}

  RustProbe write(std::size_t probes) {
    head(probes);
    for (const auto& [name, type] : source_.types) add_type(name, type);
    out_.lines.resize(source_.functions.size());
    put("pub fn call(function: usize, leyden_input: &mut Request, leyden_answer: &mut Answer) {");
    put("    match function {");
    std::set<std::string> classes;
    for (std::size_t i = 0; i < source_.functions.size(); ++i) {
      const Function& one = source_.functions[i];
      if (!one.uncallable.empty()) continue;
      if (one.needs_object()) {
        classes.insert(one.class_name);
        put(fmt::format("        {} => call_{}(leyden_input, leyden_answer),", i, one.class_name));
      } else {
        add_function(i);
      }
    }
    put("        _ => {}");
    put("    }");
    put("}");
    for (const std::string& one : classes) add_class(one);
    for (const auto& [name, of] : source_.classes) add_members(name, of);
    return std::move(out_);
  }

 private:
  void put(const std::string& line) {
    out_.text += line + "\n";
    ++lines_;
  }

  void head(std::size_t probes) {
    put("#![allow(unused, non_snake_case)]");
    put("use crate::leyden_values::*;");
    put("use crate::Answer;");
    put("use std::collections::*;");
    put(fmt::format("pub use {}::leyden_probes as probes;", crate_.name));
    std::set<std::string> paths;
    for (const auto& [name, path] : source_.paths) paths.insert(rust_import(name, path));
    for (const RustCallable& one : source_.callables) {
      if (!one.trait.empty()) paths.insert(one.trait);
    }
    for (const std::string& one : paths) put("use " + one + ";");
    put(fmt::format("pub const TARGET: &str = {};", rust_quoted(crate_.target.generic_string())));
    put(fmt::format("pub const PROBES: usize = {};", probes));
    std::vector<std::string> lines;
    lines.reserve(source_.raises.size());
    for (const auto& [first, last] : source_.raises)
      lines.push_back(fmt::format("({}, {})", first, last));
    put(fmt::format("pub const RAISES: &[(u32, u32)] = &[{}];", joined(lines, ", ")));
  }

  // ---- Types.
  static std::string plain(const std::string& name) { return name.substr(0, name.find('<')); }

  void add_type(const std::string& name, const Type& type) {
    const std::string arms = type.kind == Kind::object ? "" : say_of(type);
    put(fmt::format(
        "impl Read for {0} {{ fn read(leyden_input: &mut Request) -> Self {{ {1} }} }} impl Say "
        "for {0} {{ fn say(&self) -> Option<String> {{ match self {{ {2} _ => None }} }} fn "
        "kind() -> String {{ {3}.to_string() }} }}",
        name, read_of(name, type), arms, rust_quoted(type.name)));
    out_.type_lines[lines_] = name;
  }

  std::string read_of(const std::string& name, const Type& type) const {
    switch (type.kind) {
      case Kind::object: {
        const RustClass& of = source_.classes.at(plain(name));
        const ReadArguments read = read_arguments(types_of(of.construction), {});
        return fmt::format("{} {}({}){}", read.statements, of.maker, read.passed(), of.unwraps);
      }
      case Kind::record: {
        const ReadArguments read = read_arguments(type.of, {});
        std::vector<std::string> fields;
        fields.reserve(type.of.size());
        for (std::size_t i = 0; i < type.of.size(); ++i)
          fields.push_back(fmt::format("{}: leyden_{}", type.texts[i], i));
        return fmt::format("{} {} {{ {} }}", read.statements, plain(type.name),
                           joined(fields, ", "));
      }
      case Kind::any_of:
      case Kind::expression: {
        std::string arms;
        const std::size_t count = type.kind == Kind::any_of ? type.of.size() : type.texts.size();
        for (std::size_t i = 0; i < count; ++i)
          arms +=
              fmt::format("{} => {{ {} }} ", i + 1 == count ? "_" : std::to_string(i),
                          type.kind == Kind::any_of ? read_of(name, type.of[i]) : type.texts[i]);
        return fmt::format("match leyden_input.count() {{ {} }}", arms);
      }
      default:
        return "panic!()";
    }
  }

  // Arms of a match.
  static std::string say_of(const Type& type) {
    std::string out;
    if (type.kind == Kind::any_of) {
      for (const Type& one : type.of) out += say_of(one);
      return out;
    }
    if (type.kind == Kind::expression) {
      for (const std::string& one : type.texts)
        out += fmt::format("{} => Some({}.to_string()), ", one, rust_quoted(one));
      return out;
    }
    const bool is_tuple = !type.texts.empty() && type.texts[0] == "0";
    std::string pattern;
    std::string shown;
    std::string said;
    for (std::size_t i = 0; i < type.of.size(); ++i) {
      const std::string by = i == 0 ? "" : ", ";
      pattern += fmt::format("{}{}: leyden_{}", by, type.texts[i], i);
      shown += by + (is_tuple ? "{}" : type.texts[i] + ": {}");
      said += fmt::format(", leyden_{}.say()?", i);
    }
    const std::string form = is_tuple ? fmt::format("{}({})", plain(type.name), shown)
                                      : fmt::format("{} {{{{ {} }}}}", plain(type.name), shown);
    return fmt::format("{} {{ {} }} => Some(format!(\"{}\"{})), ", plain(type.name), pattern, form,
                       said);
  }

  // ---- Calls.
  static std::string seen(const std::string& subject, const std::string& value) {
    return fmt::format("leyden_answer.claim({}, (&&&&&&&Seen(&{})).claim());", rust_quoted(subject),
                       value);
  }

  // What is said of a result, an object and of arguments that may have changed.
  std::string claims_of(std::size_t number) const {
    const Function& function = source_.functions[number];
    const RustCallable& callable = source_.callables[number];
    std::string out;
    if (callable.has_result) out += " " + seen("", "leyden_result");
    out += claims_of_parts(callable);
    for (std::size_t i = 0; i < function.parameters.size(); ++i) {
      const std::string& type = function.parameters[i].type.name;
      if (type.starts_with("&mut ") && type.find("dyn ") == std::string::npos)
        out += " " + seen(function.parameters[i].name, fmt::format("leyden_{}", i));
    }
    if (function.needs_object() && callable.changes_object)
      out += fmt::format(" if let Some(leyden_object) = leyden_it.as_ref() {{{} }}",
                         claims_of_object(function.class_name));
    return out;
  }

  // Of a result that can't be said as a whole: what shows it, what it holds.
  std::string claims_of_parts(const RustCallable& callable) const {
    const auto of = source_.classes.find(callable.result_class);
    const bool has_members = of != source_.classes.end() && !of->second.members.empty();
    if (callable.holder.empty() && !has_members) return {};
    const bool fails = callable.holder == "Result";
    std::string parts;
    if (has_members) {
      const char* reached = callable.holder.empty() ? ""
                            : fails                 ? ".as_ref().ok().unwrap()"
                                                    : ".as_ref().unwrap()";
      parts = shown(callable.result_class, reached);
    } else {
      parts = opened(fails ? ".ok().unwrap()" : ".unwrap()", "leyden_object");
    }
    if (callable.holder.empty())
      return fmt::format(
          " if !leyden_answer.is_whole() {{ let leyden_object = &leyden_result;{} }}", parts);
    const std::string error =
        fails ? fmt::format(" if let Err(leyden_error) = leyden_result.as_ref() {{{} }}",
                            opened(".err().unwrap()", "leyden_error"))
              : "";
    return fmt::format(
        " if !leyden_answer.is_whole() {{ if let {}(leyden_object) = leyden_result.as_ref() {{{} "
        "}}{} }}",
        fails ? "Ok" : "Some", parts, error);
  }

  // `value` is a reference.
  static std::string opened(const std::string& subject, const std::string& value) {
    return fmt::format(" leyden_answer.open({}, (&&&&&&&Seen({})).claim());", rust_quoted(subject),
                       value);
  }

  std::string claims_of_object(const std::string& class_name) const {
    return source_.classes.at(class_name).members.empty()
               ? " leyden_answer.claim(\"object\", (&&&&&&&Seen(leyden_object)).claim());"
               : shown(class_name, "object");
  }

  static std::string shown(const std::string& class_name, const std::string& subject) {
    return fmt::format(" show_{}(leyden_object, {}, leyden_answer);", class_name,
                       rust_quoted(subject));
  }

  // What shows an object of a class, a line each, so that one that does not compile can be left out.
  void add_members(const std::string& name, const RustClass& of) {
    if (of.members.empty()) return;
    put(fmt::format(
        "fn show_{}(leyden_object: &{}, leyden_subject: &str, leyden_answer: &mut Answer) {{", name,
        of.spelled));
    out_.member_lines[lines_] = {name, ""};
    for (const std::string& member : of.members) {
      put(
          fmt::format("    leyden_answer.claim(&format!(\"{{}}.{0}\", leyden_subject), "
                      "(&&&&&&&Seen(&leyden_object.{0})).claim());",
                      member));
      out_.member_lines[lines_] = {name, member};
    }
    put("}");
  }

  void add_function(std::size_t number) {
    const Function& function = source_.functions[number];
    const RustCallable& callable = source_.callables[number];
    ReadArguments read = read_arguments(types_of(function.parameters), callable.adapters);
    std::string object;
    if (callable.on_first) {
      object = "(" + read.each.front() + ").";
      read.each.erase(read.each.begin());
    }
    put(fmt::format(
        "        {} => {{ leyden_input.count(); leyden_input.count(); {} leyden_answer.ready = "
        "true; let "
        "leyden_result = {}{}({}){}; leyden_answer.done = true;{} }}",
        number, read.statements, object, callable.call, read.passed(), callable.collects,
        claims_of(number)));
    out_.lines[number] = lines_;
  }

  void add_class(const std::string& name) {
    const RustClass& of = source_.classes.at(name);
    const ReadArguments made = read_arguments(types_of(of.construction), {});
    put(fmt::format("fn call_{}(leyden_input: &mut Request, leyden_answer: &mut Answer) {{", name));
    put(fmt::format(
        "    {} let mut leyden_it: Option<{}> = Some({}{});", made.statements, of.spelled,
        of.maker.empty() ? made.passed() : fmt::format("{}({})", of.maker, made.passed()),
        of.unwraps));
    out_.class_lines[lines_] = name;
    put("    let mut left = leyden_input.count();");
    put("    while left > 0 {");
    put("        let last = left == 1;");
    put("        left -= 1;");
    put("        match leyden_input.count() {");
    for (std::size_t i = 0; i < source_.functions.size(); ++i) {
      const Function& one = source_.functions[i];
      if (one.uncallable.empty() && one.needs_object() && one.class_name == name) add_method(i);
    }
    put("            _ => {}");
    put("        }");
    put("    }");
    put("}");
  }

  void add_method(std::size_t number) {
    const Function& function = source_.functions[number];
    const RustCallable& callable = source_.callables[number];
    const ReadArguments read = read_arguments(types_of(function.parameters), callable.adapters);
    const char* object = callable.consumes_object  ? "leyden_it.take().unwrap()"
                         : callable.changes_object ? "leyden_it.as_mut().unwrap()"
                                                   : "leyden_it.as_ref().unwrap()";
    const bool goes_on = callable.consumes_object && callable.gives_object;
    put(fmt::format(
        "            {} => {{ {} leyden_answer.ready = last; let leyden_result = {}.{}({}){}; if "
        "last {{ leyden_answer.done = true;{} }}{} }}",
        number, read.statements, object, callable.call, read.passed(), callable.collects,
        claims_of(number), goes_on ? " else { leyden_it = Some(leyden_result); }" : ""));
    out_.lines[number] = lines_;
  }

  const RustSource& source_;
  const RustCrate& crate_;
  RustProbe out_;
  std::size_t lines_ = 0;
};

}  // namespace

RustProbe rust_probe(const RustSource& source, const RustCrate& crate, std::size_t probes) {
  return ProbeWriter(source, crate).write(probes);
}

}  // namespace leyden::qa
