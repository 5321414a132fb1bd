"""Script languages for bench/qa/exercises.py, as exercise_languages.py has those that are compiled."""
import functools
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

from exercise_languages import TEST_TIME_S, Language, Suite, run


class ScriptSuite(Suite):
    def __init__(self, folder, sources, tests):
        super().__init__(folder)
        self.sources, self.tests = sources, tests


class RubySuite(ScriptSuite):
    COUNT = """
require "coverage"
require "json"
Coverage.start(lines: true, branches: true)
at_exit do # Behind Minitest's own, which is registered later.
  lines = ARGV[0].split(",").map { |file| Coverage.peek_result[File.expand_path(file)] }.compact
  counts = lines.map { |one| [one[:lines].compact, one[:branches].values.flat_map(&:values)] }.transpose.map(&:flatten)
  File.write("counted.json", JSON.generate(counts.map { |all| [all.count(&:positive?), all.size] }))
end
ARGV[1].split(",").each { |file| load File.expand_path(file) }
"""

    def compiles(self):
        return all(run(["ruby", "-c", file], self.folder).returncode == 0 for file in self.sources)

    def passes(self):
        return all(run(["ruby", "-W0", test], self.folder, TEST_TIME_S).returncode == 0 for test in self.tests)

    def coverage(self):
        """Ruby's own."""
        run(["ruby", "-W0", "-e", self.COUNT, ",".join(self.sources), ",".join(self.tests)], self.folder)
        counted = self.folder / "counted.json"
        return json.loads(counted.read_text()) if counted.exists() else ([0, 1], [0, 1])


class Ruby(Language):
    name = "ruby"
    needs = ["ruby"]

    def suite(self, exercise, folder, tests, human=False):
        for test in tests:  # Exercism's tests but the first are skipped at first.
            file = folder / test
            file.write_text(re.sub(r"^\s*skip\s*$", "", file.read_text(), flags=re.M))
        return RubySuite(folder, [solution for _, solution in self.pairs(exercise)], tests)


class PhpSuite(ScriptSuite):
    COUNT = """
require_once 'SebastianBergmann/CodeCoverage/autoload.php';
$report = (require 'counted.php')->getReport();
echo json_encode([[$report->numberOfExecutedLines(), $report->numberOfExecutableLines()], [$report->numberOfExecutedBranches(), $report->numberOfExecutableBranches()]]);
"""

    def compiles(self):
        return all(run(["php", "-l", file], self.folder).returncode == 0 for file in self.sources)

    def passes(self):
        return all(run(["phpunit", "--do-not-cache-result", "--no-configuration", test], self.folder, TEST_TIME_S).returncode == 0 for test in self.tests)

    def coverage(self):
        """php-code-coverage's, of Xdebug."""
        filters = [part for file in self.sources for part in ("--coverage-filter", file)]
        for test in self.tests[:1]:
            run(["php", "-d", "xdebug.mode=coverage", "-d", "pcov.enabled=0", "/usr/bin/phpunit", "--do-not-cache-result", "--no-configuration", "--path-coverage", *filters,
                 "--coverage-php", "counted.php", test], self.folder)
        told = run(["php", "-r", self.COUNT], self.folder).stdout
        return json.loads(told) if told.startswith("[") else ([0, 1], [0, 1])


class Php(Language):
    name = "php"
    needs = ["php", "phpunit"]

    def suite(self, exercise, folder, tests, human=False):
        return PhpSuite(folder, [solution for _, solution in self.pairs(exercise)], tests)


class PythonSuite(ScriptSuite):
    def passes(self):
        return run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *self.tests], self.folder, TEST_TIME_S).returncode == 0

    def coverage(self):
        """coverage.py's."""
        run([sys.executable, "-m", "coverage", "run", "--branch", "--include", ",".join(self.sources), "-m", "pytest", "-q", "-p", "no:cacheprovider", *self.tests], self.folder)
        run([sys.executable, "-m", "coverage", "json", "-o", "counted.json"], self.folder)
        counted = self.folder / "counted.json"
        if not counted.exists():
            return [0, 1], [0, 1]
        totals = json.loads(counted.read_text())["totals"]
        return [totals["covered_lines"], totals["num_statements"]], [totals["covered_branches"], totals["num_branches"]]


