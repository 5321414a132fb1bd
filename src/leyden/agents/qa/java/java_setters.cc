#include "leyden/agents/qa/java/java_setters.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kSettersMax = 12;
constexpr std::size_t kAncestorsMax = 8;
constexpr const char* kMade = "made";  // The variable of the method that fills it.

struct Setter {
  std::string name;
  Parameter parameter;
};

bool is_setter(Node method, const JavaDeclared& declared) {
  const std::string_view text = declared.text;
  const std::string_view name = method.field("name").text(text);
  const std::string_view result = method.field("type").text(text);
  const std::string simple = declared.name.substr(declared.name.rfind('.') + 1);
  return method.type() == "method_declaration" && name.size() > 3 && name.starts_with("set") &&
         name[3] >= 'A' && name[3] <= 'Z' && method.field("parameters").named_child_count() == 1 &&
         (result == "void" || result == simple) && !has_modifier(method, text, "private") &&
         !has_modifier(method, text, "static") && !declares_exceptions(method);
}

// Those of ancestors behind its own.
std::vector<Setter> setters_of(const JavaDeclared& declared, const JavaBindings& bindings,
                               std::size_t depth, JavaTypes& types) {
  std::vector<Setter> out;
  const JavaDeclared* at = &declared;
  for (std::size_t i = 0; at != nullptr && i < kAncestorsMax; ++i) {
    for (const Node member : at->node.field("body").named_children()) {
      const std::string name(member.field("name").text(at->text));
      if (!is_setter(member, *at) || out.size() == kSettersMax ||
          std::ranges::find(out, name, &Setter::name) != out.end())
        continue;
      bool takes_rest = false;
      auto parameters = types.parameters_of(member.field("parameters"), at->text, bindings,
                                            takes_rest, depth + 1);
      if (parameters.size() == 1 && !takes_rest && parameters[0].type.kind != Type::Kind::unknown)
        out.push_back({name, std::move(parameters[0])});
    }
    const Node super = at->node.field("superclass").named_child(0);
    at = super ? types.find(std::string(super.text(at->text))) : nullptr;
  }
  return out;
}

// "entryWith" of "Ledger.Entry", as long as no other class's objects are filled by a method of that name; then "ledgerEntryWith".
std::string helper_name(const std::string& type, const JavaTypes& types) {
  const auto first_small = [](std::string name) {
    name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
    return name;
  };
  std::string out = first_small(type.substr(type.rfind('.') + 1)) + "With";
  const bool is_taken = std::ranges::any_of(
      types.makers(), [&](const auto& one) { return one.second.call == out && one.first != type; });
  if (!is_taken) return out;
  out = first_small(type) + "With";
  std::erase(out, '.');
  return out;
}

}  // namespace

void fill_by_setters(const JavaDeclared& declared, const JavaBindings& bindings, std::size_t depth,
                     JavaTypes& types, JavaMaker& maker) {
  std::vector<Setter> setters = setters_of(declared, bindings, depth, types);
  if (setters.empty()) return;
  std::set<std::string> names = {kMade};
  std::vector<std::string> parameters;
  std::string calls;
  for (Setter& one : setters) {
    std::string name = one.parameter.name;
    for (std::size_t i = 2; !names.insert(name).second; ++i)
      name = one.parameter.name + std::to_string(i);
    one.parameter.name = name;
    parameters.push_back(one.parameter.type.name + " " + name);
    calls += fmt::format("    {}.{}({});\n", kMade, one.name, name);
    maker.parameters.push_back(std::move(one.parameter));
  }
  maker.call = helper_name(declared.name, types);
  maker.helper = fmt::format(
      "\n  private static {0} {1}({2}){3} {{\n    {0} {4} = {5}();\n{6}    return {4};\n  }}\n",
      declared.name, maker.call, joined(parameters, ", "),
      maker.is_checked ? " throws Exception" : "", kMade, maker.plain, calls);
}

}  // namespace leyden::qa
