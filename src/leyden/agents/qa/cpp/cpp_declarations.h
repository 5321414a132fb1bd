#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/qa/cpp/cpp_types.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

struct CppParameter {
  std::string name;
  std::string type;  // As it is written.
  bool has_default = false;
};

// A function as one of the files declares or defines it.
struct CppFunction {
  enum class Form : std::uint8_t { function, method, constructor, conversion };
  Form form = Form::function;
  std::string name;   // "add", "operator+"; of a conversion the type.
  std::string scope;  // "shop", "shop::Cart": the class of a method, without template arguments.
  std::vector<CppParameter> parameters;
  std::string result;     // As it is written; empty: of a constructor.
  bool in_class = false;  // Within the braces of its class.
  bool is_static = false;
  bool is_const = false;
  bool is_public =
      true;  // Nothing around it is private or without a name, and it is not static to its file.
  bool is_deleted = false;
  bool is_pure = false;
  std::vector<std::string> template_parameters;  // Its own.
  bool is_odd_template = false;                  // Parameters that are no types.
  std::size_t file = 0;                          // Of those that were read.
  std::string doc;
  std::optional<syntax::Node> body;
  syntax::Node node;  // The whole definition or declaration.
};

struct CppField {
  std::string name;
  std::string type;
  bool has_default = false;
};

struct CppClass {
  std::string name;  // "shop::Cart"
  std::vector<std::string> template_parameters;
  bool is_odd_template = false;
  bool is_public = true;
  bool has_bases = false;
  std::vector<std::string> bases{};  // Public ones, as they are written, without arguments.
  bool has_hidden_fields = false;
  std::vector<CppField> fields;  // Public ones, not static.
  std::size_t file = 0;
};

struct CppEnum {
  std::string name;
  std::vector<std::string> enumerators;  // "shop::Kind::small"
  bool is_public = true;
  std::size_t file = 0;
};

struct CppAlias {
  std::string name;
  std::string type;
  std::string scope;
};

struct CppFile {
  std::string path;  // Relative to the project.
  std::string text;
  syntax::Tree tree;
};

// What some files declare, in the order of the files. Nodes live as long as the files.
struct CppDeclarations {
  std::vector<CppFunction> functions;
  std::vector<CppClass> classes;
  std::vector<CppEnum> enums;
  std::vector<CppAlias> aliases;

  [[nodiscard]] const CppClass* class_named(const std::string& full_name) const;
  // What it inherits from, its bases' bases behind them.
  [[nodiscard]] std::vector<const CppClass*> bases_of(const CppClass& one) const;
  // Public methods and conversions, inherited ones, too, where no name hides them; no templates, none that are static.
  [[nodiscard]] std::vector<const CppFunction*> methods_of(const CppClass& one) const;
};
[[nodiscard]] CppDeclarations cpp_declarations(const std::vector<CppFile>& files);

}  // namespace leyden::qa
