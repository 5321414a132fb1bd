#!/usr/bin/env python3
"""`leyden review` on material that others labelled, beside the tools that a team would take instead. README.md says what is measured.

    bench.py --leyden build/release/bin/leyden [--juliet FOLDER] [--bandit FOLDER] [--semgrep-rules FOLDER] [--pylint FOLDER] [--rubocop FOLDER] [--phpcs FOLDER] [--speed FOLDER --speed-rules FOLDER] [--quiet FOLDER...] [--engine] [--peers] [--misses] [--json FILE]
"""
import argparse
import ast
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import linters  # noqa: E402
import python_environment  # noqa: E402


def lines_of(path):
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


# ---- Tools: findings as (file, first line, last line, severity, what)

Finding = collections.namedtuple("Finding", "file first last severity rule cwe confidence")


class Leyden:
    def __init__(self, program):
        self.program = program

    def review(self, folder, *flags):
        begin = time.perf_counter()
        done = subprocess.run([self.program, "review", "--json", "--no-cache", "--analyzers", "none", "--max-file-kib", "4096", *flags, "."], cwd=folder, capture_output=True, text=True)
        if done.returncode not in (0, 1, 3):
            raise SystemExit(f"leyden review failed with {done.returncode}: {done.stderr[-500:]}")
        out = json.loads(done.stdout)
        found = [Finding(issue["file_path"], issue["range"]["first_line"], issue["range"]["last_line"], issue["severity"], issue["rule"], issue["cwe"],
                         issue["confidence"]) for issue in out["issues"]]
        return found, out, time.perf_counter() - begin


def cppcheck(folder, severities):
    begin = time.perf_counter()
    done = subprocess.run(["cppcheck", "--quiet", "--enable=warning", "--template={file}\t{line}\t{severity}\t{id}\t{cwe}", "."], cwd=folder, capture_output=True, text=True)
    found = []
    for line in done.stderr.splitlines():
        part = line.split("\t")
        if len(part) == 5 and part[2] in severities:
            found.append(Finding(part[0], int(part[1]), int(part[1]), part[2], part[3], int(part[4] or 0), ""))
    return found, time.perf_counter() - begin


def bandit(folder):
    begin = time.perf_counter()
    done = subprocess.run([pathlib.Path(sys.prefix) / "bin" / "bandit", "-r", "-f", "json", "-q", "."], cwd=folder, capture_output=True, text=True)
    out = json.loads(done.stdout)
    severity = {"HIGH": "high", "MEDIUM": "medium", "LOW": "low"}
    found = [Finding(issue["filename"].removeprefix("./"), issue["line_number"], max(issue["line_range"]), severity[issue["issue_severity"]], issue["test_id"],
                     issue["issue_cwe"].get("id", 0), "") for issue in out["results"]]
    return found, time.perf_counter() - begin


# ---- Juliet


def sections(text):
    """Lines of `#ifndef OMITBAD` and `OMITGOOD` parts, by number from 1."""
    bad, good, open_ = set(), set(), []
    for number, line in enumerate(text, 1):
        if re.match(r"\s*#\s*if", line):
            open_.append("bad" if "OMITBAD" in line else "good" if "OMITGOOD" in line else "")
        elif re.match(r"\s*#\s*endif", line):
            if open_:
                open_.pop()
        if "bad" in open_:
            bad.add(number)
        if "good" in open_:
            good.add(number)
    return bad, good


def juliet_score(files, found):
    """A file counts as found when anything is found in its bad part, as a false alarm when anything is in its good part."""
    by_file = collections.defaultdict(list)
    for finding in found:
        by_file[finding.file.removeprefix("./")].append(finding)
    hits, alarms, per_cwe = 0, 0, collections.defaultdict(lambda: [0, 0, 0])
    for name, (bad, good) in files.items():
        mine = by_file[name]
        hit, alarm = any(f.first in bad for f in mine), any(f.first in good for f in mine)
        hits, alarms = hits + hit, alarms + alarm
        cwe = re.search(r"CWE(\d+)_", name).group(1)
        per_cwe[cwe][0] += 1
        per_cwe[cwe][1] += hit
        per_cwe[cwe][2] += alarm
    tpr, fpr = hits / len(files), alarms / len(files)
    return {"files": len(files), "tpr": tpr, "fpr": fpr, "j": tpr - fpr}, per_cwe


