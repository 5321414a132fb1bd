#include "leyden/tokenizer/decoders/decode_stage.h"

#include <algorithm>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/loaders/byte_level.h"

// Hugging Face's decoders, one class each.
namespace leyden::tokenizer {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(from); found != std::string::npos;
       found = text.find(from, at)) {
    out.append(text, at, found - at);
    out += to;
    at = found + from.size();
  }
  if (at == 0) return;
  text = out.append(text, at);
}

// Replaces a text within the tokens; within the only one also where it arrives in fragments.
class LiteralReplacer final : public DecodeStage {
 public:
  LiteralReplacer(std::string pattern, std::string content, bool fused)
      : pattern_(std::move(pattern)), content_(std::move(content)), fused_(fused) {}
  void push(std::string text) override {
    if (fused_) text.insert(0, std::exchange(held_, {}));
    std::size_t keep = 0;
    if (fused_) {
      // What follows the last match may be the beginning of another.
      std::size_t last = 0;
      for (std::size_t found = text.find(pattern_); found != std::string::npos;
           found = text.find(pattern_, last)) {
        last = found + pattern_.size();
      }
      keep = std::min(pattern_.size() - 1, text.size() - last);
      while (keep > 0 && !std::string_view(text).ends_with(pattern_.substr(0, keep))) --keep;
    }
    held_ = text.substr(text.size() - keep);
    text.resize(text.size() - keep);
    replace_all(text, pattern_, content_);
    hand_on(std::move(text));
  }
  void finish() override {
    if (!held_.empty()) hand_on(std::exchange(held_, {}));
    next_->finish();
  }

 private:
  std::string pattern_;
  std::string content_;
  bool fused_;
  std::string held_;
};

class RegexReplacer final : public DecodeStage {
 public:
  RegexReplacer(const Regex& regex, std::string content, bool fused)
      : regex_(&regex), content_(std::move(content)), fused_(fused) {}
  void push(std::string text) override {
    if (fused_) {
      held_ += text;  // A match may reach to the end, whatever it is.
    } else {
      hand_on(replaced(text));
    }
  }
  void finish() override {
    if (fused_) hand_on(replaced(held_));
    next_->finish();
  }

 private:
  [[nodiscard]] std::string replaced(std::string_view text) const {
    std::string out;
    std::size_t at = 0;
    Regex::Matches matches(*regex_, text);
    while (auto match = matches.next()) {
      out += text.substr(at, match->begin - at);
      out += content_;
      at = match->end;
    }
    out += text.substr(at);
    return out;
  }
  const Regex* regex_;
  std::string content_;
  bool fused_;
  std::string held_;
};

// "<0x0A>" becomes its byte. A run of them that is no UTF-8 as a whole becomes one U+FFFD for each, so it has to be held
// until it ends.
class ByteFallbackStage final : public DecodeStage {
 public:
  void push(std::string text) override {
    if (auto byte = fallback_byte(text)) {
      bytes_ += *byte;
      return;
    }
    flush();
    hand_on(std::move(text));
  }
  void finish() override {
    flush();
    next_->finish();
  }

 private:
  void flush() {
    if (bytes_.empty()) return;
    std::string bytes = std::exchange(bytes_, {});
    if (utf8::is_valid(bytes)) return hand_on(std::move(bytes));
    for (std::size_t i = 0; i < bytes.size(); ++i) hand_on("\xEF\xBF\xBD");
  }
  std::string bytes_;
};

// Tokens become fragments of one: for what follows, nothing else changes.
class FuseStage final : public DecodeStage {
 public:
  void push(std::string text) override { hand_on(std::move(text)); }
};

// Holds the only token together for a step that has to see it whole.
class WholeStage final : public DecodeStage {
 public:
  void push(std::string text) override { held_ += text; }
  void finish() override {
    hand_on(std::move(held_));
    next_->finish();
  }

 private:
  std::string held_;
};

