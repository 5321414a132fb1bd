#include "leyden/tokenizer/models/word_models.h"

#include <algorithm>
#include <utility>

namespace leyden::tokenizer {
namespace {

ByteTrie trie_of(const std::vector<SpecToken>& tokens) {
  std::vector<std::pair<std::string_view, std::uint32_t>> keys;
  keys.reserve(tokens.size());
  for (const SpecToken& token : tokens) keys.emplace_back(token.bytes, token.id);
  return ByteTrie(std::move(keys));
}

}  // namespace

Result<std::unique_ptr<WordPieceModel>> WordPieceModel::make(const WordPieceSpec& spec) {
  auto model = std::make_unique<WordPieceModel>();
  model->trie_ = trie_of(spec.tokens);
  model->unknown_ = spec.unknown;
  model->word_chars_max_ = spec.word_chars_max;
  if (model->trie_.empty()) return model;
  model->within_ = ByteTrie::kRoot;
  for (char byte : spec.continuing_subword_prefix) {
    if (model->within_) model->within_ = model->trie_.next(*model->within_, byte);
  }
  return model;
}

void WordPieceModel::encode(std::string_view segment, TokenIds& out,
                            std::vector<std::size_t>* ends) const {
  std::size_t before = out.size();
  auto fail_word = [&] {
    out.resize(before);
    out.push_back(unknown_);
    if (ends != nullptr) ends->push_back(segment.size());
  };
  auto chars = static_cast<std::size_t>(std::ranges::count_if(
      segment, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80; }));
  if (chars > word_chars_max_) return fail_word();
  std::size_t ends_before = ends != nullptr ? ends->size() : 0;
  for (std::size_t at = 0; at < segment.size();) {
    std::optional<ByteTrie::Node> node = at == 0 ? ByteTrie::kRoot : within_;
    std::optional<std::uint32_t> token;
    std::size_t end = at;
    for (std::size_t i = at; i < segment.size() && node && !trie_.empty(); ++i) {
      node = trie_.next(*node, segment[i]);
      if (!node) break;
      if (auto value = trie_.value(*node)) {
        token = value;
        end = i + 1;
      }
    }
    if (!token) {
      if (ends != nullptr) ends->resize(ends_before);
      return fail_word();
    }
    out.push_back(*token);
    if (ends != nullptr) ends->push_back(end);
    at = end;
  }
}

Result<std::unique_ptr<WordLevelModel>> WordLevelModel::make(const WordLevelSpec& spec) {
  auto model = std::make_unique<WordLevelModel>();
  model->trie_ = trie_of(spec.tokens);
  model->unknown_ = spec.unknown;
  return model;
}

void WordLevelModel::encode(std::string_view segment, TokenIds& out,
                            std::vector<std::size_t>* ends) const {
  auto match = trie_.longest_prefix(segment);
  std::optional<TokenId> token = unknown_;
  if (match && match->length == segment.size()) token = match->value;
  if (!token) return;
  out.push_back(*token);
  if (ends != nullptr) ends->push_back(segment.size());
}

}  // namespace leyden::tokenizer
