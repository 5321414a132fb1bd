#include "leyden/syntax/grammars.h"

extern "C" {
const TSLanguage* tree_sitter_bash();
const TSLanguage* tree_sitter_c();
const TSLanguage* tree_sitter_cpp();
const TSLanguage* tree_sitter_c_sharp();
const TSLanguage* tree_sitter_go();
const TSLanguage* tree_sitter_java();
const TSLanguage* tree_sitter_javascript();
const TSLanguage* tree_sitter_php();
const TSLanguage* tree_sitter_python();
const TSLanguage* tree_sitter_ruby();
const TSLanguage* tree_sitter_rust();
const TSLanguage* tree_sitter_tsx();
const TSLanguage* tree_sitter_typescript();
}

namespace leyden::syntax {

const TSLanguage* grammar_of(Language language) {
  switch (language) {
    case Language::bash:
      return tree_sitter_bash();
    case Language::c:
      return tree_sitter_c();
    case Language::cpp:
      return tree_sitter_cpp();
    case Language::csharp:
      return tree_sitter_c_sharp();
    case Language::go:
      return tree_sitter_go();
    case Language::java:
      return tree_sitter_java();
    case Language::javascript:
      return tree_sitter_javascript();
    case Language::php:
      return tree_sitter_php();
    case Language::python:
      return tree_sitter_python();
    case Language::ruby:
      return tree_sitter_ruby();
    case Language::rust:
      return tree_sitter_rust();
    case Language::tsx:
      return tree_sitter_tsx();
    case Language::typescript:
      return tree_sitter_typescript();
    default:
      return nullptr;
  }
}

}  // namespace leyden::syntax
