#!/usr/bin/env python3
"""Compares Leyden's token IDs with the references' on hundreds of megabytes:  parity.py LEYDEN [--megabytes 200] [--strings 1000000]

LEYDEN is leyden_bench_tokenizer, which answers without a new process for each text. For every family (byte-bpe, spm-bpe,
unigram, wordpiece) all its vocabularies together get --megabytes of real text and --strings fuzz strings, each vocabulary
parts of its own, and every vocabulary gets every code point alone and next to " ", "a", "1" and "\\n" (parity_texts.py).
Vocabularies are those of vocabularies.py that are there. `--families components` is for the small files
of one component each, which get some thousand fuzz strings. A text that differs is shown as short as it can be made.

The references are slow and don't change: a digest of their IDs for each chunk of text is kept in Leyden's cache folder, by
the tokenizer file's SHA-256, the library's version and the chunk's SHA-256. So the first run takes hours, later ones minutes,
and one that was killed goes on where it was. A chunk that differs is asked of the reference again before it counts.

Special tokens: as in compare.py. Names of tokens marked special stay text on both sides, and the reference's copy of the
vocabulary gives them names that no text has (docs/decisions/2026-11-25-special-tokens.md).
"""
import argparse
import array
import collections
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import compare

ANSWERS = compare.CACHE / "parity" / "answers"
FAMILIES = ("byte-bpe", "spm-bpe", "unigram", "wordpiece")
COMPONENTS = "components"  # Small files of one component each.
DIFFERENCES_SHOWN = 3  # For each vocabulary; a chunk with one has mostly more of the same cause.


def say(text):
    print(text, file=sys.stderr, flush=True)


def digest(answers):
    """Of the IDs of many texts: each text's number of IDs, then the IDs, as little-endian uint32."""
    numbers = array.array("I")
    for ids in answers:
        numbers.append(len(ids))
        numbers.extend(ids)
    return hashlib.sha256(numbers.tobytes()).hexdigest()


def family_of(name, file):
    import references
    import vocabularies
    if name.startswith("components/"):
        return COMPONENTS
    if name in vocabularies.VOCABULARIES:
        return vocabularies.VOCABULARIES[name].family
    if file.suffix == ".model":
        return "unigram" if references.sentencepiece_model(file.read_bytes()).trainer.get(3, references.UNIGRAM) == references.UNIGRAM else "spm-bpe"
    if file.suffix == ".gguf":
        return "byte-bpe"
    content = json.loads(file.read_text())
    kind = content["model"]["type"]
    if kind != "BPE":
        return {"Unigram": "unigram", "WordPiece": "wordpiece", "WordLevel": "wordpiece"}[kind]
    return "byte-bpe" if '"ByteLevel"' in json.dumps(content["pre_tokenizer"]) else "spm-bpe"


class Theirs:
    """A reference, loaded when it's needed, and what is kept of its answers."""

    def __init__(self, name, file, make):
        import parity_texts
        import references
        self.make, self.reference = make, None
        self.versions = references.versions_for(file)
        # A model's weights say nothing about its tokenizer, and references.py reads as much of a GGUF.
        key = hashlib.sha256(f"{parity_texts.sha256(file, 64_000_000)} {self.versions}".encode()).hexdigest()[:24]
        self.file = ANSWERS / f"{name.replace('/', '+')}-{key}"
        self.kept = dict(line.split() for line in self.file.read_text().splitlines()) if self.file.exists() else {}

    def encode(self, texts):
        if self.reference is None:
            self.reference = self.make()
        answers = []
        for at in range(0, len(texts), 2000):  # Answers of Hugging Face's are large until they are read.
            some = [text.decode("utf-8", "replace") for text in texts[at:at + 2000]]
            try:
                answers += self.reference.encode_batch(some)
            except Exception as error:  # Hugging Face's raise this class: an unknown word where there is no token for it.
                raise Refused(f"the reference gives no answer: {error}") from None
        return answers

    def keep(self, chunk, answer):
        ANSWERS.mkdir(parents=True, exist_ok=True)
        self.kept[chunk] = answer
        with open(self.file, "a") as out:
            out.write(f"{chunk} {answer}\n")

    def digest(self, chunk, texts):
        """`texts` is called only when the answer is not kept."""
        if chunk not in self.kept:
            self.keep(chunk, digest(self.encode(texts())))
        return self.kept[chunk]


