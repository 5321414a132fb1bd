"""Beside OpenEvolve (PyPI, requirements-openevolve.txt): 26 circles in the unit square, the same exact judge, the same scripted model.

good      the model's answers hold one good program (packing/packed.txt) among weaker ones: evaluations until 2.6359
hang      one answer sleeps for ever: how long the run takes, and whether what it started is still there afterwards
marker    one answer writes a file beside the project: whether it is there afterwards
forge     one answer claims a score: what is taken for the best one
forge 2   the same in the judge's process, where the judge imports the candidate, as the examples of OpenEvolve do

OpenEvolve's evaluator is a Python function: here it starts the candidate as a process, without a time limit of its own (that is OpenEvolve's `evaluator.timeout`), and asks
packing/judge.py; in `forge 2` it imports it. Leyden runs the candidate alone (`--run`); in `forge 2` its judge imports the candidate, too."""
import argparse
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
for folder in ("tools", "tests/qa"):
    sys.path.insert(0, str(HERE.parents[1] / folder))
import python_environment  # noqa: E402
from scripted_server import InTurn, ScriptedServer  # noqa: E402

TARGET = 2.6359
TOKEN = "packing-of-the-bench"  # By which processes of candidates are known.
WEAKER = 60
WAIT_S = 400

EVALUATOR = """
import json, os, subprocess, sys, tempfile

def evaluate(program_path):
    with open({count!r}, "a") as count:
        count.write("x")
    done = subprocess.run([{python!r}, program_path, {token!r}], capture_output=True, text=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(done.stdout)
        file.flush()
        told = json.loads(subprocess.run([{python!r}, {judge!r}, file.name], capture_output=True, text=True, check=True).stdout)
    score = told["score"] if told["passed"] and done.returncode == 0 else 0.0
    return {{"combined_score": score}}
"""
IMPORTING = """
import contextlib, importlib.util, io, json, sys, tempfile
sys.path.insert(0, {folder!r})

def evaluate(program_path):
    with open({count!r}, "a") as count:
        count.write("x")
    spec = importlib.util.spec_from_file_location("program", program_path)
    module = importlib.util.module_from_spec(spec)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        spec.loader.exec_module(module)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(printed.getvalue())
        file.flush()
        sys.argv = ["judge.py", file.name]
        verdict = io.StringIO()
        with contextlib.redirect_stdout(verdict), contextlib.suppress(SystemExit):
            exec(compile(open({judge!r}).read(), "judge.py", "exec"), {{"__name__": "__main__"}})
    told = json.loads(verdict.getvalue())
    return {{"combined_score": told["score"] if told["passed"] else 0.0}}
"""
# The same for Leyden: the candidate's output is what it prints when it is imported.
IMPORTING_JUDGE = """
import contextlib, io, json, sys, tempfile, os
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    import pack
with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=os.environ["TMPDIR"]) as file:
    file.write(printed.getvalue())
    file.flush()
    sys.argv = ["judge.py", file.name]
    exec(compile(open("judge.py").read(), "judge.py", "exec"), {"__name__": "__main__"})
"""
CONFIG = """
max_iterations: {iterations}
checkpoint_interval: 1000
diff_based_evolution: false
random_seed: 1
llm:
  api_base: "{url}/v1"
  api_key: none
  primary_model: scripted
  timeout: 60
  retries: 0
prompt:
  system_message: "Make the packing better."
database:
  num_islands: 4
evaluator:
  timeout: 5
  max_retries: 0
  cascade_evaluation: false
  parallel_evaluations: 2
"""
FORGED = {
    "alone": 'print(\'{"score": 99.0, "passed": true}\', flush=True)\nimport os\nos._exit(0)\n',
    "imported": """import json
real = json.dumps
json.dumps = lambda value, *more, **named: real({"score": 99.0, "passed": True} if isinstance(value, dict) and "passed" in value else value, *more, **named)
""",
}


def fenced(code):
    return f"Other centres.\n```python\n{code}```\n"


def packed(lines):
    return "print('''" + "\n".join(lines) + "''')\n"


def weaker(dice):
    """A grid of 5 by 5 whose circles are smaller than could be, and one more in a gap."""
    radius = 0.1 - dice.random() * 0.02
    lines = [f"{0.1 + 0.2 * i:.1f} {0.1 + 0.2 * j:.1f} {radius:.9f}" for i in range(5) for j in range(5)]
    return packed([*lines, f"0.2 0.2 {dice.random() * 0.04:.9f}"])


def good():
    out = []
    for line in (HERE / "packing" / "packed.txt").read_text().splitlines():
        x, y, r = map(float, line.split())
        out.append(f"{x:.12f} {y:.12f} {max(r - 1e-9, 0):.12f}")
    return packed(out)


def alive():
    """Processes of candidates."""
    out = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if TOKEN.encode() in (folder / "cmdline").read_bytes() and int(folder.name) != os.getpid():
                out.append(int(folder.name))
        except OSError:
            continue
    return out


def put_program(folder):
    """Without marks: the model's answers are whole programs."""
    lines = (HERE / "packing" / "pack.py").read_text().splitlines(keepends=True)
    (folder / "pack.py").write_text("".join(line for line in lines if "EVOLVE-BLOCK" not in line))


