"""Trains small vocabularies with the references' own trainers, for families and options that no package carries.

The text is the same everywhere: faker's prose in many scripts and the pinned packages' own files, from fixed seeds.
"""
import collections
import io
import json
import pathlib
import random

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers

import corpus
import references

# Each differs from the first in what its name says. The trainer's threads would sum in another order each time: one.
SENTENCEPIECE = {
    "unigram-nmt-nfkc": {},
    "unigram-identity": {"normalization_rule_name": "identity"},
    "unigram-nmt-nfkc-cf": {"normalization_rule_name": "nmt_nfkc_cf"},
    "unigram-byte-fallback": {"byte_fallback": True},
    "unigram-user-defined": {"user_defined_symbols": ["<tool>", "ab", "abc", "▁New▁York", "  ", "é", "</tool>"], "control_symbols": ["<ctl>"]},
    "unigram-no-prefix": {"add_dummy_prefix": False},
    "unigram-keep-whitespace": {"remove_extra_whitespaces": False},
    "unigram-no-prefix-keep-whitespace-identity": {"add_dummy_prefix": False, "remove_extra_whitespaces": False, "normalization_rule_name": "identity", "byte_fallback": True},
    "unigram-suffix": {"treat_whitespace_as_suffix": True},
    "unigram-whitespace-only-pieces": {"allow_whitespace_only_pieces": True, "remove_extra_whitespaces": False, "normalization_rule_name": "identity", "byte_fallback": True},
    "bpe-byte-fallback": {"model_type": "bpe", "byte_fallback": True, "split_digits": True, "normalization_rule_name": "identity",  # As Mistral's and Llama 2's.
                          "remove_extra_whitespaces": False, "allow_whitespace_only_pieces": True},
    "bpe-keep-digits": {"model_type": "bpe", "byte_fallback": True, "normalization_rule_name": "identity", "remove_extra_whitespaces": False},
    "bpe-nmt-nfkc": {"model_type": "bpe"},
    "bpe-suffix": {"model_type": "bpe", "treat_whitespace_as_suffix": True},
    "bpe-user-defined": {"model_type": "bpe", "byte_fallback": True, "user_defined_symbols": ["<tool>", "ab", "abc", "  ", "é"], "remove_extra_whitespaces": False},
}


def training_lines():
    rng = random.Random(1)
    site = pathlib.Path(sentencepiece.__file__).parent.parent
    lines = [line for _, text in corpus.prose(rng) for line in text[:30_000].splitlines()]
    for package in ("faker/providers", "tiktoken", "sentencepiece"):
        size = 0
        for file in sorted((site / package).rglob("*.py")):
            if size < 200_000 and file.stat().st_size < 20_000:
                text = file.read_text()
                size += len(text)
                lines += text.splitlines()
    for about in sorted(site.glob("*.dist-info/METADATA")):
        if not about.parent.name.startswith(("pip-", "setuptools-")):  # Those are the machine's.
            lines += about.read_text().splitlines()
    lines = [line for line in lines if line.strip() and len(line) < 3000]
    rng.shuffle(lines)
    return lines


def make_sentencepiece(folder, lines):
    for name, options in SENTENCEPIECE.items():
        options = {"model_type": "unigram", "vocab_size": 4000, "seed_sentencepiece_size": 60_000, "character_coverage": 0.998, "num_threads": 1, "minloglevel": 2, "hard_vocab_limit": False,
                   **options}
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, **options)
        (folder / f"sp-{name}.model").write_bytes(model.getvalue())


def save(tokenizer, file):
    tokenizer.save(str(file), pretty=False)


def save_but_special(tokenizer, file, special):
    """The trainers number what is not given to them in any order, and take only special tokens: here just the first are."""
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = content["added_tokens"][:special]
    file.write_text(json.dumps(content, ensure_ascii=False))
    return content


def as_huggingface(model_file):
    """A SentencePiece model as tokenizer.json has it: T5, ALBERT and XLM-R were converted like this."""
    model = references.sentencepiece_model(model_file.read_bytes())
    tokenizer = tokenizers.Tokenizer(models.Unigram([(piece, score) for piece, score, _ in model.pieces], unk_id=0))
    return tokenizer, model


def alphabet(tokenizer, lines, size):
    """The most frequent letters. Left to itself the trainer picks any of those that are equally frequent."""
    counts = collections.Counter()
    for line in lines:
        line = tokenizer.normalizer.normalize_str(line) if tokenizer.normalizer else line
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(line):
            counts.update(word)
    return sorted(counts, key=lambda letter: (-counts[letter], letter))[:size]


