"""Program repair without a model: `leyden evolve` on the faulty programs of repair_programs.py. Prints which were mended, after how many evaluations, and
how many of those are right on held-out inputs too."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from repair_programs import PROGRAMS  # noqa: E402

# Runs alone with the candidate; it knows the inputs, not the answers.
DRIVER = """
import json, sys, traceback
sys.path.insert(0, "/candidate")
for arguments in json.load(open("/candidate/inputs.json")):
    try:
        import program
        print(repr(program.f(*arguments)).replace("\\n", " "))
    except Exception:
        print("error")
        traceback.print_exc()
"""
JUDGE = """
import json, sys
told = open(sys.argv[1]).read().splitlines()
wanted = json.load(open("answers.json"))
right = sum(1 for one, other in zip(told, wanted) if one == other)
note = open(sys.argv[2]).read()
print(json.dumps({"score": right / len(wanted), "passed": right == len(wanted) == len(told), "artifacts": note[-2000:]}))
"""


def answers(code, inputs):
    scope = {}
    exec(code, scope)
    out = []
    for arguments in inputs:
        try:
            out.append(repr(scope["f"](*json.loads(json.dumps(arguments)))).replace("\n", " "))
        except Exception:
            out.append("error")
    return out


def held_out(code, inputs):
    """In a process of its own: what came out of evolution may hang."""
    program = f"import json\nINPUTS = {inputs!r}\n{code}\nprint(json.dumps([repr(f(*a)) for a in INPUTS]))\n"
    try:
        done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=5)
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None


def repair(leyden, name, right, good, bad, tests, held, options):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        faulty = right.replace(good, bad, 1)
        assert faulty != right and answers(faulty, tests) != answers(right, tests), name
        for file, text in (("program.py", faulty), ("driver.py", DRIVER), ("judge.py", JUDGE),
                           ("inputs.json", json.dumps(tests)), ("answers.json", json.dumps(answers(right, tests)))):
            (root / file).write_text(text)
        started = time.monotonic()
        run = subprocess.run(
            [leyden, "evolve", "program.py", "--offline", "--run", "python3 driver.py", "--show", "driver.py", "--show", "inputs.json",
             "--evaluate", "python3 judge.py {output} {errors}", "--target", "1", "--scenario", "repair", "--timeout", "3",
             "--iterations", str(options.iterations), "--seed", str(options.seed), "--output", "fixed.py", "--json"],
            cwd=root, capture_output=True, text=True)
        seconds = time.monotonic() - started
        if run.returncode not in (0, 1):
            raise SystemExit(f"{name}: exit {run.returncode}: {run.stderr}")
        report = json.loads(run.stdout)
        fixed = (root / "fixed.py").read_text() if (root / "fixed.py").exists() else None
        correct = fixed is not None and held_out(fixed, held) == answers(right, held)
        return {"name": name, "plausible": run.returncode == 0, "correct": correct, "evaluations": report["evaluations"],
                "seconds": round(seconds, 1), "as_written": fixed == right, "ended": report["ended"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--leyden", default="build/release/bin/leyden")
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--programs", type=int, default=len(PROGRAMS))
    parser.add_argument("--least", type=int, default=0, help="fail when fewer are mended")
    options = parser.parse_args()
    leyden = str(pathlib.Path(options.leyden).resolve())
    rows = []
    for program in PROGRAMS[:options.programs]:
        rows.append(repair(leyden, *program, options))
        print(json.dumps(rows[-1]), flush=True)
    plausible = [row for row in rows if row["plausible"]]
    correct = [row for row in rows if row["correct"]]
    print(f"{len(plausible)} of {len(rows)} mended, {len(correct)} of these right on held-out inputs; "
          f"{sum(row['evaluations'] for row in rows)} evaluations, {sum(row['seconds'] for row in rows):.0f} s")
    return 0 if len(plausible) >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
