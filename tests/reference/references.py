"""The reference tokenizers. Special tokens in documents stay text in Leyden: special="none" is what that is compared with."""
import base64
import collections.abc
import dataclasses
import functools
import json
import pathlib
import re
import struct

import sentencepiece
import tiktoken
import tiktoken.load
import tiktoken_ext.openai_public
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors


@dataclasses.dataclass(frozen=True)
class Reference:
    """A reference tokenizer. What it can't do raises.

    encode(text, special="none", add_special_tokens=False): IDs. special="none": names of special tokens in the text stay
    text. That concerns the added tokens with "special": true only; the others (Qwen's <tool_call>, Gemma's runs of
    newlines, DeepSeek's <｜User｜>, a SentencePiece model's user-defined symbols) are words of the vocabulary and always
    apply. special="all": all of them become their IDs. add_special_tokens: with <s>, [CLS] and the like.
    decode(ids): the text, special tokens included.
    encode_batch(texts): as encode(text) for each, by the library's cheapest way.
    """
    name: str
    encode: collections.abc.Callable
    decode: collections.abc.Callable
    encode_batch: collections.abc.Callable = None

    def __post_init__(self):
        if self.encode_batch is None:
            object.__setattr__(self, "encode_batch", lambda texts: [self.encode(text) for text in texts])


def tiktoken_reference(name, encoding):
    def encode(text, special="none", add_special_tokens=False):
        return encoding.encode(text, allowed_special="all") if special == "all" else encoding.encode_ordinary(text)

    return Reference(name, encode, lambda ids: encoding.decode_bytes(ids).decode(errors="replace"))


def tiktoken_encoding(name, folder):
    # tiktoken would download its rank file: it gets the one that ./dev setup brought. Pattern and special tokens are its own.
    load = tiktoken.load.load_tiktoken_bpe
    tiktoken_ext.openai_public.load_tiktoken_bpe = lambda url, expected_hash=None: load(str(folder / url.rsplit("/", 1)[1]))
    # gpt2's own files are in another format; r50k_base is the same with ranks.
    return tiktoken.Encoding(**getattr(tiktoken_ext.openai_public, name)())


LLAMA3_PATTERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA4_PATTERN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
                  r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
                  r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def llama_encoding(file, pattern):
    """Meta's own way: tiktoken with the rank file, and a first special token right behind its last rank."""
    ranks = tiktoken.load.load_tiktoken_bpe(str(file))
    return tiktoken.Encoding(file.stem, pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|begin_of_text|>": len(ranks)})


def tekken_encoding(file):
    """Mistral's own way (mistral-common): the special tokens come first, and only so many ranks as the file says apply."""
    content = json.loads(file.read_text())
    config = content["config"]
    specials = config["default_num_special_tokens"]
    kept = config["default_vocab_size"] - specials
    ranks = {base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in content["vocab"][:kept]}
    return tiktoken.Encoding(file.stem, pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={}), specials


def tekken_reference(name, file):
    encoding, specials = tekken_encoding(file)

    def encode(text, special="none", add_special_tokens=False):
        if special == "all":
            raise NotImplementedError("Mistral's tokenizer never makes special tokens from text")
        return [1] * add_special_tokens + [specials + rank for rank in encoding.encode_ordinary(text)]

    return Reference(name, encode, lambda ids: encoding.decode([i - specials for i in ids if i >= specials]))


NUMBER = "\U0010FFFDnumber "  # Before digits that stand in for a number.


def without_special_names(content):
    """tokenizer.json's content, with names for the special tokens that no text has: as if they were not in it, IDs unmoved.

    Hugging Face's own switch, encode_special_tokens, is not enough: a Unigram model has <s> among its pieces and finds it in
    the text (XLM-R, T5). Nor does the switch let an added token be found that begins inside the name of a special one.

    Numbers stay as they are spelled: what the library reads is not always the nearest double, so that a score that has gone
    through Python's hands would be another.
    """
    content = json.loads(content, parse_float=lambda digits: f"{NUMBER}{digits}")
    model = content["model"]
    unknown = model.get("unk_token")  # Needs its name. Where it is a piece, it is one that means "unknown" anyway.
    made = {"".join(pair.split(" ") if isinstance(pair, str) else pair) for pair in model.get("merges", [])}
    hidden = {}
    if unknown in model["vocab"]:  # It keeps its name there; as an added token with another it would move the IDs behind it.
        content["added_tokens"] = [token for token in content["added_tokens"] if not token["special"] or token["content"] != unknown]
    for token in content["added_tokens"]:
        if token["special"]:
            hidden[token["content"]] = f"\U0010FFFE\U0010FFFE{token['id']}"
            token["content"], token["normalized"] = hidden[token["content"]], False
    keep = made | {unknown}
    if model["type"] == "Unigram":
        model["vocab"] = [[hidden.get(piece, piece), score] for piece, score in model["vocab"]]
    else:
        model["vocab"] = {piece if piece in keep else hidden.get(piece, piece): i for piece, i in model["vocab"].items()}
    return re.sub(f'"{NUMBER}([^"]*)"', r"\1", json.dumps(content, ensure_ascii=False))


def huggingface_reference(name, tokenizer, content=None):
    """Padding and truncation are the application's, not the tokenizer's. `content`: of the file that the tokenizer is of."""
    plain = tokenizers.Tokenizer.from_str(without_special_names(content or tokenizer.to_str()))
    for each in (tokenizer, plain):
        each.no_padding()
        each.no_truncation()

    def encode(text, special="none", add_special_tokens=False):
        return (tokenizer if special == "all" else plain).encode(text, add_special_tokens=add_special_tokens).ids

    def encode_batch(texts):  # Without offsets, which cost as much as the IDs.
        return [encoding.ids for encoding in plain.encode_batch_fast(texts, add_special_tokens=False)]

    return Reference(name, encode, lambda ids: tokenizer.decode(ids, skip_special_tokens=False), encode_batch)


def from_json(name, file):
    return huggingface_reference(name, tokenizers.Tokenizer.from_file(str(file)), file.read_text())


def sentencepiece_reference(name, processor, ends=False):
    """The whole text at once: SentencePiece knows no lines; its normalizer may make newlines spaces."""
    def encode(text, special="none", add_special_tokens=False):
        if special == "all":
            raise NotImplementedError("SentencePiece never makes control symbols from text")
        return processor.encode(text, add_bos=add_special_tokens and processor.bos_id() >= 0, add_eos=add_special_tokens and ends)

    return Reference(name, encode, processor.decode, lambda texts: processor.encode(texts, num_threads=1))


def from_model(name, file):
    return sentencepiece_reference(name, sentencepiece.SentencePieceProcessor(model_file=str(file)))


# --- SentencePiece's model file (a protocol buffer), read and written without Google's library.

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)  # GGUF has the same numbers.
UNIGRAM, BPE, WORD, CHAR = range(1, 5)


