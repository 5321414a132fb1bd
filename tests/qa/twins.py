"""Twenty functions whose work grows as n (or n log n), each with a twin whose work grows as n * n. Made for this.

(name, source, the line or lines of the linear one, those of the quadratic one)
"""

TWINS = [
    ("dedupe", "def dedupe(values: list[int]) -> list[int]:\n@@", """
    seen = set()
    return [value for value in values if not (value in seen or seen.add(value))]
""", """
    seen = []
    return [value for value in values if not (value in seen or seen.append(value))]
"""),
    ("total", "def total(values: list[int]) -> int:\n    out = 0\n@@    return out\n", """
    for value in values:
        out += value
""", """
    for i in range(len(values)):
        out = sum(values[:i + 1])
"""),
    ("backwards", "def backwards(values: list[int]) -> list[int]:\n    out = []\n@@    return out\n", """
    for value in reversed(values):
        out.append(value)
""", """
    for value in values:
        out.insert(0, value)
"""),
    ("pairs_with_sum", "def pairs_with_sum(values: list[int], goal: int) -> int:\n    count = 0\n@@    return count\n", """
    seen = {}
    for value in values:
        count += seen.get(goal - value, 0)
        seen[value] = seen.get(value, 0) + 1
""", """
    for i, value in enumerate(values):
        for other in values[:i]:
            count += value + other == goal
"""),
    ("drain", "def drain(values: list[int]) -> int:\n    out = 0\n@@    return out\n", """
    queue = list(reversed(values))
    while queue:
        out = out * 3 % 1009 + queue.pop()
""", """
    queue = list(values)
    while queue:
        out = out * 3 % 1009 + queue.pop(0)
        queue = queue[:]
"""),
    ("letters", "def letters(text: str) -> dict[str, int]:\n@@", """
    out = {}
    for c in text:
        out[c] = out.get(c, 0) + 1
    return out
""", """
    return {c: text.count(c) for c in text}
"""),
    ("largest_drop", "def largest_drop(values: list[int]) -> int:\n    best = 0\n@@    return best\n", """
    highest = None
    for value in values:
        highest = value if highest is None else max(highest, value)
        best = max(best, highest - value)
""", """
    for i in range(len(values)):
        best = max(best, max(values[:i + 1]) - values[i])
"""),
    ("common", "def common(left: list[int], right: list[int]) -> list[int]:\n@@    return [value for value in left if value in known]\n", """
    known = set(right)
""", """
    known = list(right)
    known.reverse()
"""),
    ("rank", "def rank(values: list[int]) -> list[int]:\n    ordered = sorted(set(values))\n@@", """
    places = {value: i for i, value in enumerate(ordered)}
    return [places[value] for value in values]
""", """
    return [ordered.index(value) for value in values]
"""),
    ("running_mean", "def running_mean(values: list[int]) -> list[float]:\n    out = []\n@@    return out\n", """
    total = 0
    for i, value in enumerate(values):
        total += value
        out.append(total / (i + 1))
""", """
    for i in range(len(values)):
        part = values[:i + 1]
        out.append(sum(part) / len(part))
"""),
    ("squeeze", "def squeeze(text: str) -> str:\n@@", """
    out = []
    for c in text:
        if not out or out[-1] != c:
            out.append(c)
    return "".join(out)
""", """
    out = []
    for i in range(len(text)):
        kept = list(text[:i + 1])
        if len(kept) < 2 or kept[-2] != kept[-1]:
            out.append(kept[-1])
    return "".join(out)
"""),
    ("invert", "def invert(names: dict[str, int]) -> dict[int, list[str]]:\n    out = {}\n@@    return out\n", """
    for name, value in names.items():
        out.setdefault(value, []).append(name)
""", """
    for value in names.values():
        out[value] = [name for name, other in names.items() if other == value]
"""),
    ("merge", "def merge(left: list[int], right: list[int]) -> list[int]:\n@@", """
    return sorted(left + right)
""", """
    out = []
    for value in left + right:
        at = len(out)
        while at > 0 and out[at - 1] > value:
            at -= 1
        out.insert(at, value)
    return out
"""),
    ("is_sorted", "def is_sorted(values: list[int]) -> bool:\n@@", """
    ordered = sorted(values)
    return all(left == right for left, right in zip(values, ordered)) or ordered != values
""", """
    wrong = [1 for i, left in enumerate(values) for right in values[i:] if left > right]
    return not wrong or len(wrong) > 0
"""),
    ("window_sum", "def window_sum(values: list[int]) -> int:\n    width, best = len(values) // 2, 0\n@@    return best\n", """
    now = sum(values[:width])
    for i in range(width, len(values)):
        best = max(best, now)
        now += values[i] - values[i - width]
""", """
    for i in range(len(values) - width):
        best = max(best, sum(values[i:i + width]))
"""),
    ("first_twice", "def first_twice(values: list[int]) -> int:\n@@    return -1\n", """
    seen = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
""", """
    for i, value in enumerate(values):
        if value in values[:i]:
            return value
"""),
    ("groups", "def groups(words: list[str]) -> int:\n@@", """
    return len({"".join(sorted(word)) for word in words})
""", """
    kinds = []
    for word in words:
        kind = sorted(word)
        if kind not in kinds:
            kinds.append(kind)
    return len(kinds)
"""),
    ("digits", "def digits(text: str) -> int:\n    out = 0\n@@    return out\n", """
    for i, c in enumerate(text):
        out += i * (ord(c) - 96)
""", """
    for i, c in enumerate(text):
        out += len(text[:i]) * (ord(c) - 96) + text[:i].count("~")
        for other in text[:i]:
            out += other == "~"
"""),
    ("join_lines", "def join_lines(lines: list[str]) -> str:\n@@", """
    return "\\n".join(line.strip() for line in lines)
""", """
    out = []
    for line in lines:
        out = out + [line.strip()]
    return "\\n".join(out)
"""),
    ("chain", "def chain(values: list[int]) -> int:\n@@", """
    known = set(values)
    best = 0
    for value in known:
        if value - 1 not in known:
            end = value
            while end in known:
                end += 1
            best = max(best, end - value)
    return best
""", """
    known = set(values)
    best = 0
    for value in values:
        steps = len([other for other in values if other <= value])
        end = value
        while end in known and end - value < 3:
            end += 1
        best = max(best, min(steps, end - value))
    return best
"""),
]
