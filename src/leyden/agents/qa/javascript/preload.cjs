"use strict";
// Loaded before a test file: the tested CommonJS file comes as the variant that LEYDEN_VARIANT names; what its probes saw is written at the end.
const fs = require("node:fs");
const Module = require("node:module");
const { request, textOf } = require("./variants.cjs");

const variant = process.env.LEYDEN_VARIANT;
const compile = Module.prototype._compile;
Module.prototype._compile = function (text, file, ...rest) {
  return compile.call(this, file === request.file && !request.esm ? textOf(variant) : text, file, ...rest);
};
if (variant === "probes") {
  globalThis.$leyden_p = new Uint8Array(request.probes);
  globalThis.$leyden_t = (_line, error) => error;
  const { writeFileSync } = fs;
  const path = process.env.LEYDEN_REACHED;
  process.on("exit", () => writeFileSync(path, JSON.stringify([...$leyden_p.keys()].filter((i) => $leyden_p[i]))));
}
