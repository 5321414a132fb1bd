#!/usr/bin/env python3
"""`leyden test` is killed at random points and goes on: the same tests in the end, and no answer of the model is paid for twice.

    resume_test.py LEYDEN

LEYDEN_KILL_POINTS: how many [default: 4]. LEYDEN_SEED: of the points.
"""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from scripted_server import ScriptedServer

PYTHON = "/usr/bin/python3"
SOURCE = '''def price(count: int) -> int:
    """Three each, and one in ten is free."""
    if count < 0:
        raise ValueError("count")
    return 3 * (count - count // 10)


def label(name: str, size: int) -> str:
    if size > 100:
        return name.upper()
    return name + "-" + str(size)


def spread(values: list[int]) -> int:
    if not values:
        return 0
    return max(values) - min(values)
'''
GOOD = {"price": "assert price(10) == 27", "label": 'assert label("a", 7) == "a-7"', "spread": "assert spread([3, 9]) == 6"}
WRONG = {"price": "assert price(10) == 30", "label": 'assert label("a", 7) == "A"', "spread": "assert spread([3, 9]) == 9"}


def answer(prompt):
    """A wrong test first; a good one when it is to be repaired."""
    name = re.findall(r"Write a few short tests of `(\w+)`", prompt)[-1]
    body = (GOOD if "It does not work" in prompt else WRONG)[name]
    return f"```python\nfrom shop import {name}\n\ndef test_{name}_by_model():\n    {body}\n```\n"


def skip_without_sandbox(code, errors):
    if code == 5 and "sandbox" in errors:
        print(f"SKIPPED: {errors.strip()}", flush=True)
        os._exit(77)


class Bench:
    def __init__(self, leyden, folder, server):
        self.leyden, self.server = leyden, server
        self.project = folder / "project"
        self.project.mkdir()
        (self.project / "shop.py").write_text(SOURCE)
        self.folder, self.number = folder, 0

    def fresh(self):
        """An environment with empty data folders."""
        self.number += 1
        home = self.folder / f"home{self.number}"
        return {**os.environ, **self.server.environment, "XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}

    def start(self, environment, *arguments):
        return subprocess.Popen([self.leyden, "test", *arguments], cwd=self.project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def whole(self, environment):
        return self.start(environment, "shop.py", "--json", "--python", PYTHON)

    @staticmethod
    def suite(process):
        out, err = process.communicate(timeout=1800)
        skip_without_sandbox(process.returncode, err)
        if process.returncode != 0:
            raise SystemExit(f"exit code {process.returncode}: {err}")
        file = json.loads(out)["files"][0]
        return file["test_text"], [test["name"] for test in file["tests"]], file["engine"]


def killed_and_resumed(bench, seconds):
    """The suite in the end, and the prompts that were answered more than once though their answer had long been there."""
    environment = bench.fresh()
    bench.server.asked.clear()
    bench.server.ended.clear()
    first = bench.whole(environment)
    time.sleep(seconds)
    done = first.poll() is not None
    first.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    if done:
        return Bench.suite(first), []
    first.communicate()
    there = any(pathlib.Path(environment["XDG_DATA_HOME"], "leyden", "runs").glob("*/run.json"))
    suite = Bench.suite(bench.start(environment, "--resume") if there else bench.whole(environment))
    in_flight = {prompt for prompt, ended in bench.server.ended if ended > killed - 0.05}
    return suite, [prompt for prompt, count in bench.server.asked.items() if count > 1 and prompt not in in_flight]


def main():
    leyden = pathlib.Path(sys.argv[1]).resolve()
    points = int(os.environ.get("LEYDEN_KILL_POINTS", "4"))
    chance = random.Random(int(os.environ.get("LEYDEN_SEED", "1")))
    server = ScriptedServer(answer, seconds=0.1)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(leyden, pathlib.Path(folder), server)
        begin = time.monotonic()
        unbroken = Bench.suite(bench.whole(bench.fresh()))
        seconds = time.monotonic() - begin
        assert "by_model" in unbroken[0] and unbroken[2].startswith("scripted"), unbroken
        asked = sum(server.asked.values())
        assert asked == 6 and max(server.asked.values()) == 1, server.asked
        others = twice = 0
        for point in range(points):
            if point % 10 == 9:
                print(f"{point + 1} points, another suite {others} times, {twice} answers paid for twice", flush=True)
            suite, again = killed_and_resumed(bench, chance.uniform(0, seconds))
            others += suite != unbroken
            twice += len(again)
        print(f"unbroken: {len(unbroken[1])} tests, {asked} answers, {seconds:.1f} s; killed at {points} points: another suite {others} times, {twice} answers paid for twice")
        left = list(pathlib.Path(folder).glob("home*/data/leyden/runs/*/run.json"))
        assert not left, left
    server.close()
    sys.exit(1 if others or twice else 0)


if __name__ == "__main__":
    main()
