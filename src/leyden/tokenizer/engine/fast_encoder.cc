#include "leyden/tokenizer/engine/fast_encoder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "leyden/tokenizer/engine/byte_level_coder.h"
#include "leyden/tokenizer/engine/local_encoder.h"
#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/nfc_check.h"
#include "leyden/tokenizer/engine/segment_engine.h"
#include "leyden/tokenizer/engine/unigram_encoder.h"
#include "leyden/tokenizer/engine/words_coder.h"
#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/pretokenizers/native_pattern.h"

namespace leyden::tokenizer::engine {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";

class ByteLevelEncoder final : public TextEncoder {
 public:
  ByteLevelEncoder(FastTables tables, Isa isa)
      : owner_(std::move(tables.owner)),
        to_nfc_(tables.settings.to_nfc),
        coder_(tables.merges, std::move(tables.settings.whole)),
        engine_(segmentation_of(tables.settings.pattern), tables.seed, coder_, tables.merges, isa) {
  }

  void encode(std::string_view text, bool, TokenIds& out) const override {
    if (to_nfc_ && !is_surely_nfc(text)) return engine_.encode(tokenizer::to_nfc(text), out);
    engine_.encode(text, out);
  }
  std::size_t count(std::string_view text, bool) const override {
    if (to_nfc_ && !is_surely_nfc(text)) return engine_.count(tokenizer::to_nfc(text));
    return engine_.count(text);
  }

 private:
  std::shared_ptr<const void> owner_;
  bool to_nfc_;
  ByteLevelCoder coder_;
  SegmentEngine engine_;
};

class WordsEncoder final : public TextEncoder {
 public:
  WordsEncoder(FastTables tables, Isa isa)
      : owner_(std::move(tables.owner)),
        prefix_(tables.settings.prefix),
        coder_(tables.settings.unknown),
        engine_({Cut::words, {}}, tables.seed, coder_, tables.merges, isa) {}

  void encode(std::string_view text, bool first_piece, TokenIds& out) const override {
    if (adds_space(text, first_piece)) {
      const std::size_t end = word_end(text, 0);
      std::string first = " ";
      first += text.substr(0, end);
      engine_.encode_segment(first, out);
      text.remove_prefix(end);
    }
    engine_.encode(text, out);
  }
  std::size_t count(std::string_view text, bool first_piece) const override {
    if (!adds_space(text, first_piece)) return engine_.count(text);
    const std::size_t end = word_end(text, 0);
    TokenIds first;
    encode(text.substr(0, end), first_piece, first);
    return first.size() + engine_.count(text.substr(end));
  }

 private:
  [[nodiscard]] bool adds_space(std::string_view text, bool first_piece) const {
    if (text.empty() || prefix_ == Prefix::never) return false;
    if (prefix_ == Prefix::always) return true;
    if (prefix_ == Prefix::first_where_none_is && !first_piece) return false;
    return text[0] != ' ' && !text.starts_with(kSpace);
  }

