#include <algorithm>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/huggingface_json.h"

// Decoders and post-processors of a tokenizer.json.
namespace leyden::tokenizer::huggingface {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// ["</s>", 2]
TokenId token_pair(Component& component, std::string_view key) {
  std::vector<element> pair = component.list(key);
  std::uint64_t id = 0;
  if (pair.size() != 2 || pair[1].get(id) != simdjson::SUCCESS || id > ~TokenId{0}) {
    component.context().malformed("the post-processor's \"{}\" is no token", key);
  }
  return static_cast<TokenId>(id);
}

// The IDs of a special token of a template.
TokenIds template_ids(Context& context, std::optional<element> specials, std::string_view name) {
  object map;
  object special;
  array ids;
  if (!specials || specials->get(map) != simdjson::SUCCESS ||
      map[name].get(special) != simdjson::SUCCESS || special["ids"].get(ids) != simdjson::SUCCESS) {
    context.malformed("the template's token \"{:.80}\" has no IDs", name);
    return {};
  }
  TokenIds out;
  for (element id : ids) {
    std::uint64_t number = 0;
    if (id.get(number) != simdjson::SUCCESS || number > ~TokenId{0}) {
      context.malformed("the template's token \"{:.80}\" has no IDs", name);
    }
    out.push_back(static_cast<TokenId>(number));
  }
  return out;
}

void read_template(Component& component, TemplateSpec& out) {
  component.ignore({"pair"});
  std::optional<element> specials = component.find("special_tokens");
  bool text_seen = false;
  for (element piece : component.list("single")) {
    object token;
    std::string_view id;
    if (piece["Sequence"].get(token) == simdjson::SUCCESS) {
      if (text_seen || token["id"].get(id) != simdjson::SUCCESS || id != "A") {
        return component.context().unsupported("a template for one text that takes it twice");
      }
      text_seen = true;
    } else if (piece["SpecialToken"].get(token) == simdjson::SUCCESS &&
               token["id"].get(id) == simdjson::SUCCESS) {
      TokenIds ids = template_ids(component.context(), specials, id);
      TokenIds& side = text_seen ? out.after : out.before;
      side.insert(side.end(), ids.begin(), ids.end());
    } else {
      return component.context().malformed("the template has a piece of unknown kind");
    }
  }
  if (!text_seen) component.context().unsupported("a template without the text");
}

// Behind a processor that adds tokens another one takes the parts for two texts.
void take_first(const TokenizerSpec& spec, Component& component) {
  if (!spec.post.before.empty() || !spec.post.after.empty()) {
    component.context().unsupported("a second post-processor that adds tokens, \"{:.80}\",",
                                    component.type());
  }
}

}  // namespace

void read_post_processor(Context& context, element json, TokenizerSpec& spec, int depth) {
  Component component(context, json, "the post-processor");
  const std::string& type = component.type();
  if (type == "Sequence") {
    if (depth >= kDepthMax) return context.malformed("post-processors are nested too deeply");
    for (element part : component.list("processors")) {
      read_post_processor(context, part, spec, depth + 1);
    }
  } else if (type == "ByteLevel") {
    component.ignore({"add_prefix_space", "trim_offsets", "use_regex"});  // Offsets only.
  } else if (type == "TemplateProcessing") {
    take_first(spec, component);
    read_template(component, spec.post);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    if (type == "RobertaProcessing") component.ignore({"trim_offsets", "add_prefix_space"});
    take_first(spec, component);
    spec.post.before.push_back(token_pair(component, "cls"));
    spec.post.after.push_back(token_pair(component, "sep"));
  } else {
    component.unsupported_type();
  }
  component.end();
}

void read_decoder(Context& context, element json, std::vector<DecoderStep>& out, int depth) {
  Component component(context, json, "the decoder");
  const std::string& type = component.type();
  if (type == "Sequence") {
    if (depth >= kDepthMax) return context.malformed("decoders are nested too deeply");
    for (element part : component.list("decoders")) read_decoder(context, part, out, depth + 1);
  } else if (type == "ByteLevel") {
    component.ignore({"add_prefix_space", "trim_offsets", "use_regex"});
    out.emplace_back(DecodeByteLevel{});
  } else if (type == "Replace") {
    Component::Pattern pattern = component.pattern("pattern");
    out.emplace_back(DecodeReplace{pattern.text, pattern.is_regex, component.text("content")});
  } else if (type == "ByteFallback") {
    out.emplace_back(DecodeByteFallback{});
  } else if (type == "Fuse") {
    out.emplace_back(DecodeFuse{});
  } else if (type == "Strip") {
    DecodeStrip strip{.content = component.text("content"),
                      .start = component.number("start"),
                      .stop = component.number("stop")};
    utf8::Decoded first = utf8::decode(strip.content, 0);
    if (first.size == 0 || first.size != strip.content.size()) {
      context.malformed("the decoder Strip strips no single character");
    }
    out.emplace_back(std::move(strip));
  } else if (type == "WordPiece") {
    std::string prefix = component.text("prefix");
    out.emplace_back(DecodeWordPiece{prefix, component.flag("cleanup")});
  } else if (type == "Metaspace") {
    component.ignore({"str_rep", "split"});
    DecodeMetaspace metaspace;
    metaspace.replacement = component.text("replacement");
    std::string scheme = component.text("prepend_scheme", "always");
    metaspace.add_prefix_space = scheme != "never" && component.flag("add_prefix_space", true);
    component.ignore({"add_prefix_space"});
    if (scheme != "always" && scheme != "first" && scheme != "never") {
      context.unsupported("Metaspace with the prepend_scheme \"{:.80}\"", scheme);
    }
    out.emplace_back(metaspace);
  } else if (type == "BPEDecoder") {
    out.emplace_back(DecodeBpe{component.text("suffix")});
  } else if (type == "CTC") {
    std::string pad = component.text("pad_token");
    std::string delimiter = component.text("word_delimiter_token");
    out.emplace_back(DecodeCtc{pad, delimiter, component.flag("cleanup")});
  } else {
    component.unsupported_type();
  }
  component.end();
}

}  // namespace leyden::tokenizer::huggingface
