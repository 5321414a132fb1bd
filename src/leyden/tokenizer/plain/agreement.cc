#include "leyden/tokenizer/plain/agreement.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/stream_decoder.h"

namespace leyden::tokenizer::plain {
namespace {

bool loses_nothing(const PretokenizerStep& any) {
  if (const auto* step = std::get_if<SplitPattern>(&any))
    return step->behavior != SplitBehavior::removed;
  if (const auto* step = std::get_if<SplitByteLevel>(&any)) return !step->add_prefix_space;
  if (const auto* step = std::get_if<SplitPunctuation>(&any))
    return step->behavior != SplitBehavior::removed;
  return std::holds_alternative<SplitDigits>(any);
}

// Spans are inside the text. Where nothing is normalized (marks change places) they begin in order; where decoding gives
// the text back, each is what its ID stands for, without a gap.
std::optional<std::string> wrong_spans(const Subject& subject, const Encoding& encoding,
                                       std::string_view text, const EncodeOptions& options) {
  if (encoding.spans.size() != encoding.ids.size()) {
    return fmt::format("{} spans for {} IDs", encoding.spans.size(), encoding.ids.size());
  }
  const bool exact =
      gives_text_back(subject.spec) && !options.add_special_tokens && utf8::is_valid(text);
  std::size_t last_begin = 0;
  std::size_t last_end = 0;
  for (std::size_t i = 0; i < encoding.spans.size(); ++i) {
    Span span = encoding.spans[i];
    if (span.begin > span.end || span.end > text.size()) {
      return fmt::format("span {} is [{}, {}) in {} bytes", i, span.begin, span.end, text.size());
    }
    if (span.begin == span.end && !exact) continue;
    if (subject.spec.normalizers.empty() && span.begin < last_begin) {
      return fmt::format("span {} is [{}, {}), behind [{}, {})", i, span.begin, span.end,
                         last_begin, last_end);
    }
    if (exact && (span.begin != last_end || subject.tokenizer.decode({{encoding.ids[i]}}) !=
                                                text.substr(span.begin, span.end - span.begin))) {
      return fmt::format("span {} is [{}, {}), behind [{}, {}), for ID {}", i, span.begin, span.end,
                         last_begin, last_end, encoding.ids[i]);
    }
    last_begin = span.begin;
    last_end = span.end;
  }
  if (exact && last_end != text.size())
    return fmt::format("the last span ends at {} of {}", last_end, text.size());
  return std::nullopt;
}

}  // namespace

std::string as_literal(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += fmt::format("\\{:03o}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

bool gives_text_back(const TokenizerSpec& spec) {
  const auto* model = std::get_if<BpeSpec>(&spec.model);
  if (model == nullptr || !model->byte_level || !spec.decodes_to_bytes || !spec.normalizers.empty())
    return false;
  if (!model->continuing_subword_prefix.empty() || !model->end_of_word_suffix.empty()) return false;
  if (!std::ranges::all_of(spec.pretokenizers, loses_nothing)) return false;
  if (std::ranges::any_of(spec.added,
                          [](const AddedToken& token) { return token.lstrip || token.rstrip; }))
    return false;
  std::array<bool, 256> has{};
  for (const SpecToken& token : model->tokens) {
    if (token.bytes.size() == 1) has[static_cast<std::uint8_t>(token.bytes[0])] = true;
  }
  return std::ranges::all_of(has, [](bool it) { return it; });
}

std::optional<std::string> disagreement_on_text(const Subject& subject, std::string_view text,
                                                const EncodeOptions& options) {
  TokenIds expected = subject.plain.encode(text, options);
  TokenIds ids = subject.tokenizer.encode(text, options);
  if (ids != expected)
    return fmt::format("encode({}): {}, expected {}", as_literal(text), ids, expected);
  if (std::size_t count = subject.tokenizer.count(text, options); count != ids.size()) {
    return fmt::format("count({}): {}, expected {}", as_literal(text), count, ids.size());
  }
  Encoding encoding = subject.tokenizer.encode_with_offsets(text, options);
  if (encoding.ids != ids) {
    return fmt::format("encode_with_offsets({}): {}, expected {}", as_literal(text), encoding.ids,
                       ids);
  }
  if (auto wrong = wrong_spans(subject, encoding, text, options))
    return fmt::format("encode_with_offsets({}): {}", as_literal(text), *wrong);
  if (gives_text_back(subject.spec) && !options.add_special_tokens) {
    auto back = subject.tokenizer.decode(ids);
    if (!back || *back != utf8::replace_invalid(text)) {
      return fmt::format("decode(encode({})): {}", as_literal(text),
                         back ? as_literal(*back) : back.error().message);
    }
  }
  return disagreement_on_ids(subject, ids);
}

std::optional<std::string> disagreement_on_ids(const Subject& subject, TokenIdsView ids) {
  auto expected = subject.plain.decode(ids);
  auto text = subject.tokenizer.decode(ids);
  if (expected.has_value() != text.has_value()) {
    return fmt::format("decode({}): {}, expected {}", ids,
                       text ? as_literal(*text) : text.error().message,
                       expected ? as_literal(*expected) : "an error");
  }
  if (!text) {
    if (text.error().code != Errc::invalid_argument)
      return fmt::format("decode({}): {}", ids, text.error().message);
    return std::nullopt;
  }
  if (*text != *expected)
    return fmt::format("decode({}): {}, expected {}", ids, as_literal(*text),
                       as_literal(*expected));
  StreamDecoder stream(subject.tokenizer);
  std::string streamed;
  for (TokenId id : ids) {
    auto part = stream.push(id);
    if (!part) return fmt::format("push({}) of {}: {}", id, ids, part.error().message);
    streamed += *part;
    if (utf8::is_valid(*text) && !utf8::is_valid(*part)) {
      return fmt::format("push({}) of {}: gives part of a character, {}", id, ids,
                         as_literal(*part));
    }
  }
  streamed += stream.finish();
  if (streamed != *text)
    return fmt::format("StreamDecoder({}): {}, decode {}", ids, as_literal(streamed),
                       as_literal(*text));
  return std::nullopt;
}

std::optional<std::string> disagreement_on_cuts(const Subject& subject, std::string_view text) {
  std::optional<TokenIds> whole;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (!subject.tokenizer.is_safe_cut(text, at)) continue;
    if (!whole) whole = subject.plain.encode(text);
    TokenIds ids = subject.plain.encode(text.substr(0, at));
    TokenIds right = subject.plain.encode(text.substr(at));
    ids.insert(ids.end(), right.begin(), right.end());
    if (ids != *whole) {
      return fmt::format("is_safe_cut({}, {}): apart {}, together {}",
                         as_literal(text.substr(0, at)), as_literal(text.substr(at)), ids, *whole);
    }
  }
  return std::nullopt;
}

}  // namespace leyden::tokenizer::plain
