# How the work of a call grows with its input is counted, not timed: instructions, by valgrind where it is installed; else lines that
# run, which do not see what one line does in C (`x in list`). Sizes double, so that what does not depend on them cancels out.


def lines_of(work, lines_max=math.inf):
    """How many lines run; more than `lines_max` raise TimeoutError."""
    lines = 0

    def trace(_frame, event, _argument):
        nonlocal lines
        if event == "line":
            lines += 1
            if lines > lines_max:
                raise TimeoutError
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def count_lines(cases):
    out = {}
    for name, (call, sizes) in cases.items():
        call(sizes[0])  # Warm: what is made once is there.
        out[name] = [lines_of(lambda: call(size)) for size in sizes]
    return out


def run_under_valgrind(cases):
    """In the child: os.getppid() is where valgrind writes down what it has counted."""
    for call, sizes in cases.values():
        call(sizes[0])
        for size in sizes:
            os.getppid()
            call(size)
        os.getppid()


def count_instructions(cases, program):
    """By another process of `program`, which calls run_under_valgrind(); None where there is no valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        command = [valgrind, "--tool=callgrind", f"--callgrind-out-file={folder}/out", "--dump-before=getppid", sys.executable, *program]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        dumps = sum(len(sizes) + 1 for _, sizes in cases.values())
        counts = []
        for i in range(1, dumps + 1):
            dump = pathlib.Path(folder, f"out.{i}")
            if not dump.exists():
                raise RuntimeError(f"valgrind counted nothing: {ran.stderr[-300:]}")
            counts.append(int(re.search(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)[1]))
    out, at = {}, 0
    for name, (_, sizes) in cases.items():
        out[name] = counts[at + 1:at + 1 + len(sizes)]
        at += len(sizes) + 1
    return out


def order_of(counts):
    """p, where the work grows as n ** p."""
    one, two = counts[-2] - counts[-3], counts[-1] - counts[-2]
    return round(math.log2(two / one), 2) if one > 0 and two > 0 else 0.0


def check_growth(name, cases, baseline, program, margin=0.5):
    """Two orders that are `margin` apart are called the same."""
    kind, counts = counted(cases, baseline, program)
    before, now = baseline[name][kind + "_order"], order_of(counts[name])
    assert now <= before + margin, f"the work of {name} grew as n ** {before}, now as n ** {now} ({kind}: {counts[name]})"


COUNTED = {}  # By program: one run counts for all tests of its file.


def counted(cases, baseline, program):
    if program not in COUNTED:
        with_instructions = all("instructions_order" in one for one in baseline.values())
        instructions = count_instructions(cases, [program]) if with_instructions else None
        COUNTED[program] = ("instructions", instructions) if instructions else ("lines", count_lines(cases))
    return COUNTED[program]
