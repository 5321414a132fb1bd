"""The texts of the parity run, as chunk files of about a megabyte that are made once, in Leyden's cache folder.

A chunk is a file of records as fuzz_strings.py writes them: 4 bytes of length, little-endian, and the bytes. Three kinds:

    text         documents of corpora.py: prose, code and other scripts in equal parts, every package in every chunk
    fuzz         the strings of fuzz_strings.py, 20,000 a chunk
    code points  every code point alone, and with " ", "a", "1" and "\\n" before it and behind it
"""
import hashlib
import os
import pathlib
import struct
import sys

import compare
import fuzz_strings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "tokenizer"))

import corpora  # noqa: E402

FOLDER = compare.CACHE / "parity" / "texts"
VERSION = "1"  # Of the recipes here: another number makes the chunks anew.
FUZZ_STRINGS = 20_000
CODE_POINTS = 0x4000
AROUND = [("", "")] + [pair for c in (" ", "a", "1", "\n") for pair in ((c, ""), ("", c))]


def record(text):
    return struct.pack("<I", len(text)) + text


def write_text(folder, megabytes):
    """Deals the documents' pieces out to all chunks in turn, so that each is a mix of all."""
    chunks = [open(folder / f"{i:04}.records", "wb") for i in range(megabytes)]
    dealt = 0
    try:
        for kind in ("prose", "code", "unicode"):
            packages = len({package for of, _, package, _ in corpora.source_list() if of == kind})
            most = megabytes * 1_000_000 // 3 // packages * 2  # Some packages are smaller than their share.
            taken = 0
            for _, package, text in corpora.documents(kind, most):
                if taken > megabytes * 350_000:
                    break
                for piece in corpora.cut(text):
                    data = piece.encode()
                    chunks[dealt % megabytes].write(record(data))
                    dealt += 1
                    taken += len(data)
            print(f"parity: {taken / 1e6:.1f} MB of {kind}", file=sys.stderr, flush=True)
    finally:
        for chunk in chunks:
            chunk.close()


def write_fuzz(folder, count):
    strings = fuzz_strings.fuzz_strings(count)
    for at in range(0, count, FUZZ_STRINGS):
        with open(folder / f"{at // FUZZ_STRINGS:04}.records", "wb") as out:
            for _ in range(min(FUZZ_STRINGS, count - at)):
                out.write(record(next(strings)))


def write_code_points(folder, _):
    for first in range(0, 0x110000, CODE_POINTS):
        points = [c for c in range(first, first + CODE_POINTS) if not 0xD800 <= c <= 0xDFFF]
        if points:
            with open(folder / f"{first // CODE_POINTS:04}.records", "wb") as out:
                out.write(b"".join(record((before + chr(c) + behind).encode()) for c in points for before, behind in AROUND))


def code_points():
    """Chunks of the planes that have characters, and of the others, whose code points differ in their bytes only."""
    files = chunks("code points")
    has = [int(file.stem) * CODE_POINTS >> 16 in (0, 1, 2, 3, 14) for file in files]
    return {"code points": [file for file, some in zip(files, has) if some], "code points of empty planes": [file for file, some in zip(files, has) if not some]}


def chunks(kind, size=0):
    """The files of a kind, in order. `size`: megabytes of text, number of fuzz strings."""
    folder = FOLDER / f"{kind.replace(' ', '-')}-{size}-{VERSION}"
    if not (folder / ".complete").exists():
        print(f"parity: making {kind}", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        {"text": write_text, "fuzz": write_fuzz, "code points": write_code_points}[kind](folder, size)
        (folder / ".complete").touch()
    return sorted(folder.glob("*.records"))


def read(file):
    with open(file, "rb") as records:
        return list(fuzz_strings.records(records))


def sha256(file, most=None):
    """Of the first `most` bytes, if given."""
    digest = hashlib.sha256()
    with open(file, "rb") as content:
        left = most or os.path.getsize(file)
        while left > 0 and (block := content.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()
