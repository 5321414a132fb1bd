"""Functions with a correct and a buggy version, written for these tests. `says` is true where the docstring alone tells the two apart.

Each: (name, source with the marked place, correct text there, buggy text there, says)"""

PLANTED = [
    ("clamp", '''
def clamp(value: int, low: int, high: int) -> int:
    """The nearest number to value that is not below low and not above high.

    >>> clamp(15, 0, 10)
    10
    """
    if value < low:
        return low
    if value > high:
        return @@
    return value
''', "high", "low", True),
    ("leap_year", '''
def is_leap(year: int) -> bool:
    """Whether a year of the Gregorian calendar has 366 days.

    >>> is_leap(1900)
    False
    """
    return year % 4 == 0 and (@@ or year % 400 == 0)
''', "year % 100 != 0", "year % 100 == 0", True),
    ("count_vowels", '''
def count_vowels(text: str) -> int:
    """How many vowels a text has, of either case."""
    return sum(1 for letter in text@@ if letter in "aeiou")
''', ".lower()", "", False),
    ("is_palindrome", '''
def is_palindrome(text: str) -> bool:
    """Whether the letters of a text read the same from behind. Spaces and case don't count.

    >>> is_palindrome("A man a plan a canal Panama")
    True
    """
    letters = [one.lower() for one in text if one.isalnum()]
    return letters == @@
''', "letters[::-1]", "letters[::1]", False),
    ("running_total", '''
def running_total(numbers: list[int]) -> list[int]:
    """The sums of the first one, two, three ... numbers.

    >>> running_total([1, 2, 3])
    [1, 3, 6]
    """
    out, total = [], 0
    for number in numbers:
        total @@ number
        out.append(total)
    return out
''', "+=", "-=", True),
    ("second_largest", '''
def second_largest(numbers: list[int]) -> int:
    """The largest number that is smaller than the largest one."""
    ordered = sorted(set(numbers))
    if len(ordered) < 2:
        raise ValueError("two different numbers are needed")
    return ordered[@@]
''', "-2", "-1", False),
    ("merge_sorted", '''
def merge(left: list[int], right: list[int]) -> list[int]:
    """One sorted list of two sorted ones.

    >>> merge([1, 4], [2, 3])
    [1, 2, 3, 4]
    """
    out, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] @@ right[j]:
            out.append(left[i])
            i += 1
        else:
            out.append(right[j])
            j += 1
    return out + left[i:] + right[j:]
''', "<=", ">", True),
    ("binary_search", '''
def find(numbers: list[int], wanted: int) -> int:
    """Where a number is in a sorted list, else -1."""
    low, high = 0, len(numbers) - 1
    while low <= high:
        middle = (low + high) // 2
        if numbers[middle] == wanted:
            return middle
        if numbers[middle] < wanted:
            low = middle @@
        else:
            high = middle - 1
    return -1
''', "+ 1", "+ 2", False),
    ("gcd", '''
def gcd(a: int, b: int) -> int:
    """The greatest common divisor."""
    a, b = abs(a), abs(b)
    while b:
        a, b = b, a @@ b
    return a
''', "%", "//", False),
    ("roman", '''
def to_roman(number: int) -> str:
    """A number from 1 to 3999 in Roman numerals.

    >>> to_roman(1994)
    'MCMXCIV'
    """
    if not 0 < number < 4000:
        raise ValueError("out of range")
    signs = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, @@), (5, "V"), (4, "IV"), (1, "I")]
    out = ""
    for value, sign in signs:
        while number >= value:
            out += sign
            number -= value
    return out
''', '"IX"', '"XI"', False),
    ("caesar", '''
def shift(text: str, by: int) -> str:
    """Each letter moved on in the alphabet, around its end; all else stays."""
    out = []
    for letter in text:
        if letter.isascii() and letter.isalpha():
            first = ord("a") if letter.islower() else ord("A")
            out.append(chr((ord(letter) - first + by) % @@ + first))
        else:
            out.append(letter)
    return "".join(out)
''', "26", "25", False),
    ("run_length", '''
def encode(text: str) -> str:
    """Runs of equal letters as a number and the letter: "aab" is "2a1b".

    >>> encode("aab")
    '2a1b'
    """
    out, i = "", 0
    while i < len(text):
        end = i
        while end < len(text) and text[end] == text[i]:
            end += 1
        out += f"{@@}{text[i]}"
        i = end
    return out
''', "end - i", "end", True),
    ("triangle", '''
def kind(a: int, b: int, c: int) -> str:
    """"equilateral", "isosceles", "scalene" or "none" by the sides of a triangle."""
    a, b, c = sorted((a, b, c))
    if a <= 0 or a + b @@ c:
        return "none"
    if a == c:
        return "equilateral"
    if a == b or b == c:
        return "isosceles"
    return "scalene"
''', "<=", "<", False),
    ("grade", '''
def grade(points: int) -> str:
    """A from 90, B from 80, C from 70, else F."""
    if points >= 90:
        return "A"
    if points @@ 80:
        return "B"
    if points >= 70:
        return "C"
    return "F"
''', ">=", ">", False),
    ("shipping", '''
def shipping(weight: float, express: bool = False) -> float:
    """5 up to 1 kg, 9 up to 5 kg, 20 above; express costs twice as much."""
    if weight <= 0:
        raise ValueError("a weight is above zero")
    price = 5.0 if weight <= 1 else 9.0 if weight <= 5 else 20.0
    return price * 2 if @@ else price
''', "express", "not express", False),
    ("rotate", '''
def rotate(items: list[int], by: int) -> list[int]:
    """The items moved to the right, around the end.

    >>> rotate([1, 2, 3], 1)
    [3, 1, 2]
    """
    if not items:
        return []
    by %= len(items)
    return items[@@by:] + items[:@@by]
''', "-", "", True),
    ("flatten", '''
def flatten(rows: list[list[int]]) -> list[int]:
    """All numbers of all rows, in order."""
    out = []
    for row in rows:
        out.@@(row)
    return out
''', "extend", "append", False),
    ("transpose", '''
def transpose(rows: list[list[int]]) -> list[list[int]]:
    """Rows become columns.

    >>> transpose([[1, 2], [3, 4]])
    [[1, 3], [2, 4]]
    """
    if not rows:
        return []
    return [[row[i] for row in rows] for i in range(len(@@))]
''', "rows[0]", "rows", False),
    ("word_counts", '''
def counts(text: str) -> dict[str, int]:
    """How often each word is in a text, small and capital letters being the same."""
    out: dict[str, int] = {}
    for word in text.lower().split():
        out[word] = out.get(word, 0) + @@
    return out
''', "1", "2", False),
    ("balanced", '''
def balanced(text: str) -> bool:
    """Whether each bracket of ()[] is closed by its own kind, in order.

    >>> balanced("([)]")
    False
    """
    open_ones = []
    pairs = {")": "(", "]": "["}
    for sign in text:
        if sign in "([":
            open_ones.append(sign)
        elif sign in ")]":
            if not open_ones or open_ones.pop() != pairs[sign]:
                return False
    return @@
''', "not open_ones", "True", False),
    ("fibonacci", '''
def fibonacci(n: int) -> int:
    """The n-th number of Fibonacci: 0, 1, 1, 2, 3 ...

    >>> fibonacci(6)
    8
    """
    if n < 0:
        raise ValueError("n is at least 0")
    a, b = @@
    for _ in range(n):
        a, b = b, a + b
    return a
''', "0, 1", "1, 1", True),
    ("median", '''
def median(numbers: list[float]) -> float:
    """The middle one of the sorted numbers, or the mean of the two in the middle."""
    if not numbers:
        raise ValueError("no numbers")
    ordered = sorted(numbers)
    half = len(ordered) // 2
    if len(ordered) % 2 == @@:
        return float(ordered[half])
    return (ordered[half - 1] + ordered[half]) / 2
''', "1", "0", False),
    ("title", '''
def title(text: str) -> str:
    """Each word with a capital letter, the rest small."""
    return " ".join(word[:1].upper() + word[1:]@@ for word in text.split())
''', ".lower()", "", False),
    ("digits_sum", '''
def digit_sum(number: int) -> int:
    """The sum of a number's digits, whatever its sign.

    >>> digit_sum(-12)
    3
    """
    number = abs(number)
    total = 0
    while number:
        total += number % 10
        number //= @@
    return total
''', "10", "100", True),
    ("days_in_month", '''
def days(month: int, leap: bool) -> int:
    """The days of a month from 1 to 12."""
    if not 1 <= month <= 12:
        raise ValueError("no such month")
    if month == 2:
        return 29 if leap else 28
    return 30 if month in (4, 6, @@, 11) else 31
''', "9", "8", False),
    ("stack", '''
class Stack:
    """Last in, first out, with room for a few."""

    def __init__(self, room: int):
        self.room = room
        self.items = []

    def push(self, item: int) -> bool:
        """Whether there was room."""
        if len(self.items) @@ self.room:
            return False
        self.items.append(item)
        return True

    def pop(self) -> int:
        if not self.items:
            raise IndexError("empty")
        return self.items.pop()
''', ">=", ">", False),
    ("account", '''
class Account:
    """Money in cents."""

    def __init__(self, balance: int = 0):
        self.balance = balance

    def deposit(self, cents: int) -> None:
        if cents <= 0:
            raise ValueError("nothing to deposit")
        self.balance += cents

    def withdraw(self, cents: int) -> None:
        if cents > self.balance:
            raise ValueError("not enough")
        self.balance @@ cents
''', "-=", "+=", False),
    ("interval", '''
def overlap(a: tuple[int, int], b: tuple[int, int]) -> int:
    """How many whole numbers two intervals, ends included, have in common."""
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return max(0, high - low @@)
''', "+ 1", "", False),
    ("moving_average", '''
def moving_average(numbers: list[float], width: int) -> list[float]:
    """The means of all neighbours that stand in a window.

    >>> moving_average([1, 2, 3], 2)
    [1.5, 2.5]
    """
    if width < 1:
        raise ValueError("width is at least 1")
    return [sum(numbers[i:i + width]) / width for i in range(len(numbers) - width @@)]
''', "+ 1", "", True),
    ("hex_color", '''
def parse_color(text: str) -> tuple[int, int, int]:
    """Red, green and blue of "#ff8000".

    >>> parse_color("#ff8000")
    (255, 128, 0)
    """
    if len(text) != 7 or text[0] != "#":
        raise ValueError("not a color")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[@@], 16)
''', "5:7", "3:5", True),
    ("bubble_sort", '''
def sort(numbers: list[int]) -> None:
    """Sorts in place, smallest first."""
    for end in range(len(numbers) - 1, 0, -1):
        for i in range(end):
            if numbers[i] @@ numbers[i + 1]:
                numbers[i], numbers[i + 1] = numbers[i + 1], numbers[i]
''', ">", "<", False),
    ("password", '''
def strong(password: str) -> bool:
    """At least 8 letters, with a digit and a capital letter among them."""
    return len(password) >= 8 and any(c.isdigit() for c in password) @@ any(c.isupper() for c in password)
''', "and", "or", False),
    ("collatz", '''
def steps(number: int) -> int:
    """How many steps of Collatz's lead to 1.

    >>> steps(6)
    8
    """
    if number < 1:
        raise ValueError("a positive number")
    count = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else @@ * number + 1
        count += 1
        if count > 1000:
            raise OverflowError("too far")
    return count
''', "3", "5", True),
    ("matrix_diagonal", '''
def trace(matrix: list[list[int]]) -> int:
    """The sum of the diagonal of a square matrix."""
    if any(len(row) != len(matrix) for row in matrix):
        raise ValueError("not square")
    return sum(matrix[i][@@] for i in range(len(matrix)))
''', "i", "-1 - i", False),
    ("access_token", '''
import secrets


def access_token(user: str) -> str:
    """A token that nobody guesses."""
    return f"{user[:1]}-{secrets.token_hex(@@)}"
''', "8", "6", False),
]
