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

from gguf_reference import BYTE, LLAMA3_PATTERN, NORMAL, UNKNOWN, UNUSED, bpe_from_gguf, gguf_metadata


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
