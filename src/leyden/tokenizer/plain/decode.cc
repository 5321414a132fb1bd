#include "leyden/tokenizer/plain/decode.h"

#include <algorithm>
#include <charconv>

#include "leyden/tokenizer/plain/normalize.h"
#include "leyden/tokenizer/plain/pretokenize.h"
#include "leyden/tokenizer/plain/regex.h"

namespace leyden::tokenizer::plain {
namespace {

using Strings = std::vector<std::string>;

std::string joined(const Strings& strings) {
  std::string all;
  for (const std::string& each : strings) all += each;
  return all;
}

std::string replace_all(const std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (std::string_view(text).substr(at).starts_with(from)) {
      out += to;
      at += from.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

// The characters that stand for bytes become them, but a token that has others stays as it is.
Strings byte_level(const Strings& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) {
    std::string its;
    bool all = true;
    for (char32_t c : to_chars(token)) {
      auto byte = char_to_byte(c);
      all = all && byte;
      if (byte) its += static_cast<char>(*byte);
    }
    bytes += all ? its : token;
  }
  return {utf8::replace_invalid(bytes)};
}

std::optional<char> byte_of(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>')) return std::nullopt;
  std::string_view digits = std::string_view(token).substr(3, 2);
  if (digits.starts_with('+')) digits.remove_prefix(1);  // Rust's from_str_radix takes a sign.
  unsigned value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<char>(value);
}

// A run of byte tokens is text if all of it is well-formed, else one U+FFFD for each byte.
Strings byte_fallback(const Strings& tokens) {
  Strings out;
  std::string run;
  auto flush = [&] {
    if (utf8::is_valid(run)) {
      out.push_back(run);
    } else {
      for (std::size_t i = 0; i < run.size(); ++i) out.emplace_back("\xEF\xBF\xBD");
    }
    run.clear();
  };
  for (const std::string& token : tokens) {
    if (auto byte = byte_of(token)) {
      run += *byte;
      continue;
    }
    if (!run.empty()) flush();
    out.push_back(token);
  }
  if (!run.empty()) flush();
  return out;
}

std::string strip(const std::string& token, const DecodeStrip& step) {
  std::u32string chars = to_chars(token);
  std::u32string content = to_chars(step.content);
  std::size_t begin = 0;
  while (begin < chars.size() && begin < step.start && content == chars.substr(begin, 1)) ++begin;
  std::size_t end = chars.size();
  while (end > 0 && chars.size() - end < step.stop && content == chars.substr(end - 1, 1)) --end;
  return begin < end ? to_utf8(chars.substr(begin, end - begin)) : "";
}

std::string clean_up(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kChanges[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (auto [from, to] : kChanges) text = replace_all(text, from, to);
  return text;
}

Strings wordpiece(Strings tokens, const DecodeWordPiece& step) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) {
      tokens[i] = tokens[i].starts_with(step.prefix) ? tokens[i].substr(step.prefix.size())
                                                     : " " + tokens[i];
    }
    if (step.cleanup) tokens[i] = clean_up(tokens[i]);
  }
  return tokens;
}

Strings metaspace(Strings tokens, const DecodeMetaspace& step) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] =
        replace_all(tokens[i], step.replacement, i == 0 && step.add_prefix_space ? "" : " ");
  }
  return tokens;
}

Strings bpe(Strings tokens, const DecodeBpe& step) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = replace_all(tokens[i], step.suffix, i + 1 == tokens.size() ? "" : " ");
  }
  return tokens;
}

Strings ctc(Strings tokens, const DecodeCtc& step) {
  tokens.erase(std::ranges::unique(tokens).begin(), tokens.end());
  Strings out;
  for (const std::string& token : tokens) {
    std::string text = replace_all(token, step.pad_token, "");
    if (step.cleanup) text = replace_all(clean_up(text), step.word_delimiter_token, " ");
    if (!text.empty()) out.push_back(text);
  }
  return out;
}

Strings replace(const Strings& tokens, const DecodeReplace& step) {
  Regex pattern = step.is_regex ? Regex(step.pattern) : Regex::literal(step.pattern);
  Strings out;
  for (const std::string& token : tokens) {
    std::u32string chars = to_chars(token);
    std::string text;
    std::size_t at = 0;
    for (Regex::Match match : pattern.find_all(chars)) {
      text += to_utf8(chars.substr(at, match.begin - at)) + step.content;
      at = match.end;
    }
    out.push_back(text + to_utf8(chars.substr(at)));
  }
  return out;
}

