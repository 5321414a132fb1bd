#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "leyden/agents/review/analyses/c/interpreter.h"
#include "leyden/agents/review/code_shape.h"

namespace leyden::review::c {
namespace {

using From = Buffer::From;

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}
constexpr auto kEnds = std::to_array<std::string_view>(
    {"exit", "_exit", "_Exit", "abort", "longjmp", "siglongjmp", "quick_exit", "pthread_exit",
     "err", "errx", "verr", "verrx", "terminate", "__builtin_unreachable", "__builtin_trap",
     "unreachable", "ExitProcess"});
// Look at what their pointers point to and keep nothing.
constexpr auto kReaders = std::to_array<std::string_view>(
    {"strcmp",   "strncmp",   "strcasecmp", "strncasecmp", "memcmp",    "strlen",   "strnlen",
     "wcslen",   "puts",      "fputs",      "fputc",       "putc",      "putchar",  "printf",
     "fprintf",  "vprintf",   "vfprintf",   "dprintf",     "fwrite",    "write",    "send",
     "sendto",   "perror",    "fflush",     "fseek",       "ftell",     "rewind",   "feof",
     "ferror",   "clearerr",  "fileno",     "fgetc",       "getc",      "ungetc",   "getchar",
     "atoi",     "atol",      "atoll",      "atof",        "strtol",    "strtoul",  "strtoll",
     "strtoull", "strtod",    "isatty",     "lseek",       "fstat",     "abs",      "labs",
     "llabs",    "fabs",      "sqrt",       "isdigit",     "isalpha",   "isspace",  "isalnum",
     "isxdigit", "toupper",   "tolower",    "isupper",     "islower",   "sleep",    "usleep",
     "fsync",    "ftruncate", "assert",     "syslog",      "wprintf",   "putwchar", "sscanf",
     "htons",    "htonl",     "ntohs",      "ntohl",       "inet_addr", "signal",   "time",
     "srand",    "rand",      "unlink",     "remove",      "rename",    "access",   "stat",
     "chmod",    "mkdir",     "rmdir",      "chdir",       "setvbuf",   "setbuf"});
// Whoever asks these about a text has looked at it.
constexpr auto kLookers = std::to_array<std::string_view>(
    {"strcmp", "strncmp", "strcasecmp", "strncasecmp", "memcmp", "strchr", "strrchr", "strstr",
     "strpbrk", "strspn", "strcspn", "fnmatch"});
constexpr auto kAllocators = std::to_array<std::string_view>(
    {"malloc", "calloc", "realloc", "strdup", "strndup", "reallocarray", "valloc"});
constexpr auto kAlloca =
    std::to_array<std::string_view>({"alloca", "ALLOCA", "_alloca", "__builtin_alloca"});
constexpr auto kFromFile =
    std::to_array<std::string_view>({"fopen", "freopen", "tmpfile", "fdopen", "popen", "opendir"});
constexpr auto kNumbersOf = std::to_array<std::string_view>(
    {"atoi", "atol", "atoll", "strtol", "strtoul", "strtoll", "strtoull"});
constexpr auto kShells = std::to_array<std::string_view>({"system", "popen", "_popen", "wordexp"});
constexpr auto kPrograms = std::to_array<std::string_view>(
    {"execl", "execlp", "execle", "execv", "execvp", "execve", "execvpe", "EXECL", "EXECLP",
     "EXECV", "EXECVP", "posix_spawn", "posix_spawnp"});
constexpr auto kPaths = std::to_array<std::string_view>(
    {"fopen", "open", "freopen", "openat", "creat", "opendir", "OPEN", "FOPEN"});

// Functions so named say what they are given, and keep and change nothing.
constexpr auto kPrinting =
    std::to_array<std::string_view>({"print", "puts", "show", "dump", "display", "log_", "trace"});

struct Format {
  std::string_view name;
  std::size_t at;
};
constexpr auto kFormats = std::to_array<Format>({
    {"printf", 0},
    {"vprintf", 0},
    {"fprintf", 1},
    {"vfprintf", 1},
    {"dprintf", 1},
    {"sprintf", 1},
    {"vsprintf", 1},
    {"snprintf", 2},
    {"vsnprintf", 2},
    {"syslog", 1},
    {"SNPRINTF", 2},
    {"asprintf", 1},
});

bool starts_with_word(std::string_view name, std::string_view word) {
  if (name.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(name[i])) != word[i]) return false;
  }
  return true;
}

