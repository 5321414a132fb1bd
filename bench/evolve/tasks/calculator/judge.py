"""The share of inputs that are answered right; all must be. Lines that wrong answers go through more often than right ones are named (Ochiai: Abreu and others, TAIC PART 2007),
since changes begin where the evidence points."""
import collections
import json
import math
import sys

inputs, wanted = json.load(open("inputs.json", encoding="utf-8")), json.load(open("answers.json", encoding="utf-8"))
told = [line.split("\t") for line in open(sys.argv[1], encoding="utf-8").read().splitlines()]
good = [bool(one) and one[0] == right for one, right in zip(told, wanted)]
failing, passing = collections.Counter(), collections.Counter()
for (_, *lines), passed in zip(told, good):
    (passing if passed else failing).update(lines)
suspicion = {line: count / math.sqrt(good.count(False) * (count + passing[line])) for line, count in failing.items()}
suspects = sorted(suspicion, key=lambda line: -suspicion[line])[:4]
wrong = [f"f({text!r}) is {one[0]}, not {right}" for text, one, right, passed in zip(inputs, told, wanted, good) if not passed]
right = sum(good) if len(told) == len(wanted) else 0
print(json.dumps({"score": right / len(wanted), "passed": right == len(wanted),
                  "artifacts": "\n".join([*(f"calculator.py:{line}" for line in suspects), *wrong[:8]]) + "\n" + open(sys.argv[2], encoding="utf-8", errors="replace").read()[-1500:]}))
