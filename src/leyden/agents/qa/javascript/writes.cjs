"use strict";
// Notices what would change files outside the temporary folder: in the sandbox it fails, with the user it would not, and it would litter.
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const path = require("node:path");
const { fileURLToPath } = require("node:url");

const AT_SECOND = ["rename", "copyFile", "cp", "link", "symlink"]; // Where it goes.
const AT_FIRST = ["writeFile", "appendFile", "mkdir", "mkdtemp", "rm", "rmdir", "unlink", "truncate", "chmod", "utimes", "createWriteStream"];
const ALLOWED = ["/tmp/", "/dev/"];

const writes = { seen: false };

function isElsewhere(place) {
  if (typeof place !== "string" && !Buffer.isBuffer(place) && !(place instanceof URL)) return false; // A number: what is open.
  try {
    const whole = path.resolve(place instanceof URL ? fileURLToPath(place) : String(place));
    return !ALLOWED.some((folder) => whole.startsWith(folder));
  } catch {
    return false;
  }
}
const opensForWriting = (flags) => (typeof flags === "number" ? (flags & 3) !== 0 : typeof flags === "string" && !/^rs?$/.test(flags));

function watch(of, name, changes) {
  const real = of[name];
  if (typeof real !== "function") return;
  of[name] = function (...all) {
    if (changes(all)) writes.seen = true;
    return real.apply(this, all);
  };
}

for (const [all, changes] of [
  [AT_FIRST, (given) => isElsewhere(given[0])],
  [AT_SECOND, (given) => isElsewhere(given[1])],
  [["open"], (given) => opensForWriting(given[1]) && isElsewhere(given[0])],
]) {
  for (const name of all) {
    watch(fs, name, changes);
    watch(fs, `${name}Sync`, changes);
    watch(fs.promises, name, changes);
  }
}
syncBuiltinESMExports();

module.exports = writes;
