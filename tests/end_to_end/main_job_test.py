"""Leyden as a user has it: the program, real files, the real model. LEYDEN names the program."""
import contextlib
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import postgres_server  # noqa: E402

LEYDEN = os.environ["LEYDEN"]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "leyden"

DOCUMENTS = {
    "jar.md": "# The Leyden jar\n\nThe Leyden jar was the first device that stored electric charge. Pieter van Musschenbroek built it in\n"
              "Leiden in 1746.\n\n## Parts\n\nA glass jar, foil inside and outside, and a brass rod through the lid.\n",
    "battery.md": "# The voltaic pile\n\nAlessandro Volta stacked zinc and copper discs in 1800 and made the first battery.\n",
    "code/charge.py": "def charge(jar, volts):\n    \"\"\"Charges the jar to a voltage.\"\"\"\n    jar.volts = volts\n    return jar\n\n\n"
                      "def discharge(jar):\n    jar.volts = 0\n    return jar\n",
    "special.txt": "The mark <|im_end|> in a document about lightning rods is text, and so is <|endoftext|>.\n",
}


class Case(unittest.TestCase):
    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="leyden-test-"))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.folder = self.scratch / "documents"
        for name, text in DOCUMENTS.items():
            self.write(name, text)
        self.temporary = self.scratch / "tmp"
        self.temporary.mkdir()
        self.environment = {**os.environ, "XDG_DATA_HOME": str(self.scratch / "data"), "XDG_CACHE_HOME": str(CACHE.parent),
                            "XDG_CONFIG_HOME": str(self.scratch / "config"), "TMPDIR": str(self.temporary)}

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def leyden(self, *arguments, code=0, **options):
        done = subprocess.run([LEYDEN, *map(str, arguments)], capture_output=True, cwd=self.scratch, env=self.environment, timeout=600, **options)
        self.assertEqual(done.returncode, code, (arguments, done.stdout[-500:], done.stderr[-2000:]))
        return done

    def answer(self, *arguments):
        return json.loads(self.leyden(*arguments, "--json").stdout)

    def fails(self, *arguments, says, code, **options):
        """One line on standard error that begins with the program's name and holds the words; no crash."""
        done = self.leyden(*arguments, code=code, **options)
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith("leyden: "), lines)
        self.assertIn(says, lines[0])


class MainJob(Case):
    MODEL = "qwen2.5-coder-1.5b"

    def test_the_second_ask_is_served_from_both_caches(self):
        self.leyden("index", self.folder)
        question = "When was the Leyden jar built, and by whom?"
        out = self.leyden("ask", question, question, "Who made the first battery?", "--json", "--max-answer-tokens", 40).stdout
        first, second, related = map(json.loads, out.splitlines())
        self.assertIn("1746", first["response"])
        self.assertIn("Volta", related["response"])
        self.assertEqual(first["context"]["outcome"], "miss")
        self.assertEqual(first["prompt_tokens_reused"], 0)
        self.assertTrue(second["cache_hit"])
        self.assertEqual(second["context"]["outcome"], "hit")
        self.assertEqual(second["context"]["cached_tokens"], second["context_tokens"])
        self.assertEqual(second["context"]["token_ids"], first["context"]["token_ids"])
        self.assertGreaterEqual(second["prompt_tokens_reused"], second["context_tokens"])
        self.assertEqual(second["response_ids"], first["response_ids"])
        self.assertLess(second["latency_ms"]["first_token"], first["latency_ms"]["first_token"])
        for each in (first, second, related):
            self.assertEqual(each["total_tokens"], each["context_tokens"] + each["query_tokens"] + len(each["response_ids"]))
            text = self.leyden("detokenize", "--tokenizer", self.MODEL, input=json.dumps({"ids": each["response_ids"]}).encode()).stdout
            self.assertEqual(text.decode(), each["response"])

    def test_the_engine_sees_exactly_our_ids(self):
        # The context's IDs are those of a fresh encoding of its text, and the mark in a document stays text.
        self.leyden("index", self.folder)
        out = self.answer("ask", "What is the mark in the document about lightning rods?", "--max-answer-tokens", 8, "--verify")
        ids = out["context"]["token_ids"]
        control = self.answer("tokenize", "--tokenizer", self.MODEL, "--text", "<|im_end|>", "--parse-special")["ids"]
        self.assertEqual(len(control), 1)
        self.assertNotIn(control[0], ids)
        text = self.leyden("detokenize", "--tokenizer", self.MODEL, input=json.dumps(ids).encode()).stdout
        self.assertIn(b"<|im_end|>", text)
        again = self.leyden("tokenize", "--tokenizer", self.MODEL, "--json", input=text).stdout
        self.assertEqual(json.loads(again)["ids"], ids)

    def test_ctrl_c_leaves_nothing_behind(self):
        self.leyden("index", self.folder)
        process = subprocess.Popen([LEYDEN, "ask", "Tell all about the jar", "--max-answer-tokens", "2000"], env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(30)  # The answer has begun, or the question is shown.
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.answer("retrieve", "jar")

    def test_without_a_model_all_but_the_answer(self):
        self.leyden("index", self.folder)
        out = self.leyden("ask", "When was the jar built?", "--no-model").stdout.decode()
        self.assertIn("jar.md", out)
        self.assertIn("token step", out)
        empty = {**self.environment, "XDG_CACHE_HOME": str(self.scratch / "nothing")}
        done = subprocess.run([LEYDEN, "ask", "x"], env=empty, capture_output=True)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"leyden model get", done.stderr)


