"""Writes small tokenizer.json files that use one component each, in each of its forms: odd, but valid for the reference.

Two models make everything visible in the IDs. BYTES has nothing but the 256 byte tokens: its IDs are the normalized text.
LETTERS is a WordPiece of single letters, which has them once for the beginning of a piece and once for its continuation:
its IDs are the pieces, of up to 500 letters: Hugging Face's WordPiece takes the cube of a piece's length, so texts for
these files should be short. Added tokens and decoders have vocabularies of their own.
"""
import itertools
import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

import gguf_reference
import references

BEHAVIORS = ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")
LETTER_RANGES = ((0x00, 0x250), (0x2B0, 0x530), (0x591, 0x600), (0x621, 0x66A), (0x905, 0x970), (0xE01, 0xE3B), (0x1680, 0x1681), (0x1F00, 0x1F16),
                 (0x2000, 0x2070), (0x20A0, 0x20C0), (0x2100, 0x2190), (0x2460, 0x2474), (0x2581, 0x2582), (0x3000, 0x3100), (0x4E00, 0x4E60),
                 (0xAC00, 0xAC20), (0xFB00, 0xFB07), (0xFEFF, 0xFF5F), (0x1D400, 0x1D410), (0x1F600, 0x1F620), (0x20000, 0x20004), (0xFFFC, 0xFFFE))


def bytes_model():
    return models.BPE({f"<0x{byte:02X}>": byte for byte in range(256)}, [], byte_fallback=True)


def letters_model():
    letters = [chr(code) for first, end in LETTER_RANGES for code in range(first, end)]
    vocabulary = {"[UNK]": 0} | {letter: 1 + i for i, letter in enumerate(letters)}
    vocabulary |= {"##" + letter: len(letters) + 1 + i for i, letter in enumerate(letters) if "##" + letter not in vocabulary}
    return models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=500)


def name_of(options):
    return "".join(f"-{key}-{str(value).lower()}" for key, value in options.items())


def every_option(**choices):
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values))


def all_normalizers(charsmaps):
    for form in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"):
        yield form.lower(), getattr(normalizers, form)()
    for options in every_option(left=(True, False), right=(True, False)):
        yield "strip" + name_of(options), normalizers.Strip(**options)
    for options in every_option(clean_text=(True, False), handle_chinese_chars=(True, False), strip_accents=(None, True, False), lowercase=(True, False)):
        yield "bert" + name_of(options), normalizers.BertNormalizer(**options)
    yield "replace-string", normalizers.Replace("ab", "[é]")
    yield "replace-space", normalizers.Replace(" ", "▁")
    yield "replace-by-nothing", normalizers.Replace("a", "")
    yield "replace-regex", normalizers.Replace(Regex(r"\s+"), " ")
    yield "replace-regex-spaces", normalizers.Replace(Regex(" {2,}"), "▁")
    yield "replace-regex-class", normalizers.Replace(Regex(r"[\p{P}\p{S}]|\d(?=\d)"), "#$1\\1")  # No group is put in: the text is as it stands.
    yield "replace-regex-empty", normalizers.Replace(Regex("x*"), "-")
    yield "prepend", normalizers.Prepend("▁")
    yield "prepend-two", normalizers.Prepend("<é>")
    for name, charsmap in charsmaps.items():
        yield f"precompiled-{name}", normalizers.Precompiled(charsmap)
    yield "sequence-empty", normalizers.Sequence([])
    yield "sequence-accents", normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.NFC()])
    yield "sequence-llama", normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    yield "sequence-strip", normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])


PATTERNS = {
    "words": r"\w+", "digits": r"\d", "spaces": r"\s+", "letters": r"\p{L}+", "upper": r"\p{Lu}", "han": r"\p{Han}+", "greek": r"\p{Greek}+",
    "hex": r"\h+",  # Oniguruma's own: a hexadecimal digit
    "posix": r"[[:punct:]]+", "posix-alpha": r"[[:alpha:]]+", "not-class": r"[^\s\p{L}]+", "intersection": r"[\p{L}&&[^a-z]]+",
    "boundary": r"\b\w", "not-boundary": r"\B", "ahead": r"a(?=b)|\s+(?!\S)", "behind": r"(?<=a)b|(?<!\d)\d{3}", "possessive": r"a++|b*+c", "atomic": r"(?>a|ab)c",
    "lazy": r"<.+?>", "dot": r".+", "dot-all": r"(?m:.+)", "line": r"^.", "line-end": r".$", "text": r"\A.|.\z", "text-end": r"\s+\Z", "case": r"(?i:straße|[k-s]{2}|'ll)",
    "back": r"(\w)\1", "named": r"(?<letter>\w)-\k<letter>", "cluster": r"\X", "newline": r"\R", "absent": r"x*", "alternatives": r"a|ab|abc", "counted": r"\d{1,3}(?=(?:\d{3})*\b)",
    "quoted": r"\.\*\[\]\\", "unicode": "[\u00e0-\u00ff\u4e00-\u9fa5]+", "code": r"\x{1F600}|\u00e9", "free": r"(?x: a b )",
    "repeated": r"\d{1,2}+x|[a-z]{2}*\.|\s{1,2}{2}", "optional": r"[A-Z]{2}?\d|\s{,2}[a-z]", "options": r"(?x) \w (?i)a  # a word character and an a\n|b",
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "o200k": references.LLAMA4_PATTERN, "llama3": references.LLAMA3_PATTERN, "kimi": r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}|\s+",
    "bloom": " ?[^(\\s|[.,!?…。，、।۔،])]+",
}


