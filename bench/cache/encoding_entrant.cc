// What a hit saves: our own tokenizer on the same text.
#include "encoding_entrant.h"

#include <algorithm>

#include "leyden/base/files.h"
#include "leyden/tokenizer/load.h"

namespace leyden::bench {
namespace {

class Encode final : public Contender {
 public:
  Encode(const tokenizer::Tokenizer& tokenizer, const Contexts& contexts)
      : tokenizer_(tokenizer), passages_(contexts.passages) {}
  void get(std::span<const cache::BlockKey> context, TokenId* out) override {
    for (const cache::BlockKey& key : context)
      out = put_ids(tokenizer_.encode(passages_.find(key)->second.text), true, out);
  }

 private:
  const tokenizer::Tokenizer& tokenizer_;
  decltype(Contexts::passages) passages_;
};

}  // namespace

Result<EncodedText> EncodedText::make(const std::filesystem::path& tokenizer,
                                      const std::filesystem::path& text) {
  auto content = read_file(text);
  if (!content) return std::unexpected(content.error());
  auto loaded = tokenizer::load_tokenizer(tokenizer, tokenizer.stem().string());
  if (!loaded) return std::unexpected(loaded.error());
  EncodedText out;
  out.tokenizer_ = std::move(*loaded);
  out.ids_ = out.tokenizer_->encode(*content);
  if (out.contexts("", 18, 1).context.empty())
    return fail(Errc::invalid_argument, "{} has no {} tokens", text.string(), kContextTokens);
  return out;
}

Contexts EncodedText::contexts(std::string name, std::size_t passages_each,
                               std::size_t contexts) const {
  Contexts out;
  out.name = std::move(name);
  for (std::size_t i = 0; i < passages_each; ++i)
    out.sizes.push_back(part_of(kContextTokens, i, passages_each));
  std::size_t at = 0;
  while (out.context.size() < contexts) {
    std::vector<cache::BlockKey> keys;
    for (const std::size_t size : out.sizes) {
      // Not every piece of the IDs is what its text encodes to: a cut within a word is not.
      for (; at + size <= ids_.size(); ++at) {
        TokenIds ids(ids_.begin() + static_cast<std::ptrdiff_t>(at),
                     ids_.begin() + static_cast<std::ptrdiff_t>(at + size));
        auto text = tokenizer_->decode(ids);
        if (!text || tokenizer_->encode(*text) != ids) continue;
        keys.push_back(Hasher().field("text").field(at).field(size).finish());
        out.passages.emplace(keys.back(), Passage{std::move(*text), std::move(ids)});
        at += size;
        break;
      }
    }
    if (keys.size() < passages_each) break;
    out.context.push_back(std::move(keys));
  }
  return out;
}

Entrant EncodedText::entrant() const {
  return {"encoding", "Leyden's tokenizer", [tokenizer = tokenizer_](const Contexts& c) {
            return std::make_unique<Encode>(*tokenizer, c);
          }};
}

}  // namespace leyden::bench
