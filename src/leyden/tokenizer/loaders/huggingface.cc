#include <algorithm>
#include <unordered_map>
#include <utility>

#include "leyden/tokenizer/loaders/huggingface_json.h"
#include "leyden/tokenizer/loaders/huggingface_scores.h"
#include "leyden/tokenizer/loaders/loaders.h"

namespace leyden::tokenizer {
namespace {

using huggingface::Component;
using huggingface::Context;
using simdjson::dom::array;
using simdjson::dom::element;

// The element of a key that is there and not null.
std::optional<element> present(element root, const char* key) {
  element value;
  if (root[key].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

void read_added_tokens(Context& context, element list, TokenizerSpec& spec) {
  array tokens;
  if (list.get(tokens) != simdjson::SUCCESS) {
    return context.malformed("\"added_tokens\" is no list");
  }
  std::unordered_map<TokenId, std::size_t> places;
  for (element json : tokens) {
    Component component(context, json, "an added token");
    AddedToken token;
    std::uint64_t id = component.number("id");
    token.text = component.text("content");
    token.single_word = component.flag("single_word", false);
    token.lstrip = component.flag("lstrip", false);
    token.rstrip = component.flag("rstrip", false);
    token.special = component.flag("special", false);
    token.normalized = component.flag("normalized", !token.special);
    component.end();
    if (id >= 1U << 24) context.malformed("an added token's ID is no small number");
    token.id = static_cast<TokenId>(id);
    if (!context.ok()) return;
    if (token.text.empty()) continue;
    // The same token listed twice counts once, as it was listed last.
    auto [known, first] = places.try_emplace(token.id, spec.added.size());
    if (first) {
      spec.added.push_back(std::move(token));
    } else {
      spec.added[known->second] = std::move(token);
    }
  }
}

// As the pre-tokenizer ByteLevel that cuts nothing does it. Added tokens that are searched in normalized text are found in the
// letters where they are found in the bytes, but for what they ask of the characters around them.
void write_byte_level(Context& context, TokenizerSpec& spec) {
  for (const AddedToken& token : spec.added) {
    if (token.normalized && (token.lstrip || token.rstrip || token.single_word)) {
      context.unsupported("the normalizer ByteLevel with the added token \"{:.80}\"", token.text);
    }
  }
  spec.pretokenizers.emplace_back(SplitByteLevel{.add_prefix_space = false, .use_regex = false});
}

// Whether pieces reach the model as bytes, and come back so.
bool reads_byte_level(const TokenizerSpec& spec) {
  return std::ranges::any_of(spec.pretokenizers, [](const PretokenizerStep& step) {
    return std::holds_alternative<SplitByteLevel>(step);
  });
}

void settle_decoder(Context& context, bool byte_level, TokenizerSpec& spec) {
  spec.decodes_to_bytes = byte_level;
  if (!byte_level) return;
  for (const DecoderStep& step : spec.decoders) {
    if (!std::holds_alternative<DecodeByteLevel>(step) && !std::holds_alternative<DecodeFuse>(step))
      context.unsupported("a decoder other than ByteLevel behind the pre-tokenizer ByteLevel");
  }
  spec.decoders = {DecodeByteLevel{}};
}

void read_root(Context& context, element root, TokenizerSpec& spec) {
  if (auto version = present(root, "version")) {
    std::string_view text;
    if (version->get(text) != simdjson::SUCCESS || text != "1.0") {
      return context.unsupported("tokenizer.json in another version than 1.0");
    }
  }
  auto model = present(root, "model");
  if (!model && present(root, "config") && present(root, "vocab")) {
    // Its special tokens stand in mistral-common's source only.
    return context.unsupported("Mistral's tekken.json");
  }
  if (!model) return context.malformed("it has no \"model\"");
  if (auto added = present(root, "added_tokens")) read_added_tokens(context, *added, spec);
  if (auto part = present(root, "normalizer")) {
    huggingface::read_normalizer(context, *part, spec.normalizers);
  }
  if (context.writes_byte_level()) write_byte_level(context, spec);
  if (auto part = present(root, "pre_tokenizer")) {
    huggingface::read_pretokenizer(context, *part, spec.pretokenizers);
  }
  if (auto part = present(root, "post_processor")) {
    huggingface::read_post_processor(context, *part, spec);
  }
  if (auto part = present(root, "decoder")) {
    huggingface::read_decoder(context, *part, spec.decoders);
  }
  bool byte_level = reads_byte_level(spec);
  settle_decoder(context, byte_level, spec);
  if (context.ok()) huggingface::read_model(context, *model, byte_level, spec);
}

}  // namespace

Result<TokenizerSpec> read_huggingface(std::string_view content, const std::string& where,
                                       std::string name) {
  simdjson::dom::parser parser;
  element root;
  if (auto error = parser.parse(content.data(), content.size()).get(root);
      error != simdjson::SUCCESS) {
    return fail(Errc::corrupt, "{} is not valid JSON ({}): it is damaged or cut off; get it again",
                where, simdjson::error_message(error));
  }
  if (!root.is_object()) return fail(Errc::corrupt, "{} is not a tokenizer.json: no object", where);
  TokenizerSpec spec;
  spec.name = std::move(name);
  Context context(where);
  read_root(context, root, spec);
  if (!context.ok()) return std::unexpected(context.error());
  if (auto* unigram = std::get_if<UnigramSpec>(&spec.model)) {
    huggingface::put_serde_scores(content, *unigram);
  }
  return spec;
}

}  // namespace leyden::tokenizer
