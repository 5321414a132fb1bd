#!/usr/bin/env python3
"""Prints every #include "leyden/..." that its module's NEEDS does not name. Exit code 1 when there is one."""
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src" / "leyden"


def needs_of(module):
    text = (module / "CMakeLists.txt").read_text()
    match = re.search(r"leyden_module\(\w+\s+(?:NEEDS\s+((?:[a-z_]+\s+)*[a-z_]+))?", text)
    return set((match.group(1) or "").split())


def main():
    folders = {file.parent.relative_to(SOURCE): file.parent for file in SOURCE.rglob("CMakeLists.txt")}
    needs = {path.name: needs_of(folder) for path, folder in folders.items()}

    def module_of(path):
        """The module whose folder the path lies in: "review" for agents/review/rule.h."""
        return next(folder.name for folder in path.parents if folder in folders)

    def reach(name):
        return needs[name] | {below for need in needs[name] for below in reach(need)}

    wrong = 0
    for file in sorted(SOURCE.rglob("*")):
        if file.suffix not in (".cc", ".h"):
            continue
        module = module_of(file.relative_to(SOURCE))
        for number, line in enumerate(file.read_text().splitlines(), 1):
            include = re.match(r'#include "leyden/([\w/.]+)"', line)
            needed = module_of(pathlib.Path(include.group(1))) if include else module
            if needed != module and needed not in reach(module):
                print(f"{file.relative_to(SOURCE.parent.parent)}:{number}: {module} does not need {needed}")
                wrong += 1
    print(f"arrows: {wrong} wrong of {len(needs)} modules")
    return 1 if wrong else 0


sys.exit(main())
