#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <openssl/evp.h>

#include "leyden/tokenizer/loaders/loaders.h"
#include "leyden/tokenizer/loaders/text_table.h"

namespace leyden::tokenizer {
namespace {

// A rank file holds tokens only: the pattern and the special tokens stand in tiktoken's source
// (tiktoken_ext/openai_public.py of 0.14.0, MIT), where the file's SHA-256 says which file it means.
struct Special {
  std::string_view text;
  TokenId id = 0;
};
struct Published {
  std::string_view sha256;
  std::string_view name;
  std::string_view pattern;
  std::vector<Special> specials;
  bool by_name_only = false;  // Shares its file with another that is meant where no name is given.
};

// As Hugging Face writes them. tiktoken 0.14 has them with possessive quantifiers and the whitespace rule in parts, which
// cuts differently in places where the IDs are the same (no token holds a newline with more whitespace behind it).
constexpr std::string_view kR50kPattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kCl100kPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kO200kPattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kR50kFile =
    "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930";
constexpr std::string_view kP50kFile =
    "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069";
constexpr std::string_view kCl100kFile =
    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7";
constexpr std::string_view kO200kFile =
    "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d";

const std::vector<Published>& published_files() {
  static const std::vector<Published> files = {
      {kR50kFile, "r50k_base", kR50kPattern, {{"<|endoftext|>", 50256}}},
      // The same ranks, published as vocab.bpe and encoder.json.
      {kR50kFile, "gpt2", kR50kPattern, {{"<|endoftext|>", 50256}}, true},
      {kP50kFile, "p50k_base", kR50kPattern, {{"<|endoftext|>", 50256}}},
      {kP50kFile,
       "p50k_edit",
       kR50kPattern,
       {{"<|endoftext|>", 50256},
        {"<|fim_prefix|>", 50281},
        {"<|fim_middle|>", 50282},
        {"<|fim_suffix|>", 50283}},
       true},
      {kCl100kFile,
       "cl100k_base",
       kCl100kPattern,
       {{"<|endoftext|>", 100257},
        {"<|fim_prefix|>", 100258},
        {"<|fim_middle|>", 100259},
        {"<|fim_suffix|>", 100260},
        {"<|endofprompt|>", 100276}}},
      {kO200kFile,
       "o200k_base",
       kO200kPattern,
       {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}}},
      // And "<|reserved_N|>" for the numbers between and up to 201087.
      {kO200kFile,
       "o200k_harmony",
       kO200kPattern,
       {{"<|endofprompt|>", 200018},
        {"<|startoftext|>", 199998},
        {"<|endoftext|>", 199999},
        {"<|return|>", 200002},
        {"<|constrain|>", 200003},
        {"<|channel|>", 200005},
        {"<|start|>", 200006},
        {"<|end|>", 200007},
        {"<|message|>", 200008},
        {"<|call|>", 200012}},
       true},
  };
  return files;
}

std::vector<AddedToken> special_tokens(const Published& file) {
  std::vector<AddedToken> tokens;
  for (const Special& special : file.specials) {
    tokens.push_back({.id = special.id, .text = std::string(special.text), .special = true});
  }
  if (file.name == "o200k_harmony") {
    for (TokenId id = 200000; id < 201088; ++id) {
      // 200018 has two names: "<|endofprompt|>", which decoding gives, and its number.
      if (id < 200013 && std::ranges::count(file.specials, id, &Special::id) != 0) continue;
      tokens.push_back({.id = id, .text = fmt::format("<|reserved_{}|>", id), .special = true});
    }
  }
  return tokens;
}

std::string sha256_hex(std::string_view content) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

// "dGhl 279": the token's bytes in base64, its rank.
struct RankLine {
  std::string bytes;
  TokenId rank = 0;
};

std::optional<RankLine> parse_line(std::string_view line) {
  std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0 || space % 4 != 0) return std::nullopt;
  RankLine parsed;
  parsed.bytes.resize(space / 4 * 3);
  int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(parsed.bytes.data()),
                      reinterpret_cast<const unsigned char*>(line.data()), static_cast<int>(space));
  if (size < 0) return std::nullopt;
  std::size_t padding = line[space - 1] != '=' ? 0 : line[space - 2] != '=' ? 1 : 2;
  parsed.bytes.resize(static_cast<std::size_t>(size) - padding);
  std::string_view digits = line.substr(space + 1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.rank);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return parsed;
}