bool is_shouted(std::string_view name) {
  return !name.empty() && std::ranges::none_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

bool Interpreter::is_tainted_text(const Value& pointer, State& state) {
  const Buffer* memory = buffer(pointer, state);
  return memory != nullptr && memory->tainted;
}

void Interpreter::fill_from_input(const Value& pointer, State& state) {
  Buffer* memory = buffer(pointer, state);
  if (memory == nullptr || memory->from == From::literal) return;
  memory->forget_content();
  memory->tainted = true;
}

Value Interpreter::allocation(From from, const Value& size, Node node, State& state) {
  const int target = buffer_at(node, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(target)];
  memory.from = from;
  if (size.is_constant() && size.low >= 0) {
    memory.size = size.low;
    memory.unit = size.unit;
    memory.ready = 0;
  } else if (size.is_number() && size.unit != 0) {
    memory.unit = size.unit;
  }
  Value out;
  out.kind = Value::Kind::pointer;
  out.sure = true;
  out.target = target;
  out.unit = memory.unit;
  return out;
}

bool Interpreter::size_is_sound(const Value& size, Node node, std::string_view name) {
  if (!size.is_number() || !size.sure || size.real) return true;
  if (size.low < 0 && (size.tainted || size.is_constant())) {
    report("c.negative-size", node,
           {{"call", std::string(name)}, {"size", std::string(text(node))}});
    return false;
  }
  return true;
}

void Interpreter::copy(const Value& to, const Value& from, const Value& size, Node node,
                       State& state, std::string_view name, bool stops_at_end) {
  if (size.is_constant() && size.low == 0) return;  // Null may stand for nothing.
  dereference(to, node, state);
  if (!state.dead) dereference(from, node, state);
  if (state.dead) return;
  const Buffer* source = buffer(from, state);
  const bool sized = size.is_number() && size.sure && !size.real && size.low >= 0;
  const auto check = [&](const Value& pointer, bool write) {
    Buffer* memory = buffer(pointer, state);
    if (memory == nullptr || memory->life != Buffer::Life::live) return true;
    const bool nonempty = !sized || size.high > 0;
    if (pointer.sure && pointer.low < 0 && nonempty) {
      report(write ? "c.buffer-underwrite" : "c.buffer-underread", node,
             {{"expression", std::string(text(node))},
              {"offset", std::to_string(static_cast<long long>(-pointer.low))}});
      return false;
    }
    if (!sized || !pointer.sure || memory->size < 0 || pointer.unit != memory->unit) return true;
    if (size.unit != memory->unit) return true;
    if (pointer.high + size.high <= memory->size) return true;
    report(write ? "c.buffer-overflow" : "c.buffer-overread", node,
           {{"expression", std::string(text(node))},
            {"size", std::to_string(static_cast<long long>(memory->size))},
            {"used", std::to_string(static_cast<long long>(
                         std::min(pointer.high + size.high, Wide{1} << 62)))}});
    return false;
  };
  bool sound = check(to, true);
  if (sound && !stops_at_end) {
    sound = check(from, false);
  } else if (sound && from.sure && from.low < 0) {
    check(from, false);
  }
  (void)name;
  source = buffer(from, state);
  Wide length = -1;
  bool tainted = false;
  if (source != nullptr) {
    tainted = source->tainted;
    if (source->length >= 0 && sized && from.low == 0 && from.high == 0 &&
        size.low > source->length)
      length = source->length;
  }
  Buffer* memory = buffer(to, state);
  if (memory == nullptr || memory->from == From::literal) return;
  memory->tainted = memory->tainted || tainted;
  memory->ready = -1;
  memory->length = to.low == 0 && to.high == 0 ? length : -1;
  memory->filled = std::max(memory->length, Wide{0});
}

// strcpy and strcat: the source's text, and its end.
void Interpreter::copy_text(const Value& to, const Value& from, bool appends, Node node,
                            State& state, std::string_view name) {
  const Buffer* source = buffer(from, state);
  const Buffer* target = buffer(to, state);
  Value size;
  if (source != nullptr && source->length >= 0 && from.sure && from.low >= 0 &&
      from.low <= source->length && from.unit == 0) {
    const Wide before = !appends                           ? Wide{0}
                        : target != nullptr && to.low == 0 ? target->length
                                                           : Wide{-1};
    if (before >= 0) size = Value::of(before + source->length - from.low + 1, 8, false);
  }
  const Wide length = size.is_number() ? size.low - 1 : Wide{-1};
  if (appends && target != nullptr && target->ready == 0 && target->life == Buffer::Life::live) {
    report("c.uninitialized", node, {{"name", std::string(text(node))}});
  }
  // What comes from outside has any length: only a source without bound is one.
  copy(to, from, size, node, state, name, true);
  if (Buffer* memory = buffer(to, state);
      memory != nullptr && memory->from != From::literal && to.low == 0 && to.high == 0) {
    memory->length = length;
    memory->filled = std::max(length, Wide{0});
  }
}

void Interpreter::release(std::string_view name, From how, Node argument, Node node, State& state) {
  const Value pointer = value(argument, state);
  if (!pointer.is_pointer() || pointer.target == Value::kNowhere) return;
  const std::string shown(text(argument));
  Buffer* memory = buffer(pointer, state);
  if (memory == nullptr) return;
  const bool file = how == From::file || how == From::handle;
  if (memory->life == Buffer::Life::freed) {
    report(file ? "c.double-close" : "c.double-free", node,
           {{"pointer", shown},
            {"line", std::to_string(memory->freed_line)},
            {"call", std::string(name)}});
    return;
  }
  if (file && pointer.null && pointer.unchecked && memory->life == Buffer::Life::live)
    dereference(pointer, node, state);
  if (memory->life == Buffer::Life::maybe && memory->from != From::stack) return;
  if (!file && (memory->from < From::malloc_)) {
    if (memory->life == Buffer::Life::live) {
      report("c.free-not-heap", node,
             {{"pointer", shown},
              {"call", std::string(name)},
              {"memory", memory->from == From::literal   ? "a literal"
                         : memory->from == From::static_ ? "static memory"
                                                         : "on the stack"}});
    }
    return;
  }
  const auto said = [](From from) -> std::string {
    switch (from) {
      case From::malloc_:
        return "malloc, calloc, realloc or strdup";
      case From::new_:
        return "new";
      case From::new_array:
        return "new[]";
      default:
        return "a function that opens files";
    }
  };
  if (how == From::handle && memory->from != how) return;
  if (memory->from != how && !memory->escaped) {
    report("c.mismatched-release", node,
           {{"pointer", shown},
            {"call", std::string(name)},
            {"from", said(memory->from)},
            {"line", std::to_string(memory->site.first_line())}});
  } else if (pointer.moved || (pointer.sure && pointer.low > 0)) {
    report("c.free-inside", node, {{"pointer", shown}, {"call", std::string(name)}});
  }
  memory->life = memory->escaped ? Buffer::Life::maybe : Buffer::Life::freed;
  memory->freed_line = static_cast<std::uint32_t>(node.first_line());
}

// Values that a call's format has read into its arguments.
void Interpreter::input_into(Node argument, State& state) {
  argument = inner(argument);
  if (kind_of(argument) == Kind::cast) argument = inner(argument.field("value"));
  if (kind_of(argument) == Kind::pointer && text(argument.field("operator")) == "&") {
    const int index = variable_in(argument.field("argument"));
    const auto at = static_cast<std::size_t>(index);
    if (index >= 0 && kind_of(inner(argument.field("argument"))) == Kind::identifier &&
        at < state.variables.size()) {
      const Type& type = variables_[at].type;
      if (variables_[at].untracked || type.pointer || type.array) return;
      Value in = unknown_of(type);
      if (type.number) in = Value::between(type.least(), type.most(), type.bytes, type.is_signed);
      if (type.real) {
        in = Value::between(-kFar, kFar, 8, true);
        in.real = true;
      }
      in.tainted = in.is_number();
      state.variables[at] = in;
      return;
    }
    value(argument, state);
    return;
  }
  fill_from_input(value(argument, state), state);
}

void Interpreter::scan(std::string_view name, const std::vector<Node>& arguments,
                       std::size_t format, State& state) {
  bool input = name != "sscanf";
  for (std::size_t i = 0; i < format && i < arguments.size(); ++i) {
    const Value from = value(arguments[i], state);
    if (name == "sscanf" && is_tainted_text(from, state)) input = true;
  }
  if (format < arguments.size()) value(arguments[format], state);
  const std::string_view written =
      format < arguments.size() ? text(arguments[format]) : std::string_view();
  std::size_t next = 0;
  for (std::size_t i = format + 1; i < arguments.size(); ++i) {
    // The conversion of this argument: what has a width is bounded, and %n counts.
    bool whole = true;
    for (next = written.find('%', next); next != std::string_view::npos;
         next = written.find('%', next)) {
      const std::size_t end = written.find_first_not_of("0123456789hlLqjzt'm", next + 1);
      if (end == std::string_view::npos) break;
      if (written[end] == '%' || written[end] == '*') {
        next = end + 1;
        continue;
      }
      whole = written[end] == 's' || written[end] == '[' ||
              (written[end] != 'n' && written.find_first_of("0123456789", next + 1) > end);
      next = end + 1;
      break;
    }
    if (input && whole) {
      input_into(arguments[i], state);
      continue;
    }
    const Node argument = inner(arguments[i]);
    if (kind_of(argument) == Kind::pointer && variable_in(argument.field("argument")) >= 0) {
      forget(variable_in(argument.field("argument")), state);
    } else {
      escape(value(argument, state), state);
    }
  }
}

bool Interpreter::may_be_macro(std::string_view name) const {
  return name.empty() || is_shouted(name) || function_macros_.contains(name) ||
         name.starts_with("va_");
}

bool Interpreter::reads_arguments(std::string_view name) const {
  return functions_.contains(name) || std::ranges::any_of(kPrinting, [&](std::string_view word) {
           return starts_with_word(name, word);
         });
}

// A function of which nothing is known: it may keep, change and free what it can reach.
void Interpreter::unknown_call(std::string_view name, Node function,
                               const std::vector<Node>& arguments, State& state) {
  const bool macro = may_be_macro(name);
  (void)function;
  if (macro) {  // It may know the names of variables.
    for (Value& one : state.variables) {
      if (one.kind == Value::Kind::uninitialized) one = {};
    }
  }
  for (const Node written_argument : arguments) {
    const Node argument = inner(written_argument);
    const Kind kind = kind_of(argument);
    if ((kind == Kind::subscript || kind == Kind::field) && !reads_arguments(name)) {
      Node base = argument;
      for (int i = 0; i < 20 && (kind_of(base) == Kind::subscript || kind_of(base) == Kind::field);
           ++i)
        base = inner(base.field("argument"));
      const int index = variable_in(base);
      const auto at = static_cast<std::size_t>(index);
      if (index >= 0 && at < state.variables.size()) {
        if (Buffer* memory = buffer(state.variables[at], state);
            memory != nullptr && memory->ready >= 0)
          memory->ready = -1;
        if (state.variables[at].kind == Value::Kind::uninitialized && kind == Kind::field)
          state.variables[at] = {};
      }
    }
    if (kind == Kind::pointer && text(argument.field("operator")) == "&" &&
        kind_of(inner(argument.field("argument"))) == Kind::identifier) {
      forget(variable_in(argument.field("argument")), state);
      continue;
    }
    if (kind == Kind::identifier) {
      const int index = variable_named(text(argument));
      const auto at = static_cast<std::size_t>(index);
      if (index >= 0 && at < state.variables.size()) {
        const Value now = state.variables[at];
        const Type& type = variables_[at].type;
        const bool plain = type.number || type.real || type.pointer;
        // What looks like a call of a function may be a macro that gives the variable its value: not one that prints it.
        if (now.kind == Value::Kind::uninitialized && (macro || !plain || !reads_arguments(name))) {
          state.variables[at] = {};
          continue;
        }
        if (now.is_null() && !reads_arguments(name)) {
          state.variables[at] = {};
          continue;
        }
        if ((macro || cpp_) && (now.is_number() && !now.is_constant()))
          state.variables[at] = unknown_of(type);
        if (macro && variables_[at].array == Value::kNowhere) {
          forget(index, state);
          continue;
        }
      }
    }
    const Value given = value(argument, state);
    if (Buffer* memory = buffer(given, state)) {
      if (memory->life == Buffer::Life::freed) {
        report("c.use-after-free", argument,
               {{"pointer", std::string(text(argument))},
                {"line", std::to_string(memory->freed_line)}});
        memory = buffer(given, state);
        memory->life = Buffer::Life::maybe;
      }
      if (memory->ready == 0 && memory->life == Buffer::Life::live) memory->ready = -1;
      escape(given, state);
    }
    for (Value& one : state.variables) {
      if (given.is_pointer() && one.is_pointer() && one.target == given.target)
        one.unchecked = false;
    }
  }
}

Value Interpreter::call(Node node, State& state) {
  const Node function = inner(node.field("function"));
  const Node list = node.field("arguments");
  std::vector<Node> arguments;
  for (std::uint32_t i = 0; i < list.named_child_count() && i < 500; ++i) {
    if (kind_of(list.named_child(i)) != Kind::comment) arguments.push_back(list.named_child(i));
  }
  std::string_view name;
  if (kind_of(function) == Kind::identifier) {
    name = text(function);
  } else if (function.type() == "qualified_identifier") {
    const std::string_view whole = text(function);
    name = whole.starts_with("std::") ? whole.substr(5)
           : whole.starts_with("::")  ? whole.substr(2)
                                      : std::string_view();
    if (name.find("::") != std::string_view::npos) name = {};
  } else if (function.type() == "template_function") {
    const std::string_view kind = text(function.field("name"));
    if ((kind == "static_cast" || kind == "reinterpret_cast" || kind == "const_cast" ||
         kind == "dynamic_cast") &&
        arguments.size() == 1) {
      Node name_node;
      const Node to = function.field("arguments").named_child(0);
      const Type type = types_.declared(types_.base(to), to.field("declarator"), name_node);
      const Value given = value(arguments[0], state);
      if (type.pointer) return given.is_pointer() && kind != "dynamic_cast" ? given : Value{};
      if (type.number && !given.is_pointer()) return fitted(given, type, arguments[0], node);
      escape(given, state);
      return {};
    }
  } else if (kind_of(function) == Kind::field) {
    const Node object = function.field("argument");
    if (text(function.field("operator")) == "->") {
      const Value pointer = value(object, state);
      dereference(pointer, function, state);
      escape(pointer, state);
    } else {
      if (const int index = variable_in(object); index >= 0) {
        forget(index, state);
      } else {
        escape(value(object, state), state);
      }
      // A file stream's path.
      if (text(function.field("field")) == "open" && !arguments.empty()) {
        const Node path = inner(arguments[0]);
        const Node base = kind_of(path) == Kind::call ? Node() : path;
        if (base) {
          const Value given = value(base, state);
          if (is_tainted_text(given, state))
            report("c.path-from-input", node,
                   {{"call", "open"}, {"argument", std::string(text(path))}});
        }
      }
    }
  } else {
    value(function, state);
  }
  if (variable_named(name) >= 0) name = {};
  std::string lowered;
  if (is_shouted(name) && !function_macros_.contains(name)) {
    // A macro for a function that systems name differently.
    lowered.resize(name.size());
    std::ranges::transform(name, lowered.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (is_in(kShells, lowered) || is_in(kPrograms, lowered) || is_in(kPaths, lowered) ||
        lowered == "sleep" || lowered == "usleep" || lowered == "snprintf" || lowered == "close" ||
        lowered == "putenv" || lowered == "getenv" || lowered == "alloca")
      name = lowered;
  }
  bool known = !name.empty();
  if (known && !function_macros_.contains(name)) {
    const Value out = known_call(name, arguments, node, state, known);
    if (known) return out;
  }
  unknown_call(name, function, arguments, state);
  return {};
}

Value Interpreter::known_call(std::string_view name, const std::vector<Node>& arguments, Node node,
                              State& state, bool& known) {
  const std::size_t count = arguments.size();
  const auto of = [&](std::size_t i) { return i < count ? value(arguments[i], state) : Value{}; };
  const auto is = [&](std::string_view one) { return name == one; };

  // The size of a pointer for that of what it points to.
  constexpr auto kSized = std::to_array<std::pair<std::string_view, std::size_t>>({{"memset", 2},
                                                                                   {"memcpy", 2},
                                                                                   {"memmove", 2},
                                                                                   {"strncpy", 2},
                                                                                   {"strncat", 2},
                                                                                   {"snprintf", 1},
                                                                                   {"fgets", 1},
                                                                                   {"bzero", 1}});
  for (const auto& [function, at] : kSized) {
    if (function != name || at >= count) continue;
    const Node size = inner(arguments[at]);
    const Node to = inner(arguments[0]);
    const Node measured = kind_of(size) == Kind::sizeof_ ? inner(size.field("value")) : Node();
    if (!measured || kind_of(measured) != Kind::identifier || kind_of(to) != Kind::identifier ||
        text(measured) != text(to))
      continue;
    const int index = variable_named(text(measured));
    if (index >= 0 && variables_[static_cast<std::size_t>(index)].type.pointer)
      report("c.size-of-pointer-argument", size,
             {{"call", std::string(name)}, {"pointer", std::string(text(measured))}});
  }
  if (is_in(kEnds, name)) {
    for (std::size_t i = 0; i < count; ++i) of(i);
    state.dead = true;
    return {};
  }
  if (is_in(kAllocators, name) && count >= 1) {
    Value size;
    From from = From::malloc_;
    const Node size_node =
        arguments[is("realloc") || is("strndup") ? std::min<std::size_t>(1, count - 1) : 0];
    if (is("strdup") || is("strndup")) {
      const Value text_of = of(0);
      dereference(text_of, node, state);
      const Buffer* source = buffer(text_of, state);
      const bool tainted = source != nullptr && source->tainted;
      if (is("strdup") && source != nullptr && source->length >= 0 && text_of.low == 0 &&
          text_of.high == 0)
        size = Value::of(source->length + 1, 8, false);
      const Wide length = size.is_number() ? size.low - 1 : Wide{-1};
      Value out = allocation(from, size, node, state);
      Buffer& memory = state.buffers[static_cast<std::size_t>(out.target)];
      memory.tainted = tainted;
      memory.ready = -1;
      memory.length = length;
      memory.filled = std::max(length, Wide{0});
      out.null = out.unchecked = true;
      return out;
    }
    Value old;
    if (is("calloc") || is("reallocarray")) {
      const Value one = of(count >= 3 ? 1 : 0);
      const Value other = of(count >= 3 ? 2 : 1);
      if (one.is_constant() && other.is_constant() && (one.unit == 0 || other.unit == 0))
        size = arithmetic("*", one, other, node, state);
    } else if (is("realloc")) {
      old = of(0);
      size = of(1);
    } else {
      size = of(0);
    }
    if (size_is_sound(size, size_node, name) && size.is_number() && size.tainted && size.sure &&
        size.high > (Wide{1} << 26)) {
      report("c.allocation-from-input", size_node,
             {{"call", std::string(name)}, {"size", std::string(text(size_node))}});
    }
    if (Buffer* before = buffer(old, state); before != nullptr) {
      if (before->life == Buffer::Life::freed) {
        report("c.use-after-free", node,
               {{"pointer", std::string(text(arguments[0]))},
                {"line", std::to_string(before->freed_line)}});
      }
      before = buffer(old, state);
      if (before->from != From::literal) before->life = Buffer::Life::maybe;
    }
    Value out = allocation(from, size, node, state);
    if (!is("malloc")) state.buffers[static_cast<std::size_t>(out.target)].ready = -1;
    out.null = out.unchecked = true;
    if (is("realloc") && !old.is_null()) out.unchecked = true;
    return out;
  }
  if (is_in(kAlloca, name) && count == 1) return allocation(From::alloca_, of(0), node, state);
  if (is("free") && count == 1) {
    release("free", From::malloc_, arguments[0], node, state);
    return {};
  }
  if ((is("fclose") || is("pclose") || is("closedir")) && count == 1) {
    release(name, From::file, arguments[0], node, state);
    return {};
  }
  if (is("close") && count == 1) {
    release(name, From::handle, arguments[0], node, state);
    return {};
  }
  if ((is("system") || is_in(kShells, name)) && count >= 1) {
    const Value command = of(0);
    for (std::size_t i = 1; i < count; ++i) of(i);
    if (is_tainted_text(command, state))
      report("c.command-from-input", node,
             {{"call", std::string(name)}, {"argument", std::string(text(arguments[0]))}});
    if (is("popen")) {
      Value out = allocation(From::file, {}, node, state);
      out.null = out.unchecked = true;
      return out;
    }
    return {};
  }
  if (is_in(kPrograms, name)) {
    bool tainted = false;
    std::string argument;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_tainted_text(of(i), state) || tainted) continue;
      tainted = true;
      argument = text(arguments[i]);
    }
    if (tainted)
      report("c.command-from-input", node, {{"call", std::string(name)}, {"argument", argument}});
    return {};
  }
  if (is_in(kPaths, name) && count >= 1) {
    const std::size_t at = is("openat") ? 1 : 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Value given = of(i);
      if (i == at && is_tainted_text(given, state))
        report("c.path-from-input", node,
               {{"call", std::string(name)}, {"argument", std::string(text(arguments[i]))}});
      if (is("freopen") && i == 2) escape(given, state);
    }
    // Other functions are called `open`, too: POSIX's has flags.
    const bool has_flags =
        count > at + 1 && text(arguments[at + 1]).find("O_") != std::string_view::npos;
    if (is("creat") || ((is("open") || is("openat")) && has_flags)) {
      Value out = allocation(From::handle, {}, node, state);
      out.null = out.handle = true;
      return out;
    }
    if (is_in(kFromFile, name)) {
      Value out = allocation(From::file, {}, node, state);
      out.null = out.unchecked = true;
      return out;
    }
    return {};
  }
  if (is("tmpfile") || is("fdopen")) {
    for (std::size_t i = 0; i < count; ++i) of(i);
    Value out = allocation(From::file, {}, node, state);
    out.null = out.unchecked = true;
    return out;
  }
  if ((is("memcpy") || is("memmove") || is("mempcpy")) && count == 3) {
    const Value to = of(0);
    const Value from = of(1);
    const Value size = of(2);
    if (size_is_sound(size, arguments[2], name)) copy(to, from, size, node, state, name, false);
    return to;
  }
  if ((is("strncpy") || is("stpncpy")) && count == 3) {
    const Value to = of(0);
    const Value from = of(1);
    const Value size = of(2);
    if (size_is_sound(size, arguments[2], name)) copy(to, from, size, node, state, name, true);
    return to;
  }
  if ((is("memset") || is("bzero")) && count >= 2) {
    const Value to = of(0);
    const Value with = is("bzero") ? Value::of(0) : of(1);
    const Value size = of(is("bzero") ? 1 : 2);
    const Node size_node = arguments[is("bzero") ? 1 : std::min<std::size_t>(2, count - 1)];
    if (size_is_sound(size, size_node, name)) copy(to, {}, size, node, state, name, true);
    Buffer* memory = buffer(to, state);
    if (memory != nullptr && memory->from != From::literal && to.low == 0 && to.high == 0 &&
        with.is_constant() && size.is_constant()) {
      memory->tainted = false;
      if (with.low == 0 && size.high > 0) {
        memory->length = memory->filled = 0;
      } else if (size.unit == 0) {
        memory->length = -1;
        memory->filled = size.low;
      }
    }
    return to;
  }
  if ((is("strcpy") || is("stpcpy") || is("strcat")) && count == 2) {
    const Value to = of(0);
    const Value from = of(1);
    copy_text(to, from, is("strcat"), node, state, name);
    return is("stpcpy") ? Value{} : to;
  }
  if (is("strncat") && count == 3) {
    const Value to = of(0);
    const Value from = of(1);
    const Value most = of(2);
    const Buffer* source = buffer(from, state);
    const Buffer* target = buffer(to, state);
    if (target != nullptr && target->ready == 0 && target->life == Buffer::Life::live)
      report("c.uninitialized", node, {{"name", std::string(text(node))}});
    if (size_is_sound(most, arguments[2], name)) {
      Value size;
      if (source != nullptr && target != nullptr && source->length >= 0 && target->length >= 0 &&
          most.is_constant() && most.unit == 0 && to.low == 0 && from.low == 0 && from.high == 0)
        size = Value::of(target->length + std::min(source->length, most.low) + 1, 8, false);
      const Wide length = size.is_number() ? size.low - 1 : Wide{-1};
      copy(to, from, size, node, state, name, true);
      if (Buffer* memory = buffer(to, state);
          memory != nullptr && memory->from != From::literal && to.low == 0 && to.high == 0)
        memory->length = length;
    }
    return to;
  }
  if (is("strlen") && count == 1) {
    const Value given = of(0);
    dereference(given, node, state);
    const Buffer* memory = buffer(given, state);
    if (memory != nullptr && memory->length >= 0 && given.sure && given.low >= 0 &&
        given.low <= memory->length && given.low == given.high)
      return Value::of(memory->length - given.low, 8, false);
    Value out;
    out.bytes = 8;
    out.is_signed = false;
    return out;
  }
  for (const Format& format : kFormats) {
    if (format.name != name || format.at >= count) continue;
    Value first;
    Value limit;
    for (std::size_t i = 0; i < count; ++i) {
      const Value given = of(i);
      if (i == 0) first = given;
      if (i == 1) limit = given;
      if (i != format.at) {
        if (const Buffer* memory = buffer(given, state);
            memory != nullptr && memory->life == Buffer::Life::freed)
          dereference(given, arguments[i], state);
        continue;
      }
      if (is_tainted_text(given, state))
        report("c.format-from-input", node,
               {{"call", std::string(name)}, {"argument", std::string(text(arguments[i]))}});
    }
    const bool writes = is("sprintf") || is("vsprintf") || format.at == 2;
    if (writes) {
      copy(first, {}, format.at == 2 ? limit : Value{}, node, state, name, true);
      if (Buffer* memory = buffer(first, state);
          memory != nullptr && memory->from != From::literal) {
        for (std::size_t i = format.at + 1; i < count; ++i) {
          const int index = variable_in(arguments[i]);
          const auto at = static_cast<std::size_t>(index);
          if (index >= 0 && at < state.variables.size() &&
              is_tainted_text(state.variables[at], state))
            buffer(first, state)->tainted = true;
        }
      }
    }
    return {};
  }
  if (is("fgets") && count == 3) {
    const Value to = of(0);
    const Value size = of(1);
    of(2);
    if (size_is_sound(size, arguments[1], name)) copy(to, {}, size, node, state, name, true);
    fill_from_input(to, state);
    Value out = to;
    out.null = true;
    return out;
  }
  if ((is("recv") || is("read") || is("recvfrom") || is("pread")) && count >= 3) {
    of(0);
    const Value to = of(1);
    const Value size = of(2);
    for (std::size_t i = 3; i < count; ++i) {
      const int index = kind_of(inner(arguments[i])) == Kind::pointer
                            ? variable_in(inner(arguments[i]).field("argument"))
                            : -1;
      if (index >= 0) forget(index, state);
    }
    if (size_is_sound(size, arguments[2], name)) copy(to, {}, size, node, state, name, true);
    fill_from_input(to, state);
    return {};
  }
  if (is("fread") && count == 4) {
    const Value to = of(0);
    const Value one = of(1);
    const Value times = of(2);
    of(3);
    Value size;
    if (one.is_constant() && times.is_constant() && (one.unit == 0 || times.unit == 0))
      size = arithmetic("*", one, times, node, state);
    copy(to, {}, size, node, state, name, true);
    fill_from_input(to, state);
    return {};
  }
  if (is("gets") && count == 1) {
    const Value to = of(0);
    fill_from_input(to, state);
    return to;
  }
  if ((is("getenv") || is("GETENV") || is("secure_getenv")) && count == 1) {
    of(0);
    Value out = allocation(From::static_, {}, node, state);
    Buffer& memory = state.buffers[static_cast<std::size_t>(out.target)];
    memory.tainted = true;
    memory.forget_content();
    out.null = true;
    return out;
  }
  if (is("scanf") || is("fscanf") || is("sscanf")) {
    scan(name, arguments, is("scanf") ? 0 : 1, state);
    return {};
  }
  if (is_in(kNumbersOf, name) && count >= 1) {
    const Value from = of(0);
    for (std::size_t i = 1; i < count; ++i) {
      if (kind_of(inner(arguments[i])) == Kind::pointer) {
        forget(variable_in(inner(arguments[i]).field("argument")), state);
      } else {
        of(i);
      }
    }
    Type type;
    type.number = true;
    type.bytes = is("atoi") ? 4 : 8;
    type.is_signed = !is("strtoul") && !is("strtoull");
    // Who starts the program sets its environment.
    const Buffer* read = buffer(from, state);
    if (read == nullptr || !read->tainted || read->from == From::static_) return unknown_of(type);
    Value out = Value::between(type.least(), type.most(), type.bytes, type.is_signed);
    out.tainted = true;
    return out;
  }
  if (is("atof") || is("strtod")) {
    const Value from = of(0);
    if (count > 1) forget(variable_in(inner(arguments[1]).field("argument")), state);
    if (!is_tainted_text(from, state)) return {};
    Value out = Value::between(-kFar, kFar, 8, true);
    out.real = out.tainted = true;
    return out;
  }
  if (count == 0 && starts_with_word(name, "rand")) {
    const bool whole = !is("rand") && !is("random");
    Value out = Value::between(whole ? -(Wide{1} << 31) : Wide{0}, (Wide{1} << 31) - 1, 4, true);
    if (name.find("64") != std::string_view::npos)
      out = Value::between(-(Wide{1} << 63), (Wide{1} << 63) - 1, 8, true);
    out.tainted = out.random = true;
    return out;
  }
  if ((is("putenv") || is("setenv")) && count >= 1) {
    const Value given = of(is("setenv") && count > 1 ? 1 : 0);
    const Buffer* read = buffer(given, state);
    if (read != nullptr && read->tainted && read->from != From::static_)
      report("c.environment-from-input", node,
             {{"call", std::string(name)},
              {"argument", std::string(text(arguments[is("setenv") && count > 1 ? 1 : 0]))}});
    escape(given, state);
    return {};
  }
  if ((is("sleep") || is("usleep")) && count == 1) {
    const Value time = of(0);
    if (time.is_number() && time.tainted && time.sure && time.high > 1'000'000)
      report("c.wait-from-input", node,
             {{"call", std::string(name)}, {"argument", std::string(text(arguments[0]))}});
    return {};
  }
  if (is("assert") && count == 1) {
    const Node claim = inner(arguments[0]);
    const int about = variable_in(kind_of(claim) == Kind::binary ? claim.field("left") : claim);
    const auto at = static_cast<std::size_t>(about);
    const bool input = about >= 0 && at < state.variables.size() &&
                       state.variables[at].is_number() && state.variables[at].tainted &&
                       state.variables[at].sure && !state.variables[at].random;
    Branches ways = branch(arguments[0], std::move(state));
    if (input && !ways.no.dead)
      report("c.assert-of-input", node, {{"condition", std::string(text(claim))}});
    state = std::move(ways.yes);
    return {};
  }
  if (is_in(kReaders, name) || is_in(kLookers, name)) {
    const bool looks = is_in(kLookers, name);
    Value first;
    for (std::size_t i = 0; i < count; ++i) {
      const Value given = of(i);
      if (i == 0) first = given;
      if (buffer(given, state) != nullptr || given.is_null()) {
        const Buffer* memory = buffer(given, state);
        if (memory != nullptr &&
            (memory->life == Buffer::Life::freed || memory->from >= From::file ||
             !memory->is_owned() || memory->from < From::file))
          dereference(given, arguments[i], state);
        if (Buffer* again = buffer(given, state);
            looks && again != nullptr && again->from != From::literal)
          again->tainted = false;
        if (state.dead) return {};
      }
    }
    if ((is("strchr") || is("strrchr") || is("strstr") || is("strpbrk")) && first.is_pointer() &&
        first.target != Value::kNowhere) {
      Value out = first;
      out.null = true;
      out.unchecked = false;
      out.sure = false;
      out.high = kFar;
      return out;
    }
    if (is("abs") || is("labs")) return {};
    return {};
  }
  known = false;
  return {};
}

