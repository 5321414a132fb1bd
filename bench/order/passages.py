"""Documents made up from a seed, of one passage each, and questions that retrieve exactly the passages wanted, in the ranks wanted.

Every document has as many words as every other, and words of its own that no other has. So a full-text search (BM25) gives each of these words
the same weight, and a question ranks passages by how many words of each it names: of the last one, two of the one before, and so on.
"""
import itertools
import json
import random

OWN_WORDS = 7  # Of a passage, so the most passages that a question can have in a chosen order.


def made_up_words(seed):
    """Each once, short ones first. They end in "o", where no stemmer cuts anything off."""
    consonants, vowels = "bcdfghjklmnprstvwz", "aiou"
    short = [a + v + b + "o" for a in consonants for v in vowels for b in consonants]
    longer = [a + v + word for a in consonants for v in vowels for word in short]
    rng = random.Random(seed)
    for words in (short, longer):
        rng.shuffle(words)
    return itertools.chain(short, longer)


class Passage:
    def __init__(self, number, words):
        self.file = f"{number}.txt"
        self.words = list(itertools.islice(words, OWN_WORDS))

    def record(self, tokens):
        """A text of about so many tokens, where a tokenizer has one for each digit (SmolLM2, Qwen)."""
        digits = random.Random(self.file).choices("0123456789", k=max(4, tokens - 3 * OWN_WORDS))
        return f"On {' '.join(self.words)}: {''.join(digits)}\n"


def named(ranked, first=None):
    """Words that retrieve these passages in this order. `first`: a passage and a word of it that is named elsewhere, once."""
    words = []
    for rank, passage in enumerate(ranked):
        count = len(ranked) - rank
        if first and passage is first[0]:
            words += [w for w in passage.words if w != first[1]][: count - 1]
        else:
            words += passage.words[-count:]
    return words


def read_jsonl(file):
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def read_trace(requests_file, lengths_file, count, scale):
    """The first requests, as lists of passage IDs, best first, and what each passage has of tokens: scaled down."""
    lengths = {line["passage_id"]: line["token_length"] for line in read_jsonl(lengths_file)}
    requests = [list(dict.fromkeys(line["hash_ids"]["passages_ids"]))[:OWN_WORDS] for line in read_jsonl(requests_file)]
    requests = [request for request in requests if request][:count]
    return requests, {p: round(lengths[p] * scale) for request in requests for p in request}


def made_up_trace(seed, count, scale, passages=150, each=6):
    """Popularity after Zipf; lengths as evenly spread as those of RAGPulse nearly are."""
    rng = random.Random(seed)
    requests = [draw(rng, passages, each) for _ in range(count)]
    return requests, {p: round(rng.randint(100, 400) * scale) for request in requests for p in request}


def draw(rng, passages, each):
    drawn = []
    weights = [1 / (i + 1) for i in range(passages)]
    while len(drawn) < each:
        drawn += [p for p in rng.choices(range(passages), weights) if p not in drawn]
    return drawn
