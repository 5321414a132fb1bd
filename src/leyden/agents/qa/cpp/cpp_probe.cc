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
    put("namespace leyden {\n");
    // Before anything uses them.
    for (const CppOwnType& one : source_.types) declare(one);
    for (std::size_t i = 0; i < source_.types.size(); ++i) {
      out_.types[i].first = lines_;
      define(source_.types[i]);
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
    put(fmt::format(
        "template <> struct Own<{0}> {{\n  static constexpr bool there = true;\n  {1}\n}};\n",
        one.name,
        is_enum ? fmt::format("static std::string type() {{ return \"{0}\"; }} static "
                              "std::string text({0} value);",
                              one.name)
                : fmt::format("static bool claims({} const& value, const std::string& "
                              "path, Claims& out, int depth);",
                              one.name)));
    if (is_enum || !one.maker.empty())
      put(fmt::format("template <> struct Read<{0}> {{ static {0} from(Request& in); }};\n",
                      one.name));
  }

  void define(const CppOwnType& one) {
    if (one.kind == Kind::enumeration) {
      define_enumeration(one);
      return;
    }
    put(fmt::format(
        "bool Own<{0}>::claims([[maybe_unused]] {0} const& value, [[maybe_unused]] const "
        "std::string& path, [[maybe_unused]] Claims& out, [[maybe_unused]] int depth) {{\n"
        "  [[maybe_unused]] const auto part = [&](auto get, const std::string& of) {{\n"
        "    const std::size_t size = out.size();\n"
        "    try {{ if (claim(get(), put(path, of), out, depth + 1)) return true; }} "
        "catch (...) {{}}\n"
        "    out.resize(size);\n    return false;\n  }};\n",
        one.name));
    std::vector<std::string> parts;
    for (const std::string& field : one.fields) parts.push_back("@." + field);
    if (one.kind == Kind::object)
      parts.insert(parts.end(), one.observers.begin(), one.observers.end());
    std::string all;
    for (const std::string& part : parts) {
      std::string of = part;
      of.replace(of.find('@'), 1, "value");
      const std::string call = fmt::format("part([&]() -> decltype(auto) {{ return ({}); }}, {})",
                                           of, quoted_text(part));
      // An aggregate is all of its fields; of an object what it shows.
      put(one.kind == Kind::aggregate ? fmt::format("  if (!{}) return false;\n", call)
                                      : fmt::format("  {};\n", call));
    }
    put("  return true;\n}\n");
    if (!one.maker.empty()) define_reader(one);
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

  void define_reader(const CppOwnType& one) {
    put(
        fmt::format("{0} Read<{0}>::from(Request& in) {{\n  [[maybe_unused]] const auto count = "
                    "in.number();\n",
                    one.name));
    const bool braces = one.kind == Kind::aggregate;
    for (std::size_t arity = required(one.construction); arity <= one.construction.size();
         ++arity) {
      put(arity < one.construction.size() ? fmt::format("  if (count == {}) {{\n", arity)
                                          : "  {\n");
      std::vector<std::string> names;
      for (std::size_t i = 0; i < arity; ++i) {
        put(fmt::format("    auto a{} = {};\n", i, reading(one.construction[i].type)));
        names.push_back(fmt::format("std::move(a{})", i));
      }
      put(fmt::format("    return {}{}{}{};\n  }}\n", one.maker, braces ? "{" : "(",
                      joined(names, ", "), braces ? "}" : ")"));
    }
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
      const bool moves = passing == CppPassing::moved || passing == CppPassing::value;
      const std::string name = fmt::format(fmt::runtime(moves ? "std::move(a{})" : "a{}"), i);
      arguments.push_back(cpp_argument(
          name, passing, i < callable.lengths.size() ? callable.lengths[i] : std::string()));
      if (passing != CppPassing::reference && passing != CppPassing::pointer &&
          passing != CppPassing::address && passing != CppPassing::array)
        continue;
      const bool whole = passing != CppPassing::pointer || type.name == "char*";
      const std::string guard = whole ? "" : fmt::format("if (a{} != nullptr) ", i);
      const std::string value = fmt::format("{}a{}", whole ? "" : "*", i);
      before +=
          fmt::format("    std::string b{0};\n    {1}b{0} = out->before({2});\n", i, guard, value);
      // In C a function that gives nothing leaves something, or says by that that it does not.
      after += fmt::format("    {}out->after({}, \"{}\", b{}{});\n", guard, value,
                           cpp_variable(function.parameters[i]), i,
                           source_.is_c ? ", !out->gave_value()" : "");
    }
    const std::string call = cpp_call(function, callable, "self", arguments);
    put(fmt::format(
        "    if (out == nullptr) {{ static_cast<void>({}); return; }}\n    out->ready();\n", call));
    if (function.needs_object()) put("    const std::string s = out->before(self);\n");
    put(before);
    put(fmt::format("    give(*out, [&]() -> decltype(auto) {{ return {}; }});\n", call));
    put(after);
    // What gives nothing shows in its object, if at all.
    if (function.needs_object())
      put(fmt::format("    out->after(self, \"{}\", s, !out->gave_value());\n", kCppObject));
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
