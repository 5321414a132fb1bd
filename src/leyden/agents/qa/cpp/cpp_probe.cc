#include "leyden/agents/qa/cpp/cpp_probe.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "leyden/agents/qa/cpp/cpp_text.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Form = CppFunction::Form;
using Kind = CppOwnType::Kind;

// Fewest arguments that a call may have.
std::size_t required(const std::vector<Parameter>& parameters) {
  std::size_t out = parameters.size();
  while (out > 0 && parameters[out - 1].has_default) --out;
  return out;
}

std::optional<std::size_t> at_line(const std::vector<CppProbe::Lines>& all, std::size_t line) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].first != 0 && all[i].first <= line && line <= all[i].last) return i;
  }
  return std::nullopt;
}

// How an argument is read.
std::string reading(const Type& type) {
  if (is_cpp_chosen(type))
    return fmt::format("std::vector<{}>{{{}}}.at(static_cast<std::size_t>(in.number()))", type.name,
                       joined(type.texts, ", "));
  return is_cpp_foreign(type) ? fmt::format("{}(static_cast<int>(in.number()))", type.name)
                              : fmt::format("read<{}>(in)", type.name);
}

class Writer {
 public:
  explicit Writer(const CppSource& source) : source_(source) {}

  CppProbe write(const std::vector<std::string>& includes) {
    out_.functions.resize(source_.functions.size());
    out_.types.resize(source_.types.size());
    put("#include \"leyden_probe.hpp\"\n");
    put(cpp_prelude(source_, includes));
    put(fmt::format("namespace leyden {{\nconst bool varies = {};\n", source_.varies));
    // Before anything uses them.
    for (const CppOwnType& one : source_.types) declare(one);
    for (std::size_t i = 0; i < source_.types.size(); ++i) {
      out_.types[i].first = lines_;
      define(i);
      out_.types[i].last = lines_;
    }
    for (std::size_t i = 0; i < source_.functions.size(); ++i) add_call(i);
    const std::vector<std::string> classes = classes_with_methods();
    for (std::size_t k = 0; k < classes.size(); ++k) add_steps(classes[k], k);
    add_run(classes);
    put("}\n");
    return std::move(out_);
  }

