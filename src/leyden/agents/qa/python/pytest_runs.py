"""Runs a test file again and again inside the sandbox: shuffled, and each test alone, every time in a process of its own that starts from
the same point. Leyden writes `request.json` and reads `answers.jsonl`, one JSON object a line.

    python3 pytest_runs.py REQUEST ANSWERS

Where the first run fails, there are no others. Mutants are loaded in place of the module before pytest begins.

request: {tests: [files, none: all of the project], shuffled, alone, seed, limit_s, measure: file, mutants: [{begin, end, text}], file, module, path}
"""
import json
import os
import random
import signal
import sys
import time


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    answers = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_APPEND, 0o666)

    def answer(line):
        os.write(answers, (json.dumps(line) + "\n").encode())

    sys.path.insert(0, os.getcwd())
    try:
        import pytest
    except ImportError as error:
        answer({"failed": f"no pytest: {error}"})
        sys.exit(1)
    answer({"pytest": pytest.__version__})
    from driver import Tracer

    class Run:
        """A plugin: order, choice and outcomes of one run."""

        def __init__(self, seed, only):
            self.seed, self.only, self.outcomes, self.collected = seed, only, {}, []
            self.errors = []

        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, items):
            self.collected = [item.nodeid for item in items]
            if self.only is not None:
                items[:] = [item for item in items if item.nodeid == self.only]
            elif self.seed is not None:
                random.Random(self.seed).shuffle(items)

        def pytest_collectreport(self, report):
            if report.failed:
                self.errors.append(str(report.longrepr)[-600:])

        def pytest_runtest_logreport(self, report):
            if report.failed:
                self.outcomes[report.nodeid] = ["failed", str(report.longrepr)[-1200:]]
            elif report.skipped:
                self.outcomes.setdefault(report.nodeid, ["skipped", ""])
            elif report.when == "call":
                self.outcomes.setdefault(report.nodeid, ["passed", ""])

    def load(mutant):
        import types
        sys.path[:0] = request["path"]
        with open(request["file"], "rb") as source:
            original = source.read()
        name = request["module"]
        if "." in name:
            __import__(name.rpartition(".")[0])
        module = types.ModuleType(name)
        module.__file__, module.__package__ = request["file"], name.rpartition(".")[0]
        sys.modules[name] = module
        exec(compile(original[:mutant["begin"]] + mutant["text"].encode() + original[mutant["end"]:], request["file"], "exec", dont_inherit=True), vars(module))
        if module.__package__:
            setattr(sys.modules[module.__package__], name.rpartition(".")[2], module)

    def run(name, seed=None, only=None, measure=None, mutant=None, limit_s=request["limit_s"]):
        """In a child; what it says last is its answer. None: it did not end in time or died."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reading)
                os.setpgid(0, 0)
                silence = os.open(os.devnull, os.O_RDWR)
                for descriptor in (0, 1, 2):
                    os.dup2(silence, descriptor)
                plugin = Run(seed, only)
                if mutant:
                    load(mutant)
                tracers = []
                arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "--no-header", "--color=no", *request["tests"]]
                if measure:
                    tracer = Tracer(measure)
                    tracers.append(tracer)
                    sys.settrace(tracer)
                code = pytest.main(arguments, plugins=[plugin])
                sys.settrace(None)
                told = {"exit": int(code), "outcomes": plugin.outcomes, "collected": plugin.collected, "errors": plugin.errors[:3]}
                if tracers:
                    told["arcs"] = sorted(tracers[0].arcs)
                with os.fdopen(writing, "w") as out:
                    json.dump(told, out)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        deadline = time.monotonic() + limit_s
        parts = []
        os.set_blocking(reading, False)
        while True:
            try:
                part = os.read(reading, 1 << 16)
                if not part:
                    break
                parts.append(part)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.002)
        try:
            os.killpg(child, signal.SIGKILL)
        except OSError:
            pass
        os.waitpid(child, 0)
        os.close(reading)
        told = {"run": name}
        try:
            told.update(json.loads(b"".join(parts)))
        except ValueError:
            told["broken"] = "timed out" if time.monotonic() > deadline else "ended without an answer"
        answer(told)
        return told

    first = run("first", measure=request.get("measure"))
    good = "broken" not in first and all(outcome[0] == "passed" for outcome in first["outcomes"].values())
    if request.get("first_decides") and not good:
        answer({"done": True})
        return
    for i in range(request["shuffled"]):
        run(f"shuffled {i}", seed=request["seed"] + i)
    if request["alone"]:
        for node in first.get("collected", []):
            run(f"alone {node}", only=node)
    for number, mutant in enumerate(request.get("mutants", [])):
        run(f"mutant {number}", mutant=mutant, limit_s=min(5, request["limit_s"]))
    answer({"done": True})


if __name__ == "__main__":
    main()
