#include "leyden/agents/qa/input_maker.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "leyden/agents/qa/regex_sample.h"
#include "leyden/agents/qa/text_forms.h"
#include "leyden/agents/qa/type_borders.h"
#include "leyden/agents/qa/value_parts.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kDepthMax = 5;
constexpr std::size_t kLearnedMax = 80;

bool is_sequence(const Value& value) {
  return value.kind == Value::Kind::list || value.kind == Value::Kind::tuple ||
         value.kind == Value::Kind::set;
}

bool is_of(const Value& value, const Type& type) {
  using Kind = Type::Kind;
  switch (value.kind) {
    case Value::Kind::list:
      return type.kind == Kind::list;
    case Value::Kind::set:
      return type.kind == Kind::set;
    case Value::Kind::tuple:
      return type.kind == Kind::tuple;
    case Value::Kind::map:
      return type.kind == Kind::map || type.kind == Kind::record;
    case Value::Kind::object:
      return type.kind == Kind::object;
    default:
      return false;
  }
}

// Of several types the one that the value is of, as far as values within it are to be varied.
const Type* alternative(const Type* type, const Value& value) {
  if (type->kind != Type::Kind::any_of && type->kind != Type::Kind::optional) return type;
  for (const Type& one : type->of) {
    const Type* inner = alternative(&one, value);
    if (is_of(value, *inner)) return inner;
  }
  return type;
}

bool takes_text(const Type& type) {
  return type.kind == Type::Kind::text || type.kind == Type::Kind::unknown ||
         ((type.kind == Type::Kind::optional || type.kind == Type::Kind::any_of) &&
          std::ranges::any_of(type.of, takes_text));
}

// Behind the last that is passed.
void drop_omitted(std::vector<Value>& arguments) {
  while (!arguments.empty() && arguments.back().is_omitted()) arguments.pop_back();
}

}  // namespace

InputMaker::InputMaker(std::span<const Function> functions, std::uint64_t seed, Stories stories)
    : functions_(functions), stories_(stories), engine_(seed) {
  for (const Function& function : functions) {
    Literals literals = function.literals;
    literals.texts = texts_of_forms(function);
    literals.texts.insert(literals.texts.end(), function.literals.texts.begin(),
                          function.literals.texts.end());
    literals_.push_back(std::move(literals));
  }
  learned_used_.resize(functions.size());
}

void InputMaker::learn(const std::vector<std::string>& patterns) {
  std::vector<std::vector<std::string>> texts;
  std::size_t most = 0;
  for (const std::string& pattern : patterns) {
    texts.push_back(texts_matching(pattern));
    most = std::max(most, texts.back().size());
  }
  // One of each first.
  for (std::size_t k = 0; k < most; ++k) {
    for (const std::vector<std::string>& of_pattern : texts) {
      if (k >= of_pattern.size() || learned_.size() >= kLearnedMax ||
          std::ranges::find(learned_, of_pattern[k]) != learned_.end())
        continue;
      learned_.push_back(of_pattern[k]);
      for (Literals& one : literals_) one.texts.push_back(of_pattern[k]);
    }
  }
}

std::vector<Input> InputMaker::of_learned(std::size_t function) {
  const Function& of = functions_[function];
  std::vector<Input> out;
  const std::size_t begin = std::exchange(learned_used_[function], learned_.size());
  if (begin == learned_.size()) return out;
  const std::vector<Value> first = first_arguments(of);
  for (std::size_t i = 0; i < of.parameters.size(); ++i) {
    if (!takes_text(of.parameters[i].type)) continue;
    for (std::size_t k = begin; k < learned_.size(); ++k) {
      std::vector<Value> changed = first;
      changed[i] = Value::of(learned_[k]);
      out.push_back(input_of(function, std::move(changed)));
    }
  }
  return out;
}

std::vector<Value> InputMaker::first_arguments(const Function& function) {
  std::vector<Value> out;
  for (const Parameter& parameter : function.parameters) {
    if (parameter.has_default && (parameter.by_name_only || parameter.may_be_named)) {
      out.push_back(Value::omitted());
      continue;
    }
    if (!parameter.compared.empty()) {
      out.push_back(Value::of(parameter.compared.front()));
      continue;
    }
    const std::vector<Value> choices = borders_of(parameter.type, literals_of(function));
    out.push_back(choices.empty() ? Value::none() : choices[0]);
  }
  return out;
}

