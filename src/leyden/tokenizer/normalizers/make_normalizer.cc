#include <algorithm>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/normalizer.h"
#include "leyden/tokenizer/normalizers/char_map.h"
#include "leyden/tokenizer/normalizers/charsmap.h"
#include "leyden/tokenizer/normalizers/sentencepiece_normalizer.h"
#include "leyden/tokenizer/normalizers/text_normalizer.h"
#include "leyden/tokenizer/normalizers/unicode_form.h"
#include "leyden/tokenizer/regex/regex.h"
#include "leyden/tokenizer/unicode_classes.h"
#include "leyden/tokenizer/unicode_properties.h"

// Hugging Face's normalizers, one class each.
namespace leyden::tokenizer {
namespace {

class FormNormalizer final : public TextNormalizer {
 public:
  explicit FormNormalizer(NormalizeUnicode::Form form) : form_(form) {}
  bool may_change(std::string_view text) const override { return may_change_form(text); }
  void apply(NormalizedText& text) const override { to_form(text, form_); }

 private:
  NormalizeUnicode::Form form_;
};

void lowercase(NormalizedText& text) {
  map_chars(text, [](ClassedChar c, std::string& out) {
    if (c.code_point < 0x80 ? c.code_point < 'A' || c.code_point > 'Z'
                            : (char_properties(c.code_point) & kHasLowercase) == 0) {
      return false;
    }
    LowercaseChars lower = lowercase_of(c.code_point);
    utf8::append(out, lower.first);
    if (lower.second != 0) utf8::append(out, lower.second);
    return true;
  });
}

// Leaves characters with the property out.
void remove(NormalizedText& text, CharProperty property) {
  map_chars(text, [&](ClassedChar c, std::string&) {
    return (char_properties(c.code_point) & property) != 0;
  });
}

class LowercaseNormalizer final : public TextNormalizer {
 public:
  void apply(NormalizedText& text) const override { lowercase(text); }
};

class AccentStripper final : public TextNormalizer {
 public:
  bool may_change(std::string_view text) const override { return !is_ascii(text); }
  void apply(NormalizedText& text) const override { remove(text, kAccent); }
};

class Stripper final : public TextNormalizer {
 public:
  explicit Stripper(NormalizeStrip step) : step_(step) {}
  void apply(NormalizedText& normalized) const override {
    std::string_view text = normalized.text();
    std::size_t begin = 0;
    std::size_t end = text.size();
    while (step_.left && begin < end && is_space(classed_char(text, begin))) {
      begin += classed_char(text, begin).size;
    }
    while (step_.right && begin < end && is_space(char_before(text, end))) {
      end -= char_before(text, end).size;
    }
    if (begin > 0 || end < text.size()) normalized.trim(begin, end);
  }

 private:
  static bool is_space(ClassedChar c) { return (c.char_class & kWhitespace) != 0; }
  NormalizeStrip step_;
};

class Prepender final : public TextNormalizer {
 public:
  explicit Prepender(std::string text) : text_(std::move(text)) {}
  void apply(NormalizedText& normalized) const override {
    if (normalized.text().empty()) return;
    NormalizedText out(normalized.tracked());
    // Stands where the first character does, as in Hugging Face.
    out.put(text_, normalized, 0, classed_char(normalized.text(), 0).size);
    out.copy(normalized, 0, normalized.text().size());
    normalized = std::move(out);
  }

 private:
  std::string text_;
};

class Replacer final : public TextNormalizer {
 public:
  Replacer(std::unique_ptr<Regex> regex, std::string content)
      : regex_(std::move(regex)), content_(std::move(content)) {}
  void apply(NormalizedText& normalized) const override {
    NormalizedText out(normalized.tracked());
    Regex::Matches matches(*regex_, normalized.text());
    std::size_t copied = 0;
    bool any = false;
    while (auto match = matches.next()) {
      out.copy(normalized, copied, match->begin);
      out.put(content_, normalized, match->begin, match->end);
      copied = match->end;
      any = true;
    }
    if (!any) return;
    out.copy(normalized, copied, normalized.text().size());
    normalized = std::move(out);
  }

