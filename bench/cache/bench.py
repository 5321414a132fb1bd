#!/usr/bin/env python3
"""What a hit of a 4,096-token context costs, by tier, beside the bare cost, the peers and encoding the text afresh:

    bench.py --bin build/release/bin [--repeats 3] [--rounds 5] [--json FILE] [--plot docs/cache-memory.svg]

In each repeat Leyden's program, redis-benchmark and the peers take their turns, in another order each time, at one Redis server
that this script starts on a unix socket in a temporary folder. A ratio is of two times of the same repeat; printed are the
median, least and largest of all repeats. Then 10,000 contexts go through a cache whose memory is watched. README.md says more.
"""
import argparse
import csv
import io
import json
import os
import pathlib
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))
sys.path.append(str(HERE.parent / "tokenizer"))  # Its corpora.

import python_environment  # noqa: E402

TOKENIZER = python_environment.CACHE / "tokenizers" / "cl100k_base.tiktoken"
# As many bytes as Leyden's values of a context of 1 and of 18 passages have in Redis: 48 of header, 18 bits an ID.
SIZES = {1: [48 + (4096 * 18 + 7) // 8], 18: [48 + (n * 18 + 7) // 8 for n in (4096 * (i + 1) // 18 - 4096 * i // 18 for i in range(18))]}
AIMS = {"memory": 2.0, "lmdb": 2.0, "redis": 1.3, "scaling": 1.7}


class Server:
    """redis-server on a unix socket; keeps nothing."""

    def __init__(self, folder):
        self.socket = folder / "redis.sock"
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", folder, "--save", "", "--appendonly", "no"],
                                        stdout=subprocess.DEVNULL)
        for _ in range(1000):
            if self.socket.exists():
                return
            time.sleep(0.01)
        raise SystemExit("redis-server does not start")

    def end(self):
        self.process.kill()
        self.process.wait()


# ---- Measuring


def run_leyden(options, server, text, ids):
    command = [options.bin / "leyden_bench_cache", "--rounds", str(options.rounds), "--ids", ids]
    if server:
        command += ["--redis", f"unix://{server.socket}"]
    if text:
        command += ["--tokenizer", options.tokenizer, "--text", text]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def run_redis_benchmark(server, client, passages, rounds, each):
    """Nanoseconds of one GET (MGET of several) of as many bytes, by redis-benchmark with one client; one for each round."""
    keys = [f"benchmark:{passages}:{i}" for i in range(passages)]
    client.mset({key: os.urandom(size) for key, size in zip(keys, SIZES[passages])})
    command = ["redis-benchmark", "-s", server.socket, "-c", "1", "-n", str(each), "--csv", *(["GET"] if passages == 1 else ["MGET"]), *keys]
    times = []
    for _ in range(rounds):
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
        times.append(1e9 / float(next(csv.DictReader(io.StringIO(out)))["rps"]))
    return times


def one_repeat(options, server, text, folder, rng):
    import redis_peers as peers
    ids = folder / "ids"
    out = {"leyden": None, "benchmark": {}, "peers": {}}

    def leyden():
        out["leyden"] = run_leyden(options, server, text, ids)

    def benchmark():
        client = peers.connect(server.socket, peers._RESP2Parser)
        for passages in (1, 18):
            out["benchmark"][passages] = run_redis_benchmark(server, client, passages, 2 * options.rounds, 2 * options.each)

    def python():
        for passages in (1, 18):
            out["peers"][passages] = peers.measure(server.socket, peers.read_contexts(ids), passages, options.rounds, options.each, rng.random())

    steps = [leyden, benchmark, python] if server else [leyden]
    if ids.exists():
        rng.shuffle(steps)
    for step in steps:
        step()
    return out


# ---- What is printed


class Times:
    """Of one contender, in nanoseconds: a median for each repeat, and the best round of all."""

    def __init__(self, medians, best):
        self.medians, self.best = medians, best

    def to(self, other):
        """(ratio of the bests, ratios of the medians)"""
        return self.best / other.best, [a / b for a, b in zip(self.medians, other.medians)]


class Repeats:
    def __init__(self, repeats):
        self.repeats = repeats
        self.rows = [{(r["tier"], r["contender"], r["contexts"]): r for r in one["leyden"]["results"]} for one in repeats]

    def has(self, *key):
        return all(key in rows for rows in self.rows)

    def leyden(self, *key):
        return Times([rows[key]["ns_1_thread"] for rows in self.rows], min(rows[key]["ns_1_thread_best"] for rows in self.rows))

    def scaling(self, *key):
        """(ratio of the throughputs of the best rounds, of the medians of each repeat)"""
        best = [min(rows[key][what] for rows in self.rows) for what in ("ns_1_thread_best", "ns_2_threads_best")]
        return best[0] / best[1], [rows[key]["scaling_2_threads"] for rows in self.rows]

    def of(self, kind, passages, *name):
        found = [one[kind][passages] for one in self.repeats]
        for part in name:
            found = [f[part] for f in found]
        return Times([statistics.median(ns) for ns in found], min(min(ns) for ns in found))


def judged(best, aim, least=False):
    return "" if aim is None else f"  aim {aim}: {'well' if (best >= aim if least else best <= aim) else 'MISSED'}"


def row(label, times, ratios, aim=None):
    best, medians = ratios
    print(f"  {label:60}{times.best / 1000:9.2f} us {best:7.2f}   medians {statistics.median(medians):6.2f} ({min(medians):.2f} to {max(medians):.2f}){judged(best, aim)}")


def print_hits(all):
    for tier, ours in (("memory", ("Leyden", "Leyden, shared")), ("lmdb", ("Leyden",)), ("redis", ("Leyden, MAC", "Leyden, checksum"))):
        for contexts in ("1 passage, hot", "1 passage, wide", "18 passages, hot", "18 passages, wide"):
            if not all.has(tier, "bare", contexts):
                continue
            bare = all.leyden(tier, "bare", contexts)
            print(f"\n{tier}, {contexts}: to the bare cost ({bare.best / 1000:.2f} us)")
            for name in ours:
                ns = all.leyden(tier, name, contexts)
                row(name, ns, ns.to(bare), AIMS[tier] if tier != "redis" else None)
            if tier == "redis":
                passages = int(contexts.split()[0])
                benchmark = all.of("benchmark", passages)
                print(f" to redis-benchmark -c 1 {'GET' if passages == 1 else 'MGET'} of the same bytes ({benchmark.best / 1000:.2f} us)")
                for name in ours:
                    ns = all.leyden(tier, name, contexts)
                    row(name, ns, ns.to(benchmark), AIMS[tier])


def print_round_trips(all):
    counts = all.repeats[-1]["leyden"]["redis_for_a_context_of_18_passages"]
    if not counts:
        return
    print("\nRedis, 18 passages: what the server counts for one context")
    for name, c in counts.items():
        print(f"  {name:30} {c['commands']:5.1f} commands, {c['reads']:5.1f} reads, {c['writes']:5.1f} writes")
    for name in ("Leyden, MAC", "bare, a GET for each passage"):
        eighteen, one = all.leyden("redis", name, "18 passages, hot"), all.leyden("redis", name, "1 passage of 227 tokens")
        row(f"{name}: 18 passages to 1 of 227 tokens", eighteen, eighteen.to(one))


def print_encoding(all):
    for contexts in ("1 passage, text", "18 passages, text"):
        if not all.has("encoding", "Leyden's tokenizer", contexts):
            print("\nEncoding afresh: not measured, see above")
            return
        afresh = all.leyden("encoding", "Leyden's tokenizer", contexts)
        print(f"\n{contexts}: encoding it afresh ({all.repeats[0]['leyden']['tokenizer']}) takes {afresh.best / 1000:.1f} us; how many times a hit's time that is")
        for tier, name in (("memory", "Leyden"), ("lmdb", "Leyden"), ("redis", "Leyden, MAC"), ("redis", "Leyden, checksum")):
            if all.has(tier, name, contexts):
                ns = all.leyden(tier, name, contexts)
                times = afresh.to(ns)
                row(f"{tier}, {name}", ns, times)
                if times[0] < 1:
                    print(f"    ENCODING WINS: it is quicker than this hit by {1 / times[0]:.2f}")


def print_peers(all):
    if not all.repeats[0]["peers"]:
        return
    for passages, contexts in ((1, "1 passage"), (18, "18 passages")):
        where = next(c for c in (f"{contexts}, text", f"{contexts}, hot") if all.has("redis", "Leyden, MAC", c))
        ours = all.leyden("redis", "Leyden, MAC", where)
        print(f"\nPython peers at the same server, {contexts}: how many times Leyden's time ({ours.best / 1000:.2f} us, with a MAC). Equal IDs: checked")
        for name in all.repeats[0]["peers"][passages]:
            ns = all.of("peers", passages, name)
            row(name, ns, ns.to(ours))


def print_scaling(all):
    def line(label, rates, verdict=""):
        print(f"  {label:60}{rates[0]:7.2f}   medians {statistics.median(rates[1]):6.2f} ({min(rates[1]):.2f} to {max(rates[1]):.2f}){verdict}")

    print("\nTwo threads to one, throughput")
    controls = [all.scaling("control", "arithmetic", f"{n}, {c}") for n in ("1 passage", "18 passages") for c in ("hot", "wide")]
    most = statistics.median(best for best, _ in controls)
    line("arithmetic only (the control)", (most, [rate for _, medians in controls for rate in medians]))
    print("    " + ("The two CPUs give two threads what two cores would." if most > 1.7 else
                    f"Two threads that share nothing get {most:.2f} times one's arithmetic: the two CPUs are hyperthreads of one core, or busy otherwise."))
    for contexts in ("1 passage, hot", "1 passage, wide", "18 passages, hot", "18 passages, wide"):
        for name in ("bare", "Leyden", "Leyden, shared"):
            rates = all.scaling("memory", name, contexts)
            verdict = "" if name == "bare" else judged(rates[0], AIMS["scaling"], least=True)
            if verdict.endswith("MISSED") and rates[0] >= most:
                verdict += ", but no less than the control"
            line(f"memory, {name}, {contexts}", rates, verdict)


# ---- Memory


def print_footprint(run):
    print(f"\n{run['contexts']:,} contexts of 4,096 tokens, of {run['passages']:,} passages of random IDs (Zipf {run['zipf']}; {run['passages_seen']:,} of them came), memory tier of {run['capacity_mib']} MiB over LMDB")
    print(f"  private memory {run['private_mb_before']:.1f} MB before, {run['private_mb_max']:.1f} MB at most; limit {run['limit_mb']:.0f} MB: {'well' if run['well'] else 'MISSED'}")
    print(f"  {'contexts':>9}{'counted MB':>12}{'private MB':>12}{'files MB':>10}{'evictions':>11}  # private, = counted")
    for point in run["curve"][::5]:
        counted, private = round(point["counted_mb"] / 3), round(point["private_mb"] / 3)
        print(f"  {point['contexts']:>9,}{point['counted_mb']:12.1f}{point['private_mb']:12.1f}{point['file_mb']:10.1f}{point['evictions']:>11,}  {'=' * counted}{'#' * (private - counted)}")


def plot(run, file):
    width, height, left, top = 640, 300, 56, 40
    most = 1.1 * max(run["limit_mb"], run["private_mb_max"])
    x = lambda contexts: left + width * contexts / run["contexts"]  # noqa: E731
    y = lambda mb: top + height * (1 - mb / most)  # noqa: E731
    parts = [f'<text x="{left}" y="20">Memory of a process while {run["contexts"]:,} contexts of 4,096 tokens go through its cache, MB</text>']
    for mb in range(0, int(most), 25):
        parts.append(f'<path d="M{left} {y(mb):.1f}h{width}" stroke="#ddd"/><text x="{left - 6}" y="{y(mb) + 4:.1f}" text-anchor="end">{mb}</text>')
    for i in range(6):
        contexts = run["contexts"] * i // 5
        parts.append(f'<text x="{x(contexts):.1f}" y="{top + height + 18}" text-anchor="middle">{contexts:,}</text>')
    parts.append(f'<path d="M{left} {y(run["limit_mb"]):.1f}h{width}" stroke="#b03030" stroke-dasharray="6 4"/><text x="{left + 6}" y="{y(run["limit_mb"]) - 5:.1f}" fill="#b03030">limit</text>')
    for name, field, colour in (("private memory, as the system counts it", "private_mb", "#d9822b"), ("as the cache counts it", "counted_mb", "#5b7f95")):
        points = " ".join(f"{x(p['contexts']):.1f},{y(p[field]):.1f}" for p in run["curve"])
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{left + width - 6}" y="{top + height - (50 if field == "private_mb" else 30)}" text-anchor="end" fill="{colour}">{name}</text>')
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 24}" height="{top + height + 30}" font-family="sans-serif" font-size="12">'
                    f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def machine():
    cpu = dict(re.findall(r"^(.+?):\s+(.*)$", subprocess.run(["lscpu"], capture_output=True, text=True).stdout, re.M))
    redis = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout if shutil.which("redis-server") else "none"
    head = subprocess.run(["git", "-C", HERE, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    dirty = subprocess.run(["git", "-C", HERE, "status", "--porcelain"], capture_output=True, text=True).stdout.strip()
    return {"cpu": cpu.get("Model name", platform.processor()), "cpus": os.cpu_count(), "threads per core, as told": cpu.get("Thread(s) per core"),
            "kernel": platform.release(), "python": platform.python_version(), "redis": redis.strip(),
            "load": " ".join(f"{x:.1f}" for x in os.getloadavg()), "commit": head + (" and changes" if dirty else "")}


def corpus(options):
    """The file of real text, or None where it or the tokenizer is not there."""
    if not options.tokenizer.exists():
        print(f"Encoding afresh is not measured: no tokenizer at {options.tokenizer}")
        return None
    if options.text:
        return options.text
    import corpora
    return corpora.build(4)["prose.txt"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the folder of the programs leyden_bench_cache and leyden_bench_footprint")
    parser.add_argument("--tokenizer", type=pathlib.Path, default=TOKENIZER)
    parser.add_argument("--text", type=pathlib.Path, help="default: the prose of bench/tokenizer")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5, help="of each contender in a repeat")
    parser.add_argument("--each", type=int, default=500, help="hits of a peer in a round; of redis-benchmark twice as many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--plot", type=pathlib.Path, help="writes this SVG of the memory")
    options = parser.parse_args()

    about = machine()
    for name, value in about.items():
        print(f"{name + ':':28}{value}")
    text = corpus(options)
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = Server(folder) if shutil.which("redis-server") and shutil.which("redis-benchmark") else None
        if not server:
            print("Redis is not measured: redis-server or redis-benchmark is not installed")
        try:
            repeats = [one_repeat(options, server, text, folder, rng) for _ in range(options.repeats)]
        finally:
            if server:
                server.end()
    repeated = Repeats(repeats)
    print(f"\nOne hit of a context of 4,096 tokens: best time and ratio of the bests; ratios of the medians of {options.repeats} repeats")
    print_hits(repeated)
    print_round_trips(repeated)
    print_encoding(repeated)
    print_peers(repeated)
    print_scaling(repeated)
    footprint = json.loads(subprocess.run([options.bin / "leyden_bench_footprint"], stdout=subprocess.PIPE).stdout)
    print_footprint(footprint)
    if options.plot:
        plot(footprint, options.plot)
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "repeats": repeats, "footprint": footprint}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    python_environment.enter("bench-cache", HERE / "requirements.txt")  # That has the peers.
    sys.exit(main())
