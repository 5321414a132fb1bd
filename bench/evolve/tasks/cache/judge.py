"""Plays the trace again with what the policy let go: a key that was not there, or one more than fits, is refused. The score is the share of requests found."""
import json
import sys

given = json.load(open("trace.json", encoding="utf-8"))
told = iter(open(sys.argv[1], encoding="utf-8").read().split())
held, found, why = set(), 0, ""
for key in given["keys"]:
    if key in held:
        found += 1
        continue
    gone = next(told, "nothing")
    held.add(key)
    if gone != "-":
        if not gone.isascii() or not gone.isdigit() or int(gone) not in held:
            why = "let go what was not there"
            break
        held.discard(int(gone))
    if len(held) > given["capacity"]:
        why = "more than fits"
        break
if not why and next(told, None) is not None:
    why = "said too much"
print(json.dumps({"score": found / len(given["keys"]), "passed": not why, "artifacts": why}))