def all_pre_tokenizers():
    for options in every_option(add_prefix_space=(True, False), use_regex=(True, False), trim_offsets=(True, False)):
        yield "bytelevel" + name_of(options), pre_tokenizers.ByteLevel(**options)
    for options in every_option(prepend_scheme=("always", "first", "never"), split=(True, False), replacement=("▁", "_")):
        name = "metaspace" + name_of(options | {"replacement": "low-line" if options["replacement"] == "_" else "block"})
        yield name, pre_tokenizers.Metaspace(**options)
    for behavior in BEHAVIORS:
        for invert in (False, True):
            for kind, pattern in (("string", "ab"), ("space", " "), ("regex", Regex(r"\d+|[A-Z]"))):
                yield f"split-{kind}-{behavior}" + "-inverted" * invert, pre_tokenizers.Split(pattern, behavior, invert)
        yield f"punctuation-{behavior}", pre_tokenizers.Punctuation(behavior)
    for name, pattern in PATTERNS.items():
        yield f"pattern-{name}", pre_tokenizers.Split(Regex(pattern), "isolated")
    for individual in (True, False):
        yield "digits" + "-individual" * individual, pre_tokenizers.Digits(individual_digits=individual)
    for name in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer", "UnicodeScripts"):
        yield name.lower(), getattr(pre_tokenizers, name)()
    yield "delimiter", pre_tokenizers.CharDelimiterSplit("x")
    yield "delimiter-space", pre_tokenizers.CharDelimiterSplit(" ")
    for length in (1, 3, 5):
        yield f"fixed-length-{length}", pre_tokenizers.FixedLength(length)
    yield "sequence-empty", pre_tokenizers.Sequence([])
    yield "sequence-whitespace-digits", pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    yield "sequence-t5", pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    yield "sequence-metaspace-first", pre_tokenizers.Sequence([pre_tokenizers.Split("-", "isolated"), pre_tokenizers.Metaspace(prepend_scheme="first")])
    yield "sequence-bytelevel-twice", pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=True)])
    for name in ("falcon", "starcoder", "deepseek-llm", "deepseek-coder"):
        yield f"sequence-{name}", gguf_reference.PRE_TOKENIZERS[name]


def added_tokens():
    """Every combination of the five flags, each token with a name of its own."""
    for number, flags in enumerate(itertools.product((False, True), repeat=5)):
        lstrip, rstrip, single_word, normalized, special = flags
        yield AddedToken(f"<T{number}>", lstrip=lstrip, rstrip=rstrip, single_word=single_word, normalized=normalized, special=special)
        yield AddedToken(f"Word{number}x", lstrip=lstrip, rstrip=rstrip, single_word=single_word, normalized=normalized, special=special)
    # Overlapping ones: the leftmost, of those the longest.
    for content in ("ab", "abc", "bcd", "cde", "abcdefg", "\n", "\n\n", "\n\n\n", "  ", "    ", "\t", "é", "e\u0301", "中", "▁", " x", "x ", "<|s|>", "<|s|><|e|>"):
        yield AddedToken(content, normalized=False, special=content.startswith("<"))
    for content in ("Hello World", "ÀB", "a  b", "ＡＢ", "ﬁ"):
        yield AddedToken(content, normalized=True)


