"""A trace: popular keys whose popularity drifts, keys that come once, and now and then a scan. Or a real one: a file with one key a line, or of JSON lines with `hash_ids`, as
Mooncake (a list) and RAGPulse (lists by kind) have them."""
import itertools
import json
import random
import sys

LENGTH, KEYS, CAPACITY = 12_000, 4_000, 150


def made(dice):
    out, at = [], 0
    while len(out) < LENGTH:
        if dice.random() < 0.004:
            first = 10**6 + at * 1000
            out += range(first, first + dice.randint(50, 400))
        elif dice.random() < 0.2:
            out.append(10**8 + at)
        else:
            out.append((int(dice.paretovariate(0.7)) + at // 4000 * 40) % KEYS)
        at += 1
    return out[:LENGTH]


def read(path, part):
    keys = []
    for line in itertools.islice(open(path, encoding="utf-8"), 20_000):
        row = json.loads(line) if line.startswith("{") else [line.strip()]
        if isinstance(row, dict):
            row = row["hash_ids"]
        keys += map(str, itertools.chain.from_iterable(row.values()) if isinstance(row, dict) else row)
    numbers = {}
    keys = [numbers.setdefault(key, len(numbers)) for key in keys]
    return keys[part * LENGTH:(part + 1) * LENGTH]


seed = int(sys.argv[1])
keys = read(sys.argv[2], seed - 1) if len(sys.argv) > 2 else made(random.Random(seed))
json.dump({"capacity": CAPACITY, "keys": keys}, open("trace.json", "w", encoding="utf-8"))
