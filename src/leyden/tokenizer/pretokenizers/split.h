#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "leyden/tokenizer/pretokenizers/piece_cutter.h"

namespace leyden::tokenizer {

// Cuts one piece at what `Matches` finds in it, as Hugging Face's NormalizedString::split does: takes what lies between
// matches and the matches in turn, and `behavior` decides what belongs together. Used with few virtual calls: one per piece.
class SplitBuilder {
 public:
  // `offset`: of the piece; parts are appended to `out`, empty ones left out.
  SplitBuilder(SplitBehavior behavior, bool invert, std::size_t offset,
               std::vector<Pieces::Range>& out)
      : behavior_(behavior), invert_(invert), offset_(offset), out_(out) {}

  // A match at [begin, end) of the piece; what lies between it and the match before is no match.
  void match(std::size_t begin, std::size_t end) {
    if (begin > at_) part(at_, begin, false);
    part(begin, end, true);
    at_ = end;
  }
  void finish(std::size_t size) {
    if (size > at_) part(at_, size, false);
    if (pending_) put(*pending_);
    pending_.reset();
  }

 private:
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void put(Part part) {
    if (part.begin < part.end) out_.push_back({offset_ + part.begin, offset_ + part.end});
  }
  void part(std::size_t begin, std::size_t end, bool is_match) {
    is_match = is_match != invert_;
    switch (behavior_) {
      case SplitBehavior::removed:
        if (!is_match) put({begin, end});
        return;
      case SplitBehavior::isolated:
        put({begin, end});
        return;
      case SplitBehavior::merged_with_previous:
        // A match joins what stands before it, unless that is a match, too.
        if (is_match && !previous_match_ && pending_) {
          pending_->end = end;
        } else {
          if (pending_) put(*pending_);
          pending_ = Part{begin, end};
        }
        break;
      case SplitBehavior::merged_with_next:
        // A match waits for what stands behind it; of several in a row only the last joins.
        if (pending_ && !(previous_match_ && !is_match)) {
          put(*pending_);
          pending_.reset();
        }
        pending_ = Part{pending_ ? pending_->begin : begin, end};
        break;
      case SplitBehavior::contiguous:
        if (pending_ && is_match == previous_match_) {
          pending_->end = end;
        } else {
          if (pending_) put(*pending_);
          pending_ = Part{begin, end};
        }
        break;
    }
    previous_match_ = is_match;
  }

  SplitBehavior behavior_;
  bool invert_;
  std::size_t offset_;
  std::vector<Pieces::Range>& out_;
  std::size_t at_ = 0;
  std::optional<Part> pending_;
  bool previous_match_ = false;
};

// Replaces the ranges of `pieces` by those that `cut(text, offset, out)` makes of each.
template <class Cut>
void cut_each(Pieces& pieces, Cut&& cut) {
  std::vector<Pieces::Range> out;
  out.reserve(pieces.ranges.size() * 2);
  for (const Pieces::Range& range : pieces.ranges) {
    cut(pieces.text.text().substr(range.begin, range.end - range.begin), range.begin, out);
  }
  pieces.ranges = std::move(out);
}

}  // namespace leyden::tokenizer
