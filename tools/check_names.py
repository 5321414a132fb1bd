#!/usr/bin/env python3
"""Prints every type of a namespace that two files define: the linker keeps the functions of one of them and says nothing
(the one definition rule, [basic.def.odr]). Names in an unnamed namespace are a file's own. Exit code 1 when there is one."""
import collections
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src"
DEFINITION = re.compile(r"(?:template\s*<.*>\s*)?(?:struct|class|union|enum(?:\s+class)?)\s+(?:\[\[\w+\]\]\s*)?(\w+)(?:\s+final)?\s*(?::[^:].*)?\{")
NAMESPACE = re.compile(r"namespace\s*([\w:]*)\s*\{")


def types_of(file):
    """The types that stand at the left margin: clang-format indents all that stands in another type or function."""
    inside = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if opened := NAMESPACE.match(line):
            if not line.rstrip().endswith("}"):
                inside.append(opened.group(1))
        elif line.startswith("}  // namespace"):
            inside.pop()
        elif (defined := DEFINITION.match(line)) and "" not in inside:
            yield "::".join([*inside, defined.group(1)]), number


def main():
    places = collections.defaultdict(list)
    for file in sorted(SOURCE.rglob("*")):
        if file.suffix in (".cc", ".h"):
            for name, number in types_of(file):
                places[name].append(f"{file.relative_to(SOURCE.parent)}:{number}")
    twice = {name: where for name, where in places.items() if len(where) > 1}
    for name, where in sorted(twice.items()):
        print(f"{name} is defined in {', '.join(where)}")
    print(f"names: {len(twice)} twice of {len(places)}")
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main())
