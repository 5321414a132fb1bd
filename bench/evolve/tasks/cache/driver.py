"""Gives the policy one key after the other, and prints which went for each that was not there. What is in the cache, it keeps itself."""
import json
import sys

sys.path.insert(0, "/candidate")
import policy  # noqa: E402

given = json.load(open("/candidate/trace.json", encoding="utf-8"))
policy = policy.Policy(given["capacity"])
held, out = set(), []
for key in given["keys"]:
    if key in held:
        policy.hit(key)
        continue
    gone = policy.take(key)
    held.add(key)
    held.discard(gone)
    out.append("-" if gone is None else str(gone))
print("\n".join(out))
