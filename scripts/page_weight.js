// Opens the built page in Chromium and adds up what its first view needs, each file as gzip -9 makes it.
//
// Asked of the browser, not guessed from dist/. The part of the module that comes behind is withheld:
// what the page shows without it, with the stage playing and records being committed, is its first view.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { openBrowser, visit } from "../tests/browser/browser.js";
import { Person } from "../tests/browser/person.js";
import { serve } from "./serve.js";

/** What all files of the first view may weigh together, in bytes. */
export const BUDGET = 600 * 1024;
/** How long it is watched: at the hundredth of real time that the page begins with, requests travel. */
const WATCHED_MS = 8_000;
const BEHIND = /_behind\.wasm$/;
const SPLIT = fileURLToPath(new URL("../target/split/debug/split", import.meta.url));
const NAMED = fileURLToPath(new URL("../target/split/named.wasm", import.meta.url));

async function weigh(path) {
  const name = path === "/" ? "/index.html" : path;
  const bytes = await readFile(new URL(`../dist${name}`, import.meta.url)).catch(() => Buffer.alloc(0));
  // Fonts and pictures are compressed already.
  const weight = /\.(woff2|png|webp)$/.test(name) ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  return { name, weight };
}

/**
 * A newcomer watches the first view without the part behind. Resolves to its files with their weights,
 * to how often it called for that part all the same, and to what the console said.
 */
export async function firstView(browser, url, language, size) {
  const { page, context, problems } = await visit(browser, "about:blank", { language, size });
  const paths = new Set();
  let called = 0;
  page.on("request", (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === new URL(url).origin && !BEHIND.test(pathname)) paths.add(pathname);
  });
  await page.route(BEHIND, (route) => {
    // It is fetched when the page has nothing else to do; what cannot wait for that asks at once.
    if (route.request().resourceType() !== "xhr") return;
    called += 1;
    return route.continue();
  });
  await page.goto(url);
  const person = new Person({ page, context, problems }, language, size.width < 600);
  await person.ready();
  await person.sees("committed records", "orders-0", (p) => p.hw > 0);
  await page.waitForTimeout(WATCHED_MS);
  const files = await Promise.all([...paths].map(weigh));
  await context.close();
  const total = files.reduce((sum, { weight }) => sum + weight, 0);
  return { files, total, called, problems };
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1).padStart(8)} KB`;

/** The files, and what the first part of the module is made of, as lines. */
export function report({ files, total }) {
  const lines = files.toSorted((a, b) => b.weight - a.weight).map(({ name, weight }) => `${kilobytes(weight)}  ${name}`);
  lines.push(`${kilobytes(total)}  in all (budget ${BUDGET / 1024} KB)`, "", "code of the first part, not compressed:");
  const parts = new Map();
  for (const line of execFileSync(SPLIT, ["names", NAMED], { encoding: "utf8", maxBuffer: 1 << 28 }).split("\n")) {
    const [part, bytes, name] = line.split("\t");
    if (part !== "first") continue;
    const own = name.match(/highwater::(?:engine::)?\w+/)?.[0];
    const of = own ?? name.match(/\w+/)?.[0] ?? "?";
    parts.set(of, (parts.get(of) ?? 0) + Number(bytes));
  }
  const heaviest = [...parts].toSorted(([, a], [, b]) => b - a).slice(0, 20);
  return [...lines, ...heaviest.map(([of, bytes]) => `${kilobytes(bytes)}  ${of}`)].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve();
  const browser = await openBrowser();
  const view = await firstView(browser, server.url, "en", { width: 1440, height: 900 });
  await browser.close();
  await server.close();
  console.log(report(view));
}
