#!/usr/bin/env python3
"""Writes src/leyden/tokenizer/plain/reference_unicode.inc: what the references know about every code point, found by
asking them, so that the oracle shares no table with what it checks.

    python3 -m venv build/unicode && build/unicode/bin/pip install tokenizers==0.23.3
    build/unicode/bin/python tools/unicode/ask_references.py PATH/unicode-segmentation-1.13.3/src/tables.rs \
        > src/leyden/tokenizer/plain/reference_unicode.inc

Categories, scripts and \\s \\d \\w are asked of Oniguruma through Split; `rust_*` of Rust's char and regex through Digits,
WhitespaceSplit and Whitespace; `bert_*` of BertNormalizer and BertPreTokenizer; decompositions and lower case of the
normalizers. Combining classes and composition pairs can't be asked for directly: Python's are tried, and those that the
reference acts on are kept. Grapheme breaks, which no Python API shows, are read from the Rust crate's table.
"""
import pathlib
import re
import sys
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
ALL = "".join(map(chr, CODE_POINTS))
CATEGORIES = ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn "
              "Han Hiragana Katakana Hangul Latin Greek Cyrillic Arabic Hebrew Thai Devanagari").split()


def matched(regex):
    """The code points that the regular expression matches: those that `removed` removes."""
    left = set()
    for _, (begin, end) in pre_tokenizers.Split(Regex(regex), "removed").pre_tokenize_str(ALL):
        left.update(range(begin, end))
    return [c for i, c in enumerate(CODE_POINTS) if i not in left]


def pieces_of(pre_tokenizer, before, after):
    """For every code point c: is before + c one piece? Asked in one text."""
    text = "".join(before + chr(c) + after for c in CODE_POINTS)
    step = len(before) + 1 + len(after)
    found = []
    for _, (begin, end) in pre_tokenizer.pre_tokenize_str(text):
        found.append((begin, end))
    return text, step, found


