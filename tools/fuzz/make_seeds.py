#!/usr/bin/env python3
"""Writes the seeds of the tokenizers' fuzzers into fuzz/corpus: tiny tokenizers of every kind, whole and broken.

    python3 tools/fuzz/make_seeds.py fuzz/corpus

Only the standard library: every format is written by hand, so that a seed can be as wrong as it should be.
"""
import base64
import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "reference"))
import fuzz_strings  # noqa: E402


# --- tokenizer.json

def byte_char(byte):
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return chr(byte) if byte in printed else chr(256 + sum(other not in printed for other in range(byte)))


def huggingface():
    bytes_vocabulary = {byte_char(byte): byte for byte in range(256)}
    bpe = {"type": "BPE", "vocab": {**bytes_vocabulary, "he": 256, "ll": 257, "hell": 258, "\u0120a": 259}, "merges": [["h", "e"], ["l", "l"], ["he", "ll"], ["\u0120", "a"]]}
    old_merges = {**bpe, "merges": ["h e", "l l"]}
    letters = {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "\u2581": 4, "\u2581a": 5, "<0x0A>": 6, "##b": 7, "\u4e2d": 8, "c</w>": 9}
    spm = {"type": "BPE", "vocab": letters, "merges": [["a", "b"], ["\u2581", "a"]], "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True}
    unigram = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.5], ["b", -2], ["ab", -3.5], ["\u2581", -4], ["<0x0A>", -9]], "byte_fallback": True}
    wordpiece = {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": letters}
    word_level = {"type": "WordLevel", "unk_token": "<unk>", "vocab": letters}
    special = {"id": 260, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}

    def whole(model, **parts):
        return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model, **parts}

    yield "bpe", whole(bpe, pre_tokenizer=level, decoder=level, added_tokens=[special])
    yield "bpe_old_merges", whole(old_merges, pre_tokenizer=level, decoder=level)
    yield "spm", whole(spm, normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
                       decoder={"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})
    yield "unigram", whole(unigram, pre_tokenizer={"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}, decoder={"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True})
    yield "wordpiece", whole(wordpiece, normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}, pre_tokenizer={"type": "BertPreTokenizer"},
                             decoder={"type": "WordPiece", "prefix": "##", "cleanup": True})
    yield "word_level", whole(word_level, pre_tokenizer={"type": "Whitespace"})
    pattern = {"type": "Split", "pattern": {"Regex": r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s+(?!\S)|\s+"}, "behavior": "Isolated", "invert": False}
    yield "split", whole({**bpe, "ignore_merges": True}, pre_tokenizer={"type": "Sequence", "pretokenizers": [pattern, {**level, "use_regex": False}]}, normalizer={"type": "NFC"}, decoder=level,
                         post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
                                         "special_tokens": {"<s>": {"id": "<s>", "ids": [260], "tokens": ["<s>"]}}}, added_tokens=[special])
    normalizers = [{"type": t} for t in ("NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt")]
    normalizers += [{"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
                    {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap()).decode()}]
    for i, normalizer in enumerate(normalizers):
        yield f"normalizer_{i}", whole(word_level, normalizer=normalizer)
    cutters = [{"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Contiguous"}, {"type": "WhitespaceSplit"}, {"type": "UnicodeScripts"}, {"type": "CharDelimiterSplit", "delimiter": "-"},
               {"type": "FixedLength", "length": 3}, {"type": "Split", "pattern": {"String": "a"}, "behavior": "MergedWithNext", "invert": True}, {"type": "Metaspace", "replacement": "_", "add_prefix_space": False}]
    for i, cutter in enumerate(cutters):
        yield f"pretokenizer_{i}", whole(word_level, pre_tokenizer=cutter)
    yield "decoder_ctc", whole(word_level, decoder={"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": True})
    yield "decoder_bpe", whole({**spm, "end_of_word_suffix": "</w>", "byte_fallback": False}, decoder={"type": "BPEDecoder", "suffix": "</w>"})
    flags = [{**special, "id": 260 + i, "content": content, **change} for i, (content, change) in enumerate([("<l>", {"lstrip": True}), ("<r>", {"rstrip": True, "special": False}), ("word", {"single_word": True}), ("NN", {"normalized": True, "special": False})])]
    yield "added", whole(bpe, pre_tokenizer=level, decoder=level, added_tokens=flags, normalizer={"type": "Lowercase"})
    # Wrong in one thing each.
    yield "added_elsewhere", whole(bpe, pre_tokenizer=level, decoder=level, added_tokens=[{**special, "id": 300}])  # The reference makes it 260.
    yield "added_empty", whole(bpe, pre_tokenizer=level, decoder=level, added_tokens=[{**special, "content": ""}])
    yield "wrong_merge", whole({**spm, "merges": [["a", "zz"]]})
    yield "wrong_merge_type", whole({**spm, "merges": [["a"], 7, "a", "a b c", ["a", "b", "ab"]]})
    yield "wrong_ids", whole({**spm, "vocab": {"a": -1, "b": 4294967295, "c": 1e300, "d": "4", "e": None}})
    yield "same_ids", whole({**spm, "vocab": {**letters, "zz": 1}})
    yield "wrong_types", {key: 5 for key in whole(0)}
    yield "huge_id", whole({**spm, "vocab": {**letters, "zz": 2147483647}})
    yield "wrong_unk", whole({**unigram, "unk_id": 99})
    yield "wrong_scores", whole({**unigram, "vocab": [["a", "b"], ["c"], 4, ["d", 1e999]]})
    yield "wrong_regex", whole(bpe, pre_tokenizer={**pattern, "pattern": {"Regex": "(?<a>[\\p{Klingon}++)"}})
    yield "slow_regex", whole(bpe, pre_tokenizer={"type": "Sequence", "pretokenizers": [{**pattern, "pattern": {"Regex": "(a*)*(a*)*(a|a)*b"}}, level]})
    yield "unknown_part", whole(spm, normalizer={"type": "Shout"})
    yield "deep", whole(spm, normalizer=nested(60))
    yield "no_model", {"version": "1.0"}
    yield "long_name", whole(spm, normalizer={"type": "x" * 2000 + "\n\u001b[31m"})


def nested(depth):
    value = {"type": "NFC"}
    for _ in range(depth):
        value = {"type": "Sequence", "normalizers": [value]}
    return value


# --- SentencePiece: protobuf and the character map

def varint(number):
    out = b""
    number &= (1 << 64) - 1
    while True:
        byte = number & 0x7F
        number >>= 7
        out += bytes([byte | (0x80 if number else 0)])
        if not number:
            return out


def field(number, value):
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def charsmap():
    """A double array of 256 units that maps "A" to "b" and nothing else."""
    units = [0] * 256
    root, leaf = 0x80, 0x02
    letter = root ^ ord("A")
    units[0] = root << 10
    units[letter] = (letter ^ leaf) << 10 | 1 << 8 | ord("A")
    units[leaf] = 1 << 31 | 0
    blob = struct.pack("<256I", *units)
    return struct.pack("<I", len(blob)) + blob + b"b\0"


def sentencepiece():
    NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6

    def model(kind, pieces, trainer=b"", normalizer=b""):
        body = b"".join(field(1, field(1, text) + field(2, float(score)) + (field(3, what) if what != NORMAL else b"")) for text, score, what in pieces)
        return body + field(2, field(3, kind) + trainer) + field(3, normalizer)

    markup = [("<unk>", 0, UNKNOWN), ("<s>", 0, CONTROL), ("</s>", 0, CONTROL)]
    words = [("\u2581", -3, NORMAL), ("a", -1, NORMAL), ("b", -2, NORMAL), ("ab", -2.5, NORMAL), ("\u2581a", -2, NORMAL), ("\u4e2d", -4, NORMAL)]
    all_bytes = [(f"<0x{byte:02X}>", 0, BYTE) for byte in range(256)]
    no_extra = field(3, 1) + field(4, 0)
    yield "unigram", model(1, markup + words)
    yield "unigram_bytes", model(1, markup + all_bytes + words, field(35, 1), no_extra)
    yield "unigram_user", model(1, markup + words + [("<sep>", 0, USER), ("b\u2581", 0, USER), ("zz", -1, UNUSED)])
    yield "unigram_map", model(1, markup + words, b"", field(1, "own") + field(2, charsmap()))
    yield "bpe", model(2, markup + words)
    yield "bpe_bytes", model(2, markup + all_bytes + words, field(35, 1), no_extra)
    yield "bpe_user", model(2, markup + words + [("<sep>", 0, USER), ("\n", 0, USER)])
    yield "bpe_unused", model(2, markup + words + [("ba", -0.5, UNUSED)])
    yield "suffix", model(1, markup + words, field(24, 1))
    yield "word", model(3, markup + words)
    yield "char", model(4, markup + words)
    yield "no_unknown", model(1, words)
    yield "twice", model(1, markup + words + words)
    yield "some_bytes", model(1, markup + all_bytes[:10] + words, field(35, 1))
    yield "nan", model(1, markup + words + [("n", float("nan"), NORMAL), ("i", float("-inf"), NORMAL), ("h", 3e38, NORMAL)])
    yield "empty_piece", model(1, markup + [("", -1, NORMAL)] + words)
    yield "ill_formed", model(1, markup + [(b"\xff\xfe", -1, NORMAL), (b"\xe4\xb8", -1, NORMAL)] + words)
    yield "broken_map", model(1, markup + words, b"", field(2, struct.pack("<I", 4096) + b"\xff" * 40))
    yield "circle_map", model(1, markup + words, b"", field(2, struct.pack("<I", 1024) + struct.pack("<256I", *[0x141] * 256) + b"x"))
    whole = model(1, markup + words)
    yield "cut", whole[:len(whole) // 2]
    yield "long_length", b"\x0a\xff\xff\xff\xff\x0f" + whole
    yield "groups", b"\x0b" * 100 + whole
    yield "wrong_wire", varint(1 << 3) + varint(5) + whole


# --- tiktoken

def tiktoken():
    ranks = [(bytes([byte]), byte) for byte in range(256)] + [(b"he", 256), (b"ll", 257), (b"hell", 258)]

    def lines(items):
        return b"".join(base64.b64encode(token) + b" " + str(rank).encode() + b"\n" for token, rank in items)

    yield "ranks", lines(ranks)
    yield "few", lines(ranks[97:100])
    yield "no_newline", lines(ranks[97:100])[:-1]
    yield "crlf", lines(ranks[97:100]).replace(b"\n", b"\r\n")
    yield "twice", lines(ranks[97:100] * 2)
    yield "huge_rank", b"YQ== 4294967295\nYg== 4294967296\n"
    yield "negative", b"YQ== -1\n"
    yield "wrong_base64", b"Y=Q= 1\n!!!! 2\nYQ 3\n"
    yield "no_rank", b"YQ==\n"
    yield "empty_token", b" 1\n"
    yield "long_line", b"Y" * 3000 + b" 1\n"


# --- GGUF

def gguf():
    def string(text):
        text = text.encode() if isinstance(text, str) else text
        return struct.pack("<Q", len(text)) + text

    def value(item):
        if isinstance(item, bool):
            return 7, bytes([item])
        if isinstance(item, int):
            return 4, struct.pack("<I", item & 0xFFFFFFFF)
        if isinstance(item, float):
            return 6, struct.pack("<f", item)
        if isinstance(item, list):
            kind = 5 if item and isinstance(item[0], int) else value(item[0])[0] if item else 8
            body = b"".join(struct.pack("<i", each) if kind == 5 else value(each)[1] for each in item)
            return 9, struct.pack("<IQ", kind, len(item)) + body
        return 8, string(item)

    def file(pairs, version=3, count=None):
        body = b""
        for key, item in pairs.items():
            kind, data = value(item)
            body += string(key) + struct.pack("<I", kind) + data
        return b"GGUF" + struct.pack("<IQQ", version, 0, len(pairs) if count is None else count) + body

    letters = [byte_char(byte) for byte in range(256)] + ["he", "ll", "hell", "<|end|>"]
    gpt2 = {"general.architecture": "llama", "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2", "tokenizer.ggml.tokens": letters, "tokenizer.ggml.token_type": [1] * 259 + [3],
            "tokenizer.ggml.merges": ["h e", "l l", "he ll"], "tokenizer.ggml.eos_token_id": 259}
    yield "gpt2", file(gpt2)
    for pre in ("llama-bpe", "qwen2", "smollm", "gpt-4o", "deepseek-v3", "falcon", "nonsense"):
        yield f"pre_{pre}", file({**gpt2, "tokenizer.ggml.pre": pre, "tokenizer.ggml.tokens": letters[90:130] + ["\u0120a", "ab", "\u0120"], "tokenizer.ggml.token_type": [1] * 43, "tokenizer.ggml.merges": ["a b", "\u0120 a"], "tokenizer.ggml.eos_token_id": 3})
    pieces = ["<unk>", "<s>", "</s>", "<0x0A>", "<0x41>", "\u2581", "a", "b", "ab", "\u2581a"]
    llama = {"general.architecture": "llama", "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": pieces, "tokenizer.ggml.scores": [0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -2.0, -3.0, -4.0, -5.0],
             "tokenizer.ggml.token_type": [2, 3, 3, 6, 6, 1, 1, 1, 1, 1], "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.add_bos_token": True}
    yield "llama", file(llama)
    yield "t5", file({**llama, "tokenizer.ggml.model": "t5", "tokenizer.ggml.precompiled_charsmap": "x"})
    yield "bert", file({**llama, "tokenizer.ggml.model": "bert", "tokenizer.ggml.tokens": ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "\u2581a", "b", "\u2581hello", "lo", "\u2581."], "tokenizer.ggml.token_type": [2, 3, 3, 3, 3, 1, 1, 1, 1, 1], "tokenizer.ggml.unknown_token_id": 0})
    yield "no_tokenizer", file({"general.architecture": "llama"})
    yield "wrong_id", file({**gpt2, "tokenizer.ggml.eos_token_id": 99999})
    yield "wrong_merge", file({**llama, "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.merges": ["a", "a b c", "x y", " "]})
    yield "wrong_types", file({**llama, "tokenizer.ggml.tokens": 5, "tokenizer.ggml.scores": "x"})
    yield "few_scores", file({**llama, "tokenizer.ggml.scores": [0.0]})
    yield "many_pairs", file(llama, count=1 << 60)
    yield "old_version", file(llama, version=1)
    whole = file(llama)
    yield "cut", whole[:len(whole) // 2]
    at = whole.index(b"tokenizer.ggml.tokens") + 21 + 4 + 4
    yield "long_array", whole[:at] + struct.pack("<Q", 1 << 62) + whole[at + 8:]
    yield "nested_arrays", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 200


# --- texts

def texts():
    """For tokenizer_fuzz: family, mode, text."""
    strings = [text for text in fuzz_strings.fuzz_strings(400, 3) if 4 <= len(text) <= 90]
    families = sum(1 for file in (ROOT / "fuzz" / "vocabularies").iterdir() if file.suffix in (".json", ".model"))
    for i in range(2 * families):
        yield f"text_{i:03}", bytes([i % families, (0, 2, 1, 7, 0xC0)[i % 5]]) + strings[i]


def main():
    folder = pathlib.Path(sys.argv[1])
    total = 0
    for name, seeds in (("huggingface_load_fuzz", huggingface()), ("sentencepiece_load_fuzz", sentencepiece()), ("tiktoken_load_fuzz", tiktoken()), ("gguf_load_fuzz", gguf()), ("tokenizer_fuzz", texts())):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for seed, content in seeds:
            if isinstance(content, dict):
                content = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
            (folder / name / seed).write_bytes(content)
            total += len(content)
    # What json can't write.
    extra = folder / "huggingface_load_fuzz"
    (extra / "empty").write_bytes(b"")
    (extra / "open_braces").write_bytes(b'{"model":' * 200)
    (extra / "ill_formed").write_bytes(b'{"model":{"type":"BPE","vocab":{"\xff":0,"\\ud800":1},"merges":[]}}')
    (extra / "twice").write_bytes(b'{"model":{"vocab":{"a":0,"a":1},"merges":[]},"model":{"vocab":{},"merges":[]}}')
    (extra / "utf16").write_bytes('{"model":{}}'.encode("utf-16"))
    print(f"{total:,} bytes")


if __name__ == "__main__":
    main()
