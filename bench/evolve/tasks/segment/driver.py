import json
import sys

sys.path.insert(0, "/candidate")
import segment  # noqa: E402

given = json.load(open("/candidate/texts.json"))
for one in segment.cuts(given["texts"], given["words"]):
    print(*one)
