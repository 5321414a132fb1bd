#include "leyden/agents/review/analyses/hidden_builtins.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "leyden/agents/review/analyses/python_targets.h"
#include "leyden/agents/review/code_shape.h"

namespace leyden::review {
namespace {

using syntax::Node;

// dir(builtins) of Python 3.11, but for what only its prompt has.
constexpr auto kBuiltins = std::to_array<std::string_view>({
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "Ellipsis",
    "EncodingWarning",
    "EnvironmentError",
    "Exception",
    "ExceptionGroup",
    "False",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "None",
    "NotADirectoryError",
    "NotImplemented",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "True",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
});

bool is_builtin(std::string_view name) { return std::ranges::binary_search(kBuiltins, name); }

void tell(const CodeModel& model, Node name, const ReportHit& report) {
  if (!is_builtin(model.text(name))) return;
  report({.begin = name.begin(),
          .end = name.end(),
          .names = {{"name", std::string(model.text(name))}}});
}

// What it is a member of a class's body, whose names are asked for through the class.
bool is_member(Node node) {
  for (Node up = node.parent(); up; up = up.parent()) {
    if (up.type() == "class_definition") return true;
    if (up.type() == "function_definition") return false;
  }
  return false;
}

// `x` of x, x=1, x: int, x: int = 1, *x.
Node name_of_parameter(Node parameter) {
  if (const Node name = parameter.field("name")) return name;
  return parameter.type() == "identifier" || parameter.named_child_count() == 0
             ? parameter
             : parameter.named_child(0);
}

}  // namespace

void find_hidden_builtins(const CodeModel& model, const Rule&, const ReportHit& report) {
  if (model.file().tree() == nullptr) return;
  model.file().walk_nodes([&](Node node) {
    const std::string_view type = node.type();
    std::vector<Target> targets;
    add_targets_of(node, targets);
    if (type == "function_definition" || type == "class_definition")
      targets.push_back({.name = node.field("name")});
    if (type == "import_from_statement") {
      for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
        const Node child = node.named_child(i);
        if (child == node.field("module_name")) continue;
        targets.push_back(
            {.name = child.type() == "aliased_import" ? child.field("alias") : child});
      }
    }
    if (targets.empty() || is_member(node)) return true;
    for (const Target& target : targets) tell(model, target.name, report);
    return true;
  });
}

void find_hiding_parameters(const CodeModel& model, const Rule&, const ReportHit& report) {
  for (const Node function : model.functions()) {
    const Node parameters = function.field("parameters");
    if (!parameters || function.type() != "function_definition") continue;
    for (std::uint32_t i = 0; i < parameters.named_child_count(); ++i)
      tell(model, name_of_parameter(parameters.named_child(i)), report);
  }
}

}  // namespace leyden::review