 private:
  void put(std::string_view text) {
    out_.text += text;
    lines_ += static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  void declare(const CppOwnType& one) {
    const bool is_enum = one.kind == Kind::enumeration;
    put(
        fmt::format("template <> struct Own<{0}> {{\n  static constexpr bool there = true, "
                    "is_object = {2};\n  {1}\n}};\n",
                    one.name,
                    is_enum ? fmt::format("static std::string type() {{ return \"{0}\"; }} static "
                                          "std::string text({0} value);",
                                          one.name)
                            : fmt::format("static bool claims({} const& value, const std::string& "
                                          "path, Claims& out, int depth);",
                                          one.name),
                    one.kind == Kind::object));
    if (is_enum || one.can_be_made() || !one.in_place.empty())
      put(fmt::format("template <> struct Read<{0}> {{ static {0} from(Request& in); }};\n",
                      one.name));
  }

  void define(std::size_t type) {
    const CppOwnType& one = source_.types[type];
    if (one.kind == Kind::enumeration) {
      define_enumeration(one);
      return;
    }
    put(fmt::format(
        "bool Own<{0}>::claims([[maybe_unused]] {0} const& value, [[maybe_unused]] const "
        "std::string& path, [[maybe_unused]] Claims& out, [[maybe_unused]] int depth) {{\n"
        "  [[maybe_unused]] const auto ask = [&](std::size_t number, auto get, const std::string& "
        "of) {{\n"
        "    const std::size_t size = out.size();\n    const Question question(number);\n"
        "    try {{ if (question.allowed() && claim(get(), put(path, of), out, depth + 1)) return "
        "true; }} catch (...) {{}}\n"
        "    out.resize(size);\n    return false;\n  }};\n",
        one.name));
    if (!one.in_place.empty()) put(fmt::format("  if (path != \"{}\") return true;\n", kCppObject));
    if (one.kind == Kind::aggregate) {
      // All of its fields, or nothing.
      for (const std::string& field : one.fields)
        put(fmt::format("  if (!{}) return false;\n", asked(one, "@." + field)));
    } else {
      define_observers(type);
    }
    put("  return true;\n}\n");
    if (one.can_be_made()) define_reader(one);
    if (!one.in_place.empty()) define_filler(one);
    if (!one.owner.empty()) define_owner(one, type);
  }

  // An expression of the value that is described.
  static std::string of_value(const CppOwnType& one, const std::string& part) {
    std::string out = part;
    if (!one.in_place.empty()) {
      if (const std::size_t at = out.find("&@"); at != std::string::npos) {
        out.replace(at, 2, "value");
      } else if (out.starts_with("@.")) {
        out.replace(0, 2, "value->");
      }
    }
    if (const std::size_t at = out.find('@'); at != std::string::npos) out.replace(at, 1, "value");
    return out;
  }

  std::string asked(const CppOwnType& one, const std::string& part) {
    return fmt::format("ask({}, [&]() -> decltype(auto) {{ return ({}); }}, {})", ++questions_,
                       of_value(one, part), quoted_text(part));
  }

  void put_observer(std::size_t type, const std::string& text, const std::string& line) {
    out_.observers.push_back({.line = lines_, .type = type, .text = text});
    put("  " + line + "\n");
  }

  void define_observers(std::size_t type) {
    const CppOwnType& one = source_.types[type];
    for (const std::string& field : one.fields)
      put_observer(type, "@." + field, asked(one, "@." + field) + ";");
    for (const std::string& text : one.observers) put_observer(type, text, asked(one, text) + ";");
    for (const CppKeyed& keyed : one.keyed) {
      const std::string call = fmt::format(fmt::runtime(of_value(one, keyed.text)), "key.first");
      const std::string before = keyed.text.substr(0, keyed.text.find("{}"));
      const std::string behind = keyed.text.substr(before.size() + 2);
      put_observer(type, keyed.text,
                   fmt::format("for (const auto& key : keys<{}>({})) ask({}, [&]() -> "
                               "decltype(auto) {{ return ({}); }}, {} + key.second + {});",
                               keyed.key, keyed.is_place, ++questions_, call, quoted_text(before),
                               quoted_text(behind)));
    }
    if (one.writer) put_observer(type, one.writer->statement, written(one, *one.writer));
    if (one.is_gone_through)
      put_observer(type, "@_items", once("claim_gone_through(value, path, out);"));
    for (const std::string& text : one.takers)
      put_observer(
          type, text,
          fmt::format("if (may_change() && depth == 0 && !ask({}, [&]() -> decltype(auto) {{ "
                      "return (const_cast<{}&>(value){}); }}, {})) return true;",
                      ++questions_, one.name, text.substr(1), quoted_text(text)));
  }

  // Only of an object that a test has a name for.
  std::string once(const std::string& statement) {
    return fmt::format(
        "if (depth == 0) {{ const Question question({}); try {{ if (question.allowed()) {} }} "
        "catch (...) {{}} }}",
        ++questions_, statement);
  }

  std::string written(const CppOwnType& one, const CppWriter& writer) {
    static constexpr const char* kInto = "@_written";
    const auto with = [](const std::string& text, std::string_view into) {
      return fmt::format(fmt::runtime(text), into);
    };
    return once(fmt::format(
        "claim_written<{0}>([&]({0}& into) {{ {1} }}, []({0}& into) {{ return std::string({2}); "
        "}}, {3}, Claim{{{4}, \"{5}\", \"\"}}, path, out);",
        writer.type, of_value(one, with(writer.statement, "into")), with(writer.text, "into"),
        quoted_text(fmt::format("{} {};\n{}", writer.type, kInto, with(writer.statement, kInto))),
        quoted_text(with(writer.text, kInto)), writer.is_c_text ? "streq" : "eq"));
  }

  void define_enumeration(const CppOwnType& one) {
    put(fmt::format("std::string Own<{0}>::text({0} value) {{\n", one.name));
    for (const std::string& name : one.enumerators)
      put(fmt::format("  if (value == {0}) return \"{0}\";\n", name));
    put(
        fmt::format("  return \"static_cast<{0}>(\" + std::to_string(static_cast<long "
                    "long>(value)) + \")\";\n}}\n",
                    one.name));
    put(
        fmt::format("{0} Read<{0}>::from(Request& in) {{\n  static const {0} all[] = {{{1}}};\n"
                    "  return all[static_cast<std::size_t>(in.number()) % std::size(all)];\n}}\n",
                    one.name, joined(one.enumerators, ", ")));
  }

  // Reads the arguments of a call, as many as are there, and puts what `made` says of them.
  template <class Made>
  void read_arguments(const std::vector<Parameter>& parameters, std::size_t first, Made made) {
    for (std::size_t arity = std::max(first, required(parameters)); arity <= parameters.size();
         ++arity) {
      put(arity < parameters.size() ? fmt::format("  if (count == {}) {{\n", arity) : "  {\n");
      std::vector<std::string> names;
      for (std::size_t i = first; i < arity; ++i) {
        put(fmt::format("    auto a{} = {};\n", i, reading(parameters[i].type)));
        names.push_back(fmt::format("std::move(a{})", i));
      }
      put("    " + made(joined(names, ", ")) + "\n  }\n");
    }
  }

  void begin_reader(const std::string& head) {
    put(head + " {\n  [[maybe_unused]] const auto count = in.number();\n");
  }

  void define_reader(const CppOwnType& one) {
    begin_reader(fmt::format("{0} Read<{0}>::from(Request& in)", one.name));
    const bool braces = one.kind == Kind::aggregate;
    read_arguments(one.construction, 0, [&](const std::string& arguments) {
      return fmt::format("return {}{}{}{};", one.maker, braces ? "{" : "(", arguments,
                         braces ? "}" : ")");
    });
    put("}\n");
  }

  // A structure that a function fills where it stands.
  void define_filler(const CppOwnType& one) {
    begin_reader(fmt::format("{0} Read<{0}>::from(Request& in)", one.name));
    read_arguments(one.construction, 0, [&](const std::string& arguments) {
      return fmt::format("auto* const made = new {}{{}}; {}(made{}{}); return made;", one.in_place,
                         one.maker, arguments.empty() ? "" : ", ", arguments);
    });
    put("}\n");
  }

  // An object that another one makes, and keeps.
  void define_owner(const CppOwnType& one, std::size_t number) {
    const auto owner = std::ranges::find(source_.types, one.owner, &CppOwnType::name);
    begin_reader(fmt::format("template <class Body> void with_{}(Request& in, Body body)", number));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < one.owner_count; ++i) {
      put(fmt::format("  auto a{} = {};\n", i, reading(one.construction[i].type)));
      names.push_back(fmt::format("std::move(a{})", i));
    }
    put(fmt::format("  auto&& owner = {}({});\n", owner->maker, joined(names, ", ")));
    read_arguments(one.construction, one.owner_count, [&](const std::string& arguments) {
      const std::string call = fmt::format("owner.{}({})", one.maker, arguments);
      return one.is_pointed_at ? fmt::format(
                                     "auto* const made = {}; if (made == nullptr) throw "
                                     "std::bad_alloc(); body(*made); return;",
                                     call)
                               : fmt::format("body({}); return;", call);
    });
    put("}\n");
  }