Input InputMaker::input_of(std::size_t function, std::vector<Value> arguments_of_call) {
  const Function& of = functions_[function];
  const Style style{.alphabet = "ab", .literals = &literals_of(of)};
  Input out;
  if (of.needs_object()) out.construction = arguments(of.construction, style);
  drop_omitted(arguments_of_call);
  out.steps.push_back({.function = function, .arguments = std::move(arguments_of_call)});
  return out;
}

// The standard's distributions differ between libraries.
std::uint64_t InputMaker::below(std::uint64_t bound) { return bound < 2 ? 0 : engine_() % bound; }

bool InputMaker::chance(double probability) {
  return static_cast<double>(engine_() >> 11U) * 0x1.0p-53 < probability;
}

InputMaker::Style InputMaker::style_for(const Function& function) {
  static constexpr std::pair<std::int64_t, std::int64_t> kRanges[] = {
      {0, 1},  {0, 3},  {1, 5},   {0, 9},        {1, 9},        {-3, 3},
      {-9, 9}, {1, 20}, {0, 100}, {-1000, 1000}, {1, 1'000'000}};
  Style out;
  const auto& [low, high] = kRanges[below(std::size(kRanges))];
  out.low = low;
  out.high = high;
  static constexpr std::size_t kLengths[] = {0, 1, 2, 3, 4, 5, 6, 8, 12, 20};
  out.length = kLengths[1 + below(std::size(kLengths) - 1)];
  if (chance(0.05)) out.length = 0;
  out.length_max = std::max<std::size_t>(1, out.length);
  out.lengths_equal = chance(0.6);
  out.width = chance(0.4) ? 2 : chance(0.3) ? 3 : out.length;
  out.ragged = chance(0.15);
  out.sorted = chance(0.2);
  out.permutation = chance(0.1);
  if (out.lengths_equal && chance(0.35)) {  // Numbers that are places in the lists.
    out.low = chance(0.5) ? 0 : 1;
    out.high = std::max<std::int64_t>(
        out.low, static_cast<std::int64_t>(out.length) - (out.low == 0 ? 1 : 0));
  }
  out.literals = &literals_of(function);
  if (!function.literals.texts.empty()) out.first_text = function.literals.texts.front();
  const auto parts_by = [&](const char* separator) {
    return std::ranges::find(function.literals.texts, separator) != function.literals.texts.end();
  };
  out.rows = parts_by("\n");
  out.words = parts_by(" ");
  // A few letters, so that some are equal; what the source's own texts are made of.
  std::string of_source;
  for (const std::string& text : function.literals.texts) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 128 && of_source.find(c) == std::string::npos)
        of_source += c;
    }
  }
  static constexpr const char* kAlphabets[] = {"ab",         "abc",      "abcdefghij", "01",
                                               "0123456789", "aAbB19 _", "xyz"};
  out.alphabet = kAlphabets[below(std::size(kAlphabets))];
  if (!of_source.empty() && chance(0.6)) {
    if (chance(0.5)) {
      out.alphabet = of_source.substr(0, 40);
    } else {
      out.alphabet += of_source.substr(0, 40);
    }
  }
  return out;
}

