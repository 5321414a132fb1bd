#!/usr/bin/env python3
"""Retrieval beside rank-bm25, on the same passages: quality, queries per second, growth.

    bench.py --bin build/release/bin [--static-model FILE] [--corpus FOLDER] [--growth FOLDER...] [--json FILE] [--quick]

README.md says what each part does.
"""
import argparse
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import postgres_server  # noqa: E402
import python_environment  # noqa: E402

PEER_QUERIES = 60  # rank-bm25 takes most of a second for one at 100,000 passages.


# ---- Leyden


class Leyden:
    """Indexes are files in a folder, or with a server databases there."""

    def __init__(self, options, folder, postgres=None):
        self.program, self.folder, self.rankings, self.postgres = options.bin / "leyden_bench_retrieval", folder, ["words"], postgres
        self.model = []
        if options.static_model:
            self.model, self.rankings = ["--static-model", options.static_model], ["words", "vectors", "fused"]

    def run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def place(self, name):
        return self.postgres.database(name) if self.postgres else self.folder / name

    def remove(self, name):
        if self.postgres:
            return self.postgres.drop(name)
        for file in self.folder.glob(f"{name}*"):
            file.unlink()

    def index(self, name, documents):
        return json.loads(self.run("index", self.place(name), documents, *self.model))

    def passages(self, name):
        return [json.loads(line) for line in self.run("list", self.place(name)).split("\n") if line]  # A text may hold other ends of lines.

    def search(self, name, queries, ranking="words", **options):
        file = self.folder / "queries.json"
        file.write_text(json.dumps([query if isinstance(query, dict) else {"query": query} for query in queries]))
        flags = [part for key, value in options.items() for part in (f"--{key.replace('_', '-')}", value)]
        return json.loads(self.run("search", self.place(name), file, "--ranking", ranking, *self.model, *flags))


# ---- The peer


def words(text):
    return re.findall(r"\w+", text.lower())


class RankBm25:
    def __init__(self, texts, split):
        import rank_bm25
        begin = time.perf_counter()
        self.split, self.index = split, rank_bm25.BM25Okapi([split(text) for text in texts])
        self.seconds = time.perf_counter() - begin

    def top(self, query, count=10):
        import numpy
        scores = self.index.get_scores(self.split(query))
        best = numpy.argpartition(scores, -min(count, len(scores)))[-count:]
        return [int(i) for i in best[numpy.argsort(-scores[best], kind="stable")] if scores[i] > 0]


# ---- Quality


def judge(rankings, answers):
    """recall@5: whether one of the passages that answer is among the first five; nDCG@10 with all of them as equally good."""
    recall, gain = 0.0, 0.0
    for ranking, right in zip(rankings, answers):
        recall += any(found in right for found in ranking[:5])
        ideal = sum(1 / math.log2(i + 2) for i in range(min(len(right), 10)))
        gain += sum(1 / math.log2(i + 2) for i, found in enumerate(ranking[:10]) if found in right) / ideal
    return {"questions": len(answers), "recall@5": recall / len(answers), "ndcg@10": gain / len(answers)}


def keys(passages):
    return {(passage["document"], passage["first_line"]): i for i, passage in enumerate(passages)}


def compare(leyden, name, questions, answers, peers=True):
    passages = leyden.passages(name)
    place = keys(passages)
    out = {}
    for ranking in leyden.rankings:
        found = leyden.search(name, questions, ranking)["hits"]
        out[f"Leyden, {ranking}"] = judge([[place[document, line] for document, line, _ in hits] for hits in found], answers)
    texts = [passage["text"] for passage in passages]
    named = [f"{passage['document']}\n{passage['context']}\n{passage['text']}" for passage in passages]
    for title, split, of in (("rank-bm25, \\w+", words, texts), ("rank-bm25, .split()", str.split, texts), ("rank-bm25, \\w+, names too", words, named)) if peers else ():
        peer = RankBm25(of, split)
        out[title] = judge([peer.top(question) for question in questions], answers)
    return out