 private:
  std::unique_ptr<Regex> regex_;
  std::string content_;
};

class NmtNormalizer final : public TextNormalizer {
 public:
  void apply(NormalizedText& text) const override {
    map_chars(text, [](ClassedChar c, std::string& out) {
      char32_t p = c.code_point;
      bool removed = (p >= 1 && p <= 8) || p == 0xB || (p >= 0xE && p <= 0x1F) || p == 0x7F ||
                     p == 0x8F || p == 0x9F;
      bool space = p == 9 || p == 0xA || p == 0xC || p == 0xD || p == 0x1680 ||
                   (p >= 0x200B && p <= 0x200F) || p == 0x2028 || p == 0x2029 || p == 0x2581 ||
                   p == 0xFEFF || p == 0xFFFD;
      if (space) out = " ";
      return removed || space;
    });
  }
};

class BertTextNormalizer final : public TextNormalizer {
 public:
  explicit BertTextNormalizer(NormalizeBert step) : step_(step) {}
  void apply(NormalizedText& text) const override {
    if (step_.clean_text) clean(text);
    if (step_.handle_chinese_chars) set_apart(text);
    if (step_.strip_accents) {
      to_form(text, NormalizeUnicode::Form::nfd);
      if (!is_ascii(text.text())) remove(text, kBertAccent);
    }
    if (step_.lowercase) lowercase(text);
  }

 private:
  static void clean(NormalizedText& text) {
    map_chars(text, [](ClassedChar c, std::string& out) {
      if ((c.char_class & kWhitespace) != 0 &&
          (char_properties(c.code_point) & kBertRemoved) == 0) {
        out = " ";
        return c.code_point != ' ';
      }
      return (char_properties(c.code_point) & kBertRemoved) != 0;
    });
  }
  static void set_apart(NormalizedText& text) {
    if (is_ascii(text.text())) return;
    map_chars(text, [](ClassedChar c, std::string& out) {
      if (!is_chinese(c.code_point)) return false;
      out = " ";
      utf8::append(out, c.code_point);
      out += ' ';
      return true;
    });
  }
  static bool is_chinese(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
  }
  NormalizeBert step_;
};

struct Maker {
  using Made = Result<std::unique_ptr<TextNormalizer>>;

  Made operator()(const NormalizeUnicode& step) const {
    return std::make_unique<FormNormalizer>(step.form);
  }
  Made operator()(const NormalizeLowercase&) const {
    return std::make_unique<LowercaseNormalizer>();
  }
  Made operator()(const NormalizeStripAccents&) const { return std::make_unique<AccentStripper>(); }
  Made operator()(const NormalizeStrip& step) const { return std::make_unique<Stripper>(step); }
  Made operator()(const NormalizePrepend& step) const {
    return std::make_unique<Prepender>(step.text);
  }
  Made operator()(const NormalizeReplace& step) const {
    auto regex = Regex::make(step.pattern, step.is_regex);
    if (!regex) return std::unexpected(regex.error());
    return std::make_unique<Replacer>(*std::move(regex), step.content);
  }
  Made operator()(const NormalizeNmt&) const { return std::make_unique<NmtNormalizer>(); }
  Made operator()(const NormalizeBert& step) const {
    return std::make_unique<BertTextNormalizer>(step);
  }
  Made operator()(const NormalizeCharsmap& step) const { return make_charsmap_normalizer(step); }
  Made operator()(const NormalizeSpaces& step) const {
    return make_sentencepiece_normalizer({}, step);
  }
};

}  // namespace

Result<std::vector<std::unique_ptr<TextNormalizer>>> make_normalizers(
    const std::vector<NormalizerStep>& steps) {
  std::vector<std::unique_ptr<TextNormalizer>> made;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto* charsmap = std::get_if<NormalizeCharsmap>(&steps[i]);
    const auto* spaces =
        i + 1 < steps.size() ? std::get_if<NormalizeSpaces>(&steps[i + 1]) : nullptr;
    bool together = charsmap != nullptr && spaces != nullptr &&
                    charsmap->matching == NormalizeCharsmap::Matching::sentencepiece;
    auto normalizer = together ? make_sentencepiece_normalizer(*charsmap, *spaces)
                               : std::visit(Maker{}, steps[i]);
    if (!normalizer) return std::unexpected(normalizer.error());
    made.push_back(*std::move(normalizer));
    if (together) ++i;
  }
  return made;
}

}  // namespace leyden::tokenizer
