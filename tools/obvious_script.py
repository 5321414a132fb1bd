"""The obvious way to ask a model about a file, which Leyden is measured against: text by the chat endpoint; the last answers stand before the passages, these in the
order of their ranks (rank-bm25), then the file and the question; nothing is kept. What tokenizing costs is Hugging Face's tokenizers, which such scripts count the tokens of a prompt
with (as vLLM and SGLang tokenize it)."""
import json
import pathlib
import re
import sys
import time

import llama_server

HISTORY = 4  # Answers that are shown again.
PASSAGES_BYTES = 4096  # What fits into the 1,024 tokens that Leyden takes, at four bytes a token.


def sections(folder):
    """The parts of a folder of Markdown, each with its file's name."""
    return [f"[{path.name}]\n{part}" for path in sorted(folder.rglob("*.md")) for part in re.split(r"\n(?=#)", path.read_text(encoding="utf-8")) if part.strip()]


class ObviousScript:
    def __init__(self, server, system, passages, max_answer_tokens):
        import rank_bm25
        sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests/reference"))
        import gguf_reference
        self.tokenizer = gguf_reference.bpe_from_gguf(gguf_reference.gguf_metadata(llama_server.model_file(server.model)))
        self.server, self.system, self.passages, self.max_answer_tokens, self.answers = server, system, passages, max_answer_tokens, []
        self.bm25 = rank_bm25.BM25Okapi([re.findall(r"\w+", passage.lower()) for passage in passages])

    def ask(self, path, task):
        begin = time.monotonic()
        text = path.read_text(encoding="utf-8")
        found, room = [], PASSAGES_BYTES
        for passage in self.bm25.get_top_n(re.findall(r"\w+", (task + text).lower()), self.passages, n=8):
            if len(passage) <= room:
                found.append(passage)
                room -= len(passage)
        messages = [{"role": "system", "content": self.system},
                    {"role": "user", "content": "\n\n".join(["Your last answers:", *self.answers[-HISTORY:], "Guidelines:", *found, f"File {path.name}:\n{text}", task])}]
        # The server tokenizes within its answer, too: the step is measured apart, and not counted into the rest.
        with self.server.post("/apply-template", {"messages": messages}) as answer:
            prompt = json.load(answer)["prompt"]
        tokenizing = time.monotonic()
        ids = self.tokenizer.encode(prompt, add_special_tokens=False).ids
        asked = time.monotonic()
        if ids != self.server.tokens(prompt):
            raise SystemExit("Hugging Face's tokenizer and the server's make different tokens of a prompt")
        sending = time.monotonic()
        first, said, timings = None, "", None
        body = {"messages": messages, "max_tokens": self.max_answer_tokens, "temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
        with self.server.post("/v1/chat/completions", body) as answer:
            for line in answer:
                if not line.startswith(b"data: {"):
                    continue
                event = json.loads(line[6:])
                if event.get("choices") and (piece := event["choices"][0]["delta"].get("content")):
                    first = first or time.monotonic()
                    said += piece
                timings = event.get("timings") or timings
        self.answers.append(said)
        ended = time.monotonic()
        return {"token_ms": 1000 * (asked - tokenizing), "first_ms": 1000 * ((first or ended) - sending), "seconds": ended - sending + asked - begin,
                "prompt": timings["prompt_n"] + timings["cache_n"], "computed": timings["prompt_n"], "answer": timings["predicted_n"]}
