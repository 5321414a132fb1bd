"""`leyden evolve` as a user has it, without a model. LEYDEN names the program."""
import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from main_job_test import LEYDEN, Case

JUDGE = """
import json
exec(open("bowl.py").read())
print(json.dumps({"score": 0 - (A - 3) ** 2 - (B + 2) ** 2, "passed": True, "metrics": {"a": A}}))
"""
FAR = "A = 1.0\nB = 5.0\n"
BEST = "A = 3.0\nB = -2.0\n"


@unittest.skipUnless(shutil.which("bwrap"), "bubblewrap is not installed: nothing is run without a sandbox")
class Evolve(Case):
    def setUp(self):
        super().setUp()
        # As root the sandbox's user comes through to what lies there.
        self.scratch.chmod(0o711)
        self.temporary.chmod(0o711)
        self.project = self.scratch / "project"
        self.project.mkdir()
        (self.project / "judge.py").write_text(JUDGE)
        (self.project / "bowl.py").write_text(FAR)

    def evolve(self, *arguments, code=0):
        done = subprocess.run([LEYDEN, "evolve", *map(str, arguments)], capture_output=True, cwd=self.project, env=self.environment, timeout=600)
        self.assertEqual(done.returncode, code, (arguments, done.stdout[-800:], done.stderr[-2000:]))
        return done

    def run_json(self, *arguments, code=0):
        return json.loads(self.evolve("bowl.py", "--evaluate", "python3 judge.py", "--offline", "--json", *arguments, code=code).stdout)

    def wait_for_evaluations(self, count):
        """Until the only run's journal holds that many."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for file in self.project.glob(".leyden/runs/*/evolve.db"):
                with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as journal, contextlib.suppress(sqlite3.OperationalError):
                    if journal.execute("SELECT count(*) FROM trajectory WHERE evaluation IS NOT NULL").fetchone()[0] >= count:
                        return
            time.sleep(0.05)
        self.fail("no evaluation in a minute")

    def test_a_gain_is_told_shown_and_written_only_where_asked(self):
        report = self.run_json("--iterations", 60)
        self.assertTrue(report["gained"])
        self.assertGreater(report["best_score"], report["start_score"])
        self.assertEqual((self.project / "bowl.py").read_text(), FAR)
        page = (self.project / ".leyden/runs" / report["run"] / "report.html").read_text()
        self.assertIn("a measured gain", page)
        again = self.run_json("--iterations", 60, "--workers", 1, "--scenario", "general", "--write", "--output", "best.py")
        best = (self.project / "best.py").read_text()
        self.assertEqual((self.project / "bowl.py").read_text(), best)
        scope = {}
        exec(best, scope)
        self.assertAlmostEqual(again["best_score"], 0 - (scope["A"] - 3) ** 2 - (scope["B"] + 2) ** 2)
        self.assertEqual(again["best_metrics"]["a"], scope["A"])

    def test_no_gain_and_no_target_are_no_success(self):
        (self.project / "bowl.py").write_text(BEST)
        report = self.run_json("--iterations", 10, "--write", "--output", "best.py", code=1)
        self.assertFalse(report["gained"])
        told = self.evolve("bowl.py", "--evaluate", "python3 judge.py", "--offline", "--iterations", 10, code=1).stdout
        self.assertIn(b"no gain was measured", told)
        self.assertNotIn(b"success", told)
        self.assertFalse((self.project / "best.py").exists())
        self.assertEqual((self.project / "bowl.py").read_text(), BEST)
        (self.project / "bowl.py").write_text(FAR)
        done = self.evolve("bowl.py", "--evaluate", "python3 judge.py", "--offline", "--iterations", 10, "--target", 1, code=1)
        self.assertIn(b"target 1 is NOT met", done.stdout)

    def test_operators_are_left_out_also_when_the_run_is_gone_on_with(self):
        first = self.run_json("--iterations", 20, "--operators", "refinement,mutation")
        self.assertEqual({one["operator"] for one in first["operators"]}, {"refinement", "mutation"})
        more = json.loads(self.evolve("--resume", "last", "--offline", "--json", "--iterations", 40).stdout)
        self.assertEqual({one["operator"] for one in more["operators"]}, {"refinement", "mutation"})

    def test_a_judge_that_does_not_work_is_no_success(self):
        for judge in ("false", "echo nothing", "python3 absent.py"):
            report = json.loads(self.evolve("bowl.py", "--evaluate", judge, "--offline", "--json", "--iterations", 3, code=1).stdout)
            self.assertIsNone(report["best_score"])

    def test_ctrl_c_leaves_a_run_that_goes_on_as_if_nothing_had_been(self):
        arguments = ["bowl.py", "--evaluate", "python3 judge.py", "--offline", "--json", "--iterations", "60", "--scenario", "numeric"]
        # Slow enough that a fast machine has not finished when the signal comes.
        (self.project / "judge.py").write_text("import time\ntime.sleep(0.1)\n" + JUDGE)
        unbroken = json.loads(self.evolve(*arguments).stdout)
        shutil.rmtree(self.project / ".leyden")
        process = subprocess.Popen([LEYDEN, "evolve", *arguments], cwd=self.project, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.wait_for_evaluations(5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        resumed = json.loads(self.evolve("--resume", "last", "--offline", "--json").stdout)
        self.assertEqual(resumed["digest"], unbroken["digest"])
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_what_is_typed_wrong_is_said(self):
        for arguments, says in (([], "name the program"), (["bowl.py"], "--evaluate"), (["absent.py", "--evaluate", "true"], "no such file"),
                                (["bowl.py", "--evaluate", "true", "--goal", "best"], "--goal"), (["--resume", "none"], "no run none"),
                                (["bowl.py", "--evaluate", "cat {output}"], "--run"), (["bowl.py", "--evaluate", "true", "--islands", "0"], "islands"),
                                (["bowl.py", "--evaluate", "true", "--operators", "luck"], "--operators"), (["bowl.py", "--evaluate", "true", "--max-cost", "1"], "--price-in"),
                                (["bowl.py", "--evaluate", "{count} true"], "only in --run")):
            done = self.evolve(*arguments, code=2)
            self.assertIn(says, done.stderr.decode())

    def test_operators_of_a_scenario(self):
        def operators(*arguments):
            return json.loads(self.evolve("operators", "--json", "--tokenizer", "o200k_base", *arguments).stdout)
        first = operators("--scenario", "fix the failing parser")
        self.assertEqual(first["scenario"], "repair")
        self.assertEqual(first["operator_count"], 5)
        self.assertEqual(first["selected_operators"][0]["operator"], "revision")
        self.assertFalse(first["cache_hit"])
        second = operators("--scenario", "repair")
        self.assertTrue(second["cache_hit"])
        self.assertEqual(second["pattern_tokens"], first["pattern_tokens"])
        self.assertEqual(set(first), {"selected_operators", "operator_count", "agent_name", "scenario", "reasoning", "cache_hit", "context_tokens",
                                      "pattern_tokens", "total_tokens", "latency_ms", "cache_stats", "fallback"})
        self.run_json("--iterations", 40, "--scenario", "repair")
        self.assertIn("1 earlier runs", operators("--scenario", "repair")["reasoning"])


if __name__ == "__main__":
    unittest.main()
