#include "leyden/agents/qa/c_security/c_entry_points.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"
#include "leyden/base/ascii.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

constexpr std::array<std::string_view, 14> kNumbers = {
    "int",     "unsigned", "long",    "short",   "size_t",   "ssize_t",  "int8_t",
    "uint8_t", "int16_t",  "int32_t", "int64_t", "uint16_t", "uint32_t", "uint64_t"};

// What the harness gives for a parameter; nullopt: it can't be made.
std::optional<std::string> argument_for(std::string_view declaration, bool after_bytes) {
  const auto stars = std::ranges::count(declaration, '*');
  const bool bytes = has_word(declaration, "uint8_t") || has_word(declaration, "void");
  if (stars == 1 && (has_word(declaration, "char") || bytes)) return "(void *)text";
  if (stars > 0 || declaration.find('[') != std::string_view::npos ||
      has_word(declaration, "struct") || has_word(declaration, "union"))
    return std::nullopt;
  const bool number = std::ranges::any_of(
      kNumbers, [&](std::string_view one) { return has_word(declaration, one); });
  if (number) return after_bytes ? "length" : "number";
  if (has_word(declaration, "char") || has_word(declaration, "bool")) return "(char)number";
  if (has_word(declaration, "double") || has_word(declaration, "float")) return "(double)number";
  return std::nullopt;
}

// The declarator within pointers.
syntax::Node function_declarator(syntax::Node node) {
  while (node && node.type() == "pointer_declarator") node = node.field("declarator");
  return node && node.type() == "function_declarator" ? node : syntax::Node();
}

bool is_static(syntax::Node definition, std::string_view source) {
  return std::ranges::any_of(definition.named_children(), [&](syntax::Node child) {
    return child.type() == "storage_class_specifier" && child.text(source) == "static";
  });
}

void take(syntax::Node definition, std::string_view source, CEntryPoints& out) {
  const syntax::Node declarator = function_declarator(definition.field("declarator"));
  const std::string name(declarator.field("declarator").text(source));
  if (name.empty() || name == "main" || is_static(definition, source)) return;
  std::vector<std::string> arguments;
  bool after_bytes = false;
  for (const syntax::Node parameter : declarator.field("parameters").named_children()) {
    const std::string_view text = parameter.text(source);
    if (text == "void" || parameter.type() == "comment") continue;
    auto argument = argument_for(text, after_bytes);
    if (!argument) {
      out.others.push_back(fmt::format("{}: its parameter `{}` can't be made", name, text));
      return;
    }
    after_bytes = *argument == "(void *)text";
    arguments.push_back(*std::move(argument));
  }
  out.callable.push_back({.name = name,
                          .line = definition.first_line(),
                          .call = name + "(" + joined(arguments, ", ") + ")"});
}

void look_for_definitions(syntax::Node node, std::string_view source, CEntryPoints& out) {
  for (const syntax::Node child : node.named_children()) {
    if (child.type() == "function_definition") {
      take(child, source, out);
    } else if (child.type().starts_with("preproc_") || child.type() == "linkage_specification" ||
               child.type() == "declaration_list") {
      look_for_definitions(child, source, out);
    }
  }
}

}  // namespace

Result<CEntryPoints> c_entry_points(std::string_view source) {
  auto tree = syntax::parse(syntax::Language::c, source);
  if (!tree) return std::unexpected(tree.error());
  CEntryPoints out;
  look_for_definitions(tree->root(), source, out);
  return out;
}

}  // namespace leyden::qa
