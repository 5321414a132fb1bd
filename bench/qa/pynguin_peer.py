"""The same modules and the same time for `leyden test --offline` and for Pynguin: coverage by coverage.py, and mutants that neither of them made."""
import ast
import concurrent.futures
import copy
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
import python_environment  # noqa: E402

MODULES = ["inflection", "roman", "humanize.number", "humanize.filesize", "semver.version", "webcolors._conversion", "webcolors._normalization", "slugify.slugify",
           "isodate.duration", "isodate.isodates", "isodate.isotime", "textdistance.algorithms.simple"]

COMPARED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
            ast.NotIn: ast.In}
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult}


def changes_of(node):
    """Functions that change a node of a function's body in place: one mutant each."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return [lambda n: n.ops.__setitem__(0, COMPARED[type(n.ops[0])]())]
    if isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        return [lambda n: setattr(n, "op", COMPUTED[type(n.op)]())]
    if isinstance(node, ast.BoolOp):
        return [lambda n: setattr(n, "op", ast.Or() if isinstance(n.op, ast.And) else ast.And())]
    if isinstance(node, (ast.If, ast.While)):
        return [lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))]
    if isinstance(node, ast.Return) and node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        return [lambda n: setattr(n, "value", ast.Constant(None))]
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return [lambda n: setattr(n, "value", n.value + 1)]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return [lambda n: setattr(n, "value", not n.value)]
    return []


def mutants_of(source, count, seed):
    """`count` sources with one change each within functions, drawn by the seed."""
    tree = ast.parse(source)
    inside = []
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inside += [node for statement in function.body for node in ast.walk(statement)]
    wanted = {id(node) for node in inside}
    places = [(i, j) for i, node in enumerate(ast.walk(tree)) if id(node) in wanted for j in range(len(changes_of(node)))]
    random.Random(seed).shuffle(places)
    out = []
    for i, j in places[:count]:
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[i]
        changes_of(node)[j](node)
        out.append(ast.unparse(ast.fix_missing_locations(changed)))
    return out


class Module:
    def __init__(self, name, site, folder):
        self.name, self.folder = name, folder
        top = name.split(".")[0]
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        for other in (top, "text_unidecode"):  # What slugify imports.
            if (site / other).is_dir():
                shutil.copytree(site / other, self.project / other, ignore=shutil.ignore_patterns("__pycache__", "tests"))
            elif (site / f"{other}.py").exists():
                shutil.copy(site / f"{other}.py", self.project)
        (self.project / "pyproject.toml").write_text(f'[project]\nname = "{top}"\nversion = "1"\n')
        path = pathlib.Path(*name.split("."))
        self.file = path / "__init__.py" if (self.project / path).is_dir() else path.with_suffix(".py")
        self.source = (self.project / self.file).read_text(encoding="utf-8")

    def leyden(self, program, python, seconds):
        begin = time.monotonic()
        done = subprocess.run([program, "test", self.project / self.file, "--offline", "--write", "--json", "--python", python, "--max-time", str(seconds)], capture_output=True, text=True)
        took = time.monotonic() - begin
        written = sorted(path for path in self.project.rglob("test_*.py"))
        test = self.folder / "test_leyden.py"
        if written:
            written[0].rename(test)
        return test, took, done.stderr.strip()[-200:]

    def pynguin(self, environment, seconds):
        begin = time.monotonic()
        out = self.folder / "pynguin"
        process = subprocess.Popen([environment / "bin" / "pynguin", "--project-path", self.project, "--module-name", self.name, "--output-path", out, "--maximum-search-time", str(seconds),
                               "--seed", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, "PYNGUIN_DANGER_AWARE": "1"})
        try:
            trouble = process.communicate(timeout=seconds * 5)[1].strip()[-200:]
        except subprocess.TimeoutExpired:  # It has children that outlive it.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            trouble = f"it did not end within {seconds * 5} s"
        took = time.monotonic() - begin
        written = sorted(out.glob("test_*.py"))
        test = self.folder / "test_pynguin.py"
        if written:
            shutil.copy(written[0], test)
        return test, took, trouble

    def run(self, test, python, source, *before):
        """Of the tests alone, in a copy of the project with this source: whether they pass."""
        with tempfile.TemporaryDirectory() as temporary:
            copied = pathlib.Path(temporary) / "project"
            shutil.copytree(self.project, copied)
            (copied / self.file).write_text(source, encoding="utf-8")
            shutil.copy(test, copied / "test_it.py")
            try:
                done = subprocess.run([python, *before, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "test_it.py"], cwd=copied, capture_output=True, timeout=60,
                                      env={**os.environ, "PYTHONHASHSEED": "random", "PYTHONPATH": str(copied)})
            except subprocess.TimeoutExpired:
                return False, None
            covered = None
            if before:
                subprocess.run([python, "-m", "coverage", "json", "-q", "-o", "coverage.json"], cwd=copied, capture_output=True, check=False)
                if (copied / "coverage.json").exists():
                    files = json.loads((copied / "coverage.json").read_text())["files"]
                    covered = files.get(str(self.file), {}).get("summary")
            return done.returncode == 0, covered

    def judged(self, test, python, mutants, pool):
        if not test.exists():
            return {"passes": False, "lines": 0.0, "branches": 0.0, "killed": 0, "tests": 0}
        passes, covered = self.run(test, python, self.source, "-m", "coverage", "run", "--branch", f"--include={self.file}")
        text = test.read_text(encoding="utf-8")
        row = {"passes": passes, "tests": text.count("\ndef test_") + text.startswith("def test_"), "lines": covered["covered_lines"] / max(1, covered["num_statements"]) if covered else 0.0,
               "branches": covered["covered_branches"] / max(1, covered["num_branches"]) if covered else 0.0}
        # Tests that fail on the program as it is would "kill" everything.
        row["killed"] = sum(not good for good, _ in pool.map(lambda source: self.run(test, python, source), mutants)) if passes else 0
        return row


def compare(leyden, modules, seconds, count):
    environment = python_environment.make("bench-pynguin", HERE / "requirements-pynguin.txt")
    python = environment / "bin" / "python3"
    site = next((environment / "lib").glob("python3*")) / "site-packages"
    totals = {"leyden": [0.0] * 5, "pynguin": [0.0] * 5}
    rows, all_mutants = [], 0
    print(f"{seconds} s for each module\n{'module':34} {'':8} {'seconds':>8} {'tests':>6} {'lines':>7} {'branches':>9} {'killed':>10}")
    for name in modules or MODULES:
        with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
            module = Module(name, site, pathlib.Path(temporary))
            mutants = mutants_of(module.source, count, seed=name)
            all_mutants += len(mutants)
            for who, (test, took, trouble) in (("pynguin", module.pynguin(environment, seconds)), ("leyden", module.leyden(leyden, python, seconds))):
                row = module.judged(test, python, mutants, pool) | {"module": name, "who": who, "seconds": took, "mutants": len(mutants)}
                rows.append(row)
                for i, key in enumerate(("seconds", "tests", "lines", "branches", "killed")):
                    totals[who][i] += row[key]
                print(f"{name:34} {who:8} {took:8.1f} {row['tests']:6} {row['lines']:7.1%} {row['branches']:9.1%} {row['killed']:4} of {len(mutants):3} "
                      f"{'' if row['passes'] else 'its tests fail, or there are none: ' + trouble}", flush=True)
    for who, (took, tests, lines, branches, killed) in totals.items():
        number = len(rows) / 2
        print(f"{'all of them':34} {who:8} {took:8.1f} {int(tests):6} {lines / number:7.1%} {branches / number:9.1%} {int(killed):4} of {all_mutants:3}")
    return rows
