#!/usr/bin/env python3
"""How many look-ups a time to live leaves to be found, memory being unbounded:  ttl.py --traces FOLDER [--json OUT]

FOLDER has ragpulse/ (see README.md), whose requests have times. A miss puts, and what is put lives for the time to live; per
passage, and per set with all of a request's passages as one key.
"""
import argparse
import json
import pathlib

TTLS = {"5 min": 300, "1 h": 3600, "4 h": 4 * 3600, "1 day": 86400, "3 days": 3 * 86400, "none": float("inf")}


def requests(folder):
    for file in sorted(folder.glob("requests_*.jsonl")):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            yield float(row["timestamp"]), row["hash_ids"]["passages_ids"]


def hit_rate(lookups, ttl):
    put, hits = {}, 0
    for time, key in lookups:
        if key in put and time - put[key] < ttl:
            hits += 1
        else:
            put[key] = time
    return hits / len(lookups) if lookups else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", required=True, type=pathlib.Path, help="the folder that has ragpulse/")
    parser.add_argument("--json", type=pathlib.Path, metavar="OUT")
    options = parser.parse_args()
    all_requests = sorted(requests(options.traces / "ragpulse"), key=lambda request: request[0])
    if not all_requests:
        raise SystemExit(f"ttl.py: no requests_*.jsonl in {options.traces / 'ragpulse'}")
    units = {"passages": [(time, passage) for time, passages in all_requests for passage in passages],
             "sets": [(time, tuple(sorted(passages))) for time, passages in all_requests if passages]}
    table = {unit: {name: hit_rate(lookups, ttl) for name, ttl in TTLS.items()} for unit, lookups in units.items()}
    print(f"{'% found':10}" + "".join(f"{name:>9}" for name in TTLS))
    for unit, row in table.items():
        print(f"{unit:10}" + "".join(f"{100 * row[name]:9.1f}" for name in TTLS))
    if options.json:
        options.json.write_text(json.dumps({"days": all_requests[-1][0] / 86400, "requests": len(all_requests), "found": table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
