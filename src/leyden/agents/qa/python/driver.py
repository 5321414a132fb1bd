"""Runs calls of one module inside the sandbox and says what came of each. Leyden writes `request.json` and reads `answers.jsonl`,
one JSON object a line, flushed at once: what is there when this process is killed still counts.

Run by serve.py.

request: {file, module, path, mode, limit_s, inputs: [{setup, arguments, call, ...}], ...}
modes:   explore  which inputs reach something that none did before
         confirm  every input three times, with all that it reaches and what it gives
         mutants  which input tells which mutant from the original
         comparisons with what each input's texts were compared
         repeat   which inputs give the same in a process whose hashes have another seed
         examples which examples of the docstrings give something else than they say
"""
import ast
import builtins
import contextlib
import copy
import dis
import importlib
import importlib.util
import inspect
import io
import json
import math
import os
import random
import re
import resource
import signal
import sys
import time
import types

import leyden_comparisons
import leyden_values
from leyden_values import TEXT_MAX, literal, observed

OTHER_SEED = "1"  # Of hashes.
LINES_MAX = 100_000  # That a call may run while inputs are searched: some 0.05 s, but the same on every machine.
MEMORY_MAX = 768 << 20  # Less than the sandbox's.
TICKS_S = 0.012  # The processor's time is counted in ticks of some milliseconds.


class OutOfTime(BaseException):
    """Not an Exception: a program's `except Exception` must not catch it."""


def on_alarm(_signal, _frame):
    raise OutOfTime


def set_limit(seconds):
    """Of the processor's time, so that a busy machine changes nothing; what waits ends a good while later. 0: none."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * 10)


class Tracer:
    """Line arcs of one file, as coverage.py counts them: (line, next line), negative at a function's entry and exit."""

    def __init__(self, file):
        self.file = file
        self.arcs = set()
        self.finished = set()  # IDs of code in which nothing is left to find: not traced any more.
        self.lines_left = math.inf  # Then it is out of time.

    def __call__(self, frame, event, _argument):
        code = frame.f_code
        if code.co_filename != self.file or id(code) in self.finished:
            return None
        arcs, first = self.arcs, code.co_firstlineno
        last = -first

        def local(frame, event, _argument):
            nonlocal last
            if event == "line":
                self.lines_left -= 1
                if self.lines_left < 0:
                    raise OutOfTime
                line = frame.f_lineno
                arcs.add((last, line))
                last = line
            elif event == "return":
                arcs.add((last, -first))
            return local

        return local

    @contextlib.contextmanager
    def tracing(self):
        sys.settrace(self)
        try:
            yield
        finally:
            sys.settrace(None)


def code_of(file):
    """All code objects of a file."""
    with open(file, "rb") as source:
        todo = [compile(source.read(), file, "exec", dont_inherit=True)]
    while todo:
        code = todo.pop()
        yield code
        todo.extend(one for one in code.co_consts if isinstance(one, types.CodeType))


def arcs_of(code):
    """The arcs that a code object can take, but for those of exceptions; and its lines."""
    instructions = [one for one in dis.get_instructions(code) if one.opname not in ("CACHE", "RESUME", "NOP") or one.starts_line]
    line, lines = None, {}
    starts = dict(dis.findlinestarts(code))
    for one in dis.get_instructions(code):
        if one.offset in starts:
            line = starts[one.offset]
        lines[one.offset] = line
    arcs, first = set(), code.co_firstlineno
    ends = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD_NO_INTERRUPT")
    for one, after in zip(instructions, instructions[1:] + [None]):
        here = lines[one.offset]
        if here is None:
            continue
        if one.opcode in dis.hasjrel or one.opcode in dis.hasjabs:
            there = lines.get(one.argval)
            if there is not None and there != here:
                arcs.add((here, there))
        if one.opname in ("RETURN_VALUE", "RETURN_CONST"):
            arcs.add((here, -first))
        elif after is not None and one.opname not in ends:
            there = lines[after.offset]
            if there is not None and there != here:
                arcs.add((here, there))
    return arcs, {one for one in lines.values() if one is not None and one >= 1}


