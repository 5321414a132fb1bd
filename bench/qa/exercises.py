"""Exercises with a reference solution and human tests: a folder LANGUAGE/exercises/practice/NAME, as Exercism lays them out.

The reference is put in place, tests are made of it, and other programs judge them: the language's own runner in a folder that holds nothing but the solution and the tests
(`passes`), its own coverage (`coverage`), and mutants, a sample of those that Leyden makes, each put into the solution before both suites run (`kills`).
A language is a class of `exercise_languages.py`, `exercise_scripts.py` or `exercise_java.py`. With `--replay` a scripted model answers with the human tests (`exercise_replay.py`).
"""
import concurrent.futures
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import exercise_languages
import exercise_replay
from exercise_java import Java
from exercise_scripts import SCRIPTS

LANGUAGES = [*exercise_languages.LANGUAGES, Java(), *SCRIPTS]


def json_of(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return (json.loads(done.stdout), "") if done.returncode in (0, 1) and done.stdout.startswith(("{", "[")) else (None, done.stderr.strip()[-300:])


class Exercise:
    def __init__(self, language, source, folder, options):
        self.language, self.source, self.folder, self.options = language, source, folder, options
        self.name = source.name
        config = json.loads((source / ".meta/config.json").read_text())["files"]
        self.solution, self.example, self.tests = config["solution"], config.get("example") or config.get("exemplar"), config["test"]
        self.row = {"language": language.name, "exercise": self.name, "tests": 0, "passes": False, "lines": [0, 1], "branches": [0, 1], "mutants": 0, "human_kills": 0, "our_kills": 0,
                    "both_kill": 0, "trouble": ""}

    def laid_out(self, name):
        """A folder with the reference solution, and none of the tests."""
        folder = self.folder / name
        self.language.lay_out(self, folder)
        if self.options.replay:
            for helper in exercise_replay.helpers(self):  # What its tests import.
                shutil.copy(self.source / helper, folder / helper)
        return folder

    def make_tests(self):
        folder = self.laid_out("made")
        begin, written, mutants = time.monotonic(), [], []
        for target in self.language.targets(self, folder):
            command = [self.options.leyden, "test", target, *self.language.flags]
            report, trouble = self.report_of(command)
            if not report:
                self.row["trouble"] += f"{target.name}: {trouble} "
                continue
            file = report["files"][0]
            self.row["tests"] += file["test_count"]
            self.row["trouble"] += "".join(f"suspected: {one['function']}: {one['what']} " for one in file["suspected_defects"])
            if file["test_count"]:
                written.append(file["test_path"])
            listed, _ = json_of([*command, "--offline", "--list-mutants"])
            mutants += [{**mutant, "file": target.relative_to(folder)} for mutant in listed or []]
        self.row["seconds"] = time.monotonic() - begin
        return folder, written, mutants

    def report_of(self, command):
        """Of tests that are written: without a model, or with the human tests as a model's answers."""
        command = [*command, "--write", "--json"]
        if not self.options.replay:
            return json_of([*command, "--offline"])
        replay = exercise_replay.Replay(self, command)
        try:
            report, trouble = json_of(command, replay.environment)
            if report:
                replay.note(report["files"][0], self.row)
            return report, trouble
        finally:
            replay.close()

    def human(self):
        """The human tests' suite; None: they do not pass with the reference here, and nothing can be compared with them."""
        folder = self.laid_out("human")
        for test in self.tests:
            (folder / test).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.source / test, folder / test)
        suite = self.language.suite(self, folder, self.tests, human=True)
        is_tests = any('"testing"' in (self.source / one).read_text() for one in self.example)  # Go's `counter`: tests are what is asked for.
        return suite if suite.passes() and not is_tests else None

    def run(self):
        human = self.human()
        if not human:
            shutil.rmtree(self.folder, ignore_errors=True)
            print(f"not run: {self.name}: its human tests do not pass with its reference here, or it is tests itself", flush=True)
            return None
        made, written, mutants = self.make_tests()
        if written:
            ours = self.laid_out("ours")
            for path in written:
                (ours / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(made / path, ours / path)
            suite = self.language.suite(self, ours, written)
            self.row["passes"] = suite.passes()
            if self.row["passes"]:
                self.row["lines"], self.row["branches"] = suite.coverage() or (None, None)
            self.compare_kills(suite if self.row["passes"] else None, human, mutants)
        shutil.rmtree(self.folder, ignore_errors=True)
        print(json.dumps(self.row), flush=True)
        return self.row

    def compare_kills(self, ours, human, mutants):
        wanted = min(len(mutants), self.options.mutants or 12)
        for mutant in (mutants[i * len(mutants) // wanted] for i in range(wanted)):
            def killed(suite):
                file = suite.folder / mutant["file"]
                original = file.read_bytes()
                file.write_bytes(original[:mutant["begin"]] + mutant["text"].encode() + original[mutant["end"]:])
                try:
                    return not suite.passes() if suite.compiles() else None
                finally:
                    file.write_bytes(original)
            by_human = killed(human)
            if by_human is None:
                continue
            by_us = bool(ours and killed(ours))
            self.row["mutants"] += 1
            self.row["human_kills"] += by_human
            self.row["our_kills"] += by_us
            self.row["both_kill"] += by_human and by_us


def mean_share(pairs):
    """A source without branches has reached all of them. None: nothing was counted."""
    pairs = list(pairs)
    return sum(reached / all_there if all_there else 1.0 for reached, all_there in pairs) / len(pairs) if pairs else None


def total(rows):
    human = sum(row["human_kills"] for row in rows)
    passing = sum(row["passes"] for row in rows)
    counted = [row for row in rows if row["lines"]]
    return {"exercises": len(rows), "with_passing_tests": passing, "tests": sum(row["tests"] for row in rows), "coverage_counted": len(counted),
            "line_coverage": mean_share(row["lines"] for row in counted), "branch_coverage": mean_share(row["branches"] for row in counted),
            "line_and_branch_coverage": mean_share([row["lines"][0] + row["branches"][0], row["lines"][1] + row["branches"][1]] for row in counted),
            "mutants": sum(row["mutants"] for row in rows), "human_kills": human, "our_kills": sum(row["our_kills"] for row in rows),
            "both_kill": sum(row["both_kill"] for row in rows), "kills_against_human": sum(row["our_kills"] for row in rows) / human if human else None,
            "seconds": sum(row.get("seconds", 0) for row in rows)}


def readable(config):
    try:
        return "files" in json.loads(config.read_text())
    except ValueError as error:
        print(f"not run: {config.parents[1].name}: its config.json does not parse: {error}", flush=True)
        return False


def measure(options):
    rows = []
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for language in LANGUAGES:
            sources = sorted((options.exercises / language.name / "exercises/practice").glob("*/.meta/config.json"))
            if (options.language and language.name not in options.language) or not sources or not language.is_there():
                continue
            sources = [file for file in sources if readable(file)][::options.every]
            exercises = [Exercise(language, file.parents[1], pathlib.Path(temporary) / language.name / file.parents[1].name, options) for file in sources
                         if not options.exercise or file.parents[1].name in options.exercise]
            rows += filter(None, pool.map(Exercise.run, exercises))
    languages = dict.fromkeys(row["language"] for row in rows)
    return {"rows": rows, "totals": {name: total([row for row in rows if row["language"] == name]) for name in languages}}
