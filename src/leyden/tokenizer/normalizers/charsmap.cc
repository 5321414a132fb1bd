#include "leyden/tokenizer/normalizers/charsmap.h"

#include <cstring>
#include <utility>

#include "leyden/tokenizer/unicode_classes.h"
#include "leyden/tokenizer/unicode_properties.h"

namespace leyden::tokenizer {
namespace {

// darts-clone's layout of a unit: 8 bits of label, a bit that says that a value stands below, the offset.
constexpr std::uint32_t kLeaf = 1U << 31;
constexpr bool has_leaf(std::uint32_t unit) { return ((unit >> 8) & 1U) != 0; }
constexpr std::uint32_t value_of(std::uint32_t unit) { return unit & ~kLeaf; }
constexpr std::uint32_t label_of(std::uint32_t unit) { return unit & (kLeaf | 0xFFU); }
constexpr std::uint32_t offset_of(std::uint32_t unit) {
  return (unit >> 10) << ((unit & (1U << 9)) >> 6);
}

// Normalizer::NormalizePrefix of SentencePiece: at each place a user-defined symbol stays, else the longest rule.
class SentencePieceCharsmap final : public TextNormalizer {
 public:
  SentencePieceCharsmap(Charsmap map, const std::vector<std::string>& kept) : map_(std::move(map)) {
    std::vector<std::pair<std::string_view, std::uint32_t>> keys;
    for (const std::string& text : kept) keys.emplace_back(text, 0U);
    kept_ = ByteTrie(std::move(keys));
  }
  void apply(NormalizedText& normalized) const override {
    if (map_.empty()) return;
    std::string_view text = normalized.text();
    NormalizedText out(normalized.tracked());
    out.reserve(text.size());
    std::size_t copied = 0;
    for (std::size_t at = 0; at < text.size();) {
      if (auto kept = kept_.longest_prefix(text.substr(at))) {
        at += kept->length;
        continue;
      }
      auto rule = map_.longest(text.substr(at));
      if (!rule) {
        at += classed_char(text, at).size;
        continue;
      }
      out.copy(normalized, copied, at);
      out.put(rule->replacement, normalized, at, at + rule->length);
      at += rule->length;
      copied = at;
    }
    if (copied == 0) return;
    out.copy(normalized, copied, text.size());
    normalized = std::move(out);
  }

 private:
  Charsmap map_;
  ByteTrie kept_;
};

// Hugging Face's Precompiled: a grapheme cluster of less than six bytes becomes what the SHORTEST rule within it says, as a
// whole; else each of its characters for itself.
class HuggingFaceCharsmap final : public TextNormalizer {
 public:
  explicit HuggingFaceCharsmap(Charsmap map) : map_(std::move(map)) {}
  void apply(NormalizedText& normalized) const override {
    if (map_.empty()) return;
    std::string_view text = normalized.text();
    NormalizedText out(normalized.tracked());
    out.reserve(text.size());
    std::size_t copied = 0;
    auto replace = [&](std::size_t begin, std::size_t end) {
      auto rule = map_.shortest(text.substr(begin, end - begin));
      if (!rule) return false;
      out.copy(normalized, copied, begin);
      out.put(rule->replacement, normalized, begin, end);
      copied = end;
      return true;
    };
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at + grapheme_size(text.substr(at));
      if (end - at < 6 && replace(at, end)) {
        at = end;
        continue;
      }
      while (at < end) {
        std::size_t next = at + classed_char(text, at).size;
        replace(at, next);
        at = next;
      }
    }
    if (copied == 0) return;
    out.copy(normalized, copied, text.size());
    normalized = std::move(out);
  }

 private:
  Charsmap map_;
};

}  // namespace

Result<Charsmap> Charsmap::parse(std::string_view blob) {
  Charsmap map;
  if (blob.empty()) return map;
  std::uint32_t size = 0;
  if (blob.size() <= sizeof(size)) return fail(Errc::corrupt, "the character map is cut off");
  std::memcpy(&size, blob.data(), sizeof(size));
  blob.remove_prefix(sizeof(size));
  if (size >= blob.size() || size % 4 != 0) {
    return fail(Errc::corrupt, "the character map's table is longer than the map");
  }
  map.units_.resize(size / 4);
  std::memcpy(map.units_.data(), blob.data(), size);
  map.replacements_ = blob.substr(size);
  return map;
}