Value InputMaker::integer(const Style& style) {
  const auto& own = style.literals->integers;
  if (!own.empty() && chance(0.12))
    return Value::of(own[below(own.size())] + static_cast<std::int64_t>(below(3)) - 1);
  if (chance(0.04)) return Value::of(static_cast<std::int64_t>(style.length));
  if (chance(0.02)) {
    static constexpr std::int64_t kFar[] = {
        0, -1, 1, 2, 10, 100, -100, 1'000'000'007, 2'147'483'647, -2'147'483'648LL};
    return Value::of(kFar[below(std::size(kFar))]);
  }
  return Value::of(style.low + static_cast<std::int64_t>(
                                   below(static_cast<std::uint64_t>(style.high - style.low) + 1)));
}

Value InputMaker::list(const Type& type, const Style& style, std::size_t depth) {
  const Type& of = element(type);
  std::size_t length = 0;
  if (depth == 0) {
    length = style.lengths_equal ? style.length : below(style.length_max + 2);
  } else {
    length = style.ragged ? below(style.width + 2) : style.width;
  }
  if (depth > 1) length = std::min<std::size_t>(length, 4);
  std::vector<Value> items;
  if (of.kind == Type::Kind::integer && depth == 0 && style.permutation) {
    for (std::size_t i = 0; i < length; ++i)
      items.push_back(Value::of(style.low + static_cast<std::int64_t>(i)));
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  } else {
    for (std::size_t i = 0; i < length; ++i) {
      if (!items.empty() && chance(0.12)) {
        items.push_back(items[below(items.size())]);
      } else {
        items.push_back(value(of, style, depth + 1));
      }
    }
  }
  if (style.sorted && (depth == 0 || chance(0.5)) && of.kind == Type::Kind::integer)
    std::ranges::sort(items, {}, &Value::integer);
  Value out = Value::list(std::move(items));
  if (type.kind == Type::Kind::set) {
    out.kind = Value::Kind::set;
    drop_equal(out.items);
  }
  return out;
}

// Of one type it is a list of fixed length: some items are equal, some are sorted.
Value InputMaker::tuple(const Type& type, const Style& style, std::size_t depth) {
  Value out{.kind = Value::Kind::tuple, .text = {}, .items = {}};
  const bool alike = type.of.size() > 2 && std::ranges::all_of(type.of, [&](const Type& of) {
                       return of == type.of.front();
                     });
  const double equal = alike ? static_cast<double>(below(10)) / 10 : 0;
  for (const Type& of : type.of)
    out.items.push_back(!out.items.empty() && chance(equal) ? out.items[below(out.items.size())]
                                                            : value(of, style, depth + 1));
  if (alike && style.sorted && type.of.front().kind == Type::Kind::integer)
    std::ranges::sort(out.items, {}, &Value::integer);
  return out;
}

Value InputMaker::map(const Type& type, const Style& style, std::size_t depth) {
  Value out{.kind = Value::Kind::map, .text = type.name, .items = {}};
  std::vector<Value> keys;
  const std::size_t length =
      style.lengths_equal ? std::min<std::size_t>(style.length, 8) : below(5);
  keys.reserve(length);
  for (std::size_t i = 0; i < length; ++i) keys.push_back(value(element(type), style, depth + 1));
  drop_equal(keys);
  for (Value& key : keys) {
    out.items.push_back(std::move(key));
    out.items.push_back(value(element(type, 1), style, depth + 1));
  }
  return out;
}

Value InputMaker::record(const Type& type, const Style& style, std::size_t depth) {
  Value out{.kind = Value::Kind::map, .text = type.name, .items = {}};
  for (std::size_t i = 0; i < type.of.size(); ++i) {
    if (type.of[i].kind == Type::Kind::optional && chance(0.3)) continue;
    out.items.push_back(Value::of(type.texts[i]));
    out.items.push_back(value(type.of[i], style, depth + 1));
  }
  return out;
}

Value InputMaker::object(const Type& type, const Style& style, std::size_t depth) {
  Value out{.kind = Value::Kind::object, .text = type.name, .items = {}};
  const Function* made = maker_of(type.name);
  if (made == nullptr) {
    if (type.of.empty()) return Value::none();
    for (const Type& of : type.of) out.items.push_back(value(of, style, depth + 1));
    return out;
  }
  for (const Parameter& parameter : made->construction) {
    if (parameter.by_name_only || (parameter.has_default && chance(depth > 1 ? 1 : 0.3))) break;
    out.items.push_back(value(parameter.type, style, depth + 1));
  }
  return out;
}

// leyden:ignore common.complex-function a case a type
Value InputMaker::value(const Type& type, const Style& style, std::size_t depth) {
  using Kind = Type::Kind;
  if (depth > kDepthMax) return Value::none();
  switch (type.kind) {
    case Kind::none:
      return Value::none();
    case Kind::boolean:
      return Value::boolean(chance(0.5));
    case Kind::integer:
      return integer(style);
    case Kind::real: {
      const auto& own = style.literals->reals;
      if (!own.empty() && chance(0.15)) return Value::of(own[below(own.size())]);
      const auto whole = static_cast<double>(integer(style).integer);
      return Value::of(chance(0.5) ? whole : whole + static_cast<double>(below(8)) / 8);
    }
    case Kind::text:
      if (!type.texts.empty() && chance(0.4))
        return Value::of(type.texts[below(type.texts.size())]);
      return text(style, depth);
    case Kind::bytes: {
      Value out = text(style, depth);
      out.kind = Value::Kind::bytes;
      return out;
    }
    case Kind::list:
    case Kind::set:
      return list(type, style, depth);
    case Kind::tuple:
      return tuple(type, style, depth);
    case Kind::map:
      return map(type, style, depth);
    case Kind::optional:
      return chance(0.2) ? Value::none() : value(element(type), style, depth);
    case Kind::any_of:
      return type.of.empty() ? Value::none() : value(type.of[below(type.of.size())], style, depth);
    case Kind::object:
      return object(type, style, depth);
    case Kind::record:
      return record(type, style, depth);
    case Kind::expression:
      return {.kind = Value::Kind::expression,
              .text = type.texts[below(type.texts.size())],
              .items = {}};
    case Kind::unknown:
      break;
  }
  static const Type kKinds[] = {
      {.kind = Kind::integer, .of = {}, .name = {}},
      {.kind = Kind::text, .of = {}, .name = {}},
      {.kind = Kind::list, .of = {{.kind = Kind::integer, .of = {}, .name = {}}}, .name = {}},
      {.kind = Kind::list, .of = {{.kind = Kind::text, .of = {}, .name = {}}}, .name = {}},
      {.kind = Kind::real, .of = {}, .name = {}},
      {.kind = Kind::boolean, .of = {}, .name = {}},
      {.kind = Kind::map,
       .of = {{.kind = Kind::text, .of = {}, .name = {}},
              {.kind = Kind::integer, .of = {}, .name = {}}},
       .name = {}},
      {.kind = Kind::none, .of = {}, .name = {}}};
  return value(depth > 0 ? kKinds[below(2)] : kKinds[below(std::size(kKinds))], style, depth);
}

std::vector<Value> InputMaker::arguments(std::span<const Parameter> parameters, const Style& style,
                                         std::size_t depth) {
  std::vector<Value> out;
  bool any_omitted = false;
  for (const Parameter& parameter : parameters) {
    const bool positional = !parameter.by_name_only && !parameter.may_be_named;
    const bool omitted =
        parameter.has_default && ((positional && any_omitted) || chance(positional ? 0.3 : 0.5));
    any_omitted = any_omitted || omitted;
    out.push_back(omitted ? Value::omitted() : argument(parameter, style, depth));
  }
  drop_omitted(out);
  return out;
}

Value InputMaker::argument(const Parameter& parameter, const Style& style, std::size_t depth) {
  const std::vector<std::string>& compared = parameter.compared;
  if (!compared.empty() && chance(0.5)) return Value::of(compared[below(compared.size())]);
  const bool any = doubts_ && !parameter.annotated && chance(0.5);
  return value(any ? kUnknownType : parameter.type, style, depth);
}

std::vector<Value> InputMaker::borders_of(const Type& type, const Literals& literals) {
  return type_borders(type, literals, [&](const Type& of) {
    return value(of, Style{.alphabet = "ab", .literals = &literals}, 0);
  });
}

std::vector<Input> InputMaker::borders(std::size_t function, std::size_t count_max) {
  const Function& of = functions_[function];
  std::vector<std::vector<Value>> choices;
  for (const Parameter& parameter : of.parameters) {
    choices.push_back(borders_of(parameter.type, literals_of(of)));
    for (const std::string& text : parameter.compared) choices.back().push_back(Value::of(text));
    if (parameter.has_default && (parameter.by_name_only || parameter.may_be_named))
      choices.back().insert(choices.back().begin(), Value::omitted());
  }
  std::vector<Input> out;
  const auto add = [&](std::vector<Value> arguments_of_call) {
    Input input = input_of(function, std::move(arguments_of_call));
    if (out.size() < count_max && std::ranges::find(out, input) == out.end())
      out.push_back(std::move(input));
  };
  for (const std::vector<Value>& one : of.examples) add(one);
  // Each parameter through its borders, the others at their first.
  std::vector<Value> first = first_arguments(of);
  add(first);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    for (const Value& one : choices[i]) {
      std::vector<Value> changed = first;
      changed[i] = one;
      add(std::move(changed));
    }
  }
  while (!first.empty() && of.parameters[first.size() - 1].has_default) {  // As few as will do.
    first.pop_back();
    add(first);
  }
  if (choices.size() < 2) return out;
  for (std::size_t tries = 0; tries < count_max && out.size() < count_max; ++tries) {
    std::vector<Value> mixed;
    mixed.reserve(choices.size());
    for (const auto& one : choices)
      mixed.push_back(one.empty() ? Value::none() : one[below(one.size())]);
    add(std::move(mixed));
  }
  return out;
}

