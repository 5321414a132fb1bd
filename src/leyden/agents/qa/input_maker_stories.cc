// What comes before the call that is observed: the object, and steps on it and on others.
#include <algorithm>
#include <iterator>
#include <utility>

#include "leyden/agents/qa/input_maker.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kStepsMax = 4;
constexpr std::size_t kLongMax = 30;  // Where some come again.

}  // namespace

const Function* InputMaker::maker_of(const std::string& class_name) const {
  const auto made = std::ranges::find_if(functions_, [&](const Function& one) {
    return (one.needs_object() || one.makes_object) && one.class_name == class_name;
  });
  return made == functions_.end() ? nullptr : &*made;
}

// Its class's, and those that it has from others.
std::vector<std::size_t> InputMaker::methods_of(const Function& function) const {
  std::vector<std::size_t> out;
  std::vector<std::string> classes{function.class_name};
  classes.insert(classes.end(), function.bases.begin(), function.bases.end());
  for (const std::string& class_name : classes) {
    for (std::size_t i = 0; i < functions_.size(); ++i) {
      const Function& one = functions_[i];
      if (one.kind == Function::Kind::method && one.class_name == class_name &&
          one.uncallable.empty() && std::ranges::none_of(out, [&](std::size_t known) {
            return functions_[known].name == one.name && functions_[known].class_name != class_name;
          }))
        out.push_back(i);
    }
  }
  return out;
}

Step InputMaker::step(std::size_t method, const Style& style) {
  Style own = style;
  own.literals = &literals_of(functions_[method]);
  return {.function = method, .arguments = arguments(functions_[method].parameters, own)};
}

// So many times before the last call, with the same arguments or others each time.
void InputMaker::add_step(Input& input, const Step& one, std::size_t times, const Style& style) {
  const bool alike = chance(0.6);
  for (std::size_t i = 0; i < times; ++i) {
    input.steps.push_back(one);
    if (i > 0 && !alike) input.steps.back().arguments = step(one.function, style).arguments;
  }
}

// How often a step comes.
std::size_t InputMaker::repeated() {
  static constexpr std::size_t kTimes[] = {2, 3, 4, 5, 8, 10, 12, 20, 21};
  return kTimes[below(std::size(kTimes))];
}

// A call before the last one: of another method, or on an object that the constructor is given.
std::optional<Step> InputMaker::any_step(const Input& input, const Function& of,
                                         const Style& style) {
  const std::vector<const Value*> objects =
      stories_.name_objects ? objects_in(input.construction) : std::vector<const Value*>();
  if (!objects.empty() && chance(0.5)) {
    const std::size_t at = below(objects.size());
    const Function* made = maker_of(objects[at]->text);
    const std::vector<std::size_t> methods =
        made == nullptr ? std::vector<std::size_t>() : methods_of(*made);
    if (!methods.empty()) {
      Step out = step(methods[below(methods.size())], style);
      out.receiver = at + 1;
      return out;
    }
  }
  std::vector<std::size_t> methods = methods_of(of);
  const bool reads = of.kind == Function::Kind::property || !objects.empty();
  if (methods.size() < (reads ? 1U : 2U)) return std::nullopt;
  // What changes the object, mostly.
  std::vector<std::size_t> changing;
  std::ranges::copy_if(methods, std::back_inserter(changing),
                       [&](std::size_t one) { return !functions_[one].only_reads; });
  if (!changing.empty() && chance(0.9)) methods = std::move(changing);
  return step(methods[below(methods.size())], style);
}

// Whose objects are there no more.
void InputMaker::drop_lost_steps(Input& input) const {
  const std::vector<const Value*> objects = objects_in(input.construction);
  std::erase_if(input.steps, [&](const Step& one) {
    if (one.receiver == 0) return false;
    const Function* made =
        one.receiver > objects.size() ? nullptr : maker_of(objects[one.receiver - 1]->text);
    if (made == nullptr) return true;
    const std::vector<std::size_t> methods = methods_of(*made);
    return std::ranges::find(methods, one.function) == methods.end();
  });
}

Input InputMaker::random(std::size_t function) {
  const Function& of = functions_[function];
  const Style style = style_for(of);
  doubts_ = doubted_.contains(function);
  Input out;
  if (of.needs_object()) {
    out.construction = arguments(of.construction, style);
    // A short one of several calls; or a long one of one or two that come again and again, as games end and buffers fill.
    const bool is_long = chance(0.2);
    const std::size_t steps = is_long ? 1 + below(2) : chance(0.7) ? below(kStepsMax + 1) : 0;
    for (std::size_t i = 0; i < steps; ++i) {
      const auto one = any_step(out, of, style);
      if (!one) break;
      add_step(out, *one, is_long ? repeated() : 1, style);
    }
  }
  out.steps.push_back({.function = function, .arguments = arguments(of.parameters, style)});
  return out;
}

// What the object is made with, and what comes before the last call. False: there is nothing to vary.
bool InputMaker::vary_story(Input& input, const Function& of, const Style& style) {
  if (!input.construction.empty() && chance(0.5)) {
    const std::size_t at = below(input.construction.size());
    vary(input.construction[at], of.construction[at].type, style);
    return true;
  }
  const std::size_t before = input.steps.size() - 1;
  if (before > 0 && chance(0.4)) {
    input.steps.erase(input.steps.begin() + static_cast<std::ptrdiff_t>(below(before)));
    return true;
  }
  if (before > 2 * kStepsMax && !stories_.are_long) return true;
  if (before > kLongMax) return true;
  const std::size_t at = below(before + 1);
  const auto place = input.steps.begin() + static_cast<std::ptrdiff_t>(at);
  if (stories_.are_long && at < before && chance(0.3)) {
    input.steps.insert(place, repeated(), Step(input.steps[at]));
    return true;
  }
  auto one = any_step(input, of, style);
  if (!one) return false;
  input.steps.insert(place, *std::move(one));
  return true;
}

}  // namespace leyden::qa
