"""Python environments of Leyden's own scripts, in its cache folder: made at first use, from requirements pinned by hash."""
import hashlib
import os
import pathlib
import subprocess
import sys

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden"


def enter(name, requirements):
    """Runs this script again with a Python that has the requirements. Returns at once where it already is that one."""
    folder = CACHE / f"{name}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    python = folder / "bin" / "python3"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", requirements], check=True)
        (folder / "complete").touch()
    if pathlib.Path(sys.prefix) != folder:
        os.execv(python, [str(python), *sys.argv])