void InputMaker::vary_integer(Value& value, const Style& style) {
  static constexpr std::int64_t kSteps[] = {1, -1, 2, -2, 10, -10};
  switch (below(4)) {
    case 0:
      value = integer(style);
      return;
    case 1:
      value.integer = std::abs(value.integer) < std::numeric_limits<std::int32_t>::max()
                          ? value.integer * 2
                          : 0;
      return;
    case 2:
      value.integer = -value.integer;
      return;
    default:
      value.integer += kSteps[below(std::size(kSteps))];
      return;
  }
}

void InputMaker::vary_list(Value& value, const Type& type, const Style& style) {
  std::vector<Value>& items = value.items;
  const Type& of = element(type);
  const std::size_t depth = items.empty() || !is_sequence(items[0]) ? 0 : 1;
  switch (below(9)) {
    case 0:
      items.insert(items.begin() + static_cast<std::ptrdiff_t>(below(items.size() + 1)),
                   this->value(of, style, 1));
      break;
    case 1:
      if (!items.empty())
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(below(items.size())));
      break;
    case 2:
      if (items.size() > 1) {
        Value& one = items[below(items.size())];
        std::swap(one, items[below(items.size())]);
      }
      break;
    case 3:
      if (!items.empty()) items.push_back(items[below(items.size())]);
      break;
    case 4:
      if (depth == 0 && of.kind == Type::Kind::integer)
        std::ranges::sort(items, {}, &Value::integer);
      break;
    case 5:
      std::ranges::reverse(items);
      break;
    default:
      if (!items.empty()) vary(items[below(items.size())], of, style);
      break;
  }
  if (value.kind == Value::Kind::set) drop_equal(items);
}

