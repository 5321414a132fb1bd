#include "leyden/retrieval/stores/sqlite/word_search.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "leyden/retrieval/bm25.h"
#include "leyden/retrieval/stores/sqlite/posting_list.h"

namespace leyden::retrieval {
namespace {

// Sums of the same numbers in another order differ by less than this share.
constexpr double kRounding = 1 + 1e-9;

struct Term {
  PostingList list;
  double idf = 0;        // Times the query's weight.
  bool telling = true;   // Brings candidates: QueryWord.
  double score_max = 0;  // No passage gets more from this word.
  std::size_t place =
      0;  // In the query: scores are added up in that order, whichever way they were found.
};

// The best so far, with all that equal the last of them.
class Best {
 public:
  explicit Best(std::size_t top_k) : top_k_(top_k) {}

  // What a passage must reach to be among them.
  [[nodiscard]] double threshold() const { return scores_.size() < top_k_ ? 0 : scores_.top(); }

  void add(Hit hit) {
    scores_.push(hit.score);
    if (scores_.size() > top_k_) scores_.pop();
    hits_.push_back(hit);
    if (hits_.size() < prune_at_) return;
    prune();
    prune_at_ = std::max(prune_at_, 2 * hits_.size());
  }

  std::vector<Hit> finish() && {
    prune();
    std::ranges::sort(hits_, [](const Hit& a, const Hit& b) {
      return a.score != b.score ? a.score > b.score : a.passage < b.passage;
    });
    return std::move(hits_);
  }

 private:
  void prune() {
    std::erase_if(hits_, [least = threshold()](const Hit& hit) { return hit.score < least; });
  }

  std::size_t top_k_;
  std::priority_queue<double, std::vector<double>, std::greater<>> scores_;
  std::vector<Hit> hits_;
  std::size_t prune_at_ = 1024;
};

// One search over its words' lists. MaxScore: words are in ascending order of what they can give, behind those that tell nothing. The
// first of them that together can't lift a passage over the threshold (those before `essential_`) bring no candidates, they only add
// to the others' scores; those that tell nothing never bring any.
class MaxScore {
 public:
  MaxScore(std::vector<Term> terms, const bm25::Norms& norms, std::size_t top_k,
           PassageFilter& filter)
      : terms_(std::move(terms)), norms_(norms), best_(top_k), filter_(filter) {
    std::ranges::sort(terms_, {},
                      [](const Term& term) { return std::pair(term.telling, term.score_max); });
    essential_ = static_cast<std::size_t>(std::ranges::count(terms_, false, &Term::telling));
    double sum = 0;
    for (const Term& term : terms_) below_.push_back(sum += term.score_max * kRounding);
    parts_.resize(terms_.size());
  }

  Result<std::vector<Hit>> run() {
    const auto& listed = filter_.passages();
    std::size_t at = 0;  // In `listed`.
    while (true) {
      while (essential_ < terms_.size() && below_[essential_] < best_.threshold()) ++essential_;
      std::int64_t candidate = PostingList::kEnd;
      for (std::size_t i = essential_; i < terms_.size(); ++i)
        candidate = std::min(candidate, terms_[i].list.passage());
      if (candidate == PostingList::kEnd) break;
      if (listed) {
        at = static_cast<std::size_t>(
            std::lower_bound(listed->begin() + static_cast<std::ptrdiff_t>(at), listed->end(),
                             candidate) -
            listed->begin());
        if (at == listed->size()) break;
        if ((*listed)[at] != candidate) {
          if (auto moved = seek_essential((*listed)[at]); !moved)
            return std::unexpected(moved.error());
          continue;
        }
      }
      if (auto scored = score(candidate); !scored) return std::unexpected(scored.error());
    }
    return std::move(best_).finish();
  }

 private:
  Result<void> seek_essential(std::int64_t passage) {
    for (std::size_t i = essential_; i < terms_.size(); ++i) {
      if (auto moved = terms_[i].list.seek(passage); !moved) return moved;
    }
    return {};
  }

  // What `term` gives to `passage`, where its list stands.
  double part(const Term& term, std::int64_t passage) const {
    if (term.list.passage() != passage) return 0;
    const Posting& posting = term.list.posting();
    return bm25::score(term.idf, posting.frequency, norms_.of_code[posting.length_code]);
  }

  // Scores the candidate as far as it can still win, and moves the essential lists behind it.
  Result<void> score(std::int64_t candidate) {
    std::ranges::fill(parts_, 0.0);
    double sum = 0;
    for (std::size_t i = essential_; i < terms_.size(); ++i) {
      Term& term = terms_[i];
      if (term.list.passage() != candidate) continue;
      sum += parts_[term.place] = part(term, candidate);
      if (auto moved = term.list.seek(candidate + 1); !moved) return moved;
    }
    for (std::size_t i = essential_; i-- > 0;) {
      if ((sum + below_[i]) * kRounding < best_.threshold()) return {};
      Term& term = terms_[i];
      if (auto moved = term.list.seek(candidate); !moved) return moved;
      sum += parts_[term.place] = part(term, candidate);
    }
    double total = 0;
    for (const double value : parts_) total += value;
    if (total < best_.threshold()) return {};
    auto through = filter_.lets_through(candidate);
    if (!through) return std::unexpected(through.error());
    if (*through) best_.add({.passage = candidate, .score = total});
    return {};
  }

  std::vector<Term> terms_;
  std::vector<double> below_;  // below_[i]: what the terms up to the i-th can give together.
  std::vector<double> parts_;
  const bm25::Norms& norms_;
  Best best_;
  PassageFilter& filter_;
  std::size_t essential_ = 0;
};

}  // namespace

WordSearch::WordSearch(sql::Database& database)
    : find_scope_(database, "SELECT passages, length FROM scopes WHERE id = ?"),
      find_word_(database, PostingList::kFindWord),
      find_block_(database, PostingList::kFindBlock) {}

Result<std::vector<Hit>> WordSearch::search(std::int64_t scope, const std::vector<QueryWord>& words,
                                            std::size_t top_k, PassageFilter& filter) {
  find_scope_.bind(scope);
  auto found = find_scope_.step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::vector<Hit>();
  const auto passages = static_cast<std::uint64_t>(find_scope_.number(0));
  const auto length = static_cast<double>(find_scope_.number(1));
  find_scope_.reset();
  if (passages == 0) return std::vector<Hit>();
  const bm25::Norms norms(length / static_cast<double>(passages));
  std::vector<Term> terms;
  for (const QueryWord& word : words) {
    auto list = PostingList::open(find_word_, find_block_, scope, word.text);
    if (!list) return std::unexpected(list.error());
    if (list->passages() == 0) continue;
    const double idf =
        word.weight * bm25::idf(passages, static_cast<std::uint64_t>(list->passages()));
    const double score_max =
        bm25::score(idf, list->frequency_max(), norms.of_code[list->length_code_min()]);
    terms.push_back({.list = *std::move(list),
                     .idf = idf,
                     .telling = word.telling,
                     .score_max = score_max,
                     .place = terms.size()});
  }
  return MaxScore(std::move(terms), norms, top_k, filter).run();
}

}  // namespace leyden::retrieval