def make_unigram(folder):
    source = folder / "sp-unigram-nmt-nfkc.model"
    # T5: the charsmap as SentencePiece has it, sentinels as added tokens, </s> at the end.
    tokenizer, model = as_huggingface(source)
    tokenizer.normalizer = normalizers.Precompiled(model.charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken("<unk>"), AddedToken("</s>"), *(AddedToken(f"<extra_id_{i}>", lstrip=True) for i in range(20))])
    end = tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", end)])
    save(tokenizer, folder / "t5.json")
    # XLNet and ALBERT: quotes, accents and case are gone before the charsmap, <sep> <cls> at the end.
    tokenizer, model = as_huggingface(source)
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
        normalizers.Precompiled(model.charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken("<unk>"), AddedToken("<sep>"), AddedToken("<cls>"), AddedToken("<mask>", lstrip=True)])
    tokenizer.add_tokens([AddedToken("<eop>", normalized=True), AddedToken("<eod>", normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A:0 <sep>:0 <cls>:2", pair="$A:0 <sep>:0 $B:1 <sep>:1 <cls>:2",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<sep>", "<cls>")])
    save(tokenizer, folder / "xlnet.json")
    # Unigram with bytes, as newer files have it.
    model = references.sentencepiece_model((folder / "sp-unigram-byte-fallback.model").read_bytes())
    tokenizer = tokenizers.Tokenizer(models.Unigram([(piece, score) for piece, score, _ in model.pieces], unk_id=0, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    save(tokenizer, folder / "unigram-byte-fallback.json")


def make_wordpiece(folder, lines):
    for name, lowercase, letters, size in (("bert-cased", False, 1000, 8000), ("bert-uncased", True, 1000, 8000), ("bert-multilingual-cased", False, 4000, 12000)):
        tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
        tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        initial = alphabet(tokenizer, lines, letters)
        tokenizer.train_from_iterator(lines, trainers.WordPieceTrainer(
            vocab_size=size, initial_alphabet=initial, limit_alphabet=len(initial), special_tokens=special + ["##" + letter for letter in initial], show_progress=False))
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
            special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")])
        save_but_special(tokenizer, folder / f"{name}.json", len(special))


def make_bert_from_gguf(folder, gguf):
    """BERT uncased's tokenizer.json, with its real vocabulary from GGUF, which marks words and not their continuations."""
    vocabulary = references.bert_vocabulary(references.gguf_metadata(gguf))
    tokenizer = references.bert_tokenizer(vocabulary, lowercase=True)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[("[CLS]", 101), ("[SEP]", 102)])
    save(tokenizer, folder / "bert-base-uncased.json")


def make_bpe(folder, lines):
    # Metaspace, unknown letters as bytes.
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    initial = alphabet(tokenizer, lines, 500)
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=6000, initial_alphabet=initial, limit_alphabet=len(initial),
                                                             special_tokens=["<unk>", "<s>", "</s>", *byte_tokens], show_progress=False))
    content = save_but_special(tokenizer, folder / "bpe-metaspace.json", 3)
    # The same without bytes: what is unknown is <unk>, once for each letter, or once for each run.
    for name, fuse in (("bpe-unk", False), ("bpe-unk-fused", True)):
        content["model"] |= {"byte_fallback": False, "fuse_unk": fuse}
        (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False))
    # GPT-1's and CLIP's: words end in </w>.
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    initial = alphabet(tokenizer, lines, 500)
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=6000, initial_alphabet=initial, limit_alphabet=len(initial), special_tokens=["<unk>", *(letter + "</w>" for letter in initial)],
        end_of_word_suffix="</w>", show_progress=False))
    save_but_special(tokenizer, folder / "bpe-end-of-word.json", 1)
    # GPT-2's and RoBERTa's ways: byte level, a space before the first word, <s> and </s>, a mask that takes the space before it.
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=6000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                                             special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True)
    save(tokenizer, folder / "roberta.json")
    # WordLevel.
    tokenizer = tokenizers.Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(lines, trainers.WordLevelTrainer(vocab_size=3000, special_tokens=["[UNK]"], show_progress=False))
    save(tokenizer, folder / "wordlevel.json")


def make(folder, vocabularies):
    lines = training_lines()
    make_sentencepiece(folder, lines)
    make_unigram(folder)
    make_wordpiece(folder, lines)
    make_bpe(folder, lines)
    make_bert_from_gguf(folder, vocabularies / "bert-bge.gguf")