class Refused(Exception):
    """Leyden does not load the file, or the reference has no answer to a text."""


class Ours:
    """Leyden, a process for each vocabulary."""

    def __init__(self, program, name, file, scratch):
        self.ids, self.records = scratch / "ids", scratch / "one.records"
        self.process = subprocess.Popen([program, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.ask("load", encoding=name, files={"json": str(file)})
        except RuntimeError as error:
            raise Refused(str(error)) from None

    def ask(self, cmd, **request):
        self.process.stdin.write((json.dumps({"cmd": cmd, **request}) + "\n").encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"parity: Leyden died, code {self.process.wait()}, at {cmd} {request}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def raw(self, file):
        self.ask("corpus", name="chunk", file=str(file))
        self.ask("ids", name="chunk", file=str(self.ids), counts=True)
        return self.ids.read_bytes()

    def digest(self, file):
        return hashlib.sha256(self.raw(file)).hexdigest()

    def encode(self, texts):
        import parity_texts
        self.records.write_bytes(b"".join(map(parity_texts.record, texts)))
        numbers = array.array("I", self.raw(self.records))
        answers, at = [], 0
        while at < len(numbers):
            answers.append(numbers[at + 1:at + 1 + numbers[at]].tolist())
            at += 1 + numbers[at]
        return answers

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Row:
    """What one vocabulary had."""

    def __init__(self, name, family, versions):
        self.name, self.family, self.versions = name, family, versions
        self.counts = collections.Counter()  # Bytes, strings and code-point strings compared.
        self.differences, self.shown, self.refused = 0, [], ""

    @property
    def code_points(self):
        return sum(count for kind, count in self.counts.items() if kind.startswith("code points"))

    def as_json(self):
        return {"vocabulary": self.name, "family": self.family, "reference": self.versions, "bytes": self.counts["text"],
                "fuzz_strings": self.counts["fuzz"], "code_point_strings": self.code_points, "differences": self.differences,
                "examples": self.shown, "refused": self.refused}


def explain(theirs, ours, row, texts):
    """Counts and shows the texts of a chunk that differ; none do when what was kept is stale."""
    import shrink
    expected, got = theirs.encode(texts), ours.encode(texts)
    for text, want, have in zip(texts, expected, got):
        if want != have:
            row.differences += 1
            if len(row.shown) < DIFFERENCES_SHOWN:
                short = shrink.shrink(text, lambda some: theirs.encode([some]) != ours.encode([some]))
                example = {"text": repr(short), "theirs": theirs.encode([short])[0], "ours": ours.encode([short])[0]}
                row.shown.append(example)
                print(f"DIFFERENT: {row.name}: {example['text']}\n    theirs {example['theirs'][:40]}\n    ours   {example['ours'][:40]}", flush=True)
    return expected


def compare_chunks(kind, files, theirs, ours, row):
    import parity_texts
    for file in files:
        chunk = SHA256[file] = SHA256.get(file) or parity_texts.sha256(file)
        expected = theirs.digest(chunk, lambda: parity_texts.read(file))
        size, count = file.stat().st_size, COUNTS.get(file)
        if count is None:
            count = COUNTS[file] = len(parity_texts.read(file))
        row.counts[kind] += size - 4 * count if kind == "text" else count
        if ours is not None and ours.digest(file) != expected:
            before = row.differences
            answers = explain(theirs, ours, row, parity_texts.read(file))
            if row.differences == before:
                say(f"parity: {row.name}: what was kept of the reference's answers is stale; made anew")
                theirs.keep(chunk, digest(answers))


SHA256, COUNTS = {}, {}  # Of chunk files, which many vocabularies share.


def share(files, position, of):
    """The part of the files that is for one of so many, and one more: a vocabulary that is refused takes its part out of the total."""
    return files[len(files) * position // of:len(files) * (position + 1) // of + 1]


def plan(options):
    """For each vocabulary what it gets: (name, file, function that makes the reference, family, {kind: chunk files})."""
    import parity_texts
    import references
    families = collections.defaultdict(list)
    for name, file, make in references.every_reference(compare.CACHE):
        if (family := family_of(name, file)) in options.families:
            families[family].append((name, file, make))
    text = parity_texts.chunks("text", options.megabytes) if options.megabytes else []
    fuzz = parity_texts.chunks("fuzz", options.strings) if options.strings else []
    points = {} if options.no_code_points else parity_texts.code_points()
    for family, members in families.items():
        for position, (name, file, make) in enumerate(members):
            if not options.only or name in options.only:
                alone = family == COMPONENTS  # Nothing that another has stands for it.
                yield name, file, make, family, {"text": share(text, position, len(members)), **points,
                                                 "fuzz": fuzz[:1] if alone else share(fuzz, position, len(members))}


def print_table(rows):
    print(f"{'vocabulary':44} {'family':10} {'MB':>7} {'fuzz':>9} {'code points':>11} differences")
    for row in rows:
        print(f"{row.name:44} {row.family:10} {row.counts['text'] / 1e6:7.1f} {row.counts['fuzz']:9,} {row.code_points:11,} "
              + (f"refused: {row.refused}" if row.refused else f"{row.differences:,}"))
    for family in (*FAMILIES, COMPONENTS):
        members = [row for row in rows if row.family == family and not row.refused]
        if members:
            print(f"{family + ', in total':55} {sum(row.counts['text'] for row in members) / 1e6:7.1f} {sum(row.counts['fuzz'] for row in members):9,} "
                  f"{sum(row.code_points for row in members):11,} {sum(row.differences for row in members):,}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("leyden", nargs="?", help="leyden_bench_tokenizer; without it the references' answers are made and kept")
    arguments.add_argument("--families", nargs="+", choices=(*FAMILIES, COMPONENTS), default=FAMILIES)
    arguments.add_argument("--only", nargs="+", metavar="NAME", help="only these vocabularies, with the same parts of the texts")
    arguments.add_argument("--megabytes", type=int, default=200, help="of text, for each family")
    arguments.add_argument("--strings", type=int, default=1_000_000, help="fuzz strings, for each family")
    arguments.add_argument("--no-code-points", action="store_true")
    arguments.add_argument("--json", type=pathlib.Path, metavar="OUT")
    options = arguments.parse_args()
    rows = []
    start = time.monotonic()
    work = list(plan(options))
    # Code points last, for they take longest: what was killed has then most of the rest.
    passes = [("text", "fuzz"), ("code points",), ("code points of empty planes",)]
    with tempfile.TemporaryDirectory() as scratch:
        for kinds in passes if not options.no_code_points else passes[:1]:
            for number, (name, file, make, family, chunks) in enumerate(work):
                if kinds == passes[0]:
                    rows.append(Row(name, family, ""))
                row = rows[number]
                theirs, ours = Theirs(name, file, make), None
                row.versions = theirs.versions
                try:
                    if options.leyden and not row.refused:
                        ours = Ours(options.leyden, name, file, pathlib.Path(scratch))
                    for kind in kinds if ours is not None or not options.leyden else ():
                        compare_chunks(kind, chunks.get(kind, []), theirs, ours, row)
                except Refused as refused:
                    row.refused = str(refused)
                if ours is not None:
                    ours.end()
                say(f"parity: {time.monotonic() - start:6.0f} s  {number + 1}/{len(work)} {name}, {' and '.join(kinds)}: {row.differences} differences")
    print_table(rows)
    differences = sum(row.differences for row in rows)
    if options.json:
        options.json.write_text(json.dumps({"leyden": options.leyden, "rows": [row.as_json() for row in rows]}, indent=1) + "\n")
    print(f"{differences:,} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    compare.enter_environment()
    sys.exit(main())