class Python(Language):
    """Run with an interpreter that has pytest and coverage.py."""
    name = "python"
    needs = ["python3"]
    flags = ["--python", sys.executable]

    def suite(self, exercise, folder, tests, human=False):
        for helper in pathlib.Path(exercise.source).glob("*_data.py"):
            (folder / helper.name).write_text(helper.read_text())
        return PythonSuite(folder, [solution for _, solution in self.pairs(exercise)], tests)


NODE = pathlib.Path(__file__).resolve().parent / "node"


@functools.cache
def node_modules():
    """vitest, which takes jest's tests as they are, tsx and c8: pinned by bench/qa/node/package-lock.json, unpacked once."""
    lock = (NODE / "package-lock.json").read_bytes()
    folder = pathlib.Path.home() / ".cache/leyden" / f"bench-qa-node-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "node_modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for file in NODE.iterdir():
            shutil.copy(file, folder)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, capture_output=True)
    return folder / "node_modules"


class NodeSuite(ScriptSuite):
    """Of node:test."""

    def __init__(self, folder, sources, tests):
        super().__init__(folder, sources, tests)
        self.command = ["node", *(["--import", node_modules() / "tsx/dist/loader.mjs"] if sources[0].endswith(".ts") else []), "--test", *tests]

    def passes(self):
        return run(self.command, self.folder, TEST_TIME_S).returncode == 0

    def coverage(self):
        """V8's, as c8 counts it."""
        run(["node", node_modules() / "c8/bin/c8.js", "--reporter", "json-summary", "--include", self.sources[0], *self.command], self.folder)
        counted = self.folder / "coverage/coverage-summary.json"
        if not counted.exists():
            return [0, 1], [0, 1]
        total = json.loads(counted.read_text())["total"]
        return tuple([total[kind]["covered"], total[kind]["total"]] for kind in ("lines", "branches"))


class JestSuite(ScriptSuite):
    """Jest's tests, by vitest."""
    CONFIG = 'export default { test: { globals: true, watch: false, include: ["**/*.{spec,test}.{js,ts}"], alias: { "@jest/globals": "vitest" } } };\n'

    def __init__(self, folder, sources, tests):
        super().__init__(folder, sources, tests)
        (folder / "vitest.config.mjs").write_text(self.CONFIG)
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(node_modules())
        for test in tests:  # Exercism's tests but the first are skipped at first.
            file = folder / test
            file.write_text(re.sub(r"\b(?:xtest|xit)\(", "it(", file.read_text()).replace("xdescribe(", "describe("))

    def passes(self):
        return run(["node", node_modules() / "vitest/vitest.mjs", "run"], self.folder, 2 * TEST_TIME_S).returncode == 0


class JavaScript(Language):
    name = "javascript"
    needs = ["node", "npm"]

    def lay_out(self, exercise, folder):
        super().lay_out(exercise, folder)
        for left in ("babel.config.js", "babel.config.cjs", "jest.config.js", "jest.config.cjs", "tsconfig.json", "test-runner.mjs", "yarn.lock"):
            (folder / left).unlink(missing_ok=True)
        # As each is meant: jest would take both kinds of module.
        is_module = any(re.search(r"^(?:import|export)\b", (folder / file).read_text(), re.M) for file in exercise.solution if (folder / file).is_file())
        (folder / "package.json").write_text(json.dumps({"type": "module" if is_module else "commonjs"}))

    def suite(self, exercise, folder, tests, human=False):
        return (JestSuite if human else NodeSuite)(folder, [solution for _, solution in self.pairs(exercise)], tests)


class TypeScript(JavaScript):
    name = "typescript"


SCRIPTS = [Python(), JavaScript(), TypeScript(), Ruby(), Php()]
