#!/usr/bin/env python3
"""Reports of `leyden review` read by those for whom they are: Microsoft's SARIF validator with all of its rules, GitHub's too (an npm package of 43 MB, fetched
once), junitparser, and what GitLab and GitHub say of their own formats.

    review_reports.py LEYDEN [FOLDER...]

Of further folders the SARIF is validated, and each finding's place and text are looked up.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import python_environment  # noqa: E402

VALIDATOR = ("@microsoft/sarif-multitool-linux@5.7.0", "27d8e3e96dde578a23b7c45035b8d741fece5731e2700aa068015b8c44d1514e")
SKIPPED = 77

FILES = {
    "src/shell.py": "import os\n\n\ndef run(name):\n    \"\"\"Runs.\"\"\"\n    os.system(\"ls \" + name)\n",
    "with blank/äö & <tag>,1:2%.py": "import yaml\n\n\ndef load(text):\n    \"\"\"Loads ‘𝕏’.\"\"\"\n    return '𝕏', yaml.load(text)\n",
    "known.py": "import os\n\n\ndef run(name):\n    \"\"\"Runs.\"\"\"\n    os.system(name)  # leyden:ignore python.shell-command names come from \"us\" <only>\n",
    "clean.py": "\"\"\"Nothing.\"\"\"\n",
    "large.js": "x = 1;\n" * 400_000,
}


def validator():
    folder = python_environment.CACHE / "sarif-multitool-5.7.0"
    program = folder / "package" / "Sarif.Multitool"
    if (folder / "complete").exists():
        return program
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print("fetching Microsoft's SARIF validator (43 MB) ...", flush=True)
    done = subprocess.run(["npm", "pack", "--silent", VALIDATOR[0]], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        return None
    archive = folder / done.stdout.split()[-1]
    if hashlib.sha256(archive.read_bytes()).hexdigest() != VALIDATOR[1]:
        raise SystemExit(f"{VALIDATOR[0]} is not what it was: its SHA-256 differs")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()
    program.chmod(0o755)
    (folder / "complete").touch()
    return program


def check(holds, what):
    if not holds:
        raise SystemExit(f"wrong: {what}")


def main():
    leyden = pathlib.Path(sys.argv[1]).resolve()
    python_environment.enter("review-reference", HERE / "review_requirements.txt")
    import junitparser
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "project"
        for name, text in FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        out = pathlib.Path(temporary)
        formats = ("json", "ndjson", "sarif", "junit", "gitlab", "github", "markdown")
        subprocess.run([leyden, "review", "--no-cache", "--analyzers", "none", *[part for name in formats for part in ("--output", f"{name}={out / name}")]], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)

        report = json.loads((out / "json").read_text())
        count = report["issue_count"]
        check(count == len(report["issues"]) >= 2, "the number of issues")
        check(sum(report["severity_breakdown"].values()) == count, "the breakdown by severity")
        check([one["path"] for one in report["not_reviewed"]] == ["large.js"], "what was not reviewed")
        check(len(report["suppressed"]) == 1, "what is suppressed")
        check(report["files_seen"] == report["files_reviewed"] + report["files_not_text"] + len(report["not_reviewed"]), "the number of files")
        for issue in report["issues"]:
            text = (folder / issue["file_path"]).read_bytes()
            check(text[issue["range"]["begin_byte"]:issue["range"]["end_byte"]].decode() == issue["evidence"], "evidence that is the range's text")
        lines = [json.loads(line) for line in (out / "ndjson").read_text().splitlines()]
        check([line["event"] for line in lines] == ["finding"] * count + ["complete"], "events")

        junit = junitparser.JUnitXml.fromfile(str(out / "junit"))
        check((junit.failures, junit.errors) == (count, 1), "JUnit's counts")
        cases = [case for suite in junit for case in suite]
        check(sum(isinstance(result, junitparser.Failure) for case in cases for result in case.result) == count, "JUnit's cases")

        gitlab = json.loads((out / "gitlab").read_text())
        check(len(gitlab) == count == len({one["fingerprint"] for one in gitlab}), "GitLab's fingerprints")
        for one in gitlab:
            check(one["severity"] in ("info", "minor", "major", "critical", "blocker"), "GitLab's severities")
            check(set(one) == {"description", "check_name", "fingerprint", "severity", "location"}, "GitLab's fields")
            check(one["location"]["lines"]["begin"] >= 1 and (folder / one["location"]["path"]).exists(), "GitLab's places")

        annotations = (out / "github").read_text().splitlines()
        check(len(annotations) == count + 1, "one annotation a line")
        for line in annotations:
            match = re.fullmatch(r"::(error|warning|notice) (file=[^:,]+(?:,(?:line|endLine|col|endColumn|title)=[^:,]+)*)::(.+)", line)
            check(match, f"annotation {line}")
            name = re.sub("%([0-9A-F]{2})", lambda hexadecimal: chr(int(hexadecimal.group(1), 16)), match.group(2).split(",")[0][5:])
            check(name in FILES, f"annotated file {name}")

        program = validator()
        if program is None:
            print("SKIPPED: the SARIF validator could not be fetched")
            return SKIPPED
        sarif = validated(program, out / "sarif")
        check(len(sarif["runs"][0]["results"]) == count + 1, "SARIF's results")
        print(f"{count} findings in 7 formats: SARIF without errors and warnings, JUnit, GitLab and GitHub as they ask for")
        for corpus in map(pathlib.Path, sys.argv[2:]):
            check_corpus(leyden, program, corpus, out)


def validated(program, sarif):
    """The log, in which the validator finds nothing wrong."""
    output = sarif.with_name("validated")
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run([program, "validate", sarif, "--rule-kind", "Sarif;Gh", "--output", output, "--log", "ForceOverwrite"], check=True, capture_output=True, env=environment)
    verdicts = json.loads(output.read_text())["runs"][0]["results"]
    # That Leyden has no web site is no mistake.
    wrong = [one for one in verdicts if one.get("level", "warning") in ("error", "warning") and one["ruleId"] != "SARIF2005"]
    check(not wrong, json.dumps(wrong, indent=1)[:3000])
    return json.loads(sarif.read_text())


def check_corpus(leyden, program, corpus, out):
    subprocess.run([leyden, "review", "--no-cache", "--analyzers", "none", "--output", f"json={out / 'json'}", "--output", f"sarif={out / 'sarif'}"], cwd=corpus, check=True,
                   stdout=subprocess.DEVNULL)
    report = json.loads((out / "json").read_text())
    for issue in report["issues"]:
        text = (corpus / issue["file_path"]).read_bytes().decode(errors="replace").removeprefix("\ufeff").encode()
        said = text[issue["range"]["begin_byte"]:issue["range"]["end_byte"]].decode(errors="replace")
        check(said.startswith(issue["evidence"]), f"{issue['file_path']}:{issue['range']['first_line']} does not say {issue['evidence']!r}")
    check(report["files_seen"] == report["files_reviewed"] + report["files_not_text"] + len(report["not_reviewed"]), "the number of files")
    sarif = validated(program, out / "sarif")
    print(f"{corpus.name}: {report['issue_count']} findings in {report['files_reviewed']} files stand where they say; SARIF of {len(sarif['runs'][0]['results'])} results without errors and "
          "warnings", flush=True)


sys.exit(main())
