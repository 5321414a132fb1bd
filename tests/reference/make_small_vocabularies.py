#!/usr/bin/env python3
"""Writes fuzz/vocabularies: a small tokenizer for every component that Leyden knows, and what the references make of some
strings with it, so that tests and fuzzers need no downloads:  make_small_vocabularies.py fuzz/vocabularies

Needs tokenizers==0.23.3, sentencepiece==0.2.3 and protobuf. Trainers may break ties anew, so the files are kept in git; run it again only to
add to them. texts.base64: one a line. <name>.ids: the IDs of each; behind a tab those with special tokens found in the
text, where they differ; "error" where the reference refuses.
"""
import base64
import io
import json
import pathlib
import random
import sys

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import fuzz_strings

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]


def texts():
    lines = (ROOT / "README.md").read_text().splitlines() + (ROOT / "src/leyden/tokenizer/pretokenizer.cc").read_text().splitlines()
    lines += [text.decode("utf-8", "replace") for text in fuzz_strings.fuzz_strings(3000, 7)]
    return [line for line in lines if line.strip()]


def byte_level(pre=None, normalizer=None, size=330, ignore_merges=False, specials=("<|endoftext|>", "<|im_start|>"), add_prefix_space=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    steps = list(pre or [])
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space, use_regex=not pre))
    tokenizer.pre_tokenizer = steps[0] if len(steps) == 1 else pre_tokenizers.Sequence(steps)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts(), trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=list(specials), show_progress=False))
    return tokenizer


def split(regex, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(regex), behavior, invert)


def edited(tokenizer, change):
    content = json.loads(tokenizer.to_str())
    change(content)
    return Tokenizer.from_str(json.dumps(content))


def sentencepiece_style(size=260, byte_fallback=True, drop_bytes=(), prepend=True, split_space=False):
    vocabulary = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256) if b not in drop_bytes]
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "\u2581")
    trained.train_from_iterator([t.replace("\n", " ") for t in texts()], trainers.BpeTrainer(vocab_size=size, limit_alphabet=90, show_progress=False, max_token_length=12))
    content = json.loads(trained.to_str())
    ids = {token: i for i, token in enumerate(vocabulary + [t for t in content["model"]["vocab"] if t not in vocabulary])}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[tuple(m) for m in content["model"]["merges"]], unk_token="<unk>", fuse_unk=True, byte_fallback=byte_fallback))
    steps = [normalizers.Prepend("\u2581")] if prepend else []
    tokenizer.normalizer = normalizers.Sequence(steps + [normalizers.Replace(" ", "\u2581")])
    if split_space:
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    chain = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(chain + ([decoders.Strip(" ", 1, 0)] if prepend else []))
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in ("<unk>", "<s>", "</s>")])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", ids["<s>"])])
    return tokenizer


def wordpiece(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=None if lowercase else False, handle_chinese_chars=True, clean_text=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(texts(), trainers.WordPieceTrainer(vocab_size=420, limit_alphabet=150, special_tokens=specials, show_progress=False))
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def unigram(normalizer, pre, byte_fallback=False, decoder=None, with_markup=True):
    """Scores by hand: Unigram's trainer is not deterministic."""
    source = random.Random(5)
    pieces = {}
    for text in texts()[:1500]:
        text = text.replace(" ", "\u2581")
        for _ in range(4):
            at = source.randrange(len(text))
            pieces[text[at:at + 1 + source.randrange(6)]] = None
    pieces = [p for p in pieces if p and "\ufffd" not in p][:220]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] if with_markup else [("<unk>", 0.0)]
    unknown = len(vocabulary) - 1
    if byte_fallback:
        vocabulary += [(f"<0x{b:02X}>", -30.0) for b in range(256)]
    letters = [chr(c) for c in range(33, 127)] + ["\u2581", "\u00e9", "\u4e2d", "\u0301"]
    seen = {p for p, _ in vocabulary}
    # Coarse scores, so that there are ties.
    for piece in letters + pieces:
        if piece not in seen:
            seen.add(piece)
            vocabulary.append((piece, -round(source.uniform(3, 15) * (1 if len(piece) < 3 else 1.5)) / 2 - 0.1 * source.randrange(3)))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unknown, byte_fallback=byte_fallback))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre:
        tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoder or decoders.Metaspace()
    return tokenizer


def charsmap():
    """A small compiled character map, from SentencePiece's own compiler: case folding, composed and removed characters."""
    rules = {"A": "a", "B": "b", "e\u0301": "\u00e9", "\u00c9": "\u00e9", "\ufb01": "fi", "\u3000": " ", "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u200b": "", "\u00ad": "",
             "\u00bd": "1\u20442", "\u30ab\u3099": "\u30ac", "\uff76\uff9e": "\u30ac", "\ufdfa": "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647", "\u00a8": " \u0308", "\u1100\u1161": "\uac00", "\u0008": "", "\u2028": " ", "\u0345": "\u03b9"}
    file = pathlib.Path("/tmp/rules.tsv")
    file.write_text("".join(f"{' '.join(f'{ord(c):X}' for c in a)}\t{' '.join(f'{ord(c):X}' for c in b)}\n" for a, b in rules.items()))
    return str(file)