def rust_word():
    # "a" + c + space: c is a word character when it stays with the a.
    _, step, found = pieces_of(pre_tokenizers.Whitespace(), "a", " ")
    return [CODE_POINTS[begin // step] for begin, end in found if begin % step == 0 and end - begin == 2]


def removed_by(pre_tokenizer):
    left = set()
    for _, (begin, end) in pre_tokenizer.pre_tokenize_str(ALL):
        left.update(range(begin, end))
    return [c for i, c in enumerate(CODE_POINTS) if i not in left]


def rust_numeric():
    _, step, found = pieces_of(pre_tokenizers.Digits(individual_digits=True), "a", "")
    return [CODE_POINTS[begin // step] for begin, end in found if begin % step == 1]


def bert_punctuation():
    _, step, found = pieces_of(pre_tokenizers.Punctuation("isolated"), "a", "")
    return [CODE_POINTS[begin // step] for begin, end in found if begin % step == 1]


def normalized(normalizer):
    return {c: normalizer.normalize_str(chr(c)) for c in CODE_POINTS}


def combining_classes(nfd):
    classes = {}
    for c in CODE_POINTS:
        k = unicodedata.combining(chr(c))
        if k == 0:
            continue
        other = "\u0334" if k > 1 else "\u0301"  # 1 and 230
        text = chr(c) + other if k > 1 else other + chr(c)
        if nfd.normalize_str("a" + text) != "a" + unicodedata.normalize("NFD", text):
            continue
        if unicodedata.normalize("NFD", text) != text or nfd.normalize_str(chr(c)) != chr(c):
            classes[c] = k
    return classes


def compositions(nfc):
    pairs = []
    for c in CODE_POINTS:
        parts = unicodedata.decomposition(chr(c)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            a, b = (int(part, 16) for part in parts)
            if nfc.normalize_str(chr(a) + chr(b)) == chr(c):
                pairs.append((a, b, c))
    return sorted(pairs)


def scripts():
    """A number for each script, as UnicodeScripts sees it; 0 is what never cuts."""
    splitter = pre_tokenizers.UnicodeScripts()
    cuts = {begin for _, (begin, _) in splitter.pre_tokenize_str(ALL)}
    representatives = []
    script_of = []
    current = 0
    for i, c in enumerate(CODE_POINTS):
        if i in cuts or i == 0:
            for number, representative in enumerate(representatives, 1):
                if len(splitter.pre_tokenize_str(representative + chr(c))) == 1:
                    current = number
                    break
            else:
                representatives.append(chr(c))
                current = len(representatives)
        # "Any" never cuts, so it hides in a run: between two scripts that differ it makes no cut.
        other = "a" if current != script_of_a(representatives, splitter) else "\u0416"
        any_script = len(splitter.pre_tokenize_str(other + chr(c))) == 1
        script_of.append(0 if any_script and len(splitter.pre_tokenize_str("\u4e00" + chr(c))) == 1 else current)
    return script_of


def script_of_a(representatives, splitter):
    for number, representative in enumerate(representatives, 1):
        if len(splitter.pre_tokenize_str(representative + "a")) == 1:
            return number
    return -1


def ranges(members):
    out = []
    for c in members:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def rows(items, per_row):
    for i in range(0, len(items), per_row):
        print("".join(items[i:i + per_row]))


def print_set(name, members):
    print(f'{{"{name}", {{')
    rows([f"{{0x{a:X},0x{b:X}}}," for a, b in ranges(members)], 10)
    print("}},")


def print_values(name, values):
    """values: (code point, number), sorted, as ranges of equal number."""
    out = []
    for c, value in values:
        if out and out[-1][1] == c - 1 and out[-1][2] == value:
            out[-1][1] = c
        else:
            out.append([c, c, value])
    print(f"const std::vector<ValuedRange> {name} = {{")
    rows([f"{{0x{a:X},0x{b:X},{value}}}," for a, b, value in out], 8)
    print("};")


def print_texts(name, texts):
    print(f"const std::map<char32_t, std::u32string_view> {name} = {{")
    rows([f'{{0x{c:X},U"' + "".join(f"\\x{ord(x):X}" for x in text) + '"},' for c, text in texts], 6)
    print("};")


def grapheme_table(file):
    source = pathlib.Path(file).read_text(encoding="utf-8")
    table = source[source.index("const grapheme_cat_table"):]
    table = table[:table.index("];")]
    value_of = {"GC_CR": 1, "GC_LF": 2, "GC_Control": 3, "GC_Extend": 4, "GC_ZWJ": 5, "GC_Regional_Indicator": 6,
                "GC_Prepend": 7, "GC_SpacingMark": 8, "GC_L": 9, "GC_V": 10, "GC_T": 11, "GC_LV": 12, "GC_LVT": 13,
                "GC_Extended_Pictographic": 14, "GC_InCB_Consonant": 15}
    point = r"'(?:\\u\{([0-9a-f]+)\}|(.))'"
    values = []
    for a, a2, b, b2, kind in re.findall(rf"\({point},\s*{point},\s*(GC_\w+)\)", table):
        first, last = (int(x, 16) if x else ord(y) for x, y in ((a, a2), (b, b2)))
        values += [(c, value_of[kind]) for c in range(first, last + 1)]
    linkers = re.search(r"pub fn is_incb_linker.*?\{(.*?)\n\}", source, re.S).group(1)
    incb = source[source.index("const InCB_Extend_table"):]
    incb = incb[:incb.index("];")]
    extend = []
    for a, a2, b, b2 in re.findall(rf"\({point},\s*{point}\)", incb):
        first, last = (int(x, 16) if x else ord(y) for x, y in ((a, a2), (b, b2)))
        extend += range(first, last + 1)
    return sorted(values), [int(x, 16) for x in re.findall(r"\\u\{([0-9a-fA-F]+)\}", linkers)], sorted(extend)


def main():
    print("// Made by tools/unicode/ask_references.py from the answers of Hugging Face tokenizers 0.23.3. Unicode Licence v3.")
    print("// clang-format off")
    values, linkers, incb_extend = grapheme_table(sys.argv[1])
    nfd, nfkd, nfc = normalizers.NFD(), normalizers.NFKD(), normalizers.NFC()
    canonical, compatibility = normalized(nfd), normalized(nfkd)
    lower = normalized(normalizers.Lowercase())
    clean = normalized(normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False))
    bert_strip = normalized(normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False))
    strip = normalized(normalizers.StripAccents())
    print("const std::map<std::string_view, std::vector<Range>> kSets = {")
    for name in CATEGORIES:
        print_set(name, matched(f"\\p{{{name}}}"))
    for letter in "sdw":
        print_set(letter, matched(f"\\{letter}"))
    print_set("rust_word", rust_word())
    print_set("rust_whitespace", removed_by(pre_tokenizers.WhitespaceSplit()))
    print_set("rust_numeric", rust_numeric())
    print_set("bert_punctuation", bert_punctuation())
    print_set("bert_removed", [c for c in CODE_POINTS if clean[c] == ""])
    print_set("bert_space", [c for c in CODE_POINTS if clean[c] == " "])
    print_set("bert_accent", [c for c in CODE_POINTS if bert_strip[c] == ""])
    print_set("accent", [c for c in CODE_POINTS if strip[c] == ""])
    print_set("incb_linker", sorted(linkers))
    print_set("incb_extend", incb_extend)
    print("};")
    print_values("kGraphemeBreak", values)
    print_values("kScript", [(c, s) for c, s in zip(CODE_POINTS, scripts()) if s])
    print_values("kCombiningClass", sorted(combining_classes(nfd).items()))
    hangul = range(0xAC00, 0xD7A4)
    print_texts("kLower", [(c, lower[c]) for c in CODE_POINTS if lower[c] != chr(c)])
    print_texts("kCanonical", [(c, canonical[c]) for c in CODE_POINTS if canonical[c] != chr(c) and c not in hangul])
    print_texts("kCompatibility", [(c, compatibility[c]) for c in CODE_POINTS if compatibility[c] != canonical[c]])
    print("const std::map<std::pair<char32_t, char32_t>, char32_t> kCompositions = {")
    rows([f"{{{{0x{a:X},0x{b:X}}},0x{c:X}}}," for a, b, c in compositions(nfc)], 5)
    print("};")


main()
