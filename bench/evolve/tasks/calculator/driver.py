"""Prints for each input its answer, and the lines of the program that it went through."""
import json
import sys
import traceback

sys.path.insert(0, "/candidate")
lines = set()


def trace(frame, event, _):
    if not frame.f_code.co_filename.endswith("calculator.py"):
        return None
    if event == "line":
        lines.add(frame.f_lineno)
    return trace


try:
    import calculator
except Exception:
    traceback.print_exc()
for text in json.load(open("/candidate/inputs.json", encoding="utf-8")):
    lines.clear()
    sys.settrace(trace)
    try:
        answer = repr(calculator.f(text)).replace("\n", " ")
    except Exception:
        answer = "error"
        traceback.print_exc()
    sys.settrace(None)
    print(answer, *sorted(lines), sep="\t")