Value Interpreter::new_expression(Node node, State& state) {
  Type item = types_.named(text(node.field("type")));
  const Node shape = node.field("declarator");
  const Node arguments = node.field("arguments");
  const Node placement = node.field("placement");
  bool is_array = false;
  Value count = Value::of(1);
  int stars = 0;
  Node part = shape;
  while (part) {
    if (part.type() == "new_declarator") {
      if (is_array) count = {};
      is_array = true;
      if (const Value times = value(part.field("length"), state); count.is_number()) {
        const Node length = part.field("length");
        if (size_is_sound(times, length, "new") && times.is_number() && times.tainted &&
            times.sure && times.high > (Wide{1} << 26))
          report("c.allocation-from-input", length,
                 {{"call", "new"}, {"size", std::string(text(length))}});
        count = times;
      }
    } else {
      ++stars;
    }
    Node next = part.field("declarator");
    if (!next) {
      for (std::uint32_t i = 0; i < part.named_child_count(); ++i) {
        if (part.named_child(i).type() == "new_declarator") next = part.named_child(i);
      }
    }
    part = next;
  }
  if (node.field("type").type() == "sized_type_specifier") item = types_.base(node);
  if (stars > 0) {
    item = {};
    item.known = item.pointer = true;
    item.bytes = 8;
  }
  Value initial;
  for (std::uint32_t i = 0; i < arguments.named_child_count(); ++i) {
    initial = value(arguments.named_child(i), state);
    escape(initial, state);
  }
  if (placement) {
    Value where;
    bool nothrow = false;
    for (std::uint32_t i = 0; i < placement.named_child_count(); ++i) {
      nothrow = nothrow || text(placement.named_child(i)).ends_with("nothrow");
      if (!nothrow) where = value(placement.named_child(i), state);
    }
    if (!nothrow) {
      if (placement.named_child_count() == 1 && where.is_pointer() &&
          where.target != Value::kNowhere) {
        const Buffer* memory = buffer(where, state);
        const Wide size = item.known ? Wide{item.bytes} : Wide{-1};
        if (!is_array && size > 0 && memory != nullptr && memory->life == Buffer::Life::live &&
            memory->size >= 0 && memory->unit == 0 && where.sure &&
            where.high + size > memory->size)
          report("c.buffer-overflow", node,
                 {{"expression", std::string(text(node))},
                  {"size", std::to_string(static_cast<long long>(memory->size))},
                  {"used", std::to_string(static_cast<long long>(where.high + size))}});
        if (Buffer* again = buffer(where, state)) again->forget_content();
        return where;
      }
      escape(where, state);
      return {};
    }
  }
  Value size;
  if (count.is_constant() && count.unit == 0 && (item.known || item.unit != 0)) {
    size = Value::of(count.low * (item.known ? item.bytes : 1), 8, false);
    size.unit = item.known ? 0 : item.unit;
  }
  Value out =
      allocation(is_array ? Buffer::From::new_array : Buffer::From::new_, size, node, state);
  Buffer& memory = state.buffers[static_cast<std::size_t>(out.target)];
  if (!item.known || arguments) memory.ready = -1;
  if (!item.known && item.unit != 0 && !size.is_number()) {
    memory.unit = item.unit;
    out.unit = item.unit;
  }
  // An object may be handed on by its own constructor.
  if (!item.known && arguments && arguments.named_child_count() > 0) memory.escaped = true;
  out.null = false;
  return out;
}

void Interpreter::delete_expression(Node node, State& state) {
  const Node operand = node.named_child(node.named_child_count() - 1);
  bool array = false;
  for (std::uint32_t i = 0; i < node.child_count(); ++i)
    array = array || node.child(i).type() == "[";
  release(array ? "delete[]" : "delete", array ? Buffer::From::new_array : Buffer::From::new_,
          operand, node, state);
}

}  // namespace leyden::review::c
