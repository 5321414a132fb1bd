#include "leyden/agents/qa/cpp/cpp_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/qa/compared_texts.h"
#include "leyden/agents/qa/cpp/cpp_arguments.h"
#include "leyden/agents/qa/cpp/cpp_literals.h"
#include "leyden/agents/qa/cpp/cpp_observers.h"
#include "leyden/agents/qa/cpp/cpp_owners.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Form = CppFunction::Form;

bool is_header(const std::string& path) {
  const std::string end = path.substr(std::min(path.rfind('.'), path.size()));
  return end.starts_with(".h");
}

std::string last_name(const std::string& full) {
  const std::size_t cut = full.rfind("::");
  return cut == std::string::npos ? full : full.substr(cut + 2);
}

class Assembler {
 public:
  explicit Assembler(const std::vector<CppFile>& files)
      : files_(files), target_(files.size() - 1), declared_(cpp_declarations(files)) {}

  CppSource assemble() {
    choose_view();
    for (const CppAlias& one : declared_.aliases) types_.add_alias(one.name, one.type, one.scope);
    add_enums();
    for (const CppClass& one : declared_.classes) add_class(one);
    find_owners(declared_, types_, out_.types);
    for (const CppClass& one : declared_.classes) {
      const auto own = named_type(one.name);
      if (own != out_.types.end()) own->writer = writer_of(declared_, types_, out_.types, one);
    }
    for (const CppFunction& one : declared_.functions) {
      if (is_visible(one)) add_callable(one);
    }
    for (const CppFunction& one : declared_.functions) {
      if (one.file == target_ && one.body && !used_.contains(&one))
        add_function(one, one, "it is called by others only");
    }
    share_cpp_literals(files_, out_.functions);
    out_.varies = cpp_varies(files_[target_]);
    return std::move(out_);
  }

 private:
  // A source is seen through its headers; where these declare none of its functions, as it is.
  void choose_view() {
    visible_from_headers_ = !is_header(files_[target_].path);
    if (!visible_from_headers_ ||
        std::ranges::any_of(declared_.functions, [&](const CppFunction& one) {
          return is_visible(one) && definition_of(one) != nullptr;
        }))
      return;
    visible_from_headers_ = false;
    out_.includes_source = true;
  }

  void add_enums() {
    for (const CppEnum& one : declared_.enums) {
      if (!one.is_public || one.enumerators.empty() || is_hidden(one.file)) continue;
      types_.add(
          one.name,
          {.kind = Type::Kind::expression, .of = {}, .name = one.name, .texts = one.enumerators});
      out_.types.push_back({.kind = CppOwnType::Kind::enumeration,
                            .name = one.name,
                            .fields = {},
                            .observers = {},
                            .enumerators = one.enumerators,
                            .maker = {},
                            .construction = {}});
    }
  }

  // Template parameters are int.
  void add_template_parameters(const std::vector<std::string>& names, const std::string& scope) {
    for (const std::string& name : names) {
      if (!name.empty()) types_.add_alias(fmt::format("{}::{}", scope, name), "int", {});
    }
  }

  // With the arguments of templates, also of those that it stands in: "shop::Stack<int>::Node".
  [[nodiscard]] std::string spelled(const std::string& name) const {
    const std::size_t cut = name.rfind("::");
    std::string out =
        cut == std::string::npos ? name : spelled(name.substr(0, cut)) + name.substr(cut);
    const CppClass* known = declared_.class_named(name);
    if (known == nullptr || known->template_parameters.empty()) return out;
    for (std::size_t i = 0; i < known->template_parameters.size(); ++i)
      out += i == 0 ? "<int" : ", int";
    return out + ">";
  }

  void add_class(const CppClass& one) {
    if (!one.is_public || one.is_odd_template || is_hidden(one.file)) return;
    add_template_parameters(one.template_parameters, one.name);
    CppOwnType own{.kind = CppOwnType::Kind::object,
                   .name = spelled(one.name),
                   .fields = {},
                   .observers = {},
                   .enumerators = {},
                   .maker = {},
                   .construction = {}};
    for (const CppField& field : one.fields) own.fields.push_back(field.name);
    // Known before it is complete, for methods that take one of its kind.
    types_.add(one.name, {.kind = Type::Kind::object, .of = {}, .name = own.name});
    for (const CppFunction& function : declared_.functions) {
      if (function.scope == one.name && function.in_class)
        add_template_parameters(function.template_parameters, scope_of(function));
    }
    if (is_aggregate(one)) {
      make_aggregate(one, own);
    } else {
      make_object(one, own);
    }
    add_observers(declared_, types_, one, own);
    add_type(one, own);
    out_.types.push_back(std::move(own));
  }

