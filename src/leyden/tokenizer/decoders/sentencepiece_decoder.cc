#include "leyden/tokenizer/decoders/sentencepiece_decoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/decoders/decode_stage.h"

namespace leyden::tokenizer {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";

struct Options {
  DecodeSentencePiece step;
  TokenTexts texts;
  std::vector<TokenId> controls;  // Sorted.
  std::optional<TokenId> unknown;
};

class Incremental final : public IncrementalDecoder {
 public:
  explicit Incremental(const Options& options) : options_(options) {}

  Result<std::string> push(TokenId id) override {
    auto text = options_.texts.of(id);
    if (!text) return std::unexpected(unknown_id(count_, options_.texts.vocabulary->size()));
    ++count_;
    std::string out;
    if (auto byte = fallback_byte(*text); byte && !is_control(id)) {
      bytes_ += *byte;
      take_characters(out, false);
      written_ = written_ || !out.empty();
      return out;
    }
    take_characters(out, true);
    written_ = written_ || !out.empty();
    if (first_space_seen_ || written_) at_start_ = false;
    first_space_seen_ = false;
    put_piece(*text, id, out);
    written_ = written_ || !out.empty();
    return out;
  }
  std::string finish() override {
    std::string out;
    take_characters(out, true);
    return out;
  }

 private:
  [[nodiscard]] bool is_control(TokenId id) const {
    return std::ranges::binary_search(options_.controls, id);
  }

  void put_piece(std::string_view piece, TokenId id, std::string& out) {
    if (is_control(id)) return;
    if (id == options_.unknown) {
      out += options_.step.unknown_surface;
      return;
    }
    if (at_start_ && options_.step.strip_first_space && piece.starts_with(kSpace)) {
      piece.remove_prefix(kSpace.size());
      first_space_seen_ = !options_.step.strip_all_first_spaces;
    }
    for (std::size_t at = 0; at < piece.size();) {
      std::size_t space = std::min(piece.find(kSpace, at), piece.size());
      out += piece.substr(at, space - at);
      if (space == piece.size()) break;
      out += ' ';
      at = space + kSpace.size();
    }
  }

  // Whole characters of the bytes; each byte that belongs to none is U+FFFD. `all`: nothing more belongs to them.
  void take_characters(std::string& out, bool all) {
    std::size_t at = 0;
    while (at < bytes_.size()) {
      utf8::Decoded next = utf8::decode(bytes_, at);
      if (next.valid) {
        out.append(bytes_, at, next.size);
        at += next.size;
      } else if (!all && utf8::incomplete_suffix(bytes_.substr(at)) == bytes_.size() - at) {
        break;
      } else {
        out += "\xEF\xBF\xBD";
        ++at;
      }
    }
    bytes_.erase(0, at);
  }

  const Options& options_;
  std::size_t count_ = 0;
  std::string bytes_;
  bool at_start_ = true;  // A space in front of the text is still to be taken away.
  bool first_space_seen_ = false;
  bool written_ = false;
};

class SentencePieceDecoder final : public TokenDecoder {
 public:
  explicit SentencePieceDecoder(Options options) : options_(std::move(options)) {}

  Result<std::string> decode(TokenIdsView ids) const override {
    Incremental incremental(options_);
    std::string out;
    for (TokenId id : ids) {
      auto text = incremental.push(id);
      if (!text) return text;
      out += *text;
    }
    out += incremental.finish();
    return out;
  }
  std::unique_ptr<IncrementalDecoder> incremental() const override {
    return std::make_unique<Incremental>(options_);
  }

 private:
  Options options_;
};

}  // namespace

std::unique_ptr<TokenDecoder> make_sentencepiece_decoder(DecoderSpec spec, TokenTexts texts) {
  return std::make_unique<SentencePieceDecoder>(
      Options{.step = std::get<DecodeSentencePiece>(std::move(spec.steps.front())),
              .texts = std::move(texts),
              .controls = std::move(spec.controls),
              .unknown = spec.unknown});
}

}  // namespace leyden::tokenizer