def juliet(leyden, folder, variant, peers, misses):
    files = {}
    for path in sorted(folder.rglob(f"*_{variant}.c*")):
        if path.suffix in (".c", ".cpp") and not re.search("w32|wchar", path.name):
            files[str(path.relative_to(folder))] = sections(lines_of(path))
    rows = {}
    found, report, seconds = leyden.review(folder, "--type", "security")
    score, per_cwe = juliet_score(files, found)
    rows["leyden"] = score | {"seconds": seconds, "not_reviewed": len(report["not_reviewed"])}
    if peers and shutil.which("cppcheck"):
        for title, severities in (("cppcheck error+warning", ("error", "warning")), ("cppcheck error", ("error",))):
            theirs, seconds = cppcheck(folder, severities)
            rows[title] = juliet_score(files, theirs)[0] | {"seconds": seconds}
    print(f"Juliet, *_{variant} without w32 and wchar")
    for title, row in rows.items():
        print(f"  {title:24} TPR {row['tpr']:6.1%}  FPR {row['fpr']:6.1%}  J {row['j']:.3f}  {row['seconds']:.1f} s  ({row['files']} files)", flush=True)
    if misses:
        for cwe, (count, hits, alarms) in sorted(per_cwe.items(), key=lambda item: -item[1][0]):
            print(f"    CWE-{cwe:4} {count:4} files, {hits:4} found, {alarms:4} alarms")
    return rows


# ---- Bandit's examples