  void add_type(const CppClass& one, const CppOwnType& own) {
    Type type{.kind = Type::Kind::object, .of = {}, .name = own.name};
    if (own.kind == CppOwnType::Kind::aggregate) type.kind = Type::Kind::record;
    for (const Parameter& parameter : own.construction) {
      type.of.push_back(parameter.type);
      if (own.kind == CppOwnType::Kind::aggregate) type.texts.push_back(parameter.name);
    }
    if (own.maker.empty()) type.kind = Type::Kind::unknown;
    if (type.kind == Type::Kind::object) {
      for (const CppClass* base : declared_.bases_of(one)) types_.add_stand_in(base->name, type);
    }
    types_.add(one.name, std::move(type));
  }

  [[nodiscard]] bool is_aggregate(const CppClass& one) const {
    return !one.has_bases && !one.has_hidden_fields && !one.fields.empty() &&
           std::ranges::none_of(declared_.functions, [&](const CppFunction& function) {
             return function.scope == one.name &&
                    (function.form == Form::constructor || function.is_pure);
           });
  }

  void make_aggregate(const CppClass& one, CppOwnType& own) const {
    own.kind = CppOwnType::Kind::aggregate;
    own.maker = own.name;
    for (const CppField& field : one.fields) {
      const Type type = types_.type_of(field.type, one.name);
      if (type.kind == Type::Kind::unknown || field.type.find('&') != std::string::npos)
        own.maker.clear();
      own.construction.push_back({.name = field.name, .type = type, .annotated = true});
    }
  }

  // The constructor that says most, or a static function that gives one.
  void make_object(const CppClass& one, CppOwnType& own) const {
    bool any = false;
    bool abstract = false;
    const CppFunction* best = nullptr;
    for (const CppFunction& function : declared_.functions) {
      if (function.scope != one.name || !function.in_class) continue;
      abstract = abstract || function.is_pure;
      any = any || function.form == Form::constructor;
      const bool makes =
          function.form == Form::constructor
              ? !is_copying(function, one.name)
              : function.is_static && function.form == Form::method &&
                    types_.resolved(cpp_type_text(function.result).name, one.name) == one.name &&
                    cpp_type_text(function.result).stars == 0;
      if (!makes || !function.is_public || function.is_deleted || function.file > target_ ||
          function.is_odd_template || !readable(function))
        continue;
      const auto rank = [](const CppFunction& f) {
        return std::pair(f.form == Form::constructor, f.parameters.size());
      };
      if (best == nullptr || rank(function) > rank(*best)) best = &function;
    }
    if (abstract || (best == nullptr && any)) return;
    own.maker = own.name;
    if (best == nullptr) return;
    if (best->form != Form::constructor) own.maker += "::" + best->name;
    own.construction = parameters_of(*best, scope_of(*best));
  }

  [[nodiscard]] bool is_copying(const CppFunction& function, const std::string& name) const {
    return function.parameters.size() == 1 &&
           types_.resolved(cpp_type_text(function.parameters[0].type).name, name) == name;
  }

  [[nodiscard]] std::vector<Parameter> parameters_of(const CppFunction& function,
                                                     const std::string& scope) const {
    std::vector<Parameter> out;
    for (const CppParameter& one : function.parameters) {
      Parameter parameter = parameter_of(one, scope, out.size());
      if (parameter.type.kind == Type::Kind::unknown && one.has_default)
        break;  // It stays as it is.
      out.push_back(std::move(parameter));
    }
    return out;
  }

  [[nodiscard]] Parameter parameter_of(const CppParameter& one, const std::string& scope,
                                       std::size_t number) const {
    return {.name = one.name.empty() ? fmt::format("argument{}", number) : one.name,
            .type = types_.type_of(one.type, scope),
            .annotated = true,
            .has_default = one.has_default};
  }

