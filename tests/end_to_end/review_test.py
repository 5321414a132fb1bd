"""`leyden review` as a user has it: files that are made to hurt, and fixes of programs that have tests. LEYDEN names the program."""
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time

from main_job_test import LEYDEN, Case

UNSAFE = "import os\n\n\ndef run(name):\n    \"\"\"Runs.\"\"\"\n    os.system(\"ls \" + name)\n"
DEEP = 100_000


class ReviewOfBadInput(Case):
    def setUp(self):
        super().setUp()
        self.files = self.scratch / "files"

    def add(self, name, text):
        return self.write(f"../files/{name}", text)

    def review(self, *arguments, code=0, seconds=60, **options):
        """The report. Each file that lies there is reviewed, known to be no text, or named with what is against it."""
        begin = time.monotonic()
        done = self.leyden("review", "--json", "--no-cache", "--analyzers", "none", *arguments, code=code, **options)
        self.assertLess(time.monotonic() - begin, seconds)
        report = json.loads(done.stdout)
        self.assertTrue(all(one["reason"] for one in report["not_reviewed"]))
        self.assertLessEqual(report["files_seen"], report["files_reviewed"] + report["files_not_text"] + len(report["not_reviewed"]))
        return report

    def not_reviewed(self, report):
        return {one["path"].removeprefix("files/"): one["reason"] for one in report["not_reviewed"]}

    def test_bytes_that_are_no_utf8_are_reviewed_as_text(self):
        self.add("latin.py", ("# Gr\xf6\xdfe\n" + UNSAFE).encode("latin-1"))
        issue, = self.review(self.files)["issues"]
        self.assertEqual((issue["rule"], issue["range"]["first_line"], issue["evidence"]), ("python.shell-command", 7, "os.system(\"ls \" + name)"))

    def test_empty_binary_and_unknown_files_have_no_findings(self):
        self.add("empty.py", "")
        self.add("notes.unknown", "os.system(\"ls \" + name)\n")
        self.add("noise.bin", random.Random(1).randbytes(5000))
        self.add("noise.py", random.Random(2).randbytes(5000))
        report = self.review(self.files, "--strict", "--fail-on", "low")
        self.assertEqual((report["issue_count"], report["files_reviewed"], report["files_not_text"]), (0, 2, 2))

    def test_one_line_of_20_mb_is_named_and_is_reviewed_where_that_is_wanted(self):
        line = "function a(b){return b+1};var c=a(2);"
        self.add("app.min.js", line * (20_000_000 // len(line)))
        self.add("bad.py", UNSAFE)
        report = self.review(self.files, "--strict", code=3)
        self.assertEqual([issue["file_path"] for issue in report["issues"]], ["files/bad.py"])
        self.assertIn("--max-file-kib", self.not_reviewed(report)["app.min.js"])
        # With the limit raised the parser's own limit says no.
        self.assertIn("above the limit", self.not_reviewed(self.review(self.files, "--max-file-kib", 30_000, "--strict", code=3))["app.min.js"])
        self.add("app.min.js", line * (2_000_000 // len(line)))
        self.assertEqual(self.not_reviewed(self.review(self.files)), {})

    def test_100_000_brackets_in_all_languages(self):
        for ending in ("c", "cpp", "cs", "go", "java", "js", "php", "py", "rb", "rs", "sh", "ts", "tsx"):
            begin = "<?php\n" if ending == "php" else ""
            self.add(f"open.{ending}", begin + "[" * DEEP)
            self.add(f"deep.{ending}", begin + "x = " + "[" * DEEP + "]" * DEEP + ";\n")
            self.add(f"body.{ending}", begin + "{" * DEEP + "}" * DEEP + "\n")
        self.add("sum.py", "x = " + "+".join(["a"] * DEEP) + "\n")
        self.add("bad.py", UNSAFE)
        report = self.review(self.files, seconds=300)
        self.assertEqual([issue["file_path"] for issue in report["issues"]], ["files/bad.py"])
        left_out = self.not_reviewed(report)
        for name in ("deep.py", "deep.php", "deep.js", "sum.py", "open.c"):
            self.assertTrue("nested" in left_out[name] or "syntax error" in left_out[name] or "takes more work" in left_out[name], (name, left_out[name]))

    def test_links_are_not_followed_round_in_circles(self):
        self.add("bad.py", UNSAFE)
        os.symlink(".", self.files / "loop")
        os.symlink("nowhere", self.files / "dangling.py")
        os.symlink("self.py", self.files / "self.py")
        report = self.review(self.files)
        self.assertEqual([issue["file_path"] for issue in report["issues"]], ["files/bad.py"])
        self.fails("review", self.files / "self.py", says="self.py", code=2)

    def test_a_submodule_is_reviewed_with_its_repository_and_a_moved_one_is_no_change_of_text(self):
        def git(folder, *arguments):
            subprocess.run(["git", "-c", "user.email=a@b", "-c", "user.name=n", "-c", "protocol.file.allow=always", *arguments], cwd=folder, check=True, capture_output=True)
        inner, outer = self.scratch / "inner", self.files
        inner.mkdir()
        (inner / "bad.py").write_text(UNSAFE)
        self.add("good.py", "X = 1\n")
        for folder in (inner, outer):
            git(folder, "init", "-q", "-b", "main")
            git(folder, "add", ".")
            git(folder, "commit", "-qm", "first")
        git(outer, "submodule", "--quiet", "add", str(inner), "part")
        self.assertEqual([issue["file_path"] for issue in self.review(outer)["issues"]], ["files/part/bad.py"])
        git(outer, "commit", "-qm", "part")
        git(outer / "part", "commit", "-q", "--allow-empty", "-m", "moved")
        diff = subprocess.run(["git", "diff"], cwd=outer, capture_output=True, check=True).stdout
        self.assertIn(b"Subproject commit", diff)
        report = self.review("--diff", "-", input=diff)
        self.assertEqual((report["issue_count"], report["files_seen"]), (0, 0))
        self.assertIn("submodule", self.not_reviewed(report)["part"])

    def test_an_unreadable_file_is_named(self):
        self.add("bad.py", UNSAFE)
        self.add("secret.py", UNSAFE).chmod(0)
        # Root reads everything, unless the program starts without the two capabilities that say so (PR_CAPBSET_DROP).
        libc = ctypes.CDLL(None)
        report = self.review(self.files, "--strict", code=3, preexec_fn=lambda: [libc.prctl(24, capability) for capability in (1, 2)])
        self.assertEqual([issue["file_path"] for issue in report["issues"]], ["files/bad.py"])
        self.assertIn("secret.py", self.not_reviewed(report))

    def test_ctrl_c_does_not_wait_for_the_file_under_way(self):
        for i in range(8):
            self.add(f"large{i}.py", "".join(f"def f{i}(a, b):\n    c = [a, {i}, {{'k': b}}]\n    return f(c, a)[{i}]\n\n\n" for i in range(25_000)))
        process = subprocess.Popen([LEYDEN, "review", "--no-cache", "--analyzers", "none", str(self.files)], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.5)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        self.assertLess(time.monotonic() - begin, 3)  # A second, and what a busy machine takes.
        process.communicate()

    def test_a_markdown_file_may_speak_of_ignores(self):
        self.add("guide.md", "One writes `leyden:ignore RULE why` behind it.\n")
        self.add("code.py", "X = 1  # leyden:ignore python.shell-command nothing is there\n")
        note, = self.review(self.files)["notes"]
        self.assertIn("code.py", json.dumps(note))
