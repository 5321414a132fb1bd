#!/usr/bin/env python3
"""Hit ratios of cache policies on real traces:

    policy.py --leyden build/release/bin/leyden_bench_policy --traces FOLDER [--json FILE] [--plot docs/policy]

Two units: each passage under a key of its own, and a request's whole set of passages under one key. README.md says what the
traces are and what is counted. --plot writes FILE.svg and FILE.png and needs matplotlib, which the first such run installs.
"""
import argparse
import collections
import json
import pathlib
import platform
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import python_environment  # noqa: E402

BUDGETS = [2**k for k in range(17, 27)]  # 128 KB to 64 MB
UNITS = ("passage", "set")


# ---- Traces: a list of requests, each a list of (key, tokens)


def json_lines(file):
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def ragpulse(folder):
    """The passages that were retrieved for each request, in their order."""
    sizes = {row["passage_id"]: row["token_length"] for row in json_lines(folder / "2_passages.jsonl")}
    rows = [row for file in sorted(folder.glob("requests_*.jsonl")) for row in json_lines(file)]
    return [[(p, sizes[p]) for p in row["hash_ids"]["passages_ids"]] for row in rows]


def mooncake(folder):
    """Blocks of 512 tokens; the last one of a request has what is left, where it is seen first."""
    sizes, requests = {}, []
    for row in [row for file in sorted(folder.glob("*.jsonl")) for row in json_lines(file)]:
        for i, block in enumerate(row["hash_ids"]):
            sizes.setdefault(block, max(1, min(512, row["input_length"] - 512 * i)))
        requests.append([(block, sizes[block]) for block in row["hash_ids"]])
    return requests


TRACES = {"RAGPulse": ("ragpulse", ragpulse), "Mooncake synthetic": ("mooncake", mooncake)}


def lines(requests, unit):
    """What the program reads. The set of a request is the same in whatever order it comes."""
    for request in filter(None, requests):
        if unit == "passage":
            yield " ".join(f"{key}:{tokens}" for key, tokens in request)
        else:
            yield "-".join(str(key) for key, _ in sorted(request)) + f":{sum(tokens for _, tokens in request)}"


# ---- Measuring


def measure(program, requests, unit, budgets):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(line + "\n" for line in lines(requests, unit))
        file.flush()
        done = subprocess.run([program, file.name, *map(str, budgets)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def size(n):
    for unit in ("B", "KB", "MB", "GB"):
        if n < 1024 or unit == "GB":
            return f"{n:.0f} {unit}" if n == int(n) else f"{n:.1f} {unit}"
        n /= 1024


def rows_of(run, overhead):
    """policy -> [(share of look-ups, share of tokens) by budget]"""
    rows = collections.defaultdict(list)
    for r in run["results"]:
        if r["overhead"] == overhead or (r["policy"] == "Leyden" and overhead == "64"):
            rows[r["policy"]].append((100 * r["hits"] / run["accesses"], 100 * r["tokens"] / run["tokens"]))
    return best_belady(rows)


def best_belady(rows):
    """Where sizes differ neither greedy rule is the optimum: the better one stands for it."""
    if "Belady by size" in rows:
        rows["Belady"] = [max(pair) for pair in zip(rows["Belady"], rows.pop("Belady by size"))]
    return rows


def table(name, unit, run, budgets, overhead):
    what = {"64": "4 bytes a token and 64 an entry (Leyden: really allocated)", "real": "what an entry takes in Leyden"}[overhead]
    print(f"\n{name}, one key for each {unit}: % of look-ups / % of tokens. {run['accesses']:,} look-ups of {run['keys']:,} keys,"
          f" {size(run['footprint_bytes'][overhead])} in all; {what}")
    print(f"{'':15}" + "".join(f"{size(b):>14}" for b in budgets))
    for policy, cells in rows_of(run, overhead).items():
        print(f"{policy:15}" + "".join(f"{hits:7.1f} /{tokens:5.1f}" for hits, tokens in cells))


def plot(runs, budgets, stem):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.hashsalt": "leyden", "svg.fonttype": "none", "font.size": 9})
    names = list(dict.fromkeys(name for name, _ in runs))
    figure, axes = plt.subplots(len(names), len(UNITS), figsize=(11, 4.2 * len(names)), squeeze=False, sharex=True)
    for (name, unit), run in runs.items():
        ax = axes[names.index(name)][UNITS.index(unit)]
        for policy, cells in rows_of(run, "real").items():
            style = {"Leyden": {"color": "#d9822b", "linewidth": 2.6, "marker": "o", "zorder": 5},
                     "Belady": {"color": "black", "linestyle": "--"}}.get(policy, {"linewidth": 1.2})
            ax.plot(budgets, [tokens for _, tokens in cells], label=policy, **style)
        ax.set_xscale("log", base=2)
        ax.set_xticks(budgets, [size(b) for b in budgets], rotation=45)
        ax.set_ylim(bottom=0)
        ax.set_title(f"{name}, one key for each {unit}")
        ax.set_ylabel("% of tokens found")
        ax.grid(alpha=0.3)
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(stem.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(stem.with_suffix(".png"), dpi=110, metadata={"Software": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leyden", required=True, help="the program leyden_bench_policy")
    parser.add_argument("--traces", required=True, type=pathlib.Path, help="the folder that has ragpulse/, mooncake/")
    parser.add_argument("--budgets", type=lambda s: [int(n) for n in s.split(",")], default=BUDGETS, help="bytes")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--plot", type=pathlib.Path, help="writes this .svg and .png")
    options = parser.parse_args()
    if options.plot:
        python_environment.enter("bench-policy", HERE / "requirements.txt")

    runs = {}
    for name, (folder, read) in TRACES.items():
        if not (options.traces / folder).is_dir():
            print(f"{name}: {options.traces / folder} is not there", file=sys.stderr)
            continue
        requests = read(options.traces / folder)
        for unit in UNITS:
            run = runs[name, unit] = measure(options.leyden, requests, unit, options.budgets)
            for overhead in ("real", "64"):
                table(name, unit, run, options.budgets, overhead)
    if not runs:
        return 2
    if options.json:
        out = {"machine": platform.platform(), "budgets": options.budgets,
               "runs": [{"trace": name, "unit": unit, **run} for (name, unit), run in runs.items()]}
        options.json.write_text(json.dumps(out, indent=1) + "\n")
    if options.plot:
        plot(runs, options.budgets, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
