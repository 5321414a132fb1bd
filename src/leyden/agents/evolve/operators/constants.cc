#include "leyden/agents/evolve/operators/constants.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace leyden::evolve {
namespace {

using syntax::Node;

constexpr std::size_t kDimensionsMax = 400;
constexpr double kFirstStep = 0.3;

bool is_number_type(std::string_view type) {
  return type == "integer" || type == "float" || type == "number" || type == "number_literal" ||
         type == "int_literal" || type == "float_literal" || type == "integer_literal" ||
         type == "decimal_integer_literal" || type == "decimal_floating_point_literal";
}

void collect(const Program& program, Node node, std::size_t depth, std::vector<Constant>& out) {
  if (depth > 400 || node.type() == "comment") return;
  if (const auto number = number_at(node, program.text())) {
    if (program.may_change(number->begin, number->end)) out.push_back(*number);
    return;
  }
  for (const Node child : node.named_children()) collect(program, child, depth + 1, out);
}

}  // namespace

std::optional<Constant> number_at(Node node, std::string_view text) {
  Node number = node;
  bool negative = false;
  if (node.type().starts_with("unary") && node.named_child_count() == 1 &&
      node.text(text).starts_with('-')) {
    number = node.named_child(0);
    negative = true;
  }
  if (!is_number_type(number.type())) return std::nullopt;
  const std::string_view digits = number.text(text);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value))
    return std::nullopt;
  return Constant{.begin = node.begin(),
                  .end = node.end(),
                  .value = negative ? -value : value,
                  .integral = digits.find_first_of(".eE") == std::string_view::npos};
}

std::string number_text(double value, bool integral) {
  std::string out;
  if (integral && std::abs(value) < 9e15) {
    out = fmt::format("{}", static_cast<std::int64_t>(std::llround(value)));
  } else {
    out = fmt::format("{}", value == 0 ? 0.0 : value);
    if (out.find_first_of(".en") == std::string::npos) out += ".0";
  }
  return out.starts_with('-') ? "(" + out + ")" : out;
}

double stepped(const Constant& constant, Random& random) {
  const double value = constant.value;
  const double scale = value == 0 ? 1 : std::abs(value);
  switch (random.below(10)) {
    case 0:
      return value + 1;
    case 1:
      return value - 1;
    case 2:
      return value * 2;
    case 3:
      return value / 2;
    case 4: {
      const double times = std::pow(10.0, 3 * random.uniform());
      return random.chance(0.5) ? value * times : value / times;
    }
    case 5:
      return random.chance(0.5) ? -value : static_cast<double>(random.below(3));
    default:
      break;
  }
  if (constant.integral) {
    // At least one; a third of the time anywhere up to ten times as far.
    const double size = random.chance(0.33) ? 10 * scale : std::pow(scale + 1, random.uniform());
    const double step = std::max(1.0, std::round(size * random.uniform()));
    return value + (random.chance(0.5) || step > value ? step : -step);
  }
  return value + scale * std::pow(10.0, -6 * random.uniform()) * random.normal();
}

std::vector<Constant> constants_of(const Program& program) {
  std::vector<Constant> out;
  collect(program, program.root(), 0, out);
  return out;
}

std::string skeleton_of(const Program& program) {
  std::string out;
  std::size_t at = 0;
  for (const Constant& constant : constants_of(program)) {
    out += std::string_view(program.text()).substr(at, constant.begin - at);
    at = constant.end;
    while (out.ends_with('(') && at < program.text().size() && program.text()[at] == ')') {
      out.pop_back();
      ++at;
    }
    out += constant.integral ? "#i" : "#f";
  }
  return out + program.text().substr(at);
}

std::string with_constants(const Program& program, std::span<const double> values) {
  std::string out;
  std::size_t at = 0;
  std::size_t next = 0;
  for (const Constant& constant : constants_of(program)) {
    out += std::string_view(program.text()).substr(at, constant.begin - at);
    std::string text = number_text(values[next++], constant.integral);
    const bool in_brackets = out.ends_with('(') && constant.end < program.text().size() &&
                             program.text()[constant.end] == ')';
    if (text.starts_with('(') && in_brackets) text = text.substr(1, text.size() - 2);
    out += text;
    at = constant.end;
  }
  return out + program.text().substr(at);
}

