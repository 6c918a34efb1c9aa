// Records what of the page's module its first view runs, for scripts/split to cut it by:
// the page as a newcomer opens it, in both languages, on both sizes of screen, light and dark, with the
// stage playing and records being committed. `make first-view` builds the page before and after.
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBrowser, visit } from "../tests/browser/browser.js";
import { Person } from "../tests/browser/person.js";
import { serve } from "./serve.js";

const SPLIT = "target/split/debug/split";
const NAMED = "target/split/named.wasm";
/** How long each visitor watches. */
const WATCHED_MS = Number(process.env.WATCHED_MS ?? 20_000);
const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const VISITORS = [
  { language: "en", size: WIDE, scheme: "light", path: "", hurries: true },
  { language: "zh-CN", size: PHONE, scheme: "dark", path: "" },
  { language: "en", size: PHONE, scheme: "light", path: "?embed=1" },
  { language: "zh-CN", size: WIDE, scheme: "light", path: "?lang=zh-CN&theme=dark" },
  // A slow machine draws fewer frames, and more happens between two.
  { language: "en", size: WIDE, scheme: "light", path: "", slower: 6 },
  { language: "zh-CN", size: PHONE, scheme: "light", path: "", slower: 3 },
];

/** In the page, before its own scripts: keeps what the module exports. */
function keepExports() {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await instantiate.apply(WebAssembly, args);
      window.ran ??= made.instance?.exports ?? made.exports;
      return made;
    };
  }
}

/** One visitor of the module that notes what runs; resolves to the points of functions that ran. */
async function watch(browser, url, marked, { language, size, scheme, path, hurries, slower = 1 }) {
  const { page, context } = await visit(browser, "about:blank", { language, size, scheme, before: keepExports });
  await page.route(/\.wasm$/, (route) => route.fulfill({ contentType: "application/wasm", body: marked }));
  await page.route((address) => address.pathname === "/", async (route) => {
    const whole = await route.fetch();
    const text = (await whole.text()).replace(/name="behind" content="[^"]*"/, 'name="behind" content=""');
    await route.fulfill({ response: whole, body: text });
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: slower });
  await page.goto(url + path);
  const person = new Person({ page, context, problems: [] }, language, size.width < 600);
  await person.ready();
  await page.waitForTimeout(WATCHED_MS / 2);
  // What a longer watch would show.
  if (hurries) await person.hurry();
  // It may be made larger, and put away.
  await page.setViewportSize({ width: size.width + 40, height: size.height - 20 });
  await page.waitForTimeout(WATCHED_MS / 2);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await page.waitForTimeout(500);
  const ran = await page.evaluate(() => {
    const notes = new Uint8Array(window.ran["ran~"].buffer);
    return [...notes.keys()].filter((point) => notes[point] === 1);
  });
  await context.close();
  return ran;
}

const folder = await mkdtemp(join(tmpdir(), "first-view-"));
const markedPath = join(folder, "marked.wasm");
execFileSync(SPLIT, ["mark", NAMED, markedPath]);
const marked = await readFile(markedPath);
const server = await serve();
const browser = await openBrowser();
const ran = new Set();
for (const visitor of VISITORS) {
  for (const point of await watch(browser, server.url, marked, visitor)) ran.add(point);
  console.log(`${ran.size} points after ${JSON.stringify(visitor)}`);
}
await browser.close();
await server.close();
const points = join(folder, "ran.txt");
await writeFile(points, [...ran].join("\n"));
if (process.env.KEEP_POINTS) await writeFile(process.env.KEEP_POINTS, [...ran].join("\n"));
execFileSync(SPLIT, ["record", NAMED, points]);
await rm(folder, { recursive: true });
