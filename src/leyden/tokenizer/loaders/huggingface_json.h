#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "leyden/base/result.h"
#include "leyden/base/utf8.h"
#include "leyden/tokenizer/spec.h"

namespace leyden::tokenizer::huggingface {

// The file that is read, and the first thing that was wrong with it: readers go on with defaults after an error, the caller
// looks at the end.
class Context {
 public:
  explicit Context(const std::string& where) : where_(where) {}

  template <class... Args>
  void unsupported(fmt::format_string<Args...> format, Args&&... args) {
    record(Errc::unsupported, fmt::format("{}: {} is not supported", where_,
                                          fmt::format(format, std::forward<Args>(args)...)));
  }
  template <class... Args>
  void malformed(fmt::format_string<Args...> format, Args&&... args) {
    record(Errc::corrupt, fmt::format("{} is not a whole tokenizer.json: {}", where_,
                                      fmt::format(format, std::forward<Args>(args)...)));
  }
  [[nodiscard]] bool ok() const { return !error_; }
  [[nodiscard]] const Error& error() const { return *error_; }

  // The normalizer ByteLevel writes text in GPT-2's letters, one for each byte. We leave bytes as they are, and let what
  // comes behind it cut as if they were written.
  void write_byte_level() { writes_byte_level_ = true; }
  [[nodiscard]] bool writes_byte_level() const { return writes_byte_level_; }

 private:
  void record(Errc code, std::string_view message) {
    if (!error_) error_ = Error{code, utf8::one_line(message)};
  }
  const std::string& where_;
  std::optional<Error> error_;
  bool writes_byte_level_ = false;
};

// One object of the file, such as a normalizer. Every key has to be asked for: end() reports those that were not.
class Component {
 public:
  using Element = simdjson::dom::element;

  // `role`: for messages, "the normalizer".
  Component(Context& context, Element element, std::string_view role);

  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] Context& context() { return *context_; }

  // nullopt for an absent key and for null.
  [[nodiscard]] std::optional<Element> find(std::string_view key);
  [[nodiscard]] bool flag(std::string_view key, std::optional<bool> otherwise = std::nullopt);
  [[nodiscard]] std::string text(std::string_view key,
                                 std::optional<std::string_view> otherwise = std::nullopt);
  [[nodiscard]] std::uint64_t number(std::string_view key,
                                     std::optional<std::uint64_t> otherwise = std::nullopt);
  [[nodiscard]] std::vector<Element> list(std::string_view key);
  // {"String": "..."} or {"Regex": "..."}.
  struct Pattern {
    std::string text;
    bool is_regex = false;
  };
  [[nodiscard]] Pattern pattern(std::string_view key);
  void ignore(std::initializer_list<std::string_view> keys) {
    seen_.insert(seen_.end(), keys.begin(), keys.end());
  }
  void unsupported_type();
  void end();

 private:
  [[nodiscard]] std::string label() const;

  Context* context_;
  simdjson::dom::object object_;
  std::string_view role_;
  std::string type_;
  std::vector<std::string_view> seen_{"type"};
};

// Deeper nesting than any file has.
inline constexpr int kDepthMax = 16;

void read_normalizer(Context& context, simdjson::dom::element element,
                     std::vector<NormalizerStep>& out, int depth = 0);
void read_pretokenizer(Context& context, simdjson::dom::element element,
                       std::vector<PretokenizerStep>& out, int depth = 0);
void read_decoder(Context& context, simdjson::dom::element element, std::vector<DecoderStep>& out,
                  int depth = 0);
void read_post_processor(Context& context, simdjson::dom::element element, TokenizerSpec& spec,
                         int depth = 0);
[[nodiscard]] SplitBehavior split_behavior(Component& component, std::string_view key,
                                           std::optional<std::string_view> otherwise);

// The model and the vocabulary. `spec.added` is filled already: what is special there is no ordinary token.
void read_model(Context& context, simdjson::dom::element element, bool byte_level,
                TokenizerSpec& spec);

}  // namespace leyden::tokenizer::huggingface
