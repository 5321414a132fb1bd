#include "leyden/tokenizer/image/spec_codec.h"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "leyden/tokenizer/image/compact_reader.h"

namespace leyden::tokenizer::image {
namespace {

// More than any vocabulary has: so that a few forged bytes make no tables of gigabytes.
constexpr std::size_t kVocabularyMax = std::size_t{1} << 24;

// Tokenizers are made of specifications as loaders make them, with IDs that index tables.
class IdCheck {
 public:
  explicit IdCheck(const TokenizerSpec& spec) : size_(spec.vocabulary_size) {
    std::visit([this](const auto& model) { check(model); }, spec.model);
    for (const AddedToken& token : spec.added) check(token.id);
    check(spec.unused);
    check(spec.post.before);
    check(spec.post.after);
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  void check(TokenId id) { ok_ = ok_ && id < size_; }
  void check(const std::optional<TokenId>& id) { check(id.value_or(0)); }
  void check(const SpecToken& token) { check(token.id); }
  void check(const UnigramSpec::Piece& piece) { check(piece.id); }
  void check(const SpecMerge& merge) {
    check(merge.left);
    check(merge.right);
    check(merge.merged);
  }
  template <class T>
  void check(const std::vector<T>& all) {
    for (const T& each : all) check(each);
  }
  void check(const BpeSpec& model) {
    check(model.tokens);
    check(model.merges);
    check(model.unknown);
    check(model.user_defined);
  }
  void check(const UnigramSpec& model) {
    check(model.pieces);
    check(model.unknown);
  }
  void check(const WordPieceSpec& model) {
    check(model.tokens);
    check(model.unknown);
  }
  void check(const WordLevelSpec& model) {
    check(model.tokens);
    check(model.unknown);
  }

  std::size_t size_;
  bool ok_ = true;
};

}  // namespace

void CompactFormat::merges(std::string& out, const std::vector<SpecMerge>& merges) {
  SpecMerge last;
  auto difference = [&](std::uint32_t from, std::uint32_t to) {
    auto signed_one = std::int64_t{to} - std::int64_t{from};
    number(out, static_cast<std::uint64_t>(signed_one << 1 ^ signed_one >> 63));
  };
  for (const SpecMerge& merge : merges) {
    number(out, merge.left);
    number(out, merge.right);
    difference(last.merged, merge.merged);
    difference(last.rank, merge.rank);
    last = merge;
  }
}

std::string write_spec(const TokenizerSpec& spec) {
  CompactWriter writer;
  writer(spec);
  return std::move(writer).take();
}

Result<TokenizerSpec> read_spec(std::string_view content, std::string name) {
  TokenizerSpec spec;
  CompactReader reader(content);
  reader(spec);
  if (!reader.finished() || spec.vocabulary_size > kVocabularyMax || !IdCheck(spec).ok())
    return fail(Errc::corrupt, "the specification in it is damaged");
  spec.name = std::move(name);
  return spec;
}

}  // namespace leyden::tokenizer::image