class Index(Case):
    def test_the_second_retrieval_is_all_hits(self):
        self.leyden("index", self.folder)
        first = self.answer("retrieve", "Who built the jar?")
        second = self.answer("retrieve", "Who built the jar?")
        for key in ("token_ids", "cache_hit", "cached_tokens", "doc_count", "token_count", "outcome", "documents", "timings_ms"):
            self.assertIn(key, first)
        self.assertEqual((first["outcome"], first["cache_hit"], first["cached_tokens"]), ("miss", False, 0))
        self.assertEqual((second["outcome"], second["cache_hit"], second["cached_tokens"]), ("hit", True, second["token_count"]))
        self.assertEqual(first["token_ids"], second["token_ids"])
        self.assertEqual(len(first["token_ids"]), first["token_count"])

    def test_after_an_edit_only_changed_passages_are_misses(self):
        self.leyden("index", self.folder)
        query = "jar battery volts lightning"
        before = self.answer("retrieve", query, "--top-k", 50, "--max-context-tokens", 100_000)
        self.write("battery.md", DOCUMENTS["battery.md"].replace("Alessandro Volta", "Somebody else"))
        report = self.answer("index", self.folder)
        self.assertEqual((report["files_changed"], report["files_unchanged"]), (1, len(DOCUMENTS) - 1))
        after = self.answer("retrieve", query, "--top-k", 50, "--max-context-tokens", 100_000)
        for document in after["documents"]:
            self.assertEqual(document["cached"], document["id"] != "battery.md", document)
        text = self.leyden("detokenize", input=json.dumps(after["token_ids"]).encode()).stdout
        self.assertNotIn(b"Alessandro", text)
        self.assertNotEqual(before["token_ids"], after["token_ids"])
        self.write("battery.md", "")
        (self.folder / "jar.md").unlink()
        self.assertEqual(self.answer("index", self.folder)["files_removed"], 1)
        self.assertNotIn("jar.md", [d["id"] for d in self.answer("retrieve", query)["documents"]])

    def test_killed_at_any_moment_it_completes_on_the_next_run(self):
        rng = random.Random(3)
        for i in range(150):
            self.write(f"many/{i}.md", "".join(f"# Part {j} of {i}\n\n" + " ".join(rng.choices(["jar", "foil", "rod", "charge", "glass"], k=120)) + "\n\n" for j in range(5)))
        fresh = {**self.environment, "XDG_DATA_HOME": str(self.scratch / "fresh")}
        started = time.monotonic()
        subprocess.run([LEYDEN, "index", str(self.folder)], env=fresh, check=True, capture_output=True)
        whole = time.monotonic() - started
        killed = 0
        for round_number in range(400):
            if killed == 50:
                break
            if round_number % 3 == 0:  # Else the work that is left is over before the kill.
                shutil.rmtree(self.scratch / "data", ignore_errors=True)
            process = subprocess.Popen([LEYDEN, "index", str(self.folder)], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, whole))
            process.kill()
            killed += process.wait() == -signal.SIGKILL
            self.leyden("stats", "--json")  # It opens.
            self.write(f"many/{round_number % 150}.md", f"# Changed {round_number}\n\nAnother text about a jar.\n")
        self.assertEqual(killed, 50)
        self.leyden("index", self.folder)
        subprocess.run([LEYDEN, "index", str(self.folder)], env=fresh, check=True, capture_output=True)
        stats = [json.loads(subprocess.run([LEYDEN, "stats", "--json"], env=e, check=True, capture_output=True).stdout)["collections"]
                 for e in (self.environment, fresh)]
        self.assertEqual(stats[0], stats[1])
        found = [json.loads(subprocess.run([LEYDEN, "retrieve", "charge glass", "--top-k", "40", "--json"], env=e, check=True, capture_output=True).stdout)["token_ids"]
                 for e in (self.environment, fresh)]
        self.assertEqual(found[0], found[1])

    def test_tenants_and_collections_are_apart(self):
        self.leyden("index", self.folder, "--tenant", "a")
        self.assertEqual(self.answer("retrieve", "jar", "--tenant", "b")["outcome"], "no_documents")
        self.assertEqual(self.answer("retrieve", "jar", "--tenant", "a", "--collection", "other")["outcome"], "no_documents")
        self.assertGreater(self.answer("retrieve", "jar", "--tenant", "a")["doc_count"], 0)


@unittest.skipUnless(postgres_server.is_there(), "no PostgreSQL: ./dev setup brings one")
class IndexInPostgres(Index):
    def setUp(self):
        super().setUp()
        self.server = postgres_server.PostgresServer()
        self.addCleanup(self.server.stop)
        self.environment["LEYDEN_INDEX_URL"] = self.server.url

    def test_it_answers_as_the_file_does(self):
        self.leyden("index", self.folder)
        here = self.answer("retrieve", "Who built the jar?")
        self.assertFalse((self.scratch / "data" / "leyden" / "index.sqlite").exists())
        del self.environment["LEYDEN_INDEX_URL"]
        self.leyden("index", self.folder)
        there = self.answer("retrieve", "Who built the jar?")
        self.assertEqual(here["token_ids"], there["token_ids"])
        self.assertEqual([d["score"] for d in here["documents"]], [d["score"] for d in there["documents"]])

    def test_a_server_that_is_away_is_said(self):
        self.fails("retrieve", "jar", says="run `leyden index", code=2)
        self.leyden("index", self.folder)
        self.server.stop()
        self.fails("retrieve", "jar", says="127.0.0.1", code=5)
        self.environment["LEYDEN_INDEX_URL"] = "postgresql://leyden:hidden@127.0.0.1:1/postgres"
        done = self.leyden("stats", code=5)
        self.assertNotIn(b"hidden", done.stderr + done.stdout)