@dataclasses.dataclass
class SentencePieceModel:
    pieces: list  # (piece, score, type)
    trainer: dict  # Field number: value.
    normalizer: dict

    @property
    def charsmap(self):
        return self.normalizer.get(2, b"")


def protobuf_fields(data):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 2:
            length = varint()
            value = bytes(data[at:at + length])
            at += length
        else:
            size, form = {1: (8, "<d"), 5: (4, "<f")}[key & 7]
            (value,) = struct.unpack_from(form, data, at)
            at += size
        yield key >> 3, value


def protobuf(fields):
    def varint(value):
        out = b""
        while value >= 128:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    out = bytearray()
    for number, value in fields:
        if isinstance(value, float):
            out += varint(number << 3 | 5) + struct.pack("<f", value)
        elif isinstance(value, int):
            out += varint(number << 3) + varint(value & (1 << 64) - 1)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return bytes(out)


def sentencepiece_model(data):
    pieces, trainer, normalizer = [], {}, {}
    for number, value in protobuf_fields(data):
        if number == 1:
            piece = dict(protobuf_fields(value))
            pieces.append((piece[1].decode(), piece.get(2, 0.0), piece.get(3, NORMAL)))
        elif number == 2:
            trainer = dict(protobuf_fields(value))
        elif number == 3:
            normalizer = dict(protobuf_fields(value))
    return SentencePieceModel(pieces, trainer, normalizer)


