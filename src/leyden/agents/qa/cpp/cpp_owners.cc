#include "leyden/agents/qa/cpp/cpp_owners.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "leyden/agents/qa/cpp/cpp_arguments.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

// Arguments that are values and nothing else; nullopt: it takes others.
std::optional<std::vector<Parameter>> plain_parameters(const CppTypes& types,
                                                       const CppFunction& function) {
  std::vector<Parameter> out;
  for (const CppParameter& one : function.parameters) {
    const Type type = types.type_of(one.type, function.scope);
    const CppTypeText text = cpp_type_text(one.type);
    const bool is_value = type.kind != Kind::unknown && type.kind != Kind::object &&
                          type.kind != Kind::record && !is_cpp_foreign(type) &&
                          (text.stars == 0 || type.name == "const char*") &&
                          (!text.is_reference || text.is_const);
    if (!is_value && one.has_default) break;
    if (!is_value) return std::nullopt;
    out.push_back(
        {.name = one.name, .type = type, .annotated = true, .has_default = one.has_default});
  }
  return out;
}

bool is_named_maker(const std::string& name) {
  return is_maker_name(name) || has_word(name, {"add", "append", "insert", "push"});
}

// Arguments that the owner's maker can't do without.
std::vector<Parameter> required_of(const CppOwnType& owner) {
  std::vector<Parameter> out;
  for (const Parameter& one : owner.construction) {
    if (!one.has_default) out.push_back(one);
  }
  return out;
}

class Finder {
 public:
  Finder(const CppDeclarations& declared, const CppTypes& types, const std::vector<CppOwnType>& all)
      : declared_(declared), types_(types), all_(all) {}

  // Of those that could make it, one whose name says that it does.
  void find(CppOwnType& made) const {
    bool is_sure = false;
    for (const CppClass& one : declared_.classes) {
      const auto owner = std::ranges::find(all_, one.name, &CppOwnType::name);
      if (owner == all_.end() || owner->kind != CppOwnType::Kind::object || !owner->can_be_made())
        continue;
      for (const CppFunction* method : declared_.methods_of(one)) {
        const bool sure = is_named_maker(method->name);
        if ((made.owner.empty() || (sure && !is_sure)) && take(*owner, *method, sure, made))
          is_sure = sure;
      }
    }
  }

 private:
  // Of a pointer that is there only if something was made before nothing comes.
  bool take(const CppOwnType& owner, const CppFunction& method, bool is_sure,
            CppOwnType& made) const {
    const CppTypeText result = cpp_type_text(method.result);
    if (result.is_const || result.stars + (result.is_reference ? 1 : 0) != 1 ||
        (result.stars == 1 && !is_sure) || method.name.starts_with("operator") ||
        types_.resolved(result.name, method.scope) != made.name)
      return false;
    auto parameters = plain_parameters(types_, method);
    if (!parameters) return false;
    made.owner = owner.name;
    made.maker = method.name;
    made.construction = required_of(owner);
    made.owner_count = made.construction.size();
    made.is_pointed_at = result.stars == 1;
    std::ranges::move(*parameters, std::back_inserter(made.construction));
    return true;
  }

  const CppDeclarations& declared_;
  const CppTypes& types_;
  const std::vector<CppOwnType>& all_;
};

}  // namespace

void find_owners(const CppDeclarations& declared, const CppTypes& types,
                 std::vector<CppOwnType>& all) {
  const Finder finder(declared, types, all);
  for (CppOwnType& one : all) {
    if (one.kind == CppOwnType::Kind::object && one.maker.empty()) finder.find(one);
  }
}

}  // namespace leyden::qa
