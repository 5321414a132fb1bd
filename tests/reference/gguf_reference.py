"""Hugging Face's tokenizer of a GGUF file: what the model's own tokenizer.json would make. Needs nothing but `tokenizers`."""
import struct

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)  # Kinds of tokens. SentencePiece has the same numbers.
LLAMA3_PATTERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def gguf_metadata(file):
    """A GGUF file's metadata (a reader of its own, so that ours is not its own judge)."""
    data = memoryview(file.read_bytes()[:64_000_000])
    at = 24
    forms = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

    def value(kind):
        nonlocal at
        if kind == 8:
            (length,) = struct.unpack_from("<Q", data, at)
            at += 8 + length
            return bytes(data[at - length:at]).decode()
        if kind == 9:
            kind, count = struct.unpack_from("<IQ", data, at)
            at += 12
            if kind in forms:
                values = struct.unpack_from(f"<{count}{forms[kind]}", data, at)
                at += struct.calcsize(f"<{count}{forms[kind]}")
                return list(values)
            return [value(kind) for _ in range(count)]
        (number,) = struct.unpack_from("<" + forms[kind], data, at)
        at += struct.calcsize("<" + forms[kind])
        return number

    metadata = {}
    (pairs,) = struct.unpack_from("<Q", data, 16)
    for _ in range(pairs):
        key = value(8)
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        metadata[key] = value(kind)
    return metadata


GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def split(pattern, behavior="isolated"):
    return pre_tokenizers.Split(tokenizers.Regex(pattern), behavior)


# What the models' own tokenizer.json files have; GGUF only has a name for it.
QWEN_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")
PRE_TOKENIZERS = {
    "gpt-2": GPT2,
    "mpt": GPT2,
    "llama-bpe": pre_tokenizers.Sequence([split(LLAMA3_PATTERN), BYTES]),
    "qwen2": pre_tokenizers.Sequence([split(QWEN_PATTERN), BYTES]),
    "qwen35": pre_tokenizers.Sequence([split(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), BYTES]),
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2]),
    "starcoder": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2]),
    "refact": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2]),
    "falcon": pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), GPT2, pre_tokenizers.Digits(individual_digits=False), split("[0-9][0-9][0-9]")]),
    "deepseek-llm": pre_tokenizers.Sequence([
        split("[\r\n]"),
        split("\\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-"
              "\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5"
              "\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D"
              "\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB"
              "\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134"
              "\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B"
              "\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\U00010400-\U0001044F"
              "\U000104B0-\U000104D3\U000104D8-\U000104FB\U00010C80-\U00010CB2\U00010CC0-\U00010CF2\U000118A0-\U000118DF\U0001E900-\U0001E943]+"),
        split("\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+"), split("\\s+$"), split("[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+"), pre_tokenizers.Digits(individual_digits=True), BYTES]),
    "deepseek-coder": pre_tokenizers.Sequence([
        split("[\r\n]"), split("\\s?\\p{L}+"), split("\\s?\\p{P}+"), split("[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+"), pre_tokenizers.Digits(individual_digits=True), BYTES]),
}


def bpe_from_gguf(metadata):
    tokens, merges = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.merges"]
    pre = metadata.get("tokenizer.ggml.pre")
    gemma = metadata["tokenizer.ggml.model"] == "gemma4"
    ids = {}
    for i, token in enumerate(tokens):
        ids.setdefault(token, i)
    # A merge's halves have no space in them (SentencePiece's is another sign), but an empty half is none either.
    pairs = [(merge[:cut], merge[cut + 1:]) for merge in merges for cut in (merge.index(" ", 1),)]
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=ids, merges=pairs, ignore_merges=pre == "llama-bpe",
                                                **({"byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"} if gemma else {})))
    if gemma:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    else:
        tokenizer.pre_tokenizer = PRE_TOKENIZERS[pre]
        tokenizer.decoder = decoders.ByteLevel()
    if pre in ("qwen2", "qwen35", "mpt"):  # MPT has GPT-NeoX's tokenizer, which composes, too.
        tokenizer.normalizer = normalizers.NFC()
    for i, kind in enumerate(metadata.get("tokenizer.ggml.token_type", [])):
        if kind in (CONTROL, USER_DEFINED) and ids[tokens[i]] == i:
            token = tokenizers.AddedToken(tokens[i], normalized=False, special=kind == CONTROL)
            (tokenizer.add_special_tokens if kind == CONTROL else tokenizer.add_tokens)([token])
    return tokenizer
