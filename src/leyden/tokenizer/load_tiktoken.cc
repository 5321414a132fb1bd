#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <openssl/evp.h>

#include "leyden/tokenizer/byte_pair_tokenizer.h"
#include "leyden/tokenizer/load_internal.h"

namespace leyden::tokenizer {
namespace {

// A rank file holds tokens only: the pattern and the special tokens stand in tiktoken's source
// (tiktoken_ext/openai_public.py, MIT), where the file's SHA-256 says which file it means.
struct Published {
  std::string_view sha256;
  std::string_view name;
  Pattern pattern;
  std::size_t vocabulary_size;
  std::array<std::pair<std::string_view, TokenId>, 5> specials;
};

constexpr std::array kPublished = {
    Published{"223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
              "cl100k_base",
              Pattern::cl100k,
              100277,
              {{{"<|endoftext|>", 100257},
                {"<|fim_prefix|>", 100258},
                {"<|fim_middle|>", 100259},
                {"<|fim_suffix|>", 100260},
                {"<|endofprompt|>", 100276}}}},
    Published{"446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
              "o200k_base",
              Pattern::o200k,
              200019,
              {{{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}, {}, {}, {}}}},
};

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
std::vector<Merge> merges_of(const Vocabulary& vocabulary) {
  std::vector<Merge> merges;
  merges.reserve(vocabulary.size() * 3);
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.kind(id) != TokenKind::ordinary) continue;
    std::string_view bytes = vocabulary.bytes(id);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      auto left = vocabulary.find(bytes.substr(0, cut));
      if (!left) continue;
      auto right = vocabulary.find(bytes.substr(cut));
      if (right) merges.push_back({*left, *right, id, id});
    }
  }
  return merges;
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> load_tiktoken(std::string_view content,
                                                       const std::string& where, std::string name) {
  // A look at the first line tells "not a tokenizer at all" from "a rank file that we don't know".
  if (!parse_line(content.substr(0, std::min(content.find('\n'), content.size())))) {
    return fail(
        Errc::corrupt,
        "{} is not a tokenizer: give a tokenizer.json, a .tiktoken rank file or a GGUF model",
        where);
  }
  std::string hash = sha256_hex(content);
  const Published* published = nullptr;
  for (const Published& candidate : kPublished) {
    if (candidate.sha256 == hash) published = &candidate;
  }
  if (published == nullptr) {
    return fail(Errc::unsupported,
                "{} is neither cl100k_base nor o200k_base as published (SHA-256 {}...): it is "
                "damaged, or its "
                "pattern and special tokens are not known; use the model's tokenizer.json instead",
                where, hash.substr(0, 12));
  }

  BytePairSpec spec;
  spec.name = name.empty() ? std::string(published->name) : std::move(name);
  spec.pattern = published->pattern;
  spec.whole_first = true;
  spec.vocabulary = Vocabulary(published->vocabulary_size);
  for (std::size_t number = 1; !content.empty(); ++number) {
    std::size_t end = std::min(content.find('\n'), content.size());
    auto line = parse_line(content.substr(0, end));
    if (!line || !spec.vocabulary.add(line->rank, line->bytes, TokenKind::ordinary)) {
      return fail(Errc::corrupt, "{}, line {}: not a token in base64 and a rank of its own", where,
                  number);
    }
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  for (const auto& [text, id] : published->specials) {
    if (text.empty()) continue;
    if (!spec.vocabulary.add(id, text, TokenKind::special)) {
      return fail(Errc::internal, "{}: special token {} collides", where, text);
    }
    spec.specials.push_back({.id = id, .text = std::string(text)});
  }
  spec.merges = merges_of(spec.vocabulary);
  return std::make_shared<const BytePairTokenizer>(std::move(spec));
}

}  // namespace leyden::tokenizer
