"""What the engine brings to tests by a model, on a real llama-server: three set-ups, the same functions, types and model.

obvious   what a script does (tools/obvious_script.py): text, last answers first, passages in the order of their ranks, nothing kept
cache off Leyden with --no-token-cache
leyden    Leyden

Five files (--files) of four functions each (tests/qa/planted.py), five types. Each set-up has a server of its own and makes them twice: the first time nothing is known, then a
line is added at the end of one of the files.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "qa"))
import llama_server  # noqa: E402
from obvious_script import ObviousScript, sections  # noqa: E402
from planted import PLANTED  # noqa: E402

TYPES = ["unit", "integration", "e2e", "performance", "security"]
FUNCTIONS = 4  # Of a file.
GUIDELINES = HERE.parents[1] / "src/leyden/agents/qa/guidelines"


def write_files(folder, count):
    single = [(name, source.replace("@@", good).strip()) for name, source, good, _, _ in PLANTED if source.count("def ") == 1 and "class " not in source]
    out = []
    for i in range(count):
        path = folder / f"module{i}.py"
        path.write_text("\n\n\n".join(source for _, source in single[i * FUNCTIONS:(i + 1) * FUNCTIONS]) + "\n", encoding="utf-8")
        out.append(path)
    return out


def functions_of(path):
    return [line[4:line.index("(")] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("def ")]


def summed(rows):
    return {key: max(row[key] for row in rows) if key == "peak_memory_mb" else sum(row[key] for row in rows) for key in rows[0]}


class Obvious:
    def __init__(self, server, options):
        self.script = ObviousScript(server, "You write tests for a careful team.", sections(GUIDELINES), options.max_answer_tokens)

    def make(self, files, kind):
        rows = [self.script.ask(path, f"Write a few short {kind} tests of `{function}` in Python for pytest.") for path in files for function in functions_of(path)]
        return {"calls": len(rows), **summed(rows)}


class Leyden:
    def __init__(self, server, options, flags, data):
        self.server, self.options, self.flags, self.data = server, options, flags, data

    def make(self, files, kind):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_") and name != "REDIS_URL"}
        environment |= {"XDG_DATA_HOME": str(self.data / "data"), "XDG_CONFIG_HOME": str(self.data / "config"), "LEYDEN_LLM_FIRST_TOKEN_TIMEOUT_MS": "600000"}
        command = [self.options.leyden, "test", *(path.name for path in files), "--type", kind, "--json", "--quick", "--server", self.server.url, "--tokenizer",
                   llama_server.model_file(self.options.model), "--max-repairs", "0", "--max-answer-tokens", self.options.max_answer_tokens, "--python", sys.executable, *self.flags]
        begin = time.monotonic()
        done = subprocess.run(list(map(str, command)), cwd=files[0].parent, capture_output=True, text=True, env=environment)
        if done.returncode not in (0, 1):
            raise SystemExit(f"leyden test ended with {done.returncode}: {done.stderr[-1000:]}")
        reports = json.loads(done.stdout)["files"]
        if any(report["why_no_model"] for report in reports):
            raise SystemExit(f"the model was not asked: {reports[0]['why_no_model']}")
        prompt = sum(report["total_tokens"] - report["code_tokens"] for report in reports)
        return {"calls": sum(report["model_calls"] for report in reports), "token_ms": sum(report["token_ms"] for report in reports),
                "first_ms": sum(report["first_token_ms"] for report in reports), "seconds": time.monotonic() - begin, "prompt": prompt,
                "computed": prompt - sum(report["prompt_tokens_reused"] for report in reports), "answer": sum(report["code_tokens"] for report in reports),
                "kept": sum(test["by"] == "model" for report in reports for test in report["tests"]),
                "context": sum(report["context_tokens"] for report in reports), "cached": sum(report["context_tokens_cached"] for report in reports),
                "peak_memory_mb": max(report["cache_stats"]["peak_memory_mb"] for report in reports)}


def run(options):
    llama_server.need([options.model])
    print(f"{options.files} files of {FUNCTIONS} functions, {len(TYPES)} types, {options.model}; load {os.getloadavg()[0]:.1f}")
    print(f"{'':12}{'':8}{'calls':>6}{'prompt tokens':>15}{'computed':>10}{'answer':>8}{'token step':>12}{'first token':>13}{'from cache':>12}{'kept':>6}{'in all':>10}")
    results = {}
    for name in ("obvious", "cache off", "leyden"):
        with tempfile.TemporaryDirectory() as temporary, llama_server.LlamaServer(options.model, 8192, ["--parallel", "1", "--cache-ram", "8192"]) as server:
            folder = pathlib.Path(temporary) / "project"
            folder.mkdir()
            files = write_files(folder, options.files)
            agent = Obvious(server, options) if name == "obvious" else Leyden(server, options, ["--no-token-cache"] if name == "cache off" else [], pathlib.Path(temporary))
            for when in ("first", "edited"):
                row = summed([agent.make(files, kind) for kind in TYPES])
                results[f"{name}, {when}"] = row
                hit = f"{row['cached'] / row['context']:.1%}" if "context" in row else ""
                print(f"{name:12}{when:8}{row['calls']:6}{row['prompt']:15}{row['computed']:10}{row['answer']:8}{row['token_ms'] / row['calls']:9.2f} ms"
                      f"{row['first_ms'] / row['calls']:10.0f} ms{hit:>12}{row.get('kept', ''):>6}{row['seconds']:8.1f} s", flush=True)
                files[0].write_text(files[0].read_text(encoding="utf-8") + "# Checked again today.\n", encoding="utf-8")
    for when in ("first", "edited"):
        def saved(key):
            return 1 - results[f"leyden, {when}"][key] / results[f"obvious, {when}"][key]
        print(f"{when}: token step {-saved('token_ms'):+.1%}, first token {-saved('first_ms'):+.1%} against the obvious one")
    print(f"the token cache's memory: at most {max(row.get('peak_memory_mb', 0) for row in results.values()):.1f} MB")
    return results
