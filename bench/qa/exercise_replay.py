"""A person in a model's place, for bench/qa/exercises.py: a scripted server whose answers are an exercise's own tests.

The first prompt for a function is answered by the tests that name it and have not been told yet, the last one by all that are left: the human file without its other tests, so that
what they need (imports, helpers, classes, `describe`, `setUp`) is as its author wrote it. A prompt to repair is answered by nothing. Changed is only what a model would write
otherwise, since its prompt names the runner (Catch2's words become GoogleTest's), and what keeps a student's later tests from running.
"""
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/qa"))
from scripted_server import ScriptedServer  # noqa: E402

GOOGLETEST = """#include <gtest/gtest.h>
#define REQUIRE(...) ASSERT_TRUE((__VA_ARGS__))
#define CHECK(...) EXPECT_TRUE((__VA_ARGS__))
#define REQUIRE_FALSE(...) ASSERT_FALSE((__VA_ARGS__))
#define REQUIRE_NOTHROW(...) ASSERT_NO_THROW(__VA_ARGS__)
#define REQUIRE_THROWS_AS(...) ASSERT_THROW(__VA_ARGS__)
#define INFO(...) SCOPED_TRACE("")
#define CATCH_REGISTER_ENUM(...)
"""


def googletest_of(text):
    names = iter(range(1, 1000))
    text = re.sub(r"^#if\w* .*EXERCISM_TEST_SUITE(?:.*\n)*?#endif.*\n", GOOGLETEST, text, flags=re.M)
    text = re.sub(r"^#if.*EXERCISM_RUN_ALL_TESTS.*\n|^#endif.*\n|^using namespace Catch.*\n", "", text, flags=re.M)
    text = re.sub(r"^TEST_CASE\([^{]*\)\s*\{[ \t]*$", lambda _: f"TEST(Human, Case{next(names)}) {{", text, flags=re.M)
    return re.sub(r"(REQUIRE|CHECK)_THAT\(\s*(.*?),\s*(?:Catch::Matchers::)?WithinAbs\((.*), ?([\w.]+)\)\);", r"EXPECT_NEAR(\2, \3, \4);", text, flags=re.S)


def without(pattern, by=""):
    return lambda text: re.sub(pattern, by, text, flags=re.M)


@dataclasses.dataclass
class Form:
    """Where a test stands in a file that is laid out as usual: from a line that matches `begin` to the next one that is as far in and matches `end`; without an end (Python) to what is
    not farther in."""
    begin: str
    end: str
    told: object = staticmethod(lambda text: text)  # The file as a model would have written it.
    files: str = ""  # Others whose text belongs to it.
    is_call: bool = False


FORMS = {
    "python": Form(r"def test", ""),
    "javascript": Form(r"(?:test|it)\(", r"\}.*\)", without(r"\bx(?=(?:test|it|describe)\()"), is_call=True),
    "typescript": Form(r"(?:test|it)\(", r"\}.*\)", without(r"\bx(?=(?:test|it|describe)\()|, x?(?:it|test|describe)\b(?=.*@jest)"), is_call=True),
    "ruby": Form(r"def test_", r"end\b", without(r"^\s*skip\s*$")),
    "php": Form(r"(?:final )?public function test", r"\}", without(r"^\s*#\[TestDox.*\]\n|^\s*/\*\*(?:.|\n)*?\*/\n")),
    "java": Form(r"@Test", r"\}", without(r"@Disabled(?:\(.*?\))?")),
    "go": Form(r"func Test\w*\(", r"\}", files="*_test.go"),
    "rust": Form(r"#\[test\]", r"\}", without(r"^\s*#\[ignore.*\]\n")),
    "cpp": Form(r"TEST\(", r"\}", googletest_of),
}


def indent_of(line):
    return len(line) - len(line.lstrip())


