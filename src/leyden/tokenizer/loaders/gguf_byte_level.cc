#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/byte_level.h"
#include "leyden/tokenizer/loaders/gguf_models.h"
#include "leyden/tokenizer/loaders/text_table.h"
#include "leyden/tokenizer/pretokenizers/pattern_regexes.h"

namespace leyden::tokenizer {
namespace {

// Patterns as tokenizer.json files spell them.
constexpr std::string_view kGpt2 = "";  // ByteLevel's own.
constexpr std::string_view kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// `tokenizer.ggml.pre` names what a tokenizer.json spells out. The rest (normalizer, ignore_merges) is not in the file: it
// is taken from the model's own tokenizer.json, because that is what the model was trained with. llama.cpp leaves Qwen's NFC
// out; docs/decisions/2026-11-24-unicode.md. Only names whose tokenizer.json we have seen are here.
struct Pre {
  std::string_view name;
  std::array<std::string_view, 3> patterns;
  bool digits = false;  // Each apart, before the pattern.
  bool nfc = false;
  bool whole_first = false;
};

// Letters that have two cases, without the Greek and Cyrillic ones of later versions of Unicode, as DeepSeek-LLM lists them.
constexpr std::string_view kDeepSeekLetters =
    "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
    "Ḁ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤ"
    "Ⳬ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";

// Three more are other steps than patterns and, at the end, ByteLevel.
using Steps = std::vector<PretokenizerStep>;

PretokenizerStep split(std::string_view pattern) {
  return SplitPattern{.pattern = std::string(pattern),
                      .is_regex = true,
                      .behavior = SplitBehavior::isolated,
                      .invert = false};
}

PretokenizerStep byte_level(bool use_regex) {
  return SplitByteLevel{.add_prefix_space = false, .use_regex = use_regex};
}

// Its last two cut what ByteLevel has written.
Steps falcon() {
  return {SplitPunctuation{SplitBehavior::contiguous}, byte_level(true),
          SplitDigits{.individual = false}, split("[0-9][0-9][0-9]")};
}

constexpr std::string_view kDeepSeekFirstCjk = "[一-龥ࠀ-一가-\\x{D7FF}]+";

Steps deepseek_coder() {
  return {split("[\r\n]"),
          split("\\s?\\p{L}+"),
          split("\\s?\\p{P}+"),
          split(kDeepSeekFirstCjk),
          SplitDigits{.individual = true},
          byte_level(false)};
}

Steps deepseek_llm() {
  return {split("[\r\n]"),  split(kDeepSeekLetters),  split("\\s?[!-/:-~！-／：-～‘-‟　-。]+"),
          split("\\s+$"),   split(kDeepSeekFirstCjk), SplitDigits{.individual = true},
          byte_level(false)};
}

std::optional<Steps> steps_of(std::string_view name) {
  if (name == "falcon") return falcon();
  if (name == "deepseek-coder") return deepseek_coder();
  if (name == "deepseek-llm") return deepseek_llm();
  return std::nullopt;
}

constexpr std::array kPres = {
    Pre{"gpt-2", {kGpt2}},
    Pre{"phi-2", {kGpt2}},
    Pre{"mpt", {kGpt2}, false, true},  // GPT-NeoX's.
    Pre{"smollm", {kGpt2}, true},
    Pre{"starcoder", {kGpt2}, true},
    Pre{"refact", {kGpt2}, true},
    Pre{"llama-bpe", {regexes::kCl100k}, false, false, true},
    Pre{"llama3", {regexes::kCl100k}, false, false, true},
    Pre{"llama-v3", {regexes::kCl100k}, false, false, true},
    Pre{"qwen2", {regexes::kQwen2}, false, true},
    Pre{"qwen35", {kQwen35}, false, true},
    Pre{"gpt-4o", {regexes::kO200k}, false, false, true},
    Pre{"tekken", {kTekken}, false, false, true},
    Pre{"deepseek-v3", {regexes::kDeepSeekNumbers, regexes::kDeepSeekCjk, regexes::kDeepSeekRest}},
};

void put_pretokenizers(const Pre& pre, TokenizerSpec& spec) {
  if (pre.nfc) spec.normalizers.emplace_back(NormalizeUnicode{NormalizeUnicode::Form::nfc});
  if (pre.digits) spec.pretokenizers.emplace_back(SplitDigits{.individual = true});
  for (std::string_view pattern : pre.patterns) {
    if (pattern.empty()) continue;
    spec.pretokenizers.push_back(split(pattern));
  }
  spec.pretokenizers.push_back(byte_level(pre.patterns.front().empty()));
}

// Entries that only fill the model's table up: no tokenizer has them.
bool is_padding(std::string_view token, TokenId id) { return token == fmt::format("[PAD{}]", id); }

}  // namespace

// leyden:ignore common.complex-function one check a line of what the file may say
Result<TokenizerSpec> read_gguf_byte_level(const Gguf& gguf, const std::string& where) {
  std::string pre_name = gguf.text("tokenizer.ggml.pre");
  const Pre* pre = nullptr;
  for (const Pre& candidate : kPres) {
    if (candidate.name == pre_name) pre = &candidate;
  }
  std::optional<Steps> steps = steps_of(pre_name);
  if (pre == nullptr && !steps) {
    return fail(Errc::unsupported, "{}: the pre-tokenizer \"{:.80}\" is not supported", where,
                utf8::one_line(pre_name));
  }
  const auto* tokens = gguf.find<Gguf::Strings>("tokenizer.ggml.tokens");
  const auto* types = gguf.find<Gguf::Integers>("tokenizer.ggml.token_type");
  const auto* merges = gguf.find<Gguf::Strings>("tokenizer.ggml.merges");
  if (tokens == nullptr || types == nullptr || merges == nullptr ||
      types->size() != tokens->size()) {
    return fail(Errc::corrupt,
                "{}: tokens, token types or merges are missing or don't belong together", where);
  }
  TokenizerSpec spec;
  spec.vocabulary_size = tokens->size();
  spec.decoders = {DecodeByteLevel{}};
  if (steps) {
    spec.pretokenizers = *std::move(steps);
  } else {
    put_pretokenizers(*pre, spec);
  }
  BpeSpec bpe;
  bpe.whole_first = pre != nullptr && pre->whole_first;
  TextTable table(tokens->size());
  for (TokenId id = 0; id < tokens->size(); ++id) {
    std::string_view token = (*tokens)[id];
    auto type = static_cast<GgufTokenType>((*types)[id]);
    if (type == GgufTokenType::user_defined && is_padding(token, id)) type = GgufTokenType::unused;
    switch (type) {
      case GgufTokenType::normal: {
        auto bytes = bytes_of_byte_level(token);
        if (!bytes || !table.add(token, id)) {
          return fail(Errc::corrupt,
                      "{}: token {} is not written in byte-level characters, or is there twice",
                      where, id);
        }
        bpe.tokens.push_back({id, *std::move(bytes)});
        break;
      }
      case GgufTokenType::unused:
        spec.unused.push_back({id, std::string(token)});
        break;
      case GgufTokenType::unknown:
      case GgufTokenType::control:
      case GgufTokenType::user_defined:
        // User-defined tokens are applied to all text, as in the model's own tokenizer.
        spec.added.push_back(
            {.id = id, .text = std::string(token), .special = type != GgufTokenType::user_defined});
        break;
      default:
        return fail(Errc::unsupported, "{}: token {} has type {}", where, id, (*types)[id]);
    }
  }
  bpe.merges.reserve(merges->size());
  std::string joined;
  for (std::uint32_t rank = 0; rank < merges->size(); ++rank) {
    std::string_view both = (*merges)[rank];
    std::size_t space = both.find(' ', 1);
    if (space == std::string_view::npos)
      return fail(Errc::corrupt, "{}: merge number {} is no pair", where, rank);
    auto left = table.find(both.substr(0, space));
    auto right = table.find(both.substr(space + 1));
    joined = both.substr(0, space);
    joined += both.substr(space + 1);
    auto merged = table.find(joined);
    if (!left || !right || !merged) {
      return fail(Errc::corrupt, "{}: merge number {} joins tokens that are not in the vocabulary",
                  where, rank);
    }
    bpe.merges.push_back({*left, *right, *merged, rank});
  }
  spec.model = std::move(bpe);
  return spec;
}

}  // namespace leyden::tokenizer
