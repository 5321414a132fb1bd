"""Leyden with a data folder of its own."""
import json
import os
import pathlib
import subprocess


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
