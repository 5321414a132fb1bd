#include "leyden/tokenizer/models/merge_table.h"

#include <algorithm>
#include <bit>

#include "leyden/base/utf8.h"
#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer {
namespace {

unsigned shift_for(std::size_t slots) {
  return 64U - static_cast<unsigned>(std::countr_zero(slots));
}

// The last character of a token; tokens of a character-level vocabulary may hold anything, so it is decoded with care.
char32_t last_char(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) {
    --at;
  }
  return utf8::decode(text, at).code_point;
}

}  // namespace

MergeTable::MergeTable(const BpeSpec& spec, const Vocabulary& vocabulary, bool cuts) : cuts_(cuts) {
  std::size_t slots = std::bit_ceil(2 * spec.merges.size() + 2);
  shift_ = shift_for(slots);
  pairs_.resize(slots);
  for (const SpecMerge& merge : spec.merges) {
    // Of two merges of the same pair the references keep the last.
    std::uint64_t key = key_of(merge.left, merge.right);
    pairs_[slot_of(key)] = {.key = key, .rank = merge.rank, .merged = merge.merged};
  }
  if (cuts_) learn_joints(spec, vocabulary);
}

void MergeTable::learn_joints(const BpeSpec& spec, const Vocabulary& vocabulary) {
  // Characters at both ends of every token, once each: merges are many more.
  struct Ends {
    char32_t first = 0;
    char32_t last = 0;
  };
  std::vector<Ends> ends(vocabulary.size());
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.kind(id) != TokenKind::ordinary || vocabulary.bytes(id).empty()) continue;
    std::string_view bytes = vocabulary.bytes(id);
    ends[id] = spec.byte_level ? Ends{static_cast<std::uint8_t>(bytes.front()),
                                      static_cast<std::uint8_t>(bytes.back())}
                               : Ends{utf8::decode(bytes, 0).code_point, last_char(bytes)};
  }
  std::size_t count = 0;
  joints_.assign(1024, kFree);
  joints_shift_ = shift_for(joints_.size());
  auto add = [&](std::uint64_t key) {
    std::size_t mask = joints_.size() - 1;
    std::size_t slot = hash(key) >> joints_shift_;
    while (joints_[slot] != kFree && joints_[slot] != key) slot = (slot + 1) & mask;
    if (joints_[slot] == key) return;
    joints_[slot] = key;
    ++count;
  };
  for (const SpecMerge& merge : spec.merges) {
    if (vocabulary.kind(merge.left) != TokenKind::ordinary ||
        vocabulary.kind(merge.right) != TokenKind::ordinary) {
      cuts_ = false;  // A merge of tokens that we can't look into.
      return;
    }
    add(key_of(ends[merge.left].last, ends[merge.right].first));
    if (2 * count > joints_.size()) {
      std::vector<std::uint64_t> old = std::exchange(joints_, {});
      joints_.assign(old.size() * 4, kFree);
      joints_shift_ = shift_for(joints_.size());
      count = 0;
      for (std::uint64_t key : old) {
        if (key != kFree) add(key);
      }
    }
  }
}

}  // namespace leyden::tokenizer
