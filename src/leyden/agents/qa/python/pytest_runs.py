"""Runs a test file again and again inside the sandbox: shuffled, and each test alone, every time in a process of its own that starts from
the same point, behind the collection. Leyden writes `request.json` and reads `answers.jsonl`, one JSON object a line.

Run by serve.py.

Where the first run fails and `first_decides`, there are no others. Mutants are loaded in place of the module before pytest begins.

request: {tests: [files, none: all of the project], shuffled, alone, seed, limit_s, measure: file, mutants: [{begin, end, text}], file, module, path}
"""
import json
import os
import random
import select
import signal
import sys
import time
import types

from driver import Tracer, enter


def in_child(work, limit_s):
    """What `work` gives as JSON, from a child; else why there is nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.setpgid(0, 0)
            with os.fdopen(writing, "w") as out:
                json.dump(work(), out)
        finally:
            os._exit(0)
    os.close(writing)
    deadline = time.monotonic() + limit_s
    parts = []
    while select.select([reading], [], [], max(0, deadline - time.monotonic()))[0]:
        part = os.read(reading, 1 << 16)
        if not part:
            break
        parts.append(part)
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:
        pass
    os.waitpid(child, 0)
    os.close(reading)
    try:
        return json.loads(b"".join(parts))
    except ValueError:
        return {"broken": "timed out" if time.monotonic() > deadline else "ended without an answer"}


def name_of(node):
    """test_f of "test_shop.py::TestShop::test_f[1-2]"."""
    return node.partition("[")[0].rpartition("::")[2]


class Outcomes:
    """A plugin that notes what came of each test, and what could not be collected."""

    def __init__(self):
        self.tests, self.errors = {}, []

    def pytest_collectreport(self, report):
        if report.failed:
            said = str(report.longrepr).splitlines()
            self.errors.append("\n".join([line[1:].strip() for line in said if line.startswith("E ")] or said)[-600:])

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.tests[report.nodeid] = ["failed", str(report.longrepr)[-1200:]]
        elif report.skipped:
            self.tests.setdefault(report.nodeid, ["skipped", ""])
        elif report.when == "call":
            self.tests.setdefault(report.nodeid, ["passed", ""])

    def told(self):
        """Tests go by their own names, without their files; one of several parameters is one test, and as good as the worst of them."""
        outcomes = {}
        for node, told in self.tests.items():
            if outcomes.get(name_of(node), ["passed"])[0] == "passed":
                outcomes[name_of(node)] = told
        return {"outcomes": [[name, *told] for name, told in outcomes.items()], "errors": self.errors[:3]}


def load(mutant, request):
    """The changed module, where everybody finds it."""
    with open(request["file"], "rb") as source:
        original = source.read()
    name = request["module"]
    package, _, last = name.rpartition(".")
    if package:
        __import__(package)
    module = types.ModuleType(name)
    module.__file__, module.__package__ = request["file"], package
    sys.modules[name] = module
    exec(compile(original[:mutant["begin"]] + mutant["text"].encode() + original[mutant["end"]:], request["file"], "exec", dont_inherit=True), vars(module))
    if package:
        setattr(sys.modules[package], last, module)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    answers = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_APPEND, 0o666)

    def answer(line):
        os.write(answers, (json.dumps(line) + "\n").encode())

    os.environ["LEYDEN_RUNS"] = "1"  # What takes long and is the same each time may be done once, behind the collection.
    try:
        import pytest
    except ImportError as error:
        answer({"failed": f"no pytest: {error}"})
        sys.exit(1)
    answer({"pytest": pytest.__version__})
    enter(request["path"])
    sys.path.insert(0, os.getcwd())
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "--no-header", "--color=no", *request["tests"]]

    def silence():
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)

    class Runs(Outcomes):
        """Runs what was collected, each time in a child."""

        def __init__(self):
            super().__init__()
            self.tracer = Tracer(request["measure"]) if request.get("measure") else None

        def pytest_runtestloop(self, session):
            sys.settrace(None)

            def run(name, items, measured=False):
                def work():
                    self.tests = {}
                    if measured:
                        sys.settrace(self.tracer)
                    for item, after in zip(items, items[1:] + [None]):
                        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                    sys.settrace(None)
                    return self.told() | ({"reached": sorted(self.tracer.arcs)} if measured else {})

                told = in_child(work, request["limit_s"])
                answer({"run": name} | told)
                return "broken" not in told and all(outcome == "passed" for _, outcome, _ in told["outcomes"])

            items = session.items
            good = run("first", items, self.tracer is not None)
            if request.get("first_decides") and not good:
                return True
            for i in range(request["shuffled"]):
                shuffled = list(items)
                random.Random(request["seed"] + i).shuffle(shuffled)
                run(f"shuffled {i}", shuffled)
            for name in dict.fromkeys(name_of(item.nodeid) for item in items) if request["alone"] else []:
                run(f"alone {name}", [item for item in items if name_of(item.nodeid) == name])
            answer({"good": good})
            return True

    def all_runs():
        silence()
        runs = Runs()
        if runs.tracer:
            sys.settrace(runs.tracer)
        pytest.main(arguments, plugins=[runs])
        sys.settrace(None)
        # Where nothing could be collected nothing was run.
        return {"errors": runs.errors[:3]}

    def with_mutant(mutant):
        silence()
        load(mutant, request)
        outcomes = Outcomes()
        pytest.main(arguments, plugins=[outcomes])
        return outcomes.told()

    count = 2 + request["shuffled"] + 50
    told = in_child(all_runs, request["limit_s"] * count)
    if told.get("errors") or "broken" in told:
        answer({"run": "collection", "outcomes": [], "errors": told.get("errors", [])} | ({"broken": told["broken"]} if "broken" in told else {}))
    with open(sys.argv[2], encoding="utf-8") as file:
        good = any(json.loads(line).get("good") for line in file)
    if good:
        for number, mutant in enumerate(request.get("mutants", [])):
            answer({"run": f"mutant {number}"} | in_child(lambda: with_mutant(mutant), min(5, request["limit_s"])))
    answer({"done": True})
