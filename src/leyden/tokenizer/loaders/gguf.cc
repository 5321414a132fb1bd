#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/gguf_models.h"
#include "leyden/tokenizer/loaders/loaders.h"

namespace leyden::tokenizer {
namespace {

// What add_special_tokens puts around a text: as the file says, else as the kind of model is used to.
void put_template(const Gguf& gguf, bool adds_bos, bool adds_eos, TokenizerSpec& spec) {
  auto put = [&](const char* flag, bool otherwise, const char* key, TokenIds& ids) {
    auto id = gguf.number(key);
    if (gguf.flag(flag).value_or(otherwise) && id && *id < spec.vocabulary_size) {
      ids.push_back(static_cast<TokenId>(*id));
    }
  };
  put("tokenizer.ggml.add_bos_token", adds_bos, "tokenizer.ggml.bos_token_id", spec.post.before);
  put("tokenizer.ggml.add_eos_token", adds_eos, "tokenizer.ggml.eos_token_id", spec.post.after);
}

}  // namespace

Result<TokenizerSpec> read_gguf_tokenizer(BytesView content, const std::string& where,
                                          std::string name) {
  auto gguf = read_gguf(content, where);
  if (!gguf) return std::unexpected(gguf.error());
  std::string model = gguf->text("tokenizer.ggml.model");
  if (model.empty()) return fail(Errc::unsupported, "{} holds no tokenizer", where);
  Result<TokenizerSpec> spec;
  if (model == "gpt2") {
    spec = read_gguf_byte_level(*gguf, where);
    std::string pre = gguf->text("tokenizer.ggml.pre");
    if (spec) put_template(*gguf, pre == "llama-bpe" || pre == "llama3", false, *spec);
  } else if (model == "llama") {
    spec = read_gguf_sentencepiece(*gguf, where, true);
    if (spec) put_template(*gguf, true, false, *spec);
  } else if (model == "t5") {
    spec = read_gguf_sentencepiece(*gguf, where, false);
    if (spec) put_template(*gguf, false, true, *spec);
  } else if (model == "bert") {
    spec = read_gguf_bert(*gguf, where);
  } else {
    return fail(Errc::unsupported, "{}: the tokenizer model \"{:.80}\" is not supported", where,
                utf8::one_line(model));
  }
  if (spec) spec->name = std::move(name);
  return spec;
}

}  // namespace leyden::tokenizer
