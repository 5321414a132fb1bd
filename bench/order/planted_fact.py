"""Whether the order of passages costs right answers: each passage holds an access code, one is asked for."""
import math
import pathlib
import random
import tempfile

import llama_server
import passages
import runs

PASSAGES = 24
EACH = 5  # In a prompt.


def text_of(passage, code):
    name, river, town, keeper, oil, road, boat = (w.capitalize() for w in passage.words)
    return (f"The {name} station: town {town}, river {river}, keeper {keeper}, oil from {oil}, road {road}, boat {boat}. The access code of the {name} "
            f"station is {code}.\n")


def wilson(right, of, z=1.96):
    """95 % interval of a share (Wilson 1927)."""
    share = right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return [max(0.0, middle - half), min(1.0, middle + half)]


def share(right):
    return {"right": sum(right), "of": len(right), "interval": wilson(sum(right), len(right))}


def show(name, row):
    low, high = row["interval"]
    print(f"{name:34}{row['right']:4} of {row['of']:<4}{row['right'] / row['of']:8.1%}   ({low:.1%} to {high:.1%})", flush=True)


def run(options):
    rng = random.Random(options.seed)
    words = passages.made_up_words(options.seed)
    pool = [passages.Passage(i, words) for i in range(PASSAGES)]
    codes = {p: code for p, code in zip(pool, rng.sample(range(1000, 10_000), PASSAGES))}
    questions, files, asked = [], [], []
    for i in range(options.facts):
        ranked = [pool[n] for n in passages.draw(rng, PASSAGES, EACH)]
        fact = ranked[i % EACH]  # Retrieval ranks it first, second, ... as often.
        also = passages.named(ranked, first=(fact, fact.words[0]))
        rng.shuffle(also)
        questions.append(f"We read of {' '.join(w.capitalize() for w in also)}. What is the access code of the {fact.words[0].capitalize()} station? "
                         "Answer with its four digits alone.")
        files.append([p.file for p in ranked])
        asked.append(fact)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        leyden = runs.Leyden(options.leyden, pathlib.Path(folder), llama_server.model_file(options.fact_model))
        leyden.index({p.file: text_of(p, codes[p]) for p in pool})
        print(f"\n{options.facts} questions for a planted fact, {EACH} passages each, {options.fact_model}: right answers (95 % interval)\n")
        for order in options.orders:
            with llama_server.LlamaServer(options.fact_model, 2048, ["--parallel", "1", "--cache-ram", "8192"]) as server:
                answers = leyden.ask(server, questions, files, order, 20)
            right, place = [], []
            for answer, fact in zip(answers, asked):
                right.append(str(codes[fact]) in answer["response"])
                place.append([pathlib.PurePath(d["id"]).name for d in answer["context"]["documents"]].index(fact.file) + 1)
            by_place = {n: share([r for r, at in zip(right, place) if at == n]) for n in sorted(set(place))}
            best = share([r for i, r in enumerate(right) if i % EACH == 0])
            row = {"order": order, **share(right), "by_position": by_place, "ranked_first": best,
                   "prompt_tokens": sum(a["context_tokens"] + a["query_tokens"] for a in answers), "places": place, "answers": [a["response"] for a in answers],
                   "expected_answers": [codes[f] for f in asked]}
            rows.append(row)
            show(order, row)
            show("  the fact ranked first", best)
            for n, at in by_place.items():
                show(f"  the fact at place {n}", at)
    return rows
