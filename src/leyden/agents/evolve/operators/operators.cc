#include "leyden/agents/evolve/operators/operators.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "leyden/agents/evolve/operators/edits.h"
#include "leyden/agents/evolve/operators/line_mix.h"
#include "leyden/agents/evolve/operators/rewrites.h"

namespace leyden::evolve {
namespace {

using syntax::Node;

constexpr std::size_t kTries = 24;
constexpr std::size_t kNodesMax = 20'000;

// Kinds first, then places: a program full of names is not changed in names only.
const Site* any_site(const std::vector<Site>& sites, Random& random) {
  std::set<EditKind> kinds;
  for (const Site& site : sites) kinds.insert(site.kind);
  if (kinds.empty()) return nullptr;
  const EditKind kind =
      *std::next(kinds.begin(), static_cast<std::ptrdiff_t>(random.below(kinds.size())));
  std::vector<const Site*> of_kind;
  for (const Site& site : sites) {
    if (site.kind == kind) of_kind.push_back(&site);
  }
  return of_kind[random.below(of_kind.size())];
}

std::optional<Offspring> change_once(const Program& program, const std::vector<Site>& sites,
                                     Random& random) {
  for (std::size_t i = 0; i < kTries; ++i) {
    const Site* site = any_site(sites, random);
    if (site == nullptr) return std::nullopt;
    const auto edit = edit_at(program, *site, random);
    if (!edit) continue;
    if (auto text = applied(program, *edit)) return Offspring{*std::move(text), edit->what};
  }
  return std::nullopt;
}

// One change, often two, seldom more.
std::optional<Offspring> mutate(const Program& program, Random& random) {
  auto out = change_once(program, sites_of(program), random);
  for (std::size_t more = 0; out && more < 3 && random.chance(0.35); ++more) {
    auto next = Program::parse(program.language(), out->code);
    if (!next) break;
    auto again = change_once(*next, sites_of(*next), random);
    if (!again || again->code == program.text()) break;
    out = Offspring{std::move(again->code), out->reasoning + "; " + again->reasoning};
  }
  return out;
}

// Lines of the program that evidence names: "program.py", line 7 or program.py:7.
std::set<std::size_t> lines_named(std::string_view evidence, std::string_view file) {
  std::set<std::size_t> out;
  for (std::size_t at = evidence.find(file); !file.empty() && at != std::string_view::npos;
       at = evidence.find(file, at)) {
    at += file.size();
    std::string_view rest = evidence.substr(at, 12);
    const std::size_t digit = rest.find_first_of("0123456789");
    if (digit == std::string_view::npos) continue;
    const std::string_view between = rest.substr(0, digit);
    if (between != ":" && between.find("line") == std::string_view::npos) continue;
    std::size_t line = 0;
    for (std::size_t i = at + digit;
         i < evidence.size() && evidence[i] >= '0' && evidence[i] <= '9'; ++i)
      line =
          std::min<std::size_t>(line * 10 + static_cast<std::size_t>(evidence[i] - '0'), 1U << 30U);
    out.insert(line);
  }
  return out;
}

std::optional<Offspring> revise(const OperatorInput& input, Random& random) {
  const std::set<std::size_t> lines = lines_named(input.evidence, input.file);
  std::vector<Site> near;
  for (const Site& site : sites_of(input.parent)) {
    const bool close = std::ranges::any_of(lines, [&](std::size_t line) {
      return site.node.first_line() <= line + 2 && line <= site.node.last_line() + 2 &&
             site.node.last_line() - site.node.first_line() < 8;
    });
    if (close) near.push_back(site);
  }
  if (near.empty()) return mutate(input.parent, random);  // It names no place.
  auto out = change_once(input.parent, near, random);
  if (out) out->reasoning = "where the evidence points: " + out->reasoning;
  return out;
}

std::optional<Offspring> refine(const Program& program, const NumericSearch& numbers,
                                Random& random) {
  auto again = numbers.once_more(program);
  if (again && random.chance(0.75) && program.changed_to(*again))
    return Offspring{*std::move(again), "the last step of constants once more"};
  const std::size_t constants = constants_of(program).size();
  if (constants > 0 && random.chance(constants > 2 ? 0.75 : 0.4)) {
    // All at once find the way down a valley; some at a time find what stands alone, such as a seed or a number of rounds.
    const bool all = random.chance(0.5);
    auto text = all ? numbers.propose(program, random) : with_some_stepped(program, random);
    if (text && program.changed_to(*text))
      return Offspring{*std::move(text), all ? fmt::format("{} constants by sep-CMA-ES", constants)
                                             : std::string("steps of some constants")};
  }
  // Half of the rest are known rewrites, where there are any.
  const std::vector<Rewrite> known = rewrites_of(program);
  if (!known.empty() && random.chance(0.5)) {
    const Rewrite& one = known[random.below(known.size())];
    if (auto text = applied(program, one)) return Offspring{*std::move(text), one.what};
  }
  std::vector<Site> fine;
  for (const Site& site : sites_of(program)) {
    if (site.kind == EditKind::number || site.kind == EditKind::one_off ||
        site.kind == EditKind::sign || site.kind == EditKind::operand ||
        site.kind == EditKind::text)
      fine.push_back(site);
  }
  return change_once(program, fine, random);
}

void collect_nodes(const Program& program, Node node, std::size_t depth, std::vector<Node>& out) {
  if (depth > 400 || out.size() > kNodesMax) return;
  for (const Node child : node.named_children()) {
    if (program.may_change(child.begin(), child.end()) && child.type() != "comment")
      out.push_back(child);
    collect_nodes(program, child, depth + 1, out);
  }
}

// The donor's nodes that the receiver has nothing like: what else could be gained?
std::vector<Node> news_of(const Program& donor, const Program& receiver) {
  std::vector<Node> all;
  collect_nodes(donor, donor.root(), 0, all);
  std::erase_if(all, [&](Node node) {
    return node.end() - node.begin() > receiver.text().size() ||
           receiver.text().find(node.text(donor.text())) != std::string::npos;
  });
  return all;
}

// Of the receiver's nodes of one type: half of the time the one that stands where the donor's does, else any.
Node place_for(Node given, const Program& donor, const std::vector<Node>& places,
               const Program& receiver, Random& random) {
  if (random.chance(0.5)) return places[random.below(places.size())];
  const double at = static_cast<double>(given.begin()) / static_cast<double>(donor.text().size());
  return *std::ranges::min_element(places, {}, [&](Node place) {
    return std::abs(
        static_cast<double>(place.begin()) / static_cast<double>(receiver.text().size()) - at);
  });
}

// By the root of their lengths: small ones are many, and mutation makes their like; what is large can come from nowhere else.
Node one_of(const std::vector<Node>& pieces, Random& random) {
  const auto weight = [](Node piece) {
    return std::sqrt(static_cast<double>(piece.end() - piece.begin()));
  };
  double sum = 0;
  for (const Node piece : pieces) sum += weight(piece);
  double left = random.uniform() * sum;
  for (const Node piece : pieces) {
    left -= weight(piece);
    if (left < 0) return piece;
  }
  return pieces.back();
}

std::optional<Offspring> cross(const Program& receiver, const Program& donor, Random& random) {
  const std::vector<Node> news = news_of(donor, receiver);
  if (news.empty()) return std::nullopt;
  std::vector<Node> all;
  collect_nodes(receiver, receiver.root(), 0, all);
  for (std::size_t i = 0; i < kTries; ++i) {
    const Node given = one_of(news, random);
    std::vector<Node> places;
    for (const Node node : all) {
      if (node.type() == given.type()) places.push_back(node);
    }
    if (places.empty()) continue;
    const Node place = place_for(given, donor, places, receiver, random);
    const Edit edit{
        .begin = place.begin(),
        .end = place.end(),
        .text = reindented(given.text(donor.text()), indentation_at(donor.text(), given.begin()),
                           indentation_at(receiver.text(), place.begin())),
        .what = {}};
    if (auto text = applied(receiver, edit); text && *text != donor.text())
      return Offspring{*std::move(text), fmt::format("line {}: a {} of the other parent",
                                                     place.first_line(), given.type())};
  }
  return std::nullopt;
}

std::optional<Offspring> recombine(const Program& first, const Program& second, Random& random) {
  for (std::size_t i = 0; i < kTries; ++i) {
    LineMix mix = mix_lines(first.text(), second.text(), random);
    if (mix.text == second.text()) continue;
    const auto changed = first.changed_to(mix.text);
    if (!changed || closed_text(*changed) != closed_text(first)) continue;
    return Offspring{std::move(mix.text), fmt::format("{} of {} differences from the other parent",
                                                      mix.from_second, mix.differences)};
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Operator which) {
  static constexpr std::array<std::string_view, kOperators> kNames = {
      "revision", "recombination", "refinement", "crossover", "mutation"};
  return kNames.at(static_cast<std::size_t>(which));
}

std::optional<Operator> operator_named(std::string_view name) {
  for (std::size_t i = 0; i < kOperators; ++i) {
    if (to_string(static_cast<Operator>(i)) == name) return static_cast<Operator>(i);
  }
  return std::nullopt;
}

std::optional<Offspring> apply_operator(Operator which, const OperatorInput& input,
                                        const NumericSearch& numbers, Random& random) {
  switch (which) {
    case Operator::revision:
      return revise(input, random);
    case Operator::recombination:
      return input.other == nullptr ? std::nullopt : recombine(input.parent, *input.other, random);
    case Operator::refinement:
      return refine(input.parent, numbers, random);
    case Operator::crossover:
      return input.other == nullptr ? std::nullopt : cross(input.parent, *input.other, random);
    case Operator::mutation:
      return mutate(input.parent, random);
  }
  return std::nullopt;
}

}  // namespace leyden::evolve
