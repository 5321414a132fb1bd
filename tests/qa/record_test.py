#!/usr/bin/env python3
"""A record of a model's answers takes the model's place, exactly or not at all; a dry run asks nothing.

    record_test.py LEYDEN
"""
import json
import pathlib
import sys
import tempfile

from resume_test import PYTHON, Bench, answer
from scripted_server import ScriptedServer


def main():
    server = ScriptedServer(answer)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder), server)
        record = bench.folder / "answers.jsonl"
        environment = bench.fresh()
        arguments = ("shop.py", "--json", "--python", PYTHON)

        dry = bench.start(environment, *arguments, "--dry-run")
        prompts = json.loads(dry.communicate()[0])["files"][0]["prompts"]
        assert [one["function"] for one in prompts] == ["price", "label", "spread"] and all(one["prompt_tokens"] > 100 for one in prompts), prompts
        assert not server.asked, "a dry run asks nothing"

        first = Bench.suite(bench.start(environment, *arguments, "--record", str(record)))
        asked = sum(server.asked.values())
        text = record.read_text()
        assert asked == 6 and text.count("\n") == 7 and "Three each" not in text and "Write a few" not in text, text
        refused = bench.start(environment, *arguments, "--record", str(record))
        assert "not overwritten" in refused.communicate()[1] and refused.returncode == 2

        without = {name: value for name, value in environment.items() if not name.startswith("LEYDEN_LLM")}
        assert Bench.suite(bench.start(without, *arguments, "--replay", str(record))) == first
        assert sum(server.asked.values()) == asked, "who replays asks nothing"

        source = bench.project / "shop.py"
        source.write_text(source.read_text().replace("one in ten", "one in twelve"))
        changed = bench.start(without, *arguments, "--replay", str(record))
        out, err = changed.communicate()
        assert changed.returncode == 2 and "no answer to this prompt" in err and not out, (changed.returncode, err)
    server.close()
    print("a record was replayed, refused for another prompt, and no prompt is in it")


if __name__ == "__main__":
    main()
