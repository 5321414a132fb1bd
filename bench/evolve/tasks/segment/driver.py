import sys

sys.path.insert(0, "/candidate")
import segment  # noqa: E402

# No json: reading it in would take more instructions than the task.
words, *texts = open("/candidate/texts.txt", encoding="utf-8").read().splitlines()
for one in segment.cuts(texts, words.split()):
    print(*one)
