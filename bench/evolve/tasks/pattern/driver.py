import sys

sys.path.insert(0, "/candidate")
import pattern  # noqa: E402

print(repr(pattern.PATTERN))
