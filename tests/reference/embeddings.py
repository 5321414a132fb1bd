#!/usr/bin/env python3
"""Compares the vectors of Leyden's static embedder with the reference implementation's (wordllama, from PyPI):

    embeddings.py PATH-OF-LEYDEN_BENCH_VECTORS [FOLDER-OF-MODELS]

The model is that of `leyden model get wordllama-256`. Prints the least cosine; fails below 0.9999.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import python_environment  # noqa: E402


def texts():
    """Pieces of this repository's files, lines of other scripts, and random characters; names of special tokens are left out: in Leyden they
    are ordinary text, in the reference they are tokens."""
    root = HERE.parent.parent
    out = ["a", "The quick brown fox.", "héllo wörld", "日本語のテキスト", "здравствуй, мир", "😀 emoji 👩‍👩‍👧", "    indented\n\tcode();", "  two  spaces  "]
    for path in sorted([*root.glob("docs/**/*.md"), *root.glob("src/**/*.h")]):
        content = path.read_text(errors="replace")
        out += [content[at : at + 700] for at in range(0, len(content), 700)]
    random.seed(6)
    ranges = [(32, 126), (32, 126), (0xA0, 0x24F), (0x370, 0x4FF), (0x600, 0x6FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0x1F300, 0x1F6FF)]
    for _ in range(1000):
        begin, end = random.choice(ranges)
        out.append("".join(chr(random.randint(begin, end)) for _ in range(random.randint(1, 80))))
    return [text for text in out if text.strip() and not any(name in text for name in ("<s>", "</s>", "<unk>"))]


def main():
    import numpy
    import safetensors.numpy
    import tokenizers
    import wordllama
    from wordllama.inference import WordLlamaInference

    # Not WordLlama.load(): it looks for the tokenizer in a folder that its package does not have, and would download it.
    package = pathlib.Path(wordllama.__file__).parent
    weights = safetensors.numpy.load_file(package / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
    tokenizer = tokenizers.Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    reference = WordLlamaInference(weights, tokenizer)
    all_texts = texts()
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "texts.json"
        file.write_text(json.dumps(all_texts))
        models = sys.argv[2] if len(sys.argv) > 2 else python_environment.CACHE / "models"
        out = subprocess.run([sys.argv[1], "vectors", "--models", models, file], check=True, capture_output=True, text=True).stdout
    ours = numpy.array([json.loads(line) for line in out.splitlines()])
    theirs = numpy.concatenate([reference.embed([text], norm=True) for text in all_texts])
    cosines = (ours * theirs).sum(axis=1)
    worst = int(cosines.argmin())
    print(f"{len(all_texts)} texts: least cosine {cosines.min():.7f}, mean {cosines.mean():.7f}")
    if cosines.min() < 0.9999:
        print(f"the worst is text {worst}: {all_texts[worst][:80]!r}")
        return 1
    return 0


if __name__ == "__main__":
    python_environment.enter("embeddings", HERE / "embeddings.requirements.txt")
    sys.exit(main())