def copy_sources(folder):
    for path in subprocess.run(["git", "-C", ROOT, "ls-files", "README.md", "docs", "src"], check=True, capture_output=True, text=True).stdout.split():
        if path.endswith((".md", ".h", ".cc")):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text((ROOT / path).read_text())


def questions_quality(leyden, folder):
    """Questions that were written by hand, about this repository."""
    copy_sources(folder)
    leyden.index("questions", folder)
    passages = leyden.passages("questions")
    asked, answers = [], []
    for line in (HERE / "questions.jsonl").read_text().splitlines():
        question = json.loads(line)
        right = {i for i, passage in enumerate(passages) if passage["document"].startswith(question["document"]) and question["holds"] in passage["text"]}
        if not right:
            raise SystemExit(f"questions.jsonl: {question['document']} does not say {question['holds']!r} any more")
        asked.append(question["question"])
        answers.append(right)
    return compare(leyden, "questions", asked, answers)


COMMENT = re.compile(r"^((?:[ \t]*//[^\n]*\n)+)([ \t]*[^\s/#}][^\n]*)\n", re.M)


def comments_quality(leyden, folder, most):
    """The comment above a declaration, taken out of its file, finds the passage with the declaration."""
    copy_sources(folder)
    found = []
    for path in sorted(folder.rglob("*.h")):
        for comment, declaration in COMMENT.findall(path.read_text()):
            question = " ".join(re.sub(r"^[ \t]*//", "", line) for line in comment.splitlines()).strip()
            if len(question.split()) >= 5:
                found.append((path, comment, declaration.strip(), question))
    chosen = random.Random(6).sample(found, min(most, len(found)))
    for path, comment, _, _ in chosen:
        path.write_text(path.read_text().replace(comment, "", 1))
    leyden.index("comments", folder)
    passages = leyden.passages("comments")
    asked, answers = [], []
    for path, _, declaration, question in chosen:
        name = str(path.relative_to(folder))
        right = {i for i, passage in enumerate(passages) if passage["document"] == name and declaration in passage["text"]}
        if len(right) == 1:
            asked.append(question)
            answers.append(right)
    return compare(leyden, "comments", asked, answers)


# ---- Speed


def known_items(passages, count):
    """A sentence of a passage, three words in ten left out: 3 to 12 words. The passage is the answer."""
    chance = random.Random(7)
    asked, answers = [], []
    while len(asked) < count:
        i = chance.randrange(len(passages))
        sentences = [s for s in re.split(r"[.\n]\s+", passages[i]["text"]) if len(s.split()) >= 5]
        if sentences:
            kept = [word for word in chance.choice(sentences).split() if chance.random() > 0.3]
            query = re.findall(r"\w+", " ".join(kept))[:12]
            if len(query) >= 3:
                asked.append(" ".join(query))
                answers.append({i})
    return asked, answers


def speed(leyden, folder, peer_queries):
    out = {"index": leyden.index("speed", folder)}
    passages = leyden.passages("speed")
    place = keys(passages)
    asked, answers = known_items(passages, 500)
    measured = leyden.search("speed", asked, rounds=3)
    ranked = [[place[document, line] for document, line, _ in hits] for hits in measured.pop("hits")]
    out["Leyden"] = measured | judge(ranked, answers)
    two = leyden.search("speed", asked, rounds=3, threads=2)
    out["Leyden, 2 threads"] = {key: two[key] for key in ("queries_per_second", "ms_p50", "ms_p95")}
    peer = RankBm25([passage["text"] for passage in passages], words)
    before = leyden.search("speed", asked[:peer_queries], rounds=3)["queries_per_second"]
    begin = time.perf_counter()
    peer_ranked = [peer.top(query) for query in asked[:peer_queries]]
    seconds = time.perf_counter() - begin
    after = leyden.search("speed", asked[:peer_queries], rounds=3)["queries_per_second"]
    same = sum(mine[:1] == theirs[:1] for mine, theirs in zip(ranked, peer_ranked)) / peer_queries
    out["rank-bm25"] = {"queries_per_second": peer_queries / seconds, "build_seconds": peer.seconds} | judge(peer_ranked, answers[:peer_queries])
    out["Leyden, the peer's queries"] = {"queries_per_second_before_and_after": [before, after]} | judge(ranked[:peer_queries], answers[:peer_queries])
    out["same_first_passage"] = same
    out["times_the_peer"] = min(before, after) * seconds / peer_queries
    return out


