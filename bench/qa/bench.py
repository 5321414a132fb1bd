#!/usr/bin/env python3
"""Tests that Leyden makes without a model, of public programs, checked by other programs: coverage.py counts, pytest runs them in a clean copy.

    bench.py --leyden LEYDEN --testeval data/leetcode-py-instrumented.jsonl [--only N ...] [--json FILE]
    bench.py --leyden LEYDEN --juliet FOLDER [--json FILE]
    bench.py --leyden LEYDEN --engine [--files N] [--model NAME]
    bench.py --leyden LEYDEN --projects [NAME ...] [--max-calls N --model NAME]
    bench.py --leyden LEYDEN --exercises FOLDER [--replay] [--every N] [--language L ...] [--exercise NAME ...] [--mutants N] [--json FILE]

TestEval (LLM4SoftwareTesting/TestEval, 210 programs of one method each) exercises with human tests (exercises.py) and Juliet
(arichardson/juliet-test-suite-c) are not in this repository: name their places.
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
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[1] / "tools"))
import projects  # noqa: E402
import pynguin_peer  # noqa: E402
import engine  # noqa: E402
import juliet  # noqa: E402
import exercises  # noqa: E402
import python_environment  # noqa: E402


class Program:
    def __init__(self, number, row, folder):
        self.number, self.name, self.folder = number, row["func_name"], folder
        folder.mkdir(parents=True)
        (folder / "under_test.py").write_text(row["python_solution"])
        self.report, self.trouble = None, ""

    def make_tests(self, leyden, python):
        done = subprocess.run([leyden, "test", self.folder / "under_test.py", "--offline", "--quick", "--max-tests", "20", "--write", "--json", "--python", python], capture_output=True, text=True)
        if done.returncode in (0, 1):
            self.report = json.loads(done.stdout)["files"][0]
        else:
            self.trouble = done.stderr.strip()[-200:]

    def check(self, python):
        """Of the tests in a folder of their own, with nothing but the program: whether they pass, covered and all lines and branches."""
        tests = self.folder / "test_under_test.py"
        if not tests.exists():
            return {"passes": True, "lines": [0, 1], "branches": [0, 1], "missing": "no test"}
        with tempfile.TemporaryDirectory() as temporary:
            for file in ("under_test.py", "test_under_test.py"):
                shutil.copy(self.folder / file, temporary)
            environment = {**os.environ, "PYTHONHASHSEED": "random"}
            ran = subprocess.run([python, "-m", "coverage", "run", "--branch", "--include=under_test.py", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
                                 cwd=temporary, capture_output=True, env=environment)
            subprocess.run([python, "-m", "coverage", "json", "-q", "-o", "coverage.json"], cwd=temporary, capture_output=True, check=True)
            file = json.loads(pathlib.Path(temporary, "coverage.json").read_text())["files"]["under_test.py"]
        totals = file["summary"]
        return {"passes": ran.returncode == 0, "lines": [totals["covered_lines"], totals["num_statements"]], "branches": [totals["covered_branches"], totals["num_branches"]],
                "missing": [file["missing_lines"], file["missing_branches"]]}


def share(pair):
    return pair[0] / pair[1] if pair[1] else 1.0


def testeval(options, python):
    rows = [json.loads(line) for line in options.testeval.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
        programs = [Program(i, row, pathlib.Path(temporary) / f"{i:03}") for i, row in enumerate(rows) if not options.only or i in options.only]
        begin = time.monotonic()
        list(pool.map(lambda one: one.make_tests(options.leyden, python), programs))
        seconds = time.monotonic() - begin
        checks = list(pool.map(lambda one: one.check(python), programs))
    for program, check in zip(programs, checks):
        if not check["passes"] or check["lines"][0] < check["lines"][1] or check["branches"][0] < check["branches"][1]:
            print(f"{program.number:4} {program.name:34} {'' if check['passes'] else 'FAILS '}lines {check['lines']} branches {check['branches']} {check['missing']} {program.trouble}", flush=True)
    reports = [one.report for one in programs if one.report]
    killed, mutants = sum(one["mutants_killed"] for one in reports), sum(one["mutants"] for one in reports)
    return {"programs": len(programs), "seconds": seconds, "tests": sum(one["test_count"] for one in reports), "tests_max": max(one["test_count"] for one in reports),
            "programs_whose_tests_pass_elsewhere": sum(one["passes"] for one in checks),
            "line_coverage": sum(share(one["lines"]) for one in checks) / len(checks), "branch_coverage": sum(share(one["branches"]) for one in checks) / len(checks),
            "mutants": mutants, "mutants_killed": killed, "inputs_tried": sum(one["inputs_tried"] for one in reports)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--leyden", type=lambda path: pathlib.Path(path).resolve(), required=True)
    arguments.add_argument("--testeval", type=pathlib.Path)
    arguments.add_argument("--pynguin", nargs="*", metavar="MODULE", help="beside Pynguin: modules of the packages that requirements-pynguin.txt lists [default: twelve of them]")
    arguments.add_argument("--seconds", type=int, default=60, help="for each module, for --pynguin")
    arguments.add_argument("--juliet", type=pathlib.Path, help="the folder that holds testcases and testcasesupport")
    arguments.add_argument("--engine", action="store_true", help="what the engine brings to tests by a model, on a real llama-server")
    arguments.add_argument("--model", default="smollm2-135m", help="for --engine and --projects")
    arguments.add_argument("--files", type=int, default=5, help="of four functions, for --engine")
    arguments.add_argument("--max-answer-tokens", type=int, default=48, help="for --engine and --projects")
    arguments.add_argument("--projects", nargs="*", metavar="NAME", help="real projects of packages: isodate, qs, tinyxml2 [default: all]")
    arguments.add_argument("--max-calls", type=int, default=0, help="for --projects: of the model, for each file; 0: without a model")
    arguments.add_argument("--only", type=int, nargs="*", default=[], help="numbers of programs, from 0")
    arguments.add_argument("--exercises", type=pathlib.Path, help="a folder with LANGUAGE/exercises/practice/NAME")
    arguments.add_argument("--language", nargs="*", help="of the exercises [default: all that can be run here]")
    arguments.add_argument("--exercise", nargs="*", help="only these")
    arguments.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth of a language's exercises")
    arguments.add_argument("--replay", action="store_true", help="the human tests of the exercises are a model's answers")
    arguments.add_argument("--mutants", type=int, help="of each module for --pynguin [default: 60], of each exercise [12], against which both suites run")
    arguments.add_argument("--jobs", type=int, default=1, help="exercises at a time")
    arguments.add_argument("--json", type=pathlib.Path)
    arguments.add_argument("--python", help="an interpreter that has what requirements.txt lists [default: one is made]")
    options = arguments.parse_args()
    if options.engine or options.exercises or options.projects is not None:
        python_environment.enter("bench-qa", HERE / "requirements.txt")
    out = {}
    if options.testeval:
        out["testeval"] = testeval(options, options.python or python_environment.make("bench-qa", HERE / "requirements.txt") / "bin" / "python3")
    else:
        print("not run for want of its file: TestEval (--testeval)")
    if options.exercises:
        out["exercises"] = exercises.measure(options)
    else:
        print("not run for want of their folder: exercises (--exercises)")
    if options.juliet:
        out["juliet"] = juliet.measure(options)
    if options.projects is not None:
        out["projects"] = projects.measure(options)
    if options.engine:
        out["engine"] = engine.run(options)
    if options.pynguin is not None:
        out["pynguin"] = pynguin_peer.compare(options.leyden, options.pynguin, options.seconds, options.mutants or 60)
    print(json.dumps({**out, **({"exercises": out["exercises"]["totals"]} if "exercises" in out else {})}, indent=1))
    if options.json:
        options.json.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