def sentencepiece_from_gguf(metadata):
    """SentencePiece itself, given the model that the GGUF file was made from as far as its metadata tell."""
    tokens, scores, types = (metadata[f"tokenizer.ggml.{key}"] for key in ("tokens", "scores", "token_type"))
    bpe = metadata["tokenizer.ggml.model"] == "llama"
    pieces, seen, unknown = [], set(), metadata.get("tokenizer.ggml.unknown_token_id", 0)
    for i, (token, score, kind) in enumerate(zip(tokens, scores, types)):
        if i == unknown:
            kind = UNKNOWN
        elif token in seen or not token or kind == UNKNOWN:  # SentencePiece refuses doubles; padding of the vocabulary makes some.
            token, kind = f"<unused-{i}>", UNUSED
        seen.add(token)
        pieces.append((1, protobuf([(1, token), (2, float(score)), (3, kind)])))
    trainer = [(3, BPE if bpe else UNIGRAM), (35, int(BYTE in types)), (40, unknown), (41, metadata.get("tokenizer.ggml.bos_token_id", -1)),
               (42, metadata.get("tokenizer.ggml.eos_token_id", -1)), (43, -1)]
    normalizer = [(1, "from GGUF"), (2, bytes(byte & 255 for byte in metadata.get("tokenizer.ggml.precompiled_charsmap", []))),
                  (3, int(metadata.get("tokenizer.ggml.add_space_prefix", True))), (4, int(metadata.get("tokenizer.ggml.remove_extra_whitespaces", False))), (5, 1)]
    return sentencepiece.SentencePieceProcessor(model_proto=protobuf([*pieces, (2, protobuf(trainer)), (3, protobuf(normalizer))]))


# --- GGUF

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


def bert_vocabulary(metadata):
    """BERT's tokens. GGUF marks the beginnings of words with ▁ instead of the continuations with ##."""
    def back(token):
        if len(token) > 2 and token.startswith("[") and token.endswith("]"):
            return token
        return token[1:] if token.startswith("▁") else "##" + token

    return [back(token) for token in metadata["tokenizer.ggml.tokens"]]


def bert_tokenizer(vocabulary, lowercase):
    tokenizer = tokenizers.Tokenizer(models.WordPiece({token: i for i, token in enumerate(vocabulary)}, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    return tokenizer


def from_gguf(name, file):
    metadata = gguf_metadata(file)
    model = metadata["tokenizer.ggml.model"]
    if model == "bert":
        tokenizer = bert_tokenizer(bert_vocabulary(metadata), lowercase=True)
        tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 102), ("[CLS]", 101))
        return huggingface_reference(name, tokenizer)
    if model in ("llama", "t5"):
        return sentencepiece_reference(name, sentencepiece_from_gguf(metadata), metadata.get("tokenizer.ggml.add_eos_token", False))
    return huggingface_reference(name, bpe_from_gguf(metadata))


def from_file(name, file):
    if file.name == "tekken.json":
        return tekken_reference(name, file)
    if file.suffix == ".json":
        return from_json(name, file)
    if file.suffix == ".model":
        return from_model(name, file)
    if file.suffix == ".gguf":
        return from_gguf(name, file)
    if file.stem.startswith("llama"):
        return tiktoken_reference(name, llama_encoding(file, LLAMA4_PATTERN if file.stem == "llama4" else LLAMA3_PATTERN))
    return tiktoken_reference(name, tiktoken_encoding(file.stem, file.parent))


def versions_for(file):
    """The libraries whose answers from_file's reference gives for this file. Another recipe here is another number."""
    recipe = "recipe 1"
    libraries = {".model": [sentencepiece], ".tiktoken": [tiktoken], ".json": [tiktoken if file.name == "tekken.json" else tokenizers],
                 ".gguf": [tokenizers, sentencepiece]}[file.suffix]
    return ", ".join([f"{library.__name__} {library.__version__}" for library in libraries] + [recipe])


def every_reference(cache):
    """A function that gives the Reference, for each of vocabularies.py's files that is there: (name, file, function)."""
    import vocabularies
    folder = cache / "vocabularies"
    files = {name: folder / vocabulary.file for name, vocabulary in vocabularies.VOCABULARIES.items()}
    files["qwen2.5"] = cache / "tokenizers" / "qwen2.5.json"
    files |= {name: cache / "models" / f"{name}.gguf" for name in ("qwen2.5-coder-1.5b", "smollm2-135m")}
    for made in ("trained", "components"):
        files |= {f"{made}/{file.stem}": file for file in sorted((folder / made).glob("*.*")) if file.suffix in (".json", ".model")}
    for name, file in files.items():
        if file.exists():
            yield name, file, functools.partial(from_file, name, file)


def all_references(cache):
    """(what to give to --tokenizer, function from text to IDs) for each that compare.py compares."""
    folder = cache / "tokenizers"
    files = {"cl100k_base": folder / "cl100k_base.tiktoken", "o200k_base": folder / "o200k_base.tiktoken",
             str(folder / "qwen2.5.json"): folder / "qwen2.5.json"}
    for name in ("qwen2.5-coder-1.5b", "smollm2-135m"):
        files[name] = cache / "models" / f"{name}.gguf"
        if not files[name].exists():
            raise SystemExit(f"{files[name]} is not there: leyden model get {name}")
    for name, file in files.items():
        yield name, from_file(name, file).encode


def cache_folder():
    import os
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden"
