#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "leyden/tokenizer/loaders/byte_level.h"
#include "leyden/tokenizer/loaders/huggingface_json.h"
#include "leyden/tokenizer/loaders/text_table.h"

// Models and vocabularies of a tokenizer.json.
namespace leyden::tokenizer::huggingface {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// IDs may have gaps, but a file of some megabytes has no billions of them.
constexpr std::uint64_t kIdsMax = 1U << 24;

struct Vocab {
  struct Entry {
    std::string_view text;  // As the file writes it.
    TokenId id = 0;
  };
  std::vector<Entry> entries;
  TextTable table{0};
};

Vocab read_vocab(Component& model) {
  Vocab vocab;
  object map;
  auto found = model.find("vocab");
  if (!found || found->get(map) != simdjson::SUCCESS) {
    model.context().malformed("the model has no \"vocab\"");
    return vocab;
  }
  for (auto [key, value] : map) {
    std::uint64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS || id >= kIdsMax) {
      model.context().malformed("an ID in \"vocab\" is no small number");
      return vocab;
    }
    vocab.entries.push_back({key, static_cast<TokenId>(id)});
  }
  // A few bytes of JSON must not make a table of millions of entries.
  auto highest = std::ranges::max_element(vocab.entries, {}, &Vocab::Entry::id);
  if (highest != vocab.entries.end() && highest->id > 4 * vocab.entries.size() + 100'000) {
    model.context().malformed("the IDs in \"vocab\" have too many gaps");
  }
  vocab.table = TextTable(vocab.entries.size());
  for (const Vocab::Entry& entry : vocab.entries) {
    if (!vocab.table.add(entry.text, entry.id)) {
      model.context().malformed("token {} shares its ID or its text with another", entry.id);
    }
  }
  return vocab;
}

// Hugging Face numbers added tokens itself: as in the vocabulary, else on from its size. A file that says otherwise would
// give other IDs there than what it says.
template <class Find>
void check_added(Context& context, TokenizerSpec& spec, std::size_t vocab_size, Find&& find) {
  std::uint64_t next = vocab_size;
  for (AddedToken& token : spec.added) {
    std::optional<TokenId> known = find(token.text);
    std::uint64_t expected = known ? *known : next++;
    if (expected != token.id) {
      context.malformed("the added token \"{:.80}\" has ID {}, but its place makes it {}",
                        token.text, token.id, expected);
    }
    spec.vocabulary_size = std::max(spec.vocabulary_size, token.id + std::size_t{1});
  }
}

// Tokens that text becomes, and those that it can't: what is special is made by the caller's SpecialPolicy only, whatever the
// model would do with its text (docs/decisions/2026-11-25-special-tokens.md).
class Sorter {
 public:
  explicit Sorter(TokenizerSpec& spec) : spec_(&spec) {
    for (const AddedToken& token : spec.added) {
      if (token.special) special_.push_back(token.id);
    }
    std::ranges::sort(special_);
  }
  [[nodiscard]] bool is_special(TokenId id) const {
    return std::ranges::binary_search(special_, id);
  }
  void sort(const Vocab& vocab, bool byte_level, std::vector<SpecToken>& tokens) {
    tokens.reserve(vocab.entries.size());
    for (const Vocab::Entry& entry : vocab.entries) {
      spec_->vocabulary_size = std::max(spec_->vocabulary_size, entry.id + std::size_t{1});
      if (is_special(entry.id)) continue;
      if (!byte_level) {
        tokens.push_back({entry.id, std::string(entry.text)});
      } else if (auto bytes = bytes_of_byte_level(entry.text)) {
        tokens.push_back({entry.id, *std::move(bytes)});
      } else {
        // Not written in byte-level characters: no text looks like that to the model.
        spec_->unused.push_back({entry.id, std::string(entry.text)});
      }
    }
  }

 private:
  TokenizerSpec* spec_;
  std::vector<TokenId> special_;
};

struct MergeTexts {
  std::string_view left;
  std::string_view right;
};

