#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "leyden/base/digest.h"
#include "leyden/base/token_id.h"

// What a tokenizer's file says, as plain data: loaders make it, tokenizers are made of it. The vocabulary of terms
// is that of Hugging Face's tokenizer.json, which is the richest of the formats; the others are translated into it. Text is
// UTF-8 everywhere; a token's bytes are what it stands for, with byte-level writing ("Ġ") already undone.
namespace leyden::tokenizer {

// --- normalizers: text to text, in order

struct NormalizeUnicode {
  enum class Form : std::uint8_t { nfc, nfd, nfkc, nfkd } form{};
};
struct NormalizeLowercase {};
struct NormalizeStripAccents {};  // Removes Mn: meant to follow NFD.
struct NormalizeStrip {           // White space at the ends.
  bool left = true;
  bool right = true;
};
struct NormalizePrepend {  // Not before empty text.
  std::string text;
};
struct NormalizeReplace {
  std::string pattern;
  bool is_regex = false;
  std::string content;
};
struct NormalizeNmt {};
struct NormalizeBert {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  bool strip_accents = true;  // Resolved: absent in the file means as `lowercase`.
  bool lowercase = true;
};
// SentencePiece's compiled character map: a Darts double array and the replacements, as in the file. How a matched
// prefix is chosen differs between the references.
struct NormalizeCharsmap {
  std::string blob;  // Empty: nothing is replaced.
  enum class Matching : std::uint8_t { sentencepiece, huggingface } matching{};
  std::vector<std::string>
      kept;  // SentencePiece's user-defined symbols: stay as they are, the longest first.
};
// SentencePiece's own handling of spaces, after its character map.
struct NormalizeSpaces {
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;  // " " becomes U+2581.
  bool treat_whitespace_as_suffix = false;
};
using NormalizerStep =
    std::variant<NormalizeUnicode, NormalizeLowercase, NormalizeStripAccents, NormalizeStrip,
                 NormalizePrepend, NormalizeReplace, NormalizeNmt, NormalizeBert, NormalizeCharsmap,
                 NormalizeSpaces>;

// --- pre-tokenizers: one text to several, in order; each cuts the pieces that the one before left

enum class SplitBehavior : std::uint8_t {
  removed,
  isolated,
  merged_with_previous,
  merged_with_next,
  contiguous
};

struct SplitPattern {
  std::string pattern;
  bool is_regex = true;
  SplitBehavior behavior{};
  bool invert = false;
};
struct
    SplitByteLevel {  // The bytes themselves are already in the vocabulary: only prefix and pattern are left to do.
  bool add_prefix_space = false;
  bool use_regex = true;  // GPT-2's.
};
struct SplitDigits {
  bool individual = false;
};
struct SplitMetaspace {
  std::string replacement = "\xE2\x96\x81";
  enum class Prepend : std::uint8_t { always, never, first } prepend{};
  bool split = true;
};
struct SplitPunctuation {
  SplitBehavior behavior = SplitBehavior::isolated;
};
struct SplitWhitespace {};    // \w+|[^\w\s]+
struct SplitOnWhitespace {};  // WhitespaceSplit
struct SplitBert {};
struct SplitUnicodeScripts {};
struct SplitCharDelimiter {
  char32_t delimiter = U' ';
};
struct SplitFixedLength {
  std::size_t length = 5;  // In characters.
};
using PretokenizerStep =
    std::variant<SplitPattern, SplitByteLevel, SplitDigits, SplitMetaspace, SplitPunctuation,
                 SplitWhitespace, SplitOnWhitespace, SplitBert, SplitUnicodeScripts,
                 SplitCharDelimiter, SplitFixedLength>;

// --- models: one piece to IDs

struct SpecToken {
  TokenId id = 0;
  std::string bytes;
};
struct SpecMerge {
  TokenId left = 0;
  TokenId right = 0;
  TokenId merged = 0;
  std::uint32_t rank = 0;  // Lower first.
};

struct BpeSpec {
  std::vector<SpecToken> tokens;  // Ordinary ones.
  std::vector<SpecMerge> merges;
  bool byte_level = true;    // Symbols begin as bytes; else as characters.
  bool whole_first = false;  // A piece that is a token is that token: `ignore_merges`, tiktoken.
  bool byte_fallback =
      false;  // A character that is no token becomes tokens "<0x..>", when all of them are there.
  std::optional<TokenId> unknown;
  bool fuse_unknown = false;  // A run of unknown characters is one token.
  std::string continuing_subword_prefix;
  std::string end_of_word_suffix;
  // SentencePiece's user-defined symbols: the longest at each place is one symbol that never merges.
  std::vector<SpecToken> user_defined;
};
struct UnigramSpec {
  struct Piece {
    TokenId id = 0;
    std::string bytes;
    double score =
        0;  // Log probability. As in the file: SentencePiece counts in float, Hugging Face in double.
    enum class Kind : std::uint8_t { normal, user_defined, unused } kind{};
  };
  std::vector<Piece> pieces;
  std::optional<TokenId> unknown;
  bool byte_fallback = false;
  bool single_precision = false;  // SentencePiece's arithmetic.
};
struct WordPieceSpec {
  std::vector<SpecToken> tokens;
  TokenId unknown = 0;
  std::string continuing_subword_prefix = "##";
  std::size_t word_chars_max = 100;
};
struct WordLevelSpec {
  std::vector<SpecToken> tokens;
  std::optional<TokenId> unknown;
};
using ModelSpec = std::variant<BpeSpec, UnigramSpec, WordPieceSpec, WordLevelSpec>;

// --- tokens that are found in the text before the model sees it

struct AddedToken {
  TokenId id = 0;
  std::string text;
  bool special = false;  // Control: text becomes it only where the caller's SpecialPolicy says so.
  bool lstrip = false;   // Takes the white space on its left.
  bool rstrip = false;
  bool single_word = false;  // Not within a word.
  bool normalized =
      false;  // Searched in the normalized text, itself normalized; else in the text as given.
};

// --- post-processors: what is put around the IDs of one text, when asked for

struct TemplateSpec {
  TokenIds before;
  TokenIds after;
};

// --- decoders: IDs to text, in order, over the list of the tokens' texts

struct DecodeByteLevel {};
struct DecodeReplace {
  std::string pattern;
  bool is_regex = false;
  std::string content;
};
struct DecodeByteFallback {};
struct DecodeFuse {};
struct DecodeStrip {
  std::string content;
  std::size_t start = 0;
  std::size_t stop = 0;
};
struct DecodeWordPiece {
  std::string prefix = "##";
  bool cleanup = true;
};
struct DecodeMetaspace {
  std::string replacement = "\xE2\x96\x81";
  bool add_prefix_space = true;  // One leading space goes.
};
struct DecodeBpe {
  std::string suffix;
};
struct DecodeCtc {
  std::string pad_token;
  std::string word_delimiter_token;
  bool cleanup = true;
};
// SentencePieceProcessor::DecodeIds, as the only step: control tokens are invisible, "<0x..>" are bytes, U+2581 is a space.
struct DecodeSentencePiece {
  bool strip_first_space = true;        // add_dummy_prefix or remove_extra_whitespaces.
  bool strip_all_first_spaces = false;  // remove_extra_whitespaces.
  std::string unknown_surface = " \xE2\x81\x87 ";
};
// An empty list joins the tokens with spaces, as Hugging Face does without a decoder.
using DecoderStep =
    std::variant<DecodeByteLevel, DecodeReplace, DecodeByteFallback, DecodeFuse, DecodeStrip,
                 DecodeWordPiece, DecodeMetaspace, DecodeBpe, DecodeCtc, DecodeSentencePiece>;

struct TokenizerSpec {
  std::string name;                 // For people; not part of the fingerprint.
  std::size_t vocabulary_size = 0;  // One more than the highest ID, padding included.
  std::vector<NormalizerStep> normalizers;
  std::vector<PretokenizerStep> pretokenizers;
  ModelSpec model;
  std::vector<AddedToken> added;
  std::vector<SpecToken> unused;  // Padding of the model's tables: decodes, is never made.
  TemplateSpec post;
  std::vector<DecoderStep> decoders;
  // How a token whose bytes the decoders don't describe is written in the file: needed for decoders that work on the
  // written form (WordPiece's "##", U+2581). True for byte-level vocabularies, whose tokens are their bytes.
  bool decodes_to_bytes = true;
};

// Over all that decides IDs and decoded bytes: every field above but `name`.
[[nodiscard]] Digest fingerprint(const TokenizerSpec& spec);

}  // namespace leyden::tokenizer
