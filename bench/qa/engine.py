"""What the engine brings to tests by a model: the three set-ups of tools/three_setups.py, the same functions, types and model.

Five files (--files) of four functions each (tests/qa/planted.py), five types, made twice: the first time nothing is known, then a
line is added at the end of one of the files.
"""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "qa"))
import llama_server  # noqa: E402
from obvious_script import ObviousScript, sections  # noqa: E402
from planted import PLANTED  # noqa: E402
from three_setups import compare, report_of, row_of, summed  # noqa: E402

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
        command = [self.options.leyden, "test", *(path.name for path in files), "--type", kind, "--json", "--quick", "--server", self.server.url, "--tokenizer",
                   llama_server.model_file(self.options.model), "--max-repairs", "0", "--max-answer-tokens", self.options.max_answer_tokens, "--python", sys.executable, *self.flags]
        answer, seconds = report_of(command, files[0].parent, self.data)
        reports = answer["files"]
        if any(report["why_no_model"] for report in reports):
            raise SystemExit(f"the model was not asked: {reports[0]['why_no_model']}")
        counts = [{**report, "calls": report["model_calls"], "prompt_tokens": report["total_tokens"] - report["code_tokens"], "answer_tokens": report["code_tokens"]} for report in reports]
        return row_of(counts, reports, seconds) | {"kept": sum(test["by"] == "model" for report in reports for test in report["tests"])}


def run(options):
    llama_server.need([options.model])
    print(f"{options.files} files of {FUNCTIONS} functions, {len(TYPES)} types, {options.model}; load {os.getloadavg()[0]:.1f}")

    def tested(root, server, flags):
        (root / "project").mkdir()
        files = write_files(root / "project", options.files)
        agent = Obvious(server, options) if flags is None else Leyden(server, options, flags, root)
        yield "first", summed([agent.make(files, kind) for kind in TYPES])
        files[0].write_text(files[0].read_text(encoding="utf-8") + "# Checked again today.\n", encoding="utf-8")
        yield "edited", summed([agent.make(files, kind) for kind in TYPES])
    return compare(options.model, tested)
