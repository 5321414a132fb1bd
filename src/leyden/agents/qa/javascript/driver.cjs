"use strict";
// Runs calls of one module inside the sandbox and says what came of each. Leyden writes the request and reads the answers, one JSON object a
// line, written at once: what is there when this process is killed still counts.
//
//     LEYDEN_REQUEST=request.json node --experimental-loader loader.mjs driver.cjs ANSWERS
//
// request: {file, esm, text, probed, probes, exports: [[name, "named" | "default" | "whole", exported]], mode, limit_ms, inputs: [{setup, arguments, call, receiver}], ...}
// modes:   explore  which inputs reach a probe that none did before
//          confirm  every input twice, with all that it reaches and what it gives
//          mutants  which input tells which mutant from the original
//          repeat   which inputs give the same in another time zone and language
//          examples which examples of the comments give something else than they say
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const vm = require("node:vm");
const { Worker } = require("node:worker_threads");
const { request, textOf } = require("./variants.cjs");

delete process.env.LD_PRELOAD; // It is there, and nothing for the tested code to see.

// In a zone in which no hour is UTC's dates show by which clock they are meant. `repeat` is run in another one, and in another language.
if (request.mode !== "repeat") {
  process.env.TZ = "Asia/Kathmandu";
} else if (!process.env.LEYDEN_ELSEWHERE) {
  const env = { ...process.env, TZ: "America/St_Johns", LC_ALL: "de_DE.UTF-8", LEYDEN_ELSEWHERE: "1" };
  spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { env, stdio: "inherit" });
  process.exit(0);
}

const TEXT_MAX = 1500; // Of an expected value; what is longer makes no readable test.
const ITEMS_MAX = 200; // Of an iterator that is read to its end.
const DEPTH_MAX = 8;

// What the tested code may replace is taken before it runs.
const { writeSync } = fs;
const { stringify } = JSON;
const { setTimeout: later, clearTimeout: never } = globalThis;
const leave = process.reallyExit.bind(process);
const writes = require("./writes.cjs");
const AsyncFunction = (async () => {}).constructor;
const answers = fs.openSync(process.argv[2], "w");
const answer = (line) => writeSync(answers, stringify(line) + "\n");

// ---- Probes, which Leyden has put into the source.
const probes = (globalThis.$leyden_p = new Uint8Array(request.probes));
let thrown = null; // By the file's own throw statement, last.
globalThis.$leyden_t = (line, error) => {
  thrown = { line, error };
  return error;
};
const reached = () => {
  const out = [];
  for (let i = 0; i < probes.length; ++i) if (probes[i]) out.push(i);
  return out;
};

// ---- Who hangs where no time limit reaches (a loop behind an await) takes the process with it.
const beat = new Int32Array(new SharedArrayBuffer(8)); // How many have begun and ended; whether one runs.
const STUCK_MS = Math.max(2000, request.limit_ms * 5);
new Worker(
  `const { beat, STUCK_MS } = require("node:worker_threads").workerData;
   let last = -1, since = Date.now();
   setInterval(() => {
     const now = Atomics.load(beat, 0);
     if (now !== last || !Atomics.load(beat, 1)) { last = now; since = Date.now(); }
     else if (Date.now() - since > STUCK_MS) process.kill(process.pid, "SIGKILL");
   }, 100);`,
  { eval: true, workerData: { beat, STUCK_MS }, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 16 } },
).unref();
const busy = (on) => {
  Atomics.add(beat, 0, 1);
  Atomics.store(beat, 1, on ? 1 : 0);
};

class Left extends Error {} // The code has called process.exit.
process.exit = () => {
  throw new Left("process.exit");
};
process.on("uncaughtException", () => {});
process.on("unhandledRejection", () => {});

// ---- The module.
async function load(variant) {
  if (request.esm) return import(`${pathToFileURL(request.file).href}?leyden=${variant}`);
  const module = new Module(request.file, null);
  module.filename = request.file;
  module.paths = Module._nodeModulePaths(path.dirname(request.file));
  require.cache[request.file] = module;
  module._compile(textOf(variant), request.file);
  module.loaded = true;
  return module.exports;
}

