#include "leyden/agents/evolve/operators/text_edits.h"

#include <cmath>
#include <vector>

namespace leyden::evolve {
namespace {

constexpr std::size_t kBytesMax = 4096;

// Where characters begin, and the end: UTF-8 is not cut.
std::vector<std::size_t> starts_of(std::string_view text) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) out.push_back(i);
  }
  out.push_back(text.size());
  return out;
}

struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Short ones are as likely as long ones.
Piece any_piece(const std::vector<std::size_t>& starts, Random& random) {
  const std::size_t count = starts.size() - 1;
  const double length = std::pow(static_cast<double>(count), random.uniform());
  const std::size_t taken = std::min(count, static_cast<std::size_t>(length));
  const std::size_t first = random.below(count - taken + 1);
  return {starts[first], starts[first + taken]};
}

// From an opening bracket to its closing one.
std::optional<Piece> any_bracketed(std::string_view text, Random& random) {
  static constexpr std::string_view kOpen = "([{";
  static constexpr std::string_view kClose = ")]}";
  std::vector<Piece> all;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kOpen.find(text[i]) != std::string_view::npos) {
      open.push_back(i);
    } else if (const std::size_t which = kClose.find(text[i]); which != std::string_view::npos &&
                                                               !open.empty() &&
                                                               text[open.back()] == kOpen[which]) {
      all.push_back({open.back(), i + 1});
      open.pop_back();
    }
  }
  if (all.empty()) return std::nullopt;
  return all[random.below(all.size())];
}

std::string without(std::string_view text, Piece piece) {
  return std::string(text.substr(0, piece.begin)) + std::string(text.substr(piece.end));
}

}  // namespace

std::optional<std::string> text_changed(std::string_view text, Random& random) {
  if (text.empty() || text.size() > kBytesMax) return std::nullopt;
  const std::vector<std::size_t> starts = starts_of(text);
  const Piece piece = any_piece(starts, random);
  std::string out(text);
  switch (random.below(7)) {
    case 0: {
      const Piece from = any_piece(starts, random);
      out.replace(piece.begin, piece.end - piece.begin,
                  text.substr(from.begin, from.end - from.begin));
      break;
    }
    case 1:
    case 2: {
      const auto group = any_bracketed(text, random);
      if (!group) return without(text, piece);
      std::string_view inside = text.substr(group->begin + 1, group->end - group->begin - 2);
      if (inside.starts_with("?:")) inside.remove_prefix(2);  // A bracket of a pattern.
      out.replace(group->begin, group->end - group->begin, random.chance(0.5) ? inside : "");
      break;
    }
    case 3: {
      const std::size_t at = random.below(starts.size() - 1);
      const std::size_t from = random.below(starts.size() - 1);
      out.replace(starts[at], starts[at + 1] - starts[at],
                  text.substr(starts[from], starts[from + 1] - starts[from]));
      break;
    }
    case 4: {
      if (starts.size() < 3) return std::nullopt;
      const std::size_t at = random.below(starts.size() - 2);
      out = std::string(text.substr(0, starts[at])) +
            std::string(text.substr(starts[at + 1], starts[at + 2] - starts[at + 1])) +
            std::string(text.substr(starts[at], starts[at + 1] - starts[at])) +
            std::string(text.substr(starts[at + 2]));
      break;
    }
    default:
      out = without(text, piece);
  }
  if (out == text) return std::nullopt;
  return out;
}

}  // namespace leyden::evolve
