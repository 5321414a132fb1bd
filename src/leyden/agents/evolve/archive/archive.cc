#include "leyden/agents/evolve/archive/archive.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "leyden/base/ascii.h"

namespace leyden::evolve {
namespace {

constexpr std::size_t kShingleTokens = 3;

bool is_name_char(char c) { return is_word(c) || (static_cast<unsigned char>(c) & 0x80U) != 0; }

std::vector<std::string_view> tokens_of(std::string_view code) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < code.size();) {
    std::size_t end = i + 1;
    if (is_name_char(code[i])) {
      while (end < code.size() && is_name_char(code[end])) ++end;
    } else if (code[i] == ' ' || code[i] == '\t' || code[i] == '\n' || code[i] == '\r') {
      ++i;
      continue;
    }
    out.push_back(code.substr(i, end - i));
    i = end;
  }
  return out;
}

// FNV-1a: the same in every build, which std::hash need not be.
std::size_t add_hash(std::size_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return (hash ^ 0xffU) * 0x100000001b3U;
}

std::set<std::size_t> shingles_of(std::string_view code) {
  const std::vector<std::string_view> tokens = tokens_of(code);
  std::set<std::size_t> out;
  for (std::size_t i = 0; i + kShingleTokens <= tokens.size(); ++i) {
    std::size_t hash = 0xcbf29ce484222325U;
    for (std::size_t k = 0; k < kShingleTokens; ++k) hash = add_hash(hash, tokens[i + k]);
    out.insert(hash);
  }
  return out;
}

bool better(const Archive::Member& one, const Archive::Member& other) {
  return one.fitness != other.fitness ? one.fitness > other.fitness : one.number < other.number;
}

}  // namespace

Digest digest_of_code(std::string_view code) {
  Hasher hasher;
  hasher.field("leyden evolve code 1").field(code);
  return hasher.finish();
}

Archive::Archive(ArchiveOptions options, std::string_view start_code)
    : options_(options),
      start_bytes_(std::max<std::size_t>(start_code.size(), 1)),
      start_shingles_(shingles_of(start_code)),
      islands_(std::max<std::size_t>(options.islands, 1)) {}

double Archive::distance(std::string_view code) const {
  const std::set<std::size_t> shingles = shingles_of(code);
  std::size_t shared = 0;
  for (const std::size_t one : shingles) shared += start_shingles_.contains(one) ? 1 : 0;
  const std::size_t all = shingles.size() + start_shingles_.size() - shared;
  return all == 0 ? 0 : 1 - static_cast<double>(shared) / static_cast<double>(all);
}

Cell Archive::cell_of(const Trajectory& trajectory) const {
  const std::string& code = trajectory.code;
  const double ratio = static_cast<double>(code.size()) / static_cast<double>(start_bytes_);
  return {.size = static_cast<std::size_t>(std::min(ratio * 4, 40.0)),
          .distance = static_cast<std::size_t>(std::min(distance(code) * 10, 9.0)),
          .is_slow = is_slow(*trajectory.evaluation)};
}

void Archive::add(const Trajectory& trajectory) {
  for (std::size_t i = 0; i < islands_.size(); ++i) {
    if (!trajectory.made_by || i == trajectory.island % islands_.size())
      add_to_island(islands_[i], trajectory);
  }
  keep_capacity();
}

void Archive::add_to_island(Island& island, const Trajectory& trajectory) {
  const Evaluation& evaluation = *trajectory.evaluation;
  if (const auto fitness = fitness_of(evaluation, options_.goal)) {
    const Member member{.number = trajectory.number, .fitness = *fitness};
    const auto [at, fresh] = island.cells.try_emplace(cell_of(trajectory), member);
    if (!fresh && better(member, at->second)) at->second = member;
    return;
  }
  const double hint = evaluation.told
                          ? (options_.goal == Goal::max ? *evaluation.told : 0 - *evaluation.told)
                          : -std::numeric_limits<double>::infinity();
  island.failures.push_back({.number = trajectory.number, .fitness = hint});
  std::ranges::sort(island.failures, better);
  if (island.failures.size() > options_.failures_kept) island.failures.pop_back();
}

// The worst of the fullest island goes.
void Archive::keep_capacity() {
  while (size() > options_.capacity) {
    auto& cells = std::ranges::max_element(islands_, {}, [](const Island& island) {
                    return island.cells.size();
                  })->cells;
    cells.erase(std::ranges::max_element(cells, better, &std::pair<const Cell, Member>::second));
  }
}

void Archive::end_generation(std::size_t generation) {
  if (islands_.size() < 2 || (generation + 1) % options_.migration_every != 0) return;
  std::vector<std::optional<std::pair<Cell, Member>>> best(islands_.size());
  for (std::size_t i = 0; i < islands_.size(); ++i) {
    for (const auto& entry : islands_[i].cells) {
      if (!best[i] || better(entry.second, best[i]->second)) best[i] = entry;
    }
  }
  for (std::size_t i = 0; i < islands_.size(); ++i) {
    if (!best[i]) continue;
    auto& cells = islands_[(i + 1) % islands_.size()].cells;
    const auto [at, fresh] = cells.try_emplace(best[i]->first, best[i]->second);
    if (!fresh && better(best[i]->second, at->second)) at->second = best[i]->second;
  }
  keep_capacity();
}

std::vector<Archive::Member> Archive::elites(std::size_t island) const {
  std::vector<Member> out;
  for (const auto& [cell, member] : islands_[island % islands_.size()].cells) {
    out.push_back(member);
    out.back().is_slow = cell.is_slow;
  }
  std::ranges::sort(out, better);
  for (Member& member : out) {
    if (const auto found = children_.find(member.number); found != children_.end())
      member.children = found->second;
  }
  return out;
}

std::vector<Archive::Member> Archive::failures(std::size_t island) const {
  std::vector<Member> out = islands_[island % islands_.size()].failures;
  for (Member& member : out) {
    if (const auto found = children_.find(member.number); found != children_.end())
      member.children = found->second;
  }
  return out;
}

std::size_t Archive::size() const {
  std::size_t out = 0;
  for (const Island& island : islands_) out += island.cells.size();
  return out;
}

void Archive::add_to(Hasher& hasher) const {
  for (const Island& island : islands_) {
    hasher.field(island.cells.size()).field(island.failures.size());
    for (const auto& [cell, member] : island.cells)
      hasher.field(cell.size)
          .field(cell.distance)
          .field(cell.is_slow)
          .field(member.number)
          .field(std::bit_cast<std::uint64_t>(member.fitness));
    for (const Member& member : island.failures)
      hasher.field(member.number).field(std::bit_cast<std::uint64_t>(member.fitness));
  }
  for (const auto& [number, count] : children_) hasher.field(number).field(count);
}

}  // namespace leyden::evolve