def written_expectations(folder):
    """What Bandit's own tests say of its examples: {file: {severity: issues}}."""
    out = {}
    source = (folder / "tests" / "functional" / "test_functional.py").read_text(encoding="utf-8")
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        given = {node.targets[0].id: node.value for node in ast.walk(function) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
        for call in ast.walk(function):
            if not (isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "check_example" and len(call.args) == 2 and isinstance(call.args[0], ast.Constant)):
                continue
            expect = given.get(call.args[1].id) if isinstance(call.args[1], ast.Name) else call.args[1]
            counts = ast.literal_eval(expect)["SEVERITY"]
            out[call.args[0].value] = {severity: counts[severity.upper()] for severity in ("low", "medium", "high")}
    return out


def bandit_examples(leyden, folder, misses):
    """What Bandit itself finds in its examples is what is expected: a line each."""
    examples = folder / "examples"
    expected, theirs = bandit(examples)
    found, _, ours = leyden.review(examples)
    by_file = collections.defaultdict(list)
    for finding in found:
        by_file[finding.file].append(finding)

    def near(want, finding):
        return finding.first <= want.last and want.first <= finding.last

    same_line = [want for want in expected if any(near(want, f) for f in by_file[want.file])]
    level = {"critical": "high"}
    same = [want for want in expected if any(near(want, f) and level.get(f.severity, f.severity) == want.severity for f in by_file[want.file])]
    written = written_expectations(folder)
    # Only what stands where Bandit finds something, too: a missing docstring is no issue of low severity.
    counted = collections.Counter((f.file, level.get(f.severity, f.severity)) for f in found if any(want.file == f.file and near(want, f) for want in expected))
    agree = sum(min(issues, counted[file, severity]) for file, counts in written.items() for severity, issues in counts.items())
    issues = sum(sum(counts.values()) for counts in written.values())
    wanted = {(want.file, line) for want in expected for line in range(want.first, want.last + 1)}
    security = [f for f in found if not any((f.file, line) in wanted for line in range(f.first, f.last + 1)) and f.cwe]
    row = {"expected": len(expected), "by_line": len(same_line) / len(expected), "by_line_and_severity": len(same) / len(expected), "beyond": len(security),
           "written": issues, "by_file_and_severity": agree / issues, "seconds": ours, "bandit_seconds": theirs}
    print(f"Bandit's examples: {row['expected']} expected, found by line {row['by_line']:.1%}, by line and severity {row['by_line_and_severity']:.1%}, "
          f"of {issues} issues that its tests name by file and severity {row['by_file_and_severity']:.1%}, {row['beyond']} security findings elsewhere; {ours:.2f} s, bandit {theirs:.2f} s", flush=True)
    if misses:
        counts = collections.Counter(want.rule for want in expected if want not in same_line)
        print("    missed:", dict(counts.most_common()))
        for want in [want for want in expected if want not in same_line][:80]:
            print(f"    {want.file}:{want.first} {want.rule} {want.severity}")
        other = collections.Counter((want.rule, want.severity, " ".join(sorted({f"{f.rule}={f.severity}" for f in by_file[want.file] if near(want, f) and f.rule != "python.no-docstring"})))
                                    for want in expected if want in same_line and want not in same)
        for (rule, severity, ours), count in other.most_common():
            print(f"    {count:3} times {rule} {severity}, ours {ours}")
    return row


# ---- semgrep's labels

SEMGREP_FOLDERS = ("c", "go", "java", "javascript", "php", "python", "ruby", "rust", "typescript")
LABEL = re.compile(r"(?:#|//|/\*|<!--|\{/\*|\{#)\s*(todoruleid|ruleid|ok|todook)\s*:\s*([\w.,\s-]+?)\s*(?:\*/|-->|\*/\}|#\})?\s*$")


def held_out(folder):
    """Half of the rule folders, by a hash of their path: rules were written without looking at these."""
    return hashlib.sha256(str(folder).encode()).digest()[0] % 2 == 1


def labels_of(text):
    """(line that is meant, label, names of rules)"""
    for number, line in enumerate(text, 1):
        label = LABEL.search(line)
        if not label or label.group(1).startswith("todo"):
            continue
        # The label is for the next line that is no label.
        at = number
        while at < len(text) and (LABEL.search(text[at]) or not text[at].strip()):
            at += 1
        yield at + 1, label.group(1), re.split(r"[,\s]+", label.group(2).strip())


def rules_of(rule_file):
    """The rules' weaknesses, by their names; empty where it is no file of rules."""
    import yaml
    try:
        rules = yaml.safe_load(rule_file.read_text()).get("rules", [])
    except (yaml.YAMLError, AttributeError):
        return {}
    return {rule["id"]: {int(number) for number in re.findall(r"CWE-(\d+)", str(rule.get("metadata", {}).get("cwe", [])))} for rule in rules}


def semgrep_cases(root):
    files = [(top, file) for top in SEMGREP_FOLDERS for file in sorted((root / top).rglob("*.y*ml")) if not file.name.endswith((".test.yaml", ".test.yml"))]
    for top, rule_file in files:
        cwes = rules_of(rule_file)
        tests = [test for test in sorted(rule_file.parent.glob(rule_file.stem + ".*")) if test.suffix not in (".yaml", ".yml") and ".fixed" not in test.suffixes]
        for test in tests:
            for line, label, names in labels_of(lines_of(test)):
                for name in (name.rsplit(".", 1)[-1] for name in names):
                    if name in cwes:
                        yield str(test.relative_to(root)), line, label, name, cwes[name], top, rule_file.parent.relative_to(root)


# Weaknesses that are the same thing at different distances.
RELATIVES = [{78, 77, 88}, {79, 80, 116, 83}, {89, 564, 943}, {22, 23, 36, 73}, {94, 95, 96, 913, 1336}, {327, 326, 328, 916, 780, 310, 321}, {295, 297, 599, 300}, {798, 259, 321, 522, 547, 200},
             {330, 338, 335, 331}, {611, 776, 827}, {502}, {601}, {918}, {319, 311, 614, 1004, 523, 300}, {242, 676, 119, 120, 787, 126, 676}, {415, 416, 825}, {287, 345, 347, 289, 306}, {732, 276, 250, 269}, {668, 605, 1327}, {352}, {1333, 400, 185}, {915}, {134}, {470}, {489, 215}, {377, 379}]


def related(one, other):
    return one == other or any(one in group and other in group for group in RELATIVES)


def semgrep_labels(leyden, root, misses):
    cases = list(semgrep_cases(root))
    listed = subprocess.run([leyden.program, "review", "--list-rules", "--json"], capture_output=True, text=True, check=True)
    claims = collections.defaultdict(set)  # CWEs of our rules, by language.
    for rule in json.loads(listed.stdout):
        for language in rule["languages"]:
            claims[language].add(rule["cwe"])
    aliases = {"javascript": ("javascript", "typescript", "tsx"), "typescript": ("typescript", "tsx", "javascript"), "c": ("c", "cpp")}
    with tempfile.TemporaryDirectory() as temporary:  # Without what would hide tests from the walk.
        copy = pathlib.Path(temporary) / "labels"
        for name in {case[0] for case in cases}:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, copy / name)
        found, report, seconds = leyden.review(copy)
    by_file = collections.defaultdict(list)
    for finding in found:
        by_file[finding.file].append(finding)
    tables = {part: collections.defaultdict(lambda: [0, 0, 0, 0]) for part in ("seen", "held out")}
    missed, alarms = [], []
    for name, line, label, rule, cwes, top, folder in cases:
        ours = set().union(*(claims[language] for language in aliases.get(top, (top,))))
        if not any(related(cwe, mine) for cwe in cwes for mine in ours if mine):
            continue
        hit = any(f.first <= line <= f.last and f.cwe and any(related(f.cwe, cwe) for cwe in cwes) for f in by_file[name])
        part = "held out" if held_out(folder) else "seen"
        row = tables[part][top]
        if label == "ruleid":
            row[0] += 1
            row[1] += hit
            if not hit and part == "seen":
                missed.append((name, line, rule))
        else:
            row[2] += 1
            row[3] += hit
            if hit and part == "seen":
                alarms.append((name, line, rule))
    out = {}
    print(f"semgrep-rules' labels, in the weaknesses that rules claim ({seconds:.1f} s, {len(report['not_reviewed'])} files not reviewed)")
    for part, table in tables.items():
        total = [sum(row[i] for row in table.values()) for i in range(4)]
        for top, row in [*sorted(table.items()), ("all", total)]:
            out[f"{part} {top}"] = row
            print(f"  {part:9} {top:11} ruleid {row[1]:4} of {row[0]:4} ({row[1] / max(row[0], 1):6.1%})   alarms on ok {row[3]:4} of {row[2]:4} ({row[3] / max(row[2], 1):6.1%})",
                  flush=True)
    if misses:
        print("    missed, by rule:", dict(collections.Counter(rule for _, _, rule in missed).most_common(60)))
        for case in missed[:200]:
            print("    missed", *case)
        for case in alarms:
            print("    alarm", *case)
    return out


