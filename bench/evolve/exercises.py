"""Exercises whose solution is a stub: `leyden evolve` with the exercise's own tests as the judge, and a model that answers.

scripted  a model whose ten answers hold the reference solution among nine wrong ones (mutants of it, drawn by a seed, that fail the tests), in any order: how many are solved,
          after how many evaluations, of at most `--evaluations`
--model   a small model on a real llama-server, in the same place

FOLDER is LANGUAGE/exercises/practice/NAME as Exercism lays them out (Aider-AI/polyglot-benchmark has such ones). Of each language the first so many, by name, whose solution is
one file; the tests run in the process of the candidate, which is good enough for a model that does not want to cheat."""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("tools", "tests/qa", "bench/qa"):
    sys.path.insert(0, str(HERE.parents[1] / folder))
import llama_server  # noqa: E402
from exercise_languages import run  # noqa: E402
from exercise_scripts import JestSuite  # noqa: E402
from scripted_server import InTurn, ScriptedServer  # noqa: E402

# Runs a command and says how many of the tests passed.
JUDGE = """
import json, re, subprocess, sys
done = subprocess.run(COMMAND, capture_output=True, text=True)
text = re.sub(r"\\x1b\\[[0-9;]*m", "", done.stdout + done.stderr)
lines = [line for line in text.splitlines() if re.search(r"\\b(passed|failed|error)\\b", line) and not re.match(r"\\s*Test Files", line)]
def count(word):
    found = [re.search(r"(\\d+) " + word, line) for line in lines]
    return sum(int(one.group(1)) for one in found[-1:] if one)
good, bad = count("passed"), count("failed") + count("error")
passed = done.returncode == 0 and good > 0
print(json.dumps({"score": good / max(1, good + bad), "passed": passed, "artifacts": "" if passed else text[-3000:]}))
"""


class Python:
    name, fence = "python", "python"
    command = ["python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    def lay_out(self, source, project, tests):
        for helper in source.glob("*_data.py"):
            shutil.copy(helper, project)
        return [*self.command, *tests]


class JavaScript:
    name, fence = "javascript", "javascript"

    def lay_out(self, source, project, tests):
        (project / "package.json").write_text('{"type": "module"}\n')
        JestSuite(project, ["solution.js"], tests)
        (project / "vitest.config.mjs").write_text(JestSuite.CONFIG.replace("test: {", 'cacheDir: ".cache", test: {', 1))
        # vite writes beside its configuration, and the project is read-only.
        return ["sh", "-c", 'cp -r *.js *.mjs package.json "$TMPDIR" && ln -s "$PWD/node_modules" "$TMPDIR/" && cd "$TMPDIR" && exec node node_modules/vitest/vitest.mjs run']


LANGUAGES = [Python(), JavaScript()]


class Exercise:
    def __init__(self, language, source, root):
        files = json.loads((source / ".meta/config.json").read_text())["files"]
        self.language, self.source, self.name = language, source, source.name
        self.solution, self.tests = files["solution"], files["test"]
        self.reference = (source / files["example"][0]).read_text() if files.get("example") else None
        self.fits = len(self.solution) == 1 and bool(self.reference) and (source / self.solution[0]).exists()
        self.project = root / f"{language.name}-{self.name}"

    def lay_out(self):
        for file in [self.solution[0], *self.tests]:
            place = self.project / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.source / file, place)
        command = self.language.lay_out(self.source, self.project, self.tests)
        (self.project / "judge.py").write_text(f"COMMAND = {command!r}\n{JUDGE}")
        task = [file.read_text() for file in sorted((self.source / ".docs").glob("*.md"))]
        (self.project / "task.md").write_text("\n".join(task))

    def evolve(self, options, arguments, environment):
        command = [options.leyden, "evolve", self.solution[0], "--evaluate", "python3 judge.py", "--target", "1", "--scenario", "repair", "--timeout", "30", "--memory", "8192",
                   "--max-evals", options.evaluations, "--iterations", "1000", "--seed", options.seed, "--task", "task.md", "--json", *arguments]
        done = subprocess.run(list(map(str, command)), cwd=self.project, capture_output=True, text=True, env=environment)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{self.name}: {done.stderr[-500:]}")
        return json.loads(done.stdout) | {"solved": done.returncode == 0}

    def passes(self, code, environment):
        place = self.project / self.solution[0]
        stub = place.read_text()
        place.write_text(code)
        temporary = tempfile.mkdtemp(dir=environment["TMPDIR"])
        try:
            done = run(["/usr/bin/python3", "judge.py"], self.project, seconds=60, env=environment | {"TMPDIR": temporary})
            return json.loads(done.stdout)["passed"] if done.stdout else False
        finally:
            place.write_text(stub)

    def wrong_ones(self, options, dice, environment, count=9):
        """Mutants of the reference that the tests notice; what is missing of nine are broken stubs."""
        folder = self.project.with_name(self.project.name + "-reference")
        folder.mkdir()
        file = folder / pathlib.Path(self.solution[0]).name
        file.write_text(self.reference)
        listed = subprocess.run([options.leyden, "test", file, "--offline", "--list-mutants"], capture_output=True, text=True, env=environment)
        mutants = json.loads(listed.stdout) if listed.stdout.startswith("[") else []
        dice.shuffle(mutants)
        text, out = self.reference.encode(), []
        for mutant in mutants[:count + 4]:
            code = (text[:mutant["begin"]] + mutant["text"].encode() + text[mutant["end"]:]).decode()
            if len(out) < count and code not in out and not self.passes(code, environment):
                out.append(code)
        stub = (self.source / self.solution[0]).read_text()
        return out + [stub + "\n" * i for i in range(1, count + 1 - len(out))]