def goals_of(file):
    """For each code object: its first line, the lines it has, and the arcs from lines that can go two ways."""
    out = []
    for code in code_of(file):
        arcs, lines = arcs_of(code)
        ways = {}
        for here, there in arcs:
            ways.setdefault(here, set()).add(there)
        branches = {(here, there) for here, two in ways.items() if len(two) > 1 for there in two}
        out.append((code, lines, branches))
    return out


def raised_where(error, file):
    """The line of the file's own `raise` or `assert` that the error comes from, else 0."""
    trace = error.__traceback__
    last = None
    while trace is not None:
        last = trace
        trace = trace.tb_next
    if last is None or last.tb_frame.f_code.co_filename != file:
        return 0
    raises = dis.opname[last.tb_frame.f_code.co_code[last.tb_lasti]] == "RAISE_VARARGS"
    return last.tb_lineno if raises else 0


def enter(paths):
    """From here on modules of the project are found. Not before: one may be called like one of Python's that is needed here."""
    sys.path[:0] = paths
    os.environ["PYTHONPATH"] = paths[0]


class Writes:
    """Notes that the program would change files. In the sandbox most of that fails, with its user it would not: what comes of it says nothing."""
    CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "shutil.copyfile", "shutil.move", "shutil.rmtree", "sqlite3.connect"}
    ALLOWED = ("/tmp/", "/dev/", "/proc/")

    def __init__(self):
        self.seen = False
        sys.addaudithook(self)

    def __call__(self, event, arguments):
        if event == "open":
            path, mode, flags = arguments
            changes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if isinstance(flags, int) else isinstance(mode, str) and any(c in mode for c in "wax+")
        else:
            path, changes = arguments[0] if arguments else None, event in self.CHANGES
        if not changes or isinstance(path, int) or path in (None, ":memory:"):
            return
        try:
            self.seen = self.seen or not os.path.abspath(os.fsdecode(path)).startswith(self.ALLOWED)
        except (TypeError, ValueError):
            pass  # Nothing that a file could be called.


class Runner:
    def __init__(self, request):
        self.request = request
        self.file = request["file"]
        self.tracer = Tracer(self.file)
        self.limit_s = request["limit_s"]
        self.seed = 0  # Of random numbers.
        signal.signal(signal.SIGALRM, on_alarm)
        signal.signal(signal.SIGPROF, on_alarm)
        self.writes = Writes()

    def load(self):
        enter(self.request["path"])
        name = self.request["module"]
        if name in sys.modules and getattr(sys.modules[name], "__file__", None) != self.file:
            del sys.modules[name]  # One of Python's, loaded by us.
        self.module = importlib.import_module(name)
        if getattr(self.module, "__file__", None) != self.file:
            raise ImportError(f"{self.request['module']} is another file: {getattr(self.module, '__file__', None)}")
        return self.module

    def names(self, module):
        """What expressions may use: what the module defines."""
        out = {"__builtins__": builtins}
        out.update({name: value for name, value in vars(module).items() if not name.startswith("__")})
        # Literals name these. A module often has `datetime` from `from datetime import datetime`.
        out.update(leyden_values.of_standard_library())
        return out

    def run(self, one, module, trace=True, limit_s=None):
        """What came of it, as told to Leyden. The clock runs for all of it, also for reading the answer."""
        begin = time.process_time()
        self.writes.seen = False
        out = self.look(one, module, trace, limit_s or self.limit_s)
        if self.writes.seen:
            out = {"outcome": "broken"}
        out["ms"] = round((time.process_time() - begin) * 1000, 2)
        return out

    def run_on_another_day(self, one, module, number):
        """What a test says must hold tomorrow, too."""
        os.environ[CLOCK] = str(-34567890 - 3200107 * number)
        try:
            return self.run(copy.deepcopy(one), module, trace=False)
        finally:
            os.environ.pop(CLOCK, None)

    def look(self, one, module, trace, limit_s):
        random.seed(self.seed)
        leyden_values.begin(module)
        out, names = {"made": False}, self.names(module)
        stdout = io.StringIO()
        tracing = self.tracer.tracing if trace else contextlib.nullcontext
        try:
            set_limit(limit_s)
            with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()):
                try:
                    arguments = {}
                    for name, text in one["arguments"]:
                        arguments[name] = names[name] = eval(text, names)
                    with tracing():
                        for line in one["setup"]:
                            exec(line, names)
                    here = names.get(one.get("receiver"))
                    out["made"] = True
                    call = Call(here, arguments)
                    with tracing():
                        result = called(one["call"], names)
                        if inspect.isawaitable(result):
                            import asyncio
                            out["awaited"] = True
                            result = asyncio.run(asyncio.wait_for(result, limit_s))
                        seen = ["made", ""] if one.get("makes_receiver") else observed(result)
                except OutOfTime:
                    raise
                except (KeyboardInterrupt, MemoryError):
                    return {"outcome": "broken"}
                except BaseException as error:  # Whatever the program raises is its answer.
                    return {**out, **self.told_of_error(error, out["made"])}
                try:
                    out.update(call.told(result, seen))
                except Exception:  # A hostile __repr__.
                    return {"outcome": "unsayable"}
        except OutOfTime:
            return {**out, "outcome": "time"}
        finally:
            set_limit(0)
        if stdout.closed:  # A test that does this would end the runner's own.
            return {**out, "outcome": "unsayable"}
        if out["outcome"] == "value" and (printed := stdout.getvalue()):
            out["printed"] = repr(printed) if len(printed) <= TEXT_MAX else ""
        if ASSIGNMENT.match(one["call"]) and not out.keys() & {"state", "changed", "printed"}:
            return {"outcome": "unsayable"}
        return out

    def told_of_error(self, error, made):
        """What is raised before the call, where its arguments or its object are made, is told of the constructor."""
        kind = type(error)
        return {"outcome": "error", "error": kind.__name__, "module": kind.__module__, "raised": raised_where(error, self.file) if made else 0, "message": str(error)[:200]}


