"""Python environments of Leyden's own scripts, in its cache folder: made at first use, from requirements pinned by hash."""
import hashlib
import os
import pathlib
import subprocess
import sys

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden"


def make(name, requirements):
    """The folder of an environment that has the requirements."""
    folder = CACHE / f"{name}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "python3", "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", requirements], check=True)
        (folder / "complete").touch()
    return folder


def enter(name, requirements):
    """Runs this script again with a Python that has the requirements. Returns at once where it already is that one."""
    folder = make(name, requirements)
    if pathlib.Path(sys.prefix) != folder:
        python = folder / "bin" / "python3"
        os.execv(python, [str(python), *sys.argv])
