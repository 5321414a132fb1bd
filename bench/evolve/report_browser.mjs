// A report.html in a headless browser: screenshots at the width of a desk and of a phone, light and dark; fails on console errors, on anything that is asked of the network, and where the
// page is wider than the window.
//   node report_browser.mjs PLAYWRIGHT_CORE CHROMIUM REPORT.html FOLDER
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const [playwright, chromium, report, folder] = process.argv.slice(2).map((name) => path.resolve(name));
const { chromium: engine } = createRequire(import.meta.url)(playwright);
const browser = await engine.launch({ executablePath: chromium, args: ["--no-sandbox"] });
let bad = 0;
for (const [name, width, height] of [["desk", 1280, 900], ["phone", 390, 844]]) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    const said = [];
    page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (request) => request.url().startsWith("file:") || said.push(`asked for ${request.url()}`));
    await page.goto(`file://${report}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) said.push(`${wide} pixels wider than the window`);
    await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`), fullPage: true });
    console.log(`${name} ${colorScheme}: ${said.length === 0 ? "good" : said.join("; ")}`);
    bad += said.length;
    await page.close();
  }
}
await browser.close();
process.exit(bad === 0 ? 0 : 1);