  bool is_called(std::size_t function) const {
    return source_.functions[function].uncallable.empty();
  }

  void add_call(std::size_t number) {
    const Function& function = source_.functions[number];
    if (!is_called(number)) return;
    out_.functions[number].first = lines_;
    put(fmt::format(
        "static void call_{}({}[[maybe_unused]] Request& in, Answer* out) {{\n  "
        "[[maybe_unused]] const auto count = in.number();\n",
        number, function.needs_object() ? function.class_name + "& self, " : std::string()));
    for (std::size_t arity = required(function.parameters); arity <= function.parameters.size();
         ++arity) {
      put(arity < function.parameters.size() ? fmt::format("  if (count == {}) {{\n", arity)
                                             : "  {\n");
      add_arity(number, arity);
      put("    return;\n  }\n");
    }
    put("}\n");
    out_.functions[number].last = lines_;
  }

  void add_arity(std::size_t number, std::size_t arity) {
    const Function& function = source_.functions[number];
    const CppCallable& callable = source_.callables[number];
    std::vector<std::string> arguments;
    std::string before;
    std::string after;
    for (std::size_t i = 0; i < arity; ++i) {
      const Type& type = function.parameters[i].type;
      put(fmt::format("    auto a{} = {};\n", i, reading(type)));
      const CppPassing passing = callable.passing[i];
      // In a test it is a variable, which is gone before the object is.
      if (is_pointer_to_variable(passing, type))
        put(
            fmt::format("    const std::unique_ptr<const std::remove_pointer_t<decltype(a{0})>> "
                        "o{0}(a{0});\n",
                        i));
      const bool moves = passing == CppPassing::moved || passing == CppPassing::value;
      const std::string name = fmt::format(fmt::runtime(moves ? "std::move(a{})" : "a{}"), i);
      arguments.push_back(cpp_argument(
          name, passing, i < callable.lengths.size() ? callable.lengths[i] : std::string()));
      if (passing != CppPassing::reference && passing != CppPassing::pointer &&
          passing != CppPassing::address && passing != CppPassing::array)
        continue;
      const bool whole = passing != CppPassing::pointer || type.name == "char*";
      const std::string guard = whole ? "" : fmt::format("if (a{} != nullptr) ", i);
      const std::string value =
          fmt::format("{}a{}, \"{}\"", whole ? "" : "*", i, cpp_variable(function.parameters[i]));
      before += fmt::format("    Claims b{0};\n    {1}b{0} = out->before({2});\n", i, guard, value);
      // In C a function that gives nothing leaves something, or says by that that it does not.
      after += fmt::format("    {}out->after({}, b{}{});\n", guard, value, i,
                           source_.is_c ? ", !out->gave_value()" : "");
    }
    const std::string call = cpp_call(function, callable, "self", arguments);
    put(fmt::format(
        "    if (out == nullptr) {{ static_cast<void>({}); return; }}\n    out->ready();\n", call));
    const std::string object = fmt::format("self, \"{}\"", kCppObject);
    if (function.needs_object())
      put(fmt::format("    const Claims s = out->before({});\n", object));
    put(before);
    put(fmt::format("    give(*out, [&]() -> decltype(auto) {{ return {}; }});\n", call));
    put(after);
    // What gives nothing shows in its object, if at all.
    if (function.needs_object())
      put(fmt::format("    out->after({}, s, !out->gave_value());\n", object));
  }

