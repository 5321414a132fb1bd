#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "leyden/tokenizer/engine/isa.h"
#include "leyden/tokenizer/engine/kernel.h"
#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/engine/segment_table.h"
#include "leyden/tokenizer/engine/words_coder.h"
#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/spec.h"
#include "leyden/tokenizer/spec_fields.h"
#include "leyden/tokenizer/text_encoder.h"

namespace leyden::tokenizer::engine {

// Where a text gets a space in front.
enum class Prefix : std::uint8_t {
  never,
  always,         // Every piece.
  where_none_is,  // Every piece that does not begin with one.
  first_where_none_is,
};

// What decides the fused encoder of a BPE vocabulary besides its tables.
struct FastSettings {
  // Of byte-level vocabularies.
  Pattern pattern{};
  bool to_nfc = false;
  std::vector<std::pair<std::string, TokenId>> whole;  // ByteLevelCoder's.
  // Of SentencePiece's.
  Prefix prefix{};
  UnknownCharacters unknown;
};
template <class Archive, Is<FastSettings> T>
void fields(Archive&& archive, T& settings) {
  archive(settings.pattern, settings.to_nfc, settings.whole, settings.prefix,
          settings.unknown.bytes, settings.unknown.unknown, settings.unknown.fuse);
}

// All that the fused encoder of a BPE vocabulary is made of.
struct FastTables {
  FastSettings settings;
  MergeTables merges;
  SeedTable seed;
  std::shared_ptr<const void> owner;  // Of what these are views of.
};

// nullopt where no fused encoder is proven for the specification. Keeps nothing of `spec`.
[[nodiscard]] std::optional<FastTables> build_fast_tables(const TokenizerSpec& spec);
[[nodiscard]] std::unique_ptr<TextEncoder> make_fast_encoder(FastTables tables, Isa isa);

// The fused encoder for a specification: byte-level BPE with a pattern that we know, SentencePiece-style BPE whose words can
// be encoded one by one, and others whose words can (local_encoder.h). nullptr where there is none, and PipelineEncoder has to do it. Keeps nothing of `spec`.
[[nodiscard]] std::unique_ptr<TextEncoder> make_fast_encoder(const TokenizerSpec& spec, Isa isa);

}  // namespace leyden::tokenizer::engine