// One change, somewhere within.
void InputMaker::vary(Value& value, const Type& any, const Style& style) {
  using Kind = Value::Kind;
  if (chance(0.08)) {
    value = this->value(any, style, 0);
    return;
  }
  const Type& type = *alternative(&any, value);
  switch (value.kind) {
    case Kind::none:
    case Kind::expression:
      value = this->value(type, style, 0);
      return;
    case Kind::boolean:
      value.integer ^= 1;
      return;
    case Kind::integer:
      vary_integer(value, style);
      return;
    case Kind::real:
      value.real = chance(0.5) ? value.real + 1 : chance(0.5) ? -value.real : value.real / 2;
      return;
    case Kind::text:
    case Kind::bytes:
      vary_text(value.text, style);
      return;
    case Kind::list:
    case Kind::set:
      vary_list(value, type, style);
      return;
    case Kind::tuple:
    case Kind::map:
    case Kind::object:
      break;
  }
  std::vector<Value>& items = value.items;
  if (items.empty()) return;
  const std::size_t at = below(items.size());
  if (value.kind == Kind::map) {  // The values: keys must stay different.
    const Type* of_value = type.kind == Type::Kind::record ? &kUnknownType : &element(type, 1);
    for (std::size_t i = 0; type.kind == Type::Kind::record && i < type.texts.size(); ++i) {
      if (items[at & ~std::size_t{1}].text == type.texts[i]) of_value = &type.of[i];
    }
    vary(items[at | 1U], *of_value, style);
  } else {
    vary(items[at], element(type, at), style);
  }
}

Input InputMaker::varied(const Input& parent, const Input& other) {
  Input out = parent;
  const Function& of = functions_[parent.function()];
  const Style style = style_for(of);
  doubts_ = doubted_.contains(parent.function());
  const std::size_t changes = 1 + (chance(0.4) ? below(4) : 0);
  for (std::size_t i = 0; i < changes; ++i) {
    if (of.needs_object() && chance(0.3) && vary_story(out, of, style)) continue;
    Step& step = out.steps[chance(0.8) ? out.steps.size() - 1 : below(out.steps.size())];
    const std::span<const Parameter> parameters = functions_[step.function].parameters;
    if (step.arguments.empty()) {
      step.arguments = arguments(parameters, style);
      continue;
    }
    const std::size_t at = below(step.arguments.size());
    if (&step == &out.steps.back() && at < other.steps.back().arguments.size() && chance(0.15)) {
      step.arguments[at] = other.steps.back().arguments[at];
    } else {
      vary(step.arguments[at], at < parameters.size() ? parameters[at].type : kUnknownType, style);
    }
  }
  drop_lost_steps(out);
  return out;
}

}  // namespace leyden::qa
