"""Real projects that come in packages: what the project's own tests reach and notice, and what they do with those that Leyden made beside them.

Of each: a fresh copy of the package, tests made of its files, by other programs coverage before and after and a sample of mutants (`leyden test --list-mutants`) against the project's own
tests and against both; then the made tests twenty times in a clean copy.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

RUNS = 20
MUTANTS = 40
COMMAND_S = 1200
MEMORY_BYTES = 16 << 30  # Of addresses, of which Node reserves many.
MUTANT_S = 60  # Who takes longer with it has noticed a mutant.


def run(command, folder, seconds=COMMAND_S, **environment):
    """The finished process; None: it did not end."""
    process = subprocess.Popen(["prlimit", f"--as={MEMORY_BYTES}", *map(str, command)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}, start_new_session=True)
    try:
        out, err = process.communicate(timeout=seconds)
        return subprocess.CompletedProcess(command, process.returncode, out, err)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None


def passes(command, folder, seconds, **environment):
    done = run(command, folder, seconds, **environment)
    return done is not None and done.returncode == 0


def unpacked(archive, folder):
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    return next(path for path in folder.iterdir() if path.is_dir())


class Isodate:
    name, flags = "isodate 0.7.2 (PyPI)", ["--python", sys.executable]

    def fetch(self, folder):
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "isodate==0.7.2", "-d", folder], check=True)
        return unpacked(next(folder.glob("*.tar.gz")), folder)

    def files(self, root):
        return sorted(path for path in (root / "src/isodate").glob("*.py") if path.name not in ("__init__.py", "version.py"))

    def passes(self, root, tests, seconds=COMMAND_S):
        return passes([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests], root, seconds, PYTHONPATH="src", PYTHONHASHSEED="random")

    def own(self, root):
        return sorted(str(path.relative_to(root)) for path in (root / "tests").glob("test_*.py"))  # Before others are put beside them.

    def coverage(self, root, tests):
        run([sys.executable, "-m", "coverage", "run", "--branch", "--source", "src/isodate", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], root, PYTHONPATH="src")
        run([sys.executable, "-m", "coverage", "json", "-q", "-o", "counted.json"], root)
        totals = json.loads((root / "counted.json").read_text())["totals"]
        return [totals["covered_lines"], totals["num_statements"]], [totals["covered_branches"], totals["num_branches"]]


class Qs:
    """Its own tests are tape's; those that are made are node:test's."""
    name, flags = "qs 6.13.0 (npm)", []
    tools = ["tape@5.9.0", "c8@10.1.3", "side-channel@1.0.6", "object-inspect@1.13.4", "safer-buffer@2.1.2", "iconv-lite@0.5.1", "qs-iconv@1.0.4", "has-symbols@1.1.0",
             "has-override-mistake@1.0.1", "has-property-descriptors@1.0.2", "es-value-fixtures@1.7.1", "for-each@0.3.5", "has-bigints@1.1.0", "has-proto@1.2.0", "mock-property@1.1.0"]

    def fetch(self, folder):
        done = subprocess.run(["npm", "pack", "--silent", "qs@6.13.0"], cwd=folder, check=True, capture_output=True, text=True)
        root = unpacked(folder / done.stdout.strip().splitlines()[-1], folder)
        (root / "package.json").write_text(json.dumps({name: value for name, value in json.loads((root / "package.json").read_text()).items() if "ependencies" not in name and name != "scripts"}))
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", *self.tools], cwd=root, check=True, capture_output=True)
        return root

    def files(self, root):
        return [root / "lib" / name for name in ("formats.js", "parse.js", "stringify.js", "utils.js")]

    def own(self, root):
        return sorted(str(path.relative_to(root)) for path in (root / "test").glob("*.js") if "leyden" not in path.name and ".test." not in path.name)

    def commands(self, tests):
        made = [test for test in tests if ".test." in test]
        own = [test for test in tests if test not in made]
        return [["npx", "tape", *own]] * bool(own) + [["node", "--test", *made]] * bool(made)

    def passes(self, root, tests, seconds=COMMAND_S):
        return all(passes(command, root, seconds) for command in self.commands(tests))

    def coverage(self, root, tests):
        shutil.rmtree(root / "coverage", ignore_errors=True)
        for command in self.commands(tests):
            run(["npx", "c8", "--clean=false", "--all", "--include", "lib/**", "--reporter", "json-summary", *command], root)
        total = json.loads((root / "coverage/coverage-summary.json").read_text())["total"]
        return [[total[kind]["covered"], total[kind]["total"]] for kind in ("lines", "branches")]


class Tinyxml2:
    """Its own tests are one program."""
    name, flags = "tinyxml2 9.0.0 (Debian)", []
    build = ["-std=c++17", "-I", ".", "tinyxml2.cpp"]

    def fetch(self, folder):
        subprocess.run(["apt-get", "source", "--download-only", "tinyxml2=9.0.0+dfsg-3.1"], cwd=folder, check=True, capture_output=True)
        return unpacked(next(folder.glob("*.orig.tar.*")), folder)

    def files(self, root):
        return [root / "tinyxml2.cpp"]

    def own(self, root):
        return ["xmltest.cpp"]

    def programs(self, tests):
        return [["xmltest.cpp"]] * ("xmltest.cpp" in tests) + [[test, "-lgtest", "-lgtest_main", "-pthread"] for test in tests if test != "xmltest.cpp"]

    def passes(self, root, tests, seconds=COMMAND_S):
        (root / "resources/out").mkdir(exist_ok=True)
        return all(passes(["g++", *self.build, *program, "-o", "./program"], root, COMMAND_S) and passes(["./program"], root, seconds) for program in self.programs(tests))

    @staticmethod
    def add(line, lines, branches):
        place = line["line_number"]
        lines[place] = lines.get(place, 0) + line["count"]
        for i, branch in enumerate(line["branches"]):
            if not branch["throw"]:
                branches[place, i] = branches.get((place, i), 0) + branch["count"]

    def coverage(self, root, tests):
        for old in root.glob("*.gc*"):
            old.unlink()
        lines, branches = {}, {}
        for number, program in enumerate(self.programs(tests)):
            run(["g++", *self.build, "--coverage", "-O0", *program, "-o", f"./counted{number}"], root)
            run([f"./counted{number}"], root)
            for data in root.glob(f"counted{number}-tinyxml2.gcda"):
                counted = json.loads(run(["gcov", "-b", "-j", "-t", data.name], root).stdout.splitlines()[0])
                for line in (line for file in counted["files"] if file["file"] == "tinyxml2.cpp" for line in file["lines"]):
                    self.add(line, lines, branches)
        return [[sum(count > 0 for count in counts.values()), len(counts)] for counts in (lines, branches)]


PROJECTS = [Isodate(), Qs(), Tinyxml2()]


def made_tests(project, root, options, model):
    rows, written, mutants = [], [], []
    for file in project.files(root):
        command = [options.leyden, "test", file, *project.flags, *(["--model", model, "--max-calls", str(options.max_calls), "--max-answer-tokens", str(options.max_answer_tokens)] if model else ["--offline"])]
        done = run([*command, "--write", "--json"], root)
        if done is None or not done.stdout.startswith("{"):
            print(f"  {file.name}: no tests: {done.stderr.strip()[-160:] if done else 'it did not end'}")
            continue
        report = json.loads(done.stdout)["files"][0]
        rows.append(report)
        if report["test_count"]:
            written.append(report["test_path"])
        listed = run([*command[:3], *project.flags, "--list-mutants"], root)
        mutants += [{**one, "file": file.relative_to(root)} for one in json.loads(listed.stdout)] if listed and listed.returncode == 0 else []
    return rows, written, mutants


def notices(project, root, tests, mutant):
    file = root / mutant["file"]
    original = file.read_bytes()
    file.write_bytes(original[:mutant["begin"]] + mutant["text"].encode() + original[mutant["end"]:])
    try:
        return not project.passes(root, tests, MUTANT_S)
    finally:
        file.write_bytes(original)


def measure_one(project, options, model):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "clean").mkdir()
        clean = project.fetch(folder / "clean")
        work, own = folder / "work", project.own(clean)
        shutil.copytree(clean, work, symlinks=True)
        begin = time.monotonic()
        rows, written, mutants = made_tests(project, work, options, model)
        took = time.monotonic() - begin
        for test in written:
            (clean / test).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(work / test, clean / test)
        own_pass = project.passes(clean, own)
        row = {"project": project.name, "engine": model or "offline", "seconds": took, "inputs": sum(one["inputs_tried"] for one in rows), "kept": sum(one["test_count"] for one in rows),
               "kept_by_model": sum(test["by"] == "model" for one in rows for test in one["tests"]), "rejected": sum(len(one["rejected"]) for one in rows),
               "tokens": sum(one["total_tokens"] for one in rows), "context_tokens": sum(one["context_tokens"] for one in rows), "cached": sum(one["context_tokens_cached"] for one in rows),
               "own_tests_pass": own_pass, "before": project.coverage(clean, own) if own_pass else None, "after": project.coverage(clean, [*own * own_pass, *written]),
               "passed_runs": sum(project.passes(clean, written) for _ in range(RUNS)) if written else 0}
        sample = [mutants[i * len(mutants) // MUTANTS] for i in range(MUTANTS)] if len(mutants) > MUTANTS else mutants
        before = [own_pass and notices(project, clean, own, mutant) for mutant in sample]
        after = [known or bool(written) and notices(project, clean, written, mutant) for known, mutant in zip(before, sample)]
        row |= {"mutants": len(sample), "killed_before": sum(before), "killed_after": sum(after)}
        return row


def share(pair):
    return f"{100 * pair[0] / max(1, pair[1]):.1f} %"


def measure(options):
    rows = []
    for project in PROJECTS:
        if options.projects and not any(wanted in project.name for wanted in options.projects):
            continue
        for model in [None, *([options.model] if options.max_calls else [])]:
            row = measure_one(project, options, model)
            rows.append(row)
            before = [share(pair) for pair in row["before"]] if row["before"] else ["-", "-"]
            print(f"{row['project']}, {row['engine']}: {row['inputs']} inputs, {row['kept']} tests kept ({row['kept_by_model']} of the model's), {row['rejected']} rejected, {row['seconds']:.0f} s; lines "
                  f"{before[0]} -> {share(row['after'][0])}, branches {before[1]} -> {share(row['after'][1])}, mutants {row['killed_before']} -> {row['killed_after']} of {row['mutants']}; "
                  f"{row['passed_runs']} of {RUNS} runs pass; {row['tokens']} tokens, {row['cached']} of {row['context_tokens']} context tokens from the cache", flush=True)
    return rows
