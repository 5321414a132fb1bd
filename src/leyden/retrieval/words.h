#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sb_stemmer;

namespace leyden::retrieval {

// What a word is of the text that it was taken from.
enum class WordKind : std::uint8_t {
  whole,  // A word or identifier as it stands: "find_or_encode", "token".
  part,  // Of an identifier: "find", "encode"; of "TokenCachedRag": "token", "cached", "rag"; of "sha256": "sha", "256".
  form,  // The whole word before it as it stands, folded only, where that differs: puts "caching" before "cached".
  compound,  // Identifiers joined by '.' or '::', as they stand: "std::vector".
  character,  // One of a run of characters of a script without spaces, whose `whole` words are pairs.
};

struct Word {
  std::string_view text;  // Folded, and stemmed but for a form.
  WordKind kind = WordKind::whole;
};

// Text as the words by which passages are found, in the order of the text; the same function makes an index's words and a query's.
// Words are runs of letters, digits and '_'. They are folded (NFKC, case folding, no diacritics; Unicode 15) and, when they are
// plain English letters, stemmed (Snowball's "english"), so that "Caches" finds "caching". An identifier is kept whole and is split
// at '_', at changes of case and between letters and digits. Chinese, Japanese, Korean, Thai and their like give
// overlapping pairs of characters, and the characters themselves. Any bytes are allowed: ill-formed ones separate words.
// Linear time. Confined to one thread.
class WordSplitter {
 public:
  WordSplitter();
  // The views in a Word end with the call of `on_word`.
  void split(std::string_view text, const std::function<void(const Word&)>& on_word);

 private:
  struct Delete {
    void operator()(sb_stemmer* stemmer) const;
  };
  struct Segment;
  void emit(std::string_view text, WordKind kind, const std::function<void(const Word&)>& on_word);
  void emit_pairs(std::string_view run, const std::function<void(const Word&)>& on_word);
  void emit_segment(std::string_view text, const std::vector<std::size_t>& cuts,
                    const std::function<void(const Word&)>& on_word);
  std::string_view stem(std::string_view folded);

  std::unique_ptr<sb_stemmer, Delete> stemmer_;
  std::string folded_;
  std::vector<std::size_t> cuts_;
};

}  // namespace leyden::retrieval
