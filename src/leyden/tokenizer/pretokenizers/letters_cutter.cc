#include "leyden/tokenizer/pretokenizers/letters_cutter.h"

#include <array>
#include <string>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/byte_level.h"

namespace leyden::tokenizer {
namespace {

class LettersCutter final : public PieceCutter {
 public:
  explicit LettersCutter(std::unique_ptr<PieceCutter> cutter) : cutter_(std::move(cutter)) {}

  void apply(Pieces& pieces) const override {
    std::string letters;
    std::vector<std::size_t> bytes;  // For each byte of `letters` the byte that it stands for.
    std::vector<Pieces::Range> ranges;
    const std::string_view text = pieces.text.text();
    for (const Pieces::Range& range : pieces.ranges) {
      const std::size_t begin = letters.size();
      for (std::size_t at = range.begin; at < range.end; ++at) {
        utf8::append(letters, letter_of_byte(static_cast<unsigned char>(text[at])));
        bytes.resize(letters.size(), at);
      }
      ranges.push_back({begin, letters.size()});
    }
    Pieces written{.text = NormalizedText(letters, 0, false),
                   .ranges = std::move(ranges),
                   .at_start = pieces.at_start};
    cutter_->apply(written);
    pieces.ranges.clear();
    for (const Pieces::Range& range : written.ranges) {
      pieces.ranges.push_back({bytes[range.begin], bytes[range.end - 1] + 1});
    }
  }

 private:
  std::unique_ptr<PieceCutter> cutter_;
};

}  // namespace

Result<std::unique_ptr<PieceCutter>> make_letters_cutter(const PretokenizerStep& step) {
  if (std::holds_alternative<SplitByteLevel>(step) ||
      std::holds_alternative<SplitMetaspace>(step)) {
    return fail(Errc::unsupported, "a pre-tokenizer behind ByteLevel that changes the text");
  }
  auto cutter = make_cutter(step);
  if (!cutter) return std::unexpected(cutter.error());
  return std::make_unique<LettersCutter>(*std::move(cutter));
}

}  // namespace leyden::tokenizer