  static bool is_pointer_to_variable(CppPassing passing, const Type& type) {
    return (passing == CppPassing::pointer || passing == CppPassing::value) &&
           type.kind == Type::Kind::optional && type.name.ends_with("*") &&
           type.of[0].kind != Type::Kind::text;
  }

  std::vector<std::string> classes_with_methods() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < source_.functions.size(); ++i) {
      const Function& one = source_.functions[i];
      if (is_called(i) && one.needs_object() && std::ranges::find(out, one.class_name) == out.end())
        out.push_back(one.class_name);
    }
    return out;
  }

  void add_steps(const std::string& class_name, std::size_t number) {
    put(
        fmt::format("static void steps_{}({}& self, Request& in, Answer& out) {{\n"
                    "  for (auto left = in.number(); left > 0; --left) {{\n"
                    "    Answer* const last = left == 1 ? &out : nullptr;\n"
                    "    switch (in.number()) {{\n",
                    number, class_name));
    for (std::size_t i = 0; i < source_.functions.size(); ++i) {
      if (is_called(i) && source_.functions[i].needs_object() &&
          source_.functions[i].class_name == class_name)
        put(fmt::format("      case {0}: call_{0}(self, in, last); break;\n", i));
    }
    put("      default: return;\n    }\n  }\n}\n");
  }

  void add_run(const std::vector<std::string>& classes) {
    put("void run_input(std::size_t function, [[maybe_unused]] Request& in, [[maybe_unused]] "
        "Answer& "
        "out) {\n  switch (function) {\n");
    for (std::size_t i = 0; i < source_.functions.size(); ++i) {
      const Function& one = source_.functions[i];
      if (!is_called(i)) continue;
      if (one.needs_object()) {
        const auto k = std::ranges::find(classes, one.class_name) - classes.begin();
        // A function of C may give none.
        const char* const guard =
            source_.is_c ? "if (self == nullptr) throw std::bad_alloc(); " : "";
        const auto type = std::ranges::find(source_.types, one.class_name, &CppOwnType::name);
        if (type != source_.types.end() && !type->owner.empty()) {
          put(
              fmt::format("    case {}: with_{}(in, [&](auto& self) {{ steps_{}(self, in, out); "
                          "}}); return;\n",
                          i, type - source_.types.begin(), k));
          continue;
        }
        put(
            fmt::format("    case {}: {{ auto self = read<{}>(in); {}steps_{}(self, in, out); "
                        "return; }}\n",
                        i, one.class_name, guard, k));
      } else {
        put(fmt::format("    case {0}: in.number(); in.number(); call_{0}(in, &out); return;\n",
                        i));
      }
    }
    put("    default: return;\n  }\n}\n");
  }

  const CppSource& source_;
  CppProbe out_;
  std::size_t lines_ = 1;
  std::size_t questions_ = 0;
};

}  // namespace

std::optional<std::size_t> CppProbe::function_at(std::size_t line) const {
  return at_line(functions, line);
}
std::optional<std::size_t> CppProbe::type_at(std::size_t line) const {
  return at_line(types, line);
}

CppProbe cpp_probe(const CppSource& source, const std::vector<std::string>& includes) {
  return Writer(source).write(includes);
}

}  // namespace leyden::qa