def with_added_tokens():
    lowercase = normalizers.Lowercase()
    llama = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    ways = {
        "plain": (None, None), "lowercase": (lowercase, None), "llama": (llama, None), "gemma": (normalizers.Replace(" ", "▁"), None),
        "nfkc": (normalizers.NFKC(), None), "bert": (normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()),
        "metaspace-first": (None, pre_tokenizers.Metaspace(prepend_scheme="first")), "metaspace-always": (None, pre_tokenizers.Metaspace(prepend_scheme="always")),
        "metaspace-never": (None, pre_tokenizers.Metaspace(prepend_scheme="never")), "bytelevel-prefix": (None, pre_tokenizers.ByteLevel(add_prefix_space=True)),
        "strip": (normalizers.Strip(), None), "strip-metaspace-first": (normalizers.Strip(), pre_tokenizers.Metaspace(prepend_scheme="first")),
    }
    for name, (normalizer, pre_tokenizer) in ways.items():
        for model in (("letters", "bytes") if not pre_tokenizer else ("letters",)):
            tokenizer = Tokenizer(letters_model() if model == "letters" else bytes_model())
            if normalizer:
                tokenizer.normalizer = normalizer
            if pre_tokenizer:
                tokenizer.pre_tokenizer = pre_tokenizer
            tokens, taken = [], set()
            for token in added_tokens():
                # Two that are the same once normalized can't be loaded together.
                key = normalizer.normalize_str(token.content) if token.normalized and normalizer else token.content
                if key and (token.normalized, key) not in taken:
                    taken.add((token.normalized, key))
                    tokens.append(token)
            for token in tokens:
                (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
            yield f"added-{name}-{model}", tokenizer


def all_decoders():
    metaspace = [decoders.Metaspace(prepend_scheme=scheme) for scheme in ("always", "first", "never")]
    yield "bytelevel", decoders.ByteLevel()
    yield "replace", decoders.Replace("▁", " ")
    yield "replace-regex", decoders.Replace(Regex(r"\d+"), "#")
    yield "bytefallback", decoders.ByteFallback()
    yield "fuse", decoders.Fuse()
    yield "strip", decoders.Strip(" ", 1, 0)
    yield "strip-right", decoders.Strip("a", 1, 2)
    for cleanup in (True, False):
        yield "wordpiece" + "-cleanup" * cleanup, decoders.WordPiece(prefix="##", cleanup=cleanup)
        yield "ctc" + "-cleanup" * cleanup, decoders.CTC(pad_token="<pad>", word_delimiter_token="|", cleanup=cleanup)
    yield "wordpiece-prefix", decoders.WordPiece(prefix="▁", cleanup=False)
    for scheme, decoder in zip(("always", "first", "never"), metaspace):
        yield f"metaspace-{scheme}", decoder
    yield "bpe", decoders.BPEDecoder(suffix="</w>")
    yield "none", None
    yield "sequence-llama", decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    yield "sequence-gemma", decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    yield "sequence-strip-unfused", decoders.Sequence([decoders.Replace("▁", " "), decoders.Strip(" ", 1, 0)])
    yield "sequence-bytelevel-wordpiece", decoders.Sequence([decoders.WordPiece(), decoders.ByteLevel()])


def with_decoders():
    tokens = ["[UNK]", "<pad>", "|", "▁", "▁▁", "▁a", "a▁b", "a", "aa", "##a", "##b", "####", "b</w>", "</w>", "c", ".", ",", "?", "!", "'", "n't", "'m", "do", "not", "'s",
              "'ve", "'re", "Ġa", "Ġ", "Ċ", "Ã", "©", "ä", "¸", "Ń", "中", "é", " ", "  x", "1", "23", "<0xE4>", "<0xB8>", "<0xAD>", "<0x41>", "<0xZZ>", "<0x4>", "<0xff>", "\n"]
    for name, decoder in all_decoders():
        tokenizer = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
        if decoder:
            tokenizer.decoder = decoder
        tokenizer.add_special_tokens([AddedToken("<s>"), AddedToken("[UNK]")])
        tokenizer.add_tokens([AddedToken("<tool é>"), AddedToken("▁New", normalized=True), AddedToken("##x")])
        yield f"decoder-{name}", tokenizer


def with_post_processors():
    ids = {"[CLS]": 0, "[SEP]": 1, "<s>": 2, "</s>": 3}
    pairs = [(token, i) for token, i in ids.items()]
    ways = {
        "none": None,
        "template": processors.TemplateProcessing(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=pairs),
        "template-twice": processors.TemplateProcessing(single="$A:0 $A:1 </s>:2", pair="$B $A", special_tokens=pairs),
        "template-many": processors.TemplateProcessing(single="<x> $0 <x>", pair="$A $B", special_tokens=[{"id": "<x>", "ids": [3, 2, 3], "tokens": ["</s>", "<s>", "</s>"]}]),
        "bert": processors.BertProcessing(("[SEP]", 1), ("[CLS]", 0)),
        "roberta": processors.RobertaProcessing(("</s>", 3), ("<s>", 2), trim_offsets=True, add_prefix_space=True),
        "bytelevel": processors.ByteLevel(trim_offsets=True),
        "sequence": processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=pairs)]),
        "sequence-twice": processors.Sequence([processors.TemplateProcessing(single="<s> $A", pair="$A $B", special_tokens=pairs),
                                               processors.TemplateProcessing(single="$A </s>", pair="$A $B", special_tokens=pairs)]),
    }
    for name, processor in ways.items():
        tokenizer = Tokenizer(models.WordLevel(ids | {"[UNK]": 4, "a": 5, "b": 6}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        tokenizer.add_special_tokens(list(ids))
        if processor:
            tokenizer.post_processor = processor
        yield f"post-{name}", tokenizer


def all_models():
    """Forms of the models that no trained file has."""
    letters = {letter: i for i, letter in enumerate("<unk> a b c ab bc abc d é".split(" "))}
    merges = [("a", "b"), ("ab", "c"), ("b", "c")]
    for options in every_option(fuse_unk=(True, False), ignore_merges=(True, False)):
        yield "bpe" + name_of(options), models.BPE(letters | {"dab": 9}, merges, unk_token="<unk>", **options)
    yield "bpe-no-unk", models.BPE(letters, merges)  # What is not known goes without a trace.
    yield "bpe-dropout-zero", models.BPE(letters, merges, unk_token="<unk>", dropout=0.0)
    yield "bpe-prefix", models.BPE(letters | {"##a": 9, "##b": 10, "##c": 11}, [("a", "##b")], unk_token="<unk>", continuing_subword_prefix="##")
    yield "bpe-some-bytes", models.BPE(letters | {"<0xC3>": 9, "<0xA9>": 10, "<0xA0>": 11}, merges, unk_token="<unk>", byte_fallback=True)
    yield "wordpiece-short", models.WordPiece({"[UNK]": 0, "ab": 1, "##c": 2, "##cd": 3, "a": 4, "##b": 5}, unk_token="[UNK]", max_input_chars_per_word=4)
    yield "wordpiece-prefix", models.WordPiece({"[UNK]": 0, "ab": 1, "@@c": 2, "a": 4, "@@b": 5}, unk_token="[UNK]", continuing_subword_prefix="@@")
    yield "wordpiece-no-prefix", models.WordPiece({"[UNK]": 0, "ab": 1, "c": 2, "a": 4, "b": 5}, unk_token="[UNK]", continuing_subword_prefix="")
    pieces = [("<unk>", 0.0), ("a", -1.0), ("b", -1.0), ("ab", -2.0), ("abc", -2.5), ("c", -1.5), ("é", -3.0), ("▁", -2.0), ("▁a", -2.0)]
    yield "unigram-ties", models.Unigram(pieces, unk_id=0)
    yield "unigram-some-bytes", models.Unigram(pieces + [("<0xC3>", -5.0), ("<0xA0>", -5.0)], unk_id=0, byte_fallback=True)
    yield "unigram-positive", models.Unigram([("<unk>", 0.0), ("a", 1.0), ("b", 0.0), ("ab", 1.0), ("aa", 2.5)], unk_id=0)
    yield "wordlevel", models.WordLevel({"<unk>": 0, "ab": 1, "abc ab": 2}, unk_token="<unk>")


def charsmaps(vocabularies):
    return {name: references.sentencepiece_model((vocabularies / "trained" / f"sp-unigram-{name}.model").read_bytes()).charsmap for name in ("nmt-nfkc", "nmt-nfkc-cf")}


def make(folder, vocabularies):
    def save(name, tokenizer):
        (folder / f"{name}.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False))
        Tokenizer.from_file(str(folder / f"{name}.json"))  # Valid: the reference reads it again.

    for name, normalizer in all_normalizers(charsmaps(vocabularies)):
        tokenizer = Tokenizer(bytes_model())
        tokenizer.normalizer = normalizer
        save(f"normalizer-{name}", tokenizer)
    for name, pre_tokenizer in all_pre_tokenizers():
        tokenizer = Tokenizer(letters_model())
        tokenizer.pre_tokenizer = pre_tokenizer
        save(f"pre-tokenizer-{name}", tokenizer)
    for name, model in all_models():
        save(f"model-{name}", Tokenizer(model))
    for name, tokenizer in itertools.chain(with_added_tokens(), with_decoders(), with_post_processors()):
        save(name, tokenizer)
