"""Reads the pattern as text and matches for itself. The score is its length; of what is wrong, a thousand and how many texts are."""
import ast
import json
import re
import sys

why, wrong = "", 0
try:
    pattern = ast.literal_eval(open(sys.argv[1], encoding="utf-8").read())
    compiled = re.compile(pattern)
    for text, wanted in json.load(open("texts.json", encoding="utf-8")):
        if bool(compiled.fullmatch(text)) != wanted:
            why, wrong = why or f"{'does not match' if wanted else 'matches'} {text!r}", wrong + 1
except (ValueError, SyntaxError, TypeError, re.error) as error:
    why, pattern = f"no pattern: {error}", ""
print(json.dumps({"score": float(1000 + wrong if why else len(pattern)), "passed": not why, "artifacts": why}))