def called(text, names):
    """What an expression gives; an assignment gives nothing."""
    if ASSIGNMENT.match(text):
        return exec(text, names)
    return eval(text, names)


ASSIGNMENT = re.compile(r"\w+\.\w+ = ")


class Call:
    """What an object and arguments were before a call, and what it made of them."""

    def __init__(self, here, arguments):
        self.here, self.arguments = here, arguments
        self.arguments_before = {name: literal(value) for name, value in arguments.items()}
        if here is not None:
            self.before, self.hidden_before = leyden_values.parts_of(here), leyden_values.hidden_of(here)
        leyden_values.Tested.names.clear()

    def told(self, result, seen):
        if seen is None:
            return {"outcome": "unsayable"}
        out = {"outcome": "value", "form": seen[0], "text": seen[1], "kind": type(result).__name__}
        if changed := self.changed():
            out["changed"] = changed
        if seen[0] == "made":
            state = leyden_values.parts_of(result, with_properties=True)
        else:
            state = {} if self.here is None else self.moved(result is None)
        if state:
            out["state"] = state
        if seen[0] == "type" and result is not self.here and (fields := leyden_values.parts_of_result(result)):
            out["fields"] = fields
        if leyden_values.Tested.names:
            out["names"] = sorted(leyden_values.Tested.names)
        return out

    def changed(self):
        """Arguments that the call has changed."""
        texts = {name: literal(value) for name, value in self.arguments.items()}
        return {name: text for name, text in texts.items() if None not in (text, self.arguments_before[name]) and text != self.arguments_before[name]}

    def moved(self, says_nothing):
        """What the call has changed of the object; all of it where it says nothing else. Properties are code: they are not asked before the call."""
        moves = leyden_values.hidden_of(self.here) != self.hidden_before
        after = leyden_values.parts_of(self.here, with_properties=says_nothing or moves)
        return {place: text for place, text in after.items() if self.before.get(place) != text} or (after if says_nothing else {})


AGAIN = 8  # How often a call is made anew that does not give the same twice.
CLOCK = "LEYDEN_CLOCK"  # What is added to the wall clock.
STEADY = 4  # Runs that all notice a mutant where answers vary: it is no accident.