def train_sentencepiece(**options):
    model = io.BytesIO()
    lines = iter([t for t in texts() if len(t.encode()) < 4000 and "\x00" not in t])
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=lines, model_writer=model, minloglevel=2, num_threads=1, hard_vocab_limit=False, max_sentence_length=8000, **options)
    return model.getvalue()


def charsmap_of(model):
    from sentencepiece import sentencepiece_model_pb2
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model)
    return proto.normalizer_spec.precompiled_charsmap


def added(tokenizer, *tokens):
    for token in tokens:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer


def huggingface(map_blob):
    yield "gpt2", byte_level()
    yield "cl100k", byte_level([split(CL100K, "removed", True)])
    # Two tokens that no merge makes, for whole pieces only.
    def unreachable(content):
        vocabulary = content["model"]["vocab"]
        for token in ("\u0120xyzzy", "ing\u010aed"):
            vocabulary[token] = len(vocabulary)
    yield "llama3", edited(byte_level([split(CL100K)], ignore_merges=True, specials=("<|begin_of_text|>", "<|eot_id|>")), unreachable)
    yield "o200k", byte_level([split(O200K)], ignore_merges=True)
    yield "qwen", added(byte_level([split(QWEN)], normalizers.NFC()), AddedToken("<think>", normalized=False), AddedToken("<cafe\u0301\u4e2d>", normalized=True))
    yield "deepseek", added(byte_level([split(p) for p in DEEPSEEK], specials=("<\uff5cbegin\u2581of\u2581sentence\uff5c>",)), AddedToken("<\uff5cUser\uff5c>", normalized=True), AddedToken("<think>", normalized=True))
    yield "smollm", byte_level([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)][:1] + [split(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")])
    yield "digits", edited(byte_level([pre_tokenizers.Digits(individual_digits=True)]), lambda c: c["pre_tokenizer"]["pretokenizers"][-1].update(use_regex=True))
    yield "roberta", added(byte_level(add_prefix_space=True, specials=("<s>", "</s>", "<mask>")), AddedToken("<mask>", lstrip=True, normalized=False, special=True))
    yield "claude", byte_level(normalizer=normalizers.NFKC())
    yield "llama2", sentencepiece_style()
    yield "gemma", added(sentencepiece_style(prepend=False, split_space=True), *[AddedToken("\n" * n, normalized=False) for n in range(2, 8)], AddedToken("\u2581" * 2, normalized=False),
                         AddedToken("<start_of_turn>", normalized=False, special=True), AddedToken("<table>", normalized=False))
    yield "no-bytes", sentencepiece_style(byte_fallback=False)
    yield "some-bytes", sentencepiece_style(drop_bytes=range(0xD0, 0xE4))
    yield "bert-uncased", wordpiece(True)
    yield "bert-cased", wordpiece(False)
    t5 = normalizers.Sequence([normalizers.Precompiled(map_blob), normalizers.Replace(Regex(" {2,}"), " ")])
    yield "t5", added(unigram(t5, pre_tokenizers.Metaspace(prepend_scheme="always")), AddedToken("</s>", normalized=False, special=True), AddedToken("<extra_id_0>", lstrip=True, rstrip=True, normalized=False, special=True))
    yield "xlm", unigram(normalizers.Precompiled(map_blob), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]))
    yield "unigram-bytes", unigram(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False), byte_fallback=True, with_markup=False,
                                   decoder=decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")]))
    yield "unigram-nmt", unigram(normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(r"\s{2,}"), " "), normalizers.Strip(True, False)]), pre_tokenizers.Metaspace(prepend_scheme="first"))
    words = {word: i for i, word in enumerate(["[UNK]", "the", "The", "hello", "a", "b", "1", "12", "'", "s", "!", "\u4e2d\u6587", "e\u0301", "don", "t", "##", "_", "snake_case", "\u2581", "<", ">"])}
    word_level = Tokenizer(models.WordLevel(vocab=words, unk_token="[UNK]"))
    word_level.pre_tokenizer = pre_tokenizers.Whitespace()
    yield "word-level", word_level
    clip = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    clip.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    clip.pre_tokenizer = pre_tokenizers.Sequence([split(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", "removed", True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    clip.decoder = decoders.ByteLevel()
    clip.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=560, end_of_word_suffix="</w>", initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=["<|startoftext|>", "<|endoftext|>"], show_progress=False))
    yield "clip", clip
    prefixed = Tokenizer(models.BPE(continuing_subword_prefix="##", unk_token="[UNK]", fuse_unk=False))
    prefixed.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_previous")])
    prefixed.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])
    prefixed.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    prefixed.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=320, limit_alphabet=80, continuing_subword_prefix="##", special_tokens=["[UNK]"], show_progress=False))
    yield "bpe-prefix", prefixed
    flags = byte_level([split(CL100K)], normalizers.Lowercase())
    yield "added-flags", added(flags, AddedToken("<l>", lstrip=True, normalized=False), AddedToken("<r>", rstrip=True, normalized=False, special=True), AddedToken("the", single_word=True, normalized=False), AddedToken("HELLO", normalized=True),
                               AddedToken("a b", normalized=True, lstrip=True, rstrip=True), AddedToken("<l><", normalized=False), AddedToken("\n\n", normalized=False), AddedToken("IPHONE", single_word=True, normalized=True, special=True))
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        yield f"split-{behavior}", edited(byte_level([pre_tokenizers.Punctuation(behavior), split(r"\s", behavior), pre_tokenizers.Split("l", behavior, True)], size=262), lambda c: None)
    yield "falcon", edited(byte_level(size=290), lambda c: c.update(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Punctuation", "behavior": "Contiguous"}, c["pre_tokenizer"], {"type": "Digits", "individual_digits": False},
        {"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated", "invert": False}]}))
    # Falcon's own vocabulary lacks bytes, too: here the vertical tab and what characters of unused planes begin with.
    def without_bytes(content):
        for letter in ("\u010b", "\u00f2"):
            content["model"]["vocab"].pop(letter)
        assert all(pair[0] in content["model"]["vocab"] and pair[1] in content["model"]["vocab"] for pair in content["model"]["merges"])
    yield "byte-level-lacking", edited(byte_level(size=290), without_bytes)
    yield "byte-level-normalizer", edited(byte_level([split(CL100K)], normalizers.Sequence([normalizers.NFC(), normalizers.ByteLevel()])),
                                          lambda c: c.update(pre_tokenizer={"type": "Split", "pattern": {"Regex": r"[0-9]{1,3}|[!-/:-@]+|\u0120?[A-Za-z]+"}, "behavior": "Isolated", "invert": False}))
    yield "scripts", unigram(normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents()]), pre_tokenizers.Sequence([pre_tokenizers.UnicodeScripts(), pre_tokenizers.CharDelimiterSplit("|"), pre_tokenizers.FixedLength(7)]), decoder=decoders.CTC("<pad>", "\u2581"))


