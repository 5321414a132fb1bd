#!/usr/bin/env python3
"""First-token time by the order of passages on a real llama-server, and whether the order costs right answers:

    bench.py --leyden build/release/bin/leyden [--requests FILE --lengths FILE] [--json FILE]

README.md says what is measured.
"""
import argparse
import json
import os
import pathlib
import platform
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))

import first_token  # noqa: E402
import llama_server  # noqa: E402
import planted_fact  # noqa: E402
import runs  # noqa: E402

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leyden", type=pathlib.Path, required=True)
    parser.add_argument("--requests", type=pathlib.Path, help="a trace as `leyden bench order` reads it; without it one is made up")
    parser.add_argument("--lengths", type=pathlib.Path, help="its passages' lengths")
    parser.add_argument("--scale", type=float, default=0.25, help="what passages are shortened to")
    parser.add_argument("--questions", type=int, default=100, help="of the trace; 0 leaves out the first part")
    parser.add_argument("--cold", type=int, default=20, help="how many of the prompts are also asked without a cache")
    parser.add_argument("--facts", type=int, default=60, help="questions for a planted fact; 0 leaves out the second part")
    parser.add_argument("--orders", type=lambda s: s.split(","), default=runs.ORDERS)
    parser.add_argument("--servers", type=lambda s: s.split(";"), default=list(first_token.SERVERS))
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--fact-model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if (options.requests is None) != (options.lengths is None):
        parser.error("--requests and --lengths go together")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Ends the server, too.
    llama_server.need(m for m, count in ((options.model, options.questions), (options.fact_model, options.facts)) if count)
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; seed {options.seed}, scale {options.scale}")
    results = {"first_token": first_token.run(options) if options.questions else [],
               "planted_fact": planted_fact.run(options) if options.facts else []}
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "scale": options.scale, **results}, indent=1))


if __name__ == "__main__":
    main()
