#include <openssl/evp.h>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/huggingface_json.h"

// Normalizers and pre-tokenizers of a tokenizer.json, with the defaults of Hugging Face's `Deserialize`.
namespace leyden::tokenizer::huggingface {
namespace {

using simdjson::dom::element;

template <class Step, class Read>
void read_parts(Component& component, std::string_view key, std::vector<Step>& out, int depth,
                Read&& read) {
  if (depth >= kDepthMax) return component.context().malformed("{} are nested too deeply", key);
  for (element part : component.list(key)) read(component.context(), part, out, depth + 1);
}

std::string decoded_base64(Component& component, const std::string& text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  int size = text.size() % 4 == 0 && text.size() < (1U << 30)
                 ? EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()))
                 : -1;
  if (size < 0) {
    component.context().malformed("the precompiled_charsmap is not in base64");
    return {};
  }
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

char32_t one_character(Component& component, std::string_view key) {
  std::string text = component.text(key);
  utf8::Decoded first = utf8::decode(text, 0);
  if (first.size == 0 || first.size != text.size()) {
    component.context().malformed("\"{}\" is not one character", key);
  }
  return first.code_point;
}

}  // namespace

void read_normalizer(Context& context, element json, std::vector<NormalizerStep>& out, int depth) {
  Component component(context, json, "the normalizer");
  const std::string& type = component.type();
  if (context.writes_byte_level() && type != "Sequence") {
    return context.unsupported("the normalizer \"{:.80}\" behind ByteLevel", type);
  }
  using Form = NormalizeUnicode::Form;
  if (type == "Sequence") {
    read_parts(component, "normalizers", out, depth, read_normalizer);
  } else if (type == "NFC") {
    out.emplace_back(NormalizeUnicode{Form::nfc});
  } else if (type == "NFD") {
    out.emplace_back(NormalizeUnicode{Form::nfd});
  } else if (type == "NFKC") {
    out.emplace_back(NormalizeUnicode{Form::nfkc});
  } else if (type == "NFKD") {
    out.emplace_back(NormalizeUnicode{Form::nfkd});
  } else if (type == "Lowercase") {
    out.emplace_back(NormalizeLowercase{});
  } else if (type == "StripAccents") {
    out.emplace_back(NormalizeStripAccents{});
  } else if (type == "Strip") {
    bool left = component.flag("strip_left");
    out.emplace_back(NormalizeStrip{left, component.flag("strip_right")});
  } else if (type == "Prepend") {
    out.emplace_back(NormalizePrepend{component.text("prepend")});
  } else if (type == "Replace") {
    Component::Pattern pattern = component.pattern("pattern");
    out.emplace_back(NormalizeReplace{pattern.text, pattern.is_regex, component.text("content")});
  } else if (type == "ByteLevel") {
    context.write_byte_level();
  } else if (type == "Nmt") {
    out.emplace_back(NormalizeNmt{});
  } else if (type == "BertNormalizer") {
    NormalizeBert bert;
    bert.clean_text = component.flag("clean_text");
    bert.handle_chinese_chars = component.flag("handle_chinese_chars");
    bert.lowercase = component.flag("lowercase");
    bert.strip_accents = component.flag("strip_accents", bert.lowercase);
    out.emplace_back(bert);
  } else if (type == "Precompiled") {
    out.emplace_back(
        NormalizeCharsmap{.blob = decoded_base64(component, component.text("precompiled_charsmap")),
                          .matching = NormalizeCharsmap::Matching::huggingface,
                          .kept = {}});
  } else {
    component.unsupported_type();
  }
  component.end();
}

// leyden:ignore common.complex-function one case a kind of the format
void read_pretokenizer(Context& context, element json, std::vector<PretokenizerStep>& out,
                       int depth) {
  Component component(context, json, "the pre-tokenizer");
  const std::string& type = component.type();
  for (const PretokenizerStep& step : out) {
    // It would change text that is written in ByteLevel's letters.
    if (std::holds_alternative<SplitByteLevel>(step) &&
        (type == "ByteLevel" || type == "Metaspace")) {
      return context.unsupported("the pre-tokenizer \"{:.80}\" behind ByteLevel", type);
    }
  }
  if (type == "Sequence") {
    read_parts(component, "pretokenizers", out, depth, read_pretokenizer);
  } else if (type == "Split") {
    Component::Pattern pattern = component.pattern("pattern");
    SplitBehavior behavior = split_behavior(component, "behavior", std::nullopt);
    out.emplace_back(
        SplitPattern{pattern.text, pattern.is_regex, behavior, component.flag("invert")});
  } else if (type == "ByteLevel") {
    component.ignore({"trim_offsets"});
    bool prefix = component.flag("add_prefix_space");
    out.emplace_back(SplitByteLevel{prefix, component.flag("use_regex", true)});
  } else if (type == "Digits") {
    out.emplace_back(SplitDigits{component.flag("individual_digits")});
  } else if (type == "Metaspace") {
    component.ignore({"str_rep"});
    SplitMetaspace metaspace;
    metaspace.replacement.clear();
    utf8::append(metaspace.replacement, one_character(component, "replacement"));
    std::string scheme = component.text("prepend_scheme", "always");
    metaspace.prepend = scheme == "first"   ? SplitMetaspace::Prepend::first
                        : scheme == "never" ? SplitMetaspace::Prepend::never
                                            : SplitMetaspace::Prepend::always;
    if (scheme != "always" && scheme != "first" && scheme != "never") {
      context.unsupported("Metaspace with the prepend_scheme \"{:.80}\"", scheme);
    }
    if (!component.flag("add_prefix_space", true)) {
      bool agrees = scheme == "never" || !component.find("prepend_scheme");
      if (!agrees) context.malformed("Metaspace: add_prefix_space contradicts prepend_scheme");
      metaspace.prepend = SplitMetaspace::Prepend::never;
    }
    metaspace.split = component.flag("split", true);
    out.emplace_back(metaspace);
  } else if (type == "Punctuation") {
    out.emplace_back(SplitPunctuation{split_behavior(component, "behavior", "Isolated")});
  } else if (type == "Whitespace") {
    out.emplace_back(SplitWhitespace{});
  } else if (type == "WhitespaceSplit") {
    out.emplace_back(SplitOnWhitespace{});
  } else if (type == "BertPreTokenizer") {
    out.emplace_back(SplitBert{});
  } else if (type == "UnicodeScripts") {
    out.emplace_back(SplitUnicodeScripts{});
  } else if (type == "CharDelimiterSplit") {
    out.emplace_back(SplitCharDelimiter{one_character(component, "delimiter")});
  } else if (type == "FixedLength") {
    std::uint64_t length = component.number("length", 5);
    if (length == 0) context.malformed("FixedLength: \"length\" is 0");
    out.emplace_back(SplitFixedLength{length});
  } else {
    component.unsupported_type();
  }
  component.end();
}

}  // namespace leyden::tokenizer::huggingface
