#include <array>
#include <utility>

#include "leyden/tokenizer/byte_level.h"
#include "leyden/tokenizer/byte_pair_tokenizer.h"
#include "leyden/tokenizer/gguf_reader.h"
#include "leyden/tokenizer/load_internal.h"

namespace leyden::tokenizer {
namespace {

// `tokenizer.ggml.pre` names what a tokenizer.json spells out. The rest (normalizer, ignore_merges) is not in the file: it
// is taken from the model's own tokenizer.json, because that is what the model was trained with. llama.cpp leaves Qwen's NFC
// out; docs/decisions/unicode.md.
struct Pre {
  std::string_view name;
  Pattern pattern;
  Normalizer normalizer;
  bool whole_first;
};

constexpr std::array kPres = {
    Pre{"gpt-2", Pattern::gpt2, Normalizer::none, false},
    Pre{"smollm", Pattern::digits_gpt2, Normalizer::none, false},
    Pre{"llama-bpe", Pattern::llama3, Normalizer::none, true},
    Pre{"llama3", Pattern::llama3, Normalizer::none, true},
    Pre{"qwen2", Pattern::qwen2, Normalizer::nfc, false},
};

// llama.cpp's token types.
enum GgufTokenType : std::int64_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

}  // namespace

Result<std::shared_ptr<const Tokenizer>> load_gguf(BytesView content, const std::string& where,
                                                   std::string name) {
  auto gguf = read_gguf(content, where);
  if (!gguf) return std::unexpected(gguf.error());
  std::string model = gguf->text("tokenizer.ggml.model");
  std::string pre_name = gguf->text("tokenizer.ggml.pre");
  if (model.empty()) return fail(Errc::unsupported, "{} holds no tokenizer", where);
  if (model != "gpt2") {
    return fail(
        Errc::unsupported,
        "{}: the tokenizer model \"{}\" is not supported yet (byte-level BPE, \"gpt2\", is)", where,
        model);
  }
  const Pre* pre = nullptr;
  for (const Pre& candidate : kPres) {
    if (candidate.name == pre_name) pre = &candidate;
  }
  if (pre == nullptr) {
    return fail(Errc::unsupported, "{}: the pre-tokenizer \"{}\" is not supported yet", where,
                pre_name);
  }
  const auto* tokens = gguf->find<Gguf::Strings>("tokenizer.ggml.tokens");
  const auto* types = gguf->find<Gguf::Integers>("tokenizer.ggml.token_type");
  const auto* merges = gguf->find<Gguf::Strings>("tokenizer.ggml.merges");
  if (tokens == nullptr || types == nullptr || merges == nullptr ||
      types->size() != tokens->size()) {
    return fail(Errc::corrupt,
                "{}: tokens, token types or merges are missing or don't belong together", where);
  }

  BytePairSpec spec;
  spec.name = std::move(name);
  spec.pattern = pre->pattern;
  spec.normalizer = pre->normalizer;
  spec.whole_first = pre->whole_first;
  spec.vocabulary = Vocabulary(tokens->size());
  for (TokenId id = 0; id < tokens->size(); ++id) {
    std::string_view token = (*tokens)[id];
    TokenKind kind = TokenKind::ordinary;
    switch ((*types)[id]) {
      case normal:
        break;
      case unused:
        kind = TokenKind::unused;
        break;
      case unknown:
      case control:
      case user_defined:
        kind = TokenKind::special;
        break;
      default:
        return fail(Errc::unsupported, "{}: token {} has type {}", where, id, (*types)[id]);
    }
    if (kind != TokenKind::ordinary) {
      if (!spec.vocabulary.add(id, token, kind))
        return fail(Errc::internal, "{}: token {} twice", where, id);
      if (kind == TokenKind::special)
        spec.specials.push_back({.id = id, .text = std::string(token)});
      continue;
    }
    auto bytes = bytes_of_byte_level(token);
    if (!bytes || !spec.vocabulary.add(id, *bytes, TokenKind::ordinary)) {
      return fail(Errc::corrupt,
                  "{}: token {} is not written in byte-level characters, or is there twice", where,
                  id);
    }
  }
  spec.merges.reserve(merges->size());
  for (std::uint32_t rank = 0; rank < merges->size(); ++rank) {
    std::string_view both = (*merges)[rank];
    std::size_t space = both.find(' ', 1);
    if (space == std::string_view::npos)
      return fail(Errc::corrupt, "{}: merge number {} is no pair", where, rank);
    auto merge =
        resolve_merge(spec.vocabulary, both.substr(0, space), both.substr(space + 1), rank, where);
    if (!merge) return std::unexpected(merge.error());
    spec.merges.push_back(*merge);
  }
  return std::make_shared<const BytePairTokenizer>(std::move(spec));
}

}  // namespace leyden::tokenizer
