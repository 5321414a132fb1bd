#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "leyden/agents/qa/compiled/schemata.h"
#include "leyden/agents/qa/function.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {

struct JavaFile {
  std::string name;  // "Cart.java"
  std::string text;
  syntax::Tree tree;
};

// What makes an object.
struct JavaMaker {
  std::string call;   // "new Cart", "Cart.of"; of a class that setters fill the helper's name.
  std::string plain;  // "new Cart": what a method's object is made with. Else the same.
  std::vector<Parameter> parameters;
  bool takes_rest = false;  // The last parameter is variadic.
  bool is_checked = false;  // Declares exceptions.
  std::string helper;       // A method that makes one, calls its setters and gives it; else empty.
};

// What Java needs to know of a function beyond qa::Function.
struct JavaCallable {
  std::string call;    // "Shop.price", "new Cart"; of a method its name.
  std::string object;  // A method's type: "Cart", "Box<Integer>".
  bool takes_rest = false;
  std::string result;  // "int", "java.util.List", "Cart": without type arguments; empty: nothing.
  bool is_checked = false;  // Declares exceptions.
};

struct JavaSource {
  std::string package;
  std::vector<Function> functions;
  std::vector<JavaCallable> callables;         // Beside each.
  std::vector<BodySpan> bodies;                // Of functions, in the target.
  std::map<std::string, JavaMaker> makers;     // Of each class that values are made of.
  std::map<std::string, std::string> imports;  // Whole names by simple ones.
  std::vector<std::string> wildcards;          // "java.util.*"
  std::set<std::string> names;                 // Of the package's classes.
};

// `files` are the package's and those that the target imports, the target last.
[[nodiscard]] JavaSource java_source(const std::vector<JavaFile>& files);

}  // namespace leyden::qa