def growth(leyden, folders, title="growth", queries=500, rounds=3, filtered=True):
    """The same queries, from the first folder, whose passages are in all."""
    rows, asked = [], []
    for folder in folders:
        name = f"growth-{folder.name}"
        row = leyden.index(name, folder)
        asked = asked or known_items(leyden.passages(name), 500)[0][:queries]
        measured = leyden.search(name, asked, rounds=rounds)
        row["hits"] = measured.pop("hits")
        row["search"] = measured
        filters = {}
        for kind, wanted in (("a folder", {"paths": ["000/"]}), ("a document", {"paths": ["000/000001.txt"]}), ("a pattern", {"paths": ["*7.txt"]}),
                             ("a language", {"languages": ["text"]})) if filtered else ():
            answer = leyden.search(name, [{"query": query} | wanted for query in asked], rounds=2)
            filters[kind] = {key: answer[key] for key in ("ms_p50", "ms_p95")}
        rows.append(row | {"filtered": filters})
        print(title, json.dumps({key: value for key, value in rows[-1].items() if key != "hits"}), flush=True)
        leyden.remove(name)
    return rows


def growth_in_postgres(options, folder, folders, rows):
    """In PostgreSQL, with a hundred of the queries: it is to find the same passages."""
    with postgres_server.PostgresServer(durable=True) as server:
        there = growth(Leyden(options, folder, server), folders, "growth in PostgreSQL", queries=100, rounds=1, filtered=False)
    for row, other in zip(rows, there):
        if row["hits"][:100] != other["hits"]:
            raise SystemExit("PostgreSQL and SQLite do not find the same")
    return there


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", type=lambda path: pathlib.Path(path).resolve(), required=True)
    arguments.add_argument("--static-model", help="vectors, too: the path of a model of `leyden model get` without .safetensors")
    arguments.add_argument("--corpus", type=pathlib.Path, help="a folder of corpus.py's, for queries per second")
    arguments.add_argument("--growth", type=pathlib.Path, nargs="*", default=[], help="folders of corpus.py's, small ones first")
    arguments.add_argument("--postgres", action="store_true", help="the growth in a PostgreSQL server of this machine, too")
    arguments.add_argument("--growth-only", action="store_true")
    arguments.add_argument("--json", type=pathlib.Path)
    arguments.add_argument("--quick", action="store_true", help="few questions and no peer: whether it runs at all")
    options = arguments.parse_args()
    if not options.quick:
        python_environment.enter("bench-retrieval", HERE / "requirements.txt")
    out = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        leyden = Leyden(options, folder)
        if options.quick:
            copy_sources(folder / "documents")
            print(json.dumps(leyden.index("quick", folder / "documents")))
            asked, answers = known_items(leyden.passages("quick"), 20)
            quality = compare(leyden, "quick", asked, answers, peers=False)
            print(json.dumps(quality))
            if next(iter(quality.values()))["recall@5"] < 0.5:
                raise SystemExit("passages are not found by their own words")
            return
        if not options.growth_only:
            out["questions"] = questions_quality(leyden, folder / "questions-documents")
            out["comments"] = comments_quality(leyden, folder / "comments-documents", 400)
        for part in out:
            print(f"{part}:")
            for title, row in out[part].items():
                print(f"  {title:28} recall@5 {row['recall@5']:.3f}  nDCG@10 {row['ndcg@10']:.3f}  ({row['questions']})", flush=True)
        if options.corpus:
            out["speed"] = speed(leyden, options.corpus, PEER_QUERIES)
            print(json.dumps(out["speed"], indent=1), flush=True)
        if options.growth:
            out["growth"] = growth(leyden, options.growth)
            if options.postgres:
                out["growth in PostgreSQL"] = growth_in_postgres(options, folder, options.growth, out["growth"])
            for row in out["growth"] + out.get("growth in PostgreSQL", []):
                row.pop("hits")
    if options.json:
        options.json.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
