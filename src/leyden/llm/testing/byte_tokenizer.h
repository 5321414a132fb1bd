#pragma once

#include <memory>
#include <string>

#include "leyden/tokenizer/tokenizer.h"

namespace leyden::llm::testing {

// A tokenizer that can be seen through: each byte is its own ID, 256 is "<|end|>", 257 "<|turn|>", both special. Whole characters need up to
// four IDs. For tests that don't want a model's file.
class ByteTokenizer : public tokenizer::Tokenizer {
 public:
  static constexpr TokenId kEnd = 256;
  static constexpr TokenId kTurn = 257;

  void encode_to(std::string_view text, const tokenizer::EncodeOptions& options,
                 TokenIds& out) const override {
    while (!text.empty()) {
      std::size_t taken = 1;
      TokenId id = static_cast<unsigned char>(text.front());
      for (const TokenId special : {kEnd, kTurn}) {
        const std::string name = *token_bytes(special);
        if (options.special.allows(special) && text.starts_with(name))
          id = special, taken = name.size();
      }
      out.push_back(id);
      text.remove_prefix(taken);
    }
  }
  [[nodiscard]] std::size_t count(std::string_view text,
                                  const tokenizer::EncodeOptions& options) const override {
    return encode(text, options).size();
  }
  [[nodiscard]] tokenizer::Encoding encode_with_offsets(
      std::string_view text, const tokenizer::EncodeOptions& options) const override {
    tokenizer::Encoding out{.ids = encode(text, options), .spans = {}};
    std::size_t at = 0;
    for (const TokenId id : out.ids) {
      const std::size_t size = token_bytes(id)->size();
      out.spans.push_back({at, at + size});
      at += size;
    }
    return out;
  }
  [[nodiscard]] Result<std::string> decode(TokenIdsView ids) const override {
    std::string out;
    for (const TokenId id : ids) {
      const auto bytes = token_bytes(id);
      if (!bytes) return fail(Errc::invalid_argument, "no such token");
      out += *bytes;
    }
    return out;
  }
  [[nodiscard]] std::optional<std::string> token_bytes(TokenId id) const override {
    if (id < kEnd) return std::string(1, static_cast<char>(id));
    if (id == kEnd) return "<|end|>";
    if (id == kTurn) return "<|turn|>";
    return std::nullopt;
  }
  [[nodiscard]] std::optional<TokenId> token_id(std::string_view piece) const override {
    if (piece.size() == 1) return static_cast<unsigned char>(piece.front());
    return special_token(piece);
  }
  [[nodiscard]] bool is_safe_cut(std::string_view, std::string_view) const override { return true; }
  [[nodiscard]] bool is_control(TokenId id) const override { return id == kEnd || id == kTurn; }
  [[nodiscard]] std::optional<TokenId> special_token(std::string_view text) const override {
    if (text == "<|end|>") return kEnd;
    if (text == "<|turn|>") return kTurn;
    return std::nullopt;
  }
  [[nodiscard]] std::size_t vocabulary_size() const override { return 258; }
  [[nodiscard]] const Digest& fingerprint() const override { return fingerprint_; }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  Digest fingerprint_ = Hasher().field("bytes").finish();
  std::string name_ = "bytes";
};

// The same, but that e and q have changed places.
class OtherByteTokenizer final : public ByteTokenizer {
 public:
  void encode_to(std::string_view text, const tokenizer::EncodeOptions& options,
                 TokenIds& out) const override {
    const std::size_t before = out.size();
    ByteTokenizer::encode_to(text, options, out);
    for (std::size_t i = before; i < out.size(); ++i) {
      if (out[i] == 'e' || out[i] == 'q') out[i] ^= 'e' ^ 'q';
    }
  }
};

}  // namespace leyden::llm::testing
