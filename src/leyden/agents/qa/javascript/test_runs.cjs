"use strict";
// Runs test files inside the sandbox, every one in a process of its own. Leyden writes the request and reads the answers, one JSON object a line.
//
//     LEYDEN_REQUEST=request.json node test_runs.cjs ANSWERS
//
// request: {runs: [{name, file, variant, limit_ms}], first_decides, file, text, probed, probes, mutants, esm, loader}
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { request } = require("./variants.cjs");

delete process.env.LD_PRELOAD;

const answers = fs.openSync(process.argv[2], "w");
const answer = (line) => fs.writeSync(answers, JSON.stringify(line) + "\n");
const scratch = fs.mkdtempSync("/tmp/leyden-runs-");

function run(one, number) {
  return new Promise((resolve) => {
    const report = path.join(scratch, `${number}.report`), reached = path.join(scratch, `${number}.reached`);
    const options = [`--test-reporter=${pathToFileURL(path.join(__dirname, "reporter.mjs"))}`, "--test-reporter-destination=stdout"];
    if (one.variant || request.loader) {
      options.push("--require", path.join(__dirname, "preload.cjs"));
      if (request.esm) options.push("--experimental-loader", pathToFileURL(path.join(__dirname, "loader.mjs")).href);
    }
    const child = spawn(process.execPath, [...options, one.file], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LEYDEN_REPORT: report, LEYDEN_REACHED: reached, LEYDEN_VARIANT: one.variant || "plain", NODE_NO_WARNINGS: "1" },
    });
    let late = false, error = "";
    child.stderr.on("data", (part) => (error = (error + part).slice(-2000)));
    const end = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    };
    const timer = setTimeout(() => ((late = true), end()), one.limit_ms);
    child.on("error", (why) => (error = String(why)));
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      end(); // What it started.
      const told = { run: one.name, outcomes: [] };
      const text = fs.existsSync(report) ? fs.readFileSync(report, "utf8") : "";
      for (const line of text.split("\n")) {
        try {
          if (line) told.outcomes.push(JSON.parse(line));
        } catch {
          told.broken = "its report was written into";
        }
      }
      if (late) told.broken = "timed out";
      else if (signal) told.broken = `ended by ${signal}`;
      else if (told.outcomes.length === 0) told.broken = error.trim().slice(-800) || `ended with ${code} and without a test`;
      if (fs.existsSync(reached)) told.reached = JSON.parse(fs.readFileSync(reached, "utf8"));
      answer(told);
      resolve(told);
    });
  });
}

(async () => {
  for (const [number, one] of request.runs.entries()) {
    const told = await run(one, number);
    const good = !told.broken && told.outcomes.every(([, outcome]) => outcome === "passed");
    if (number === 0 && request.first_decides && !good) break;
  }
  answer({ done: true });
  process.exit(0);
})();