def golden_texts():
    texts = [text for text in fuzz_strings.fuzz_strings(70, 11) if len(text) < 200]
    return texts + [b"", b" ", b"  ", b"\n", b"Hello world", b"  Hello  world  ", "I'M caf\u00e9 \u4e2d\u6587 <s>1234</s>\n\n  iPhone<sep>".encode()]


def write_golden(file, encode):
    with open(file, "w") as out:
        for text in golden_texts():
            lines = [encode(text.decode("utf-8", "replace"), special) for special in (False, True)]
            lines = ["error" if ids is None else " ".join(map(str, ids)) for ids in lines]
            print(lines[0] if lines[0] == lines[1] else "\t".join(lines), file=out)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    (folder / "texts.base64").write_text("".join(base64.b64encode(text).decode() + "\n" for text in golden_texts()))
    rules = charsmap()
    common = dict(character_coverage=0.98, normalization_rule_tsv=rules)
    sp = {
        "spm-unigram": train_sentencepiece(model_type="unigram", vocab_size=400, user_defined_symbols=["<sep>", "hello wor", "iPhone"], **common),
        "spm-unigram-bytes": train_sentencepiece(model_type="unigram", vocab_size=640, byte_fallback=True, character_coverage=0.98, remove_extra_whitespaces=False, normalization_rule_name="identity"),
        "spm-suffix": train_sentencepiece(model_type="unigram", vocab_size=380, treat_whitespace_as_suffix=True, **common),
        "spm-bpe": train_sentencepiece(model_type="bpe", vocab_size=640, byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True),
        "spm-bpe-user": train_sentencepiece(model_type="bpe", vocab_size=420, user_defined_symbols=["<sep>", "\n", "iPhone"], add_dummy_prefix=False, **common),
    }
    blob = charsmap_of(sp["spm-unigram"])
    print(len(blob), "bytes of character map")
    for name, model in sp.items():
        (folder / f"{name}.model").write_bytes(model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        write_golden(folder / f"{name}.ids", lambda text, special: processor.encode(text))
    for name, tokenizer in huggingface(blob):
        text = tokenizer.to_str()
        (folder / f"{name}.json").write_text(text)
        again = Tokenizer.from_str(text)

        def encode(text, special):
            again.encode_special_tokens = not special
            try:
                return again.encode(text, add_special_tokens=False).ids
            except BaseException:
                return None
        write_golden(folder / f"{name}.ids", encode)
        print(name, len(text), "bytes")


if __name__ == "__main__":
    main()
