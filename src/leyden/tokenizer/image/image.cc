#include "leyden/tokenizer/image/image.h"

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/image/compact_reader.h"
#include "leyden/tokenizer/image/spec_codec.h"

namespace leyden::tokenizer::image {

template <>
inline constexpr auto kLast<Pattern> = Pattern::deepseek_v3;
template <>
inline constexpr auto kLast<SafeCutFacts::Rule> = SafeCutFacts::Rule::block_merge;
template <>
inline constexpr auto kLast<engine::Prefix> = engine::Prefix::first_where_none_is;

namespace {

// What is small, and has no form that could be mapped.
struct Facts {
  std::vector<std::pair<TokenId, std::string>> normalized_texts;
  bool has_normalizers = false;
  TemplateSpec post;
  SafeCutFacts safe_cut;
  DecoderSpec decoder;
  std::size_t longest_in_given_text = 0;
  std::size_t longest_in_normalized_text = 0;
  engine::FastSettings fast;
  std::uint32_t guard_windows = 0;
  bool byte_level = false;
};
template <class Archive, Is<Facts> T>
void fields(Archive&& archive, T& facts) {
  archive(facts.normalized_texts, facts.has_normalizers, facts.post, facts.safe_cut, facts.decoder,
          facts.longest_in_given_text, facts.longest_in_normalized_text, facts.fast,
          facts.guard_windows, facts.byte_level);
}

// All arrays that are mapped. `section` is called with each: SectionWriter stores it, SectionReader finds it.
struct Arrays {
  Vocabulary::Tables vocabulary;
  std::span<const ByteTrie::Unit> added_ids;
  AddedTokens::Tables given;
  AddedTokens::Tables normalized;
  engine::MergeTables merges;
  std::span<const std::uint32_t> seed_slots;
  std::span<const engine::SeedTable::Key> seed_keys;
};
template <class Section>
void each_array(Section&& section, Arrays& arrays) {
  section("vocabulary.texts", arrays.vocabulary.blob);
  section("vocabulary.tokens", arrays.vocabulary.entries);
  section("vocabulary.slots", arrays.vocabulary.slots);
  section("added.ids", arrays.added_ids);
  section("given.tokens", arrays.given.tokens);
  section("given.trie", arrays.given.units);
  section("normalized.tokens", arrays.normalized.tokens);
  section("normalized.trie", arrays.normalized.units);
  section("merges.origins", arrays.merges.origins);
  section("merges.prefixes", arrays.merges.prefixes);
  section("merges.pairs", arrays.merges.pairs);
  section("merges.trie", arrays.merges.trie);
  section("merges.guarded", arrays.merges.guarded);
  section("merges.guard", arrays.merges.guard);
  section("merges.byte_pairs", arrays.merges.byte_pairs);
  section("merges.cuts.flags", arrays.merges.cuts.flags);
  section("merges.cuts.bits", arrays.merges.cuts.bits);
  section("merges.cuts.ascii", arrays.merges.cuts.ascii);
  section("seed.slots", arrays.seed_slots);
  section("seed.keys", arrays.seed_keys);
}

Arrays arrays_of(const TokenizerParts& parts) {
  return {.vocabulary = parts.vocabulary.tables(),
          .added_ids = parts.added_ids.units(),
          .given = parts.in_given_text.tables(),
          .normalized = parts.in_normalized_text.tables(),
          .merges = parts.fast->merges,
          .seed_slots = parts.fast->seed.slots(),
          .seed_keys = parts.fast->seed.keys()};
}

Facts facts_of(const TokenizerParts& parts) {
  return {.normalized_texts = parts.normalized_texts,
          .has_normalizers = parts.has_normalizers,
          .post = parts.post,
          .safe_cut = parts.safe_cut.facts(),
          .decoder = parts.decoder,
          .longest_in_given_text = parts.in_given_text.tables().longest,
          .longest_in_normalized_text = parts.in_normalized_text.tables().longest,
          .fast = parts.fast->settings,
          .guard_windows = parts.fast->merges.guard_windows,
          .byte_level = parts.fast->merges.byte_level};
}

// The sizes that the engine relies on. What stands in its tables is covered by the checksum alone.
bool fits(const Arrays& arrays) {
  const engine::MergeTables& merges = arrays.merges;
  const std::size_t vocabulary_size = arrays.vocabulary.entries.size();
  constexpr std::size_t kGuardWords = (std::size_t{1} << engine::MergeTables::kGuardBits) / 64;
  auto is_empty_or = [](std::size_t size, std::size_t full) { return size == 0 || size == full; };
  return merges.origins.size() == vocabulary_size && merges.prefixes.size() == vocabulary_size &&
         merges.pairs.size() >= 2 && std::has_single_bit(merges.pairs.size()) &&
         !merges.trie.empty() && merges.trie.size() % 256 == 0 &&
         is_empty_or(merges.guard.size(), kGuardWords) &&
         merges.guarded.empty() == merges.guard.empty() &&
         is_empty_or(merges.byte_pairs.size(), std::size_t{256} * 256) &&
         merges.cuts.flags.size() == engine::CharacterCuts::kPoints &&
         merges.cuts.ascii.size() == 256 && std::has_single_bit(merges.cuts.bits.size()) &&
         arrays.seed_slots.size() >= 2 && std::has_single_bit(arrays.seed_slots.size()) &&
         arrays.seed_keys.size() == vocabulary_size;
}

}  // namespace

Result<std::string> compile(const TokenizerSpec& spec) {
  auto parts = build_parts(spec);
  if (!parts) return std::unexpected(parts.error());
  SectionWriter sections;
  if (parts->fast) {
    CompactWriter facts;
    facts(facts_of(*parts));
    sections("facts", facts.content());
    Arrays arrays = arrays_of(*parts);
    each_array(sections, arrays);
  }
  sections("specification", write_spec(spec));
  return std::move(sections).finish(parts->fingerprint);
}

Result<std::shared_ptr<Image>> Image::make(BytesView content) {
  auto sections = SectionReader::open(content);
  if (!sections) return std::unexpected(sections.error());
  return std::shared_ptr<Image>(new Image(*std::move(sections)));
}

Result<std::shared_ptr<const Image>> Image::open(BytesView content) { return make(content); }

Result<std::shared_ptr<const Image>> Image::open(MappedFile file) {
  auto image = make(file.bytes());
  if (!image) return std::unexpected(image.error());
  (*image)->file_ = std::move(file);  // Its bytes stay where they are.
  return image;
}

Result<TokenizerParts> Image::parts(const std::shared_ptr<const Image>& image) {
  SectionReader sections = image->sections_;
  std::string_view written;
  sections("facts", written);
  Facts facts;
  CompactReader reader(written);
  reader(facts);
  Arrays arrays;
  each_array(sections, arrays);
  arrays.given.longest = facts.longest_in_given_text;
  arrays.normalized.longest = facts.longest_in_normalized_text;
  arrays.merges.guard_windows = facts.guard_windows;
  arrays.merges.byte_level = facts.byte_level;
  arrays.merges.cuts = engine::character_cuts(arrays.merges.cuts.flags, arrays.merges.cuts.bits,
                                              arrays.merges.cuts.ascii);
  auto vocabulary = Vocabulary::borrowed(arrays.vocabulary);
  auto added_ids = ByteTrie::borrowed(arrays.added_ids, arrays.vocabulary.entries.size());
  auto given = AddedTokens::borrowed(arrays.given);
  auto normalized = AddedTokens::borrowed(arrays.normalized);
  if (!sections.complete() || !reader.finished() || !vocabulary || !added_ids || !given ||
      !normalized || !fits(arrays) ||
      (facts.safe_cut.rule == SafeCutFacts::Rule::pattern && !facts.safe_cut.pattern)) {
    return fail(Errc::corrupt, "its parts don't fit together");
  }
  TokenizerParts parts;
  parts.owner = image;
  parts.fingerprint = image->sections_.fingerprint();
  parts.vocabulary = *std::move(vocabulary);
  parts.added_ids = *std::move(added_ids);
  parts.in_given_text = *std::move(given);
  parts.in_normalized_text = *std::move(normalized);
  parts.normalized_texts = std::move(facts.normalized_texts);
  parts.has_normalizers = facts.has_normalizers;
  parts.post = std::move(facts.post);
  parts.safe_cut = SafeCut(std::move(facts.safe_cut));
  parts.decoder = std::move(facts.decoder);
  parts.fast = engine::FastTables{.settings = std::move(facts.fast),
                                  .merges = arrays.merges,
                                  .seed = engine::SeedTable(arrays.seed_slots, arrays.seed_keys),
                                  .owner = image};
  return parts;
}

Result<TokenizerSpec> Image::spec(std::string name) const {
  SectionReader sections = sections_;
  std::string_view written;
  sections("specification", written);
  auto spec = read_spec(written, std::move(name));
  if (spec && fingerprint(*spec) != sections_.fingerprint())
    return fail(Errc::corrupt, "its specification is not the one that it was made of");
  return spec;
}

}  // namespace leyden::tokenizer::image
