#include "leyden/llm/testing/double_model.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/stream_decoder.h"

namespace leyden::llm::testing {
namespace {

constexpr std::string_view kBroken = "\xEF\xBF\xBD";

// splitmix64: good enough to make things up, and the same everywhere.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EB;
  return x ^ (x >> 31U);
}

struct Found {
  std::size_t at = std::string::npos;
  std::string word;
};
Found first_word(std::string_view text, const std::vector<std::string>& words) {
  Found found;
  for (const std::string& word : words) {
    if (const std::size_t at = text.find(word); !word.empty() && at < found.at) found = {at, word};
  }
  return found;
}

// How much of `text` can't be the beginning of a stop word.
std::size_t certain(std::string_view text, const std::vector<std::string>& words) {
  std::size_t held = 0;
  for (const std::string& word : words) {
    for (std::size_t size = std::min(word.size(), text.size()); size > held; --size) {
      if (text.ends_with(std::string_view(word).substr(0, size))) held = size;
    }
  }
  return text.size() - held;
}

}  // namespace

DoubleModel::DoubleModel(std::string name, const tokenizer::Tokenizer& tokenizer,
                         std::size_t context_tokens, std::optional<TokenId> end_token)
    : name_(std::move(name)),
      tokenizer_(tokenizer),
      context_tokens_(context_tokens),
      end_token_(end_token) {
  for (TokenId id = 0; id < tokenizer.vocabulary_size(); ++id) {
    const auto bytes = tokenizer.token_bytes(id);
    if (!bytes || bytes->empty() || is_special(id)) continue;
    (utf8::is_valid(*bytes) ? whole_ : parts_).push_back(id);
  }
  for (const std::string_view character : {"é", "ж", "日", "क", "😀", "🇫🇷"}) {
    const TokenIds ids = tokenizer.encode(character);
    if (std::ranges::none_of(ids, [&](TokenId id) { return is_special(id); }))
      characters_.push_back(ids);
  }
}

bool DoubleModel::is_special(TokenId id) const { return tokenizer_.is_control(id); }

// One answer, ID by ID.
class DoubleModel::Voice {
 public:
  Voice(const DoubleModel& model, const Question& question)
      : model_(model), state_(mix(question.seed)) {
    for (const std::int64_t id : question.prompt)
      state_ = mix(state_ ^ static_cast<std::uint64_t>(id));
    const std::uint64_t ending = mix(state_);
    if (model.end_token_ && !question.ignore_end && ending % 4 == 0)
      left_ = 1 + (ending >> 8U) % 48;
  }

  TokenId next() {
    if (left_ && (*left_)-- == 0) return *model_.end_token_;
    if (pending_.empty()) {
      const std::uint64_t kind = roll() % 16;
      if (kind < 4 && !model_.characters_.empty()) {
        pending_ = pick(model_.characters_);
        std::ranges::reverse(pending_);
      } else if ((kind == 4 && !model_.parts_.empty()) || model_.whole_.empty()) {
        return pick(model_.parts_);
      } else {
        return pick(model_.whole_);
      }
    }
    const TokenId id = pending_.back();
    pending_.pop_back();
    return id;
  }

 private:
  std::uint64_t roll() { return state_ = mix(state_); }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[roll() % from.size()];
  }

  const DoubleModel& model_;
  std::uint64_t state_;
  std::optional<std::uint64_t> left_;  // Before the end token.
  TokenIds pending_;                   // Of a character; the last comes first.
};

DoubleModel::Answer DoubleModel::answer(const Question& question) const {
  Answer out;
  Voice voice(*this, question);
  tokenizer::StreamDecoder decoder(tokenizer_);
  std::string text;
  std::string last_bytes;
  std::size_t said = 0;
  const auto say = [&](std::size_t end) {
    if (end > said) out.texts.back() += text.substr(said, end - said);
    said = std::max(said, end);
  };
  while (out.ids.size() < question.max_tokens) {
    const TokenId id = voice.next();
    out.ids.push_back(id);
    out.texts.emplace_back();
    out.split.push_back(!out.split.empty() && out.split.back());
    if (std::ranges::find(question.stop_tokens, id) != question.stop_tokens.end() ||
        (id == end_token_ && !question.ignore_end)) {
      out.stopped = true;
      out.stop_token = id;
      break;
    }
    text += utf8::replace_invalid(decoder.push(id).value_or(""));
    last_bytes += tokenizer_.token_bytes(id).value_or("");
    last_bytes.erase(0, last_bytes.size() - std::min<std::size_t>(last_bytes.size(), 4));
    out.split.back() = utf8::incomplete_suffix(last_bytes) > 0;
    if (const Found found = first_word(text, question.stop_words); !found.word.empty()) {
      text.resize(found.at);
      out.stopped = true;
      out.stop_word = found.word;
      break;
    }
    if (!question.holds_broken || !text.ends_with(kBroken)) say(certain(text, question.stop_words));
  }
  if (out.ids.empty()) return out;
  const std::string tail = utf8::replace_invalid(decoder.finish());
  if (out.stop_word.empty() && !question.drops_tail) text += tail;
  if (question.drops_tail && question.holds_broken) {
    while (text.ends_with(kBroken)) text.resize(text.size() - kBroken.size());
  }
  say(text.size());
  return out;
}

std::string DoubleModel::Answer::text() const {
  std::string out;
  for (const std::string& piece : texts) out += piece;
  return out;
}

std::size_t PrefixMemory::longest(const std::string& salt,
                                  std::span<const std::int64_t> prompt) const {
  return known_.with([&](const auto& known) {
    std::size_t best = 0;
    if (const auto of_salt = known.find(salt); of_salt != known.end()) {
      for (const WireIds& ids : of_salt->second) {
        const auto differs = std::ranges::mismatch(ids, prompt).in2;
        best = std::max(best, static_cast<std::size_t>(differs - prompt.begin()));
      }
    }
    return prompt.empty() ? 0 : std::min(best, prompt.size() - 1);
  });
}

void PrefixMemory::remember(const std::string& salt, WireIds ids) {
  known_.with([&](auto& known) {
    constexpr std::size_t kSalts = 4096;
    constexpr std::size_t kOfEach = 256;
    if (known.size() >= kSalts && !known.contains(salt)) known.clear();
    auto& of_salt = known[salt];
    of_salt.push_back(std::move(ids));
    if (of_salt.size() > kOfEach) of_salt.pop_front();
  });
}

void PrefixMemory::forget() {
  known_.with([](auto& known) { known.clear(); });
}

}  // namespace leyden::llm::testing
