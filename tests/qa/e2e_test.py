#!/usr/bin/env python3
"""A model's end-to-end test of a page: it drives Chromium inside the sandbox, against the program that the sandbox's own loopback serves. It is kept, passes five
times in a clean copy, and fails when one of ten faults is put into the page.

    e2e_test.py LEYDEN [--modules FOLDER]   # a node_modules with playwright-core
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from resume_test import Bench, skip_without_sandbox
from scripted_server import ScriptedServer

CHROMIUM, NODE = "/usr/bin/chromium", "/usr/bin/node"

APP = """import http from "node:http";
import { readFileSync } from "node:fs";

const page = new URL("./public/", import.meta.url);
const prices = { tea: 250, bread: 320, salt: 90 };

// The server of the shopping list, not listening yet.
export function createApp() {
  return http.createServer((request, response) => {
    if (request.url === "/") {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(readFileSync(new URL("index.html", page)));
    } else if (request.url === "/list.js") {
      response.setHeader("Content-Type", "text/javascript");
      response.end(readFileSync(new URL("list.js", page)));
    } else if (request.url.startsWith("/price/")) {
      const price = prices[decodeURIComponent(request.url.slice(7))];
      response.statusCode = price === undefined ? 404 : 200;
      response.end(JSON.stringify({ price: price ?? null }));
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
}
"""

PAGE = """<!doctype html>
<title>Shopping</title>
<form id="form"><input id="name" aria-label="Name"><input id="count" type="number" value="1" aria-label="Count"><button>Add</button></form>
<p id="error" role="alert"></p>
<ul id="items"></ul>
<p>Sum: <span id="sum">0.00</span></p>
<button id="clear">Clear</button>
<script type="module" src="/list.js"></script>
"""

LIST = """const items = [];
const by = (id) => document.getElementById(id);

function show() {
  by("items").replaceChildren(...items.map((item, i) => {
    const line = document.createElement("li");
    const remove = document.createElement("button");
    line.textContent = `${item.count} x ${item.name} `;
    remove.textContent = "Remove";
    remove.addEventListener("click", () => {
      items.splice(i, 1);
      show();
    });
    line.append(remove);
    return line;
  }));
  by("sum").textContent = (items.reduce((sum, item) => sum + item.count * item.price, 0) / 100).toFixed(2);
  by("clear").disabled = items.length === 0;
}

by("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  by("error").textContent = "";
  const name = by("name").value.trim().toLowerCase();
  const count = Number(by("count").value);
  if (name === "" || count < 1) {
    by("error").textContent = "A name and a count, please.";
    return;
  }
  const answer = await fetch(`/price/${encodeURIComponent(name)}`);
  if (!answer.ok) {
    by("error").textContent = `There is no ${name}.`;
    return;
  }
  const known = items.find((item) => item.name === name);
  if (known) known.count += count;
  else items.push({ name, count, price: (await answer.json()).price });
  by("name").value = "";
  show();
});

by("clear").addEventListener("click", () => {
  items.length = 0;
  show();
});
show();
"""

# What is in the page, and what is there instead: one fault each.
FAULTS = [
    ("sum + item.count * item.price", "sum + item.price"),
    (".toFixed(2)", ".toFixed(1)"),
    ("items.splice(i, 1)", "items.splice(0, 1)"),
    ("known.count += count", "known.count = count"),
    ("if (name === \"\" || count < 1)", "if (name === \"\")"),
    (".trim().toLowerCase()", ".trim()"),
    ("by(\"error\").textContent = `There is no ${name}.`;", ""),
    ("by(\"name\").value = \"\";", ""),
    ("items.length = 0;", "items.length = 1;"),
    ("by(\"clear\").disabled = items.length === 0;", ""),
]

TEST = """import test from "node:test";
import assert from "node:assert/strict";
import { once } from "node:events";
import { chromium } from "playwright-core";
import { createApp } from "./app.mjs";

test("a list is filled, summed up, changed and cleared", async () => {
  const server = createApp().listen(0, "127.0.0.1");
  await once(server, "listening");
  const browser = await chromium.launch({ executablePath: "CHROMIUM", args: ["--no-sandbox", "--disable-gpu", "--no-zygote"] });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(5000);
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const add = async (name, count) => {
      await page.fill("#name", name);
      await page.fill("#count", String(count));
      await page.click("#form button");
    };
    const lines = async (...wanted) => {
      await page.waitForFunction((all) => JSON.stringify([...document.querySelectorAll("#items li")].map((line) => line.textContent)) === JSON.stringify(all), wanted.map((one) => `${one} Remove`));
    };
    assert.equal(await page.isDisabled("#clear"), true);
    await add("Tea", 2);
    await lines("2 x tea");
    assert.equal(await page.textContent("#sum"), "5.00");
    assert.equal(await page.inputValue("#name"), "");
    await add("bread", 1);
    await add("tea", 1);
    await lines("3 x tea", "1 x bread");
    assert.equal(await page.textContent("#sum"), "10.70");
    await add("salt", 0);
    await page.waitForFunction(() => document.getElementById("error").textContent === "A name and a count, please.");
    await add("gold", 1);
    await page.waitForFunction(() => document.getElementById("error").textContent === "There is no gold.");
    await page.click("#items li:nth-child(2) button");
    await lines("3 x tea");
    await page.click("#clear");
    await lines();
    assert.equal(await page.textContent("#sum"), "0.00");
    assert.equal(await page.isDisabled("#clear"), true);
  } finally {
    await browser.close();
    server.close();
  }
});
""".replace("CHROMIUM", CHROMIUM)


def write_project(folder, modules):
    (folder / "public").mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "shopping", "type": "module"}\n')
    (folder / "app.mjs").write_text(APP)
    (folder / "public/index.html").write_text(PAGE)
    (folder / "public/list.js").write_text(LIST)
    shutil.copytree(modules, folder / "node_modules", symlinks=True)


def passes(folder):
    return subprocess.run([NODE, "--test", *(file.name for file in folder.glob("*.test.mjs"))], cwd=folder, capture_output=True, timeout=180).returncode == 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("leyden", type=lambda path: pathlib.Path(path).resolve())
    arguments.add_argument("--modules", type=pathlib.Path)
    options = arguments.parse_args()
    if not pathlib.Path(CHROMIUM).exists() or options.modules is None or not (options.modules / "playwright-core").is_dir():
        print("SKIPPED: it needs Chromium and --modules, a node_modules with playwright-core")
        return 77
    server = ScriptedServer(lambda prompt: f"```javascript\n{TEST}```")
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(options.leyden, pathlib.Path(temporary), server)
        bench.project = project = pathlib.Path(temporary) / "shopping"
        write_project(project, options.modules)
        process = bench.start(bench.fresh(), "app.mjs", "--type", "e2e", "--json", "--write", "--max-repairs", "0", "--node", NODE)
        out, err = process.communicate(timeout=900)
        skip_without_sandbox(process.returncode, err)
        assert process.returncode == 0, err + out
        report = json.loads(out)["files"][0]
        assert len(report["tests"]) == 1, report["rejected"]
        assert report["test_path"] == "app.e2e.test.mjs", report["test_path"]
        runs = sum(passes(project) for _ in range(5))
        assert runs == 5, runs
        noticed = []
        for right, wrong in FAULTS:
            assert LIST.count(right) == 1, right
            (project / "public/list.js").write_text(LIST.replace(right, wrong))
            noticed.append(not passes(project))
        assert all(noticed), noticed
    server.close()
    print(f"the page's test is kept, passes {runs} times of 5 in a clean folder and fails on {sum(noticed)} of {len(FAULTS)} faults")
    return 0


if __name__ == "__main__":
    sys.exit(main())
