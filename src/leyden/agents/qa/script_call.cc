#include "leyden/agents/qa/script_call.h"

#include <fmt/format.h>

namespace leyden::qa {

std::vector<std::string> CallWriter::literals(const std::vector<Value>& values) const {
  std::vector<std::string> out;
  out.reserve(values.size());
  for (const Value& value : values) out.push_back(literal(value));
  return out;
}

ScriptCall CallWriter::call_of(const Input& input, const std::vector<Function>& functions) const {
  ScriptCall out;
  const Function& last = functions[input.function()];
  std::set<std::string> taken;
  for (const Function& one : functions) {
    if (one.class_name.empty()) taken.insert(variable(one.name));
  }
  const auto free_name = [&](const std::string& name) {
    std::string text = variable(name);
    while (is_keyword(text) || taken.contains(text)) text += '_';
    taken.insert(text);
    return text;
  };
  std::string made_in_place;
  if (last.needs_object()) {
    out.receiver = free_name(object_name(last.class_name));
    made_in_place = made(last, literals(input.construction));
    out.setup.push_back(assignment(out.receiver, made_in_place));
    for (std::size_t i = 0; i + 1 < input.steps.size(); ++i) {
      const Step& step = input.steps[i];
      out.setup.push_back(
          statement(call_text(functions[step.function], out.receiver, literals(step.arguments))));
    }
  }
  std::vector<std::string> names;
  const std::vector<Value>& values = input.steps.back().arguments;
  for (std::size_t i = 0; i < values.size(); ++i) {
    names.push_back(free_name(i < last.parameters.size() ? last.parameters[i].name
                                                         : fmt::format("argument_{}", i)));
    out.arguments.emplace_back(names.back(), literal(values[i]));
  }
  out.call = call_text(last, out.receiver, names);
  // An object that is only made for this call is made in place.
  out.inline_call =
      call_text(last, out.setup.size() == 1 ? made_in_place : out.receiver, literals(values));
  return out;
}

std::string CallWriter::stated(const TestCase& test, const std::vector<Function>& functions,
                               std::vector<std::string>& lines) const {
  const ScriptCall call = call_of(test.input, functions);
  const bool named = !test.expected.changed.empty();
  const bool keeps_object = !test.expected.state.empty() || call.setup.size() > 1;
  if (named) {
    for (const auto& [name, text] : call.arguments) lines.push_back(assignment(name, text));
  }
  if (keeps_object || named) lines.insert(lines.end(), call.setup.begin(), call.setup.end());
  if (named) return call.call;
  if (!keeps_object) return call.inline_call;
  // The object stays, the arguments are in place.
  return call_text(functions[test.function()], call.receiver,
                   literals(test.input.steps.back().arguments));
}

}  // namespace leyden::qa
