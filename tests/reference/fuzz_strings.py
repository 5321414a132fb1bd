#!/usr/bin/env python3
"""Strings on which tokenizers disagree, the same on every machine:  fuzz_strings.py OUT [--count 1000000] [--seed 1] [--no-code-points]

Writes a file of records: 4 bytes of length, little-endian, and the bytes. First --count strings put together from pieces
that patterns, normalizers and vocabularies treat in special ways (some ill-formed UTF-8 among them); then every code point
by itself, and with " ", "a", "1" and "\\n" before, behind, and on both sides. `records(file)` reads them back.
"""
import argparse
import random
import struct
import sys

WHITESPACE = [" ", " ", " ", "  ", "   ", "    ", "\n", "\n", "\n\n", "\r\n", "\r", "\t", "\t\t", "\v", "\f", "\x1c", "\x1f", "\x85", "\xa0",
              "\u1680", "\u180e", "\u2000", "\u2003", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff",
              "\u200b", "\u200c", "\u200d", "\u2060", " " * 8, " " * 16, " " * 83, "\n" * 5, "\n" * 31, "\t" * 9, " \n \n", "\n \n"]
CONTRACTIONS = ["'s", "'S", "'\u017f", "'t", "'T", "'re", "'RE", "'rE", "'ve", "'Ve", "'m", "'M", "'ll", "'LL", "'lL", "'d", "'D", "\u2019s",
                "'", "''", "n't", "'\u212a", "'st", "\ufb06", "'\u0131", "\u02bcs", "`s", "I'm", "don't", "WE'RE", "x'\u017fS"]
LATIN = ["a", "b", "e", "I", "A", "Z", "the", "The", "THE", "hello", "Hello", "HELLO", "hEllO", "iPhone", "McDonald", "camelCase", "snake_case",
         "HTTPServer", "\u00e9", "e\u0301", "\u00df", "\u1e9e", "\u00c5", "\u212b", "\u0130", "\u0131", "\u017f", "\u212a", "\u01c5", "\u01c4",
         "\u01c6", "\ufb01", "\ufb03", "\u02b0", "\u00aa", "\u00ba", "na\u00efve", "stra\u00dfe", "\u1d2c", "\uff21", "\uff41", "\u0149", "q\u0307\u0323",
         "internationalization", "antidisestablishmentarianism", "supercalifragilistic", "x" * 17, "ab" * 20, "a" * 101]
DIGITS = ["0", "1", "12", "123", "1234", "12345", "1234567", "3.14", "1,000", "\u0661\u0662", "\u06f3", "\u0967\u0968", "\u09e9", "\u0e51", "\uff11\uff12",
          "\u00b2", "\u00b3", "\u00bc", "\u2167", "\u2460", "\u3007", "\u4e00", "\u4e8c\u4e09", "\U0001d7d8", "\U00011de0", "\U00010d40", "\u1369", "\u215b", "0x1F"]
MARKS = ["\u0300", "\u0301", "\u0327", "\u0323", "\u0334", "\u0338", "\u0345", "\u0903", "\u093c", "\u094d", "\u20dd", "\u3099", "\u309a", "\ufe0f",
         "\ufe20", "\U0001d165", "\u0f71\u0f72", "\u1ab0", "\u0e33", "\u0e31", "\u05b0", "\u0651", "\u0301\u0323", "\u0323\u0301", "\u1dca",
         "\u0897", "\u1acf", "\U00010d69", "\U000113ce", "\u0c3c"]
SCRIPTS = ["\u4e2d\u6587", "\u4e2d", "\u65e5\u672c\u8a9e", "\u3053\u3093\u306b\u3061\u306f", "\u30ab\u30bf\u30ab\u30ca", "\u30fc", "\uff76\uff9e", "\u3057\u306a\u3044",
           "\u3001", "\u3002", "\uff01", "\uff08\uff09", "\u300c", "\ud55c\uad6d\uc5b4", "\uac00", "\u1100\u1161", "\u1100\u1161\u11a8", "\u3131", "\u041f\u0440\u0438\u0432\u0435\u0442", "\u0416", "\u0434",
           "\u0391\u03b8\u03ae\u03bd\u03b1", "\u03a3\u03c3\u03c2", "\u0393\u039f\u03a3", "\u0645\u0631\u062d\u0628\u0627", "\u0644\u0627", "\ufefb", "\ufdfa", "\u05e9\u05dc\u05d5\u05dd", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0915\u094d\u0937",
           "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u1019\u103c\u1014\u103a\u1019\u102c", "\u10d2\u10d0\u10db", "\u1c90", "\u0561", "\u0531", "\u13a0", "\uab70", "\u1e00", "\U00010400", "\U00010428",
           "\U00020000", "\U0002a6d7", "\U0002b820", "\U0002b920", "\U0002f800", "\uf900", "\ufa0e", "\u2f00", "\u2e80", "\u3105", "\ua000", "\U00016e40", "\U0001e900"]