// tiktoken merges two neighbours whenever their bytes together are a token, lowest rank first. As pairs: every way to cut a
// token into two tokens is a merge of the token's rank.
std::vector<SpecMerge> merges_of(const std::vector<SpecToken>& tokens, const TextTable& table) {
  std::vector<SpecMerge> merges;
  merges.reserve(tokens.size() * 3);
  for (const SpecToken& token : tokens) {
    std::string_view bytes = token.bytes;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      auto left = table.find(bytes.substr(0, cut));
      if (!left) continue;
      auto right = table.find(bytes.substr(cut));
      if (right) merges.push_back({*left, *right, token.id, token.id});
    }
  }
  return merges;
}

}  // namespace

Result<TokenizerSpec> read_tiktoken(std::string_view content, const std::string& where,
                                    std::string name) {
  // A look at the first line tells "not a tokenizer at all" from "a rank file that we don't know".
  if (!parse_line(content.substr(0, std::min(content.find('\n'), content.size())))) {
    return fail(Errc::corrupt,
                "{} is not a tokenizer: give a tokenizer.json, a .tiktoken rank file, a "
                "SentencePiece .model or a GGUF model",
                where);
  }
  std::string hash = sha256_hex(content);
  const Published* published = nullptr;
  for (const Published& candidate : published_files()) {
    if (candidate.sha256 == hash && (!candidate.by_name_only || candidate.name == name)) {
      published = &candidate;
    }
  }
  if (published == nullptr) {
    return fail(Errc::unsupported,
                "{} is none of the rank files that OpenAI published (cl100k_base, o200k_base, "
                "p50k_base, r50k_base; this one's SHA-256 is {}...): it is damaged, or its pattern "
                "and special tokens are not known; use the model's tokenizer.json instead",
                where, hash.substr(0, 12));
  }

  TokenizerSpec spec;
  spec.name = name.empty() ? std::string(published->name) : std::move(name);
  spec.pretokenizers.emplace_back(SplitPattern{.pattern = std::string(published->pattern),
                                               .is_regex = true,
                                               .behavior = SplitBehavior::isolated,
                                               .invert = false});
  BpeSpec bpe;
  bpe.whole_first = true;
  for (std::size_t number = 1; !content.empty(); ++number) {
    std::size_t end = std::min(content.find('\n'), content.size());
    auto line = parse_line(content.substr(0, end));
    if (!line) {
      return fail(Errc::corrupt, "{}, line {}: not a token in base64 and a rank of its own", where,
                  number);
    }
    bpe.tokens.push_back({line->rank, std::move(line->bytes)});
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  TextTable table(bpe.tokens.size());
  for (const SpecToken& token : bpe.tokens) {
    if (!table.add(token.bytes, token.id)) {
      return fail(Errc::corrupt, "{}: token {} is there twice", where, token.id);
    }
    spec.vocabulary_size = std::max(spec.vocabulary_size, token.id + std::size_t{1});
  }
  bpe.merges = merges_of(bpe.tokens, table);
  spec.model = std::move(bpe);
  spec.added = special_tokens(*published);
  for (const AddedToken& token : spec.added) {
    spec.vocabulary_size = std::max(spec.vocabulary_size, token.id + std::size_t{1});
  }
  spec.decoders = {DecodeByteLevel{}};
  return spec;
}

}  // namespace leyden::tokenizer