const names = request.exports.map(([name]) => name);
const valuesOf = (module) => request.exports.map(([, how, exported]) => (how === "whole" ? module : how === "default" ? module.default : module[exported]));

// ---- Values as source text.
const isName = (text) => /^[A-Za-z_$][\w$]*$/.test(text);

// Source text that gives an equal value of the same type; null where there is none.
// leyden:ignore common.complex-function to be taken apart, as the Python side was
function literal(value, depth = 0) {
  if (depth > DEPTH_MAX) return null; // Also what contains itself.
  switch (typeof value) {
    case "undefined":
    case "boolean":
      return String(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return value < 10n ** 300n && value > -(10n ** 300n) ? `${value}n` : null;
    case "string":
      return stringify(value);
    case "function":
    case "symbol":
      return null;
  }
  if (value === null) return "null";
  const kind = Object.getPrototypeOf(value);
  const joined = (items, open, close) => {
    const texts = [];
    for (const item of items) {
      const text = literal(item, depth + 1);
      if (text === null) return null;
      texts.push(text);
    }
    return open + texts.join(", ") + close;
  };
  const own = Reflect.ownKeys(value);
  if (kind === Array.prototype) return own.length === value.length + 1 ? joined(value, "[", "]") : null; // No holes, nothing beside.
  if (kind === Set.prototype && own.length === 0) return value.size === 0 ? "new Set()" : joined(value, "new Set([", "])");
  if (kind === Map.prototype && own.length === 0) return value.size === 0 ? "new Map()" : joined(value, "new Map([", "])");
  if (kind === Date.prototype && own.length === 0) return dateText(value);
  if (kind === RegExp.prototype) return value.lastIndex === 0 ? String(value) : null;
  if (kind === Buffer.prototype) return joined(value, "Buffer.from([", "])");
  if (ArrayBuffer.isView(value) && kind === globalThis[value.constructor?.name]?.prototype && "length" in value) return joined(value, `new ${value.constructor.name}([`, "])");
  if (kind !== Object.prototype && kind !== null) return null;
  return fieldsOf(value, depth, kind === null ? ["__proto__: null"] : []);
}

// A day by the clock on the wall, or a moment.
function dateText(date) {
  if (Number.isNaN(date.getTime())) return "new Date(NaN)";
  const isDay = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0 && date.getMilliseconds() === 0;
  if (isDay && date.getFullYear() > 99) return `new Date(${date.getFullYear()}, ${date.getMonth()}, ${date.getDate()})`;
  return `new Date(${stringify(date.toISOString())})`;
}

// Of an object's own values; null where one has no text.
function fieldsOf(value, depth, parts = []) {
  for (const key of Reflect.ownKeys(value).sort((a, b) => (String(a) < String(b) ? -1 : 1))) {
    const { enumerable, get } = Object.getOwnPropertyDescriptor(value, key);
    if (typeof key === "symbol" || !enumerable || get) return null;
    const text = literal(value[key], depth + 1);
    if (text === null) return null;
    parts.push(`${key === "__proto__" ? '["__proto__"]' : isName(key) ? key : stringify(key)}: ${text}`);
  }
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

const isHidden = (field) => field.startsWith("_") || request.hidden.includes(field);

// How a test can say what a value is: [form, text]. The forms: value, items ([...it]), fields ({ ...it }), class (it has fields that are nobody's
// business), typeof.
function observed(value) {
  const short = (form, text) => (text !== null && text.length <= TEXT_MAX ? [form, text] : null);
  const text = literal(value);
  if (text !== null) return short("value", text);
  if (typeof value === "function" || typeof value === "symbol") return ["typeof", stringify(typeof value)];
  if (typeof value.next === "function" && typeof value[Symbol.iterator] === "function") {
    const items = [];
    for (const item of value) {
      items.push(item);
      if (items.length > ITEMS_MAX) return null;
    }
    return short("items", literal(items));
  }
  if (Array.isArray(value)) return null;
  const kind = value.constructor?.name;
  if (!kind || kind === "Object") return null;
  return Object.keys(value).some(isHidden) ? ["class", stringify(kind)] : short("fields", fieldsOf(value, 0));
}

const kindOf = (value) =>
  value === null ? "null" : typeof value === "object" ? (value.constructor?.name ?? "Object") : Number.isInteger(value) ? "integer" : typeof value;

// Public fields that have a text.
function stateOf(thing) {
  const out = {};
  if (thing === null || typeof thing !== "object") return out;
  for (const key of Object.keys(thing).sort()) {
    if (isHidden(key) || !isName(key)) continue;
    const text = literal(thing[key]);
    if (text !== null && text.length <= TEXT_MAX) out[key] = text;
  }
  return out;
}

// ---- One input.
const compiled = new WeakMap();
function bodyOf(one) {
  let body = compiled.get(one);
  if (body) return body;
  const lines = one.arguments.map(([name, text]) => `const ${name} = ${text};`);
  lines.push(`$leyden.arguments = { ${one.arguments.map(([name]) => name).join(", ")} };`, ...one.setup);
  lines.push(`$leyden.ready(${one.receiver});`, `return ${one.call};`);
  const text = lines.join("\n");
  const Kind = one.setup.some((line) => line.includes("await ")) ? AsyncFunction : Function;
  body = new Kind("$leyden", ...names, text);
  compiled.set(one, body);
  return body;
}

// leyden:ignore javascript.eval-of-variable runs the code that is tested, inside the sandbox
const timed = new vm.Script("globalThis.$leyden_run()", { filename: "leyden" });
const realConsole = { ...console };
function silence(printed) {
  for (const name of ["log", "info", "warn", "error", "debug", "table", "trace", "dir"]) console[name] = () => {};
  console.log = (...all) => void printed.push(literal(all));
}

async function run(one, values, limit_ms = request.limit_ms) {
  writes.seen = false;
  const out = await outcomeOf(one, values, limit_ms);
  return writes.seen ? { outcome: "broken" } : out;
}

// leyden:ignore common.complex-function to be taken apart, as the Python side was
async function outcomeOf(one, values, limit_ms) {
  const out = {}, printed = [];
  let before = {}, state = {}, here, ready = false, result, error, failed = false;
  const context = {
    arguments: {},
    ready(receiver) {
      ready = true;
      here = receiver;
      for (const [name, value] of Object.entries(context.arguments)) before[name] = literal(value);
      state = stateOf(here);
    },
  };
  thrown = null;
  silence(printed);
  busy(true);
  try {
    let seen;
    try {
      const body = bodyOf(one);
      globalThis.$leyden_run = () => {
        result = body(context, ...values);
        if (result === null || typeof result !== "object" || typeof result.then !== "function") seen = observed(result);
      };
      timed.runInThisContext({ timeout: limit_ms, displayErrors: false });
      if (result !== null && typeof result === "object" && typeof result.then === "function") {
        out.awaited = true;
        let timer;
        const late = new Promise((_, reject) => (timer = later(() => reject(Object.assign(new Error("late"), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" })), limit_ms)));
        try {
          result = await Promise.race([result, late]);
        } finally {
          never(timer);
        }
        globalThis.$leyden_run = () => (seen = observed(result));
        timed.runInThisContext({ timeout: limit_ms, displayErrors: false });
      }
    } catch (caught) {
      failed = true;
      error = caught;
    }
    if (failed) {
      if (error?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { outcome: "time" };
      if (error instanceof Left || (!ready && one.setup.length > 1)) return { outcome: "broken" };
      out.outcome = "error";
      out.raised = thrown !== null && Object.is(thrown.error, error) ? thrown.line : 0;
      if (error instanceof Error) {
        out.error = String(error.name);
        const module = request.exports.findIndex((_, i) => typeof values[i] === "function" && error.constructor === values[i]);
        out.module = module >= 0 ? names[module] : globalThis[error.name] === error.constructor ? "builtin" : "";
        out.message = String(error.message).slice(0, 200);
      } else {
        const text = literal(error);
        if (text === null || text.length > TEXT_MAX) return { outcome: "unsayable" };
        Object.assign(out, { error: "", form: "thrown", text });
      }
      return out;
    }
    if (!seen) return { outcome: "unsayable" };
    Object.assign(out, { outcome: "value", form: seen[0], text: seen[1], kind: kindOf(result) });
    const changed = {};
    for (const name of Object.keys(context.arguments).sort()) {
      const text = literal(context.arguments[name]);
      if (text !== null && before[name] !== null && text !== before[name] && text.length <= TEXT_MAX) changed[name] = text;
    }
    if (Object.keys(changed).length > 0) out.changed = changed;
    if (one.receiver !== "undefined") {
      const after = stateOf(here), moved = {};
      for (const [name, text] of Object.entries(after)) if (state[name] !== text) moved[name] = text;
      const wanted = Object.keys(moved).length > 0 ? moved : result === undefined ? after : {};
      if (Object.keys(wanted).length > 0) out.state = wanted;
    }
    if (printed.length > 0 && !printed.includes(null)) {
      const text = `[${printed.join(", ")}]`;
      if (text.length <= TEXT_MAX) out.printed = text;
    }
    return out;
  } catch {
    return { outcome: "unsayable" }; // A hostile getter.
  } finally {
    busy(false);
    Object.assign(console, realConsole);
  }
}

// Whether another call gives what several had in common.
function meets(common, got) {
  if (got.outcome !== "value") return false;
  const isText = got.form === "value" && got.kind === "string";
  const meant = common.form === "matches" ? isText && new RegExp(`^(?:${common.text})$`).test(got.text.slice(1, -1)) : common.form === got.form && common.text === got.text;
  const holds = (key) => Object.entries(common[key] ?? {}).every(([name, text]) => got[key]?.[name] === text);
  return meant && holds("changed") && holds("state") && (common.printed === undefined || common.printed === got.printed);
}

// Whether a test made of one passes on the other.
function same(left, right) {
  if (left.varies) return meets(left, right);
  for (const key of ["outcome", "form", "text", "error", "changed", "state", "printed"]) if (stringify(left[key]) !== stringify(right[key])) return false;
  return true;
}

// How much of the limit a call of a function may use: half as much after each that came to no end, as inputs of a kind that hangs come by
// the hundred; twice as much again after a long one that was worth it.
class Patience {
  static LEAST = 1 / 20;
  constructor(shares) {
    this.shares = shares; // By function, as text.
  }
  share(name) {
    return this.shares[name] ?? 1;
  }
  note(name, hung, used) {
    const share = this.share(name);
    if (hung) this.shares[name] = Math.max(Patience.LEAST, share / 2);
    else if (used > share / 4) this.shares[name] = Math.min(1, share * 2);
  }
}

// ---- Modes.
const AGAIN = 8; // How often a call is made anew that does not give the same twice.
const STEADY = 4; // Runs that all notice a mutant where answers vary: it is no accident.

async function explore() {
  const values = valuesOf(await loaded("probes"));
  answer({ loaded: reached() });
  const patience = new Patience(request.patience);
  const seen = new Uint8Array(request.probes);
  for (const i of [...request.seen, ...reached()]) seen[i] = 1;
  for (const [i, one] of request.inputs.entries()) {
    answer({ begin: i });
    probes.fill(0);
    const share = patience.share(one.function);
    const measured = async () => {
      const begin = process.cpuUsage();
      const out = await run(one, values, Math.max(1, Math.round(share * request.limit_ms)));
      const took = process.cpuUsage(begin);
      return [out, (took.user + took.system) / 1000];
    };
    const [out, ms] = await measured();
    const told = { input: i, outcome: out.outcome, ms };
    if (out.outcome === "error") {
      Object.assign(told, { error: out.error, raised: out.raised });
      if (out.error === "ReferenceError" && /is not defined$/.test(out.message) && out.raised === 0) told.message = out.message;
    }
    if (out.outcome === "value" || out.raised) {
      const fresh = reached().filter((k) => !seen[k]);
      for (const k of fresh) seen[k] = 1;
      if (fresh.length > 0) told.fresh = fresh;
    }
    patience.note(one.function, out.outcome === "time", told.fresh ? told.ms / request.limit_ms : 0);
    if (patience.share(one.function) !== share) told.share = patience.share(one.function);
    // The compiler and the collector run beside it and count: what seems a little slow may not be. Else one seed would give other tests now and then.
    if (ms >= request.quick_ms && ms < 4 * request.quick_ms) told.ms = Math.min(ms, (await measured())[1]);
    answer(told);
  }
}

async function confirm() {
  const values = valuesOf(await loaded("probes"));
  for (const [i, one] of request.inputs.entries()) {
    answer({ begin: i });
    probes.fill(0);
    const first = await run(one, values);
    const seen = reached();
    const again = await runOnAnotherDay(one, values, 0);
    first.stable = same(first, again);
    if (!first.stable && first.outcome === "value") {
      first.others = [again];
      while (first.others.length < AGAIN) first.others.push(await runOnAnotherDay(one, values, first.others.length));
    }
    answer({ input: i, reached: seen, ...first });
  }
}

// What a test says must hold tomorrow, too.
async function runOnAnotherDay(one, values, number) {
  process.env.LEYDEN_CLOCK = String(-34567890 - 3200107 * number);
  try {
    return await run(one, values);
  } finally {
    delete process.env.LEYDEN_CLOCK;
  }
}

async function repeat() {
  const values = valuesOf(await loaded("plain"));
  for (const [i, one] of request.inputs.entries()) answer({ input: i, same: same(one.expected, await run(one, values)) });
}

async function mutants() {
  for (const [number, mutant] of request.mutants.entries()) {
    if (mutant.skip) continue;
    answer({ mutant: number, begin: true });
    let values;
    try {
      values = valuesOf(await loaded(String(number)));
    } catch (error) {
      if (error instanceof SyntaxError) answer({ mutant: number, invalid: true });
      else answer({ mutant: number, killers: mutant.inputs.slice(0, 1) });
      continue;
    }
    const killers = [];
    for (const i of mutant.inputs) {
      const one = request.inputs[i];
      let runs = one.expected.varies ? STEADY : 1;
      while (runs > 0 && !same(one.expected, await run(one, values))) --runs;
      if (runs > 0) continue;
      killers.push(i);
      break;
    }
    answer({ mutant: number, killers });
  }
}

async function examples() {
  const values = valuesOf(await loaded("plain"));
  for (const example of request.examples) {
    const one = { arguments: [], setup: [], receiver: "undefined", call: example.call };
    let expected;
    try {
      bodyOf(one);
      // leyden:ignore javascript.eval-of-variable runs the code that is tested, inside the sandbox
      expected = /^throws\b/.test(example.expected) ? null : literal(new Function(...names, `return (${example.expected});`)(...values));
      if (expected === null && !/^throws\b/.test(example.expected)) continue;
    } catch {
      continue; // Not meant for a machine.
    }
    const out = await run(one, values);
    const got = out.outcome === "error" ? `throws ${out.error}: ${out.message}` : out.text;
    const good = expected === null ? out.outcome === "error" && out.error.includes(/^throws\s*(?:an?\s+)?(\w*)/.exec(example.expected)[1]) : out.outcome === "value" && out.text === expected;
    if (good || out.outcome === "time" || out.outcome === "unsayable" || out.outcome === "broken" || out.form === "fields" || out.form === "class") continue;
    answer({ example: example.call, line: example.line, function: example.function, want: example.expected, got: String(got).slice(0, 200) });
  }
}

async function loaded(variant) {
  busy(true);
  silence([]);
  try {
    return await load(variant);
  } finally {
    Object.assign(console, realConsole);
    busy(false);
  }
}

({ explore, confirm, repeat, mutants, examples })[request.mode]().then(
  () => {
    answer({ done: true });
    leave(0); // Timers that the code left don't keep it.
  },
  (error) => {
    answer({ failed: `${error?.name}: ${error?.message ?? error}`.slice(0, 500) });
    leave(1);
  },
);