std::optional<Charsmap::Match> Charsmap::find(std::string_view text, bool first) const {
  std::optional<Match> best;
  if (units_.empty()) return best;
  std::size_t node = offset_of(units_[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte == 0) break;  // Keys are C strings.
    node ^= byte;
    if (node >= units_.size() || label_of(units_[node]) != byte) break;
    std::uint32_t unit = units_[node];
    node ^= offset_of(unit);
    if (!has_leaf(unit) || node >= units_.size()) continue;
    std::uint32_t value = value_of(units_[node]);
    if (value >= replacements_.size()) continue;
    std::size_t end = replacements_.find('\0', value);
    if (end == std::string::npos) end = replacements_.size();
    best = Match{i + 1, std::string_view(replacements_).substr(value, end - value)};
    if (first) break;
  }
  return best;
}

bool Charsmap::may_begin(std::string_view bytes) const {
  if (units_.empty()) return false;
  std::size_t node = offset_of(units_[0]);
  for (char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    node ^= byte;
    if (byte == 0 || node >= units_.size() || label_of(units_[node]) != byte) return false;
    const std::uint32_t unit = units_[node];
    if (has_leaf(unit)) return true;
    node ^= offset_of(unit);
  }
  return true;
}

// leyden:ignore common.complex-function follows the format of the compiled map, step by step
bool Charsmap::parts_at(char blank, bool (*is_plain_lead)(std::uint8_t)) const {
  // A unit's label says its last byte, and where its children are. What is not used of the array looks like something, too.
  enum : std::uint8_t { kAfterLead = 1, kAfterPlain = 2 };
  auto label = [&](std::size_t unit) { return label_of(units_[unit]); };
  auto children = [&](std::size_t unit) { return unit ^ offset_of(units_[unit]); };
  std::vector<std::uint8_t> after(units_.size());
  for (std::size_t unit = 1; unit < units_.size(); ++unit) {
    const std::uint32_t byte = label(unit);
    if (byte > 0xFF || children(unit) >= units_.size()) continue;
    if (byte > ' ' && byte <= '~') after[children(unit)] |= kAfterPlain;
    if (is_plain_lead(static_cast<std::uint8_t>(byte))) after[children(unit)] |= kAfterLead;
  }
  for (std::size_t unit = 1; unit < units_.size(); ++unit) {
    const std::uint32_t byte = label(unit);
    if (byte < 0x80 || byte > 0xBF || children(unit) >= units_.size()) continue;
    if ((unit ^ byte) < units_.size() && (after[unit ^ byte] & kAfterLead) != 0)
      after[children(unit)] |= kAfterPlain;
  }
  for (std::size_t node = 0; node < units_.size(); ++node) {
    if ((after[node] & kAfterPlain) == 0) continue;
    const auto byte = static_cast<std::uint8_t>(blank);
    if ((node ^ byte) < units_.size() && label(node ^ byte) == byte) return false;
  }
  for (std::size_t unit = 1; unit < units_.size(); ++unit) {
    if (label(unit) > 0xFF || !has_leaf(units_[unit])) continue;
    const std::size_t node = children(unit);
    if (node >= units_.size() || (after[node] & kAfterPlain) == 0) continue;
    const std::uint32_t value = value_of(units_[node]);
    if (value >= replacements_.size()) continue;
    const std::string_view text(replacements_.c_str() + value);
    if (text.empty() || text.ends_with(' ') || text.ends_with("\xE2\x96\x81")) return false;
  }
  return true;
}

Result<std::unique_ptr<TextNormalizer>> make_charsmap_normalizer(const NormalizeCharsmap& step) {
  auto map = Charsmap::parse(step.blob);
  if (!map) return std::unexpected(map.error());
  if (step.matching == NormalizeCharsmap::Matching::huggingface) {
    return std::make_unique<HuggingFaceCharsmap>(*std::move(map));
  }
  return std::make_unique<SentencePieceCharsmap>(*std::move(map), step.kept);
}

}  // namespace leyden::tokenizer
