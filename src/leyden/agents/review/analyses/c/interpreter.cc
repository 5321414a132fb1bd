#include "leyden/agents/review/analyses/c/interpreter.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "leyden/agents/review/code_shape.h"

namespace leyden::review::c {
namespace {

constexpr std::size_t kBudgetPerNode =
    400;  // Values that may be copied for each node of a function.
constexpr std::size_t kNodesMax = 200'000;
constexpr std::size_t kDefectsMax = 5'000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

Interpreter::Interpreter(const CodeModel& model)
    : model_(model),
      text_(model.file().text()),
      cpp_(model.language() == syntax::Language::cpp),
      types_(text_) {
  read_file(model.file().tree()->root());
}

// What the file says for all its functions: macros without parameters, constants.
void Interpreter::read_file(Node root) {
  walk(root, [&](Node node) {
    switch (kind_of(node)) {
      case Kind::function_definition: {
        Node name = node.field("declarator");
        while (name && kind_of(name) != Kind::identifier) name = name.field("declarator");
        if (name && !cpp_) functions_.insert(text(name));
        return false;
      }
      case Kind::compound:
        return false;
      case Kind::declaration: {
        Node constant = node.field("declarator");
        bool is_const = false;
        for (std::uint32_t i = 0; i < node.named_child_count(); ++i) {
          const std::string_view word = text(node.named_child(i));
          is_const = is_const || word == "const" || word == "constexpr";
        }
        if (is_const && kind_of(constant) == Kind::init_declarator &&
            kind_of(constant.field("declarator")) == Kind::identifier)
          file_constants_.emplace(text(constant.field("declarator")), constant.field("value"));
        return false;
      }
      default:
        break;
    }
    if (node.type() == "preproc_def") {
      const std::string_view name = text(node.field("name"));
      const std::string_view body = trimmed(text(node.field("value")));
      // Two definitions: which one holds is not known.
      if (const auto [at, fresh] = macros_.try_emplace(name, body); !fresh && at->second != body)
        at->second = {};
      return false;
    }
    if (node.type() == "preproc_function_def") function_macros_.insert(text(node.field("name")));
    return true;
  });
}

void Interpreter::report(std::string_view analysis, Node node, Names names, Node replaced) {
  if (quiet_ || defects_.size() >= kDefectsMax) return;
  defects_.push_back({.analysis = analysis,
                      .hit = {.begin = node.begin(),
                              .end = node.end(),
                              .names = std::move(names),
                              .replaced = replaced}});
}

bool Interpreter::spend(std::size_t cost) {
  if (budget_ < cost) given_up_ = true;
  budget_ -= std::min(budget_, cost);
  return !given_up_;
}

int Interpreter::variable_named(std::string_view name) const {
  const auto found = scope_.find(name);
  return found == scope_.end() || found->second.empty() ? -1 : found->second.back();
}

int Interpreter::declare(std::string_view name, const Type& type) {
  const int index = static_cast<int>(variables_.size());
  variables_.push_back({.name = name, .type = type, .untracked = type.reference});
  scope_[name].push_back(index);
  declared_in_scope_.push_back(name);
  return index;
}

int Interpreter::buffer_at(Node site, State& state) {
  const auto [at, fresh] = sites_.try_emplace(site.id(), static_cast<int>(sites_.size()));
  const auto index = static_cast<std::size_t>(at->second);
  if (state.buffers.size() <= index) state.buffers.resize(index + 1);
  state.buffers[index] = {};
  state.buffers[index].life = Buffer::Life::live;
  state.buffers[index].site = site;
  return at->second;
}

Buffer* Interpreter::buffer(const Value& pointer, State& state) {
  if (!pointer.is_pointer() || pointer.target == Value::kNowhere) return nullptr;
  if (pointer.target <= Value::kLiteral)
    return &literals_[static_cast<std::size_t>(Value::kLiteral - pointer.target)];
  const auto index = static_cast<std::size_t>(pointer.target);
  return index < state.buffers.size() ? &state.buffers[index] : nullptr;
}

void Interpreter::escape(const Value& value, State& state) {
  Buffer* target = buffer(value, state);
  if (target == nullptr || target->from == Buffer::From::literal) return;
  target->escaped = true;
  target->tainted = false;
  target->forget_content();
}

void Interpreter::forget(int variable, State& state) {
  if (variable < 0) return;
  const auto index = static_cast<std::size_t>(variable);
  if (index >= state.variables.size()) return;
  if (variables_[index].array != Value::kNowhere) {
    escape(state.variables[index], state);
    return;
  }
  escape(state.variables[index], state);
  state.variables[index] = {};
}

// At the end of the function, on a way to it: what was allocated here and is known to nobody else.
void Interpreter::check_leaks(State& state, Node at) {
  if (state.dead || is_main_) return;
  for (Buffer& one : state.buffers) {
    if (!one.is_owned() || one.life != Buffer::Life::live || one.escaped) continue;
    one.escaped = true;
    const bool file = one.from == Buffer::From::file || one.from == Buffer::From::handle;
    report(file ? "c.file-leak" : "c.memory-leak", one.site,
           {{"line", std::to_string(at ? at.first_line() : one.site.first_line())}});
  }
}

Value Interpreter::unknown_of(const Type& type) {
  Value out;
  out.bytes = type.number ? static_cast<std::uint8_t>(type.bytes) : 4;
  out.is_signed = type.is_signed;
  return out;
}

void Interpreter::run(Node function) {
  const Node body = function.field("body");
  if (!body || body.has_error() || kind_of(body) != Kind::compound) return;
  std::size_t nodes = 0;
  bool strange = false;
  std::vector<std::string_view> captured;
  walk(body, [&](Node node) {
    ++nodes;
    const Kind kind = kind_of(node);
    // Where control goes is not seen.
    strange = strange || kind == Kind::goto_ || kind == Kind::label || kind == Kind::asm_ ||
              node.type() == "co_await_expression" || node.type() == "co_return_statement" ||
              nodes > kNodesMax;
    if (kind == Kind::lambda) {
      walk(node, [&](Node part) {
        if (kind_of(part) == Kind::identifier) captured.push_back(text(part));
        return true;
      });
    }
    return !strange;
  });
  if (strange) return;

  variables_.clear();
  scope_.clear();
  sites_.clear();
  literals_.clear();
  literal_sites_.clear();
  jumps_.clear();
  declared_in_scope_.clear();
  budget_ = nodes * kBudgetPerNode;
  depth_ = 0;
  given_up_ = quiet_ = false;
  const std::size_t found_before = defects_.size();

  State state;
  Node declarator = function.field("declarator");
  returns_pointer_ = kind_of(declarator) == Kind::pointer_declarator;
  while (declarator && kind_of(declarator) != Kind::function_declarator)
    declarator =
        declarator.field("declarator") ? declarator.field("declarator") : declarator.named_child(0);
  is_main_ = text(declarator.field("declarator")) == "main";
  const Node parameters = declarator.field("parameters");
  for (std::uint32_t i = 0; i < parameters.named_child_count(); ++i) {
    const Node parameter = parameters.named_child(i);
    Node name;
    Type type = types_.declared(types_.base(parameter), parameter.field("declarator"), name);
    if (!name) continue;
    if (type.array) {  // A pointer in truth.
      type.array = false;
      type.pointer = type.known = true;
      type.bytes = 8;
    }
    declare(text(name), type);
    state.variables.push_back(unknown_of(type));
  }
  for (const std::string_view name : captured) captured_.insert(name);
  statements(body, state);
  captured_.clear();
  check_leaks(state, {});
  if (given_up_) defects_.resize(found_before);
}

std::vector<Defect> interpret(const CodeModel& model) {
  if (model.file().tree() == nullptr) return {};
  Interpreter interpreter(model);
  for (const Node function : model.functions()) {
    if (model.stopped()) break;
    if (kind_of(function) == Kind::function_definition) interpreter.run(function);
  }
  return interpreter.take();
}

}  // namespace leyden::review::c

namespace leyden::review {

void find_c_defects(const CodeModel& model, const Rule& rule, const ReportHit& report) {
  using Defects = std::map<std::string_view, std::vector<c::Defect>>;
  const Defects& defects = model.shared<Defects>([&] {
    Defects out;
    for (c::Defect& defect : c::interpret(model)) out[defect.analysis].push_back(std::move(defect));
    return out;
  });
  const auto found = defects.find(rule.analysis);
  if (found == defects.end()) return;
  for (const c::Defect& defect : found->second) report(defect.hit);
}

}  // namespace leyden::review
