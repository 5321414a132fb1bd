"""What the engine brings to an agent with a model, on a real llama-server: three set-ups, each with a server of its own.

obvious   what a script does (obvious_script.py)
cache off Leyden with --no-token-cache
leyden    Leyden"""
import json
import os
import pathlib
import subprocess
import tempfile
import time

import llama_server

SERVER = (8192, ["--parallel", "1", "--cache-ram", "8192"])  # One's context and arguments.
FLAGS = {"obvious": None, "cache off": ["--no-token-cache"], "leyden": []}


def summed(rows):
    return {key: max(row[key] for row in rows) if key == "peak_memory_mb" else sum(row[key] for row in rows) for key in rows[0]}


def report_of(command, folder, data, good=(0, 1)):
    """What a `leyden ... --json` tells that knows no settings of its caller and keeps what it learns in `data`; and its seconds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_") and name != "REDIS_URL"}
    environment |= {"XDG_DATA_HOME": str(data / "data"), "XDG_CONFIG_HOME": str(data / "config"), "TMPDIR": str(data), "LEYDEN_LLM_FIRST_TOKEN_TIMEOUT_MS": "600000"}
    begin = time.monotonic()
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, env=environment)
    if done.returncode not in good:
        raise SystemExit(f"leyden {command[1]} ended with {done.returncode}: {done.stderr[-1000:]}")
    return json.loads(done.stdout), time.monotonic() - begin


def row_of(counts, reports, seconds):
    """Of what Leyden tells of its model, each part of it."""
    def total(key):
        return sum(one[key] for one in counts)
    return {"calls": total("calls"), "token_ms": total("token_ms"), "first_ms": total("first_token_ms"), "seconds": seconds, "prompt": total("prompt_tokens"),
            "computed": total("prompt_tokens") - total("prompt_tokens_reused"), "answer": total("answer_tokens"), "context": total("context_tokens"),
            "cached": total("context_tokens_cached"), "peak_memory_mb": max(report["cache_stats"]["peak_memory_mb"] for report in reports)}


def compare(model, begin):
    """`begin(root, server, flags)` makes a set-up's projects below `root` and yields, one after the other, when they are gone through and the row of it; flags: None is the obvious one."""
    print(f"{'':12}{'':10}{'calls':>6}{'prompt tokens':>15}{'computed':>10}{'shared':>8}{'answer':>8}{'token step':>12}{'first token':>13}{'from cache':>12}{'kept':>6}{'in all':>10}")
    results = {}
    for name, flags in FLAGS.items():
        with tempfile.TemporaryDirectory() as temporary, llama_server.LlamaServer(model, *SERVER) as server:
            root = pathlib.Path(temporary)
            root.chmod(0o711)
            for when, row in begin(root, server, flags):
                results[f"{name}, {when}"] = row
                hit = f"{row['cached'] / row['context']:.1%}" if row.get("context") else ""
                print(f"{name:12}{when:10}{row['calls']:6}{row['prompt']:15}{row['computed']:10}{1 - row['computed'] / row['prompt']:8.1%}{row['answer']:8}"
                      f"{row['token_ms'] / row['calls']:9.2f} ms{row['first_ms'] / row['calls']:10.0f} ms{hit:>12}{row.get('kept', ''):>6}{row['seconds']:8.1f} s", flush=True)
    for key in results:
        name, when = key.split(", ")
        if name != "leyden" or f"obvious, {when}" not in results:
            continue

        def change(what):
            mine, theirs = (row[what] / row["calls"] for row in (results[key], results[f"obvious, {when}"]))
            return mine / theirs - 1
        print(f"{when}: token step {change('token_ms'):+.1%}, first token {change('first_ms'):+.1%} against the obvious one")
    print(f"the token cache's memory: at most {max(row.get('peak_memory_mb', 0) for row in results.values()):.3f} MB; load {os.getloadavg()[0]:.1f}")
    return results
