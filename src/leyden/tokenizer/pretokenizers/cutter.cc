#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/pretokenizer.h"
#include "leyden/tokenizer/pretokenizers/piece_cutter.h"
#include "leyden/tokenizer/pretokenizers/split.h"
#include "leyden/tokenizer/regex/regex.h"
#include "leyden/tokenizer/unicode_classes.h"
#include "leyden/tokenizer/unicode_properties.h"

// Hugging Face's pre-tokenizers, one class each.
namespace leyden::tokenizer {
namespace {

using Ranges = std::vector<Pieces::Range>;

class PatternCutter final : public PieceCutter {
 public:
  PatternCutter(std::unique_ptr<Regex> regex, const SplitPattern& split)
      : regex_(std::move(regex)), behavior_(split.behavior), invert_(split.invert) {}
  void apply(Pieces& pieces) const override {
    cut_each(pieces, [&](std::string_view text, std::size_t offset, Ranges& out) {
      SplitBuilder builder(behavior_, invert_, offset, out);
      Regex::Matches matches(*regex_, text);
      while (auto match = matches.next()) builder.match(match->begin, match->end);
      builder.finish(text.size());
    });
  }

 private:
  std::unique_ptr<Regex> regex_;
  SplitBehavior behavior_;
  bool invert_;
};

// A pattern that has a hand-written scanner and matches every character.
class NativeCutter final : public PieceCutter {
 public:
  explicit NativeCutter(Pattern pattern) : pattern_(pattern) {}
  void apply(Pieces& pieces) const override {
    cut_each(pieces, [&](std::string_view text, std::size_t offset, Ranges& out) {
      for (std::size_t at = 0; at < text.size();) {
        std::size_t end = pretoken_end(pattern_, text, at);
        out.push_back({offset + at, offset + end});
        at = end;
      }
    });
  }

 private:
  Pattern pattern_;
};

// Characters of a kind are the matches, one by one.
template <class Is>
class CharCutter final : public PieceCutter {
 public:
  CharCutter(Is is, SplitBehavior behavior) : is_(is), behavior_(behavior) {}
  void apply(Pieces& pieces) const override {
    cut_each(pieces, [&](std::string_view text, std::size_t offset, Ranges& out) {
      SplitBuilder builder(behavior_, false, offset, out);
      for (std::size_t at = 0; at < text.size();) {
        ClassedChar c = classed_char(text, at);
        if (is_(c)) builder.match(at, at + c.size);
        at += c.size;
      }
      builder.finish(text.size());
    });
  }

 private:
  Is is_;
  SplitBehavior behavior_;
};
template <class Is>
std::unique_ptr<PieceCutter> char_cutter(Is is, SplitBehavior behavior) {
  return std::make_unique<CharCutter<Is>>(is, behavior);
}

bool is_whitespace(ClassedChar c) { return (c.char_class & kWhitespace) != 0; }
bool is_punctuation(ClassedChar c) { return (char_properties(c.code_point) & kPunctuation) != 0; }

// The spaces of `text` and, where asked for, something in front of each piece: a new text.
class MetaspaceCutter final : public PieceCutter {
 public:
  explicit MetaspaceCutter(SplitMetaspace step) : step_(std::move(step)) {}
  void apply(Pieces& pieces) const override {
    Pieces made{
        .text = NormalizedText(pieces.text.tracked()), .ranges = {}, .at_start = pieces.at_start};
    made.text.reserve(pieces.text.text().size() + 3 * pieces.ranges.size());
    for (const Pieces::Range& range : pieces.ranges) add(pieces, range, made);
    pieces = std::move(made);
  }

 private:
  void add(const Pieces& pieces, Pieces::Range range, Pieces& made) const {
    std::string_view text = pieces.text.text().substr(0, range.end);
    std::size_t start = made.text.text().size();
    std::string_view piece = text.substr(range.begin);
    bool marked = piece.starts_with(step_.replacement) || piece.starts_with(' ');
    bool wanted =
        step_.prepend == SplitMetaspace::Prepend::always ||
        (step_.prepend == SplitMetaspace::Prepend::first && pieces.starts_text(range.begin));
    if (wanted && !marked) {
      // Stands where the first character does, as in Hugging Face.
      std::size_t first = classed_char(text, range.begin).size;
      made.text.put(step_.replacement, pieces.text, range.begin, range.begin + first);
    }
    for (std::size_t at = range.begin; at < range.end;) {
      std::size_t space = std::min(text.find(' ', at), range.end);
      made.text.copy(pieces.text, at, space);
      if (space < range.end) made.text.put(step_.replacement, pieces.text, space, space + 1);
      at = space + 1;
    }
    std::string_view written = made.text.text().substr(start);
    if (!step_.split) {
      made.ranges.push_back({start, start + written.size()});
      return;
    }
    SplitBuilder builder(SplitBehavior::merged_with_next, false, start, made.ranges);
    for (std::size_t at = written.find(step_.replacement); at != std::string_view::npos;
         at = written.find(step_.replacement, at + step_.replacement.size())) {
      builder.match(at, at + step_.replacement.size());
    }
    builder.finish(written.size());
  }

  SplitMetaspace step_;
};

class ByteLevelCutter final : public PieceCutter {
 public:
  explicit ByteLevelCutter(SplitByteLevel step) : step_(step) {}
  void apply(Pieces& pieces) const override {
    if (step_.add_prefix_space) add_spaces(pieces);
    if (step_.use_regex) NativeCutter(Pattern::gpt2).apply(pieces);
  }

