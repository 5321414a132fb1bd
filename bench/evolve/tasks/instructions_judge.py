"""The answers must be right; the score is how many million instructions were executed, as {count} tells them."""
import json
import sys

right = open(sys.argv[1], encoding="utf-8").read() == open("answers.txt", encoding="utf-8").read()
result = json.load(open(sys.argv[2], encoding="utf-8"))
print(json.dumps({"score": result["instructions"] / 1e6, "passed": right, "artifacts": "" if right else "wrong answers"}))