  // The same as a call passes it: a pointer to a number or a character is rarely meant to be null, and often an array's. Constructors make objects elsewhere, too, and
  // take them as they are.
  [[nodiscard]] std::vector<CppArgument> arguments_of(const CppFunction& function) const {
    const std::string scope = scope_of(function);
    std::vector<CppArgument> out;
    for (std::size_t i = 0; i < function.parameters.size(); ++i) {
      const CppParameter& one = function.parameters[i];
      CppArgument taken{.parameter = parameter_of(one, scope, out.size())};
      taken.passing = passing_of(one.type, taken.parameter.type.name);
      const CppTypeText text = cpp_type_text(with_stars(one.type));
      if (text.stars == 1 && !one.has_default && function.form != Form::constructor) {
        const CppParameter* next =
            i + 1 < function.parameters.size() ? &function.parameters[i + 1] : nullptr;
        const Type item = types_.type_of(text.name, scope);
        if (is_plain(item)) take_pointer(types_, one, text, item, next, taken);
      }
      if (taken.parameter.type.kind == Type::Kind::unknown && one.has_default) break;
      if (!taken.length.empty()) ++i;
      out.push_back(std::move(taken));
    }
    return out;
  }

  static bool is_plain(const Type& item) {
    using Kind = Type::Kind;
    return item.kind == Kind::integer || item.kind == Kind::real || item.kind == Kind::boolean ||
           item.kind == Kind::bytes;
  }

  // What it is given may be gone when the object is used.
  [[nodiscard]] bool readable(const CppFunction& function) const {
    return std::ranges::none_of(function.parameters,
                                [](const CppParameter& one) {
                                  const CppTypeText text = cpp_type_text(one.type);
                                  return text.is_reference && !text.is_const;
                                }) &&
           std::ranges::none_of(parameters_of(function, scope_of(function)), [](const auto& one) {
             return one.type.kind == Type::Kind::unknown;
           });
  }

  // Whether a test that includes the header, or the source, sees it.
  [[nodiscard]] bool is_visible(const CppFunction& one) const {
    if (visible_from_headers_) return one.file != target_ && one.is_public && !is_outer(one);
    if (is_outer(one)) return false;
    const bool hidden_in_source = out_.includes_source && one.form == Form::function;
    return one.file == target_ && (one.is_public || hidden_in_source);
  }

  // What stands in the source, where a test sees its headers only.
  [[nodiscard]] bool is_hidden(std::size_t file) const {
    return visible_from_headers_ && file == target_;
  }

  // A method's definition outside of its class.
  [[nodiscard]] bool is_outer(const CppFunction& one) const {
    return !one.in_class && declared_.class_named(one.scope) != nullptr;
  }

