// The inner loop, compiled once for each set of instructions: the including file says which (see kernel_avx2.cc) and gives
// kPagesAtOnce (how many pages of 64 characters are asked about at once before the rest is one by one) and what
// kernel_block.inl declares. Everything here is local to that file and uses no inline function of any library that the linker
// could merge with one compiled for a lesser processor.
//
// How it finds segments: a segment's beginning is a place where the patterns remember nothing (no pattern looks back), so each round
// starts at one. It loads 64 bytes, makes one bit mask per class of character, and computes from them, by a few shifts and an
// addition for runs, a mask of all places where a segment begins. Places that depend on text beyond the 64 bytes, or on rules too
// rare for masks, are left out by a limit: the next round starts at the last certain one. A round without any (a run longer than
// a block) takes one segment by segment_end(): the plain twin of all this, and the tests hold them together.
//
// Where block follows block of ASCII, kernel_stream.inl is quicker. The idea of bit masks over 64-byte blocks is simdjson's
// (Langdale and Lemire 2019) and gigatoken's; restarting at borders instead of carrying state from block to block is ours.

// clang-format off: each needs those before it.
#include "leyden/tokenizer/engine/kernel_block.inl"
#include "leyden/tokenizer/engine/kernel_classify.inl"
#include "leyden/tokenizer/engine/kernel_borders.inl"
#include "leyden/tokenizer/engine/kernel_scan.inl"
#include "leyden/tokenizer/engine/kernel_encode.inl"
// clang-format on

template <Cut kCut>
std::size_t scan_cut(const Segmentation& how, const char* text, std::size_t size,
                     std::size_t position, std::size_t* ends, std::size_t room) {
  Segmentation segments = how;
  segments.cuts = nullptr;
  LongSegment none;
  std::size_t count = 0;
  std::uint32_t some[kBatch + 80];
  while (position < size && room - count >= 64) {
    const std::size_t found = scan_some<kCut>(segments, text, size, position, some, 1, none);
    for (std::size_t i = 0; i < found; ++i) ends[count++] = position + some[i];
    position = ends[count - 1];
  }
  return count;
}

KernelResult encode_any(const Segmentation& how, KernelContext& context, const char* text,
                        std::size_t size, std::size_t position, TokenId* out) {
  switch (how.cut) {
    case Cut::gpt2:
      return encode_cut<Cut::gpt2>(how, context, text, size, position, out);
    case Cut::digits_gpt2:
      return encode_cut<Cut::digits_gpt2>(how, context, text, size, position, out);
    case Cut::cl100k:
      return encode_cut<Cut::cl100k>(how, context, text, size, position, out);
    case Cut::qwen2:
      return encode_cut<Cut::qwen2>(how, context, text, size, position, out);
    case Cut::o200k:
      return encode_cut<Cut::o200k>(how, context, text, size, position, out);
    case Cut::pattern:
      return encode_cut<Cut::pattern>(how, context, text, size, position, out);
    case Cut::plain_words:
      return encode_cut<Cut::plain_words>(how, context, text, size, position, out);
    case Cut::plain_lines:
      return encode_cut<Cut::plain_lines>(how, context, text, size, position, out);
    case Cut::words:
      return encode_cut<Cut::words>(how, context, text, size, position, out);
  }
  __builtin_unreachable();
}

std::size_t scan_any(const Segmentation& how, const char* text, std::size_t size,
                     std::size_t position, std::size_t* ends, std::size_t room) {
  switch (how.cut) {
    case Cut::gpt2:
      return scan_cut<Cut::gpt2>(how, text, size, position, ends, room);
    case Cut::digits_gpt2:
      return scan_cut<Cut::digits_gpt2>(how, text, size, position, ends, room);
    case Cut::cl100k:
      return scan_cut<Cut::cl100k>(how, text, size, position, ends, room);
    case Cut::qwen2:
      return scan_cut<Cut::qwen2>(how, text, size, position, ends, room);
    case Cut::o200k:
      return scan_cut<Cut::o200k>(how, text, size, position, ends, room);
    case Cut::pattern:
      return scan_cut<Cut::pattern>(how, text, size, position, ends, room);
    case Cut::plain_words:
      return scan_cut<Cut::plain_words>(how, text, size, position, ends, room);
    case Cut::plain_lines:
      return scan_cut<Cut::plain_lines>(how, text, size, position, ends, room);
    case Cut::words:
      return scan_cut<Cut::words>(how, text, size, position, ends, room);
  }
  __builtin_unreachable();
}
