#include "leyden/tokenizer/unicode_classes.h"

#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

namespace leyden::tokenizer::detail {

#include "leyden/tokenizer/unicode_table.inc"

namespace {

constexpr PageClasses page_of(const std::uint8_t* classes) {
  PageClasses page;
  for (unsigned i = 0; i < 64; ++i) {
    auto put = [&](std::uint64_t& of, unsigned wanted) {
      of |= std::uint64_t{(classes[i] & wanted) != 0} << i;
    };
    put(page.letter, kLetter);
    put(page.upper, kUpper);
    put(page.lower, kLower);
    put(page.other, kOtherLetter);
    put(page.mark, kMark);
    put(page.number, kNumber);
    put(page.number_or_digit, kNumber | kDigit);
    put(page.white, kWhitespace);
  }
  return page;
}

// Each block by itself: compilers bound the steps of one constant.
template <std::size_t kBlock>
constexpr std::array<PageClasses, 4> kPagesOfBlock = {
    page_of(kBlocks[kBlock]), page_of(kBlocks[kBlock] + 64), page_of(kBlocks[kBlock] + 128),
    page_of(kBlocks[kBlock] + 192)};

template <std::size_t... kBlock>
constexpr auto all_pages(std::index_sequence<kBlock...>) {
  return std::array{kPagesOfBlock<kBlock>...};
}

constexpr Pages pages_of_plane() {
  constexpr auto kAll = all_pages(std::make_index_sequence<std::size(kBlocks)>());
  Pages pages;
  for (std::size_t page = 0; page < std::size(pages.of); ++page)
    pages.of[page] = kAll[kBlockOf[page / 4]][page % 4];
  return pages;
}

}  // namespace

constexpr Pages kPages = pages_of_plane();

}  // namespace leyden::tokenizer::detail
