"""JavaScript functions with a correct and a buggy version, written for these tests. `says` is true where an @example tells the two apart.

Each: (name, ending, source with the marked place, correct text there, buggy text there, says)"""

PLANTED_JS = [
    ("clamp", "js", '''
/**
 * The nearest number to value that is not below low and not above high.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 * @example
 * clamp(15, 0, 10) // => 10
 */
export function clamp(value, low, high) {
  if (value < low) return low;
  if (value > high) return @@;
  return value;
}
''', "high", "low", True),
    ("leap", "mjs", '''
/**
 * Whether a year of the Gregorian calendar has 366 days.
 * @param {number} year
 * @example
 * isLeap(1900) // => false
 */
export const isLeap = (year) => year % 4 === 0 && (@@ || year % 400 === 0);
''', "year % 100 !== 0", "year % 100 === 0", True),
    ("vowels", "cjs", '''
// How many vowels a text has, of either case.
function countVowels(text) {
  let count = 0;
  for (const letter of text@@) {
    if ("aeiou".includes(letter)) count++;
  }
  return count;
}
module.exports = { countVowels };
''', ".toLowerCase()", "", False),
    ("invoice", "js", '''
/**
 * What an order costs: a tenth less from 100 on.
 * @param {{price: number, quantity: number}[]} items
 */
export function invoice(items) {
  const sum = items.reduce((total, item) => total + item.price * item.quantity, 0);
  return sum @@ 100 ? sum * 0.9 : sum;
}
''', ">=", ">", False),
    ("chunk", "js", '''
/**
 * Parts of at most `size` items.
 * @param {number[]} items
 * @param {number} size
 * @example
 * chunk([1, 2, 3], 2) // => [[1, 2], [3]]
 */
export function chunk(items, size) {
  if (size < 1) throw new RangeError("size");
  const out = [];
  for (let i = 0; i < items.length; i += @@) out.push(items.slice(i, i + size));
  return out;
}
''', "size", "size + 1", True),
    ("slug", "js", '''
/** @param {string} title */
export default function slug(title) {
  return title.trim().toLowerCase().replace(/[^a-z0-9]@@/g, "-");
}
''', "+", "", False),
    ("group", "js", '''
/**
 * Items by what a function says of them.
 * @param {number[]} items
 * @param {(item: number) => string} key
 * @returns {Map<string, number[]>}
 */
export function groupBy(items, key) {
  const out = new Map();
  for (const item of items) {
    const name = key(item);
    if (@@out.has(name)) out.set(name, []);
    out.get(name)?.push(item);
  }
  return out;
}
''', "!", "", False),
    ("stack", "cjs", '''
class Stack {
  constructor(limit = 3) {
    this.limit = limit;
    this.items = [];
  }
  push(item) {
    if (this.items.length @@ this.limit) throw new RangeError("full");
    this.items.push(item);
    return this.items.length;
  }
  pop() {
    return this.items.pop();
  }
  get size() {
    return this.items.length;
  }
}
module.exports = Stack;
''', ">=", ">", False),
    ("queue", "js", '''
export class Queue {
  constructor() {
    this.items = [];
  }
  add(item) {
    this.items.push(item);
  }
  /** The one that waits longest. */
  take() {
    if (this.items.length === 0) return undefined;
    return this.items.@@();
  }
}
''', "shift", "pop", False),
    ("discount", "js", '''
/** Options that may be left out. */
export function discounted(price, { rate = 0.1, floor = 0 } = {}) {
  return Math.@@(floor, price - price * rate);
}
''', "max", "min", False),
    ("parse_query", "mjs", '''
/**
 * "a=1&b=2" as an object.
 * @param {string} text
 * @returns {Record<string, string>}
 * @example
 * parseQuery("a=1&b=2") // => { a: "1", b: "2" }
 */
export function parseQuery(text) {
  const out = {};
  for (const part of text.split("&")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    if (at < 0) out[part] = "";
    else out[part.slice(0, at)] = part.slice(at @@);
  }
  return out;
}
''', "+ 1", "", True),
    ("median", "js", '''
/** @param {number[]} numbers */
export function median(numbers) {
  if (numbers.length === 0) throw new Error("no numbers");
  const sorted = [...numbers].sort(@@);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
''', "(a, b) => a - b", "", False),
    ("fetch_all", "js", '''
/**
 * What each of some functions promises; null where one fails.
 * @param {string[]} names
 * @param {(name: string) => string} read
 */
export async function readAll(names, read) {
  const out = [];
  for (const name of names) {
    try {
      out.push(await read(name));
    } catch {
      out.push(@@);
    }
  }
  return out;
}
''', "null", "undefined", False),
    ("async_total", "js", '''
/** @param {number[]} numbers */
export async function total(numbers) {
  let sum = 0;
  for (const number of numbers) sum @@ await number;
  return sum;
}
''', "+=", "-=", False),
    ("default_name", "cjs", '''
/** @param {string?} name */
exports.greeting = function (name) {
  return "Hello, " + (name @@ "you") + "!";
};
''', "??", "||", False),
    ("binary_search", "js", '''
/**
 * Where a number stands in a sorted list, else -1.
 * @param {number[]} sorted
 * @param {number} wanted
 */
export function find(sorted, wanted) {
  let low = 0;
  let high = sorted.length - 1;
  while (low @@ high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] === wanted) return middle;
    if (sorted[middle] < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
''', "<=", "<", False),
    ("roman", "js", '''
const SIGNS = [["X", 10], ["IX", 9], ["V", 5], ["IV", 4], ["I", 1]];
/**
 * @param {number} n
 * @example
 * roman(14) // => "XIV"
 */
export function roman(n) {
  if (!Number.isInteger(n) || n < 1 || n > 39) throw new RangeError(`no Roman number: ${n}`);
  let out = "";
  for (const [sign, value] of SIGNS) {
    while (n @@ value) {
      out += sign;
      n -= value;
    }
  }
  return out;
}
''', ">=", ">", True),
    ("shipping", "js", '''
/** @param {"letter" | "parcel" | "pallet"} kind @param {number} weight */
export function shipping(kind, weight) {
  switch (kind) {
    case "letter":
      return 1;
    case "parcel":
      return weight > 10 ? 12 : @@;
    case "pallet":
      return 60;
    default:
      throw new TypeError("kind");
  }
}
''', "6", "7", False),
    ("unique", "js", '''
/** @param {number[]} items */
export function unique(items) {
  return items.filter((item, i) => items.indexOf(item) @@ i);
}
''', "===", "!==", False),
    ("merge", "cjs", '''
/** Settings over defaults; what is undefined does not count. */
function merge(defaults, settings) {
  const out = { ...defaults };
  for (const [key, value] of Object.entries(settings)) {
    if (value @@ undefined) out[key] = value;
  }
  return out;
}
module.exports.merge = merge;
''', "!==", "===", False),
    ("robot", "js", '''
/** A name is drawn of two letters and three digits. */
export function robotName() {
  const letter = () => String.fromCharCode(65 + Math.floor(Math.random() * 26));
  return letter() + @@ + String(Math.floor(Math.random() * 1000)).padStart(3, "0");
}
''', "letter()", "letter().toLowerCase()", False),
]
