#include <algorithm>
#include <array>
#include <string>

#include "leyden/agents/review/analyses/c/function_models.h"

namespace leyden::review::c {
namespace {

constexpr std::uint32_t kArgumentsMax = 500;

// Functions so named say what they are given, and keep and change nothing.
constexpr auto kPrinting =
    std::to_array<std::string_view>({"print", "puts", "show", "dump", "display", "log_", "trace"});

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with_word(std::string_view name, std::string_view word) {
  return name.size() >= word.size() &&
         std::ranges::equal(name.substr(0, word.size()), word, {}, lower);
}

bool is_shouted(std::string_view name) {
  return !name.empty() && std::ranges::none_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
}

// Of a function of the library that the name in capitals is a macro for; else empty.
std::string_view behind_macro(std::span<const FunctionModel> models) {
  const auto found = std::ranges::find(models, true, &FunctionModel::macro);
  return found == models.end() ? std::string_view() : found->name;
}

std::string_view name_in_std(std::string_view whole) {
  std::string_view name;
  if (whole.starts_with("std::")) name = whole.substr(5);
  if (whole.starts_with("::")) name = whole.substr(2);
  return name.find("::") == std::string_view::npos ? name : std::string_view();
}

bool is_named_cast(std::string_view name) {
  return name == "static_cast" || name == "reinterpret_cast" || name == "const_cast" ||
         name == "dynamic_cast";
}

// rand() and what projects name after it.
Value random_number(std::string_view name) {
  const bool negative = name != "rand" && name != "random";
  Value out =
      name.find("64") == std::string_view::npos
          ? Value::between(negative ? -(Wide{1} << 31) : Wide{0}, (Wide{1} << 31) - 1, 4, true)
          : Value::between(-(Wide{1} << 63), (Wide{1} << 63) - 1, 8, true);
  out.tainted = out.random = true;
  return out;
}

}  // namespace

bool Interpreter::may_be_macro(std::string_view name) const {
  return name.empty() || is_shouted(name) || function_macros_.contains(name) ||
         name.starts_with("va_");
}

bool Interpreter::reads_arguments(std::string_view name) const {
  return functions_.contains(name) || std::ranges::any_of(kPrinting, [&](std::string_view word) {
           return starts_with_word(name, word);
         });
}

Value Interpreter::call(Node node, State& state) {
  const Node function = inner(node.field("function"));
  const Node list = node.field("arguments");
  std::vector<Node> given;
  for (std::uint32_t i = 0; i < list.named_child_count() && i < kArgumentsMax; ++i) {
    if (kind_of(list.named_child(i)) != Kind::comment) given.push_back(list.named_child(i));
  }
  const std::string_view type = function.type();
  std::string_view name;
  if (kind_of(function) == Kind::identifier) {
    name = text(function);
  } else if (type == "qualified_identifier") {
    name = name_in_std(text(function));
  } else if (type == "template_function") {
    if (given.size() == 1 && is_named_cast(text(function.field("name"))))
      return named_cast(node, function, given[0], state);
  } else if (kind_of(function) == Kind::field) {
    method_call(node, function, given, state);
  } else {
    value(function, state);
  }
  if (variable_named(name) >= 0) name = {};
  if (is_shouted(name) && !function_macros_.contains(name)) {
    std::string lowered(name);
    std::ranges::transform(name, lowered.begin(), lower);
    if (const std::string_view function_name = behind_macro(models_of(lowered));
        !function_name.empty())
      name = function_name;
  }
  if (!name.empty() && !function_macros_.contains(name)) {
    if (const auto out = library_call(name, given, node, state)) return *out;
  }
  unknown_call(name, given, state);
  return {};
}

// static_cast<Type>(argument)
Value Interpreter::named_cast(Node node, Node function, Node argument, State& state) {
  Node name;
  const Node to = function.field("arguments").named_child(0);
  const Type type = types_.declared(types_.base(to), to.field("declarator"), name);
  const Value given = value(argument, state);
  if (type.pointer) {
    const bool checked = text(function.field("name")) == "dynamic_cast";
    return given.is_pointer() && !checked ? given : Value{};
  }
  if (type.number && !given.is_pointer()) return fitted(given, type, argument, node);
  escape(given, state);
  return {};
}

void Interpreter::method_call(Node node, Node function, const std::vector<Node>& arguments,
                              State& state) {
  const Node object = function.field("argument");
  if (text(function.field("operator")) == "->") {
    const Value pointer = value(object, state);
    dereference(pointer, function, state);
    escape(pointer, state);
    return;
  }
  if (const int index = variable_in(object); index >= 0) {
    forget(index, state);
  } else {
    escape(value(object, state), state);
  }
  // A file stream's path.
  if (text(function.field("field")) != "open" || arguments.empty()) return;
  const Node path = inner(arguments[0]);
  if (!path || kind_of(path) == Kind::call) return;
  if (is_tainted_text(value(path, state), state))
    report("c.path-from-input", node, {{"call", "open"}, {"argument", std::string(text(path))}});
}

// Empty: nothing is known of the function.
std::optional<Value> Interpreter::library_call(std::string_view name,
                                               const std::vector<Node>& arguments, Node node,
                                               State& state) {
  if (arguments.empty() && starts_with_word(name, "rand")) return random_number(name);
  const std::span<const FunctionModel> models = models_of(name);
  if (models.empty()) return std::nullopt;
  check_size_of_pointer({models[0], name, arguments, node});
  for (const FunctionModel& model : models) {
    if (arguments.size() < model.least || arguments.size() > model.most) continue;
    return (this->*model.run)({model, name, arguments, node}, state);
  }
  return std::nullopt;
}

// The size of a pointer for that of what it points to.
void Interpreter::check_size_of_pointer(const LibraryCall& call) {
  if (call.model.sized_by >= call.count()) return;
  const Node size = inner(call.arguments[call.model.sized_by]);
  const Node to = inner(call.arguments[0]);
  if (kind_of(size) != Kind::sizeof_ || kind_of(to) != Kind::identifier) return;
  const Node measured = inner(size.field("value"));
  if (kind_of(measured) != Kind::identifier || text(measured) != text(to)) return;
  const int index = variable_named(text(measured));
  if (index >= 0 && variables_[static_cast<std::size_t>(index)].type.pointer)
    report("c.size-of-pointer-argument", size,
           {{"call", std::string(call.name)}, {"pointer", std::string(text(measured))}});
}

Value Interpreter::argument(const LibraryCall& call, std::size_t at, State& state) {
  return at < call.count() ? value(call.arguments[at], state) : Value{};
}

// Evaluates the arguments from the first on.
void Interpreter::arguments(const LibraryCall& call, std::size_t first, State& state) {
  for (std::size_t i = first; i < call.count(); ++i) value(call.arguments[i], state);
}

void Interpreter::report_argument(std::string_view analysis, const LibraryCall& call,
                                  std::size_t at) {
  report(analysis, call.node,
         {{"call", std::string(call.name)}, {"argument", std::string(text(call.arguments[at]))}});
}

Value Interpreter::call_end(const LibraryCall& call, State& state) {
  arguments(call, 0, state);
  state.dead = true;
  return {};
}

}  // namespace leyden::review::c
