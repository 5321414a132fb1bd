"""Texts that words give in many ways, and the answers, which another program finds: by tables, not by trying."""
import random
import sys

dice = random.Random(int(sys.argv[1]))
words = ["".join(dice.choice("ab") for _ in range(dice.randint(1, 4))) for _ in range(14)]
words += ["".join(dice.choice("abc") for _ in range(dice.randint(4, 7))) for _ in range(20)]
words += words[::3]
texts = ["".join(dice.choice("ab") for _ in range(dice.randint(6, 10))) for _ in range(10)] + ["cabc", "bcab" * 2]


def answer(text):
    ways, fewest = [1] + [0] * len(text), [0] + [10**6] * len(text)
    for end in range(1, len(text) + 1):
        for word in set(words):
            if text[:end].endswith(word):
                ways[end] += ways[end - len(word)]
                fewest[end] = min(fewest[end], fewest[end - len(word)] + 1)
    return (ways[-1], fewest[-1]) if ways[-1] else (0, 0)


open("texts.txt", "w", encoding="utf-8").write("\n".join([" ".join(words), *texts]) + "\n")
open("answers.txt", "w", encoding="utf-8").write("".join("%d %d\n" % answer(text) for text in texts))