def meets(common, got):
    """Whether another call gives what several had in common."""
    if got["outcome"] != "value":
        return False
    if common["form"] == "matches":
        meant = got["form"] == "value" and got["kind"] == "str" and re.fullmatch(common["text"], got["text"][1:-1])
    else:
        meant = (common["form"], common["text"]) == (got["form"], got["text"])
    parts = all(got.get(key, {}).get(name) == text for key in ("changed", "state", "fields") for name, text in common.get(key, {}).items())
    return bool(meant) and parts and common.get("printed", got.get("printed")) == got.get("printed")


def same(left, right):
    """Whether a test made of one passes on the other."""
    if left.get("varies"):
        return meets(left, right)
    keys = ("outcome", "form", "text", "error", "changed", "state", "fields", "printed")
    return all(left.get(key) == right.get(key) for key in keys)


class Patience:
    """How much of the limit a call of a function may use: half as much after each that came to no end, as inputs of a kind that hangs come
    by the hundred; twice as much again after a long one that was worth it."""
    LEAST = 1 / 20

    def __init__(self, shares):
        self.shares = shares  # By function, as text.

    def share(self, function):
        return self.shares.get(function, 1)

    def note(self, function, hung, used):
        share = self.share(function)
        if hung:
            self.shares[function] = max(self.LEAST, share / 2)
        elif used > share / 4:
            self.shares[function] = min(1, share * 2)


class Patterns:
    """Regular expressions that code in a folder makes: what its texts are meant to look like."""
    COUNT_MAX, BYTES_MAX = 40, 2000

    def __init__(self, folder):
        self.folder, self.seen, self.found = folder, set(), []
        self.compile, re._compile = re._compile, self

    def __call__(self, pattern, flags):
        if isinstance(pattern, str) and pattern not in self.seen:
            self.seen.add(pattern)
            frame = sys._getframe(1)
            while frame is not None and frame.f_code.co_filename == re.__file__:
                frame = frame.f_back
            if frame is not None and frame.f_code.co_filename.startswith(self.folder) and len(self.found) < self.COUNT_MAX and len(pattern) < self.BYTES_MAX:
                verbose = flags & re.VERBOSE if isinstance(flags, int) else False
                self.found.append(VERBOSE.sub("", pattern) if verbose else pattern)
        return self.compile(pattern, flags)


VERBOSE = re.compile(r"(?<!\\)(\s+|#.*)")  # What counts for nothing there, outside of classes.


def explore(runner, answer):
    patterns = Patterns(runner.request["path"][-1] + "/")
    goals = goals_of(runner.file)
    lines = sorted(set().union(*(lines for _, lines, _ in goals)))
    branches = sorted(set().union(*(branches for _, _, branches in goals)))
    with runner.tracer.tracing():
        module = runner.load()
    answer({"goals": {"lines": lines, "branches": branches}, "loaded": sorted(runner.tracer.arcs)})
    seen = {tuple(arc) for arc in runner.request["seen"]} | runner.tracer.arcs
    # Found again by its place: what the import system compiled is another object.
    by_place = {}
    for code, of_lines, of_branches in goals:
        by_place[code.co_firstlineno, code.co_name] = (of_lines, of_branches)

    def finish(codes):
        reached = {line for arc in seen for line in arc}
        for code in codes:
            of_lines, of_branches = by_place.get((code.co_firstlineno, code.co_name), (None, None))
            if of_lines is not None and of_branches <= seen and of_lines - {code.co_firstlineno} <= reached:
                runner.tracer.finished.add(id(code))

    loaded = loaded_code(module, runner.file)
    finish(loaded)
    near = set()  # Reached by what ended with an error of somebody else's: a step on the way.
    patience = Patience(runner.request["patience"])
    for i, one in enumerate(runner.request["inputs"]):
        answer({"begin": i})
        runner.tracer.arcs = set()
        share = patience.share(one["function"])
        runner.tracer.lines_left = budget = int(share * LINES_MAX)
        out = runner.run(one, module, limit_s=max(share * runner.limit_s, TICKS_S))
        fresh = runner.tracer.arcs - seen
        patience.note(one["function"], out["outcome"] == "time", (budget - runner.tracer.lines_left) / LINES_MAX if fresh else 0)
        told = {"input": i, "outcome": out["outcome"], "ms": out["ms"]}
        if patience.share(one["function"]) != share:
            told["share"] = patience.share(one["function"])
        if out["outcome"] == "error":
            told.update(error=out["error"], raised=out["raised"])
            if out["error"] in ("NameError", "UnboundLocalError"):
                told["message"] = out["message"]
        if fresh and (out["outcome"] == "value" or out.get("raised")):
            seen |= fresh
            finish(loaded)
            told["fresh"] = sorted(fresh)
        elif out["outcome"] == "error" and not fresh <= near:
            near |= fresh
            told["near"] = True
        answer(told)
    answer({"patterns": patterns.found})


