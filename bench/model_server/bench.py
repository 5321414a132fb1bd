#!/usr/bin/env python3
"""What a client of a model server costs: processor time per request and per streamed token, of Leyden's, curl and OpenAI's Python client:

    bench.py --bin build/release/bin [--rounds 5] [--json FILE]

All three ask the same server, which streams canned answers (checked by all but curl, whose bytes are counted). Times are user and system time
of the client's whole process, so what starting it costs is taken off: two runs of different lengths, and the difference counts. README.md.
"""
import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))


class Server:
    def __init__(self, program, pause_us):
        self.process = subprocess.Popen([program, "serve", "--pause-us", str(pause_us)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def cpu_of(command, **more):
    """Seconds of user and system time of a process, and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, **more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def leyden(options, url, requests, at_once, tokens):
    seconds, out = cpu_of([options.bin / "leyden_bench_model_server", "client", "--url", url, "--requests", str(requests), "--at-once", str(at_once),
                           "--tokens", str(tokens), "--prompt-tokens", str(options.prompt_tokens)])
    assert json.loads(out) == {"requests": requests, "tokens": requests * tokens}
    return seconds


def python(options, url, requests, at_once, tokens):
    seconds, out = cpu_of([sys.executable, HERE / "python_client.py", url, str(requests), str(at_once), str(tokens), str(options.prompt_tokens)])
    assert json.loads(out) == {"requests": requests, "tokens": requests * tokens}
    return seconds


def curl(options, url, requests, at_once, tokens):
    """One process, connections kept; its output goes through a pipe as a script would have it."""
    body = {"model": "bench", "prompt": [ord("p")] * options.prompt_tokens, "max_tokens": tokens, "temperature": 0, "stream": True,
            "stream_options": {"include_usage": True}, "return_token_ids": True}
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder, "body.json")
        data.write_text(json.dumps(body))
        one = f'url = "{url}/v1/completions"\nno-buffer\nsilent\nheader = "Content-Type: application/json"\ndata-binary = "@{data}"\n'
        config = pathlib.Path(folder, "config")
        config.write_text("next\n".join([one] * requests))
        command = ["curl", "--no-progress-meter", "--config", config]
        if at_once > 1:
            command += ["--parallel", "--parallel-max", str(at_once)]
        seconds, out = cpu_of(command)
    assert out.count(b"data: [DONE]") == requests and out.count(b'"token_ids":[9') + out.count(b'"token_ids":[1') == requests * tokens
    return seconds


CLIENTS = {"leyden": leyden, "curl": curl, "python": python}


def cost(client, options, url, small, large):
    """Seconds that the difference of two runs costs: (requests, at once, tokens) each."""
    return client(options, url, *large) - client(options, url, *small)


def measure(options, name, url, what, small, large, units):
    times = {client: [] for client in CLIENTS}
    for _ in range(options.rounds):
        for client, run in CLIENTS.items():  # In turns, so that what else the machine does hits all.
            times[client].append(cost(run, options, url, small, large) / units)
    us = {client: {"median": 1e6 * statistics.median(t), "best": 1e6 * min(t)} for client, t in times.items()}
    print(f"{name:38}", *(f"{us[c]['median']:10.2f} ({us[c]['best']:.2f})" for c in CLIENTS), f"us {what}")
    return {"name": name, "us": us}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt-tokens", type=int, default=500)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="Leyden and curl alone, once and short: whether it runs")
    options = parser.parse_args()
    scale = 1
    if options.quick:
        options.rounds, scale = 1, 100
        del CLIENTS["python"]
    program = options.bin / "leyden_bench_model_server"
    if "python" in CLIENTS:
        subprocess.run([sys.executable, HERE / "python_client.py", "http://127.0.0.1:1", "0", "1", "1", "1"], check=True, stdout=subprocess.DEVNULL)  # Its environment.
    print(f"{platform.machine()}, {os.cpu_count()} processors; medians of {options.rounds} rounds (best), prompts of {options.prompt_tokens} tokens\n")
    print(f"{'':38}", *(f"{c:>17}" for c in CLIENTS))
    rows = []
    server = Server(program, 0)
    try:
        rows.append(measure(options, "request of 1 token, one after another", server.url, "a request", (200 // scale, 1, 1), (2200 // scale, 1, 1), 2000 // scale))
        rows.append(measure(options, "tokens as fast as they come", server.url, "a token", (2, 1, 1000 // scale), (12, 1, 1000 // scale), 10_000 // scale))
    finally:
        server.end()
    server = Server(program, 2000)
    try:
        rows.append(measure(options, "64 streams, a token each 2 ms", server.url, "a token", (64, 64, 50 // scale + 1), (64, 64, 350 // scale + 1), 64 * (350 // scale - 50 // scale)))
    finally:
        server.end()
    for row in rows:
        ours = row["us"]["leyden"]
        for peer, aim in (("curl", "at most 1.2"), ("python", "at least 10")):
            if peer not in row["us"]:
                continue
            ratio = {k: (ours[k] / row["us"][peer][k] if peer == "curl" else row["us"][peer][k] / ours[k]) for k in ours}
            row[peer] = ratio
            text = "of curl's time" if peer == "curl" else "times less than Python's"
            print(f"{row['name']}: {ratio['median']:.2f} ({ratio['best']:.2f}) {text} (aim: {aim})")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