Strings apply(Strings tokens,
              const DecoderStep& any) {  // Not for SentencePiece's, which looks at IDs.
  if (std::holds_alternative<DecodeByteLevel>(any)) return byte_level(tokens);
  if (const auto* step = std::get_if<DecodeReplace>(&any)) return replace(tokens, *step);
  if (std::holds_alternative<DecodeByteFallback>(any)) return byte_fallback(tokens);
  if (std::holds_alternative<DecodeFuse>(any)) return {joined(tokens)};
  if (const auto* step = std::get_if<DecodeStrip>(&any)) {
    for (std::string& token : tokens) token = strip(token, *step);
    return tokens;
  }
  if (const auto* step = std::get_if<DecodeWordPiece>(&any))
    return wordpiece(std::move(tokens), *step);
  if (const auto* step = std::get_if<DecodeMetaspace>(&any))
    return metaspace(std::move(tokens), *step);
  if (const auto* step = std::get_if<DecodeBpe>(&any)) return bpe(std::move(tokens), *step);
  return ctc(std::move(tokens), std::get<DecodeCtc>(any));
}

}  // namespace

Decoders::Decoders(const TokenizerSpec& spec)
    : steps_(spec.decoders), to_bytes_(spec.decodes_to_bytes) {
  auto take = [&](const auto& tokens) {
    for (const auto& token : tokens) texts_[token.id] = token.bytes;
  };
  take(spec.unused);
  auto note = [&](const auto& model) {
    unknown_ = model.unknown;
    byte_fallback_ = model.byte_fallback;
  };
  if (const auto* model = std::get_if<BpeSpec>(&spec.model)) {
    take(model->tokens);
    take(model->user_defined);
    note(*model);
  }
  if (const auto* model = std::get_if<UnigramSpec>(&spec.model)) {
    take(model->pieces);
    note(*model);
  }
  if (const auto* model = std::get_if<WordPieceSpec>(&spec.model)) take(model->tokens);
  if (const auto* model = std::get_if<WordLevelSpec>(&spec.model)) take(model->tokens);
  Normalizers normalizers(spec);
  for (const AddedToken& token : spec.added) {
    if (token.special) controls_.insert(token.id);
    // The reference writes a normalized token as the normalizer left it.
    texts_[token.id] =
        token.normalized ? to_utf8(normalizers.apply(to_text(token.text)).chars) : token.text;
  }
}

// SentencePieceProcessor::Decode.
std::string Decoders::sentencepiece(TokenIdsView ids, const DecodeSentencePiece& step) const {
  std::string out;
  std::string bytes;
  auto put_bytes = [&] {  // Here every ill-formed byte is one U+FFFD, not every maximal part.
    for (std::size_t at = 0; at < bytes.size();) {
      utf8::Decoded next = utf8::decode(bytes, at);
      std::size_t size = next.valid ? next.size : 1;
      out += next.valid ? bytes.substr(at, size) : "\xEF\xBF\xBD";
      at += size;
    }
    bytes.clear();
  };
  bool at_start = true;
  for (TokenId id : ids) {
    const std::string& text = texts_.at(id);
    bool invisible = controls_.contains(id) && id != unknown_;
    if (auto byte = byte_fallback_ && !invisible ? byte_of(text) : std::nullopt) {
      bytes += *byte;
      continue;
    }
    put_bytes();
    if (!out.empty()) at_start = false;
    if (invisible) continue;
    std::string_view piece = text;
    bool took_space = false;
    if (at_start && step.strip_first_space && piece.starts_with("\xE2\x96\x81")) {
      piece.remove_prefix(3);
      took_space = !step.strip_all_first_spaces;
    }
    out += id == unknown_ ? step.unknown_surface
                          : replace_all(std::string(piece), "\xE2\x96\x81", " ");
    if (took_space || !out.empty()) at_start = false;
  }
  put_bytes();
  return out;
}

std::optional<std::string> Decoders::decode(TokenIdsView ids) const {
  Strings tokens;
  for (TokenId id : ids) {
    auto text = texts_.find(id);
    if (text == texts_.end()) return std::nullopt;
    tokens.push_back(text->second);
  }
  if (steps_.size() == 1) {
    if (const auto* step = std::get_if<DecodeSentencePiece>(&steps_[0]))
      return sentencepiece(ids, *step);
  }
  if (to_bytes_) return joined(tokens);
  if (tokens.empty()) return "";
  if (steps_.empty()) {  // Without a decoder the reference puts spaces between the tokens.
    std::string out = tokens[0];
    for (std::size_t i = 1; i < tokens.size(); ++i) out += " " + tokens[i];
    return out;
  }
  for (const DecoderStep& step : steps_) tokens = apply(std::move(tokens), step);
  return joined(tokens);
}

}  // namespace leyden::tokenizer::plain