def loaded_code(module, file):
    """The code objects that run, of functions and classes of a module that is loaded."""
    out, todo, known = set(), list(vars(module).values()), set()
    while todo:
        one = todo.pop()
        if id(one) in known:
            continue
        known.add(id(one))
        if isinstance(one, types.CodeType):
            if one.co_filename == file:
                out.add(one)
                todo.extend(inner for inner in one.co_consts if isinstance(inner, types.CodeType))
        elif isinstance(one, types.FunctionType):
            todo.append(one.__code__)
            if hasattr(one, "__wrapped__"):
                todo.append(one.__wrapped__)
        elif isinstance(one, (staticmethod, classmethod)):
            todo.append(one.__func__)
        elif isinstance(one, property):
            todo.extend(f for f in (one.fget, one.fset, one.fdel) if f)
        elif isinstance(one, type) and one.__module__ == module.__name__:
            todo.extend(vars(one).values())
    return out


def confirm(runner, answer):
    module = runner.load()
    for i, one in enumerate(runner.request["inputs"]):
        answer({"begin": i})
        runner.tracer.arcs = set()
        first = runner.run(one, module)
        arcs = sorted(runner.tracer.arcs)
        again = runner.run_on_another_day(one, module, 0)
        first["ms"] = again["ms"]
        first["stable"] = same(first, again)
        if not first["stable"] and first["outcome"] == "value":
            first["others"] = [again] + [runner.run_on_another_day(one, module, number) for number in range(1, AGAIN)]
        if first["stable"] and draws_random_numbers(module):
            runner.seed = 1
            first["seeded"] = not same(first, runner.run(one, module, trace=False))
            runner.seed = 0
        answer({"input": i, "reached": arcs, **first})


def draws_random_numbers(module):
    return any(value is random or getattr(value, "__self__", None) is random._inst for value in vars(module).values())


def repeat(runner, answer):
    module = runner.load()
    for i, one in enumerate(runner.request["inputs"]):
        answer({"input": i, "same": same(one["expected"], runner.run(one, module, trace=False))})


def comparisons(runner, answer):
    """With what the texts of each input were compared, in a copy of the module that tells it."""
    runner.load()
    with open(runner.file, "rb") as source:
        tree = leyden_comparisons.Rewriter().visit(ast.parse(source.read()))
    module = emptied(runner)
    record = leyden_comparisons.Record(module)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(ast.fix_missing_locations(tree), runner.file, "exec", dont_inherit=True), vars(module))
    for i, one in enumerate(runner.request["inputs"]):
        answer({"begin": i})
        record.begin()
        runner.run(one, module, trace=False)
        answer({"input": i, "pairs": record.pairs(one)})


def emptied(runner):
    """A new module in the place of the tested one: dataclasses and pickles look it up."""
    name = runner.request["module"]
    module = types.ModuleType(name)
    module.__file__ = runner.file
    module.__package__ = name.rpartition(".")[0]
    sys.modules[name] = module
    return module


