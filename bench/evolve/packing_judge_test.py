"""The packing's judge is exact: what is too large by the last digit is refused."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

JUDGE = pathlib.Path(__file__).resolve().parent / "packing" / "judge.py"


def judged(lines):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        return json.loads(subprocess.run([sys.executable, JUDGE, file.name], capture_output=True, text=True, check=True).stdout)


class Judge(unittest.TestCase):
    def setUp(self):
        self.grid = [f"0.{2 * i + 1} 0.{2 * j + 1} 0.1" for i in range(5) for j in range(5)] + ["0.2 0.2 0"]

    def test_circles_that_touch_are_right(self):
        self.assertEqual(judged(self.grid), {"score": 2.5, "passed": True})

    def test_too_large_by_the_fortieth_digit_is_wrong(self):
        for at in (0, 12):
            lines = list(self.grid)
            lines[at] = lines[at][:-3] + "0.1" + "0" * 38 + "1"
            self.assertFalse(judged(lines)["passed"])

    def test_what_is_no_number_or_not_26_is_wrong(self):
        for word in ("nan", "inf", "-inf", "1/2", "0x1", "1e999", "-0.1", "0_1", ""):
            self.assertFalse(judged(self.grid[:-1] + [f"0.2 0.2 {word}"])["passed"], word)
        self.assertFalse(judged(self.grid[:-1])["passed"])
        self.assertFalse(judged(self.grid + ["0.2 0.2 0"])["passed"])


if __name__ == "__main__":
    unittest.main()
