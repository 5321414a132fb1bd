#!/usr/bin/env python3
"""`leyden test --type performance` of linear functions: its tests fail on their quadratic twins, and do not on the same with twice the work.

    growth_test.py LEYDEN [--only NAME ...]
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

from planted_test import PYTHON, leyden_test
from twins import TWINS


def twice(name, source):
    """The same, done two times: no other order of growth."""
    head = re.match(r"def \w+\((.*?)\) -> .*:", source)
    names = ", ".join(part.split(":")[0].strip() for part in re.split(r", (?=\w+:)", head[1]))
    return source.replace(f"def {name}(", f"def {name}_once(", 1) + f"\n\n{head[0]}\n    {name}_once({names})\n    return {name}_once({names})\n"


def failed(folder):
    ran = subprocess.run([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-rf"], cwd=folder, capture_output=True, text=True)
    return {name.removeprefix("test_growth_of_") for name in re.findall(r"FAILED \S+::(\w+)", ran.stdout)}, ran.stdout


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("leyden", type=lambda path: pathlib.Path(path).resolve())
    arguments.add_argument("--only", nargs="*")
    options = arguments.parse_args()
    twins = [twin for twin in TWINS if not options.only or twin[0] in options.only]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        module = folder / "module.py"

        def write(part, change=lambda _name, text: text):
            texts = [change(name, source.replace("@@", (good if part == "good" else bad).lstrip("\n"))) for name, source, good, bad in twins]
            module.write_text("\n\n".join(texts))

        write("good")
        report = leyden_test(options.leyden, module, "--write", "--type", "performance")
        for test in report["tests"]:
            print(f"{test['function']:16} {test['note']}")
        for text in report["untested"] + [one["name"] + ": " + one["reason"] for one in report["rejected"]]:
            print(f"no test: {text}")
        write("good", twice)
        alarms, _ = failed(folder)
        write("bad")
        found, output = failed(folder)
        print(f"{len(twins)} twins: {len(found)} found, {len(alarms)} false alarms {sorted(alarms)}; not found: {sorted({twin[0] for twin in twins} - found)}")
        if not found:
            print(output)
    sys.exit(0 if len(found) == len(twins) and not alarms else 1)


if __name__ == "__main__":
    main()
