// A reporter for node:test: the outcome of each test at the top of its file, as JSON, where LEYDEN_REPORT says.
import fs from "node:fs";

const { appendFileSync } = fs;
const { stringify } = JSON;
const path = process.env.LEYDEN_REPORT;

function told(error) {
  const cause = error?.cause ?? error;
  return String(cause?.stack ?? cause?.message ?? cause).slice(0, 1200);
}

export default async function* (source) {
  for await (const event of source) {
    if ((event.type !== "test:pass" && event.type !== "test:fail") || event.data.nesting !== 0) continue;
    const { name, skip, todo, details } = event.data;
    const passed = event.type === "test:pass";
    const outcome = skip !== undefined || todo !== undefined ? "skipped" : passed ? "passed" : "failed";
    appendFileSync(path, stringify([name, outcome, passed ? "" : told(details?.error)]) + "\n");
  }
  yield "";
}
