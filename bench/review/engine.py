"""What the engine brings to reviews by a model: the three set-ups of tools/three_setups.py, the same files, questions and model.

Each set-up reviews twice: the first time nothing is known, then a line is added in the middle of every fourth file. Leyden reviews a third time with one long review of each file in
place of the short ones, with a new server.
"""
import os
import pathlib
import shutil

import llama_server
from obvious_script import ObviousScript, sections
from three_setups import SERVER, compare, report_of, row_of, summed

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


class Obvious:
    def __init__(self, server, guidelines, options):
        self.script = ObviousScript(server, "You review code for a careful team.", sections(guidelines), options.max_answer_tokens)
        self.options = options

    def review(self, files):
        rows = [self.script.ask(path, f"{FORMAT}\n\n{task}") for path in files for task in TASKS[:self.options.reviews]]
        return {"calls": len(rows), **summed(rows)}


class Leyden:
    def __init__(self, server, guidelines, options, flags, data):
        self.server, self.guidelines, self.options, self.flags, self.data = server, guidelines, options, flags, data

    def review(self, files, reviews=None):
        command = [self.options.leyden, "review", "--json", "--analyzers", "none", "--server", self.server.url, "--tokenizer",
                   llama_server.model_file(self.options.model), "--guidelines", self.guidelines, "--reviews", reviews or self.options.reviews,
                   "--max-answer-tokens", self.options.max_answer_tokens, *self.flags, *(path.name for path in files)]
        report, seconds = report_of(command, files[0].parent, self.data, good=(0,))
        model = report["model"]
        if model["failed"] or report["fallback"]:
            raise SystemExit(f"the model was not asked: {report['fallback']}")
        return row_of([model], [report], seconds)


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

    def reviewed(root, server, flags):
        (root / "files").mkdir()
        files = [pathlib.Path(shutil.copy(path, root / "files" / path.name)) for path in sources]
        agent = Obvious(server, options.guidelines, options) if flags is None else Leyden(server, options.guidelines, options, flags, root)
        yield "first", agent.review(files)
        for path in files[::4]:
            edit(path)
        yield "edited", agent.review(files)
        if flags == []:
            with llama_server.LlamaServer(options.model, *SERVER) as fresh:
                agent.server = fresh
                yield "one long", agent.review(files, reviews=1)
    return compare(options.model, reviewed)
