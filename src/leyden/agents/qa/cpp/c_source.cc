#include "leyden/agents/qa/cpp/c_source.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/compared_texts.h"
#include "leyden/agents/qa/cpp/cpp_arguments.h"
#include "leyden/agents/qa/cpp/cpp_literals.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;
using OwnKind = CppOwnType::Kind;

bool ends_object(const std::string& name) {
  return has_word(name, {"free", "destroy", "delete", "del", "close", "release", "dispose", "unref",
                         "cleanup", "fini", "deinit", "drop"});
}
bool is_getter(const std::string& name) {
  return has_word(name, {"get", "is", "has", "size", "count", "length", "error", "status"});
}
// What is handed on to a callback, which does without.
bool is_handed_on(const CppParameter& one) {
  const CppTypeText text = cpp_type_text(one.type);
  return text.name == "void" && text.stars == 1 && !text.is_function &&
         has_word(one.name, {"data", "ctx", "context", "user", "arg", "opaque", "closure", "priv"});
}
Type null_pointer() {
  return {.kind = Kind::expression, .of = {}, .name = "void*", .texts = {"nullptr"}};
}
bool is_header(const std::string& path) { return path.ends_with(".h"); }

class Assembler {
 public:
  explicit Assembler(const std::vector<CppFile>& files)
      : files_(files), target_(files.size() - 1), declared_(cpp_declarations(files)) {
    out_.is_c = true;
  }

  CppSource assemble() {
    by_prototypes_ = !is_header(files_[target_].path) &&
                     std::ranges::none_of(declared_.functions, [&](const CppFunction& one) {
                       return one.file != target_ && definition_of(one) != nullptr;
                     });
    for (const CppAlias& one : declared_.aliases) types_.add_alias(one.name, one.type, one.scope);
    for (const CppEnum& one : declared_.enums) add_enum(one);
    for (const CppClass& one : declared_.classes) add_record(one);
    add_objects();
    add_filled();
    for (const CppFunction& one : declared_.functions) {
      if (is_visible(one)) add_callable(one);
    }
    for (const CppFunction& one : declared_.functions) {
      if (one.file == target_ && one.body && !used_.contains(&one))
        add_function(one, one, "it is called by others only", {});
    }
    share_cpp_literals(files_, out_.functions);
    out_.varies = cpp_varies(files_[target_]);
    out_.has_main = std::ranges::any_of(declared_.functions, [&](const CppFunction& one) {
      return one.file == target_ && one.body && one.name == "main";
    });
    return std::move(out_);
  }

 private:
  // Whether tests see the types of this file.
  [[nodiscard]] bool is_seen(std::size_t file) const {
    return file != target_ || is_header(files_[target_].path);
  }
  [[nodiscard]] bool is_visible(const CppFunction& one) const {
    return one.is_public && (by_prototypes_ ? one.file == target_ && one.body : is_seen(one.file));
  }

  void add_enum(const CppEnum& one) {
    if (!is_seen(one.file) || one.enumerators.empty()) return;
    std::vector<std::string> names;
    names.reserve(one.enumerators.size());
    for (const std::string& full : one.enumerators)
      names.push_back(full.substr(full.rfind(':') == std::string::npos ? 0 : full.rfind(':') + 1));
    types_.add(one.name, {.kind = Kind::expression, .of = {}, .name = one.name, .texts = names});
    out_.types.push_back({.kind = OwnKind::enumeration,
                          .name = one.name,
                          .fields = {},
                          .observers = {},
                          .enumerators = std::move(names),
                          .maker = {},
                          .construction = {}});
  }

  // A structure whose fields say all of it.
  void add_record(const CppClass& one) {
    if (!is_seen(one.file) || one.fields.empty()) return;
    CppOwnType own{.kind = OwnKind::aggregate,
                   .name = one.name,
                   .fields = {},
                   .observers = {},
                   .enumerators = {},
                   .maker = one.name,
                   .construction = {}};
    Type type{.kind = Kind::record, .of = {}, .name = one.name};
    for (const CppField& field : one.fields) {
      const Type of = types_.type_of(field.type, {});
      // Whoever fills a pointer field knows what it means.
      if (of.kind == Kind::unknown || of.kind == Kind::optional) return;
      own.fields.push_back(field.name);
      own.construction.push_back({.name = field.name, .type = of, .annotated = true});
      type.of.push_back(of);
      type.texts.push_back(field.name);
    }
    types_.add(one.name, std::move(type));
    out_.types.push_back(std::move(own));
  }

