// Hooks of Node's loader for ES modules: the tested file comes as the variant that its URL or LEYDEN_VARIANT names. TypeScript files, whose
// types Leyden has blanked out, are modules, and are found as TypeScript finds them.
import fs from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const { request, textOf } = createRequire(import.meta.url)("./variants.cjs");
const target = pathToFileURL(request.file).href;
const isTypeScript = (path) => /\.[mc]?ts$/.test(path);

export async function resolve(specifier, context, next) {
  if (/^\.{1,2}\//.test(specifier) && context.parentURL && isTypeScript(context.parentURL.split("?")[0])) {
    const base = new URL(specifier, context.parentURL).href;
    const ways = [base, base + ".ts", base.replace(/\.([mc]?)js$/, ".$1ts"), base + "/index.ts"];
    for (const way of ways) {
      if (fs.statSync(fileURLToPath(way), { throwIfNoEntry: false })?.isFile()) return { url: way, shortCircuit: true };
    }
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  const [place, variant] = url.split("?leyden=");
  if (place === target && request.esm) return { format: "module", source: textOf(variant ?? process.env.LEYDEN_VARIANT ?? "plain"), shortCircuit: true };
  if (place.startsWith("file:") && isTypeScript(place)) return { format: "module", source: fs.readFileSync(fileURLToPath(place), "utf8"), shortCircuit: true };
  return next(url, context);
}
