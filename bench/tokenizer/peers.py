#!/usr/bin/env python3
"""The peers: one class each, and the worker process that bench.py drives one in:  peers.py NAME  (protocol: README.md).

    load(encoding, files)  makes the tokenizer; files: "ranks" (tiktoken's format) and "json" (tokenizer.json), where they exist
    encode(text)           IDs of one text, for the comparison: a list or an array
    run(text)              one text by the call with the least overhead found, for timing; returns the result object
    run_many(texts, n)     many texts the same way, with n threads, by the peer's own batch interface where it has one
    tokens(result)         IDs in what run or run_many returned, counted outside the timing

Special tokens are never added, and texts have none inside (corpora.py). Construct nothing before load: bench.py pins the
process first, so that thread pools are sized by it.
"""
import ctypes
import importlib.metadata
import json
import os
import pathlib
import re
import struct
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy

TIKTOKEN = ("cl100k_base", "o200k_base")
BYTE_LEVEL = (*TIKTOKEN, "llama3", "qwen3", "deepseek3", "gptoss")
ALL = (*BYTE_LEVEL, "llama2", "gemma1", "gemma3")


def with_utf8(text):
    """The text, with the UTF-8 that Python keeps beside it already made: else the first call would pay for it."""
    ctypes.pythonapi.PyUnicode_AsUTF8AndSize(ctypes.py_object(text), None)
    return text


def total(results):
    return sum(map(len, results))


class Peer:
    package = ""  # On PyPI.
    encodings = ALL
    environment = {}  # Set before the process starts.
    prepare = staticmethod(with_utf8)  # What the timed calls take, made outside the timing.

    def version(self):
        return importlib.metadata.version(self.package)

    def run_many(self, texts, threads):
        # No batch interface: one call each; with threads, those of Python (the peers release its lock, or they don't).
        if threads == 1:
            return [self.run(text) for text in texts]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(self.run, texts, chunksize=16))

    def tokens(self, result):
        many = isinstance(result, list) and result and not isinstance(result[0], int)
        return total(result) if many else len(result)


class Tiktoken(Peer):
    """A list of IDs. encode_to_numpy is no faster: it searches for special tokens first."""
    package, encodings = "tiktoken", TIKTOKEN

    def load(self, encoding, files):
        import tiktoken
        import tiktoken.load
        import tiktoken_ext.openai_public as public
        ranks = tiktoken.load.load_tiktoken_bpe  # Would download; the local file has the same hash.
        public.load_tiktoken_bpe = lambda url, expected_hash=None: ranks(files["ranks"], expected_hash)
        self.it = tiktoken.Encoding(**getattr(public, encoding)())
        self.encode = self.run = self.it.encode_ordinary

    def run_many(self, texts, threads):
        return self.it.encode_ordinary_batch(texts, num_threads=threads) if threads > 1 else [self.run(t) for t in texts]


class HuggingFace(Peer):
    """Encoding objects without offsets (encode_batch_fast); their IDs are not turned into Python's numbers."""
    package = "tokenizers"

    def load(self, encoding, files):
        import tokenizers
        self.it = tokenizers.Tokenizer.from_file(files["json"])

    def encode(self, text):
        return self.it.encode_batch_fast([text], add_special_tokens=False)[0].ids

    def run(self, text):
        return self.it.encode_batch_fast([text], add_special_tokens=False)

    def run_many(self, texts, threads):
        return self.it.encode_batch_fast(texts, add_special_tokens=False)  # Its threads are as many as the CPUs given.

    def tokens(self, result):
        return total(result)


class Gigatoken(Peer):
    """numpy, of the Rust backend from bytes (a str costs the same); many: one awkward array (quicker than numpy for each)."""
    package = "gigatoken"
    prepare = staticmethod(lambda text: text.encode())

    def load(self, encoding, files):
        import awkward  # Imported at the first batch otherwise: 0.4 s that are no tokenizing.
        import gigatoken
        it = gigatoken.Tokenizer.from_tiktoken(files["ranks"]) if "ranks" in files else gigatoken.Tokenizer(files["json"])
        self.it = it.backend
        self.run = self.it.encode
        self.it.encode_batch([b"a"], parallel=False)

    def encode(self, text):
        return self.it.encode(text.encode())

    def run_many(self, texts, threads):
        return self.it.encode_batch(texts, parallel=threads > 1)

    def tokens(self, result):
        return len(result) if isinstance(result, numpy.ndarray) else len(result.layout.content)