# ---- Speed


def timed(command, folder, environment=None):
    """Seconds, and what it printed."""
    begin = time.perf_counter()
    child = subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, errors = child.communicate()
    if child.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} ended with {child.returncode}: {errors[-500:].decode(errors='replace')}")
    return time.perf_counter() - begin, out


def speed(leyden, folder, rules, rounds):
    """A large tree: cold, again, and again after one file was edited; semgrep with the rules of its own repository for what is there, bandit where there is Python."""
    semgrep = python_environment.make("bench-semgrep", HERE / "requirements-semgrep.txt") / "bin"
    with tempfile.TemporaryDirectory() as temporary:
        copy = pathlib.Path(temporary) / "tree"
        shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        environment = os.environ | {"XDG_DATA_HOME": f"{temporary}/data", "PATH": f"{semgrep}:{os.environ['PATH']}"}
        ours = [leyden.program, "review", "--json", "--analyzers", "none", "."]
        rows = collections.defaultdict(list)
        edited = max(copy.rglob("*.py"), key=lambda path: path.stat().st_size, default=None) or next(path for path in copy.rglob("*") if path.suffix in (".c", ".js", ".java", ".go"))
        for _ in range(rounds):
            shutil.rmtree(f"{temporary}/data", ignore_errors=True)
            seconds, out = timed(ours, copy, environment)
            rows["leyden, cold"].append(seconds)
            report = json.loads(out)
            rows["leyden, nothing changed"].append(timed(ours, copy, environment)[0])
            edited.write_text(edited.read_text(encoding="utf-8", errors="replace") + "\n", encoding="utf-8")
            rows["leyden, one file changed"].append(timed(ours, copy, environment)[0])
        if rules:
            seconds, out = timed([semgrep / "semgrep", "scan", "--metrics=off", "--disable-version-check", "--json", "--quiet", "--no-git-ignore", "--jobs", os.cpu_count(), "--config", rules, "."],
                                 copy, environment)
            done = json.loads(out)
            rows[f"semgrep, {len(done['paths']['scanned'])} files, {rules.name}"].append(seconds)
        if any(copy.rglob("*.py")):
            rows["bandit"].append(timed([pathlib.Path(sys.prefix) / "bin" / "bandit", "-r", "-q", "-f", "json", "."], copy)[0])
    print(f"Speed: {report['files_reviewed']} files, {report['lines_reviewed']} lines; best of {rounds}, load {os.getloadavg()[0]:.1f}")
    best = min(rows["leyden, cold"])
    for title, seconds in rows.items():
        print(f"  {title:44} {min(seconds):8.2f} s  {min(seconds) / best:8.2f} of ours, cold", flush=True)
    return {title: min(seconds) for title, seconds in rows.items()} | {"files": report["files_reviewed"], "lines": report["lines_reviewed"]}


