"""The reference tokenizers, as functions from text to IDs. Special tokens stay text, as Leyden does it with documents."""
import json
import pathlib
import struct

import tiktoken
import tiktoken.load
import tiktoken_ext.openai_public
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers


def tiktoken_encoding(name, folder):
    # tiktoken would download its rank file: it gets the one that ./dev setup brought. Pattern and special tokens are its own.
    load = tiktoken.load.load_tiktoken_bpe
    tiktoken_ext.openai_public.load_tiktoken_bpe = lambda url, expected_hash=None: load(str(folder / url.rsplit("/", 1)[1]))
    return tiktoken.Encoding(**getattr(tiktoken_ext.openai_public, name)()).encode_ordinary


def huggingface(tokenizer):
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def from_json(file):
    # Added tokens would be matched in the text.
    content = json.loads(file.read_text())
    content["added_tokens"] = []
    return huggingface(tokenizers.Tokenizer.from_str(json.dumps(content)))


def gguf_arrays(file):
    """The string arrays of a GGUF file's metadata (a reader of its own, so that ours is not its own judge)."""
    data = memoryview(file.read_bytes()[:64_000_000])
    at = 24
    sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

    def string():
        nonlocal at
        (length,) = struct.unpack_from("<Q", data, at)
        at += 8 + length
        return bytes(data[at - length:at]).decode()

    arrays = {}
    (pairs,) = struct.unpack_from("<Q", data, 16)
    for _ in range(pairs):
        key = string()
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        if kind == 8:
            string()
        elif kind == 9:
            kind, count = struct.unpack_from("<IQ", data, at)
            at += 12
            if kind == 8:
                arrays[key] = [string() for _ in range(count)]
            else:
                at += sizes[kind] * count
        else:
            at += sizes[kind]
    return arrays


def from_gguf(file, pre_tokenizer, normalizer=None):
    arrays = gguf_arrays(file)
    tokens = arrays["tokenizer.ggml.tokens"]
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)},
                                                merges=[tuple(merge.split(" ")) for merge in arrays["tokenizer.ggml.merges"]]))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    return huggingface(tokenizer)


def all_references(cache):
    """(what to give to --tokenizer, function) for each."""
    folder = cache / "tokenizers"
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    qwen_pattern = json.loads((folder / "qwen2.5.json").read_text())["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
    qwen = pre_tokenizers.Sequence([pre_tokenizers.Split(tokenizers.Regex(qwen_pattern), "isolated"), byte_level])
    smollm = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    yield "cl100k_base", tiktoken_encoding("cl100k_base", folder)
    yield "o200k_base", tiktoken_encoding("o200k_base", folder)
    yield str(folder / "qwen2.5.json"), from_json(folder / "qwen2.5.json")
    models_folder = cache / "models"
    for name, pre, normalizer in (("qwen2.5-coder-1.5b", qwen, normalizers.NFC()), ("smollm2-135m", smollm, None)):
        file = models_folder / f"{name}.gguf"
        if not file.exists():
            raise SystemExit(f"{file} is not there: leyden model get {name}")
        yield name, from_gguf(file, pre, normalizer)


def cache_folder():
    import os
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden"
