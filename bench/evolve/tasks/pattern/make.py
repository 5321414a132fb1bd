"""All times of day, and texts that are none: each time with something changed, and any characters."""
import json
import random
import sys

dice = random.Random(int(sys.argv[1]))


def is_time(text):
    parts = text.split(":")
    return (len(parts) in (2, 3) and all(len(part) == 2 and part.isascii() and part.isdigit() for part in parts)
            and int(parts[0]) < 24 and all(int(part) < 60 for part in parts[1:]))


texts = {f"{h:02}:{m:02}" for h in range(30) for m in range(70)}
texts |= {f"{h:02}:{m:02}:{s:02}" for h in range(0, 26, 5) for m in range(0, 70, 3) for s in range(0, 70, 3)}
for text in dice.sample(sorted(texts), 1500):
    at = dice.randrange(len(text))
    texts |= {text[:at] + dice.choice("0123456789: ax.|$^") + text[at + dice.randint(0, 1):], text[:at] + text[at + 1:], text + text[at:], text[:at] + text}
texts |= {"".join(dice.choice("0123456789:: a") for _ in range(dice.randint(0, 9))) for _ in range(1500)}
order = sorted(texts)
dice.shuffle(order)
json.dump([[text, is_time(text)] for text in order], open("texts.json", "w", encoding="utf-8"))
