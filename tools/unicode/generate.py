#!/usr/bin/env python3
"""Writes src/leyden/tokenizer/unicode_table.inc: a class for every code point, in 256-entry blocks.

    python3 -m venv build/unicode && build/unicode/bin/pip install --target build/unicode/16 unicodedata2==16.0.0
    build/unicode/bin/pip install --target build/unicode/17 unicodedata2==17.0.0
    python3 tools/unicode/generate.py build/unicode/16 build/unicode/17 > src/leyden/tokenizer/unicode_table.inc

Two versions, because the references have two (docs/decisions/unicode.md): the patterns of tiktoken and of Hugging
Face are at 16.0, the latter's Digits pre-tokenizer is at 17.0.
"""
import json
import subprocess
import sys

WHITE_SPACE = [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
UPPER, LOWER, OTHER_LETTER, MARK, NUMBER, SPACE, NEWLINE, DIGIT = (1 << i for i in range(8))
CLASS = {"Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lm": OTHER_LETTER, "Lo": OTHER_LETTER, "Mn": MARK, "Mc": MARK,
         "Me": MARK, "Nd": NUMBER, "Nl": NUMBER, "No": NUMBER}


def categories(folder):
    code = ("import sys, json; sys.path.insert(0, sys.argv[1]); import unicodedata2 as u;"
            "print(json.dumps([u.unidata_version, [u.category(chr(c)) for c in range(0x110000)]]))")
    return json.loads(subprocess.check_output([sys.executable, "-c", code, folder]))


def main():
    version, by_code_point = categories(sys.argv[1])
    digit_version, for_digits = categories(sys.argv[2])
    classes = bytearray(CLASS.get(c, 0) for c in by_code_point)
    for c, category in enumerate(for_digits):
        if category[0] == "N":
            classes[c] |= DIGIT
    for c in WHITE_SPACE:
        classes[c] |= SPACE
    for c in (10, 13):
        classes[c] |= NEWLINE
    blocks, block_of = [], []
    for start in range(0, 0x110000, 256):
        block = bytes(classes[start:start + 256])
        if block not in blocks:
            blocks.append(block)
        block_of.append(blocks.index(block))
    assert len(blocks) <= 256
    print(f"// Made by tools/unicode/generate.py from Unicode {version} (digits: {digit_version}). Unicode Licence v3.")
    print("const std::uint8_t kBlockOf[0x1100] = {")
    rows(block_of)
    print("};\nconst std::uint8_t kBlocks[][256] = {")
    for block in blocks:
        print("{")
        rows(block)
        print("},")
    print("};")


def rows(values):
    for i in range(0, len(values), 32):
        print(",".join(str(v) for v in values[i:i + 32]) + ",")


main()
