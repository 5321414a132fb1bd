"""A small made trace through policy.py, so that it never rots:  policy_test.py leyden_bench_policy"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = sys.argv.pop()
BUDGETS = [4096, 65536, 1 << 20, 64 << 20]


def write(file, rows):
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


class Policy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        random.seed(1)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            write(folder / "ragpulse" / "2_passages.jsonl", [{"passage_id": i, "token_length": 20 + i % 400} for i in range(500)])
            cls.requests = [sorted({int(500 * random.random() ** 3) for _ in range(6)}) for _ in range(400)]
            write(folder / "ragpulse" / "requests_day.jsonl",
                  [{"hash_ids": {"passages_ids": r}} for r in cls.requests] + [{"hash_ids": {"passages_ids": []}}])
            write(folder / "mooncake" / "trace.jsonl",
                  [{"input_length": 1536, "hash_ids": [i % 60, 100 + i % 60, 200 + i % 60]} for i in range(300)])
            done = subprocess.run([sys.executable, HERE / "policy.py", "--leyden", PROGRAM, "--traces", folder,
                                   "--budgets", ",".join(map(str, BUDGETS)), "--json", folder / "out.json"],
                                  stdout=subprocess.PIPE, text=True, check=True)
            cls.table = done.stdout
            cls.runs = {(run["trace"], run["unit"]): run for run in json.loads((folder / "out.json").read_text())["runs"]}

    def hits(self, run, policy, budget, overhead="real"):
        return next(r["hits"] for r in run["results"] if (r["policy"], r["budget"], r["overhead"]) == (policy, budget, overhead))

    def test_with_room_for_all_every_policy_finds_all_repeats(self):
        for run in self.runs.values():
            for r in run["results"]:
                if r["budget"] == BUDGETS[-1]:
                    self.assertEqual(r["hits"], run["accesses"] - run["keys"], r)

    def test_the_units_are_what_they_say(self):
        passages, sets = self.runs["RAGPulse", "passage"], self.runs["RAGPulse", "set"]
        self.assertEqual(passages["accesses"], sum(map(len, self.requests)))
        self.assertEqual(sets["accesses"], len(self.requests))
        self.assertEqual(sets["keys"], len(set(map(tuple, self.requests))))
        self.assertEqual(passages["tokens"], sets["tokens"])

    def test_nobody_beats_who_knows_the_future(self):
        # Blocks of one size: there Belady's is the optimum.
        run = self.runs["Mooncake synthetic", "passage"]
        for budget in BUDGETS[:-1]:
            for policy in ("FIFO", "LRU", "SIEVE", "S3-FIFO", "W-TinyLFU 1 %", "W-TinyLFU 20 %", "Leyden"):
                self.assertLessEqual(self.hits(run, policy, budget), self.hits(run, "Belady", budget), (policy, budget))

    def test_a_loop_defeats_recency(self):
        # 180 blocks in turn, room for less: LRU finds nothing.
        run = self.runs["Mooncake synthetic", "passage"]
        self.assertEqual(self.hits(run, "LRU", 65536), 0)
        self.assertEqual(self.hits(run, "FIFO", 65536), 0)
        self.assertGreater(self.hits(run, "Belady", 65536), 100)

    def test_the_table_has_every_policy(self):
        for policy in ("FIFO", "LRU", "SIEVE", "S3-FIFO", "W-TinyLFU 1 %", "Belady", "Leyden"):
            self.assertIn(policy, self.table)


if __name__ == "__main__":
    unittest.main()
