"use strict";
// The texts in whose place a file is loaded: as it is, with probes, or as a mutant. What they have in common is read from the request.
const fs = require("node:fs");

const request = JSON.parse(fs.readFileSync(process.env.LEYDEN_REQUEST, "utf8"));
const original = Buffer.from(request.text, "utf8");

// The original with changes, none of which overlap.
function changed(changes) {
  const parts = [];
  let at = 0;
  for (const { begin, end, text } of changes.sort((a, b) => a.begin - b.begin)) {
    parts.push(original.subarray(at, begin), Buffer.from(text));
    at = end;
  }
  return Buffer.concat([...parts, original.subarray(at)]).toString("utf8");
}

// "plain", "probes", or the number of a mutant. What TypeScript adds to the text comes in where the mutant leaves its place.
function textOf(variant) {
  if (variant === "probes") return request.probed;
  const additions = request.additions.map(([at, text]) => ({ begin: at, end: at, text }));
  if (variant === "plain") return changed(additions);
  const mutant = request.mutants[Number(variant)];
  return changed([...additions.filter(({ begin }) => begin <= mutant.begin || begin >= mutant.end), mutant]);
}

module.exports = { request, textOf };
