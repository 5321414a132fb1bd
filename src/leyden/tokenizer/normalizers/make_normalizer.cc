#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/normalizers/text_normalizer.h"

namespace leyden::tokenizer {
namespace {

class Nfc final : public TextNormalizer {
 public:
  bool may_change(std::string_view text) const override { return !is_ascii(text); }
  void apply(NormalizedText& text) const override {
    if (is_ascii(text.text())) return;
    NormalizedText out(text.tracked());
    out.put(to_nfc(text.text()), text, 0, text.text().size());
    text = std::move(out);
  }
};

}  // namespace

Result<std::unique_ptr<TextNormalizer>> make_normalizer(const NormalizerStep& step) {
  if (const auto* unicode = std::get_if<NormalizeUnicode>(&step);
      unicode != nullptr && unicode->form == NormalizeUnicode::Form::nfc) {
    return std::make_unique<Nfc>();
  }
  return fail(Errc::unsupported, "normalizer number {} is not supported yet", step.index());
}

}  // namespace leyden::tokenizer