  [[nodiscard]] const CppOwnType* own_type(const std::string& class_name) const {
    const Type* type = types_.find(class_name);
    const auto found = type == nullptr
                           ? out_.types.end()
                           : std::ranges::find(out_.types, type->name, &CppOwnType::name);
    return found == out_.types.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::vector<CppOwnType>::iterator named_type(const std::string& class_name) {
    const Type* type = types_.find(class_name);
    return type == nullptr ? out_.types.end()
                           : std::ranges::find(out_.types, type->name, &CppOwnType::name);
  }
  // Whose object a method is called on: its class's or, where none can be made, one that inherits from it, the richest.
  [[nodiscard]] const CppOwnType* receiver_of(const CppFunction& one) const {
    const CppOwnType* own = own_type(one.scope);
    if (own == nullptr || !own->maker.empty() || one.form == Form::constructor || one.is_static)
      return own;
    std::size_t most = 0;
    for (const CppClass& derived : declared_.classes) {
      const CppOwnType* other = own_type(derived.name);
      if (other == nullptr || other->maker.empty()) continue;
      const std::vector<const CppFunction*> methods = declared_.methods_of(derived);
      if (methods.size() <= most || std::ranges::find(methods, &one) == methods.end()) continue;
      most = methods.size();
      own = other;
    }
    return own;
  }

  // In the target, of what is declared: itself, or that of the same name and parameters.
  [[nodiscard]] const CppFunction* definition_of(const CppFunction& declared) const {
    if (declared.file == target_ && declared.body) return &declared;
    const CppFunction* found = nullptr;
    for (const CppFunction& one : declared_.functions) {
      if (one.file != target_ || !one.body || one.scope != declared.scope ||
          one.name != declared.name || one.is_const != declared.is_const ||
          one.parameters.size() != declared.parameters.size())
        continue;
      if (same_types(one, declared)) return &one;
      if (found == nullptr) found = &one;
    }
    return found;
  }
  static bool same_types(const CppFunction& a, const CppFunction& b) {
    for (std::size_t i = 0; i < a.parameters.size(); ++i) {
      const CppTypeText left = cpp_type_text(a.parameters[i].type);
      const CppTypeText right = cpp_type_text(b.parameters[i].type);
      if (last_name(left.name) != last_name(right.name) || left.stars != right.stars) return false;
    }
    return true;
  }

  static std::string scope_of(const CppFunction& one) {
    return one.template_parameters.empty() ? one.scope : one.scope + "::" + one.name + "()";
  }

  void add_callable(const CppFunction& one) {
    const CppFunction* definition = definition_of(one);
    if (definition == nullptr || used_.contains(definition)) return;
    used_.insert(definition);
    std::string why;
    const CppOwnType* own = receiver_of(one);
    const bool in_class = declared_.class_named(one.scope) != nullptr;
    if (one.name == "main" || one.is_deleted || one.name.starts_with("~"))
      why = "it is not to be called";
    if (in_class && own == nullptr) why = "its class can't be named";
    if (in_class && own != nullptr && one.form != Form::constructor && !one.is_static &&
        own->maker.empty())
      why = "no constructor of its class could be called";
    if (one.form == Form::constructor && own != nullptr && is_abstract(one.scope))
      why = "its class is abstract";
    if (one.is_odd_template) why = "a template with parameters that are no types";
    if (!in_class || one.form != Form::constructor)
      add_template_parameters(one.template_parameters, scope_of(one));
    if (const std::string unknown = unknown_parameter(one); why.empty() && !unknown.empty())
      why = unknown;
    if (why.empty()) add_new(out_.declaring, one.file);
    add_function(one, *definition, why);
  }

  [[nodiscard]] bool is_abstract(const std::string& class_name) const {
    return std::ranges::any_of(declared_.functions, [&](const CppFunction& one) {
      return one.scope == class_name && one.is_pure;
    });
  }

  [[nodiscard]] std::string unknown_parameter(const CppFunction& one) const {
    for (const CppArgument& argument : arguments_of(one)) {
      if (argument.parameter.type.kind == Type::Kind::unknown)
        return fmt::format("no values are made for its parameter {}", argument.parameter.name);
    }
    return {};
  }

  static CppPassing passing_of(const std::string& type, const std::string& name) {
    const CppTypeText text = cpp_type_text(type);
    if (text.is_moved || name.starts_with("std::unique_ptr")) return CppPassing::moved;
    if (text.stars > 0) return text.is_const ? CppPassing::value : CppPassing::pointer;
    if (!text.is_reference) return CppPassing::value;
    return text.is_const ? CppPassing::const_reference : CppPassing::reference;
  }

  void add_function(const CppFunction& one, const CppFunction& definition,
                    const std::string& uncallable) {
    const CppFile& file = files_[target_];
    const CppOwnType* own = receiver_of(one);
    CppCallable callable{.form = one.form,
                         .name = one.name,
                         .class_name = {},
                         .passing = {},
                         .lengths = {},
                         .gives_nothing = one.result == "void "};
    Function out;
    out.name = one.form == Form::conversion ? "operator " + one.name : one.name;
    out.uncallable = uncallable;
    out.doc = one.doc;
    out.only_reads = one.is_const;
    if (own != nullptr) callable.class_name = own->name;
    if (one.form == Form::conversion) callable.name = types_.type_of(one.name, one.scope).name;
    if (one.form == Form::function && !one.scope.empty())
      callable.name = one.scope + "::" + one.name;
    if (own != nullptr && one.form != Form::constructor) {
      out.class_name = own->name;
      out.kind = one.is_static ? Function::Kind::static_method : Function::Kind::method;
      out.construction = own->construction;
    }
    if (uncallable.empty()) {
      for (CppArgument& argument : arguments_of(one)) {
        out.parameters.push_back(std::move(argument.parameter));
        callable.passing.push_back(argument.passing);
        callable.lengths.push_back(std::move(argument.length));
      }
    } else {
      out.kind = Function::Kind::function;
      out.construction.clear();
    }
    out.begin = definition.node.begin();
    out.end = definition.node.end();
    out.first_line = definition.node.first_line();
    out.last_line = definition.node.last_line();
    out.literals = cpp_literals(definition.node, file.text);
    if (!definition.node.has_error())
      out_.bodies.push_back({.begin = definition.body->begin(),
                             .end = definition.body->end(),
                             .function = out_.functions.size()});
    note_compared_texts(out, file.text);
    out_.functions.push_back(std::move(out));
    out_.callables.push_back(std::move(callable));
  }

  const std::vector<CppFile>& files_;
  std::size_t target_;
  CppDeclarations declared_;
  CppTypes types_;
  CppSource out_;
  bool visible_from_headers_ = false;
  std::set<const CppFunction*> used_;  // Definitions.
};

}  // namespace

CppSource cpp_source(const std::vector<CppFile>& files) { return Assembler(files).assemble(); }

}  // namespace leyden::qa
