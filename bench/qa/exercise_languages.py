"""What bench/qa/exercises.py knows of each language: where the reference goes, how its tests are built and run, who counts coverage. None of it is Leyden's."""
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

BUILD_TIME_S = 120
TEST_TIME_S = 20  # Of a run of tests: a mutant may run for ever.


def run(command, folder, seconds=BUILD_TIME_S, **more):
    """With all that it starts: who takes too long is ended with its children, which would go on otherwise."""
    with subprocess.Popen([str(part) for part in command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **more) as process:
        try:
            out, errors = process.communicate(timeout=seconds)
            return subprocess.CompletedProcess(command, process.returncode, out, errors)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return subprocess.CompletedProcess(command, 124, "", "took too long")


class Suite:
    """Tests in a folder with the solution, which may change between two calls."""

    def __init__(self, folder):
        self.folder = folder

    def compiles(self):
        return True

    def passes(self):
        raise NotImplementedError

    def coverage(self):
        """[reached, all] of lines and of branches; None where nothing counts them."""
        raise NotImplementedError


class Language:
    name = ""
    flags = []  # For `leyden test`.
    needs = []  # Programs.

    def is_there(self):
        return all(shutil.which(program) for program in self.needs)

    def lay_out(self, exercise, folder):
        shutil.copytree(exercise.source, folder, ignore=shutil.ignore_patterns(".meta", ".docs", ".approaches"))
        for example, solution in self.pairs(exercise):
            (folder / solution).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(exercise.source / example, folder / solution)
        for test in exercise.tests:
            (folder / test).unlink(missing_ok=True)

    def pairs(self, exercise):
        """Each file of the reference and where it goes."""
        return list(zip(exercise.example, exercise.solution))

    def targets(self, exercise, folder):
        """What tests are made of."""
        return [folder / solution for _, solution in self.pairs(exercise)]

    def suite(self, exercise, folder, tests, human=False):
        """Of tests that stand in the folder; `human`: they are the exercise's own."""
        raise NotImplementedError


HUMAN_MAIN = "test/tests-main.cpp"


class CppSuite(Suite):
    FLAGS = ["-std=c++17", "-O0", "-DEXERCISM_RUN_ALL_TESTS", "-I."]

    main_object = None  # Of the exercises' framework, which is the same in all.

    def __init__(self, folder, sources, tests):
        super().__init__(folder)
        self.sources, self.tests, self.built = sources, tests, {}

    def objects(self, kind, files, flags=()):
        """Compiled where the text of the folder's own headers or of the file has changed."""
        out = []
        headers = "".join(file.read_text() for file in sorted(self.folder.glob("*.h")))
        for file in files:
            out.append(f"{kind}-{pathlib.Path(file).stem}.o")
            state = (headers if "test/" not in str(file) else "", (self.folder / file).read_text())
            if self.built.get(out[-1]) == state:
                continue
            self.built.pop(out[-1], None)
            if file == HUMAN_MAIN and CppSuite.main_object:
                (self.folder / out[-1]).write_bytes(CppSuite.main_object)
            elif run(["g++", *self.FLAGS, *flags, "-c", file, "-o", out[-1]], self.folder).returncode != 0:
                return None
            elif file == HUMAN_MAIN:
                CppSuite.main_object = (self.folder / out[-1]).read_bytes()
            self.built[out[-1]] = state
        return out

    def compiles(self):
        if self.sources:
            return self.objects("solution", self.sources) is not None
        return all(run(["g++", *self.FLAGS, "-x", "c++", "-fsyntax-only", file], self.folder).returncode == 0 for file in self.folder.glob("*.h"))

    def linked(self, kind, flags=()):
        solution, tests = self.objects(kind, self.sources, flags), self.objects(f"{kind}-test", self.tests, flags)
        libraries = ["-lgtest_main", "-lgtest", "-pthread"] if not any("tests-main" in str(test) for test in self.tests) else ["-pthread"]
        if "#include <execution>" in "".join((self.folder / file).read_text() for file in self.sources):
            libraries += ["-ltbb"] * pathlib.Path("/usr/include/tbb/tbb.h").exists()
        return solution is not None and tests is not None and run(["g++", *flags, *solution, *tests, *libraries, "-o", kind], self.folder).returncode == 0

    def passes(self):
        return self.linked("solution") and run(["./solution"], self.folder, TEST_TIME_S).returncode == 0

    def coverage(self):
        """gcov's. Branches that only an exception takes are no decision of the source, and are left out, as gcovr does by --exclude-throw-branches."""
        if not self.linked("covered", ["--coverage"]) or run(["./covered"], self.folder, TEST_TIME_S).returncode != 0:
            return [0, 1], [0, 1]
        lines, branches = {}, {}
        run(["gcov", "-b", "-c", "--json-format", *self.folder.glob("covered-*.gcda")], self.folder)
        for file in self.folder.glob("*.gcov.json.gz"):
            for source in json.loads(gzip.decompress(file.read_bytes()))["files"]:
                path = (self.folder / source["file"]).resolve()
                if path.parent != self.folder.resolve() or path.name in self.tests:
                    continue
                for line in source["lines"]:
                    key = (path.name, line["line_number"])
                    lines[key] = max(lines.get(key, 0), line["count"])
                    taken = [branch["count"] for branch in line["branches"] if not branch["throw"]]
                    known = branches.setdefault((key, line.get("function_name")), [0] * len(taken))
                    for i, count in enumerate(taken[:len(known)]):
                        known[i] += count
        counted = [count for both in branches.values() if len(both) > 1 for count in both]
        return [sum(count > 0 for count in lines.values()), len(lines)], [sum(count > 0 for count in counted), len(counted)]


class Cpp(Language):
    name = "cpp"
    needs = ["g++", "gcov"]

    def pairs(self, exercise):
        endings = {pathlib.Path(example).suffix: example for example in exercise.example}
        return [(endings[pathlib.Path(solution).suffix], solution) for solution in exercise.solution if pathlib.Path(solution).suffix in endings]

    def targets(self, exercise, folder):
        """The source; the header too where functions have their bodies there."""
        return [file for file in super().targets(exercise, folder) if file.suffix == ".cpp" or re.search(r"\)[\w\s]*\{", file.read_text())]

    def suite(self, exercise, folder, tests, human=False):
        sources = [solution for _, solution in self.pairs(exercise) if solution.endswith(".cpp")]
        main = [HUMAN_MAIN] if human else []
        return CppSuite(folder, sources, [*tests, *main])


class GoSuite(Suite):
    def compiles(self):
        return run(["go", "build", "./..."], self.folder).returncode == 0

    def passes(self):
        return run(["go", "test", "-vet=off", "-count=1", "./..."], self.folder).returncode == 0

    def coverage(self):
        """Statements, as `go tool cover` counts them; Go's tools count no branches, so blocks stand for these."""
        run(["go", "test", "-vet=off", "-coverprofile=cover.out", "./..."], self.folder)
        blocks, lines = {}, {}
        for text in (self.folder / "cover.out").read_text().splitlines()[1:]:
            place, _, count = text.rsplit(" ", 2)
            blocks[place] = max(blocks.get(place, 0), int(count))
            file, span = place.split(":")
            first, last = (int(part.split(".")[0]) for part in span.split(","))
            for line in range(first, last + 1):
                lines[file, line] = max(lines.get((file, line), 0), int(count))
        return [sum(count > 0 for count in lines.values()), len(lines)], [sum(count > 0 for count in blocks.values()), len(blocks)]


class Go(Language):
    name = "go"
    needs = ["go"]

    def lay_out(self, exercise, folder):
        super().lay_out(exercise, folder)
        for file in folder.glob("*_test.go"):  # Tables of cases that only the human tests use.
            file.unlink()

    def suite(self, exercise, folder, tests, human=False):
        if human:
            for file in exercise.source.glob("*_test.go"):
                shutil.copy(file, folder)
        return GoSuite(folder)


RUST_UNDER_TEST = "under_test.rs"


class RustSuite(Suite):
    @staticmethod
    def environment():
        """cargo runs each program of tests under a bound of its own, so that none outlives it."""
        host = re.search(r"host: (\S+)", run(["rustc", "-vV"], ".").stdout)[1]
        return {**os.environ, f"CARGO_TARGET_{host.upper().replace('-', '_')}_RUNNER": f"timeout {TEST_TIME_S}"}

    def compiles(self):
        return run(["cargo", "build", "--offline", "-q"], self.folder).returncode == 0

    def passes(self):
        return run(["cargo", "test", "--offline", "-q", "--", "--include-ignored"], self.folder, env=self.environment()).returncode == 0

    def coverage(self):
        """Lines by Valgrind's callgrind, of those that the debug information names: rustc's coverage needs llvm-tools, which a plain toolchain does not have. No branches."""
        folder = self.folder / "covered"
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("target"))
        (folder / "src/lib.rs").rename(folder / RUST_UNDER_TEST)  # A name that no other crate has.
        manifest = folder / "Cargo.toml"
        manifest.write_text(f'{manifest.read_text()}\n[lib]\npath = "{RUST_UNDER_TEST}"\n[workspace]\n')
        environment = {**self.environment(), "RUSTFLAGS": "-Clink-dead-code"}
        built = run(["cargo", "test", "--offline", "-q", "--no-run", "--message-format=json"], folder, env=environment)
        programs = {message["executable"] for message in map(json.loads, built.stdout.splitlines()) if message.get("executable")}
        lines, reached = set(), set()
        for program in programs:
            for text in run(["objdump", "--dwarf=decodedline", program], folder).stdout.splitlines():
                if place := re.match(rf"\S*{RUST_UNDER_TEST}\s+([1-9]\d*)\s+0x", text):
                    lines.add(int(place[1]))
            counts, ours = folder / "callgrind.out", False
            run(["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={counts}", program, "--include-ignored"], folder)
            for text in counts.read_text().splitlines():
                if text.startswith(("fl=", "fi=", "fe=")):
                    ours = text.endswith(RUST_UNDER_TEST)
                elif ours and (place := re.fullmatch(r"(\d+) \d+", text)):
                    reached.add(int(place[1]))
        return [len(lines & reached), len(lines)], [0, 0]


class Rust(Language):
    name = "rust"
    needs = ["cargo", "valgrind", "objdump"]

    def lay_out(self, exercise, folder):
        """Crates that the reference needs are fetched where they can be; Leyden and the tests are offline."""
        super().lay_out(exercise, folder)
        if (manifest := exercise.source / ".meta/Cargo-example.toml").exists():
            shutil.copy(manifest, folder / "Cargo.toml")
        run(["cargo", "fetch", "-q"], folder)

    def pairs(self, exercise):
        return [(exercise.example[0], "src/lib.rs")]

    def suite(self, exercise, folder, tests, human=False):
        return RustSuite(folder)


LANGUAGES = [Cpp(), Go(), Rust()]
