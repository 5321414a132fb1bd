"""Finds, for each function, an input whose size can grow and how its work grows with it. Run by serve.py.

request: {file, module, path, support, cases: [{name, variants: [[expression of n, ...]], call}]}
"""
import importlib
import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from driver import enter

LINES_MAX = 150_000  # At the largest size.
SECONDS_MAX = 10  # For choosing one function's input.
SIZES = (512, 256, 128, 64, 32, 16, 8, 4)  # The smallest of three, each twice the one before.
GROWTH = {"math": math, "os": os, "pathlib": pathlib, "re": re, "shutil": shutil, "subprocess": subprocess, "sys": sys, "tempfile": tempfile}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    answers = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)

    def answer(line):
        os.write(answers, (json.dumps(line) + "\n").encode())

    growth = dict(GROWTH)
    exec(compile(request["support"], "growth.py", "exec"), growth)
    enter(request["path"])
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    try:
        names = vars(importlib.import_module(request["module"]))
    except BaseException as error:
        answer({"failed": f"{type(error).__name__}: {error}"[:500]})
        return
    chosen = {}
    signal.signal(signal.SIGPROF, out_of_time)
    for case in request["cases"]:
        signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)
        found, why = choose(case, names, growth)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if found is None:
            answer({"case": case["name"], "why": why})
        else:
            chosen[case["name"]] = found
    if chosen:
        for line in count(chosen, request, growth):
            answer(line)
    answer({"done": True})
    os._exit(0)


def out_of_time(_signal, _frame):
    raise TimeoutError


def choose(case, names, growth):
    """The variant whose work grows most, with the largest sizes that end in time: (text of the call, sizes, counts)."""
    best, why = None, "no input whose size can grow gave an answer"
    for text in case["variants"]:
        try:
            call = eval(f"lambda n: {text}", dict(names))
        except SyntaxError:
            continue
        for least in SIZES:
            sizes = (least, 2 * least, 4 * least)
            try:
                growth["lines_of"](lambda: call(sizes[0]), LINES_MAX)  # Warm.
                counts = [growth["lines_of"](lambda: call(size), LINES_MAX) for size in sizes]
            except TimeoutError:
                why = "the smallest inputs take too long"
                continue
            except BaseException as error:
                why = f"its inputs end with {type(error).__name__}"
                break
            if best is None or counts[-1] > best[2][-1]:
                best = (text, sizes, counts)
            break
    return best, why


def count(chosen, request, growth):
    names = ["sys.path[:0] = " + repr(request["path"]), f"from {request['module']} import *", f"import {request['module']} as module", "globals().update({name: value for name, value in vars(module).items() if not name.startswith('__')})"]
    cases = [f"    {name!r}: (lambda n: {text}, {sizes})," for name, (text, sizes, _) in chosen.items()]
    program = "\n".join(["import " + ", ".join(sorted(GROWTH)), request["support"], *names, "run_under_valgrind({", *cases, "})"])
    sized = {name: (None, sizes) for name, (_, sizes, _) in chosen.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
        file.write(program)
        file.flush()
        try:
            instructions = growth["count_instructions"](sized, [file.name])
        except (RuntimeError, subprocess.SubprocessError):
            instructions = None
    for name, (text, sizes, lines) in chosen.items():
        line = {"case": name, "call": text, "sizes": sizes, "lines": lines, "lines_order": growth["order_of"](lines)}
        if instructions:
            line |= {"instructions": instructions[name], "instructions_order": growth["order_of"](instructions[name])}
        yield line
