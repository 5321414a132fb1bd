"""Expressions, and their values as Python computes them."""
import json
import random
import sys

dice = random.Random(int(sys.argv[1]))


def expression(depth):
    kind = dice.randrange(6) if depth else 0
    if kind == 0:
        return str(dice.randint(0, 99))
    if kind == 1:
        return f"-{expression(0)}"
    if kind == 2:
        return f"({expression(depth - 1)})"
    return f"{expression(depth - 1)}{dice.choice(['', ' '])}{dice.choice('+-*/')}{dice.choice(['', ' '])}{expression(depth - 1)}"


inputs = ["7", "2+3", "7-2", "-4", "2*(3+4)", "2*3", "8/3", "(9)", " 12 ", "2*-3", "(2*3)*4", "70/7/5"]
while len(inputs) < 30:
    text = expression(3)
    try:
        eval(text.replace("/", "//"))
    except ZeroDivisionError:
        continue
    if "--" not in text and text not in inputs:
        inputs.append(text)
json.dump(inputs, open("inputs.json", "w", encoding="utf-8"))
json.dump([repr(eval(text.replace("/", "//"))) for text in inputs], open("answers.json", "w", encoding="utf-8"))
