"""The answers must be right; the score is how many instructions were executed, as Valgrind counted them."""
import json
import re
import sys

told = open(sys.argv[1], encoding="utf-8").read()
counts = re.findall(r"^==\d+== I +refs: +([\d,]+)$", open(sys.argv[2], encoding="utf-8", errors="replace").read(), re.M)
right = told == open("answers.txt", encoding="utf-8").read()
passed = right and len(counts) == 1
print(json.dumps({"score": float(counts[0].replace(",", "")) / 1e6 if len(counts) == 1 else 1e9, "passed": passed,
                  "artifacts": "" if passed else "wrong answers" if counts else "no count"}))