  // Pointers that a function makes, of a type that is no record.
  void add_objects() {
    for (const CppFunction& one : declared_.functions) {
      const CppTypeText result = cpp_type_text(one.result);
      if (!is_visible(one) || !is_maker_name(one.name) || result.stars != 1 || result.is_const ||
          result.name.empty() || result.name == "void" ||
          types_.type_of(result.name, {}).kind != Kind::unknown)
        continue;
      if (auto construction = construction_of(one))
        add_object(result.name, one.name, *std::move(construction));
    }
  }

  // Structures that are no records, which a function fills where they stand: `csv_init(&parser, 0)`.
  void add_filled() {
    for (const CppFunction& one : declared_.functions) {
      if (!is_visible(one) || !is_maker_name(one.name) || one.parameters.empty()) continue;
      const CppTypeText first = cpp_type_text(one.parameters[0].type);
      const CppClass* structure = declared_.class_named(first.name);
      if (first.stars != 1 || first.is_const || structure == nullptr || !is_seen(structure->file) ||
          structure->fields.empty() || types_.type_of(first.name, {}).kind != Kind::unknown ||
          object_type(first) != nullptr)
        continue;
      CppFunction rest = one;
      rest.parameters.erase(rest.parameters.begin());
      auto construction = construction_of(rest);
      if (!construction) continue;
      add_object(first.name, one.name, *std::move(construction));
      out_.types.back().in_place = first.name;
      show_fields(*structure, out_.types.back());
    }
  }

  // What stands in the structure as plain values.
  void show_fields(const CppClass& structure, CppOwnType& out) const {
    for (const CppField& field : structure.fields) {
      const Type type = types_.type_of(field.type, {});
      if (type.kind == Kind::integer || type.kind == Kind::boolean || type.kind == Kind::real ||
          (type.kind == Kind::expression && !is_cpp_chosen(type)))
        out.fields.push_back(field.name);
    }
    for (std::string& observer : out.observers) observer.replace(observer.find('@'), 1, "&@");
  }

  // nullopt: it takes what is no value.
  [[nodiscard]] std::optional<std::vector<Parameter>> construction_of(
      const CppFunction& maker) const {
    std::string why;
    std::vector<Parameter> out;
    for (CppArgument& parameter : parameters_of(maker, why)) {
      if (parameter.passing != CppPassing::value) why = "by value only";
      out.push_back(std::move(parameter.parameter));
    }
    if (!why.empty()) return std::nullopt;
    return out;
  }

  // The maker that says most.
  void add_object(const std::string& name, const std::string& maker,
                  std::vector<Parameter> construction) {
    CppOwnType own{.kind = OwnKind::object,
                   .name = name + "*",
                   .fields = {},
                   .observers = {},
                   .enumerators = {},
                   .maker = maker,
                   .construction = std::move(construction)};
    const auto known = std::ranges::find(out_.types, own.name, &CppOwnType::name);
    if (known != out_.types.end()) {
      if (known->construction.size() < own.construction.size()) {
        known->maker = own.maker;
        known->construction = std::move(own.construction);
      }
      return;
    }
    for (const CppFunction& one : declared_.functions) {
      if (!is_visible(one) || one.parameters.size() != 1) continue;
      const CppTypeText first = cpp_type_text(one.parameters[0].type);
      if (first.name != name || first.stars != 1) continue;
      if (ends_object(one.name)) {
        own.ender = one.name;
      } else if (const Type result = types_.type_of(one.result, {});
                 (first.is_const || is_getter(one.name)) &&
                 (result.kind == Kind::integer || result.kind == Kind::boolean ||
                  result.kind == Kind::real)) {
        add_new(own.observers, one.name + "(@)");
      }
    }
    out_.types.push_back(std::move(own));
  }

  [[nodiscard]] const CppOwnType* object_type(const CppTypeText& text) const {
    if (text.stars != 1) return nullptr;
    const auto found = std::ranges::find_if(out_.types, [&](const CppOwnType& one) {
      return one.kind == OwnKind::object && one.name == text.name + "*";
    });
    return found == out_.types.end() ? nullptr : &*found;
  }

  static Type type_of_object(const CppOwnType& own) {
    Type out{.kind = Kind::object, .of = {}, .name = own.name};
    for (const Parameter& parameter : own.construction) out.of.push_back(parameter.type);
    return out;
  }

