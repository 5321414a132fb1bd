"""The marks of linters that people know, and which of them `leyden review` finds: where rules of ours claim the same. README.md says more."""
import collections
import json
import subprocess
import sys
import time

# What each linter calls it, and our rules for it. Left out is what we do not want to say: metrics by other thresholds, blanks, and idioms that people mean
# (an assignment within parentheses in a condition, an empty block with a
# comment that says why, `@unlink`).
PYLINT = {
    "unused-import": ["python.unused-import"], "unused-variable": ["python.unused-variable", "python.unused-part"], "wildcard-import": ["python.wildcard-import"],
    "bare-except": ["python.bare-except"], "singleton-comparison": ["python.compare-none", "python.compare-not-none", "python.compare-bool"],
    "dangerous-default-value": ["python.mutable-default"], "redefined-builtin": ["python.shadowed-builtin", "python.builtin-parameter"],
    "f-string-without-interpolation": ["python.f-string-without-value", "python.f-string-without-value-single"], "unnecessary-pass": ["python.pass-not-needed"],
    "pointless-statement": ["python.statement-without-effect"], "expression-not-assigned": ["python.statement-without-effect"],
    "unidiomatic-typecheck": ["python.type-compared"], "literal-comparison": ["python.is-literal", "python.is-not-literal"], "raise-missing-from": ["python.raise-without-cause"],
    "unspecified-encoding": ["python.open-without-encoding"], "subprocess-run-check": ["python.subprocess-check"],
    "super-with-arguments": ["python.super-arguments"], "useless-object-inheritance": ["python.object-base"], "global-statement": ["python.global-statement"],
    "unreachable": ["common.unreachable"], "duplicate-key": ["common.duplicate-key"], "self-assigning-variable": ["python.self-assignment"],
    "comparison-with-itself": ["python.self-comparison"], "unnecessary-negation": ["python.not-in-order", "python.not-is-order"], "using-constant-test": ["python.constant-condition"],
    "consider-iterating-dictionary": ["python.keys-lookup"], "no-else-return": ["python.else-after-return"], "no-else-raise": ["python.else-after-return"],
    "no-else-continue": ["python.else-after-return"], "no-else-break": ["python.else-after-return"],
}

RUBOCOP = {
    "Lint/SelfAssignment": ["ruby.self-assignment"], "Lint/BinaryOperatorWithIdenticalOperands": ["ruby.self-comparison"], "Style/NilComparison": ["ruby.compare-nil"],
    "Style/GlobalVars": ["ruby.global-variable"], "Style/ClassVars": ["ruby.class-variable"], "Style/RescueModifier": ["ruby.rescue-modifier"],
    "Style/UnlessElse": ["ruby.unless-else"], "Style/NestedTernaryOperator": ["ruby.nested-ternary"], "Lint/EnsureReturn": ["ruby.return-in-ensure"],
    "Lint/RedundantStringCoercion": ["ruby.to-s-in-text"], "Style/For": ["ruby.for-loop"], "Style/Not": ["ruby.not-keyword"], "Style/ZeroLengthPredicate": ["ruby.empty-size"],
    "Style/RedundantReturn": ["ruby.useless-return"], "Naming/MethodName": ["ruby.method-name"], "Naming/VariableName": ["ruby.variable-name"],
    "Lint/SuppressedException": ["ruby.rescue-nothing"], "Lint/RescueException": ["ruby.rescue-exception"], "Lint/Debugger": ["ruby.debugger"],
    "Lint/UnreachableCode": ["common.unreachable"], "Lint/DuplicateHashKey": ["common.duplicate-key"],
}
PHPCS = {
    "Squiz.PHP.NonExecutableCode.Unreachable": ["common.unreachable"],
    "Squiz.PHP.GlobalKeyword.NotAllowed": ["php.global-statement"], "Generic.CodeAnalysis.ForLoopWithTestFunctionCall.NotAllowed": ["php.count-in-loop"],
    "Generic.PHP.DiscourageGoto.Found": ["php.goto"], "Generic.CodeAnalysis.UnconditionalIfStatement.Found": ["php.constant-condition"],
    "Generic.PHP.ForbiddenFunctions.FoundWithAlternative": ["php.alias-function"], "Squiz.PHP.InnerFunctions.NotAllowed": ["php.inner-function"],
    "Generic.CodeAnalysis.UselessOverridingMethod.Found": ["php.useless-override"], "PSR1.Methods.CamelCapsMethodName.NotCamelCaps": ["php.method-name"],
    "Squiz.Classes.ValidClassName.NotCamelCaps": ["php.class-name"],
}

Mark = collections.namedtuple("Mark", "file first last symbol message")


def run(command, folder):
    return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout)


def pylint(folder):
    files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.py"))]
    done = run([sys.executable, "-m", "pylint", "--rcfile=/dev/null", "--output-format=json", "--disable=import-error", "--score=n", *files], folder)
    return [Mark(mark["path"], mark["line"], mark["endLine"] or mark["line"], mark["symbol"], mark["message"].split("\n")[0]) for mark in done]


def rubocop(folder):
    done = run(["rubocop", "--force-default-config", "--cache", "false", "--format", "json", "."], folder)
    return [Mark(file["path"], mark["location"]["start_line"], mark["location"]["last_line"], mark["cop_name"], mark["message"]) for file in done["files"] for mark in file["offenses"]]


def phpcs(folder):
    done = run(["phpcs", "--standard=Generic,PSR1,PSR2,Squiz", "--extensions=php", "--report=json", "--basepath=.", "-q", "."], folder)
    return [Mark(file, mark["line"], mark["line"], mark["source"], mark["message"]) for file, all_of_it in done["files"].items() for mark in all_of_it["messages"]]


LINTERS = {"pylint": (pylint, PYLINT), "rubocop": (rubocop, RUBOCOP), "phpcs": (phpcs, PHPCS)}


def compare(name, leyden, folder, misses):
    marks_of, claims = LINTERS[name]
    found, report, seconds = leyden.review(folder, "--type", "style")
    rules = collections.defaultdict(list)
    for finding in found:
        rules[finding.file, finding.rule].append(finding)
    begin = time.perf_counter()
    marks = marks_of(folder)
    theirs = time.perf_counter() - begin
    table, missed, unclaimed = collections.defaultdict(lambda: [0, 0]), [], collections.Counter()
    for mark in marks:
        if mark.symbol not in claims:
            unclaimed[mark.symbol] += 1
            continue
        hit = any(f.first <= mark.last and mark.first <= f.last for rule in claims[mark.symbol] for f in rules[mark.file, rule])
        table[mark.symbol][0] += 1
        table[mark.symbol][1] += hit
        if not hit:
            missed.append(mark)
    claimed, hits = sum(row[0] for row in table.values()), sum(row[1] for row in table.values())
    print(f"{name}'s marks in {report['lines_reviewed']} lines, in the {len(table)} messages that rules claim: {hits} of {claimed} ({hits / max(claimed, 1):.1%}); "
          f"{sum(unclaimed.values())} marks of {len(unclaimed)} others; {seconds:.2f} s, {name} {theirs:.1f} s", flush=True)
    if misses:
        for symbol, row in sorted(table.items(), key=lambda item: -item[1][0]):
            print(f"    {symbol:50} {row[1]:5} of {row[0]:5}")
        print("    not claimed:", dict(unclaimed.most_common(40)))
        for mark in missed[:400]:
            print("    missed", *mark)
    return {"lines": report["lines_reviewed"], "marks": claimed, "found": hits, "seconds": seconds, "linter_seconds": theirs, "not_claimed": sum(unclaimed.values())}