// ["a", "b"], or "a b" in older files.
std::optional<MergeTexts> merge_texts(element merge) {
  MergeTexts texts;
  std::string_view both;
  array pair;
  if (merge.get(pair) == simdjson::SUCCESS) {
    auto part = pair.begin();
    if (pair.size() != 2 || (*part).get(texts.left) != simdjson::SUCCESS ||
        (*++part).get(texts.right) != simdjson::SUCCESS) {
      return std::nullopt;
    }
    return texts;
  }
  if (merge.get(both) != simdjson::SUCCESS) return std::nullopt;
  std::size_t space = both.find(' ');
  if (space == std::string_view::npos || both.find(' ', space + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return MergeTexts{both.substr(0, space), both.substr(space + 1)};
}

void read_merges(Component& component, const Vocab& vocab, const Sorter& sorter, BpeSpec& bpe) {
  Context& context = component.context();
  array merges;
  auto found = component.find("merges");
  if (!found || found->get(merges) != simdjson::SUCCESS) {
    return context.malformed("the model has no \"merges\"");
  }
  bpe.merges.reserve(std::min<std::size_t>(merges.size(), kIdsMax));
  std::size_t prefix = bpe.continuing_subword_prefix.size();
  std::uint32_t rank = 0;
  // Texts of some merges, three each; what they join lies in one string, which has to stand still until they are looked up.
  std::array<std::string_view, TextTable::kManyMax> texts;
  std::array<std::optional<TokenId>, TextTable::kManyMax> ids;
  std::size_t count = 0;
  std::string joined;
  auto look_up = [&] {
    for (std::size_t at = 0, i = 2; i < count; i += 3) {
      texts[i] = std::string_view(joined).substr(at, texts[i].size());
      at += texts[i].size();
    }
    vocab.table.find_many({texts.data(), count}, {ids.data(), count});
    for (std::size_t i = 0; i < count; i += 3) {
      if (!ids[i] || !ids[i + 1] || !ids[i + 2]) {
        context.malformed("merge number {} joins tokens that are not in the vocabulary", rank);
        return false;
      }
      if (!sorter.is_special(*ids[i + 2]))
        bpe.merges.push_back({*ids[i], *ids[i + 1], *ids[i + 2], rank});
      ++rank;
    }
    count = 0;
    joined.clear();
    return true;
  };
  for (element merge : merges) {
    std::string_view version;
    if (merge.get(version) == simdjson::SUCCESS && version.starts_with("#version")) continue;
    auto parts = merge_texts(merge);
    if (!parts || rank + count == ~0U) {
      return context.malformed("merge number {} is not a pair of tokens", rank + count / 3);
    }
    std::string_view right = parts->right.substr(std::min(prefix, parts->right.size()));
    joined += parts->left;
    joined += right;
    texts[count++] = parts->left;
    texts[count++] = parts->right;
    // Only its size is known so far.
    texts[count++] =
        std::string_view(joined).substr(joined.size() - parts->left.size() - right.size());
    if (count == texts.size() && !look_up()) return;
  }
  (void)look_up();
}

void read_bpe(Component& component, bool byte_level, TokenizerSpec& spec) {
  Context& context = component.context();
  BpeSpec bpe;
  bpe.byte_level = byte_level;
  double dropout = 0;
  if (auto found = component.find("dropout");
      found && (found->get(dropout) != simdjson::SUCCESS || dropout != 0)) {
    context.unsupported("BPE with dropout");
  }
  bpe.continuing_subword_prefix = component.text("continuing_subword_prefix", "");
  bpe.end_of_word_suffix = component.text("end_of_word_suffix", "");
  bpe.fuse_unknown = component.flag("fuse_unk", false);
  bpe.byte_fallback = component.flag("byte_fallback", false);
  bpe.whole_first = component.flag("ignore_merges", false);
  std::string unknown = component.text("unk_token", "");
  bool has_unknown = component.find("unk_token").has_value();
  component.ignore({"cache_capacity"});
  Vocab vocab = read_vocab(component);
  if (!context.ok()) return;
  check_added(context, spec, vocab.entries.size(),
              [&](std::string_view text) { return vocab.table.find(text); });
  Sorter sorter(spec);
  sorter.sort(vocab, byte_level, bpe.tokens);
  if (byte_level) {
    auto bytes = std::ranges::count_if(
        bpe.tokens, [](const SpecToken& token) { return token.bytes.size() == 1; });
    if (bytes == 256) has_unknown = bpe.byte_fallback = false;  // Nothing is unknown.
    if (bpe.byte_fallback) context.unsupported("byte_fallback with ByteLevel");
  }
  if (has_unknown) {
    bpe.unknown = vocab.table.find(unknown);
    if (!bpe.unknown) {
      context.malformed("the unk_token \"{:.80}\" is not in the vocabulary", unknown);
    }
  }
  read_merges(component, vocab, sorter, bpe);
  spec.model = std::move(bpe);
}

void read_unigram(Component& component, TokenizerSpec& spec) {
  Context& context = component.context();
  UnigramSpec unigram;
  unigram.byte_fallback = component.flag("byte_fallback", false);
  constexpr std::uint64_t kNone = ~0ULL;
  std::uint64_t unknown = component.number("unk_id", kNone);
  array pieces;
  auto found = component.find("vocab");
  if (!found || found->get(pieces) != simdjson::SUCCESS) {
    return context.malformed("the model has no \"vocab\" that is a list");
  }
  std::unordered_map<std::string_view, TokenId> ids;
  Sorter sorter(spec);
  for (element entry : pieces) {
    array pair;
    std::string_view text;
    double score = 0;
    if (entry.get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
        pair.at(0).get(text) != simdjson::SUCCESS || pair.at(1).get(score) != simdjson::SUCCESS) {
      return context.malformed("piece number {} is no text with a score", unigram.pieces.size());
    }
    auto id = static_cast<TokenId>(unigram.pieces.size());
    using Kind = UnigramSpec::Piece::Kind;
    unigram.pieces.push_back(
        {id, std::string(text), score, sorter.is_special(id) ? Kind::unused : Kind::normal});
    // Of equal pieces the last one counts.
    if (auto [known, added] = ids.try_emplace(text, id); !added) {
      unigram.pieces[known->second].kind = Kind::unused;
      known->second = id;
    }
  }
  if (unknown != kNone) {
    if (unknown >= unigram.pieces.size()) context.malformed("unk_id is not in the vocabulary");
    unigram.unknown = static_cast<TokenId>(unknown);
  }
  spec.vocabulary_size = unigram.pieces.size();
  check_added(context, spec, unigram.pieces.size(),
              [&](std::string_view text) -> std::optional<TokenId> {
                auto known = ids.find(text);
                if (known == ids.end()) return std::nullopt;
                return known->second;
              });
  spec.model = std::move(unigram);
}

void read_wordpiece(Component& component, TokenizerSpec& spec) {
  Context& context = component.context();
  WordPieceSpec model;
  model.continuing_subword_prefix = component.text("continuing_subword_prefix");
  model.word_chars_max = component.number("max_input_chars_per_word");
  std::string unknown = component.text("unk_token");
  Vocab vocab = read_vocab(component);
  if (!context.ok()) return;
  auto find = [&](std::string_view text) { return vocab.table.find(text); };
  check_added(context, spec, vocab.entries.size(), find);
  if (auto id = find(unknown)) {
    model.unknown = *id;
  } else {
    context.malformed("the unk_token \"{:.80}\" is not in the vocabulary", unknown);
  }
  Sorter(spec).sort(vocab, false, model.tokens);
  spec.model = std::move(model);
}

void read_wordlevel(Component& component, TokenizerSpec& spec) {
  WordLevelSpec model;
  std::string unknown = component.text("unk_token");
  Vocab vocab = read_vocab(component);
  if (!component.context().ok()) return;
  auto find = [&](std::string_view text) { return vocab.table.find(text); };
  check_added(component.context(), spec, vocab.entries.size(), find);
  model.unknown = find(unknown);
  Sorter(spec).sort(vocab, false, model.tokens);
  spec.model = std::move(model);
}

// Old files leave the type out.
std::string model_type(Component& component) {
  if (!component.type().empty()) return component.type();
  if (component.find("merges")) return "BPE";
  array list;
  auto vocab = component.find("vocab");
  if (vocab && vocab->get(list) == simdjson::SUCCESS) return "Unigram";
  return component.find("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
}

}  // namespace

void read_model(Context& context, element json, bool byte_level, TokenizerSpec& spec) {
  Component component(context, json, "the model");
  if (!context.ok()) return;
  std::string type = model_type(component);
  if (byte_level && type != "BPE") {
    return context.unsupported("ByteLevel with the model \"{:.80}\"", type);
  }
  if (type == "BPE") {
    read_bpe(component, byte_level, spec);
  } else if (type == "Unigram") {
    read_unigram(component, spec);
  } else if (type == "WordPiece") {
    read_wordpiece(component, spec);
  } else if (type == "WordLevel") {
    read_wordlevel(component, spec);
  } else {
    component.unsupported_type();
  }
  component.end();
}

}  // namespace leyden::tokenizer::huggingface