class Cache(Case):
    TOKENIZER = ("--tokenizer", "cl100k_base")

    def retrieve(self, query="jar volts battery lightning"):
        return self.answer("retrieve", query, "--top-k", 50, *self.TOKENIZER)

    def test_warm_then_all_are_hits_then_erased(self):
        self.leyden("index", self.folder)
        warmed = self.answer("warm", *self.TOKENIZER)
        self.assertTrue(warmed["complete"])
        self.assertEqual([d["document"] for d in warmed["documents"]], sorted(DOCUMENTS))
        self.assertEqual(warmed["passages_encoded"], warmed["passages"])
        self.assertEqual(self.answer("warm", *self.TOKENIZER)["passages_encoded"], 0)
        found = self.retrieve()
        self.assertEqual(found["outcome"], "hit")

        stats = self.answer("stats")
        self.assertEqual(stats["cache"]["lookups"], found["cache_stats"]["lookups"])
        self.assertEqual(stats["cache"]["hits_store"], stats["cache"]["lookups"])
        self.assertEqual(stats["agents"]["retrieve"]["lookups"], stats["cache"]["lookups"])
        self.assertEqual(stats["tenants"]["default"]["lookups"], stats["cache"]["lookups"])
        self.assertEqual(stats["warm_up"]["misses"], warmed["passages"])
        self.assertEqual(stats["store"]["entries"], warmed["passages"])
        self.assertEqual(stats["processes"], 3)

        jar = next(d for d in warmed["documents"] if d["document"] == "jar.md")["passages"]
        self.assertEqual(self.answer("invalidate", "document", "jar.md"), [{"document": "jar.md", "documents": 1, "passages": jar, "erased": jar}])
        self.assertEqual(self.answer("invalidate", "document", "jar.md")[0]["erased"], 0)
        for document in self.retrieve()["documents"]:
            self.assertEqual(document["cached"], document["id"] != "jar.md", document)
        self.assertEqual(self.answer("invalidate", "tenant", "default"), [{"tenant": "default", "erased": warmed["passages"]}])
        self.assertEqual(self.retrieve()["outcome"], "miss")
        self.answer("warm", *self.TOKENIZER)
        self.assertEqual(self.answer("invalidate", "collection", "default")[0]["erased"], warmed["passages"])
        self.answer("warm", *self.TOKENIZER)
        self.assertEqual(self.answer("invalidate", "tokenizer", "cl100k_base"), [{"tokenizer": "cl100k_base", "erased": warmed["passages"]}])
        self.leyden("stats", "--reset")
        self.assertEqual(self.answer("stats")["cache"]["lookups"], 0)

    def test_what_is_not_there_is_said(self):
        self.leyden("index", self.folder)
        self.fails("invalidate", "document", "none.md", says="\"none.md\"", code=2)
        self.fails("invalidate", "collection", "none", says="\"none\"", code=2)
        self.fails("invalidate", "tokenizer", "none", says="\"none\"", code=2)
        self.fails("invalidate", says="subcommand", code=2)
        done = self.leyden("warm", "jar.md", "none.md", *self.TOKENIZER, code=3)
        self.assertIn(b"\"none.md\" is not indexed", done.stderr)
        self.assertIn(b"jar.md", done.stdout)
        done = self.leyden("warm", "--collection", "none", *self.TOKENIZER, code=2)
        self.assertIn(b"\"none\"", done.stderr)

    def test_a_store_that_is_away_is_said_and_holds_nothing_up(self):
        self.leyden("index", self.folder)
        self.environment["REDIS_URL"] = f"unix://{self.scratch}/no-such.sock"
        done = self.leyden("warm", *self.TOKENIZER, code=3)
        self.assertIn(b"did not get into the store", done.stderr)
        found = self.retrieve()
        self.assertEqual((found["outcome"], found["cached_tokens"]), ("degraded", 0))
        self.assertIn("no-such.sock", found["degraded_reason"])
        self.leyden("invalidate", "tenant", "default", code=5)
        self.assertIn("no-such.sock", self.answer("stats")["store"]["problem"])

    def test_stats_are_watched_until_ctrl_c(self):
        self.leyden("index", self.folder)
        process = subprocess.Popen([LEYDEN, "stats", "--watch", "0.2", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, cwd=self.scratch)
        self.retrieve()
        lookups = 0
        while lookups == 0:
            lookups = json.loads(process.stdout.readline())["cache"]["lookups"]
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 130)
        process.stdout.close()
        process.stderr.close()


class WithRedis:
    def setUp(self):
        super().setUp()
        socket = self.scratch / "redis.sock"
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(self.scratch)], stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        while not socket.exists():
            self.assertIsNone(server.poll())
            time.sleep(0.01)
        self.environment["REDIS_URL"] = f"unix://{socket}"


@unittest.skipUnless(shutil.which("redis-server"), "no redis-server: ./dev setup installs one")
class CacheInRedis(WithRedis, Cache):
    pass


