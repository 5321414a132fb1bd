"""Evaluations a second of a judge that does nothing, and what each costs beside it. Run it on a quiet machine: the load is printed."""
import argparse
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time


def measure(leyden, workers, iterations, generation):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o711)
        project = root / "project"
        project.mkdir()
        (project / "numbers.py").write_text("A = 1.0\nB = 5.0\nC = 7.0\n")
        begun = time.monotonic()
        done = subprocess.run([leyden, "evolve", "numbers.py", "--offline", "--json", "--evaluate", "echo '{\"score\": 1, \"passed\": true}'",
                               "--iterations", str(iterations), "--workers", str(workers), "--generation", str(generation)],
                              cwd=project, capture_output=True, text=True, env={**os.environ, "TMPDIR": folder})
        seconds = time.monotonic() - begun
        if done.returncode != 1:  # Nothing gains here.
            raise SystemExit(done.stderr)
        journal = next(project.glob(".leyden/runs/*/evolve.db"))
        with contextlib.closing(sqlite3.connect(journal)) as opened:
            count, inside = opened.execute("SELECT count(*), sum(json_extract(evaluation, '$.seconds')) FROM trajectory WHERE evaluation IS NOT NULL").fetchone()
        return {"workers": workers, "generation": generation, "evaluations": count, "evaluations_per_second": round(count / seconds, 1),
                "sandbox_ms": round(inside / count * 1000, 2), "rest_ms": round((seconds * workers - inside) / count * 1000, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leyden", required=True)
    parser.add_argument("--iterations", type=int, default=600)
    options = parser.parse_args()
    leyden = str(pathlib.Path(options.leyden).resolve())
    for workers, generation in ((1, 8), (2, 8), (2, 32)):
        print(json.dumps({**measure(leyden, workers, options.iterations, generation), "load": os.getloadavg()[0]}), flush=True)


if __name__ == "__main__":
    main()
