#include "leyden/agents/qa/cpp/cpp_observers.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/cpp/cpp_arguments.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Form = CppFunction::Form;
using Kind = Type::Kind;

constexpr std::size_t kTakersMax = 2;
constexpr const char* kStream = "std::ostringstream";

std::size_t required(const CppFunction& function) {
  return static_cast<std::size_t>(
      std::ranges::count(function.parameters, false, &CppParameter::has_default));
}

class Watcher {
 public:
  Watcher(const CppDeclarations& declared, const CppTypes& types, const CppClass& one,
          CppOwnType& out)
      : declared_(declared), types_(types), one_(one), out_(out) {}

  void add() {
    const std::vector<const CppFunction*> methods = declared_.methods_of(one_);
    for (const CppFunction* method : methods) {
      if (method->is_const) add_const(*method);
    }
    // Pointers lead elsewhere: what the object says itself comes first.
    for (std::string& one : pointers_) add_new(out_.observers, std::move(one));
    out_.is_gone_through = begins_ && ends_;
    for (const bool getters : {true, false}) {
      for (const CppFunction* method : methods) {
        if (!method->is_const && is_getter(*method) == getters) add_taker(*method);
      }
    }
  }

 private:
  void add_const(const CppFunction& method) {
    if (method.form == Form::conversion) {
      const std::string type = types_.type_of(method.result, method.scope).name;
      if (!type.empty()) add_new(out_.observers, "static_cast<" + type + ">(@)");
      return;
    }
    begins_ = begins_ || method.name == "begin";
    ends_ = ends_ || method.name == "end";
    const CppTypeText result = cpp_type_text(method.result);
    // Another object of its kind says what this one says.
    const bool same = result.stars == 0 && types_.resolved(result.name, method.scope) == one_.name;
    if (method.name.starts_with("operator") || method.name == "begin" || method.name == "end" ||
        method.result == "void " || same)
      return;
    if (required(method) == 0) {
      const bool is_pointer = result.stars > 0 && result.name != "char";
      if (is_pointer) {
        pointers_.push_back("@." + method.name + "()");
      } else {
        add_new(out_.observers, "@." + method.name + "()");
      }
    } else if (required(method) == 1 && !method.parameters[0].has_default) {
      add_keyed(method);
    }
  }

  void add_keyed(const CppFunction& method) {
    const CppParameter& parameter = method.parameters[0];
    const CppTypeText text = cpp_type_text(parameter.type);
    const Type type = types_.type_of(parameter.type, method.scope);
    const bool is_text = type.kind == Kind::text || type.name == "const char*";
    const bool is_number = text.stars == 0 && !is_cpp_foreign(type) &&
                           (type.kind == Kind::integer || type.name == "char");
    if ((!is_text && !is_number) || text.is_moved || (text.is_reference && !text.is_const)) return;
    out_.keyed.push_back(
        {.text = "@." + method.name + "({})",
         .key = type.name,
         .is_place = has_word(parameter.name, {"i", "index", "idx", "pos", "position", "place", "n",
                                               "at", "row", "col", "column", "x", "y"})});
  }

  static bool is_getter(const CppFunction& method) {
    return has_word(method.name, {"get", "is", "has", "size", "count", "length", "value", "name",
                                  "balance", "top", "front", "total", "state", "result"});
  }

  void add_taker(const CppFunction& method) {
    const Type result = types_.type_of(method.result, method.scope);
    const bool is_plain = result.kind == Kind::integer || result.kind == Kind::real ||
                          result.kind == Kind::boolean || result.kind == Kind::text ||
                          result.kind == Kind::bytes || result.kind == Kind::expression;
    const std::string text = "@." + method.name + "()";
    if (is_plain && method.parameters.empty() && !method.name.starts_with("operator") &&
        out_.takers.size() < kTakersMax &&
        std::ranges::find(out_.observers, text) == out_.observers.end())
      add_new(out_.takers, text);
  }

  const CppDeclarations& declared_;
  const CppTypes& types_;
  const CppClass& one_;
  CppOwnType& out_;
  std::vector<std::string> pointers_;
  bool begins_ = false;
  bool ends_ = false;
};

