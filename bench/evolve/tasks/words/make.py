"""A text of words of a made-up language, and the answers, which another program finds."""
import collections
import random
import sys

dice = random.Random(int(sys.argv[1]))
vocabulary = ["".join(dice.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(dice.randint(1, 9))) for _ in range(160)]
words = [vocabulary[min(int(dice.expovariate(0.04)), len(vocabulary) - 1)] for _ in range(700)]
text = "".join(word + dice.choice([" ", ", ", ".\n", "-"]) for word in words)
counts = sorted(collections.Counter(words).items(), key=lambda one: (-one[1], one[0]))
open("text.txt", "w", encoding="utf-8").write(text)
open("answers.txt", "w", encoding="utf-8").write("".join(f"{word} {count}\n" for word, count in counts[:12]))
