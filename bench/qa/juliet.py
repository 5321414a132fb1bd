"""Faults that the makers of Juliet (C) planted, found by `leyden test --type security`."""
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time

# What a sanitizer can see: memory, arithmetic without a meaning.
JULIET_CWES = ("CWE121", "CWE122", "CWE124", "CWE126", "CWE127", "CWE190", "CWE191", "CWE369", "CWE415", "CWE416", "CWE476", "CWE590", "CWE680")


def measure(options):
    """Of a sample of one-file C programs, in whose `bad` function the suite's makers planted a fault that `good` does not have: where a sanitizer says something."""
    support = options.juliet / "testcasesupport"
    files = sorted(file for file in options.juliet.glob("testcases/*/**/*.c") if file.name.startswith(JULIET_CWES) and re.search(r"_\d\d\.c$", file.name)
                   and not re.search(r"w32|socket", file.name))
    sample = random.Random(8).sample(files, 80)
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
        os.chmod(temporary, 0o755)

        def run(file):
            project = pathlib.Path(temporary, file.stem)
            shutil.copytree(support, project / "support")
            (project / "CMakeLists.txt").write_text("")
            shutil.copy(file, project)
            done = subprocess.run([options.leyden, "test", project / file.name, "--type", "security", "--json"], capture_output=True, text=True)
            if done.returncode not in (0, 1):
                return file.stem, done.stderr.strip()[-200:], {}
            return file.stem, "", {one["function"]: one["what"] for one in json.loads(done.stdout)["files"][0]["suspected_defects"]}

        begin = time.monotonic()
        results = list(pool.map(run, sample))
    found = [name for name, _, what in results if f"{name}_bad" in what]
    alarms = [(name, what[f"{name}_good"]) for name, _, what in results if f"{name}_good" in what]
    for name, trouble, what in results:
        if name not in found:
            print(f"not found: {name} {trouble} {what}")
    for name, what in alarms:
        print(f"alarm: {name}: {what}")
    return {"programs": len(sample), "found": len(found), "alarms": len(alarms), "not_run": sum(bool(trouble) for _, trouble, _ in results), "seconds": time.monotonic() - begin}
