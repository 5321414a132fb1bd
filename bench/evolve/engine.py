"""What the engine brings to `leyden evolve` with a model: the three set-ups of tools/three_setups.py, the same parents, operators, tasks and model. In the obvious one what varies (the last
answers, the operator, the lessons) stands before the parent, and all operators' patterns are looked up anew by rank.

The same three programs (tests/qa/planted.py) are evolved twice, by a fixed number of questions to the model: the first time nothing is known, then again as if on the next day. Beside it:
the share of each prompt that the server took from its prefix cache, which is what children of one run have in common (DW16)."""
import argparse
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("tools", "tests/qa"):
    sys.path.insert(0, str(HERE.parents[1] / folder))
import llama_server  # noqa: E402
import python_environment  # noqa: E402
from planted import PLANTED  # noqa: E402
from three_setups import compare, report_of, row_of, summed  # noqa: E402

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


def obvious(server, options):
    from obvious_script import ObviousScript, sections
    script = ObviousScript(server, "You improve a program that is measured by running it.", sections(PATTERNS), options.max_answer_tokens)

    def evolve(path):
        return summed([{"calls": 1} | script.ask(path, f"Use the operator {OPERATORS[i % 5]} on the program {path.name}: it has a score of {100 + i}. Make it shorter.")
                       for i in range(options.calls)])
    return evolve


def leyden(server, options, flags, data):
    def evolve(path):
        command = [options.leyden, "evolve", path.name, "--evaluate", "python3 judge.py {candidate}", "--goal", "min", "--json", "--server", server.url, "--tokenizer",
                   llama_server.model_file(options.model), "--max-calls", options.calls, "--iterations", 3 * options.calls, "--max-answer-tokens", options.max_answer_tokens, "--scenario",
                   "repair", *flags]
        report, seconds = report_of(command, path.parent, data)
        if not report["model"] or not report["model"]["calls"]:
            raise SystemExit(f"the model was not asked: {report.get('why_no_model')}")
        return row_of([report["model"]], [report], seconds)
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

    def evolved(root, server, flags):
        (root / "project").mkdir()
        paths = write_programs(root / "project")
        evolve = obvious(server, options) if flags is None else leyden(server, options, flags, root)
        for when in ("first", "again"):
            yield when, summed([evolve(path) for path in paths])
    compare(options.model, evolved)


if __name__ == "__main__":
    main()