  std::shared_ptr<const void> owner_;
  Prefix prefix_;
  WordsCoder coder_;
  SegmentEngine engine_;
};

// Which way of putting a space in front a specification's steps come to, spaces written as U+2581 with it; nullopt when they do
// anything else.
// leyden:ignore common.complex-function the inner loop: a call costs more than it explains
std::optional<Prefix> words_prefix(const TokenizerSpec& spec) {
  Prefix prefix = Prefix::never;
  bool replaces = false;
  for (const NormalizerStep& step : spec.normalizers) {
    if (const auto* prepend = std::get_if<NormalizePrepend>(&step)) {
      if (prepend->text != kSpace || replaces || prefix != Prefix::never) return std::nullopt;
      prefix = Prefix::always;
    } else if (const auto* replace = std::get_if<NormalizeReplace>(&step)) {
      if (replace->is_regex || replace->pattern != " " || replace->content != kSpace || replaces)
        return std::nullopt;
      replaces = true;
    } else if (const auto* charsmap = std::get_if<NormalizeCharsmap>(&step)) {
      if (!charsmap->blob.empty() || !charsmap->kept.empty()) return std::nullopt;
    } else if (const auto* spaces = std::get_if<NormalizeSpaces>(&step)) {
      if (spaces->remove_extra_whitespaces || spaces->treat_whitespace_as_suffix ||
          !spaces->escape_whitespaces || replaces || prefix != Prefix::never)
        return std::nullopt;
      replaces = true;
      if (spaces->add_dummy_prefix) prefix = Prefix::always;
    } else {
      return std::nullopt;
    }
  }
  for (const PretokenizerStep& step : spec.pretokenizers) {
    if (const auto* metaspace = std::get_if<SplitMetaspace>(&step)) {
      if (metaspace->split || metaspace->replacement != kSpace || prefix != Prefix::never ||
          replaces)
        return std::nullopt;
      replaces = true;
      switch (metaspace->prepend) {
        case SplitMetaspace::Prepend::always:
          prefix = Prefix::where_none_is;
          break;
        case SplitMetaspace::Prepend::first:
          prefix = Prefix::first_where_none_is;
          break;
        case SplitMetaspace::Prepend::never:
          break;
      }
    } else if (const auto* split = std::get_if<SplitPattern>(&step)) {
      // Gemma 3 splits at spaces after it has replaced them all: nothing is split.
      if (split->is_regex || split->pattern != " " || !replaces || split->invert)
        return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (!replaces) return std::nullopt;
  return prefix;
}

std::optional<UnknownCharacters> unknown_characters(const BpeSpec& bpe) {
  UnknownCharacters unknown{.bytes = {}, .unknown = bpe.unknown, .fuse = bpe.fuse_unknown};
  if (!bpe.byte_fallback) return unknown;
  std::array<TokenId, 256> bytes{};
  std::array<bool, 256> there{};
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const SpecToken& token : bpe.tokens) {
    if (token.bytes.size() != 6 || !token.bytes.starts_with("<0x") || token.bytes[5] != '>')
      continue;
    const std::size_t high = kDigits.find(token.bytes[3]);
    const std::size_t low = kDigits.find(token.bytes[4]);
    if (high == std::string_view::npos || low == std::string_view::npos) continue;
    bytes[high * 16 + low] = token.id;
    there[high * 16 + low] = true;
  }
  // With some of them only, what becomes of a character depends on which bytes it has: but for ASCII, which never needs its
  // byte where it is a token itself.
  for (const SpecToken& token : bpe.tokens) {
    if (token.bytes.size() == 1) there[static_cast<std::uint8_t>(token.bytes[0])] = true;
  }
  if (!std::ranges::all_of(there, std::identity{})) return std::nullopt;
  unknown.bytes = bytes;
  return unknown;
}

FastTables fast_tables(FastSettings settings, MergeTables::Owner merges,
                       std::span<const std::pair<std::string, TokenId>> seed) {
  struct Owner {
    MergeTables::Owner merges;
    SeedTable::Data seed;
  };
  auto owner = std::make_shared<Owner>();
  owner->seed = SeedTable::make(seed, merges.origins.size());
  owner->merges = std::move(merges);
  return {std::move(settings), owner->merges.view(), SeedTable(owner->seed.slots, owner->seed.keys),
          owner};
}

std::optional<FastTables> byte_level_tables(const TokenizerSpec& spec, const BpeSpec& bpe) {
  FastSettings settings;
  auto pattern = native_pattern(spec.pretokenizers);
  if (!pattern) return std::nullopt;
  settings.pattern = *pattern;
  for (const NormalizerStep& step : spec.normalizers) {
    const auto* form = std::get_if<NormalizeUnicode>(&step);
    if (form == nullptr || form->form != NormalizeUnicode::Form::nfc) return std::nullopt;
    settings.to_nfc = true;
  }
  auto analysis = analyze_merges(bpe, spec.vocabulary_size);
  if (!analysis) return std::nullopt;
  const MergeTables merges = analysis->tables.view();
  settings.whole = long_whole_tokens(bpe, merges);
  const auto seed = byte_level_seed(bpe, merges);
  return fast_tables(std::move(settings), std::move(analysis->tables), seed);
}

std::optional<FastTables> words_tables(const TokenizerSpec& spec, const BpeSpec& bpe) {
  auto prefix = words_prefix(spec);
  auto unknown = unknown_characters(bpe);
  if (!prefix || !unknown || bpe.whole_first) return std::nullopt;
  auto analysis = analyze_merges(bpe, spec.vocabulary_size);
  if (!analysis || !words_are_safe(bpe, analysis->tables.view())) return std::nullopt;
  const auto seed = words_seed(bpe, analysis->tables.view());
  return fast_tables({.pattern = {}, .whole = {}, .prefix = *prefix, .unknown = *unknown},
                     std::move(analysis->tables), seed);
}

}  // namespace

std::optional<FastTables> build_fast_tables(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeSpec>(&spec.model);
  if (bpe == nullptr || !bpe->user_defined.empty()) return std::nullopt;
  return bpe->byte_level ? byte_level_tables(spec, *bpe) : words_tables(spec, *bpe);
}

std::unique_ptr<TextEncoder> make_fast_encoder(FastTables tables, Isa isa) {
  if (tables.merges.byte_level) return std::make_unique<ByteLevelEncoder>(std::move(tables), isa);
  return std::make_unique<WordsEncoder>(std::move(tables), isa);
}

std::unique_ptr<TextEncoder> make_fast_encoder(const TokenizerSpec& spec, Isa isa) {
  if (auto tables = build_fast_tables(spec)) return make_fast_encoder(*std::move(tables), isa);
  const auto* bpe = std::get_if<BpeSpec>(&spec.model);
  if (bpe != nullptr && (bpe->byte_level || !bpe->user_defined.empty())) return nullptr;
  const auto* unigram = std::get_if<UnigramSpec>(&spec.model);
  if (unigram != nullptr && unigram->single_precision) return make_unigram_encoder(spec, isa);
  return make_local_encoder(spec, isa);
}

}  // namespace leyden::tokenizer::engine
