"""What the engine brings to `leyden evolve` with a model, on a real llama-server: three set-ups, the same parents, operators, tasks and model.

obvious   what a script does: text by the chat endpoint; what varies (the last answers, the operator, the lessons) before the parent, all operators' patterns looked up anew by rank
          (tools/obvious_script.py); nothing kept
cache off Leyden with --no-token-cache
leyden    Leyden

The same three programs (tests/qa/planted.py) are evolved twice, by a fixed number of questions to the model: the first time nothing is known, then again as if on the next day. Beside it:
the share of each prompt that the server took from its prefix cache, which is what children of one run have in common (DW16)."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("tools", "tests/qa"):
    sys.path.insert(0, str(HERE.parents[1] / folder))
import llama_server  # noqa: E402
import python_environment  # noqa: E402
from planted import PLANTED  # noqa: E402

PROGRAMS = 3
PATTERNS = HERE.parents[1] / "src/leyden/agents/evolve/patterns"
OPERATORS = ["revision", "recombination", "refinement", "crossover", "mutation"]
JUDGE = "import json, sys\nprint(json.dumps({'score': len(open(sys.argv[1]).read()), 'passed': True}))\n"


def write_programs(folder):
    single = [source.replace("@@", good).strip() + "\n" for _, source, good, _, _ in PLANTED if "class " not in source]
    out = []
    for i in range(PROGRAMS):
        path = folder / f"program{i}.py"
        path.write_text("\n\n".join(single[4 * i:4 * i + 4]), encoding="utf-8")
        out.append(path)
    (folder / "judge.py").write_text(JUDGE)
    return out


def summed(rows):
    return {key: max(row[key] for row in rows) if key == "peak_memory_mb" else sum(row[key] for row in rows) for key in rows[0]}


def obvious(server, options):
    from obvious_script import ObviousScript, sections
    script = ObviousScript(server, "You improve a program that is measured by running it.", sections(PATTERNS), options.max_answer_tokens)

    def evolve(path):
        return summed([{"calls": 1} | script.ask(path, f"Use the operator {OPERATORS[i % 5]} on the program {path.name}: it has a score of {100 + i}. Make it shorter.")
                       for i in range(options.calls)])
    return evolve


def leyden(server, options, flags, data):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEYDEN_") and name != "REDIS_URL"}
    environment |= {"XDG_DATA_HOME": str(data / "data"), "XDG_CONFIG_HOME": str(data / "config"), "TMPDIR": str(data), "LEYDEN_LLM_FIRST_TOKEN_TIMEOUT_MS": "600000"}

    def evolve(path):
        command = [options.leyden, "evolve", path.name, "--evaluate", "python3 judge.py {candidate}", "--goal", "min", "--json", "--server", server.url, "--tokenizer",
                   llama_server.model_file(options.model), "--max-calls", options.calls, "--iterations", 3 * options.calls, "--max-answer-tokens", options.max_answer_tokens, "--scenario",
                   "repair", *flags]
        begin = time.monotonic()
        done = subprocess.run(list(map(str, command)), cwd=path.parent, capture_output=True, text=True, env=environment)
        if done.returncode not in (0, 1):
            raise SystemExit(f"leyden evolve ended with {done.returncode}: {done.stderr[-1000:]}")
        report = json.loads(done.stdout)
        counts = report["model"]
        if not counts or not counts["calls"]:
            raise SystemExit(f"the model was not asked: {report.get('why_no_model')}")
        return {"calls": counts["calls"], "token_ms": counts["token_ms"], "first_ms": counts["first_token_ms"], "seconds": time.monotonic() - begin,
                "prompt": counts["prompt_tokens"], "computed": counts["prompt_tokens"] - counts["prompt_tokens_reused"], "answer": counts["answer_tokens"],
                "context": counts["context_tokens"], "cached": counts["context_tokens_cached"], "peak_memory_mb": report["cache_stats"]["peak_memory_mb"]}
    return evolve


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leyden", type=lambda path: pathlib.Path(path).resolve(), required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--calls", type=int, default=5, help="of the model, for each program")
    parser.add_argument("--max-answer-tokens", type=int, default=48)
    options = parser.parse_args()
    python_environment.enter("bench-qa", HERE.parent / "qa" / "requirements.txt")
    llama_server.need([options.model])
    print(f"{PROGRAMS} programs, {options.calls} questions each, {options.model}; load {os.getloadavg()[0]:.1f}")
    print(f"{'':12}{'':8}{'calls':>6}{'prompt tokens':>15}{'computed':>10}{'shared':>8}{'answer':>8}{'token step':>12}{'first token':>13}{'from cache':>12}{'in all':>10}")
    results = {}
    for name in ("obvious", "cache off", "leyden"):
        with tempfile.TemporaryDirectory() as temporary, llama_server.LlamaServer(options.model, 8192, ["--parallel", "1", "--cache-ram", "8192"]) as server:
            root = pathlib.Path(temporary)
            root.chmod(0o711)
            folder = root / "project"
            folder.mkdir()
            paths = write_programs(folder)
            evolve = obvious(server, options) if name == "obvious" else leyden(server, options, ["--no-token-cache"] if name == "cache off" else [], root)
            for when in ("first", "again"):
                row = results[f"{name}, {when}"] = summed([evolve(path) for path in paths])
                hit = f"{row['cached'] / row['context']:.1%}" if row.get("context") else ""
                print(f"{name:12}{when:8}{row['calls']:6}{row['prompt']:15}{row['computed']:10}{1 - row['computed'] / row['prompt']:8.1%}{row['answer']:8}"
                      f"{row['token_ms'] / row['calls']:9.2f} ms{row['first_ms'] / row['calls']:10.0f} ms{hit:>12}{row['seconds']:8.1f} s", flush=True)
    for when in ("first", "again"):
        def change(key):
            mine, theirs = (results[f"{who}, {when}"][key] / results[f"{who}, {when}"]["calls"] for who in ("leyden", "obvious"))
            return mine / theirs - 1
        print(f"{when}: token step {change('token_ms'):+.1%}, first token {change('first_ms'):+.1%} against the obvious one")
    print(f"the token cache's memory: at most {max(row.get('peak_memory_mb', 0) for row in results.values()):.3f} MB; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