class StripStage final : public DecodeStage {
 public:
  StripStage(const DecodeStrip& step, bool fused) : step_(step), fused_(fused) {}
  void push(std::string text) override {
    if (!fused_) {
      std::size_t start = step_.start;
      strip_start(text, start);
      std::size_t kept = text.size() - trailing(text);
      text.resize(kept);
      return hand_on(std::move(text));
    }
    if (!begun_) strip_start(text, left_);
    begun_ = begun_ || !text.empty();
    text.insert(0, std::exchange(held_, {}));
    std::size_t keep = trailing(text);
    held_ = text.substr(text.size() - keep);
    text.resize(text.size() - keep);
    hand_on(std::move(text));
  }

 private:
  // Takes up to `count` characters from the start, and counts them.
  void strip_start(std::string& text, std::size_t& count) const {
    std::size_t at = 0;
    while (count > 0 && std::string_view(text).substr(at).starts_with(step_.content)) {
      at += step_.content.size();
      --count;
    }
    if (at < text.size()) count = 0;
    text.erase(0, at);
  }
  [[nodiscard]] std::size_t trailing(std::string_view text) const {
    std::size_t size = 0;
    for (std::size_t i = 0; i < step_.stop; ++i) {
      if (!text.substr(0, text.size() - size).ends_with(step_.content)) break;
      size += step_.content.size();
    }
    return size;
  }
  DecodeStrip step_;
  bool fused_;
  std::size_t left_ = step_.start;  // To be stripped yet, while nothing else came.
  bool begun_ = false;
  std::string held_;
};

void clean_up(std::string& text) {
  constexpr std::pair<std::string_view, std::string_view> kChanges[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kChanges) replace_all(text, from, to);
}

class WordPieceStage final : public DecodeStage {
 public:
  explicit WordPieceStage(const DecodeWordPiece& step) : step_(step) {}
  void push(std::string text) override {
    if (!std::exchange(first_, false)) {
      if (text.starts_with(step_.prefix)) {
        text.erase(0, step_.prefix.size());
      } else {
        text.insert(0, " ");
      }
    }
    if (step_.cleanup) clean_up(text);
    hand_on(std::move(text));
  }

 private:
  DecodeWordPiece step_;
  bool first_ = true;
};

// In the first token the replacement goes, where a space was put there; elsewhere it is a space.
class MetaspaceStage final : public DecodeStage {
 public:
  MetaspaceStage(const DecodeMetaspace& step, bool fused) : step_(step), fused_(fused) {}
  void push(std::string text) override {
    bool drops = first_ && step_.add_prefix_space;
    if (!fused_) first_ = false;
    replace_all(text, step_.replacement, drops ? "" : " ");
    hand_on(std::move(text));
  }

 private:
  DecodeMetaspace step_;
  bool fused_;
  bool first_ = true;
};

// The suffix of a word is a space, but for the last token: each is held until the next comes.
class BpeStage final : public DecodeStage {
 public:
  explicit BpeStage(std::string suffix) : suffix_(std::move(suffix)) {}
  void push(std::string text) override {
    if (held_) {
      replace_all(*held_, suffix_, " ");
      hand_on(*std::exchange(held_, std::nullopt));
    }
    // What comes before the first suffix is the same either way, but handing on parts would be two tokens.
    held_ = std::move(text);
  }
  void finish() override {
    if (held_) {
      replace_all(*held_, suffix_, "");
      hand_on(*std::exchange(held_, std::nullopt));
    }
    next_->finish();
  }

 private:
  std::string suffix_;
  std::optional<std::string> held_;
};

class CtcStage final : public DecodeStage {
 public:
  explicit CtcStage(DecodeCtc step) : step_(std::move(step)) {}
  void push(std::string text) override {
    if (text == last_) return;
    last_ = text;
    replace_all(text, step_.pad_token, "");
    if (step_.cleanup) {
      clean_up(text);
      replace_all(text, step_.word_delimiter_token, " ");
    }
    if (!text.empty()) hand_on(std::move(text));
  }

 private:
  DecodeCtc step_;
  std::optional<std::string> last_;
};

class ByteLevelStage final : public DecodeStage {
 public:
  void push(std::string text) override {
    held_ += bytes_of_byte_level(text).value_or(text);
    std::size_t keep = utf8::incomplete_suffix(held_);
    std::string ready = held_.substr(0, held_.size() - keep);
    held_.erase(0, ready.size());
    if (!ready.empty()) hand_on(utf8::replace_invalid(ready));
  }
  void finish() override {
    if (!held_.empty()) hand_on(utf8::replace_invalid(std::exchange(held_, {})));
    next_->finish();
  }

