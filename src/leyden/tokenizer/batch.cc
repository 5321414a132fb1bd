#include "leyden/tokenizer/batch.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "leyden/base/bytes.h"

namespace leyden::tokenizer {
namespace {

// How far behind the wanted place a safe cut is looked for.
constexpr std::size_t kSearchBytes = 64 * KiB;
// What is_safe_cut() gets to see of both sides; rules look at the run of whitespace at the cut and a character beside it.
constexpr std::size_t kContextBytes = 4 * KiB;

std::size_t thread_count(std::size_t wanted, std::size_t tasks) {
  if (wanted == 0) wanted = std::max(1U, std::thread::hardware_concurrency());
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(tasks, 1));
}

bool is_character_start(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }

// The first safe cut at or behind `from`, or the text's end.
std::size_t find_safe_cut(const Tokenizer& tokenizer, std::string_view text, std::size_t from) {
  const std::size_t end = std::min(text.size(), from + kSearchBytes);
  for (std::size_t at = from; at < end; ++at) {
    if (!is_character_start(text[at])) continue;
    const std::size_t begin = at > kContextBytes ? at - kContextBytes : 0;
    // A context that begins within a run of what the rules look at may not be taken for the text's beginning.
    if (begin > 0 &&
        text.substr(begin, at - begin).find_first_not_of(" \t\r\n") == std::string_view::npos)
      continue;
    if (tokenizer.is_safe_cut(text.substr(begin, at - begin), text.substr(at, kContextBytes)))
      return at;
  }
  return text.size();
}

}  // namespace

std::vector<TokenIds> encode_batch(const Tokenizer& tokenizer,
                                   std::span<const std::string_view> texts,
                                   const EncodeOptions& options, std::size_t threads) {
  std::vector<TokenIds> all(texts.size());
  std::atomic<std::size_t> next = 0;
  auto work = [&] {
    for (std::size_t i = next++; i < texts.size(); i = next++)
      tokenizer.encode_to(texts[i], options, all[i]);
  };
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < thread_count(threads, texts.size()); ++i) helpers.emplace_back(work);
  work();
  helpers.clear();  // Joins.
  return all;
}

std::vector<std::string_view> safe_parts(const Tokenizer& tokenizer, std::string_view text,
                                         std::size_t part_bytes) {
  std::vector<std::string_view> parts;
  part_bytes = std::max<std::size_t>(part_bytes, 1);
  std::size_t begin = 0;
  while (text.size() - begin > part_bytes) {
    const std::size_t end = find_safe_cut(tokenizer, text, begin + part_bytes);
    if (end == text.size()) break;
    parts.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

TokenIds encode_parallel(const Tokenizer& tokenizer, std::string_view text,
                         const EncodeOptions& options, std::size_t threads) {
  // Special tokens that the text may hold could lie across any cut; templates belong to the whole.
  threads = thread_count(threads, text.size() / (64 * KiB) + 1);
  if (threads == 1 || !options.special.allows_none() || options.add_special_tokens)
    return tokenizer.encode(text, options);
  const auto parts =
      safe_parts(tokenizer, text, std::max<std::size_t>(text.size() / (4 * threads), 64 * KiB));
  auto encoded = encode_batch(tokenizer, parts, options, threads);
  std::size_t total = 0;
  for (const TokenIds& ids : encoded) total += ids.size();
  TokenIds out = std::move(encoded.front());
  out.reserve(total);
  for (std::size_t i = 1; i < encoded.size(); ++i)
    out.insert(out.end(), encoded[i].begin(), encoded[i].end());
  return out;
}

}  // namespace leyden::tokenizer
