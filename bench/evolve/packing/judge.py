"""Judges a packing exactly: decimals are read as whole multiples of their last digit, nothing is rounded, no tolerance. Run with --run, so that it only reads numbers."""
import itertools
import json
import re
import sys

COUNT = 26
PLAIN = re.compile(r"-?\d{1,3}(\.\d{1,40})?(e-\d{1,3})?")
ONE = 10 ** (40 + 999)  # Of the finest decimal that is plain.


def decimal(word):
    mantissa, _, exponent = word.partition("e-")
    digits, _, fraction = mantissa.partition(".")
    return int(digits + fraction) * ONE // 10 ** (len(fraction) + int(exponent or 0))


def refuse(why):
    print(json.dumps({"score": 0.0, "passed": False, "artifacts": why}))
    sys.exit(0)


circles = []
for line in open(sys.argv[1], encoding="utf-8").read().splitlines():
    words = line.split()
    if len(words) != 3 or not all(PLAIN.fullmatch(word) for word in words):
        refuse("not three plain decimals: " + line[:80])
    circles.append([decimal(word) for word in words])
if len(circles) != COUNT:
    refuse(f"{len(circles)} circles, not {COUNT}")
for i, (x, y, r) in enumerate(circles):
    if r < 0 or x - r < 0 or y - r < 0 or x + r > ONE or y + r > ONE:
        refuse(f"circle {i} is not in the square")
for (i, (x, y, r)), (j, (u, v, s)) in itertools.combinations(enumerate(circles), 2):
    if (x - u) ** 2 + (y - v) ** 2 < (r + s) ** 2:
        refuse(f"circles {i} and {j} overlap")
print(json.dumps({"score": sum(r for _, _, r in circles) / ONE, "passed": True}))
