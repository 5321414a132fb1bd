#!/usr/bin/env python3
"""Real text for measuring, out of what is on a machine: passages of 100 to 150 words from the text files below the given paths,
each once, 40 to a file, in a shuffled order.

    corpus.py --passages 100000 --out FOLDER PATH...
"""
import argparse
import gzip
import hashlib
import os
import pathlib
import random
import re

FILE_BYTES_MAX = 4 << 20
PASSAGES_PER_FILE = 40


def texts(paths):
    for top in paths:
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                try:
                    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > FILE_BYTES_MAX:
                        continue
                    with (gzip.open if name.endswith(".gz") else open)(path, "rb") as file:
                        data = file.read(FILE_BYTES_MAX)
                    if b"\0" not in data[:8192]:
                        yield data.decode("utf-8")
                except (OSError, EOFError, UnicodeDecodeError, gzip.BadGzipFile):
                    continue


def passages(paths, chance):
    seen = set()
    for text in texts(paths):
        part, words, want = [], 0, chance.randint(100, 150)
        for line in text.split("\n"):
            count = len(line.split())
            if count > 60:
                continue
            part.append(line)
            words += count
            if words < want:
                continue
            passage = re.sub(r"\n\s*\n+", "\n", "\n".join(part)).strip()
            part, words, want = [], 0, chance.randint(100, 150)
            name = hashlib.blake2b(re.sub(r"\W+", " ", passage).encode(), digest_size=8).digest()
            if len(passage.encode()) <= 2400 and name not in seen:
                seen.add(name)
                yield passage


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("paths", nargs="+")
    arguments.add_argument("--passages", type=int, nargs="+", default=[100_000], help="how many; several make a folder each, FOLDER/N")
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    options = arguments.parse_args()
    chance = random.Random(6)
    found = list(passages(options.paths, chance))
    chance.shuffle(found)
    for count in options.passages:
        if count > len(found):
            raise SystemExit(f"{len(found)} passages are there, not {count}: name more paths")
        out = options.out / str(count) if len(options.passages) > 1 else options.out
        for i in range(0, count, PASSAGES_PER_FILE):
            path = out / f"{i // PASSAGES_PER_FILE // 1000:03}" / f"{i // PASSAGES_PER_FILE:06}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n\n".join(found[i:min(i + PASSAGES_PER_FILE, count)]) + "\n")


if __name__ == "__main__":
    main()