# ---- Good code


def quiet(leyden, folders, misses):
    rows = {}
    print("Good code: findings for 1,000 lines")
    for folder in folders:
        found, report, seconds = leyden.review(folder)
        lines = report["lines_reviewed"]
        counts = collections.Counter(finding.severity for finding in found)
        rows[str(folder)] = dict(counts) | {"lines": lines, "seconds": seconds}
        rate = {severity: 1000 * counts[severity] / max(lines, 1) for severity in ("critical", "high", "medium", "low")}
        print(f"  {folder.name:24} {lines:8} lines  critical+high {rate['critical'] + rate['high']:.3f}  medium {rate['medium']:.3f}  low {rate['low']:.3f}  {seconds:.1f} s", flush=True)
        if misses:
            print("   ", dict(collections.Counter((f.severity, f.rule) for f in found).most_common(40)))
    return rows


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--leyden", type=lambda path: pathlib.Path(path).resolve(), required=True)
    arguments.add_argument("--juliet", type=pathlib.Path, help="a checkout of arichardson/juliet-test-suite-c")
    arguments.add_argument("--juliet-variant", default="01", help="of its files: how the data flows")
    arguments.add_argument("--bandit", type=pathlib.Path, help="a checkout of PyCQA/bandit")
    arguments.add_argument("--semgrep-rules", type=pathlib.Path, help="a checkout of semgrep/semgrep-rules")
    arguments.add_argument("--speed", type=pathlib.Path, help="a large tree to review beside semgrep and bandit")
    arguments.add_argument("--speed-rules", type=lambda path: pathlib.Path(path).resolve(), help="semgrep's rules for it: a folder of semgrep/semgrep-rules")
    for name in linters.LINTERS:
        arguments.add_argument(f"--{name}", type=pathlib.Path, help=f"a folder of code, for {name}'s marks")
    arguments.add_argument("--quiet", type=pathlib.Path, nargs="*", default=[], help="folders of code that is held to be good")
    arguments.add_argument("--peers", action="store_true", help="cppcheck, too, where it is installed")
    arguments.add_argument("--misses", action="store_true", help="what was not found; of semgrep's labels never those held out")
    arguments.add_argument("--engine", action="store_true", help="what the engine brings to reviews by a model, on a real llama-server")
    arguments.add_argument("--files", type=pathlib.Path, default=HERE.parent.parent / "src", help="for --engine: a folder of sources")
    arguments.add_argument("--count", type=int, default=8, help="for --engine: how many of them")
    arguments.add_argument("--guidelines", type=lambda path: pathlib.Path(path).resolve(), default=HERE.parent.parent / "docs", help="for --engine")
    arguments.add_argument("--reviews", type=int, default=4, help="for --engine: of each file")
    arguments.add_argument("--max-answer-tokens", type=int, default=64, help="for --engine")
    arguments.add_argument("--model", default="smollm2-135m", help="for --engine")
    arguments.add_argument("--json", type=pathlib.Path)
    options = arguments.parse_args()
    python_environment.enter("bench-review", HERE / "requirements.txt")
    leyden, out = Leyden(options.leyden), {}
    if options.juliet:
        out["juliet"] = juliet(leyden, options.juliet, options.juliet_variant, options.peers, options.misses)
    if options.bandit:
        out["bandit"] = bandit_examples(leyden, options.bandit, options.misses)
    if options.semgrep_rules:
        out["semgrep"] = semgrep_labels(leyden, options.semgrep_rules, options.misses)
    if options.speed:
        out["speed"] = speed(leyden, options.speed, options.speed_rules, 3)
    for name in linters.LINTERS:
        if folder := getattr(options, name):
            out[name] = linters.compare(name, leyden, folder, options.misses)
    if options.quiet:
        out["quiet"] = quiet(leyden, options.quiet, options.misses)
    if options.engine:
        import engine
        out["engine"] = engine.run(options)
    if not out:
        raise SystemExit("nothing to measure: name a checkout, see --help")
    if options.json:
        options.json.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
