"""Java for bench/qa/exercises.py: javac, JUnit 5's own console, JaCoCo's counts. No Gradle, which the exercises are made for, since it needs the network.

Besides Debian's packages openjdk-17-jdk-headless and junit5, from Maven Central into Maven's local repository (`mvn dependency:get -Dartifact=...`): org.assertj:assertj-core:3.25.1,
without which no human test compiles and so nothing is compared, and org.jacoco:org.jacoco.agent:0.8.12:jar:runtime and org.jacoco:org.jacoco.cli:0.8.12:jar:nodeps, without which no
coverage is counted.
"""
import csv
import pathlib
import re
import shutil

from exercise_languages import TEST_TIME_S, Language, Suite, run

DEBIAN = pathlib.Path("/usr/share/java")
JUNIT = [DEBIAN / f"{name}.jar" for name in ("junit-platform-console-standalone", "junit-platform-console", "junit-platform-reporting", "junit-platform-launcher", "junit-platform-engine",
                                             "junit-platform-commons", "junit-jupiter-api", "junit-jupiter-engine", "junit-jupiter-params", "opentest4j", "opentest4j-reporting-events",
                                             "apiguardian-api", "picocli")]


def of_maven(pattern):
    return sorted((pathlib.Path.home() / ".m2/repository").glob(pattern))


ASSERTJ = of_maven("org/assertj/assertj-core/3.25.*/*.jar")[-1:] + of_maven("net/bytebuddy/byte-buddy/*/*.jar")[-1:]
AGENT, REPORT = of_maven("org/jacoco/org.jacoco.agent/*/*-runtime.jar")[-1:], of_maven("org/jacoco/org.jacoco.cli/*/*-nodeps.jar")[-1:]
CLASS_PATH = ":".join(str(jar) for jar in JUNIT + ASSERTJ)


class JavaSuite(Suite):
    def compiled(self, kind, class_path):
        """The folder's sources of a kind as classes."""
        shutil.rmtree(self.folder / f"classes-{kind}", ignore_errors=True)
        files = sorted((self.folder / f"src/{kind}/java").rglob("*.java"))
        return run(["javac", "-J-XX:TieredStopAtLevel=1", "-nowarn", "-proc:none", "-cp", class_path, "-d", f"classes-{kind}", *files], self.folder).returncode == 0

    def compiles(self):
        return self.compiled("main", CLASS_PATH)

    def tests(self, *flags):
        return run(["java", *flags, "-XX:TieredStopAtLevel=1", "-cp", f"classes-main:classes-test:{CLASS_PATH}", "org.junit.platform.console.ConsoleLauncher", "--disable-banner",
                    "--scan-classpath", "classes-test", "--fail-if-no-tests"], self.folder, 2 * TEST_TIME_S).returncode == 0

    def passes(self):
        return self.compiles() and self.compiled("test", f"classes-main:{CLASS_PATH}") and self.tests()

    def coverage(self):
        if not AGENT or not REPORT or not self.tests(f"-javaagent:{AGENT[0]}=destfile=jacoco.exec,includes=*"):
            return None
        run(["java", "-jar", REPORT[0], "report", "jacoco.exec", "--classfiles", "classes-main", "--csv", "jacoco.csv"], self.folder)
        with open(self.folder / "jacoco.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))

        def counted(what):
            covered, missed = (sum(int(row[f"{what}_{state}"]) for row in rows) for state in ("COVERED", "MISSED"))
            return [covered, covered + missed]
        return counted("LINE"), counted("BRANCH")


class Java(Language):
    name = "java"
    needs = ["java", "javac"]

    def is_there(self):
        return super().is_there() and all(jar.exists() for jar in JUNIT[:8])

    def lay_out(self, exercise, folder):
        super().lay_out(exercise, folder)
        shutil.rmtree(folder / "src/test", ignore_errors=True)  # Helpers that only the human tests use.
        (folder / "src/test/java").mkdir(parents=True)

    def pairs(self, exercise):
        return [(example, f"src/main/java/{pathlib.Path(example).name}") for example in exercise.example]

    def targets(self, exercise, folder):
        """What is more than an interface or an enumeration of names."""
        return [file for file in super().targets(exercise, folder) if re.search(r"\)[\w\s,]*\{", file.read_text())]

    def suite(self, exercise, folder, tests, human=False):
        if human:
            shutil.copytree(exercise.source / "src/test/java", folder / "src/test/java", dirs_exist_ok=True)
            for file in (folder / "src/test/java").rglob("*.java"):
                # All but the first wait for a student who has come so far.
                file.write_text(re.sub(r"@Disabled(\(.*?\))?", "", file.read_text()))
        return JavaSuite(folder)
