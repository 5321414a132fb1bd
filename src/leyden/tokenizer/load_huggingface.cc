#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "leyden/tokenizer/byte_level.h"
#include "leyden/tokenizer/byte_pair_tokenizer.h"
#include "leyden/tokenizer/load_internal.h"

namespace leyden::tokenizer {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Reads one tokenizer.json. A component that is not understood to the last option is an error that names it.
class Reader {
 public:
  Reader(element root, const std::string& where, std::string name) : root_(root), where_(where) {
    spec_.name = std::move(name);
  }

  Result<BytePairSpec> read() && {
    for (auto step :
         {&Reader::read_normalizer, &Reader::read_pretokenizer, &Reader::read_model_options,
          &Reader::read_decoder, &Reader::read_vocabulary, &Reader::read_merges}) {
      if (auto done = (this->*step)(); !done) return std::unexpected(done.error());
    }
    return std::move(spec_);
  }

 private:
  template <class... Args>
  [[nodiscard]] std::unexpected<Error> unsupported(fmt::format_string<Args...> format,
                                                   Args&&... args) {
    return fail(Errc::unsupported, "{}: {} is not supported yet", where_,
                fmt::format(format, std::forward<Args>(args)...));
  }
  [[nodiscard]] std::unexpected<Error> malformed(std::string_view what) const {
    return fail(Errc::corrupt, "{} is not a whole tokenizer.json: {}", where_, what);
  }

  static bool is_null(element parent, const char* key) {
    element value;
    return parent[key].get(value) != simdjson::SUCCESS || value.is_null();
  }
  static std::string text(element parent, const char* key) {
    std::string_view value;
    return parent[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
  }
  static bool flag(element parent, const char* key, bool otherwise = false) {
    bool value = false;
    return parent[key].get(value) == simdjson::SUCCESS ? value : otherwise;
  }

  Result<void> read_normalizer() {
    if (is_null(root_, "normalizer")) return {};
    return add_normalizer(root_["normalizer"].value_unsafe());
  }
  Result<void> add_normalizer(element component) {
    std::string type = text(component, "type");
    if (type == "NFC") {
      spec_.normalizer = Normalizer::nfc;
      return {};
    }
    if (type == "Sequence") {
      array parts;
      if (component["normalizers"].get(parts) != simdjson::SUCCESS) return malformed("normalizer");
      for (element part : parts) {
        if (auto done = add_normalizer(part); !done) return done;
      }
      return {};
    }
    return unsupported("the normalizer \"{}\"", type);
  }

  // What the known tokenizers are made of: [Digits,] then a regex in Split, or ByteLevel's own.
  Result<void> read_pretokenizer() {
    if (is_null(root_, "pre_tokenizer")) return unsupported("a tokenizer without pre-tokenizer");
    if (auto done = add_pretokenizer(root_["pre_tokenizer"].value_unsafe()); !done) return done;
    if (!byte_level_) return unsupported("a pre-tokenizer without ByteLevel");
    if (!pattern_) return unsupported("ByteLevel without a pattern");
    if (digits_ && *pattern_ != Pattern::gpt2)
      return unsupported("Digits before another pattern than GPT-2's");
    spec_.pattern = digits_ ? Pattern::digits_gpt2 : *pattern_;
    return {};
  }
  Result<void> add_pretokenizer(element component) {
    std::string type = text(component, "type");
    if (byte_level_) return unsupported("the pre-tokenizer \"{}\" behind ByteLevel", type);
    if (type == "Sequence") {
      array parts;
      if (component["pretokenizers"].get(parts) != simdjson::SUCCESS)
        return malformed("pre_tokenizer");
      for (element part : parts) {
        if (auto done = add_pretokenizer(part); !done) return done;
      }
      return {};
    }
    if (type == "Digits") {
      if (!flag(component, "individual_digits"))
        return unsupported("Digits with individual_digits false");
      if (pattern_ || digits_) return unsupported("Digits behind another pre-tokenizer");
      digits_ = true;
      return {};
    }
    if (type == "Split") {
      element pattern;
      std::string regex;
      if (component["pattern"].get(pattern) == simdjson::SUCCESS) regex = text(pattern, "Regex");
      if (pattern_) return unsupported("a second Split");
      pattern_ = pattern_of_regex(regex);
      if (!pattern_)
        return unsupported("the pattern {:.200}",
                           regex.empty() ? "of a Split that is no Regex" : regex);
      std::string behavior = text(component, "behavior");
      bool invert = flag(component, "invert");
      // These patterns match every character, so both ways of writing it give the matches.
      if (!(behavior == "Isolated" && !invert) && !(behavior == "Removed" && invert)) {
        return unsupported("Split with behavior \"{}\" and invert {}", behavior, invert);
      }
      return {};
    }
    if (type == "ByteLevel") {
      if (flag(component, "add_prefix_space", true))
        return unsupported("ByteLevel with add_prefix_space true");
      byte_level_ = true;
      if (!flag(component, "use_regex", true)) return {};
      if (pattern_) return unsupported("ByteLevel with use_regex behind a Split");
      pattern_ = Pattern::gpt2;
      return {};
    }
    return unsupported("the pre-tokenizer \"{}\"", type);
  }

  Result<void> read_model_options() {
    if (root_["model"].get(model_) != simdjson::SUCCESS) return malformed("it has no \"model\"");
    std::string type = text(model_, "type");
    // Old files leave the type out: what has merges is BPE.
    if (type != "BPE" && !(type.empty() && !is_null(model_, "merges")))
      return unsupported("the model \"{}\"", type);
    double dropout = 0;
    if (model_["dropout"].get(dropout) == simdjson::SUCCESS && dropout != 0)
      return unsupported("BPE with dropout");
    if (flag(model_, "byte_fallback")) return unsupported("BPE with byte_fallback");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!text(model_, key).empty()) return unsupported("BPE with {}", key);
    }
    spec_.whole_first = flag(model_, "ignore_merges");
    return {};
  }

