#include "leyden/syntax/parser.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <tree_sitter/api.h>

#include "leyden/syntax/grammars.h"

namespace leyden::syntax {
namespace {

// tree-sitter calls back about this often.
constexpr std::uint64_t kStepsPerCall = 100;
// For texts so short that a share of their bytes says nothing.
constexpr std::uint64_t kStepsAlways = 100'000;
constexpr std::uint64_t kBytesAlways = 1024 * 1024;

// What the parser reads, and what is left of the work that it may do.
struct Work {
  std::string_view text;
  std::uint64_t calls_left = 0;
  std::uint64_t bytes_left = 0;
  std::stop_token stop;
};

// In small pieces, so that a scanner is noticed that looks to the text's end again and again: those of some grammars do (Bash: "<<<<<<").
const char* read(void* payload, std::uint32_t at, TSPoint /*point*/, std::uint32_t* size) {
  constexpr std::uint64_t kPieceBytes = 1024;
  Work& work = *static_cast<Work*>(payload);
  const std::size_t begin = std::min<std::size_t>(at, work.text.size());
  const std::size_t bytes = std::min(
      {kPieceBytes, static_cast<std::uint64_t>(work.text.size() - begin), work.bytes_left});
  work.bytes_left -= bytes;
  *size = static_cast<std::uint32_t>(bytes);
  return work.text.data() + begin;
}

bool is_spent(TSParseState* state) {
  Work& work = *static_cast<Work*>(state->payload);
  if (work.calls_left == 0 || work.bytes_left == 0 || work.stop.stop_requested()) return true;
  --work.calls_left;
  return false;
}

}  // namespace

void Tree::Deleter::operator()(TSTree* tree) const { ts_tree_delete(tree); }

bool Tree::has_errors() const { return ts_node_has_error(ts_tree_root_node(tree_.get())); }

Result<Tree> parse(Language language, std::string_view text, const ParseLimits& limits,
                   std::stop_token stop) {
  const TSLanguage* grammar = grammar_of(language);
  if (grammar == nullptr)
    return fail(Errc::unsupported, "there is no parser for {}", to_string(language));
  const std::size_t bytes_max =
      std::min<std::size_t>(limits.bytes_max, std::numeric_limits<std::uint32_t>::max() / 2);
  if (text.size() > bytes_max) {
    return fail(Errc::invalid_argument, "a text of {} bytes is above the limit of {}", text.size(),
                bytes_max);
  }
  std::unique_ptr<TSParser, decltype(&ts_parser_delete)> parser(ts_parser_new(), ts_parser_delete);
  if (!ts_parser_set_language(parser.get(), grammar)) {
    return fail(Errc::internal, "the grammar of {} is not of this tree-sitter's format",
                to_string(language));
  }
  Work work{.text = text,
            .calls_left = (kStepsAlways + text.size() * limits.steps_max_per_byte) / kStepsPerCall,
            .bytes_left = kBytesAlways + text.size() * limits.reads_max_per_byte,
            .stop = std::move(stop)};
  TSTree* tree = ts_parser_parse_with_options(
      parser.get(), nullptr,
      {.payload = &work, .read = read, .encoding = TSInputEncodingUTF8, .decode = nullptr},
      {.payload = &work, .progress_callback = is_spent});
  if (work.bytes_left == 0 && tree != nullptr) {
    ts_tree_delete(tree);  // Of a part only.
    tree = nullptr;
  }
  if (tree == nullptr && work.stop.stop_requested()) return fail(Errc::cancelled, "interrupted");
  if (tree == nullptr) {
    return fail(Errc::overloaded,
                "parsing a text of {} bytes as {} takes more work than {} steps or {} reads a byte",
                text.size(), to_string(language), limits.steps_max_per_byte,
                limits.reads_max_per_byte);
  }
  return Tree(tree, language);
}

}  // namespace leyden::syntax
