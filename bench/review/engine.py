"""What the engine brings to reviews by a model, on a real llama-server: three set-ups, the same files, questions and model.

obvious   what a script does: text by the chat endpoint; the last answers stand before the passages, these in the order of their ranks (rank-bm25),
          then the file and the question; nothing is kept.
cache off Leyden with --no-token-cache: its layout, each text tokenized whenever it is needed.
leyden    Leyden.

Each set-up has a server of its own and reviews twice: the first time nothing is known, then a line is added in the middle of every fourth file. Leyden reviews a third
time with one long review of each file in place of the short ones, with a new server.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import llama_server
from obvious_script import ObviousScript, sections

# The tasks of model_review.cc, for the script.
TASKS = ["Look for security defects.", "Look for wrong results and errors that nobody handles.", "Look for work that is slow or done again.",
         "Look for what the next reader will misunderstand."]
FORMAT = ('Answer with one JSON object: {"findings": [{"quote": "the exact text", "type": "security", "severity": "high", "message": "what is wrong", '
          '"advice": "what to do"}]}.')
COMMENT = {".py": "# Checked again today.", ".sh": "# Checked again today."}


def edit(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    lines.insert(len(lines) // 2, COMMENT.get(path.suffix, "// Checked again today."))
    path.write_text("\n".join(lines), encoding="utf-8")


def row(calls, tokens, computed, answer_tokens, token_ms, first_ms, seconds, **more):
    return {"calls": calls, "prompt_tokens": tokens, "computed_tokens": computed, "answer_tokens": answer_tokens, "token_ms_a_call": token_ms / calls,
            "first_token_ms": first_ms / calls, "seconds": seconds, **more}


class Obvious:
    def __init__(self, server, guidelines, options):
        self.script = ObviousScript(server, "You review code for a careful team.", sections(guidelines), options.max_answer_tokens)
        self.options = options

    def review(self, files):
        calls = [self.script.ask(path, f"{FORMAT}\n\n{task}") for path in files for task in TASKS[:self.options.reviews]]
        total = {key: sum(call[key] for call in calls) for key in calls[0]}
        return row(len(calls), total["prompt"], total["computed"], total["answer"], total["token_ms"], total["first_ms"], total["seconds"])


class Leyden:
    def __init__(self, server, guidelines, options, flags, data):
        self.server, self.guidelines, self.options, self.flags, self.data = server, guidelines, options, flags, data

    def review(self, files, reviews=None):
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_") and name != "REDIS_URL"}
        environment = {**ours, "XDG_DATA_HOME": str(self.data / "data"), "XDG_CONFIG_HOME": str(self.data / "config"), "LEYDEN_LLM_FIRST_TOKEN_TIMEOUT_MS": "600000"}
        command = [self.options.leyden, "review", "--json", "--analyzers", "none", "--server", self.server.url, "--tokenizer",
                   llama_server.model_file(self.options.model), "--guidelines", self.guidelines, "--reviews", reviews or self.options.reviews,
                   "--max-answer-tokens", self.options.max_answer_tokens, *self.flags, *(path.name for path in files)]
        begin = time.monotonic()
        child = subprocess.Popen(list(map(str, command)), cwd=files[0].parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        out, errors = child.communicate()
        if child.returncode != 0:
            raise SystemExit(f"leyden review ended with {child.returncode}: {errors[-1000:].decode(errors='replace')}")
        report = json.loads(out)
        model = report["model"]
        if model["failed"] or report["fallback"]:
            raise SystemExit(f"the model was not asked: {report['fallback']}")
        return row(model["calls"], model["prompt_tokens"], model["prompt_tokens"] - model["prompt_tokens_reused"], model["answer_tokens"], model["token_ms"],
                   model["first_token_ms"], time.monotonic() - begin, hit_rate=model["context_tokens_cached"] / model["context_tokens"],
                   peak_memory_mb=report["cache_stats"]["peak_memory_mb"])


def run(options):
    llama_server.need([options.model])
    sources = sorted((path for path in options.files.rglob("*") if path.suffix in (".cc", ".py", ".sh", ".js", ".go", ".java", ".rs", ".c", ".cpp")
                      and 2000 <= path.stat().st_size <= 5000), key=lambda path: path.name)
    # The first of each name only: they are put side by side.
    sources = list({path.name: path for path in reversed(sources)}.values())[-options.count:]
    if not sources:
        raise SystemExit(f"{options.files} holds no source of 2 to 5 kB")
    print(f"{len(sources)} files of {sum(path.stat().st_size for path in sources) // len(sources)} bytes, {options.reviews} reviews each, {options.model}, guidelines "
          f"{options.guidelines.name}; load {os.getloadavg()[0]:.1f}")
    print(f"{'':12}{'':10}{'calls':>6}{'prompt tokens':>15}{'computed':>10}{'answer':>8}{'token step':>12}{'first token':>13}{'from cache':>12}{'in all':>10}")
    results = {}

    def say(name, when, row):
        results[f"{name}, {when}"] = row
        hit = f"{row['hit_rate']:.1%}" if "hit_rate" in row else ""
        print(f"{name:12}{when:10}{row['calls']:6}{row['prompt_tokens']:15}{row['computed_tokens']:10}{row['answer_tokens']:8}{row['token_ms_a_call']:9.2f} ms"
              f"{row['first_token_ms']:10.0f} ms{hit:>12}{row['seconds']:8.1f} s", flush=True)

    arguments = ["--parallel", "1", "--cache-ram", "8192"]
    for name in ("obvious", "cache off", "leyden"):
        with tempfile.TemporaryDirectory() as temporary, llama_server.LlamaServer(options.model, 8192, arguments) as server:
            folder = pathlib.Path(temporary)
            (folder / "files").mkdir()
            files = [pathlib.Path(shutil.copy(path, folder / "files" / path.name)) for path in sources]
            agent = (Obvious(server, options.guidelines, options) if name == "obvious"
                     else Leyden(server, options.guidelines, options, ["--no-token-cache"] if name == "cache off" else [], folder))
            say(name, "first", agent.review(files))
            for path in files[::4]:
                edit(path)
            say(name, "edited", agent.review(files))
            if name == "leyden":
                with llama_server.LlamaServer(options.model, 8192, arguments) as fresh:
                    agent.server = fresh
                    say("one long", "edited", agent.review(files, reviews=1))
    for when in ("first", "edited"):
        saved = 1 - results[f"leyden, {when}"]["first_token_ms"] / results[f"obvious, {when}"]["first_token_ms"]
        print(f"first token, {when}: {-saved:+.1%} against the obvious one")
    print(f"the token cache's memory: at most {max(row.get('peak_memory_mb', 0) for row in results.values()):.1f} MB")
    return results