bool is_stream(const std::string& name) { return name == "std::ostream" || name == "ostream"; }

bool is_text_result(const CppTypeText& text) {
  return (text.stars == 1 && text.name == "char" && text.is_const) ||
         (text.stars == 0 && (text.name == "std::string" || text.name == "string"));
}

// What says as text what was written to an object of this class.
std::optional<CppWriter> text_taker(const CppDeclarations& declared,
                                    const std::vector<CppOwnType>& all, const CppClass& one) {
  const auto own = std::ranges::find(all, one.name, &CppOwnType::name);
  if (own == all.end() || !own->can_be_made() ||
      std::ranges::any_of(own->construction, [](const Parameter& p) { return !p.has_default; }))
    return std::nullopt;
  for (const CppFunction* method : declared.methods_of(one)) {
    const CppTypeText result = cpp_type_text(method->result);
    if (method->is_const && method->form == Form::method && method->parameters.empty() &&
        is_text_result(result))
      return CppWriter{.type = own->name,
                       .statement = {},
                       .text = "{}." + method->name + "()",
                       .is_c_text = result.stars == 1};
  }
  return std::nullopt;
}

bool is_streamed(const CppDeclarations& declared, const CppTypes& types, const CppClass& one) {
  return std::ranges::any_of(declared.functions, [&](const CppFunction& function) {
    return function.form == Form::function && function.name == "operator<<" &&
           function.parameters.size() == 2 &&
           is_stream(cpp_type_text(function.parameters[0].type).name) &&
           types.resolved(cpp_type_text(function.parameters[1].type).name, function.scope) ==
               one.name;
  });
}

// Whether all that it needs is something that it may write to.
bool writes(const CppFunction& method) {
  if (!method.is_const || method.form != Form::method || method.parameters.empty() ||
      method.name.starts_with("operator"))
    return false;
  const CppTypeText into = cpp_type_text(method.parameters[0].type);
  return !into.is_const && into.stars + (into.is_reference ? 1 : 0) == 1 &&
         required(method) == (method.parameters[0].has_default ? 0 : 1);
}

// The class `wanted`, or one that inherits from it, if it says as text what was written.
std::optional<CppWriter> taker_of(const CppDeclarations& declared,
                                  const std::vector<CppOwnType>& all, const CppClass& one,
                                  const std::string& wanted) {
  for (const CppClass& taker : declared.classes) {
    const bool fits = taker.name == wanted ||
                      std::ranges::any_of(declared.bases_of(taker), [&](const CppClass* base) {
                        return base->name == wanted;
                      });
    if (!fits || taker.name == one.name) continue;
    if (auto found = text_taker(declared, all, taker)) return found;
  }
  return std::nullopt;
}

}  // namespace

void add_observers(const CppDeclarations& declared, const CppTypes& types, const CppClass& one,
                   CppOwnType& own) {
  Watcher(declared, types, one, own).add();
}

std::optional<CppWriter> writer_of(const CppDeclarations& declared, const CppTypes& types,
                                   const std::vector<CppOwnType>& all, const CppClass& one) {
  if (is_streamed(declared, types, one))
    return CppWriter{.type = kStream, .statement = "{} << @;", .text = "{}.str()"};
  std::optional<CppWriter> out;
  for (const CppFunction* method : declared.methods_of(one)) {
    if (!writes(*method)) continue;
    const CppTypeText into = cpp_type_text(method->parameters[0].type);
    std::optional<CppWriter> writer =
        is_stream(into.name)
            ? CppWriter{.type = kStream, .statement = {}, .text = "{}.str()"}
            : taker_of(declared, all, one, types.resolved(into.name, method->scope));
    if (!writer || (out && !is_stream(into.name))) continue;
    writer->statement = fmt::format("@.{}({}{{}});", method->name, into.stars > 0 ? "&" : "");
    out = std::move(writer);
    if (is_stream(into.name)) break;
  }
  return out;
}

}  // namespace leyden::qa
