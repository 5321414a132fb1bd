#!/usr/bin/env python3
"""Time per byte of hostile text, and the memory it takes:  hostile.py PROGRAM --tokenizer FILE [--encoding NAME] [--json FILE]

PROGRAM is leyden_bench_tokenizer (README.md has its protocol). Every class of text is encoded as one string of 1 KB, 1 MB and
100 MB, each in a process of its own; the best of some passes counts, so small ones are warm. `x prose`: the time per byte by
that of prose of the same size, the worst of the three last. Memory: the process's peak, less what it had after it read the text,
by byte of text; four times the count of IDs, which are returned, is in it.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import corpora

SIZES = {"1 KB": 1_000, "1 MB": 1_000_000, "100 MB": 100_000_000}


def sized(text, size):
    """`text` repeated or cut to about `size` bytes of whole characters."""
    data = text.encode()
    data = data * (size // len(data) + 1)
    return data[:size].decode(errors="ignore")


class Worker:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise SystemExit(f"{request['cmd']}: {answer['error']}")
        return answer

    def memory(self, field):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(options, text):
    worker = Worker(options.program)
    files = {"json": str(options.tokenizer)}
    worker.ask(cmd="load", encoding=options.encoding, files=files, threads=1)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text)
        file.flush()
        size = worker.ask(cmd="corpus", name="it", file=file.name)["bytes"]
    before = worker.memory("VmRSS")
    worker.forget_peak()
    passes = 1 + max(2, min(2_000, 20_000_000 // size))
    results = [worker.ask(cmd="pass", name="it") for _ in range(passes)]
    seconds = min(result["seconds"] for result in results)
    peak = worker.memory("VmHWM") - before
    worker.close()
    return {"bytes": size, "tokens": results[0]["tokens"], "ns_per_byte": seconds / size * 1e9, "peak_bytes": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
    parser.add_argument("--encoding", default="", help="the name, for rank files that don't say it")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--classes", default="", help="only these")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    sizes = options.sizes.split(",")
    texts = {"prose": corpora.build(4)["prose.txt"].read_text(), **dict(corpora.hostile())}
    if options.classes:
        texts = {name: text for name, text in texts.items() if name == "prose" or name in options.classes.split(",")}
    table = {}
    print(f"{'ns/byte':16}" + "".join(f"{size:>10}" for size in sizes) + f"{'x prose':>10}{'peak/byte':>12}")
    for name, text in texts.items():
        row = table[name] = {size: measure(options, sized(text, SIZES[size])) for size in sizes}
        worst = max(row[size]["ns_per_byte"] / table["prose"][size]["ns_per_byte"] for size in sizes)
        peak = row[sizes[-1]]["peak_bytes"] / row[sizes[-1]]["bytes"]
        print(f"{name:16}" + "".join(f"{row[size]['ns_per_byte']:10.2f}" for size in sizes) + f"{worst:10.1f}{peak:12.1f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    sys.exit(main())
