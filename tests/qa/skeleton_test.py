"""`leyden test --skeleton` of a file of a thousand lines in each of ten languages: what it prints is read by the language's own tools, where they are installed.
Prints how long the whole process takes.

    skeleton_test.py LEYDEN
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

COUNT = 250  # Functions, of four lines each.

# Of each language: its file, what stands before the functions, one of them, what stands behind, and how a skeleton is checked.
LANGUAGES = {
    "python": ("shop.py", "", 'def total_{i}(price: int, name: str = "a\\"b"):\n    """Adds."""\n    return price + len(name) + {i}\n\n', "", ["python3", "-m", "py_compile"]),
    "javascript": ("shop.mjs", "", "export function total{i}(price, name = 'it\\'s') {{\n  const extra = {i};\n  return price + name.length + extra;\n}}\n", "", ["node", "--check"]),
    "typescript": ("shop.ts", "", "export function total{i}(price: number, name: string): number {{\n  const extra = {i};\n  return price + name.length + extra;\n}}\n", "", ["node", "--check"]),
    "c": ("shop.c", "#include <string.h>\n", "int total_{i}(int price, const char* name) {{\n  int extra = {i};\n  return price + (int)strlen(name) + extra;\n}}\n", "",
          ["gcc", "-fsyntax-only", "-Wall", "-Werror"]),
    "cpp": ("shop.cc", "#include <string>\nnamespace shop {\n", "int total_{i}(int price, const std::string& name) {{\n  int extra = {i};\n  return price + int(name.size()) + extra;\n}}\n", "}\n",
            ["g++", "-fsyntax-only", "-Wall", "-Werror"]),
    "go": ("shop.go", "package shop\n", "func Total{i}(price int, name string) int {{\n\textra := {i}\n\treturn price + len(name) + extra\n}}\n", "", ["gofmt", "-l"]),
    "java": ("Shop.java", "package shop;\n\npublic class Shop {\n", "  public static int total{i}(int price, String name) {{\n    int extra = {i};\n    return price + name.length() + extra;\n  }}\n", "}\n",
             ["javac", "-proc:none", "-d", "."]),
    "rust": ("shop.rs", "", "pub fn total_{i}(price: usize, name: &str) -> usize {{\n    let extra = {i};\n    price + name.len() + extra\n}}\n", "", ["rustc", "--test", "--emit=metadata", "-Dwarnings"]),
    "ruby": ("shop.rb", "", 'def total_{i}(price, name = "it\'s")\n  extra = {i}\n  price + name.length + extra\nend\n', "", ["ruby", "-wc"]),
    "php": ("shop.php", "<?php\n", "function total_{i}(int $price, string $name = 'it\\'s'): int {{\n  $extra = {i};\n  return $price + strlen($name) + $extra;\n}}\n", "", ["php", "-l"]),
}
# What JUnit's names are to javac, where its jar is not installed.
JUNIT = {"Test": "@interface Test {}", "Disabled": "@interface Disabled { String value(); }"}


def check(leyden, language, folder):
    name, head, function, foot, command = LANGUAGES[language]
    (folder / name).write_text(head + "".join(function.format(i=i) for i in range(COUNT)) + foot)
    begin = time.monotonic()
    done = subprocess.run([leyden, "test", folder / name, "--skeleton", "--write"], capture_output=True, text=True, cwd=folder)
    took = (time.monotonic() - begin) * 1000
    assert done.returncode == 0, (language, done.stderr)
    written = [path for path in folder.iterdir() if path.name != name]
    assert len(written) == 1, (language, written)
    text = written[0].read_text()
    assert text.count("to be written: ") == COUNT, (language, text.count("to be written: "))
    files = written
    if language == "java":
        for one, body in JUNIT.items():
            path = folder / "org/junit/jupiter/api" / f"{one}.java"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"package org.junit.jupiter.api;\npublic {body}\n")
            files = [*files, path]
    if not shutil.which(command[0]) or (language == "typescript" and not node_reads_types()):
        return f"{took:6.1f} ms, not compiled: {command[0]} is not there, or can't"
    checked = subprocess.run([*command, *files], capture_output=True, text=True, cwd=folder)
    assert checked.returncode == 0 and not (language == "go" and checked.stdout), (language, checked.stdout[-500:], checked.stderr[-1500:])
    return f"{took:6.1f} ms, and {command[0]} takes it"


def node_reads_types():
    done = subprocess.run(["node", "--version"], capture_output=True, text=True)
    major, minor = (int(part) for part in done.stdout.strip().lstrip("v").split(".")[:2]) if done.returncode == 0 else (0, 0)
    return (major, minor) >= (22, 18)


def main():
    leyden = pathlib.Path(sys.argv[1]).resolve()
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as temporary:
            print(f"{language:11} {check(leyden, language, pathlib.Path(temporary))}", flush=True)


if __name__ == "__main__":
    main()