def environment(root):
    return {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_")} | {"TMPDIR": str(root), "XDG_DATA_HOME": str(root / "data")}


def leyden(options, root, server, iterations, target, importing):
    project = root / "project"
    shutil.copytree(HERE / "packing", project)
    (project / "packed.txt").unlink()
    put_program(project)
    (project / "importing_judge.py").write_text(IMPORTING_JUDGE)
    judge = ["--evaluate", "python3 importing_judge.py"] if importing else ["--run", f"python3 {{candidate}} {TOKEN}", "--evaluate", "python3 judge.py {output}"]
    command = [options.leyden, "evolve", "pack.py", *judge, "--timeout", "5", "--iterations", iterations, "--json", *(["--target", TARGET] if target else [])]
    done = subprocess.run(list(map(str, command)), cwd=project, capture_output=True, text=True, timeout=WAIT_S, env=environment(root) | server.environment)
    report = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return {"ended": report.get("ended", done.stderr[-300:]), "best": report.get("best_score"), "evaluations": report.get("evaluations")}


def openevolve(options, root, server, iterations, target, importing):
    python = python_environment.make("bench-openevolve", HERE / "requirements-openevolve.txt") / "bin" / "python3"
    count = root / "count"
    fields = {"count": str(count), "python": str(python), "judge": str(HERE / "packing" / "judge.py"), "folder": str(root), "token": TOKEN}
    (root / "evaluator.py").write_text((IMPORTING if importing else EVALUATOR).format(**fields))
    (root / "config.yaml").write_text(CONFIG.format(iterations=iterations, url=server.environment["LEYDEN_LLM_URL"]))
    put_program(root)
    command = [python.parent / "openevolve-run", "pack.py", "evaluator.py", "--config", "config.yaml", "--output", "out", *(["--target-score", TARGET] if target else [])]
    process = subprocess.Popen(list(map(str, command)), cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(root), start_new_session=True)
    try:
        log, _ = process.communicate(timeout=options.wait)
        ended = f"exit {process.returncode}"
    except subprocess.TimeoutExpired:
        ended = f"not within {options.wait} s"
        process.kill()
        log = process.communicate()[0] if not alive() else ""
    best = next(iter(sorted(root.glob("out/best/best_program_info.json"))), None)
    if options.logs:
        print(log[-3000:], file=sys.stderr)
    return {"ended": ended, "best": json.loads(best.read_text())["metrics"].get("combined_score") if best else None, "evaluations": len(count.read_text()) if count.exists() else 0}


def answers_of(case, root):
    dice = random.Random(7)
    out = [weaker(dice) for _ in range(WEAKER if case == "good" else 6)]
    special = {"good": good, "hang": lambda: "import time\ntime.sleep(10**6)\n", "marker": lambda: f"open({str(root / 'marker')!r}, 'w').write('was here')\n" + out[0],
               "forge": lambda: FORGED["alone"], "forge 2": lambda: FORGED["imported"]}[case]
    out.insert(37 if case == "good" else 2, special())
    return out


def shared_prefix(prompts):
    """Of each prompt but the first: how much of it, from its beginning, one of those before it has, too. The mean."""
    shares = [max(len(os.path.commonprefix([prompt, other])) for other in prompts[:i]) / len(prompt) for i, prompt in enumerate(prompts) if i]
    return round(sum(shares) / len(shares), 3) if shares else None


def one(options, case, name, tool):
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        root.chmod(0o711)
        if case == "marker":
            (root / "marker").touch()
            # leyden:ignore python.world-writable who is contained must not write it although it may
            (root / "marker").chmod(0o666)
        server = ScriptedServer(InTurn([fenced(code) for code in answers_of(case, root)]))
        begin = time.monotonic()
        try:
            row = tool(options, root, server, 150 if case == "good" else 12, case == "good", case == "forge 2")
        finally:
            server.close()
        row["shared_prefix"] = shared_prefix([prompt for prompt, _ in server.ended])
        row = {"case": case, "tool": name, **row, "seconds": round(time.monotonic() - begin, 1), "asked": sum(server.asked.values())}
        time.sleep(1)
        left = alive()
        row["left_running"] = len(left)
        for process in left:
            os.kill(process, 9)
        if case == "marker":
            row["marker_written"] = (root / "marker").read_text() != ""
        print(json.dumps(row | {"load": round(os.getloadavg()[0], 1)}), flush=True)
        return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leyden", type=lambda path: pathlib.Path(path).resolve(), required=True)
    cases = ["good", "hang", "marker", "forge", "forge 2"]
    parser.add_argument("--case", nargs="*", default=cases, choices=cases)
    parser.add_argument("--tool", nargs="*", default=["leyden", "openevolve"], choices=["leyden", "openevolve"])
    parser.add_argument("--wait", type=int, default=WAIT_S, help="seconds for each run of OpenEvolve")
    parser.add_argument("--logs", action="store_true")
    options = parser.parse_args()
    tools = {"leyden": leyden, "openevolve": openevolve}
    for case in options.case:
        for name in options.tool:
            one(options, case, name, tools[name])


if __name__ == "__main__":
    main()
