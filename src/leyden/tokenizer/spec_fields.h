#pragma once

#include <concepts>
#include <type_traits>

#include "leyden/tokenizer/spec.h"

// The fields of every part of a specification, once, in the order in which they are written: `archive` is called with all of
// them. What fingerprints, writes and reads specifications goes by these lists, for const and mutable parts alike.
namespace leyden::tokenizer {

template <class T, class Part>
concept Is = std::same_as<std::remove_const_t<T>, Part>;

template <class T, class... Parts>
concept IsOneOf = (Is<T, Parts> || ...);

// clang-format off
template <class Archive, IsOneOf<NormalizeLowercase, NormalizeStripAccents, NormalizeNmt, SplitWhitespace, SplitOnWhitespace, SplitBert,
                                 SplitUnicodeScripts, DecodeByteLevel, DecodeByteFallback, DecodeFuse> T>
void fields(Archive&&, T&) {}

template <class Archive, Is<NormalizeUnicode> T>
void fields(Archive&& archive, T& step) { archive(step.form); }
template <class Archive, Is<NormalizeStrip> T>
void fields(Archive&& archive, T& step) { archive(step.left, step.right); }
template <class Archive, Is<NormalizePrepend> T>
void fields(Archive&& archive, T& step) { archive(step.text); }
template <class Archive, IsOneOf<NormalizeReplace, DecodeReplace> T>
void fields(Archive&& archive, T& step) { archive(step.pattern, step.is_regex, step.content); }
template <class Archive, Is<NormalizeBert> T>
void fields(Archive&& archive, T& step) { archive(step.clean_text, step.handle_chinese_chars, step.strip_accents, step.lowercase); }
template <class Archive, Is<NormalizeCharsmap> T>
void fields(Archive&& archive, T& step) { archive(step.blob, step.matching, step.kept); }
template <class Archive, Is<NormalizeSpaces> T>
void fields(Archive&& archive, T& step) {
  archive(step.add_dummy_prefix, step.remove_extra_whitespaces, step.escape_whitespaces, step.treat_whitespace_as_suffix);
}

template <class Archive, Is<SplitPattern> T>
void fields(Archive&& archive, T& step) { archive(step.pattern, step.is_regex, step.behavior, step.invert); }
template <class Archive, Is<SplitByteLevel> T>
void fields(Archive&& archive, T& step) { archive(step.add_prefix_space, step.use_regex); }
template <class Archive, Is<SplitDigits> T>
void fields(Archive&& archive, T& step) { archive(step.individual); }
template <class Archive, Is<SplitMetaspace> T>
void fields(Archive&& archive, T& step) { archive(step.replacement, step.prepend, step.split); }
template <class Archive, Is<SplitPunctuation> T>
void fields(Archive&& archive, T& step) { archive(step.behavior); }
template <class Archive, Is<SplitCharDelimiter> T>
void fields(Archive&& archive, T& step) { archive(step.delimiter); }
template <class Archive, Is<SplitFixedLength> T>
void fields(Archive&& archive, T& step) { archive(step.length); }

template <class Archive, Is<SpecToken> T>
void fields(Archive&& archive, T& token) { archive(token.id, token.bytes); }
template <class Archive, Is<BpeSpec> T>
void fields(Archive&& archive, T& model) {
  archive(model.tokens, model.merges, model.byte_level, model.whole_first, model.byte_fallback, model.unknown, model.fuse_unknown,
          model.continuing_subword_prefix, model.end_of_word_suffix, model.user_defined);
}
template <class Archive, Is<UnigramSpec::Piece> T>
void fields(Archive&& archive, T& piece) { archive(piece.id, piece.bytes, piece.score, piece.kind); }
template <class Archive, Is<UnigramSpec> T>
void fields(Archive&& archive, T& model) { archive(model.pieces, model.unknown, model.byte_fallback, model.single_precision); }
template <class Archive, Is<WordPieceSpec> T>
void fields(Archive&& archive, T& model) {
  archive(model.tokens, model.unknown, model.continuing_subword_prefix, model.word_chars_max);
}
template <class Archive, Is<WordLevelSpec> T>
void fields(Archive&& archive, T& model) { archive(model.tokens, model.unknown); }

template <class Archive, Is<AddedToken> T>
void fields(Archive&& archive, T& token) {
  archive(token.id, token.text, token.special, token.lstrip, token.rstrip, token.single_word, token.normalized);
}
template <class Archive, Is<TemplateSpec> T>
void fields(Archive&& archive, T& post) { archive(post.before, post.after); }

template <class Archive, Is<DecodeStrip> T>
void fields(Archive&& archive, T& step) { archive(step.content, step.start, step.stop); }
template <class Archive, Is<DecodeWordPiece> T>
void fields(Archive&& archive, T& step) { archive(step.prefix, step.cleanup); }
template <class Archive, Is<DecodeMetaspace> T>
void fields(Archive&& archive, T& step) { archive(step.replacement, step.add_prefix_space); }
template <class Archive, Is<DecodeBpe> T>
void fields(Archive&& archive, T& step) { archive(step.suffix); }
template <class Archive, Is<DecodeCtc> T>
void fields(Archive&& archive, T& step) { archive(step.pad_token, step.word_delimiter_token, step.cleanup); }
template <class Archive, Is<DecodeSentencePiece> T>
void fields(Archive&& archive, T& step) { archive(step.strip_first_space, step.strip_all_first_spaces, step.unknown_surface); }

// All but the name.
template <class Archive, Is<TokenizerSpec> T>
void fields(Archive&& archive, T& spec) {
  archive(spec.vocabulary_size, spec.normalizers, spec.pretokenizers, spec.model, spec.added, spec.unused, spec.post, spec.decoders,
          spec.decodes_to_bytes);
}
// clang-format on

}  // namespace leyden::tokenizer
