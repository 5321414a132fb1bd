"""The two programs: a llama-server of our own, and Leyden with a data folder of its own."""
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


def model_file(name):
    return CACHE / "models" / f"{name}.gguf"


class LlamaServer(contextlib.AbstractContextManager):
    """One compute thread: several wait for each other by spinning, and crawl where the cores are busy."""

    def __init__(self, model, context_tokens, arguments):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
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


class Leyden:
    def __init__(self, program, folder, tokenizer):
        self.program, self.folder, self.tokenizer = program, folder, tokenizer
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_") and name != "REDIS_URL"}
        self.environment = {**ours, "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config"),
                            "LEYDEN_LLM_FIRST_TOKEN_TIMEOUT_MS": "600000"}

    def run(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, env=self.environment)
        if done.returncode != 0:
            raise SystemExit(f"leyden {arguments[0]} ended with {done.returncode}: {done.stderr[-1000:]}")
        return done.stdout

    def index(self, documents):
        documents_folder = self.folder / "documents"
        documents_folder.mkdir()
        for name, text in documents.items():
            (documents_folder / name).write_text(text)
        report = json.loads(self.run("index", documents_folder, "--json"))
        assert report["passages_total"] == len(documents), report

    def ask(self, server, questions, ranked, order, max_answer_tokens):
        """All questions one after the other in one process. `ranked`: the files that each has to retrieve, best first."""
        flags = ["--order", order.removesuffix(BEST_LAST)] + (["--best-last"] if order.endswith(BEST_LAST) else [])
        lines = self.run("ask", *questions, "--server", server.url, "--tokenizer", self.tokenizer, *flags, "--top-k", max(map(len, ranked)),
                         "--max-context-tokens", 1_000_000, "--max-answer-tokens", max_answer_tokens, "--json").splitlines()
        answers = [json.loads(line) for line in lines]
        assert len(answers) == len(questions)
        for answer, files in zip(answers, ranked):
            found = [pathlib.PurePath(d["id"]).name for d in sorted(answer["context"]["documents"], key=lambda d: d["rank"])]
            assert found == files, f"retrieved {found} instead of {files}"
        return answers


BEST_LAST = "+best-last"  # Behind an order's name.
ORDERS = ["ranked", "stable", "prefix", "prefix" + BEST_LAST]
