#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <openssl/evp.h>

#include "leyden/tokenizer/loaders/loaders.h"
#include "leyden/tokenizer/loaders/rank_files.h"
#include "leyden/tokenizer/loaders/text_table.h"

namespace leyden::tokenizer {
namespace {

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
  const RankFile* published = find_rank_file(hash, name);
  if (published == nullptr) {
    return fail(
        Errc::unsupported,
        "{} is none of the rank files that OpenAI and Meta published (cl100k_base, "
        "o200k_base, p50k_base, r50k_base, llama3, llama4; this one's SHA-256 is {}...): it "
        "is damaged, or its pattern and special tokens are not known; use the model's "
        "tokenizer.json instead",
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
    if (token.text == published->begin_of_text) spec.post.before = {token.id};
    spec.vocabulary_size = std::max(spec.vocabulary_size, token.id + std::size_t{1});
  }
  spec.decoders = {DecodeByteLevel{}};
  return spec;
}

}  // namespace leyden::tokenizer