def mutants(runner, answer):
    runner.load()
    with open(runner.file, "rb") as source:
        original = source.read()
    for number, mutant in enumerate(runner.request["mutants"]):
        if mutant.get("skip"):
            continue
        answer({"mutant": number, "begin": True})
        changed = original[:mutant["begin"]] + mutant["text"].encode() + original[mutant["end"]:]
        killers = []
        try:
            set_limit(max(1.0, runner.limit_s))
            try:
                code = compile(changed, runner.file, "exec", dont_inherit=True)
                module = emptied(runner)
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    exec(code, vars(module))
            finally:
                set_limit(0)
        except SyntaxError:
            answer({"mutant": number, "invalid": True})
            continue
        except BaseException:
            answer({"mutant": number, "killers": mutant["inputs"][:1]})
            continue
        for i in mutant["inputs"]:
            one = runner.request["inputs"][i]
            # A mutant that takes far longer than the original is noticed: it may never end.
            limit_s = min(runner.limit_s, 0.03 + one["ms"] / 1000 * 20)
            runs = STEADY if one["expected"].get("varies") else 1
            if not any(same(one["expected"], runner.run(one, module, trace=False, limit_s=limit_s)) for _ in range(runs)):
                killers.append(i)
                if len(killers) >= mutant.get("killers_max", 1):
                    break
        answer({"mutant": number, "killers": killers})


def examples(runner, answer):
    import doctest
    module = runner.load()
    finder, checker = doctest.DocTestFinder(exclude_empty=True), doctest.OutputChecker()
    top = module.__name__.partition(".")[0]
    for test in finder.find(module, module.__name__, module=module):
        names, told = dict(vars(module)), []
        names.setdefault(top, sys.modules[top])  # As its user has it.

        class Notes(doctest.DocTestRunner):
            def report_start(self, out, test, example):
                set_limit(runner.limit_s * 10)

            def report_success(self, out, test, example, got):
                set_limit(0)
                told.append(1)

            def report_failure(self, out, test, example, got):
                set_limit(0)
                told.append((example, got))

            def report_unexpected_exception(self, out, test, example, info):
                set_limit(0)
                # A name that an example before it was to define, in another docstring or in none: it can't be run.
                if info[0] is not NameError or info[2].tb_next is None or info[2].tb_next.tb_next is not None:
                    told.append((example, f"{info[0].__name__}: {info[1]}"))

        test.globs = names
        try:
            Notes(checker=checker, verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(test, out=lambda _text: None, clear_globs=False)
        except OutOfTime:
            continue
        finally:
            set_limit(0)
        name = test.name[len(module.__name__) + 1:]
        failed = [one for one in told if one != 1]
        answer({"examples": len(told), "function": name})
        for example, got in failed:
            answer({"example": example.source.strip()[:300], "line": (test.lineno or 0) + example.lineno + 1, "function": name, "want": example.want.strip()[:200], "got": got.strip()[:200]})


def version_of(package):
    """Of an installed package, as its folder's name says: importlib.metadata takes longer to load than all of this."""
    for folder in sys.path:
        if os.path.isdir(folder):
            for name in os.listdir(folder):
                found = re.fullmatch(re.escape(package) + r"-(.+)\.dist-info", name)
                if found:
                    return found[1]
    import importlib.metadata
    return importlib.metadata.version(package)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    if request["mode"] == "repeat" and os.environ.get("PYTHONHASHSEED") != OTHER_SEED:
        os.execve(sys.executable, [sys.executable, os.path.abspath(__file__), *sys.argv[1:]], os.environ | {"PYTHONHASHSEED": OTHER_SEED})
    sys.setrecursionlimit(3000)
    # A list of a thousand million is an error, not the end of this process.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    # Not where the program can print into it.
    answers = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)

    def answer(line):
        os.write(answers, (json.dumps(line) + "\n").encode())

    if request["mode"] == "runner":
        answer({"runner": f"pytest {version_of('pytest')} on Python {sys.version.split()[0]}"})
        return
    sys.argv = [request["file"]]
    runner = Runner(request)
    try:
        {"explore": explore, "confirm": confirm, "comparisons": comparisons, "repeat": repeat, "mutants": mutants, "examples": examples}[request["mode"]](runner, answer)
    except OutOfTime:
        raise
    except BaseException as error:
        answer({"failed": f"{type(error).__name__}: {error}"[:500]})
        sys.exit(1)
    answer({"done": True})
    os._exit(0)  # Threads that the program left don't keep it.


if __name__ == "__main__":
    main()
