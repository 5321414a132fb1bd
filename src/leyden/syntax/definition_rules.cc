#include "leyden/syntax/definition_rules.h"

#include <array>

namespace leyden::syntax {
namespace {

using enum DefinitionKind;
using enum NodeRole;

constexpr auto kBash = std::to_array<NodeRule>({
    {"comment", comment},
    {"function_definition", definition, function},
});

constexpr auto kC = std::to_array<NodeRule>({
    {"comment", comment},
    {"function_definition", definition, function},
    {"struct_specifier", definition_with_body, struct_},
    {"union_specifier", definition_with_body, struct_},
    {"enum_specifier", definition_with_body, enum_},
    {"type_definition", wrapper},
    {"declaration", wrapper},
    {"preproc_function_def", definition, macro},
});

constexpr auto kCpp = std::to_array<NodeRule>({
    {"comment", comment},
    {"function_definition", definition, function},
    {"class_specifier", definition_with_body, class_},
    {"struct_specifier", definition_with_body, struct_},
    {"union_specifier", definition_with_body, struct_},
    {"enum_specifier", definition_with_body, enum_},
    {"namespace_definition", definition, namespace_},
    {"concept_definition", definition, type},
    {"template_declaration", wrapper},
    {"type_definition", wrapper},
    {"declaration", wrapper},
    {"field_declaration", wrapper},
    {"preproc_function_def", definition, macro},
});

constexpr auto kCsharp = std::to_array<NodeRule>({
    {"comment", comment},
    {"namespace_declaration", definition, namespace_},
    {"class_declaration", definition, class_},
    {"struct_declaration", definition, struct_},
    {"interface_declaration", definition, interface},
    {"enum_declaration", definition, enum_},
    {"record_declaration", definition, record},
    {"method_declaration", definition, method},
    {"constructor_declaration", definition, method},
    {"destructor_declaration", definition, method},
    {"operator_declaration", definition, method},
    {"property_declaration", definition, property},
    {"delegate_declaration", definition, type},
    {"local_function_statement", definition, function},
});

constexpr auto kGo = std::to_array<NodeRule>({
    {"comment", comment},
    {"function_declaration", definition, function},
    {"method_declaration", definition, method},
    {"type_spec", definition, type},
    {"type_alias", definition, type},
    {"type_declaration", wrapper},
});

constexpr auto kJava = std::to_array<NodeRule>({
    {"line_comment", comment},
    {"block_comment", comment},
    {"method_declaration", definition, method},
    {"constructor_declaration", definition, method},
    {"compact_constructor_declaration", definition, method},
    {"class_declaration", definition, class_},
    {"interface_declaration", definition, interface},
    {"annotation_type_declaration", definition, interface},
    {"enum_declaration", definition, enum_},
    {"record_declaration", definition, record},
});

constexpr auto kJavascript = std::to_array<NodeRule>({
    {"comment", comment},
    {"decorator", comment},
    {"function_declaration", definition, function},
    {"generator_function_declaration", definition, function},
    {"class_declaration", definition, class_},
    {"method_definition", definition, method},
    {"variable_declarator", definition_of_value, function},
    {"assignment_expression", definition_of_value, function},
    {"field_definition", definition_of_value, method},
    {"pair", definition_of_value, function},
    {"lexical_declaration", wrapper},
    {"variable_declaration", wrapper},
    {"expression_statement", wrapper},
    {"export_statement", wrapper},
});

constexpr auto kTypescript = std::to_array<NodeRule>({
    {"comment", comment},
    {"decorator", comment},
    {"function_declaration", definition, function},
    {"generator_function_declaration", definition, function},
    {"function_signature", definition, function},
    {"class_declaration", definition, class_},
    {"abstract_class_declaration", definition, class_},
    {"method_definition", definition, method},
    {"abstract_method_signature", definition, method},
    {"interface_declaration", definition, interface},
    {"enum_declaration", definition, enum_},
    {"type_alias_declaration", definition, type},
    {"internal_module", definition, namespace_},
    {"module", definition, namespace_},
    {"variable_declarator", definition_of_value, function},
    {"assignment_expression", definition_of_value, function},
    {"public_field_definition", definition_of_value, method},
    {"pair", definition_of_value, function},
    {"lexical_declaration", wrapper},
    {"variable_declaration", wrapper},
    {"expression_statement", wrapper},
    {"export_statement", wrapper},
    {"ambient_declaration", wrapper},
});

constexpr auto kPhp = std::to_array<NodeRule>({
    {"comment", comment},
    {"function_definition", definition, function},
    {"method_declaration", definition, method},
    {"class_declaration", definition, class_},
    {"interface_declaration", definition, interface},
    {"trait_declaration", definition, trait},
    {"enum_declaration", definition, enum_},
    {"namespace_definition", definition_with_body, namespace_},
});

constexpr auto kPython = std::to_array<NodeRule>({
    {"comment", comment},
    {"function_definition", definition, function},
    {"class_definition", definition, class_},
    {"decorated_definition", wrapper},
});

constexpr auto kRuby = std::to_array<NodeRule>({
    {"comment", comment},
    {"method", definition, function},
    {"singleton_method", definition, function},
    {"class", definition, class_},
    {"module", definition, module},
});

constexpr auto kRust = std::to_array<NodeRule>({
    {"line_comment", comment},
    {"block_comment", comment},
    {"attribute_item", comment},
    {"function_item", definition, function},
    {"function_signature_item", definition, function},
    {"struct_item", definition, struct_},
    {"union_item", definition, struct_},
    {"enum_item", definition, enum_},
    {"trait_item", definition, trait},
    {"impl_item", definition, impl},
    {"mod_item", definition_with_body, module},
    {"type_item", definition, type},
    {"macro_definition", definition, macro},
});

}  // namespace

std::span<const NodeRule> definition_rules(Language language) {
  switch (language) {
    case Language::bash:
      return kBash;
    case Language::c:
      return kC;
    case Language::cpp:
      return kCpp;
    case Language::csharp:
      return kCsharp;
    case Language::go:
      return kGo;
    case Language::java:
      return kJava;
    case Language::javascript:
      return kJavascript;
    case Language::php:
      return kPhp;
    case Language::python:
      return kPython;
    case Language::ruby:
      return kRuby;
    case Language::rust:
      return kRust;
    case Language::tsx:
    case Language::typescript:
      return kTypescript;
    default:
      return {};
  }
}

}  // namespace leyden::syntax
