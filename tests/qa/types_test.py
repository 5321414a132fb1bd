#!/usr/bin/env python3
"""A model's tests of every type go through the same filter: what passes and reaches something is kept in a file of its type, the rest is told.

    types_test.py LEYDEN
"""
import json
import pathlib
import sys
import tempfile

from resume_test import PYTHON, Bench, skip_without_sandbox
from scripted_server import ScriptedServer

GOOD = "from shop import label, price\n\ndef test_a_label_of_a_price():\n    assert label('a', price(10)) == 'a-27'\n"
WRONG = "from shop import label, price\n\ndef test_a_price_is_never_free():\n    assert price(0) > 0\n"
IDLE = "import shop\n\ndef test_nothing():\n    assert shop\n"


def main():
    asked = []

    def answer(prompt):
        asked.append(prompt)
        return "\n".join(f"```python\n{text}```" for text in [(GOOD, WRONG, IDLE)[len(asked) % 3 - 1]])

    leyden = pathlib.Path(sys.argv[1]).resolve()
    for kind in ("integration", "e2e", "performance", "security"):
        asked.clear()
        server = ScriptedServer(answer)
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(leyden, pathlib.Path(folder), server)
            process = bench.start(bench.fresh(), "shop.py", "--type", kind, "--json", "--write", "--max-repairs", "0", "--python", PYTHON)
            out, err = process.communicate(timeout=300)
            skip_without_sandbox(process.returncode, err)
            assert process.returncode == 0, err
            report = json.loads(out)["files"][0]
            assert [test["name"] for test in report["tests"]] == ["test_a_label_of_a_price"], report["tests"]
            assert report["test_type"] == kind and report["test_path"] == f"test_shop_{kind}.py", report["test_path"]
            reasons = {one["name"]: one["reason"] for one in report["rejected"]}
            assert "does not pass" in reasons["test_a_price_is_never_free"] and "nothing new" in reasons["test_nothing"], reasons
            assert all(f"short {kind} tests" in prompt and "guidelines" in prompt for prompt in asked), asked[0][-400:]
            assert "by_model" not in (bench.project / report["test_path"]).read_text()
        server.close()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(leyden, pathlib.Path(folder), ScriptedServer(answer))
        process = bench.start({**bench.fresh(), "LEYDEN_LLM_URL": ""}, "shop.py", "--type", "integration", "--offline", "--python", PYTHON)
        err = process.communicate(timeout=60)[1]
        assert process.returncode != 0 and "without a model" in err, (process.returncode, err)
    print("four types: the good test of each is kept, a wrong and an idle one are told")


if __name__ == "__main__":
    main()