  Result<void> read_decoder() {
    if (is_null(root_, "decoder")) return {};
    std::string type = text(root_["decoder"].value_unsafe(), "type");
    if (type != "ByteLevel") return unsupported("the decoder \"{}\"", type);
    return {};
  }

  Result<void> read_vocabulary() {
    object vocabulary;
    if (model_["vocab"].get(vocabulary) != simdjson::SUCCESS)
      return malformed("the model has no \"vocab\"");
    array added;
    bool has_added = root_["added_tokens"].get(added) == simdjson::SUCCESS;

    // IDs may have gaps, but a file of some megabytes has no billions of them.
    constexpr std::uint64_t kIdsMax = 1U << 24;
    std::uint64_t highest = 0;
    for (auto [key, value] : vocabulary) {
      std::uint64_t id = 0;
      if (value.get(id) != simdjson::SUCCESS || id >= kIdsMax)
        return malformed("an ID in \"vocab\" is no small number");
      highest = std::max(highest, id);
    }
    std::vector<SpecialToken> specials;
    if (has_added) {
      for (element token : added) {
        std::uint64_t id = 0;
        std::string content = text(token, "content");
        if (token["id"].get(id) != simdjson::SUCCESS || id >= kIdsMax || content.empty()) {
          return malformed("an added token has no ID or no content");
        }
        for (const char* key : {"lstrip", "rstrip", "single_word"}) {
          if (flag(token, key)) return unsupported("the added token \"{}\" with {}", content, key);
        }
        highest = std::max(highest, id);
        specials.push_back({.id = static_cast<TokenId>(id), .text = std::move(content)});
      }
    }
    spec_.vocabulary = Vocabulary(highest + 1);
    for (const SpecialToken& special : specials) {
      if (spec_.vocabulary.kind(special.id) != TokenKind::absent)
        continue;  // The same token listed twice.
      if (!spec_.vocabulary.add(special.id, special.text, TokenKind::special))
        return malformed("two added tokens share an ID");
    }
    spec_.specials = std::move(specials);
    for (auto [key, value] : vocabulary) {
      auto id = static_cast<TokenId>(value.get_uint64().value_unsafe());
      if (spec_.vocabulary.kind(id) == TokenKind::special) continue;  // Listed in both.
      auto bytes = bytes_of_byte_level(key);
      if (!bytes)
        return malformed(fmt::format("token {} is not written in byte-level characters", id));
      if (!spec_.vocabulary.add(id, *bytes, TokenKind::ordinary)) {
        return malformed(fmt::format("token {} shares its ID or its text with another", id));
      }
    }
    if (!is_null(model_, "unk_token")) {
      for (int byte = 0; byte < 256; ++byte) {
        char c = static_cast<char>(byte);
        if (!spec_.vocabulary.find(std::string_view(&c, 1)))
          return unsupported("unk_token with a vocabulary that lacks bytes");
      }
    }
    return {};
  }

  Result<void> read_merges() {
    array merges;
    if (model_["merges"].get(merges) != simdjson::SUCCESS)
      return malformed("the model has no \"merges\"");
    spec_.merges.reserve(merges.size());
    std::uint32_t rank = 0;
    for (element merge : merges) {
      std::string_view left;
      std::string_view right;
      array pair;
      if (merge.get(pair) == simdjson::SUCCESS) {
        if (pair.size() != 2 || pair.at(0).get(left) != simdjson::SUCCESS ||
            pair.at(1).get(right) != simdjson::SUCCESS) {
          return malformed(fmt::format("merge number {} is not a pair of tokens", rank));
        }
      } else if (std::string_view both;
                 merge.get(both) == simdjson::SUCCESS && both.find(' ') != std::string_view::npos) {
        left = both.substr(0, both.find(' '));
        right = both.substr(both.find(' ') + 1);
      } else {
        return malformed(fmt::format("merge number {} is not a pair of tokens", rank));
      }
      auto resolved = resolve_merge(spec_.vocabulary, left, right, rank, where_);
      if (!resolved) return std::unexpected(resolved.error());
      spec_.merges.push_back(*resolved);
      ++rank;
    }
    return {};
  }

  element root_;
  const std::string& where_;
  BytePairSpec spec_;
  element model_;
  std::optional<Pattern> pattern_;
  bool digits_ = false;
  bool byte_level_ = false;
};

}  // namespace

Result<std::shared_ptr<const Tokenizer>> load_huggingface(std::string_view content,
                                                          const std::string& where,
                                                          std::string name) {
  simdjson::dom::parser parser;
  element root;
  if (auto error = parser.parse(content.data(), content.size()).get(root);
      error != simdjson::SUCCESS) {
    return fail(Errc::corrupt, "{} is not valid JSON ({}): it is damaged or cut off; get it again",
                where, simdjson::error_message(error));
  }
  if (!root.is_object()) return fail(Errc::corrupt, "{} is not a tokenizer.json: no object", where);
  auto spec = Reader(root, where, std::move(name)).read();
  if (!spec) return std::unexpected(spec.error());
  return std::make_shared<const BytePairTokenizer>(*std::move(spec));
}

}  // namespace leyden::tokenizer