class Quicktok(Peer):
    """One flat numpy array (encode_batch); quicker than its list (encode_ordinary), about as quick as its count."""
    package, encodings = "quicktok-v1", (*TIKTOKEN, "llama3", "qwen3")

    def load(self, encoding, files):
        import quicktok
        self.it = quicktok.get_encoding(encoding)  # Its own copies of the vocabularies.
        self.encode = self.it.encode_ordinary

    def run(self, text):
        return self.it.encode_batch([text], 1)

    def run_many(self, texts, threads):
        return self.it.encode_batch(texts, threads)

    def tokens(self, result):
        return len(result[0])


class Counting(Peer):
    """A peer whose calls with the least overhead give counts: no list of Python's numbers is made."""

    def tokens(self, result):
        return sum(result) if isinstance(result, list) else result


class BpeOpenai(Counting):
    """A count, with the wrapper's Python left out."""
    package, encodings = "bpe-openai", TIKTOKEN

    def load(self, encoding, files):
        from bpe_openai import _bindings
        it = _bindings.tokenizer_for_encoding(encoding)
        self.encode, self.run = it.encode, it.count


class RsBpe(Counting):
    """A count, as bpe-openai."""
    package, encodings = "rs-bpe", TIKTOKEN

    def load(self, encoding, files):
        from rs_bpe.bpe import openai
        it = getattr(openai, encoding)()
        self.encode, self.run = it.encode, it.count


class Fastokens(Peer):
    """Flat bytes of uint32 (encode_batch_flat). Its caches of whole inputs and segments are off, as by default: a second pass
    over the same text would only compare strings (2 GB/s)."""
    package = "fastokens"
    environment = {"FASTOKENS_INPUT_CACHE": "0", "FASTOKENS_SEGMENT_CACHE": "0"}

    def load(self, encoding, files):
        import fastokens
        it = (fastokens.Tokenizer.from_tiktoken(files["ranks"], encoding=encoding) if "ranks" in files
              else fastokens.Tokenizer.from_file(files["json"]))
        self.flat = it.encode_batch_flat

    def encode(self, text):
        return numpy.frombuffer(self.flat([text])[0], numpy.uint32)

    def run(self, text):
        return self.flat([text])

    def run_many(self, texts, threads):
        return self.flat(texts)

    def tokens(self, result):
        return len(result[0]) // 4


class Tokie(Counting):
    """Its count (count_tokens): encode makes an Encoding with five lists, encode_bytes does not pretokenize."""
    package = "tokie"

    def load(self, encoding, files):
        import tokie
        self.it = tokie.Tokenizer.from_json(files["json"])
        self.run = self.it.count_tokens

    def encode(self, text):
        return self.it.encode(text, False).ids

    def run_many(self, texts, threads):
        return self.it.count_tokens_batch(texts)


class Iree(Peer):
    """One numpy array."""
    package = "iree-tokenizer"

    def load(self, encoding, files):
        import iree.tokenizer
        self.it = (iree.tokenizer.Tokenizer.from_tiktoken(files["ranks"], encoding) if "ranks" in files
                   else iree.tokenizer.Tokenizer.from_file(files["json"]))
        self.encode = self.run = self.it.encode_to_array

    def run_many(self, texts, threads):
        return self.it.encode_batch_to_array(texts) if threads == 1 else super().run_many(texts, threads)

    def tokens(self, result):
        return len(result[0]) if isinstance(result, tuple) else total(result) if isinstance(result, list) else len(result)


class Wordchipper(Peer):
    """A list of IDs; there is no other form. Its vocabularies are downloads: its cache folder gets our rank file."""
    package, encodings = "wordchipper", TIKTOKEN

    def load(self, encoding, files):
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "openai" / encoding).mkdir(parents=True)
        (folder / "openai" / encoding / f"{encoding}.tiktoken").symlink_to(files["ranks"])
        os.environ["WORDCHIPPER_CACHE_DIR"] = str(folder)
        import wordchipper
        options = wordchipper.TokenizerOptions.default()
        options.set_accelerated_lexers(True)
        self.it = wordchipper.Tokenizer.from_pretrained(encoding, options)
        if self.it.vocab_size < 100_000:
            raise RuntimeError(f"wordchipper did not find its vocabulary: {self.it.vocab_size} tokens")
        self.encode = self.run = self.it.encode

    def run_many(self, texts, threads):
        return self.it.encode_batch(texts) if threads > 1 else [self.run(t) for t in texts]


class SentencePiece(Peer):
    """A numpy array. The .model is made here from tokenizer.json: its pieces, scored by the order of merges."""
    package, encodings = "sentencepiece", ("llama2", "gemma1")

    def load(self, encoding, files):
        import sentencepiece
        self.it = sentencepiece.SentencePieceProcessor(model_proto=sentencepiece_model(files["json"]))
        self.encode = self.run = self.it.encode_as_numpy

    def run_many(self, texts, threads):
        return self.it.parallel_encode_as_numpy(texts, num_threads=threads) if threads > 1 else [self.run(t) for t in texts]


