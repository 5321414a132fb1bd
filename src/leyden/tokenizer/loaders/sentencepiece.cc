#include <utility>

#include "leyden/tokenizer/loaders/loaders.h"
#include "leyden/tokenizer/loaders/protobuf_reader.h"
#include "leyden/tokenizer/loaders/sentencepiece_pieces.h"

// SentencePiece's .model: a protobuf (sentencepiece_model.proto of version 0.2), of which the few fields that decide IDs
// are read.
namespace leyden::tokenizer {
namespace {

using Field = ProtobufReader::Field;

class ModelReader {
 public:
  explicit ModelReader(const std::string& where) : where_(where) {}

  Result<SentencePieceFile> read(std::string_view content) && {
    ProtobufReader reader(content);
    while (auto field = reader.next()) {
      bool whole = true;
      if (field->number == 1) whole = read_piece(field->bytes);
      if (field->number == 2) whole = read_trainer(field->bytes);
      if (field->number == 3) whole = read_normalizer(field->bytes);
      // 4: self test; 5: denormalizer, which changes decoded text and is none in the models that we know.
      if (!whole) return damaged();
      if (error_) return std::unexpected(*error_);
    }
    if (!reader.ok() || file_.pieces.empty()) return damaged();
    return std::move(file_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> damaged() const {
    return fail(Errc::corrupt,
                "{} is not a whole SentencePiece model: it is damaged or cut off; get it again",
                where_);
  }

  bool read_piece(std::string_view message) {
    SentencePieceFile::Piece piece;
    ProtobufReader reader(message);
    while (auto field = reader.next()) {
      if (field->number == 1) piece.text = field->bytes;
      if (field->number == 2) piece.score = field->as_float();
      if (field->number == 3) {
        if (field->value < 1 || field->value > 6) return false;
        piece.type = static_cast<SentencePieceFile::Type>(field->value);
      }
    }
    file_.pieces.push_back(piece);
    return reader.ok();
  }

  bool read_trainer(std::string_view message) {
    ProtobufReader reader(message);
    while (auto field = reader.next()) {
      if (field->number == 3) {
        if (field->value != 1 && field->value != 2) {
          error_ = Error{Errc::unsupported,
                         fmt::format("{}: SentencePiece's model type {} is not supported: unigram "
                                     "(1) and bpe (2) are",
                                     where_, field->value)};
        }
        file_.is_bpe = field->value == 2;
      }
      if (field->number == 24) file_.spaces.treat_whitespace_as_suffix = field->value != 0;
      if (field->number == 35) file_.byte_fallback = field->value != 0;
      if (field->number == 44) file_.unknown_surface = field->bytes;
    }
    return reader.ok();
  }

  bool read_normalizer(std::string_view message) {
    ProtobufReader reader(message);
    while (auto field = reader.next()) {
      if (field->number == 2) file_.charsmap = field->bytes;
      if (field->number == 3) file_.spaces.add_dummy_prefix = field->value != 0;
      if (field->number == 4) file_.spaces.remove_extra_whitespaces = field->value != 0;
      if (field->number == 5) file_.spaces.escape_whitespaces = field->value != 0;
    }
    return reader.ok();
  }

  const std::string& where_;
  SentencePieceFile file_;
  std::optional<Error> error_;
};

}  // namespace

Result<TokenizerSpec> read_sentencepiece(std::string_view content, const std::string& where,
                                         std::string name) {
  auto file = ModelReader(where).read(content);
  if (!file) return std::unexpected(file.error());
  auto spec = specify_sentencepiece(*file, where);
  if (spec) spec->name = std::move(name);
  return spec;
}

}  // namespace leyden::tokenizer