 private:
  static void add_spaces(Pieces& pieces) {
    Pieces made{
        .text = NormalizedText(pieces.text.tracked()), .ranges = {}, .at_start = pieces.at_start};
    for (const Pieces::Range& range : pieces.ranges) {
      std::size_t start = made.text.text().size();
      if (pieces.text.text()[range.begin] != ' ') {
        std::size_t first = classed_char(pieces.text.text(), range.begin).size;
        made.text.put(" ", pieces.text, range.begin, range.begin + first);
      }
      made.text.copy(pieces.text, range.begin, range.end);
      made.ranges.push_back({start, made.text.text().size()});
    }
    pieces = std::move(made);
  }

  SplitByteLevel step_;
};

// Words and runs of what is neither word nor space: \w+|[^\w\s]+
class WordCutter final : public PieceCutter {
 public:
  void apply(Pieces& pieces) const override {
    enum class Kind { space, word, other };
    auto kind = [](ClassedChar c) {
      if ((char_properties(c.code_point) & kWord) != 0) return Kind::word;
      return is_whitespace(c) ? Kind::space : Kind::other;
    };
    cut_each(pieces, [&](std::string_view text, std::size_t offset, Ranges& out) {
      for (std::size_t at = 0; at < text.size();) {
        std::size_t begin = at;
        Kind own = kind(classed_char(text, at));
        while (at < text.size() && kind(classed_char(text, at)) == own) {
          at += classed_char(text, at).size;
        }
        if (own != Kind::space) out.push_back({offset + begin, offset + at});
      }
    });
  }
};

class BertCutter final : public PieceCutter {
 public:
  void apply(Pieces& pieces) const override {
    CharCutter(is_whitespace, SplitBehavior::removed).apply(pieces);
    CharCutter(is_punctuation, SplitBehavior::isolated).apply(pieces);
  }
};

// A new piece begins where the script changes; what goes with any script goes with the one before, and at the beginning
// is left out, as Hugging Face does it.
class ScriptCutter final : public PieceCutter {
 public:
  void apply(Pieces& pieces) const override {
    cut_each(pieces, [&](std::string_view text, std::size_t offset, Ranges& out) {
      std::uint8_t last = 0;
      std::optional<std::size_t> begin;
      for (std::size_t at = 0; at < text.size();) {
        ClassedChar c = classed_char(text, at);
        std::uint8_t script = pretokenizer_script(c.code_point);
        if (script != 0 && script != last) {
          if (begin) out.push_back({offset + *begin, offset + at});
          begin = at;
          last = script;
        }
        at += c.size;
      }
      if (begin) out.push_back({offset + *begin, offset + text.size()});
    });
  }
};

class FixedLengthCutter final : public PieceCutter {
 public:
  explicit FixedLengthCutter(std::size_t length) : length_(length) {}
  void apply(Pieces& pieces) const override {
    cut_each(pieces, [&](std::string_view text, std::size_t offset, Ranges& out) {
      for (std::size_t at = 0; at < text.size();) {
        std::size_t begin = at;
        for (std::size_t i = 0; i < length_ && at < text.size(); ++i) {
          at += classed_char(text, at).size;
        }
        out.push_back({offset + begin, offset + at});
      }
    });
  }

 private:
  std::size_t length_;
};

struct Maker {
  using Made = Result<std::unique_ptr<PieceCutter>>;

  Made operator()(const SplitPattern& step) const {
    bool leaves_matches = (step.behavior == SplitBehavior::isolated && !step.invert) ||
                          (step.behavior == SplitBehavior::removed && step.invert);
    if (auto pattern = pattern_of_regex(step.pattern); pattern && step.is_regex && leaves_matches) {
      return std::make_unique<NativeCutter>(*pattern);
    }
    auto regex = Regex::make(step.pattern, step.is_regex);
    if (!regex) return std::unexpected(regex.error());
    return std::make_unique<PatternCutter>(*std::move(regex), step);
  }
  Made operator()(const SplitByteLevel& step) const {
    return std::make_unique<ByteLevelCutter>(step);
  }
  Made operator()(const SplitDigits& step) const {
    return char_cutter([](ClassedChar c) { return (c.char_class & kDigit) != 0; },
                       step.individual ? SplitBehavior::isolated : SplitBehavior::contiguous);
  }
  Made operator()(const SplitMetaspace& step) const {
    if (step.replacement.empty()) return fail(Errc::unsupported, "Metaspace without replacement");
    return std::make_unique<MetaspaceCutter>(step);
  }
  Made operator()(const SplitPunctuation& step) const {
    return char_cutter(is_punctuation, step.behavior);
  }
  Made operator()(const SplitWhitespace&) const { return std::make_unique<WordCutter>(); }
  Made operator()(const SplitOnWhitespace&) const {
    return char_cutter(is_whitespace, SplitBehavior::removed);
  }
  Made operator()(const SplitBert&) const { return std::make_unique<BertCutter>(); }
  Made operator()(const SplitUnicodeScripts&) const { return std::make_unique<ScriptCutter>(); }
  Made operator()(const SplitCharDelimiter& step) const {
    return char_cutter(
        [delimiter = step.delimiter](ClassedChar c) { return c.code_point == delimiter; },
        SplitBehavior::removed);
  }
  Made operator()(const SplitFixedLength& step) const {
    if (step.length == 0) return fail(Errc::unsupported, "FixedLength of no character");
    return std::make_unique<FixedLengthCutter>(step.length);
  }
};

}  // namespace

Result<std::unique_ptr<PieceCutter>> make_cutter(const PretokenizerStep& step) {
  return std::visit(Maker{}, step);
}

}  // namespace leyden::tokenizer
