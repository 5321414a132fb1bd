"""A llama-server of our own, with a model of `leyden model get`."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden"
SERVER = max(CACHE.glob("deps/llama-server-*/llama-server"), default=CACHE / "deps" / "llama-server")
SKIPPED = 77  # As ctest is told.


def model_file(name):
    return CACHE / "models" / f"{name}.gguf"


def need(models):
    """Ends as skipped where the server or one of the models is missing."""
    for file in [SERVER, *map(model_file, models)]:
        if not file.exists():
            print(f"skipped: there is no {file.name}: ./dev setup and leyden model get bring it")
            raise SystemExit(SKIPPED)


class LlamaServer(contextlib.AbstractContextManager):
    """One compute thread: several wait for each other by spinning, and crawl where the cores are busy."""

    def __init__(self, model, context_tokens, arguments):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.model, self.url = model, f"http://127.0.0.1:{port}"
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [SERVER, "--model", model_file(model), "--host", "127.0.0.1", "--port", str(port), "--ctx-size", str(context_tokens), "--no-warmup",
             "--threads", "1", *arguments], stdout=self.log, stderr=self.log)
        for _ in range(3000):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(self.url + "/health", timeout=60).close()
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.__exit__()
        self.log.seek(0)
        raise SystemExit("llama-server does not get ready: " + self.log.read()[-1000:].decode(errors="replace"))

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return urllib.request.urlopen(request, timeout=600)

    def tokens(self, text):
        with self.post("/tokenize", {"content": text, "add_special": False, "parse_special": True}) as answer:
            return json.load(answer)["tokens"]

    def text(self, tokens):
        with self.post("/detokenize", {"tokens": tokens}) as answer:
            return json.load(answer)["content"]

    def first_token(self, prompt, cached):
        """Milliseconds until the first token has come, and how many of the prompt's the server took from its cache."""
        started = time.monotonic()
        first_ms = None
        with self.post("/completion", {"prompt": prompt, "n_predict": 1, "temperature": 0, "stream": True, "cache_prompt": cached}) as answer:
            for line in answer:
                if not line.startswith(b"data: "):
                    continue
                first_ms = first_ms or 1000 * (time.monotonic() - started)
                last = json.loads(line[6:])
        return first_ms, last["timings"]["cache_n"]