  // What a call passes; `why` it can't be called.
  std::vector<CppArgument> parameters_of(const CppFunction& function, std::string& why) const {
    std::vector<CppArgument> out;
    const bool takes_callback = std::ranges::any_of(
        function.parameters,
        [&](const CppParameter& one) { return is_cpp_chosen(types_.type_of(one.type, {})); });
    for (std::size_t i = 0; i < function.parameters.size(); ++i) {
      const CppParameter& one = function.parameters[i];
      const CppParameter* next =
          i + 1 < function.parameters.size() ? &function.parameters[i + 1] : nullptr;
      CppArgument taken = parameter_of(one, next);
      if (i > 0 && is_filled(taken.parameter.type)) taken.parameter.type = {};
      if (takes_callback && is_handed_on(one)) taken.parameter.type = null_pointer();
      if (taken.parameter.name.empty()) taken.parameter.name = fmt::format("argument{}", i);
      if (taken.parameter.type.kind == Kind::unknown && why.empty())
        why = fmt::format("no values are made for its parameter {}", taken.parameter.name);
      if (!taken.length.empty()) ++i;
      out.push_back(std::move(taken));
    }
    return out;
  }

  [[nodiscard]] bool is_filled(const Type& type) const {
    return std::ranges::any_of(out_.types, [&](const CppOwnType& own) {
      return own.name == type.name && !own.in_place.empty();
    });
  }

  [[nodiscard]] CppArgument parameter_of(const CppParameter& one, const CppParameter* next) const {
    const std::string written = with_stars(one.type);
    const CppTypeText text = cpp_type_text(written);
    CppArgument out{.parameter = {.name = one.name, .type = {}, .annotated = true}};
    Type& type = out.parameter.type;
    if (text.stars == 0 || text.is_function) {
      type = types_.type_of(written, {});
    } else if (const CppOwnType* own = object_type(text)) {
      type = type_of_object(*own);
    } else if (text.stars == 1) {
      take_pointer(types_, one, text, types_.type_of(text.name, {}), next, out);
    }
    return out;
  }

  [[nodiscard]] const CppFunction* definition_of(const CppFunction& declared) const {
    for (const CppFunction& one : declared_.functions) {
      if (one.file == target_ && one.body && one.name == declared.name) return &one;
    }
    return nullptr;
  }

  void add_callable(const CppFunction& one) {
    const CppFunction* definition = definition_of(one);
    if (definition == nullptr || !used_.insert(definition).second) return;
    std::string why;
    std::vector<CppArgument> parameters = parameters_of(*definition, why);
    if (one.name == "main") why = "it is not to be called";
    if (parameters.size() == 1 && parameters[0].parameter.type.kind == Kind::object &&
        ends_object(one.name))
      why = "it ends its object";
    if (why.empty() && !by_prototypes_) add_new(out_.declaring, one.file);
    if (why.empty() && by_prototypes_) {
      const std::string& text = files_[target_].text;
      const std::size_t begin = definition->node.begin();
      out_.prototypes.push_back(std::string(trimmed(std::string_view(text).substr(
                                    begin, definition->body->begin() - begin))) +
                                ";");
    }
    add_function(one, *definition, why, std::move(parameters));
  }

  void add_function(const CppFunction& one, const CppFunction& definition,
                    const std::string& uncallable, std::vector<CppArgument> parameters) {
    CppCallable callable{.name = one.name,
                         .class_name = {},
                         .passing = {},
                         .lengths = {},
                         .gives_nothing = one.result == "void "};
    Function out;
    out.name = one.name;
    out.uncallable = uncallable;
    out.doc = one.doc.empty() ? definition.doc : one.doc;
    std::size_t first = 0;
    if (uncallable.empty() && !parameters.empty() &&
        parameters[0].parameter.type.kind == Kind::object) {
      const Type& type = parameters[0].parameter.type;
      out.kind = Function::Kind::method;
      out.class_name = callable.class_name = type.name;
      out.construction = std::ranges::find(out_.types, type.name, &CppOwnType::name)->construction;
      first = 1;
    }
    for (std::size_t i = first; uncallable.empty() && i < parameters.size(); ++i) {
      out.parameters.push_back(std::move(parameters[i].parameter));
      callable.passing.push_back(parameters[i].passing);
      callable.lengths.push_back(std::move(parameters[i].length));
    }
    out.begin = definition.node.begin();
    out.end = definition.node.end();
    out.first_line = definition.node.first_line();
    out.last_line = definition.node.last_line();
    out.literals = cpp_literals(definition.node, files_[target_].text);
    if (!definition.node.has_error())
      out_.bodies.push_back({.begin = definition.body->begin(),
                             .end = definition.body->end(),
                             .function = out_.functions.size()});
    note_compared_texts(out, files_[target_].text);
    out_.functions.push_back(std::move(out));
    out_.callables.push_back(std::move(callable));
  }

  const std::vector<CppFile>& files_;
  std::size_t target_;
  CppDeclarations declared_;
  CppTypes types_;
  CppSource out_;
  bool by_prototypes_ = false;
  std::set<const CppFunction*> used_;  // Definitions.
};

}  // namespace

CppSource c_source(const std::vector<CppFile>& files) { return Assembler(files).assemble(); }

}  // namespace leyden::qa
