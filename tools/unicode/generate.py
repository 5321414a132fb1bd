#!/usr/bin/env python3
"""Writes the Unicode tables src/leyden/tokenizer/unicode*.inc.

    python3 -m venv build/unicode && build/unicode/bin/pip install tokenizers==0.23.3 regex==2026.11.19
    build/unicode/bin/pip install --target build/unicode/16 unicodedata2==16.0.0
    build/unicode/bin/pip install --target build/unicode/17 unicodedata2==17.0.0
    build/unicode/bin/python tools/unicode/generate.py build/unicode/16 build/unicode/17

The references are at several versions of Unicode at once (docs/decisions/2026-11-24-unicode.md). Where a reference's sets
are those of one version, they come from unicodedata2 at that version. Where they are of old crates' own tables, the
reference itself is asked about every code point: Hugging Face tokenizers 0.23.3.
"""
import json
import pathlib
import subprocess
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent.parent / "src/leyden/tokenizer"
WHITE_SPACE = [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
UPPER, LOWER, OTHER_LETTER, MARK, NUMBER, SPACE, NEWLINE, DIGIT = (1 << i for i in range(8))
CLASS = {"Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lm": OTHER_LETTER, "Lo": OTHER_LETTER, "Mn": MARK, "Mc": MARK,
         "Me": MARK, "Nd": NUMBER, "Nl": NUMBER, "No": NUMBER}
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
GRAPHEME = {"Control": 1, "Extend": 2, "ZWJ": 3, "SpacingMark": 4, "Prepend": 5, "L": 6, "V": 7, "T": 8, "LV": 9, "LVT": 10,
            "Regional_Indicator": 11}


def ask(folder, expression):
    """`expression` of `u`, unicodedata2 in `folder`, in a process of its own: only one version can be loaded."""
    code = f"import sys, json; sys.path.insert(0, sys.argv[1]); import unicodedata2 as u; print(json.dumps({expression}))"
    return json.loads(subprocess.check_output([sys.executable, "-c", code, folder]))


def huggingface():
    """What Hugging Face's normalizers and pre-tokenizers do with each code point."""
    from tokenizers import normalizers as n, pre_tokenizers as p

    def changed(normalizer):
        return {c: out for c in CODE_POINTS if (out := normalizer.normalize_str(chr(c))) != chr(c)}

    def removed(normalizer):
        return {c for c in CODE_POINTS if normalizer.normalize_str(chr(c)) == ""}

    def bert(**options):
        return n.BertNormalizer(**{"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False, **options})

    punctuation, whitespace = p.Punctuation(), p.Whitespace()
    return {
        "nfc": changed(n.NFC()), "nfd": changed(n.NFD()), "nfkc": changed(n.NFKC()), "nfkd": changed(n.NFKD()),
        "lower": changed(n.Lowercase()), "accents": removed(n.StripAccents()),
        "bert_removed": removed(bert(clean_text=True)), "bert_accents": removed(bert(strip_accents=True)),
        "punctuation": {c for c in CODE_POINTS if len(punctuation.pre_tokenize_str("a" + chr(c))) > 1},
        "word": {c for c in CODE_POINTS if whitespace.pre_tokenize_str("a" + chr(c)) == [("a" + chr(c), (0, 2))]},
    }


def combining_classes(classes):
    """The canonical combining classes that Hugging Face's NFD knows: does it reorder the mark?"""
    from tokenizers import normalizers
    nfd = normalizers.NFD()
    known = {}
    for c, combining in classes:
        text = "a\u0345" + chr(c) if combining < 240 else "a" + chr(c) + "\u0323"
        if nfd.normalize_str(text) != text:
            known[c] = combining
    return known


def compositions(decompositions):
    from tokenizers import normalizers
    nfc = normalizers.NFC()
    for c, parts in decompositions:
        if nfc.normalize_str("".join(map(chr, parts))) == chr(c):
            yield *parts, c


def scripts_of_pretokenizer():
    """UnicodeScripts as a number for each code point: 0 for its Any, the others in the order in which they turn up."""
    from tokenizers import pre_tokenizers
    cutter = pre_tokenizers.UnicodeScripts()
    seen, of, last = [], {}, None
    for c in CODE_POINTS:
        if cutter.pre_tokenize_str(chr(c)) == []:
            of[c], last = 0, None
            continue
        if last is None or len(cutter.pre_tokenize_str(chr(c - 1) + chr(c))) != 1:
            last = next((i for i, s in enumerate(seen) if len(cutter.pre_tokenize_str(chr(s) + chr(c))) == 1), None)
            if last is None:
                last = len(seen)
                seen.append(c)
        of[c] = last + 1
    return of


def ranges(value_of):
    """(first, last, value) of runs of equal values, without those that are None."""
    runs = []
    for c, value in sorted(value_of.items()):
        if value is None:
            continue
        if runs and runs[-1][1] == c - 1 and runs[-1][2] == value:
            runs[-1][1] = c
        else:
            runs.append([c, c, value])
    return runs


class File:
    def __init__(self, name, comment):
        self.path = OUT / name
        self.lines = [f"// Made by tools/unicode/generate.py: {comment} Unicode Licence v3."]

    def array(self, declaration, values):
        self.lines.append(f"{declaration} = {{")
        row = ""
        for value in map(str, values):
            if len(row) + len(value) > 120:
                self.lines.append(row)
                row = ""
            row += value + ","
        self.lines += [row, "};"]

    def two_stage(self, type_, prefix, values):
        blocks, block_of = [], []
        for start in range(0, 0x110000, 256):
            block = tuple(values[start:start + 256])
            if block not in blocks:
                blocks.append(block)
            block_of.append(blocks.index(block))
        assert len(blocks) <= 256
        self.array(f"constexpr std::uint8_t {prefix}BlockOf[0x1100]", block_of)
        self.lines.append(f"constexpr {type_} {prefix}Blocks[][256] = {{")
        for block in blocks:
            self.lines.append("{")
            for i in range(0, 256, 32):
                self.lines.append(",".join(map(str, block[i:i + 32])) + ",")
            self.lines.append("},")
        self.lines.append("};")

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")


def main():
    import regex
    from tokenizers import Regex, normalizers
    old, new = sys.argv[1], sys.argv[2]
    version, category = ask(old, "[u.unidata_version, [u.category(chr(c)) for c in range(0x110000)]]")
    digit_version, for_digits = ask(new, "[u.unidata_version, [u.category(chr(c)) for c in range(0x110000)]]")
    hf = huggingface()
    combining = combining_classes(ask(old, "[[c, u.combining(chr(c))] for c in range(0x110000) if u.combining(chr(c))]"))
    pairs = sorted(compositions(ask(old, "[[c, [int(x, 16) for x in u.decomposition(chr(c)).split()]] for c in range(0x110000)"
                                         " if len(u.decomposition(chr(c)).split()) == 2 and u.decomposition(chr(c))[0] != '<']")))

    classes = [CLASS.get(c, 0) for c in category]
    for c, other in enumerate(for_digits):
        classes[c] |= DIGIT if other[0] == "N" else 0
    for c in WHITE_SPACE:
        classes[c] |= SPACE
    for c in (10, 13):
        classes[c] |= NEWLINE
    file = File("unicode_table.inc", f"Unicode {version} (digits: {digit_version}).")
    file.two_stage("std::uint8_t", "k", classes)
    file.write()

    # The order of the bits is that of enum CharProperty.
    seconds = {b for _, b, _ in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    sets = [hf["word"], hf["punctuation"], hf["bert_removed"], hf["bert_accents"], hf["accents"], hf["lower"], hf["nfc"], hf["nfd"],
            hf["nfkc"], hf["nfkd"], combining, seconds, {c for c, value in enumerate(category) if value[0] in "PS"}]
    properties = [0] * 0x110000
    for bit, members in enumerate(sets):
        for c in members:
            properties[c] |= 1 << bit
    file = File("unicode_properties.inc", "as Hugging Face tokenizers 0.23.3 answers.")
    file.two_stage("std::uint16_t", "kProperty", properties)
    file.write()

    file = File("unicode_forms.inc", "normalization data that Hugging Face tokenizers 0.23.3 knows.")
    text, entries = [], []
    for form, hangul in (("nfd", False), ("nfkd", False)):
        for c, parts in sorted(hf[form].items()):
            if 0xAC00 <= c < 0xD7A4 or (form == "nfkd" and hf["nfd"].get(c) == parts):
                continue
            entries.append((c, form == "nfkd", len(text), len(parts)))
            text += [ord(p) for p in parts]
    for compat, name in ((False, "kCanonical"), (True, "kCompatible")):
        file.array(f"const Decomposition {name}[]", (f"{{{c:#x},{at},{n}}}" for c, k, at, n in sorted(entries) if k == compat))
    file.array("const char32_t kDecompositionText[]", (hex(c) for c in text))
    file.array("const CombiningRange kCombiningRanges[]", (f"{{{a:#x},{b:#x},{v}}}" for a, b, v in ranges(combining)))
    file.array("const Composition kCompositions[]", (f"{{{a:#x},{b:#x},{c:#x}}}" for a, b, c in pairs))
    lower = []
    for c, out in sorted(hf["lower"].items()):
        points = [ord(o) for o in out] + [0, 0]
        assert len(out) <= 2
        lower.append(f"{{{c:#x},{points[0]:#x},{points[1]:#x}}}")
    file.array("const Lowercase kLowercase[]", lower)
    file.write()

    file = File("unicode_sets.inc", f"general categories and scripts of Unicode {version}; Rust's UnicodeScripts; grapheme breaks.")
    names = sorted(set(category))
    file.array("constexpr std::string_view kCategoryNames[]", (f'"{n}"' for n in names))
    file.array("const SetRange kCategoryRanges[]",
               (f"{{{a:#x},{b:#x},{v}}}" for a, b, v in ranges({c: names.index(v) for c, v in enumerate(category)})))
    found = {}
    for name in SCRIPTS.split():
        for match in regex.finditer(r"\p{Script=%s}+" % name, "".join(map(chr, CODE_POINTS))):
            for c in map(ord, match.group()):
                if category[c] != "Cn":
                    found[c] = name
    scripts = sorted(set(found.values()))
    file.array("constexpr std::string_view kScriptNames[]", (f'"{n}"' for n in scripts))
    file.array("const SetRange kScriptRanges[]", (f"{{{a:#x},{b:#x},{v}}}" for a, b, v in ranges({c: scripts.index(v) for c, v in found.items()})))
    file.array("const SetRange kPretokenizerScripts[]", (f"{{{a:#x},{b:#x},{v}}}" for a, b, v in ranges({c: v or None for c, v in scripts_of_pretokenizer().items()})))
    breaks = {}
    every = "".join(map(chr, CODE_POINTS))
    for name, number in GRAPHEME.items():
        for match in regex.finditer(r"\p{Grapheme_Cluster_Break=%s}+" % name, every):
            for c in map(ord, match.group()):
                if category[c] != "Cn" or name in ("Control", "Extend"):
                    breaks[c] = number
    file.array("constexpr std::string_view kPosixNames[]", (f'"{n}"' for n in POSIX))
    posix = []
    for number, name in enumerate(POSIX):
        left = set(normalizers.Replace(Regex(f"[[:{name}:]]"), "").normalize_str(every))
        posix += ranges({c: number for c in CODE_POINTS if chr(c) not in left})
    file.array("const SetRange kPosixRanges[]", (f"{{{a:#x},{b:#x},{v}}}" for a, b, v in posix))
    file.array("const SetRange kGraphemeRanges[]", (f"{{{a:#x},{b:#x},{v}}}" for a, b, v in ranges(breaks)))
    file.write()


POSIX = ("alpha", "upper", "lower", "punct")
# Scripts that a pattern may name; Common and Inherited included.
SCRIPTS = """Common Inherited Latin Greek Cyrillic Armenian Hebrew Arabic Syriac Thaana Nko Devanagari Bengali Gurmukhi Gujarati
Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Cherokee Canadian_Aboriginal Ogham
Runic Khmer Mongolian Hiragana Katakana Bopomofo Han Yi Braille"""

if __name__ == "__main__":
    main()
