"""26 circles in the unit square without a model, judged exactly: how far `leyden evolve` comes in ten minutes. `--program pack.py` begins with the grid."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent / "packing"
RUN = {".c": 'cc -O3 -march=native -ffast-math -o "$TMPDIR/pack" {candidate} -lm && "$TMPDIR/pack"', ".py": "python3 {candidate}"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leyden", required=True)
    parser.add_argument("--program", default="relax.c")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--seconds", default="600")
    options = parser.parse_args()
    leyden = str(pathlib.Path(options.leyden).resolve())
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o711)
        project = root / "project"
        shutil.copytree(HERE, project)
        done = subprocess.run([leyden, "evolve", options.program, "--offline", "--json", "--run", RUN[pathlib.Path(options.program).suffix],
                               "--evaluate", "python3 judge.py {output}", "--target", "2.6359", "--timeout", "2", "--max-time", options.seconds,
                               "--iterations", "100000", "--scenario", "numeric", "--seed", options.seed],
                              cwd=project, capture_output=True, text=True, env={**os.environ, "TMPDIR": folder})
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr)
        report = json.loads(done.stdout)
        keys = ("start_score", "best_score", "evaluations", "seconds", "target_met", "ended")
        print(json.dumps({**{key: report[key] for key in keys if key in report}, "exit": done.returncode, "load": os.getloadavg()[0]}))
        print(report.get("diff", ""))


if __name__ == "__main__":
    main()
