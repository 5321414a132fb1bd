"""First-token time by order, with the server's counts beside what Leyden expected and what a simulated tree cache has."""
import json
import pathlib
import statistics
import tempfile

import llama_server
import passages
import runs

SERVERS = {
    "1 slot": ["--parallel", "1", "--cache-ram", "0"],
    "4 slots": ["--parallel", "4", "--cache-ram", "0"],
    "1 slot, host cache": ["--parallel", "1", "--cache-ram", "8192"],
}
PROBE = "Anything?"


def frame(leyden, server):
    """What stands before and behind passages and question in a prompt, as token IDs, from a turn that Leyden kept."""
    leyden.run("ask", PROBE, "--collection", "empty", "--session", "probe", "--server", server.url, "--tokenizer", leyden.tokenizer,
               "--max-answer-tokens", 1, "--json")
    turn = json.loads(leyden.run("session", "export", "probe").splitlines()[0])
    leyden.run("session", "delete", "probe", "--yes")
    before, behind = server.text(turn["prompt_ids"]).split("Question: " + PROBE)
    return server.tokens(before), server.tokens(behind)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def milliseconds(values):
    return {"median": statistics.median(values), "p90": percentile(values, 0.9)} if values else None


def measure(leyden, model, window, name, questions, ranked, order, cold_count):
    slots = int(SERVERS[name][1])
    with llama_server.LlamaServer(model, window * slots, SERVERS[name]) as server:
        before, behind = frame(leyden, server)
    with llama_server.LlamaServer(model, window * slots, SERVERS[name]) as server:
        answers = leyden.ask(server, questions, ranked, order, 1)
        prompts = [before + a["context"]["token_ids"] + server.tokens("Question: " + q) + behind for a, q in zip(answers, questions)]
        # The server has just computed the last one: if it is not what Leyden sent, then less than all but its last token is there.
        _, again = server.first_token(prompts[-1], cached=True)
        assert again >= len(prompts[-1]) - 1, f"the prompt made here is not Leyden's: {again} of {len(prompts[-1])} tokens"
        step = max(1, len(prompts) // cold_count) if cold_count else len(prompts) + 1
        cold = []
        for prompt in prompts[step - 1 :: step]:
            ms, reused = server.first_token(prompt, cached=False)
            assert reused == 0
            cold.append(ms)
    for answer, prompt in zip(answers, prompts):
        assert len(prompt) == answer["context_tokens"] + answer["query_tokens"]
    reused = [a["prompt_tokens_reused"] for a in answers]
    assert None not in reused, "the server did not tell what it reused"
    expected = [a["prompt_tokens_expected_reused"] for a in answers]
    of_passages = sum(min(max(r - len(before), 0), a["context_tokens"]) for r, a in zip(reused, answers))
    tokens = sum(map(len, prompts))
    return {
        "server": name, "order": order, "prompts": len(prompts), "prompt_tokens": tokens,
        "passage_tokens": sum(a["context_tokens"] for a in answers), "computed_tokens": tokens - sum(reused), "reused_tokens": sum(reused),
        "expected_tokens": sum(expected), "mean_distance": statistics.mean(abs(e - r) for e, r in zip(expected, reused)),
        "within_32": sum(abs(e - r) <= 32 for e, r in zip(expected, reused)) / len(reused),
        "reused_share": sum(reused) / tokens, "reused_passage_share": of_passages / sum(a["context_tokens"] for a in answers),
        "warm_ms": milliseconds([a["latency_ms"]["first_token"] for a in answers]), "cold_ms": milliseconds(cold), "cold_prompts": len(cold),
        "leyden_ms": milliseconds([a["context"]["timings_ms"]["total"] for a in answers]),
    }, {pathlib.PurePath(d["id"]).name: d["token_count"] for a in answers for d in a["context"]["documents"]}


def tree_shares(leyden, folder, ranked, lengths):
    """What a server that keeps a tree of all prompts, as vLLM or SGLang, would reuse of the passages."""
    numbers = {file: i for i, file in enumerate(lengths)}
    (folder / "requests.jsonl").write_text("".join(json.dumps({"hash_ids": {"passages_ids": [numbers[f] for f in r]}}) + "\n" for r in ranked))
    (folder / "lengths.jsonl").write_text("".join(json.dumps({"passage_id": i, "token_length": lengths[f]}) + "\n" for f, i in numbers.items()))
    shares = {}
    for suffix, flags in (("", []), (runs.BEST_LAST, ["--best-last"])):
        out = leyden.run("bench", "order", "--requests", folder / "requests.jsonl", "--lengths", folder / "lengths.jsonl", "--server-cache-tokens",
                         "unlimited", "--json", *flags)
        shares.update({row["order"] + suffix: row["reused_token_share"] for row in json.loads(out)["results"]})
    return shares


def run(options):
    if options.requests:
        requests, tokens = passages.read_trace(options.requests, options.lengths, options.questions, options.scale)
    else:
        requests, tokens = passages.made_up_trace(options.seed, options.questions, options.scale)
    words = passages.made_up_words(options.seed)
    documents = {p: passages.Passage(i, words) for i, p in enumerate(tokens)}
    ranked = [[documents[p] for p in request] for request in requests]
    questions = ["What is on " + " ".join(passages.named(r)) + "?" for r in ranked]
    files = [[p.file for p in r] for r in ranked]
    longest = max(sum(max(tokens[p], 50) for p in request) for request in requests)
    window = (longest + 600) // 256 * 256 + 256
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        leyden = runs.Leyden(options.leyden, folder, llama_server.model_file(options.model))
        leyden.index({d.file: d.record(tokens[p]) for p, d in documents.items()})
        # So that no order finds fewer tokens cached by Leyden than the others.
        leyden.run("ask", *questions, "--no-model", "--tokenizer", leyden.tokenizer)
        shares = None
        print(f"{len(requests)} questions, {len(documents)} passages; times in ms, median (p90); shares of the passages' tokens\n")
        print(f"{'server':20}{'order':18}{'warm':>16}{'cold':>16}{'prompt':>9}{'reused':>9}{'expected':>9}{'apart':>7}{'share':>8}{'in a tree':>10}")
        for name in options.servers:
            for order in options.orders:
                row, lengths = measure(leyden, options.model, window, name, questions, files, order, options.cold)
                shares = shares or tree_shares(leyden, folder, files, lengths)
                row["tree_passage_share"] = shares[order]
                rows.append(row)
                warm, cold = ("-" if t is None else f"{t['median']:.0f} ({t['p90']:.0f})" for t in (row["warm_ms"], row["cold_ms"]))
                print(f"{name:20}{order:18}{warm:>16}{cold:>16}{row['prompt_tokens']:9}{row['reused_tokens']:9}{row['expected_tokens']:9}"
                      f"{row['mean_distance']:7.0f}{row['reused_passage_share']:8.1%}{row['tree_passage_share']:10.1%}", flush=True)
    return rows
