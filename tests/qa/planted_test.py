#!/usr/bin/env python3
"""Tests that Leyden makes of a correct function fail on its buggy version; made of the buggy one, what contradicts the docstring is reported.

    planted_test.py LEYDEN [--language javascript | c | cpp | go | java | ruby | rust | php] [--json FILE]
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from planted import PLANTED
from planted_c import PLANTED_C
from planted_cpp import PLANTED_CPP
from planted_go import PLANTED_GO
from planted_java import PLANTED_JAVA
from planted_js import PLANTED_JS
from planted_php import PLANTED_PHP
from planted_ruby import PLANTED_RUBY
from planted_rust import PLANTED_RUST

PYTHON = "/usr/bin/python3"
NODE = "/usr/bin/node"
RUBY = "/usr/bin/ruby"
PHP = "/usr/bin/php"
PHPUNIT = "/usr/bin/phpunit"
GO = "/usr/bin/go"
CARGO = shutil.which("cargo") or "/usr/bin/cargo"
JAVA = "/usr/bin/java"
JUNIT = ":".join(f"/usr/share/java/{name}.jar" for name in ("junit-platform-console-standalone", "junit-platform-console", "junit-platform-reporting", "junit-platform-launcher", "junit-platform-engine",
                                                            "junit-platform-commons", "junit-jupiter-api", "junit-jupiter-engine", "opentest4j", "opentest4j-reporting-events", "apiguardian-api", "picocli"))
PLANTED_BY = {"python": [(name, "py", *rest) for name, *rest in PLANTED], "javascript": PLANTED_JS, "c": PLANTED_C, "cpp": PLANTED_CPP, "go": PLANTED_GO, "java": PLANTED_JAVA, "ruby": PLANTED_RUBY,
              "php": PLANTED_PHP, "rust": PLANTED_RUST}
# What has to be there, and what says so.
GOOGLETEST = "/usr/include/gtest/gtest.h"
NEEDED = {"go": [GO, "version"], "rust": [CARGO, "--version"], "java": [JAVA, "-cp", JUNIT, "org.junit.platform.console.ConsoleLauncher", "--help"], "c": ["/usr/bin/g++", "-fsyntax-only", GOOGLETEST], "cpp": ["/usr/bin/g++", "-fsyntax-only", GOOGLETEST], "python": [PYTHON, "-c", "import pytest"], "javascript": [NODE, "--version"], "ruby": [RUBY, "-rminitest", "-e", ""],
          "php": [PHP, "-r", f"exit(extension_loaded('xdebug') && is_file('{PHPUNIT}') ? 0 : 1);"]}


def leyden_test(program, file, *more):
    done = subprocess.run([program, "test", file, "--offline", "--json", "--python", PYTHON, "--node", NODE, "--ruby", RUBY, "--php", PHP, "--go", GO, "--cargo", CARGO, "--java", JAVA, *more], capture_output=True, text=True)
    if done.returncode == 5 and "sandbox" in done.stderr:
        print(f"SKIPPED: {done.stderr.strip()}", flush=True)
        os._exit(77)
    if done.returncode not in (0, 1):
        raise SystemExit(f"leyden test {file}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["files"][0]


def passes(folder, end):
    if end in ("h", "cc", "c"):
        objects = [file.with_suffix(".o").name for file in folder.glob("*.c")]
        for source in folder.glob("*.c"):
            subprocess.run(["gcc", "-c", source.name], cwd=folder, check=True)
        built = subprocess.run(["g++", "-std=c++20", *(file.name for file in folder.glob("*_test.cc")), *objects, "-lgtest_main", "-lgtest", "-pthread", "-o", "tests"], cwd=folder, capture_output=True)
        command = ["./tests"] if built.returncode == 0 else ["false"]
    elif end == "java":
        built = subprocess.run(["javac", "-cp", JUNIT, "-d", "classes", *(file.name for file in folder.glob("*.java"))], cwd=folder, capture_output=True)
        run = [JAVA, "-cp", f"classes:{JUNIT}", "org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--scan-classpath", "classes", "--fail-if-no-tests"]
        command = run if built.returncode == 0 else ["false"]
    else:
        command = {"py": [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
                   "go": [GO, "test", "."],
                   "rs": [CARGO, "test", "--offline", "--quiet"],
                   "rb": [RUBY, *folder.glob("*_test.rb")],
                   "php": [PHPUNIT, "--do-not-cache-result", *folder.glob("*Test.php")]}.get(end, [NODE, "--test", *(file.name for file in folder.glob("*.test.*js"))])
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=120).returncode == 0


def write_project(folder, name, end):
    """What the language's tools want beside a source."""
    if end in ("js", "mjs", "cjs", "ts"):
        (folder / "package.json").write_text('{"type": "module"}\n')
    if end == "go":
        (folder / "go.mod").write_text("module example.org/planted\n\ngo 1.18\n")
    if end == "rs":
        (folder / "tests").mkdir()
        (folder / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n')


def one(program, folder, planted):
    name, end, source, good, bad, says = planted
    correct, buggy = folder / "correct", folder / "buggy"
    for place, text in ((correct, good), (buggy, bad)):
        place.mkdir(parents=True)
        file = place / ("src/lib.rs" if end == "rs" else f"{name}.{end}")
        file.parent.mkdir(exist_ok=True)
        file.write_text(source.replace("@@", text).lstrip())
        write_project(place, name, end)
    report = leyden_test(program, correct / file.relative_to(place), "--write")
    if not report["tests"]:
        return {"name": name, "tests": 0, "sound": False, "noticed": False, "false_alarm": bool(report["suspected_defects"]), "says": says, "told": False}
    sound = passes(correct, end)
    of_buggy = leyden_test(program, buggy / file.relative_to(place))
    (buggy / report["test_path"]).write_text((correct / report["test_path"]).read_text())
    return {"name": name, "tests": report["test_count"], "sound": sound, "noticed": not passes(buggy, end), "false_alarm": bool(report["suspected_defects"]),
            "says": says, "told": bool(of_buggy["suspected_defects"]), "mutants": report["mutants"], "killed": report["mutants_killed"],
            "seconds": report["latency_ms"] / 1000}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("leyden", type=lambda path: pathlib.Path(path).resolve())
    arguments.add_argument("--json", type=pathlib.Path)
    arguments.add_argument("--language", choices=list(PLANTED_BY), default="python")
    options = arguments.parse_args()
    all_planted = PLANTED_BY[options.language]
    needed = NEEDED[options.language]
    if not pathlib.Path(needed[0]).exists() or subprocess.run(needed, capture_output=True).returncode != 0:
        print(f"SKIPPED: {needed[0]} is not there, or lacks what runs its tests")
        return 77
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda planted: one(options.leyden, pathlib.Path(temporary) / planted[0], planted), all_planted))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    said = [row for row in rows if row["says"]]
    noticed, told = sum(row["noticed"] for row in rows), sum(row["told"] for row in said)
    for row in rows:
        if not row["noticed"] or not row["sound"] or row["false_alarm"] or row["told"] != row["says"]:
            print(row)
    print(f"{len(rows)} functions: the tests of the correct version pass on it in {sum(row['sound'] for row in rows)} and fail on the buggy one in {noticed} "
          f"({100 * noticed / len(rows):.1f} %); of {len(said)} bugs that contradict the docstring {told} are reported, "
          f"and {sum(row['told'] for row in rows) - told} of the others; false alarms on correct ones: {sum(row['false_alarm'] for row in rows)}")
    good = all(row["sound"] for row in rows) and noticed >= 0.85 * len(rows) and told == len(said) and not any(row["false_alarm"] for row in rows)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
