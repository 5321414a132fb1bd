#include "leyden/llm/llamacpp/handshake.h"

#include <llama.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "leyden/llm/probe_text.h"

namespace leyden::llm::llamacpp {
namespace {

std::string piece_of(const llama_vocab& vocab, llama_token id) {
  std::string piece(64, '\0');
  int size =
      llama_token_to_piece(&vocab, id, piece.data(), static_cast<int>(piece.size()), 0, true);
  if (size < 0) {
    piece.resize(static_cast<std::size_t>(-size));
    size = llama_token_to_piece(&vocab, id, piece.data(), static_cast<int>(piece.size()), 0, true);
  }
  piece.resize(static_cast<std::size_t>(std::max(size, 0)));
  return piece;
}

TokenIds model_ids(const llama_vocab& vocab, std::string_view text) {
  std::vector<llama_token> ids(text.size() + 8);
  const int count = llama_tokenize(&vocab, text.data(), static_cast<int>(text.size()), ids.data(),
                                   static_cast<int>(ids.size()), /*add_special=*/false,
                                   /*parse_special=*/false);
  ids.resize(static_cast<std::size_t>(std::max(count, 0)));
  return {ids.begin(), ids.end()};
}

bool is_padding(const llama_vocab& vocab, llama_token id) {
  return (llama_vocab_get_attr(&vocab, id) & LLAMA_TOKEN_ATTR_UNUSED) != 0;
}

}  // namespace

Result<void> check_same_tokenizer(const llama_vocab& model, const tokenizer::Tokenizer& tokenizer) {
  const auto size = static_cast<std::size_t>(llama_vocab_n_tokens(&model));
  if (tokenizer.vocabulary_size() != size) {
    return fail(Errc::unsupported,
                "tokenizer {} does not belong to this model: its vocabulary has {} entries, the "
                "model's {}",
                tokenizer.name(), tokenizer.vocabulary_size(), size);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const auto id = static_cast<llama_token>(i);
    // Padding ("[PAD151665]") stands for no text at all; whether it has a name does not matter.
    if (is_padding(model, id)) continue;
    const auto ours = tokenizer.token_bytes(static_cast<TokenId>(i));
    if (!ours || *ours != piece_of(model, id)) {
      return fail(Errc::unsupported,
                  "tokenizer {} does not belong to this model: entry {} of {} of its vocabulary "
                  "stands for other bytes",
                  tokenizer.name(), i, size);
    }
  }
  const TokenIds theirs = model_ids(model, kProbeText);
  const TokenIds ours = tokenizer.encode(kProbeText);
  if (ours != theirs) {
    const auto [left, right] = std::ranges::mismatch(ours, theirs);
    auto before = tokenizer.decode(TokenIdsView(ours.begin(), left));
    return fail(Errc::unsupported,
                "tokenizer {} does not belong to this model: the same vocabulary, but it cuts the "
                "probe text differently at byte {} of {}",
                tokenizer.name(), before ? before->size() : 0, kProbeText.size());
  }
  return {};
}

}  // namespace leyden::llm::llamacpp
