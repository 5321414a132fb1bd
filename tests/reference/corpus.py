"""Text to compare tokenizers on: prose in many scripts, code in many languages, and everything that is hostile.

Made anew for each comparison, from fixed seeds; code comes from what the machine has installed.
"""
import pathlib
import random

import faker

LOCALES = {  # Words of the scripts, from faker's own lists.
    "latin": "fr_FR", "cyrillic": "ru_RU", "greek": "el_GR", "arabic": "ar_AA", "hebrew": "he_IL", "armenian": "hy_AM",
    "georgian": "ka_GE", "devanagari": "hi_IN", "bengali": "bn_BD", "thai": "th_TH", "chinese": "zh_CN",
    "japanese": "ja_JP", "korean": "ko_KR", "tamil": "ta_IN",
}
RANGES = {  # Letters of scripts without such lists.
    "amharic": (0x1200, 0x137F), "telugu": (0x0C05, 0x0C39), "tibetan": (0x0F40, 0x0F6C), "cherokee": (0x13A0, 0x13F5),
    "deseret": (0x10400, 0x1044F), "math": (0x1D400, 0x1D7FF),
}
CODE = {
    "python": ("/usr/lib/python3*", "*.py"), "c": ("/usr/include", "*.h"), "c++": ("/usr/include/c++", "*"),
    "javascript": ("/usr/share/nodejs", "*.js"), "typescript": ("/usr/share/nodejs", "*.d.ts"), "perl": ("/usr/share/perl*", "*.pm"),
    "cmake": ("/usr/share/cmake*", "*.cmake"), "shell": ("/usr/share", "*.sh"), "json": ("/usr/share/nodejs", "*.json"),
    "markdown": ("/usr/share/nodejs", "*.md"), "awk": ("/usr/share", "*.awk"), "our c++": ("src", "*.cc"),
}


def prose(rng):
    for name, locale in LOCALES.items():
        fake = faker.Faker(locale)
        fake.seed_instance(7)
        text = ""
        while len(text.encode()) < 120_000:
            text += fake.paragraph(nb_sentences=6) + rng.choice([" ", "\n", "\n\n", "\r\n"]) + fake.name() + ", " + fake.address() + "\n"
        yield name, text
    for name, (first, last) in RANGES.items():
        words = ("".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 9))) for _ in range(8000))
        yield name, " ".join(words)


def code(root):
    for name, (folder, pattern) in CODE.items():
        base = pathlib.Path("/") if folder.startswith("/") else root
        content = b""
        for top in sorted(base.glob(folder.lstrip("/"))):
            for file in sorted(top.rglob(pattern)):
                if len(content) > 200_000:
                    break
                if file.is_file() and 500 < file.stat().st_size < 60_000:
                    content += file.read_bytes()
        yield name, content


def hostile(rng):
    every = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    yield "every code point", "".join(every)
    yield "every code point between others", "".join(f" x{c}y1{c} {c}\n" for c in every[:0x30000:2])
    edges = [" ", "  ", "\n", "\r", "\t", "\u00A0", "\u2028", "\u0085", "\u3000", "\uFEFF", "a", "B", "é", "ß", "ʰ", "ǅ", "中", "한", "1", "23",
             "٣", "Ⅷ", "½", ".", ",", "'", "’", "'s", "'S", "'ll", "'LL", "'\u017F", "s", "S", "/", "//", "-", "_", "\u0301", "\u0323", "\u200D",
             "😀", "👩\u200D👩", "🇩🇪", "\u1112\u1161\u11AB", "\u212B", "\u2126", "\uF900", "\u0898", "\u1715", "\U00011DE0", "<|im_start|>", "<|endoftext|>"]
    yield "edge cases", "".join(rng.choice(edges) for _ in range(250_000))
    yield "random code points", "".join(rng.choice(every) for _ in range(100_000))
    yield "random bytes", rng.randbytes(300_000)
    yield "cut characters", b"".join(rng.choice([b"\xE2\x82", b"\xF0\x9F", b"\xC3", b"\x80", b"\xED\xA0\x80", b"a", b" ", "é".encode()]) for _ in range(50_000))
    marks = [chr(c) for r in (range(0x300, 0x370), range(0x898, 0x8A0), range(0x1AB0, 0x1AD0), range(0x1DC0, 0x1E00)) for c in r]
    yield "combining marks", "".join(rng.choice("aeouAEn") + "".join(rng.choice(marks) for _ in range(rng.randrange(5))) for _ in range(40_000))
    for c in " \n\ta1=/\u3000\u0301\u00A0中😀":
        yield f"runs of U+{ord(c):04X}", "x".join(c * n for n in range(1, 71)) + "x" + c * 20_000 + "\n" + c * 100


def files(root):
    """(name, bytes) of each file."""
    rng = random.Random(20261124)
    for group in (prose(rng), code(root), hostile(rng)):
        for name, content in group:
            yield name, content if isinstance(content, bytes) else content.encode()