def has_sandbox():
    bubblewrap = shutil.which("bwrap")
    return bubblewrap and subprocess.run([bubblewrap, "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True).returncode == 0


class Doctor(Case):
    def look(self, code=0):
        out = json.loads(self.leyden("doctor", "--json", code=code).stdout)
        for finding in out["findings"]:
            self.assertEqual(finding["advice"] == "", finding["severity"] == "ok", finding)
        self.assertEqual(out["problems"] > 0, code == 5)
        return out, {finding["id"]: finding for finding in out["findings"]}

    @unittest.skipUnless(has_sandbox(), "no sandbox on this machine")
    def test_the_sandbox(self):
        _, found = self.look()
        for wall in ("namespaces", "nested_namespaces", "system_calls", "user", "process_count", "memory", "processor_time", "files", "end_of_the_tree"):
            self.assertEqual((found[wall]["where"], found[wall]["severity"]), ("sandbox", "ok"), found[wall])
        self.assertIn("bwrap", found["namespaces"]["seen"])
        for toolchain, says in (("python", "pytest"), ("c_and_cpp", "c++"), ("go", "go version"), ("java", "javac"), ("rust", "rustc"), ("ruby", "Minitest"), ("php", "PHPUnit")):
            self.assertEqual((found[toolchain]["where"], found[toolchain]["severity"]), ("toolchains of leyden test", "ok"), found[toolchain])
            self.assertIn(says, found[toolchain]["seen"])
        # One that can't be opened is a warning, with what to do: here bwrap is no program.
        hidden = [word for folder in ("/usr/bin", "/usr/local/bin") if os.path.exists(f"{folder}/bwrap") for word in ("--ro-bind", "/dev/null", f"{folder}/bwrap")]
        done = subprocess.run(["bwrap", "--dev-bind", "/", "/", *hidden, LEYDEN, "doctor", "--json"], capture_output=True, cwd=self.scratch, env=self.environment, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = {finding["id"]: finding for finding in json.loads(done.stdout)["findings"]}
        self.assertEqual((found["sandbox"]["where"], found["sandbox"]["severity"]), ("sandbox", "warning"))
        self.assertIn("bubblewrap is not installed", found["sandbox"]["seen"])
        self.assertIn("apt-get install bubblewrap", found["sandbox"]["seen"])
        self.assertIn("--unsafe-no-sandbox", found["sandbox"]["advice"])

    def test_the_embedded_store(self):
        tokens = self.scratch / "data" / "leyden" / "tokens"
        out, found = self.look()
        self.assertEqual(out["store"], "lmdb")
        self.assertIn("not there yet", found["folder"]["seen"])
        self.assertFalse(tokens.exists())
        self.leyden("index", self.folder)
        warmed = self.answer("warm", "--tokenizer", "cl100k_base")
        for _ in range(2):
            _, found = self.look()
            self.assertIn(f"{warmed['passages']} passages", found["entries"]["seen"])
            self.assertIn(found["write"]["severity"], ("ok", "note"))
        text = self.leyden("doctor").stdout.decode()
        self.assertIn("0 problems", text)
        self.assertNotIn("\x1b", text)

        secret = self.scratch / "data" / "leyden" / "secret"
        secret.chmod(0o644)
        _, found = self.look(code=5)
        self.assertEqual(found["secret"]["advice"], f"chmod 600 {secret}")
        self.assertIn("-> chmod 600", self.leyden("doctor", code=5).stdout.decode())
        secret.chmod(0o600)
        tokens.chmod(0o755)
        _, found = self.look()
        self.assertEqual(found["permissions"]["severity"], "warning")

    def test_colours_are_for_terminals_that_want_them(self):
        def on_a_terminal(**environment):
            ours, theirs = os.openpty()
            self.addCleanup(os.close, ours)
            done = subprocess.run([LEYDEN, "doctor"], stdout=theirs, cwd=self.scratch, env={**self.environment, "TERM": "xterm", **environment}, timeout=60)
            os.close(theirs)
            self.assertEqual(done.returncode, 0)
            return os.read(ours, 100_000)

        self.environment.pop("NO_COLOR", None)
        self.assertIn(b"\x1b[32mok", on_a_terminal())
        self.assertIn(b"\x1b[32mok", on_a_terminal(NO_COLOR=""))
        self.assertNotIn(b"\x1b", on_a_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b", on_a_terminal(TERM="dumb"))

    def test_a_server_that_is_not_there(self):
        self.environment["REDIS_URL"] = f"unix://:secret-word@{self.scratch}/no-such.sock"
        out, found = self.look(code=5)
        self.assertEqual(out["store"], "redis")
        self.assertEqual(found["reach"]["severity"], "problem")
        self.assertNotIn("secret-word", json.dumps(out))

    def test_wrong_settings_are_usage_errors(self):
        self.environment["REDIS_URL"] = "http://example"
        self.fails("doctor", says="REDIS_URL", code=2)
        self.fails("doctor", "--timeout-s", "0", says="timeout-s", code=2)


@unittest.skipUnless(shutil.which("redis-server"), "no redis-server: ./dev setup installs one")
class DoctorOfRedis(WithRedis, Case):
    def test_a_plain_server(self):
        out = self.answer("doctor")
        found = {finding["id"]: finding for finding in out["findings"]}
        self.assertEqual(out["problems"], 0, out)
        self.assertEqual(found["maxmemory"]["severity"], "warning")
        for of_use in ("reach", "version", "topology", "resp3", "tracking", "rights", "write", "encryption"):
            self.assertEqual(found[of_use]["severity"], "ok", found[of_use])
        self.assertNotIn("tokenizing here", found["latency_10kb"]["seen"])
        self.write("long.md", "".join(f"# Jar {n}\n\nThe jar of shelf {n} holds {n * n} volts.\n\n" for n in range(2000)))
        self.leyden("index", self.folder)
        self.leyden("retrieve", "jar", "--top-k", 50, "--max-context-tokens", 100_000, "--tokenizer", "cl100k_base")
        found = {finding["id"]: finding for finding in self.answer("doctor")["findings"]}
        self.assertIn("of tokenizing here", found["latency_10kb"]["seen"])


class ModelServer(Case):
    """A real llama-server with a small model."""
    MODEL = "smollm2-135m"
    SERVER = CACHE / "deps" / "llama-server-0.5.0" / "llama-server"

    def setUp(self):
        super().setUp()
        if not self.SERVER.exists():
            self.skipTest(f"no {self.SERVER}: ./dev setup builds it, or says why it could not")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # It ends with this process, however that ends.
        self.server = subprocess.Popen([self.SERVER, "--model", CACHE / "models" / f"{self.MODEL}.gguf", "--host", "127.0.0.1", "--port", str(self.port),
                                        "--ctx-size", "2048", "--parallel", "1", "--threads", "1", "--api-key", "a-secret"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.environment |= {"LEYDEN_LLM_URL": f"http://127.0.0.1:{self.port}", "LEYDEN_LLM_API_KEY": "a-secret", "LEYDEN_TOKENIZER": self.MODEL}
        for _ in range(600):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5).status == 200:
                    return
            time.sleep(0.1)
        self.fail("llama-server does not start")

    def test_a_session_goes_on_with_exact_ids(self):
        self.leyden("index", self.folder)
        ask = ("ask", "--session", "talk", "--logprobs", "--top-k", 1, "--max-answer-tokens", 8, "--temperature", 1)
        first = self.answer(*ask, "Who built the jar?")
        second = self.answer(*ask, "When was it built?")
        self.assertTrue(second["session"]["kept"])
        # The last ID that was sampled, and the end token, were not read by the server.
        self.assertGreaterEqual(second["prompt_tokens_reused"], first["total_tokens"] - 2)
        one, two = map(json.loads, self.leyden("session", "export", "talk").stdout.splitlines())
        self.assertEqual(two["prompt_ids"][:len(one["prompt_ids"])], one["prompt_ids"])
        self.assertEqual(len(one["logprobs"]), len(one["response_ids"]))

    def test_answers_come_from_it_by_ids(self):
        self.leyden("index", self.folder)
        question = "When was the Leyden jar built?"
        out = self.leyden("ask", question, question, "--json", "--max-answer-tokens", 16, "--max-context-tokens", 300).stdout
        first, second = map(json.loads, out.splitlines())
        self.assertTrue(first["ids_exact"])
        self.assertEqual(first["response_ids"], second["response_ids"])
        self.assertGreaterEqual(second["prompt_tokens_reused"], second["context_tokens"])
        text = self.leyden("detokenize", input=json.dumps(first["response_ids"]).encode()).stdout
        self.assertEqual(text.decode(), first["response"])
        # The same as the engine of this process, which has the same weights.
        here = self.answer("ask", question, "--model", self.MODEL, "--max-answer-tokens", 16, "--max-context-tokens", 300)
        self.assertEqual(here["context"]["token_ids"], first["context"]["token_ids"])
        # As text, which is said.
        self.environment["LEYDEN_LLM_KIND"] = "openai"
        self.environment["LEYDEN_LLM_CONTEXT_TOKENS"] = "2048"
        done = self.leyden("ask", question, "--json", "--max-answer-tokens", 4)
        self.assertFalse(json.loads(done.stdout)["ids_exact"])
        self.assertIn("not exact", done.stderr.decode())

    def test_reviews_with_it(self):
        self.write("bad.py", Review.BAD)
        (self.scratch / "guidelines").mkdir()
        (self.scratch / "guidelines" / "shell.md").write_text("# Rules of review\n\nNo python may start a shell.\n")
        review = ("review", self.folder, "--analyzers", "none", "--reviews", 4, "--max-answer-tokens", 4)
        first = self.answer(*review, "--guidelines", "guidelines")
        self.assertIn("python.shell-command", [issue["rule"] for issue in first["issues"]])
        model = first["model"]
        self.assertEqual(model["failed"], 0)
        self.assertEqual(model["calls"] % 4, 0)
        # Of four reviews of a file three find all but their last lines in the server's cache.
        self.assertGreater(model["prompt_tokens_reused"], model["prompt_tokens"] / 2)
        second = self.answer(*review, "--guidelines", "guidelines")
        self.assertEqual(second["model"]["context_tokens_cached"], second["model"]["context_tokens"])
        self.assertEqual(self.answer(*review, "--no-token-cache")["model"]["context_tokens_cached"], 0)
        self.server.kill()
        self.server.wait()
        done = self.leyden(*review, "--json")
        self.assertEqual([issue["rule"] for issue in json.loads(done.stdout)["issues"]], ["python.shell-command"])
        self.assertIn("without the model", done.stderr.decode())
        self.leyden(*review, "--strict", code=3)

    def test_the_doctor_says_what_it_is(self):
        out = self.answer("doctor", "--llm")
        found = {each["id"]: each["severity"] for each in out["findings"]}
        self.assertEqual(found, dict.fromkeys(["reachable", "kind", "model", "tokenizer", "ids_in", "ids_out", "prefix_cache", "latency"], "ok"))
        done = self.leyden("doctor", "--llm", "--tokenizer", "cl100k_base", code=5)
        self.assertIn("does not belong to model", done.stdout.decode())
        self.environment["LEYDEN_LLM_API_KEY"] = "wrong-key"
        done = self.leyden("doctor", "--llm", code=5)
        self.assertIn("LEYDEN_LLM_API_KEY", done.stdout.decode())
        self.assertNotIn("wrong-key", done.stdout.decode() + done.stderr.decode())

    def test_what_is_wrong_is_said(self):
        self.leyden("index", self.folder)
        self.fails("ask", "x", "--tokenizer", "cl100k_base", says="does not belong to model", code=2)
        self.fails("ask", "x", "--server", "http://127.0.0.1:1", says="Connection refused", code=5)
        self.fails("ask", "x", "--server", "localhost:8000", says="http://", code=2)
        del self.environment["LEYDEN_LLM_API_KEY"]
        self.fails("ask", "x", says="LEYDEN_LLM_API_KEY", code=2)
        del self.environment["LEYDEN_LLM_URL"]
        self.fails("doctor", "--llm", says="LEYDEN_LLM_URL", code=2)

    def test_ctrl_c_ends_the_generation_there_too(self):
        self.leyden("index", self.folder)
        for seed in range(20):  # Some answers are short.
            process = subprocess.Popen([LEYDEN, "ask", "Tell all about the jar", "--max-answer-tokens", "1000", "--temperature", "1", "--seed", str(seed)],
                                       env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(30)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=30)
            process.stdout.close()
            process.stderr.close()
            if code != 0:
                break
        self.assertEqual(code, 130)
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/slots", headers={"Authorization": "Bearer a-secret"})
        for _ in range(100):
            if not any(slot["is_processing"] for slot in json.load(urllib.request.urlopen(asked, timeout=10))):
                return
            time.sleep(0.1)
        self.fail("it goes on")


class Review(Case):
    BAD = "import os\n\n\ndef run(name):\n    \"\"\"Runs.\"\"\"\n    os.system(\"ls \" + name)\n"

    def git(self, *arguments):
        subprocess.run(["git", "-c", "user.email=a@b", "-c", "user.name=n", *arguments], cwd=self.scratch, check=True, capture_output=True)

    def review(self, *arguments, **options):
        return json.loads(self.leyden("review", "--json", "--analyzers", "none", *arguments, **options).stdout)

    def test_files_and_exit_codes(self):
        self.write("bad.py", self.BAD)
        self.write("empty.py", "")
        text = self.leyden("review", self.folder).stdout.decode()
        self.assertIn("documents/bad.py:6:5: high", text)
        self.assertIn("6 |     os.system(\"ls \" + name)", text)
        self.leyden("review", self.folder, "--fail-on", "high", code=1)
        self.leyden("review", self.folder, "--fail-on", "critical")
        self.assertEqual(self.review(self.folder)["issue_count"], 1)
        self.assertTrue(self.review(self.folder)["cache_hit"])
        self.assertEqual(self.review(self.folder, "--type", "performance")["issue_count"], 0)
        self.fails("review", self.folder, "--type", "speed", says="--type speed", code=2)
        self.fails("review", self.scratch / "none", says="no such file or folder", code=2)
        self.fails("review", "--format", "xml", says="xml is no format", code=2)
        self.write("large.py", "x = 1\n" * 1000)
        self.leyden("review", self.folder, "--max-file-kib", "1", "--strict", code=3)

    def test_what_a_change_touches(self):
        self.write("bad.py", self.BAD)
        self.write("other.py", "x = 1\n")
        self.fails("review", "--staged", says="no git repository", code=2)
        self.git("init", "-q", "-b", "main")
        self.git("add", "documents")
        self.assertEqual(self.review("--staged")["issue_count"], 1)
        self.git("commit", "-qm", "first")
        self.assertEqual(self.review("--staged")["issue_count"], 0)
        self.write("other.py", self.BAD)
        self.assertEqual([issue["file_path"] for issue in self.review("--base", "main")["issues"]], ["documents/other.py"])
        diff = subprocess.run(["git", "diff"], cwd=self.scratch, capture_output=True).stdout
        self.assertEqual([issue["file_path"] for issue in self.review("--diff", "-", input=diff)["issues"]], ["documents/other.py"])
        self.fails("review", "--base", "nobranch", says="there is no commit nobranch", code=2)
        self.fails("review", "--diff", "-", input=b"diff --cc x\n", says="combined diff", code=2)

    def test_known_findings_and_fixes(self):
        self.write("bad.py", self.BAD)
        self.leyden("review", self.folder, "--write-baseline", "baseline.json")
        self.write("yaml_.py", "import yaml\n\n\ndef load(text):\n    \"\"\"Loads.\"\"\"\n    return yaml.load(text)\n")
        report = self.review(self.folder, "--baseline", "baseline.json")
        self.assertEqual([issue["rule"] for issue in report["issues"]], ["python.yaml-load"])
        patch = self.leyden("review", self.folder, "--dry-run").stdout
        self.assertIn(b"+    return yaml.safe_load(text)", patch)
        self.leyden("review", self.folder, "--fix")
        self.assertIn("yaml.safe_load(text)", (self.folder / "yaml_.py").read_text())
        self.assertEqual(self.review(self.folder, "--baseline", "baseline.json")["issue_count"], 0)
        self.fails("review", self.folder, "--baseline", "none.json", says="none.json", code=2)

    def test_rules_of_a_team(self):
        (self.scratch / "rules").mkdir()
        rule = self.scratch / "rules" / "team.toml"
        rule.write_text("[[rule]]\nid = 'team.no-discharge'\ntype = 'style'\nseverity = 'low'\nconfidence = 'high'\ntitle = 't'\nmessage = 'm'\n"
                        "languages = ['python']\nquery = '((function_definition name: (identifier) @finding) (#eq? @finding \"discharge\"))'\n")
        self.assertEqual([issue["rule"] for issue in self.review(self.folder, "--rules", "rules")["issues"]], ["team.no-discharge"])
        rule.write_text(rule.read_text().replace("function_definition", "no_such_node"))
        self.fails("review", self.folder, "--rules", "rules", says="team.no-discharge", code=2)


class WrongInput(Case):
    def test_folders_and_files(self):
        self.leyden("index", self.folder)
        self.fails("index", self.scratch / "absent", says="absent", code=2)
        (self.scratch / "empty").mkdir()
        self.fails("index", self.scratch / "empty", says="nothing to index", code=2)
        binary = self.write("../noise.bin", random.Random(1).randbytes(5000))
        self.fails("index", binary, says="binary", code=2)
        self.assertEqual(self.answer("index", self.folder)["files_unchanged"], len(DOCUMENTS))
        self.assertGreater(self.answer("retrieve", "jar")["doc_count"], 0)

    def test_nothing_indexed_yet(self):
        self.fails("retrieve", "x", says="leyden index", code=2)
        self.fails("ask", "x", "--no-model", says="leyden index", code=2)

    def test_an_unreadable_file_is_named_and_the_rest_is_indexed(self):
        secret = self.write("secret.md", "nobody reads this")
        secret.chmod(0)
        # Root reads everything, unless the program starts without the two capabilities that say so (PR_CAPBSET_DROP).
        libc = ctypes.CDLL(None)
        done = self.leyden("index", self.folder, "--json", code=3, preexec_fn=lambda: [libc.prctl(24, capability) for capability in (1, 2)])
        self.assertIn(b"secret.md", done.stderr)
        self.assertEqual(json.loads(done.stdout)["files_added"], len(DOCUMENTS))

    def test_a_text_of_200_mb(self):
        words = b"the jar stored lightning and nobody knew why\n"
        self.write("big.txt", words * (200_000_000 // len(words) + 1))
        done = self.leyden("index", self.folder, "--json", code=3)
        self.assertIn(b"--max-file-mib", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertEqual(json.loads(done.stdout)["files_added"], len(DOCUMENTS))
        out = self.leyden("tokenize", "--tokenizer", "o200k_base", "--file", self.folder / "big.txt", "--json").stdout
        self.assertGreater(int(out.rsplit(b":", 1)[1].rstrip(b"}\n")), 10_000_000)

    def test_broken_tokenizers_and_models(self):
        self.leyden("index", self.folder)
        broken = self.write("../tokenizer.json", (CACHE / "tokenizers" / "qwen2.5.json").read_bytes()[:1_000_000])
        self.fails("tokenize", "--tokenizer", broken, "--text", "x", says="damaged", code=5)
        with open(CACHE / "models" / "smollm2-135m.gguf", "rb") as whole:
            start = whole.read(20_000_000)
        cut = self.write("../cut.gguf", start[:1_000_000])
        self.fails("tokenize", "--tokenizer", cut, "--text", "x", says="cut off", code=5)
        self.fails("ask", "jar?", "--model", cut, says="cut", code=5)
        cut = self.write("../cut2.gguf", start)  # The tokenizer is whole, the weights are not.
        self.fails("ask", "jar?", "--model", cut, says="cut2.gguf", code=5)
        string = lambda text: struct.pack("<Q", len(text)) + text
        foreign = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string(b"tokenizer.ggml.model") + struct.pack("<I", 8) + string(b"rwkv")
        foreign = self.write("../foreign.gguf", foreign)
        self.fails("ask", "jar?", "--model", foreign, says="\"rwkv\"", code=2)
        self.fails("tokenize", "--tokenizer", "no_such", "--text", "x", says="cl100k_base", code=2)
        self.assertGreater(self.answer("retrieve", "jar")["doc_count"], 0)

    def test_a_damaged_store_costs_no_answer(self):
        self.leyden("index", self.folder)
        before = self.answer("retrieve", "jar")
        for file in (self.scratch / "data" / "leyden" / "tokens").glob("data.mdb"):
            file.write_bytes(b"\0" * 4096)
        after = self.answer("retrieve", "jar")
        self.assertEqual(before["token_ids"], after["token_ids"])


class Sessions(Case):
    MODEL = "smollm2-135m"

    def setUp(self):
        super().setUp()
        self.leyden("index", self.folder)
        self.ask = ("ask", "--model", self.MODEL, "--top-k", 1, "--max-answer-tokens", 8, "--temperature", 1, "--session", "talk")

    def test_a_conversation_goes_on_in_the_next_process_and_is_exported(self):
        self.fails("session", "list", says="leyden ask --session", code=2)
        first = self.answer(*self.ask, "Who built the jar?")
        self.assertEqual((first["session"]["turn"], first["session"]["kept"], first["session_tokens"]), (1, True, 0))
        second = self.answer(*self.ask, "When was it built?")
        self.assertEqual((second["session"]["turn"], second["session"]["prefix_broken_at"]), (2, None))
        self.assertGreater(second["session_tokens"], first["context_tokens"])

        self.leyden("session", "reward", "talk", 2, "0.5")
        self.fails("session", "reward", "talk", 3, 1, says="no turn 3", code=2)
        self.fails("session", "reward", "talk", 1, "much", says="is no number", code=2)
        self.fails("session", "reward", "talk", 1, "inf", says="not a finite number", code=2)
        one, two = map(json.loads, self.leyden("session", "export", "talk").stdout.splitlines())
        whole = one["prompt_ids"] + one["response_ids"]
        self.assertEqual(two["prompt_ids"][:len(whole)], whole)
        self.assertEqual(two["loss_mask"], [0] * len(two["prompt_ids"]) + [1] * len(two["response_ids"]))
        self.assertEqual((one["reward"], two["reward"]), (None, 0.5))
        self.leyden("session", "export", "--whole", "--output", self.scratch / "all.jsonl")
        joined, = map(json.loads, (self.scratch / "all.jsonl").read_text().splitlines())
        self.assertEqual(joined["ids"], two["prompt_ids"] + two["response_ids"])
        self.assertEqual([i for i, mask in zip(joined["ids"], joined["loss_mask"]) if mask], one["response_ids"] + two["response_ids"])
        self.fails("session", "export", "talk", "--output", self.scratch / "no" / "x", says="can't write", code=5)

        shown = self.answer("session", "show", "talk")
        self.assertEqual([turn["question"] for turn in shown["turns"]], ["Who built the jar?", "When was it built?"])
        self.assertIn(b"> When was it built?", self.leyden("session", "show", "talk").stdout)
        self.assertEqual(self.answer("session", "list", "--tenant", "other"), [])
        self.fails("session", "show", "talk", "--tenant", "other", says="no session \"talk\"", code=2)
        self.fails(*self.ask, "--new-session", "Again?", says="already", code=2)
        self.fails(*self.ask, "--json", "--old-reasoning", "template", "Again?", says="policy for reasoning", code=2)
        self.fails("session", "delete", "talk", says="say --yes", code=2)
        self.fails("session", "delete", "talk", "nobody", "--yes", says="nobody", code=2)
        self.assertEqual(self.answer("session", "delete", "talk", "--yes"), {"deleted": ["talk"], "turns": 2})
        self.assertEqual(self.answer("session", "list"), [])

    def test_what_was_answered_is_kept_whenever_the_process_is_killed(self):
        command = [LEYDEN, *map(str, self.ask), "--json", *["Who built the jar?"] * 20]
        random.seed(5)
        kept = 0
        for _ in range(3):
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=self.scratch, env=self.environment) as process:
                last = json.loads(process.stdout.readline())
                time.sleep(random.random() / 2)
                process.send_signal(signal.SIGKILL)
                for line in process.stdout.read().splitlines():
                    with contextlib.suppress(json.JSONDecodeError):
                        last = json.loads(line)
            self.assertTrue(last["session"]["kept"])
            self.assertGreater(last["session"]["turn"], kept)
            session, = self.answer("session", "list")
            self.assertIn(session["turns"], (last["session"]["turn"], last["session"]["turn"] + 1))
            kept = session["turns"]
        before = []
        for turn in map(json.loads, self.leyden("session", "export", "talk").stdout.splitlines()):
            self.assertEqual(turn["prompt_ids"][:len(before)], before)
            before = turn["prompt_ids"] + turn["response_ids"]

    def test_a_damaged_session_is_told_so_and_can_be_deleted(self):
        self.answer(*self.ask, "Who built the jar?")
        with contextlib.closing(sqlite3.connect(self.scratch / "data" / "leyden" / "sessions.sqlite")) as ledger, ledger:
            ledger.execute("UPDATE turns SET response = x'000000'")
        self.fails("session", "export", "talk", says="is damaged", code=5)
        self.fails(*self.ask, "--json", "Again?", says="is damaged", code=5)
        self.leyden("session", "delete", "talk", "--yes")


class Commands(Case):
    def test_help_and_usage(self):
        for command in ("index", "ask", "retrieve", "tokenize", "detokenize", "stats", "warm", "doctor"):
            self.assertIn(b"--json", self.leyden(command, "--help").stdout)
        self.leyden("--help")
        self.fails("retrieve", says="query", code=2)
        self.fails("retrieve", "x", "--top-k", "0", says="top-k", code=2)
        self.fails("nonsense", says="leyden", code=2)

    def test_settings(self):
        (self.scratch / "leyden.toml").write_text("top_kk = 3\n")
        self.fails("stats", says="\"top_k\"", code=2)
        (self.scratch / "leyden.toml").write_text("top_k = 1\n")
        self.leyden("index", self.folder)
        self.assertEqual(self.answer("retrieve", "jar volts battery")["doc_count"], 1)
        self.environment["LEYDEN_TOP_K"] = "2"
        self.assertEqual(self.answer("retrieve", "jar volts battery")["doc_count"], 2)
        self.assertEqual(self.answer("retrieve", "jar volts battery", "--top-k", 3)["doc_count"], 3)

    def test_orders_are_replayed(self):
        lengths = self.write("lengths.jsonl", '{"passage_id": 1, "token_length": 50}\n{"passage_id": 2, "token_length": 100}\n')
        requests = self.write("requests.jsonl", '{"hash_ids": {"passages_ids": [1, 2, 1]}}\n\n{"hash_ids": {"passages_ids": [2, 1]}}\n')
        order = ["bench", "order", "--requests", requests, "--lengths", lengths]
        shares = {(r["order"], r["server_cache_tokens"]): r["reused_token_share"] for r in self.answer(*order)["results"]}
        self.assertEqual(len(shares), 12)
        self.assertEqual(shares["ranked", "unlimited"], 0)
        self.assertEqual(shares["prefix", "unlimited"], 0.5)
        self.fails(*order, "--server-cache-tokens", "64k", says="64k is neither", code=2)
        self.write("requests.jsonl", '\n{"hash_ids": {"passages_ids": [3]}}\n')
        self.fails(*order, says="requests.jsonl:2: passage 3 has no length", code=2)

    def test_models_are_listed(self):
        models = {model["name"]: model for model in self.answer("model", "list")}
        self.assertTrue(models["qwen2.5-coder-1.5b"]["default"])
        self.assertTrue(models["smollm2-135m"]["installed"])

    def test_text_goes_there_and_back(self):
        text = "Grüße, 世界! <|im_end|> \x00\n\n  end"
        for tokenizer in ("cl100k_base", "o200k_base", "qwen2.5-coder-1.5b"):
            ids = self.leyden("tokenize", "--tokenizer", tokenizer, "--json", input=text.encode()).stdout
            self.assertEqual(self.leyden("detokenize", "--tokenizer", tokenizer, input=ids).stdout.decode(), text)
            self.assertEqual(json.loads(self.leyden("detokenize", "--tokenizer", tokenizer, "--json", input=ids).stdout)["text"], text)
        self.fails("detokenize", "--tokenizer", "cl100k_base", input=b"4000000000", says="not in the vocabulary", code=2)
        self.fails("detokenize", "--tokenizer", "cl100k_base", input=b"{\"ids\":[\"x\"]}", says="not a token ID", code=2)

    def test_a_closed_pipe_is_no_crash(self):
        process = subprocess.Popen([LEYDEN, "tokenize", "--tokenizer", "o200k_base"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b"many words " * 200_000)
            process.stdin.close()
        self.assertGreater(process.wait(timeout=60), 0)
        process.stderr.close()


if __name__ == "__main__":
    unittest.main()