def sentencepiece_model(file):
    content = json.loads(pathlib.Path(file).read_text())
    prefix = "Prepend" in json.dumps(content["normalizer"])

    def varint(n):
        out = bytearray()
        while n > 127:
            out.append(n & 127 | 128)
            n >>= 7
        return bytes(out) + bytes([n])

    def message(*fields):
        return b"".join(varint(number << 3 | kind) + (varint(len(value)) + value if kind == 2 else value) for number, kind, value in fields)

    added = {token["content"]: token["special"] for token in content["added_tokens"]}
    score = {}  # A merge's place; for pieces of one character nobody asks.
    for place, merge in enumerate(content["model"]["merges"]):
        score.setdefault("".join(merge.split(" ")) if isinstance(merge, str) else "".join(merge), -place)
    pieces = []
    for piece, _ in sorted(content["model"]["vocab"].items(), key=lambda item: item[1]):
        kind = (2 if piece == "<unk>" else 6 if re.fullmatch("<0x[0-9A-F]{2}>", piece) else 3 if added.get(piece) else 4 if piece in added else 1)
        pieces.append((1, 2, message((1, 2, piece.encode()), (2, 5, struct.pack("<f", score.get(piece, -1e9))), (3, 0, varint(kind)))))
    # Gemma has a piece of its own for the tab; the library wants all 256 byte pieces, so that one comes last, unused.
    missing = {f"<0x{byte:02X}>" for byte in range(256)} - content["model"]["vocab"].keys()
    pieces += [(1, 2, message((1, 2, piece.encode()), (2, 5, struct.pack("<f", -1e9)), (3, 0, varint(6)))) for piece in sorted(missing)]
    trainer = message((3, 0, varint(2)), (4, 0, varint(len(pieces))), (35, 0, varint(1)))
    normalizer = message((1, 2, b"identity"), (3, 0, varint(int(prefix))), (4, 0, varint(0)), (5, 0, varint(1)))
    return message(*pieces, (2, 2, trainer), (3, 2, normalizer))


PEERS = {"tiktoken": Tiktoken, "huggingface": HuggingFace, "gigatoken": Gigatoken, "quicktok": Quicktok, "bpe-openai": BpeOpenai,
         "rs-bpe": RsBpe, "fastokens": Fastokens, "tokie": Tokie, "iree": Iree, "wordchipper": Wordchipper, "sentencepiece": SentencePiece}


# ---- The worker


class Worker:
    def __init__(self, peer):
        self.peer = peer
        self.texts = {}

    def load(self, encoding, files, threads):
        self.threads = threads
        began = time.perf_counter()
        self.peer.load(encoding, files)
        self.peer.run(self.peer.prepare("a"))  # What is made at the first call belongs to loading.
        return {"load_ms": 1000 * (time.perf_counter() - began), "version": self.peer.version()}

    def corpus(self, name, file, bytes=None):
        data = pathlib.Path(file).read_bytes()
        if file.endswith(".jsonl"):
            texts, size = [], 0
            for line in data.splitlines():
                if bytes and size >= bytes:
                    break
                texts.append(json.loads(line))
                size += len(texts[-1].encode())
        else:
            data = data[:bytes] if bytes else data
            texts = data.decode(errors="ignore")
            size = len(texts.encode())
        self.texts[name] = (texts, [self.peer.prepare(t) for t in texts] if isinstance(texts, list) else self.peer.prepare(texts))
        return {"bytes": size}

    def measure(self, name):  # "pass"
        texts = self.texts[name][1]
        cpu, began = time.process_time(), time.perf_counter()
        result = self.peer.run_many(texts, self.threads) if isinstance(texts, list) else self.peer.run(texts)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        return {"seconds": seconds, "cpu_seconds": cpu, "tokens": self.peer.tokens(result)}

    def ids(self, name, file):
        texts = self.texts[name][0]
        arrays = [numpy.asarray(self.peer.encode(t), numpy.uint32) for t in (texts if isinstance(texts, list) else [texts])]
        numpy.concatenate(arrays).tofile(file)
        return {"tokens": total(arrays)}


def serve(name):
    worker = Worker(PEERS[name]())
    out, sys.stdout = sys.stdout, sys.stderr  # What a peer prints must not get into the answers.
    for line in sys.stdin:
        request = json.loads(line)
        command = request.pop("cmd")
        if command == "quit":
            return
        try:
            # leyden:ignore python.password "pass" is a command
            answer = getattr(worker, {"pass": "measure"}.get(command, command))(**request)
        except BaseException as error:  # A Rust panic is none of Exception's.
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
