"""`leyden test` as a user has it: input that is wrong gets a clear error and no invented test, and what a model answers to hurt is contained.
LEYDEN names the program."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
import unittest

from main_job_test import CACHE, LEYDEN, Case

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "qa"))
from scripted_server import ScriptedServer  # noqa: E402

PYTHON = "/usr/bin/python3"


class TestsCase(Case):
    def setUp(self):
        super().setUp()
        self.scratch.chmod(0o755)  # As root the sandbox runs as another user, who must get to TMPDIR.
        self.project = self.scratch / "project"
        self.project.mkdir()

    def add(self, name, text):
        path = self.project / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def refused(self, *arguments, says, code=2):
        """A clear error, and nothing on standard output or in the project that was not there."""
        before = sorted(self.project.rglob("*"))
        done = self.leyden("test", "--python", PYTHON, "--write", *arguments, code=code)
        self.assertEqual(done.stdout, b"")
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(says, lines[0])
        self.assertEqual(sorted(self.project.rglob("*")), before)


class TestsOfBadInput(TestsCase):
    def test_files_without_anything_to_test(self):
        self.refused(self.add("empty.py", ""), says="empty")
        self.refused(self.add("blank.py", " \n\n"), says="empty")
        self.refused(self.add("noise.py", b"\0" + random.Random(1).randbytes(5000)), says="binary")
        self.refused(self.add("latin.py", "def f(a):\n    return 'Gr\xf6\xdfe'\n".encode("latin-1")), says="UTF-8")
        self.refused(self.add("constants.py", "A = 1\n"), says="no function")
        self.refused(self.add("broken.py", "def f(:\n  ]"), says="syntax error")
        self.refused(self.add("fails.py", "import nothing_of_that_name\n\ndef f(a: int) -> int:\n    return a\n"), says="can't be loaded", code=5)

    def test_unknown_languages_and_types_and_places(self):
        self.refused(self.add("notes.unknown", "some text\n"), says="tests are made of")
        good = self.add("good.py", "def f(a: int) -> int:\n    return a + 1\n")
        self.refused(good, "--type", "sanity", says="unit, integration, e2e, performance or security")
        self.refused(f"{good}:g", says="no function g")
        self.refused(self.project / "nowhere.py", says="no such file")
        self.refused("/dev/null", says="")
        self.refused(says="name a file")

    def test_100_mb(self):
        begin = time.monotonic()
        self.refused(self.add("large.py", b"def f(a: int) -> int:\n    return a\n\n\n" * 2_900_000), says="above the limit")
        self.assertLess(time.monotonic() - begin, 10)

    def test_no_test_runner(self):
        interpreter = self.scratch / "bare"
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", interpreter], check=True)
        good = self.add("good.py", "def f(a: int) -> int:\n    return a + 1\n")
        done = self.leyden("test", good, "--python", interpreter / "bin" / "python", code=2)
        self.assertIn("can't import pytest", done.stderr.decode())
        self.assertEqual(done.stdout, b"")


HOSTILE = {
    "forks": "import os\n    while True:\n        os.fork()",
    "threads": "import threading, time\n    while True:\n        threading.Thread(target=time.sleep, args=(60,)).start()",
    "memory": "block = bytearray(1 << 30)\n    blocks = [bytearray(block) for _ in range(8)]",
    "disk": "with open('/tmp/big', 'wb') as file:\n        while True:\n            file.write(bytes(1 << 20))",
    "inodes": "for i in range(10 ** 7):\n        open(f'/tmp/{i}', 'w').close()",
    "output": "import sys\n    while True:\n        sys.__stdout__.write('x' * 65536)",
    "network": "import socket\n    socket.create_connection(('192.0.2.1', 80), timeout=2)",
    "escape": "open('/proc/1/root/etc/shadow').read()",
    "host": "import os\n    assert os.path.exists(MARK)",
    "writes": "open(MARK, 'w').write('here')",
    "kills": "import os, signal\n    os.kill(-1, signal.SIGKILL)\n    os.kill(1, signal.SIGKILL)",
    "daemon": "import os, time\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            time.sleep(600)\n    assert False",
    "ignores": "import os, signal, time\n    if os.fork() == 0:\n        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        time.sleep(600)\n    time.sleep(600)",
    "hangs": "while True:\n        pass",
    "exits": "import os\n    os._exit(0)",
    "forges": "import os\n    for name in ('/exchange/answers.jsonl', '/leyden/replies'):\n        open(name, 'w').write('{\"good\": true}\\n')\n    assert False",
    "settings": "import ctypes\n    assert ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0",
    "environment": "import os\n    assert 'LEYDEN_LLM_API_KEY' in os.environ",
}


class HostileAnswers(TestsCase):
    """A model answers with tests that are made to hurt, one after another, and one that is good."""

    def setUp(self):
        super().setUp()
        self.source = self.add("shop.py", "def price(count: int) -> int:\n    if count < 0:\n        raise ValueError('count')\n    return 3 * count\n")
        self.mark = self.scratch / "mark"
        tests = [f"def test_{name}():\n    {body.replace('MARK', repr(str(self.mark)))}\n" for name, body in HOSTILE.items()]
        self.answers = [f"```python\nfrom shop import price\n\n{test}\n```\n" for test in tests] + ["```python\nfrom shop import price\n\ndef test_good():\n    assert price(2) == 6\n```\n"]

    def run_as(self, user):
        told = iter(self.answers)
        server = ScriptedServer(lambda _prompt: next(told, self.answers[-1]))
        self.addCleanup(server.close)
        # One answer for each attempt: as many repairs as there are answers.
        environment = {**self.environment, **server.environment, "LEYDEN_LLM_API_KEY": "a-secret"}
        command = [LEYDEN, "test", str(self.source), "--json", "--python", PYTHON, "--max-repairs", str(len(self.answers))]
        if user is not None:
            environment |= self.within_reach()
        for path in (self.scratch, *self.scratch.rglob("*")):
            os.chmod(path, 0o777 if path.is_dir() else 0o666)
        options = {"user": user, "group": user} if user is not None else {}
        done = subprocess.run(command, capture_output=True, cwd=self.project, env=environment, timeout=900, **options)
        self.assertEqual(done.returncode, 0, done.stderr[-1000:])
        report = json.loads(done.stdout)["files"][0]
        kept = [test["name"] for test in report["tests"] if test["by"] == "model"]
        self.assertEqual(kept, ["test_good"])
        reasons = {one["name"]: one["reason"] for one in report["rejected"]}
        self.assertEqual([name for name in HOSTILE if not reasons.get(f"test_{name}")], [], reasons)
        self.assertFalse(self.mark.exists())
        left = [pid for pid in pathlib.Path("/proc").iterdir() if pid.name.isdigit() and b"/leyden/serve.py" in self.command_of(pid) and str(self.project) in self.folder_of(pid)]
        self.assertEqual(left, [])

    def within_reach(self):
        """Libraries and the tokenizer, where a user that has no way to our home folder can read them."""
        libraries = self.scratch / "libraries"
        libraries.mkdir()
        for line in subprocess.run(["ldd", LEYDEN], capture_output=True, text=True, check=True).stdout.splitlines():
            path = line.partition(" => ")[2].split(" (")[0].strip()
            if path and not path.startswith(("/lib", "/usr")):
                shutil.copy(path, libraries / line.split()[0])
        shutil.copytree(CACHE / "tokenizers", self.scratch / "cache" / "leyden" / "tokenizers", ignore=lambda _folder, names: [name for name in names if "o200k" not in name])
        return {"LD_LIBRARY_PATH": str(libraries), "XDG_CACHE_HOME": str(self.scratch / "cache"), "HOME": str(self.scratch)}

    @staticmethod
    def command_of(pid):
        try:
            return (pid / "cmdline").read_bytes()
        except OSError:
            return b""

    @staticmethod
    def folder_of(pid):
        try:
            return os.readlink(pid / "cwd")
        except OSError:
            return ""

    def test_as_this_user(self):
        self.run_as(None)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_as_nobody(self):
        self.run_as(65534)


if __name__ == "__main__":
    unittest.main()
