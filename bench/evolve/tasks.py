"""Five optimisation tasks with a correctness gate (tasks/NAME): start, best, evaluations, seconds, and which operator gained what. The candidate runs alone; judges measure
from outside: instructions that {count} counts, answers that another program found, a trace played again. The best of each is then measured on inputs of another seed,
which no candidate was given (`held out`).

`--model` asks a small model on a real llama-server, too; `--trace FILE` tunes the cache policy on a real trace."""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
import llama_server  # noqa: E402

TASKS = ["words", "segment", "cache", "pattern", "calculator"]


def project_of(name, seed, trace, root):
    """A copy of the task's folder and of what tasks share, with the inputs and answers of a seed."""
    project = root / f"{name}-{seed}"
    shutil.copytree(HERE / "tasks" / name, project)
    for shared in (HERE / "tasks").glob("*.py"):
        shutil.copy(shared, project)
    subprocess.run([sys.executable, "make.py", str(seed), *([trace] if name == "cache" and trace else [])], cwd=project, check=True)
    (project / "make.py").unlink()
    return project


def evolve(leyden, task, project, arguments, environment):
    command = [leyden, "evolve", task["program"], "--run", task["run"], "--evaluate", task["evaluate"], "--goal", task["goal"], "--scenario", task["scenario"],
               "--timeout", str(task["timeout"]), "--memory", str(task["memory"]), "--json", *arguments]
    for shown in task["show"]:
        command += ["--show", shown]
    done = subprocess.run(list(map(str, command)), cwd=project, capture_output=True, text=True, env=environment)
    if done.returncode not in (0, 1):
        raise SystemExit(f"leyden evolve ended with {done.returncode}: {done.stderr[-1000:]}")
    return json.loads(done.stdout)


def measured(leyden, task, project, code, environment):
    """A program's score on a project, by the same judge."""
    if code is None:
        return None
    (project / task["program"]).write_text(code, encoding="utf-8")
    return evolve(leyden, task, project, ["--offline", "--max-evals", 1, "--iterations", 1], environment)["start_score"]


def operators(report):
    return {one["operator"] + (" (model)" if one["by"] == "model" else ""): {key: one[key] for key in ("tried", "measured", "gains", "bests")} for one in report["operators"] if one["tried"]}


def run(name, options, server, root, environment):
    task = json.loads((HERE / "tasks" / name / "task.json").read_text())
    project, other = (project_of(name, seed, options.trace, root) for seed in (1, 2))
    (project / "task.md").write_text(task["task"] + "\n")
    best = project / "best"
    # What asks a model asks it at most so often, and its program is measured as often as without one.
    model = ["--server", server.url, "--tokenizer", llama_server.model_file(options.model), "--max-calls", options.max_calls, "--max-answer-tokens", 160, "--task",
             "task.md"] if server else ["--offline"]
    begin = time.monotonic()
    report = evolve(options.leyden, task, project, [*model, "--iterations", options.iterations or task["iterations"], "--seed", options.seed, "--max-time", options.seconds,
                                                    "--output", best, *(["--target", task["target"]] if "target" in task else [])], environment)
    seconds = time.monotonic() - begin
    code = best.read_text(encoding="utf-8") if best.exists() else None
    start = (HERE / "tasks" / name / task["program"]).read_text(encoding="utf-8")
    row = {"task": name, "says": task["says"], "start": report["start_score"], "best": report["best_score"], "evaluations": report["evaluations"], "seconds": round(seconds, 1),
           "held_out_start": measured(options.leyden, task, other, start, environment), "held_out_best": measured(options.leyden, task, other, code, environment),
           "ended": report["ended"], "operators": operators(report), "model": report.get("model"), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(row), flush=True)
    if options.diffs:
        print(report.get("diff", ""), flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leyden", type=lambda path: pathlib.Path(path).resolve(), required=True)
    parser.add_argument("--task", nargs="*", default=TASKS, choices=TASKS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--iterations", type=int, help="candidates of each task [default: as its task.json says]")
    parser.add_argument("--seconds", type=int, default=900, help="for each task")
    parser.add_argument("--trace", type=lambda path: pathlib.Path(path).resolve(), help="for the cache policy")
    parser.add_argument("--model", nargs="?", const="smollm2-135m", help="of `leyden model get`")
    parser.add_argument("--max-calls", type=int, default=40, help="of the model, for each task")
    parser.add_argument("--diffs", action="store_true", help="print them")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if any(name in ("words", "segment") for name in options.task) and not shutil.which("valgrind"):
        raise SystemExit("words and segment need valgrind: ./dev setup brings it")
    if not shutil.which("bwrap"):
        print("skipped: bubblewrap is not installed: nothing is run without a sandbox")
        raise SystemExit(llama_server.SKIPPED)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_")}
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        root = pathlib.Path(temporary)
        root.chmod(0o711)
        # Nothing that earlier runs learned, and nothing left behind.
        environment |= {"TMPDIR": temporary, "XDG_DATA_HOME": str(root / "data"), "LEYDEN_LLM_FIRST_TOKEN_TIMEOUT_MS": "600000"}
        server = None
        if options.model:
            llama_server.need([options.model])
            server = stack.enter_context(llama_server.LlamaServer(options.model, 8192, ["--parallel", "1"]))
        rows = [run(name, options, server, root, environment) for name in options.task]
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