def scripted(exercise, options, environment):
    dice = random.Random(f"{options.seed} {exercise.name}")
    answers = [exercise.reference, *exercise.wrong_ones(options, dice, environment)]
    if not exercise.passes(exercise.reference, environment):
        return None  # Its tests want something that is not here.
    dice.shuffle(answers)
    server = ScriptedServer(InTurn([f"Another try.\n```{exercise.language.fence}\n{code.rstrip()}\n```\n" for code in answers]))
    try:
        report = exercise.evolve(options, [], environment | server.environment | {"LEYDEN_LLM_CONTEXT_TOKENS": "60000"})
    finally:
        server.close()
    return report | {"asked": sum(server.asked.values()), "right_is": answers.index(exercise.reference) + 1}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leyden", type=lambda path: pathlib.Path(path).resolve(), required=True)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--python", type=int, default=20, help="so many exercises")
    parser.add_argument("--javascript", type=int, default=10)
    parser.add_argument("--exercise", nargs="*", help="only these")
    parser.add_argument("--evaluations", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", nargs="?", const="smollm2-135m", help="of `leyden model get`, in the place of the script")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        root = pathlib.Path(temporary)
        root.chmod(0o711)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_")} | {
            "TMPDIR": temporary, "XDG_DATA_HOME": str(root / "data"), "LEYDEN_LLM_FIRST_TOKEN_TIMEOUT_MS": "600000", "PYTHONDONTWRITEBYTECODE": "1"}
        server = None
        if options.model:
            llama_server.need([options.model])
            server = stack.enter_context(llama_server.LlamaServer(options.model, 8192, ["--parallel", "1"]))
        for language in LANGUAGES:
            exercises = [Exercise(language, file.parents[1], root) for file in sorted((options.folder / language.name / "exercises/practice").glob("*/.meta/config.json"))
                         if not options.exercise or file.parents[1].name in options.exercise]
            left = getattr(options, language.name)
            for exercise in (one for one in exercises if one.fits):
                if left == 0:
                    break
                begin = time.monotonic()
                exercise.lay_out()
                if server:
                    report = exercise.evolve(options, ["--server", server.url, "--tokenizer", llama_server.model_file(options.model), "--max-answer-tokens", 400], environment)
                else:
                    report = scripted(exercise, options, environment)
                if report is None:
                    print(f"not run: {language.name} {exercise.name}: its tests do not pass with its own reference here", flush=True)
                    continue
                left -= 1
                rows.append({"language": language.name, "exercise": exercise.name, "seconds": round(time.monotonic() - begin, 1), "start": report["start_score"],
                             **{key: report.get(key) for key in ("solved", "evaluations", "asked", "right_is")}})
                print(json.dumps(rows[-1]), flush=True)
    for language in LANGUAGES:
        ours = [row for row in rows if row["language"] == language.name]
        if ours:
            print(f"{language.name}: {sum(row['solved'] for row in ours)} of {len(ours)} solved, evaluations "
                  f"{sorted(row['evaluations'] for row in ours if row['solved'])}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