def ends_at(lines, first, form):
    """One behind the last line of the test that begins there."""
    indent, at = indent_of(lines[first]), first + 1
    open_brackets = 0  # Of a call, which may be all of a test: `it('is odd', () => expect(odd(1)).toBe(true))`; of parameters that stand on lines of their own.
    if not form.end:
        open_brackets = lines[first].count("(") - lines[first].count(")")
        while at < len(lines) and (open_brackets > 0 or not lines[at].strip() or indent_of(lines[at]) > indent):
            open_brackets += (lines[at].count("(") - lines[at].count(")")) if open_brackets > 0 else 0
            at += 1
        return at
    for at in range(first, len(lines)):
        open_brackets += lines[at].count("(") - lines[at].count(")")
        if (form.is_call and open_brackets == 0) or (at > first and indent_of(lines[at]) == indent and re.match(form.end, lines[at].lstrip())):
            break
    return at + 1


class HumanTests:
    """A file's tests, and what stands around them."""

    def __init__(self, text, form):
        self.lines = form.told(text).split("\n")
        self.spans, at = [], 0
        while at < len(self.lines):
            if not re.match(form.begin, self.lines[at].lstrip()):
                at += 1
                continue
            end = ends_at(self.lines, at, form)
            self.spans.append((at, end))
            at = end

    def __len__(self):
        return len(self.spans)

    def text_of(self, number):
        first, end = self.spans[number]
        return "\n".join(self.lines[first:end])

    def only(self, numbers):
        left_out = {line for number, (first, end) in enumerate(self.spans) if number not in numbers for line in range(first, end)}
        return "\n".join(line for i, line in enumerate(self.lines) if i not in left_out)


def human_tests(exercise):
    form = FORMS[exercise.language.name]
    files = sorted(exercise.source.glob(form.files)) if form.files else [exercise.source / test for test in exercise.tests]
    return HumanTests("\n".join(file.read_text() for file in files), form)


def helpers(exercise):
    """Files beside the tests that hold none."""
    form = FORMS[exercise.language.name]
    return [] if form.files else [file for file in exercise.tests if not len(HumanTests((exercise.source / file).read_text(), form))]


class Replay:
    """The answers for one file under test."""

    def __init__(self, exercise, command):
        self.tests = human_tests(exercise)
        self.server = ScriptedServer(self.answer)
        self.environment = {**os.environ, **self.server.environment, "LEYDEN_LLM_CONTEXT_TOKENS": "64000"}
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            self.environment[name] = str(exercise.folder / "home" / name)
        planned = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, env=self.environment)
        self.functions = [prompt["function"] for prompt in json.loads(planned.stdout)["files"][0]["prompts"]] if planned.returncode == 0 else []
        self.left = set(range(len(self.tests)))
        self.told = {}
        self.nothing_said = 0

    def answer(self, prompt):
        if "It does not work:" in prompt:
            self.nothing_said += 1
            return ""
        if prompt in self.told:
            return self.told[prompt]
        function = re.findall(r"tests? of `([^`]+)`", prompt)[-1]
        last = function == self.functions[-1] if self.functions else True
        word = re.compile(rf"\b{re.escape(re.split(r'[.:#]+', function)[-1])}\b")
        now = {number for number in self.left if last or word.search(self.tests.text_of(number))}
        self.left -= now
        self.nothing_said += not now
        self.told[prompt] = f"```\n{self.tests.only(now)}\n```\n" if now else ""
        return self.told[prompt]

    def close(self):
        self.server.close()

    def note(self, file, row):
        """What became of the tests, from Leyden's report of a file."""
        row["human_tests"] = row.get("human_tests", 0) + len(self.tests)
        row["human_kept"] = row.get("human_kept", 0) + sum(test["by"] == "model" for test in file["tests"])
        row["human_nothing_new"] = row.get("human_nothing_new", 0) + sum(one["reason"].startswith("passes, but") for one in file["rejected"])
        refused = [one for one in file["rejected"] if one["name"] == "answer of the model"]
        broken = [one for one in refused if "does not parse" in one["reason"]]
        lost = (broken or refused[self.nothing_said:]) + [one for one in file["rejected"] if one["reason"].startswith(("does not pass", "passed ", "was not run", "did not run"))]
        row.setdefault("human_lost", []).extend(f"{one['name']}: {one['reason'][:300]}" for one in lost)