 private:
  std::string held_;
};

class JoiningStage final : public DecodeStage {
 public:
  void push(std::string text) override {
    if (!std::exchange(first_, false)) text.insert(0, " ");
    hand_on(std::move(text));
  }

 private:
  bool first_ = true;
};

// A stage behind one that collects the only token.
class WholeThen final : public DecodeStage {
 public:
  explicit WholeThen(std::unique_ptr<DecodeStage> then) : then_(std::move(then)) {
    whole_.set_next(then_.get());
  }
  void push(std::string text) override { whole_.push(std::move(text)); }
  void finish() override {
    then_->set_next(next_);
    whole_.finish();
  }

 private:
  WholeStage whole_;
  std::unique_ptr<DecodeStage> then_;
};

template <class Make>
class MakerOf final : public DecodeStageMaker {
 public:
  explicit MakerOf(Make make) : make_(std::move(make)) {}
  std::unique_ptr<DecodeStage> make() const override { return make_(); }

 private:
  Make make_;
};
template <class Make>
std::unique_ptr<DecodeStageMaker> maker(Make make) {
  return std::make_unique<MakerOf<Make>>(std::move(make));
}

struct Chooser {
  using Made = Result<std::unique_ptr<DecodeStageMaker>>;
  bool fused;

  template <class Make>
  [[nodiscard]] std::unique_ptr<DecodeStageMaker> on_whole(Make make) const {
    return maker([make, whole = fused]() -> std::unique_ptr<DecodeStage> {
      if (!whole) return make();
      return std::make_unique<WholeThen>(make());
    });
  }

  Made operator()(const DecodeByteLevel&) const {
    return on_whole([] { return std::make_unique<ByteLevelStage>(); });
  }
  Made operator()(const DecodeReplace& step) const {
    if (step.pattern.empty()) return fail(Errc::unsupported, "an empty pattern is not supported");
    if (!step.is_regex) {
      return maker([step, whole = fused] {
        return std::make_unique<LiteralReplacer>(step.pattern, step.content, whole);
      });
    }
    auto regex = Regex::make(step.pattern, true);
    if (!regex) return std::unexpected(regex.error());
    return maker(
        [shared = std::shared_ptr<const Regex>(*std::move(regex)), content = step.content,
         whole = fused] { return std::make_unique<RegexReplacer>(*shared, content, whole); });
  }
  Made operator()(const DecodeByteFallback&) const {
    return on_whole([] { return std::make_unique<ByteFallbackStage>(); });
  }
  Made operator()(const DecodeFuse&) const {
    return maker([] { return std::make_unique<FuseStage>(); });
  }
  Made operator()(const DecodeStrip& step) const {
    return maker([step, whole = fused] { return std::make_unique<StripStage>(step, whole); });
  }
  Made operator()(const DecodeWordPiece& step) const {
    return on_whole([step] { return std::make_unique<WordPieceStage>(step); });
  }
  Made operator()(const DecodeMetaspace& step) const {
    return maker([step, whole = fused] { return std::make_unique<MetaspaceStage>(step, whole); });
  }
  Made operator()(const DecodeBpe& step) const {
    return on_whole([step] { return std::make_unique<BpeStage>(step.suffix); });
  }
  Made operator()(const DecodeCtc& step) const {
    return on_whole([step] { return std::make_unique<CtcStage>(step); });
  }
  Made operator()(const DecodeSentencePiece&) const {
    return fail(Errc::unsupported, "SentencePiece's decoder among others is not supported");
  }
};

}  // namespace

Result<std::unique_ptr<DecodeStageMaker>> make_decode_stage(const DecoderStep& step, bool fused) {
  return std::visit(Chooser{fused}, step);
}

std::unique_ptr<DecodeStageMaker> make_joining_stage() {
  return maker([] { return std::make_unique<JoiningStage>(); });
}

std::optional<char> fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  int value = 0;
  for (char c : token.substr(3, 2)) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + digit;
  }
  return static_cast<char>(value);
}

}  // namespace leyden::tokenizer