std::optional<std::string> with_some_stepped(const Program& program, Random& random) {
  const std::vector<Constant> constants = constants_of(program);
  if (constants.empty()) return std::nullopt;
  std::vector<double> values;
  values.reserve(constants.size());
  for (const Constant& constant : constants) values.push_back(constant.value);
  std::size_t count = 1;
  while (count < 4 && random.chance(0.4)) ++count;
  // Numbers that stand together often belong together.
  const bool together = random.chance(0.5);
  const std::size_t first = random.below(values.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = together ? (first + i) % values.size() : random.below(values.size());
    values[at] = stepped(constants[at], random);
  }
  return with_constants(program, values);
}

NumericSearch::Search NumericSearch::search_from(const std::vector<Constant>& constants) {
  Search out{
      .origin = {}, .scale = {}, .strategy = SepCmaEs(constants.size(), kFirstStep), .best = {}};
  for (const Constant& constant : constants) {
    out.origin.push_back(constant.value);
    out.scale.push_back(constant.value == 0 ? 1 : std::abs(constant.value));
  }
  return out;
}

std::optional<std::string> NumericSearch::propose(const Program& program, Random& random) const {
  const std::vector<Constant> constants = constants_of(program);
  if (constants.empty() || constants.size() > kDimensionsMax) return std::nullopt;
  const auto found = searches_.find(skeleton_of(program));
  const Search search = found == searches_.end() ? search_from(constants) : found->second;
  std::vector<double> values = search.strategy.sample(random);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = search.origin[i] + search.scale[i] * values[i];
  return with_constants(program, values);
}

std::optional<std::string> NumericSearch::once_more(const Program& program) const {
  const auto found = before_gain_.find(program.text());
  if (found == before_gain_.end()) return std::nullopt;
  const std::vector<Constant> constants = constants_of(program);
  std::vector<double> values;
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const double now = constants[i].value;
    const double before = found->second[i];
    values.push_back(now * before > 0 ? now * now / before : now + (now - before));
  }
  return with_constants(program, values);
}

bool NumericSearch::is_best(const Search& search, std::optional<double> fitness) {
  return fitness && (!search.best || *fitness > *search.best);
}

// Whether a number is ten times as large as its unit. One that has become small may only be on its way through zero.
bool NumericSearch::has_outgrown(const Search& search, const std::vector<Constant>& constants) {
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const double size = std::abs(constants[i].value);
    if (size > 10 * search.scale[i]) return true;
  }
  return false;
}

void NumericSearch::tell(Search& search, const std::vector<Constant>& constants,
                         std::optional<double> fitness) {
  std::vector<double> point;
  point.reserve(constants.size());
  for (std::size_t i = 0; i < constants.size(); ++i)
    point.push_back((constants[i].value - search.origin[i]) / search.scale[i]);
  search.strategy.tell(point, fitness.value_or(-std::numeric_limits<double>::infinity()));
  if (is_best(search, fitness)) search.best = fitness;
}

void NumericSearch::tell(const Measured& parent, const Measured& child) {
  const std::vector<Constant> constants = constants_of(child.program);
  if (constants.empty() || constants.size() > kDimensionsMax) return;
  const std::string skeleton = skeleton_of(child.program);
  const bool numbers_only = skeleton_of(parent.program) == skeleton;
  if (numbers_only && child.fitness && parent.fitness && *child.fitness > *parent.fitness) {
    std::vector<double>& before = before_gain_[child.program.text()];
    before.clear();
    for (const Constant& constant : constants_of(parent.program)) before.push_back(constant.value);
  }
  auto found = searches_.find(skeleton);
  if (found == searches_.end()) {
    if (!numbers_only) return;
    const std::vector<Constant> first = constants_of(parent.program);
    found = searches_.emplace(skeleton, search_from(first)).first;
    tell(found->second, first, parent.fitness);
  }
  Search& search = found->second;
  if (is_best(search, child.fitness) && has_outgrown(search, constants))
    search = search_from(constants);
  tell(search, constants, child.fitness);
}

}  // namespace leyden::evolve