SYMBOLS = ["!", "?", ".", ",", ";", ":", "-", "--", "---", "_", "/", "//", "\\", "|", "(", ")", "[]", "{}", "<", ">", "=", "==", "!=", "&&", "||", "@", "#", "##", "$", "%",
           "^", "*", "**", "+", "~", "\"", "``", "\u2026", "...", "\u2014", "\u00ab", "\u20ac", "\u00a9", "\u2122", "\u00b0", "\u00b7", "\u00b4", "\u00a8", "\u2017", "\u00ad", "\u2581", "\u2581\u2581", "\u2581a", "a\u2581",
           "\u0120", "\u010a", "\u0122", "\u00c2", "\ufffd", "\x00", "\x01", "\x08", "\x7f", "\x9f", "\u0378", "\ue000", "\U000f0000", "\U0010ffff", "\ufffe", "\U0001fffe", "\U000e0001", "\U000e0020",
           "().", ");\n", "{\n", "*/", "/*", "\n/", "/\n", "\n//", "->", "::", "</", "/>", "://", "\u2029/", ">\u2581</", "> </"]
EMOJI = ["\U0001f600", "\U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\u2764", "\U0001f1e9\U0001f1ea", "\U0001f1e9", "\U0001f1e9\U0001f1ea\U0001f1eb", "1\ufe0f\u20e3", "\u00a9\u200d\u00a9",
         "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001fae8", "\U0001fac6", "\u263a\ufe0f", "\u200d", "\U0001f9d1\u200d\U0001f4bb"]
SPECIALS = ["<|endoftext|>", "<|endofprompt|>", "<|fim_prefix|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|endoftext|", "|endoftext|>", "<|", "|>",
            "<|<|endoftext|>|>", "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>", "<start_of_turn>", "<end_of_turn>", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]", "[INST]", "[/INST]",
            "<<SYS>>", "<extra_id_0>", "<0x0A>", "<0x00>", "<0xFF>", "<0xE4><0xBD><0xA0>", "<|channel|>", "<|message|>", "<|return|>", "<think>", "</think>", "<tool_call>", "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
            "<\uff5cend\u2581of\u2581sentence\uff5c>", "<\uff5cUser\uff5c>", "<unused0>", "<sep>", "<cls>", "<eod>", "<table>", "<h1>", "<|vision_start|>", "<|fim_middle|>", "<S>", "[cls]", "<|IM_START|>", "\u2581<s>"]
ILL_FORMED = [b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xc3(", b"\xe0\x80\x80", b"\xe0\xa0", b"\xe2\x82", b"\xe2\x82a", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80",
              b"\xf0\x80\x80\x80", b"\xf0\x9f\x98", b"\xf0\x9f", b"\xf0", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xfe", b"\xff", b"\xff\xfe", b"\xef\xbb", b"\xe2\x96"]
POOLS = [(WHITESPACE, 26), (CONTRACTIONS, 8), (LATIN, 20), (DIGITS, 9), (MARKS, 8), (SCRIPTS, 12), (SYMBOLS, 12), (EMOJI, 4), (SPECIALS, 5), (ILL_FORMED, 2)]
AROUND = [("", ""), (" ", ""), ("", " "), (" ", " "), ("a", ""), ("", "a"), ("a", "a"), ("1", ""), ("", "1"), ("1", "1"),
          ("\n", ""), ("", "\n"), ("\n", "\n")]


def to_bytes(piece):
    return piece if isinstance(piece, bytes) else piece.encode()


def fuzz_strings(count=1_000_000, seed=1):
    """Deterministic: Python's Mersenne Twister, used only through getrandbits and random, whose output is fixed."""
    source = random.Random(seed)
    pools = [[to_bytes(piece) for piece in pool] for pool, _ in POOLS]
    wheel = [i for i, (_, weight) in enumerate(POOLS) for _ in range(weight)]

    def below(limit):
        return int(source.random() * limit)

    def code_point():
        while True:
            c = below((0x250, 0x3000, 0x11000, 0x20000, 0x110000)[below(5)])
            if not 0xD800 <= c <= 0xDFFF:
                return chr(c).encode()

    for _ in range(count):
        kind = below(16)
        length = 1 + below(6 if kind < 8 else 12 if kind < 14 else 40)
        parts = []
        if kind == 3:  # Of few pieces, many times: ties and long runs.
            few = [pools[i][below(len(pools[i]))] for i in (wheel[below(len(wheel))] for _ in range(3))]
            parts = [few[below(3)] for _ in range(length * 2)]
        elif kind == 5:  # Anything at all.
            parts = [code_point() for _ in range(length)]
        elif kind == 7:  # Words as in a text.
            for _ in range(length):
                parts += [b" ", pools[2][below(len(pools[2]))]]
            parts = parts[below(2):]
        else:
            for _ in range(length):
                pool = pools[wheel[below(len(wheel))]]
                parts.append(pool[below(len(pool))] if below(24) else code_point())
        text = b"".join(parts)
        if below(64) == 0 and text:  # Cut anywhere.
            text = text[below(len(text)):]
        yield text


def code_points():
    for c in range(0x110000):
        if 0xD800 <= c <= 0xDFFF:
            continue
        for before, behind in AROUND:
            yield (before + chr(c) + behind).encode()


def records(file):
    while header := file.read(4):
        yield file.read(struct.unpack("<I", header)[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-code-points", action="store_true")
    arguments = parser.parse_args()
    written = 0
    with open(arguments.out, "wb") as out:
        def put(strings):
            nonlocal written
            for text in strings:
                out.write(struct.pack("<I", len(text)) + text)
                written += 1
                if written % 100_000 == 0 and sys.stderr.isatty():
                    print(f"\r{written:,} strings", end="", file=sys.stderr)

        put(fuzz_strings(arguments.count, arguments.seed))
        if not arguments.no_code_points:
            put(code_points())
    print(f"{written:,} strings in {arguments.out}")


if __name__ == "__main__":
    main()
