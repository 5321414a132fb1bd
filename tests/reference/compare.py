#!/usr/bin/env python3
"""Compares Leyden's token IDs with the references', ID for ID:  compare.py PATH-OF-LEYDEN

Installs the references (requirements.txt, by hash) into Leyden's cache folder at first use.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import python_environment  # noqa: E402

CACHE = python_environment.CACHE


def enter_environment():
    """Runs the script again with a Python that has the references."""
    python_environment.enter("references", HERE / "requirements.txt")


def tokenize(leyden, tokenizer, files):
    """The IDs of each file, in one run of the program."""
    out = subprocess.run([leyden, "tokenize", "--tokenizer", tokenizer, "--json", *map(str, files)], check=True, capture_output=True).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    assert all(answer["count"] == len(answer["ids"]) for answer in answers)
    return [answer["ids"] for answer in answers]


def main():
    import corpus
    import references

    leyden = sys.argv[1]
    differences = total_bytes = 0
    root = HERE.parent.parent
    files = list(corpus.files(root))
    print(f"{len(files)} texts, {sum(len(content) for _, content in files):,} bytes", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        paths = [pathlib.Path(scratch) / f"{i:03}" for i in range(len(files))]
        for path, (_, content) in zip(paths, files):
            path.write_bytes(content)
        ids_file = pathlib.Path(scratch) / "ids"
        for tokenizer, encode in references.all_references(references.cache_folder()):
            ids_count = wrong = 0
            for (name, content), ours in zip(files, tokenize(leyden, tokenizer, paths)):
                text = content.decode("utf-8", errors="replace")
                theirs = encode(text)
                total_bytes += len(content)
                ids_count += len(theirs)
                if ours != theirs:
                    wrong += 1
                    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
                    print(f"DIFFERENT: {tokenizer}, {name}: ID {at}: ours {ours[at - 2:at + 6]}, theirs {theirs[at - 2:at + 6]}")
                elif name in ("every code point", "random bytes", "greek", "python"):
                    ids_file.write_text(json.dumps(ours))
                    back = subprocess.run([leyden, "detokenize", "--tokenizer", tokenizer, ids_file], check=True, capture_output=True).stdout
                    # Qwen's normalizer changes text, SmolLM2's vocabulary lacks some bytes: theirs come back otherwise.
                    if tokenizer in ("cl100k_base", "o200k_base") and back != text.encode():
                        wrong += 1
                        print(f"DIFFERENT: {tokenizer}, {name}: detokenize does not give the text back")
            print(f"{tokenizer}: {ids_count:,} IDs, {wrong} of {len(files)} texts differ", flush=True)
            differences += wrong
    print(f"compared {total_bytes:,} bytes: {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    enter_environment()
    sys.exit(main())
