"use strict";
// The texts in whose place a file is loaded: as it is, with probes, or as a mutant. What they have in common is read from the request.
const fs = require("node:fs");

const request = JSON.parse(fs.readFileSync(process.env.LEYDEN_REQUEST, "utf8"));
const original = Buffer.from(request.text, "utf8");

// "plain", "probes", or the number of a mutant.
function textOf(variant) {
  if (variant === "plain") return request.text;
  if (variant === "probes") return request.probed;
  const mutant = request.mutants[Number(variant)];
  return Buffer.concat([original.subarray(0, mutant.begin), Buffer.from(mutant.text), original.subarray(mutant.end)]).toString("utf8");
}

module.exports = { request, textOf };
